"""GeoJSON (RFC 7946): PostGIS writes the geometry, Python only joins text around it.

CGCS2000 (EPSG:4490) and the WGS 84 that the RFC asks for differ by centimetres; no coordinate is changed.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.geos import Polygon
from django.db.models import Func, TextField, Value
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

from .crs import STORAGE_SRID

MEDIA_TYPE = "application/geo+json"
DECIMALS = 6  # about 0.1 m: finer than any geometry here

# No exponent, no sign "+", no underscore, no NaN: float() alone would take them all.
_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,15})?")


class AsGeoJSON(Func):
    """The text of a geometry, polygons with their outer rings counterclockwise.

    Django's own function leaves the last argument out, and PostGIS then adds a ``crs`` member, which the RFC forbids.
    """

    function = "ST_AsGeoJSON"
    output_field = TextField()

    def __init__(self, field: str) -> None:
        geometry = Func(field, function="ST_ForcePolygonCCW", output_field=GeometryField(srid=STORAGE_SRID))
        super().__init__(geometry, Value(DECIMALS), Value(0))


def to_json(value: Any) -> str:
    return json.dumps(value, cls=JSONEncoder, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def feature(code: str, geometry: str | None, properties: Mapping[str, Any]) -> str:
    """The text of a Feature; ``geometry`` is the text that AsGeoJSON gave, None for a record without a place."""
    return f'{{"type":"Feature","id":{to_json(code)},"geometry":{geometry or "null"},"properties":{to_json(properties)}}}'


def feature_collection(features: Iterable[str], members: Mapping[str, Any]) -> str:
    """The text of a FeatureCollection of texts; ``members`` stand beside the features (count, next, previous)."""
    beside = "".join(f",{to_json(name)}:{to_json(value)}" for name, value in members.items())
    return f'{{"type":"FeatureCollection"{beside},"features":[{",".join(features)}]}}'


class GeoJSONRenderer(JSONRenderer):
    """Passes finished GeoJSON text on; an error is still a dictionary and becomes JSON."""

    media_type = MEDIA_TYPE
    format = "geojson"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return data.encode() if isinstance(data, str) else super().render(data, *args, **kwargs)


def parse_bbox(text: str) -> Polygon:
    """The box ``minlon,minlat,maxlon,maxlat`` in degrees. Errors: ValueError with a sentence for the user."""
    parts = text.split(",")
    if len(parts) != 4:
        raise ValueError(_("A bbox has four numbers: minlon,minlat,maxlon,maxlat."))
    for part, limit in zip(parts, (180, 90, 180, 90), strict=True):
        if not _NUMBER.fullmatch(part):
            raise ValueError(_("%(part)s is not a number of degrees.") % {"part": part[:40] or "''"})
        if abs(float(part)) > limit:
            raise ValueError(_("%(part)s is outside ±%(limit)s degrees; longitude comes first.") % {"part": part, "limit": limit})
    west, south, east, north = map(float, parts)
    if west >= east or south >= north:
        raise ValueError(_("The first corner of a bbox must lie south-west of the second."))
    box: Polygon = Polygon.from_bbox((west, south, east, north))
    box.srid = STORAGE_SRID
    return box
