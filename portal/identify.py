"""Identify: what is at a place, through all layers, in one statement.

An area is there if it covers the place, a point or a line if it is within the tolerance. What has no geometry is nowhere.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib.crs import BY_NAME, CRS, CRS84, GAUSS_KRUGER_BELTS, STORAGE_SRID, WEB_MERCATOR_EDGE_M
from lib.geojson import to_json
from lib.http import refusable
from lib.openapi import decimal, one_path, parameter, record_of, several, whole
from lib.parameters import Refusal, number, one_of, read, some_of, whole_number
from lib.prepared import execute

from . import layers
from .layer import Geometry, Layer
from .relation import Relation, quoted, relation

DEFAULT_LIMIT, MOST_FEATURES = 20, 100  # of each layer
# A click means what is within half a symbol of it; a place without a zoom, what is within the width of a wide street.
TOLERANCE_PX = 8
DEFAULT_TOLERANCE_M, MOST_TOLERANCE_M = 50, 5000
MOST_ZOOM = 24
# Degrees to both sides of a central meridian. Belts overlap: a place near to the line between two is given in both.
BELT_REACH = 1.75

_PARAMETERS = {"lon", "lat", "easting", "northing", "crs", "zoom", "tolerance_m", "layers", "limit"}
_DEGREES = {name: system for name, system in BY_NAME.items() if system.is_geographic}
_METRES = {name: system for name, system in BY_NAME.items() if not system.is_geographic}
_BELT_REACH_M = 500_000  # further from its central meridian an easting belongs to another belt
_M_PER_DEGREE = 110_574  # of latitude, where it is shortest


@dataclass(frozen=True)
class Place:
    """East and north in a system; ``latitude`` in degrees, off by 0.2 at most: for scales, not for distances."""

    east: float
    north: float
    system: CRS
    latitude: float


@require_safe
@refusable
def identify(request: HttpRequest) -> HttpResponse:
    given = read(request.GET, _PARAMETERS)
    place = _place(given)
    tolerance_m = _tolerance(given, place)
    published = {layer.id: layer for layer in layers.published()}
    wanted = [published[name] for name in some_of(given, "layers", published)]
    limit = whole_number(given, "limit", DEFAULT_LIMIT, 1, MOST_FEATURES)
    relations = tuple(relation(layer, request.user) for layer in wanted)
    with connection.cursor() as cursor:
        execute(cursor, _statement(relations), _values(place, tolerance_m, limit), keep=request.user.is_anonymous)
        said, *found = cursor.fetchone()
    parts = ",".join(map(_part, wanted, found))
    body = f'{{"place":{said},"tolerance_m":{round(tolerance_m, 2)},"layers":[{parts}]}}'
    return HttpResponse(body, content_type="application/json")


def _part(layer: Layer, text: str) -> str:
    return f'{{"id":{to_json(layer.id)},"title":{to_json(str(layer.title))},{text}}}'


def _place(given: Mapping[str, str]) -> Place:
    if not given.keys() & {"easting", "northing"}:
        return _degrees(given)
    if both := given.keys() & {"lon", "lat"}:
        raise Refusal(dict.fromkeys(sorted(both), _("Give lon and lat, or easting and northing with crs, not both.")))
    return _metres(given)


def _degrees(given: Mapping[str, str]) -> Place:
    system = BY_NAME[one_of(given, "crs", _DEGREES, CRS84.name)]
    if missing := {"lon", "lat"} - given.keys():
        raise Refusal({name: _("The parameter %(name)s is missing.") % {"name": name} for name in sorted(missing)})
    lon, lat = number(given, "lon"), number(given, "lat")
    outside = [name for name, value, most in (("lon", lon, 180), ("lat", lat, 90)) if abs(value) > most]
    if outside and max(abs(lon), abs(lat)) > 1000:
        raise Refusal(dict.fromkeys(outside, _("This is no number of degrees. Give metres as easting and northing, with crs.")))
    if outside == ["lat"] and abs(lon) <= 90 and abs(lat) <= 180:
        hint = _("Longitude comes first: did you mean lon=%(lon)s and lat=%(lat)s?")
        raise Refusal({"lat": hint % {"lon": given["lat"], "lat": given["lon"]}})
    return Place(number(given, "lon", -180, 180), number(given, "lat", -90, 90), system, lat)


def _metres(given: Mapping[str, str]) -> Place:
    if "crs" not in given:
        raise Refusal({"crs": _("Easting and northing need a crs, one of: %(values)s.") % {"values": ", ".join(_METRES)}})
    system = BY_NAME[one_of(given, "crs", _METRES, "")]
    west, south, east, north = system.domain
    if system.north_first:  # Gauss-Krueger
        middle = (west + east) / 2
        west, east = middle - _BELT_REACH_M, middle + _BELT_REACH_M
    x, y = _within(given, "easting", west, east), _within(given, "northing", south, north)
    gudermannian = math.degrees(math.atan(math.sinh(y / WEB_MERCATOR_EDGE_M * math.pi)))
    return Place(x, y, system, y / 111_133 if system.north_first else gudermannian)


def _within(given: Mapping[str, str], name: str, low: float, high: float) -> float:
    value = number(given, name)
    if low <= value <= high:
        return value
    message = _("In %(crs)s this is a number from %(low)s to %(high)s: are axis, belt and system the right ones?")
    raise Refusal({name: message % {"crs": given["crs"], "low": f"{low:.0f}", "high": f"{high:.0f}"}})


def _tolerance(given: Mapping[str, str], place: Place) -> float:
    if "zoom" not in given:
        return number({"tolerance_m": str(DEFAULT_TOLERANCE_M)} | dict(given), "tolerance_m", 0, MOST_TOLERANCE_M)
    if "tolerance_m" in given:
        raise Refusal({"zoom": _("Give zoom or tolerance_m, not both.")})
    px_m = 2 * WEB_MERCATOR_EDGE_M / 256 / 2 ** number(given, "zoom", 0, MOST_ZOOM) * math.cos(math.radians(place.latitude))
    return min(TOLERANCE_PX * px_m, MOST_TOLERANCE_M)


# What is asked, as numbers: the statement is the same for every place, so that it is planned once (lib.prepared).
_HERE = f"ST_Transform(ST_SetSRID(ST_MakePoint($1, $2), $3), {STORAGE_SRID})"
_REACH_M, _EAST, _NORTH, _NARROW, _WIDE = (f"${number}" for number in range(4, 9))
_LIMIT = "$9"
# Lines are straight in degrees, as RFC 7946 and the map have them, not geodesics: of 100 km those lie 150 m off. The nearest
# point is sought where a degree is as long in both directions.
_NEAREST = f"ST_Scale(ST_ClosestPoint(ST_Scale(f.geom, {_NARROW}, 1), ST_Scale(here, {_NARROW}, 1)), {_WIDE}, 1)"
_DISTANCE = f"ST_Distance({_NEAREST}::geography, here::geography)"


def _values(place: Place, tolerance_m: float, limit: int) -> list[float]:
    srid = STORAGE_SRID if place.system.is_geographic else place.system.srid
    reach_m = tolerance_m + 0.001  # what is at the place may come out a hair beside it
    # A degree of longitude is narrower in the north; 2 % more, because the earth is no sphere.
    narrow = max(math.cos(math.radians(place.latitude)), 0.001)
    north = reach_m / _M_PER_DEGREE * 1.02
    return [place.east, place.north, srid, reach_m, north / narrow, north, narrow, 1 / narrow, limit]


@lru_cache(maxsize=256)
def _statement(relations: tuple[Relation, ...]) -> str:
    with connection.cursor() as cursor:
        parts = [cursor.mogrify(_layer_sql(found), found.params).decode() for found in relations]
    return f"SELECT {', '.join([_said(), *parts])} FROM (SELECT {_HERE} AS here OFFSET 0) AS place"


def _said() -> str:
    """SQL for the JSON of the place, with its coordinates in the belt that it lies in."""
    belts = []
    for meridian, system in GAUSS_KRUGER_BELTS.items():
        point = f"ST_Transform(here, {system.srid})"
        text = f'{{"crs":"{system.name}","zone":{meridian // 3},"central_meridian":{meridian},"easting":'
        belts.append(f"""
            CASE WHEN abs(ST_X(here) - {meridian}) <= {BELT_REACH}
            THEN '{text}' || round(ST_X({point})::numeric, 2) || ',"northing":' || round(ST_Y({point})::numeric, 2) || '}}' END
        """)
    degrees = "round(ST_X(here)::numeric, 8) || ',\"lat\":' || round(ST_Y(here)::numeric, 8)"
    return f"""'{{"lon":' || {degrees} || ',"gauss_kruger":[' || concat_ws(',', {", ".join(belts)}) || ']}}'"""


def _layer_sql(found: Relation) -> str:
    """SQL for the members ``truncated`` and ``features`` of a layer, the nearest first."""
    distance, condition = "0", "ST_Intersects(f.geom, here)"
    if found.layer.geometry is not Geometry.AREA:
        distance = f"CASE WHEN ST_Dimension(f.geom) = 2 THEN 0 ELSE {_DISTANCE} END"
        condition = f"""
            f.geom && ST_Expand(here, {_EAST}, {_NORTH})
            AND CASE WHEN ST_Dimension(f.geom) = 2 THEN {condition} ELSE {_DISTANCE} <= {_REACH_M} END
        """
    properties = ", ".join(f"f.{quoted(field.name)}" for field in found.fields)
    return f"""(
        SELECT '"truncated":' || (count(*) > {_LIMIT}) || ',"features":['
            || coalesce(array_to_string((array_agg(feature))[:{_LIMIT}], ','), '') || ']'
        FROM (
            SELECT '{{"id":' || to_json(code) || ',"distance_m":' || round(distance_m::numeric, 2)
                || ',"properties":' || row_to_json((SELECT p FROM (SELECT {properties}) AS p)) || '}}' AS feature
            FROM (SELECT f.*, {distance} AS distance_m FROM {found.sql} WHERE {condition}) AS f
            ORDER BY distance_m, code LIMIT {_LIMIT} + 1
        ) AS near
    )"""


_PLACE = record_of(
    {
        "lon": {"type": "number"},
        "lat": {"type": "number"},
        "gauss_kruger": {
            "type": "array",
            "description": "In the 3-degree belts that reach it: two near to 112.5°E, none far from the zone.",
            "items": record_of(
                {
                    "crs": {"type": "string", "enum": [system.name for system in GAUSS_KRUGER_BELTS.values()]},
                    "zone": {"type": "integer"},
                    "central_meridian": {"type": "integer"},
                    "easting": {"type": "number", "description": "Metres, the number of the zone in front."},
                    "northing": {"type": "number", "description": "Metres."},
                }
            ),
        },
    },
    "The place that was asked about, in CGCS2000.",
)
_FEATURE = record_of(
    {
        "id": {"type": "string", "description": "The code of the record."},
        "distance_m": {"type": "number", "description": "On the ellipsoid; 0 for an area."},
        "properties": {"type": "object", "additionalProperties": True, "description": "The fields of the layer."},
    }
)
_LAYER = record_of(
    {
        "id": {"type": "string"},
        "title": {"type": "string", "description": "In the language of the request."},
        "truncated": {"type": "boolean", "description": "Whether more is there than the limit lets through."},
        "features": {"type": "array", "items": _FEATURE},
    }
)
PATHS = {
    "/api/v1/identify": one_path(
        "identify",
        "identify",
        "What is at a place",
        "Everything at a place, through all layers: the areas that cover it, the points and lines within the tolerance, the "
        "nearest first. The place is lon and lat, or easting and northing with their crs.",
        [
            parameter("lon", "Longitude in degrees.", decimal(-180, 180)),
            parameter("lat", "Latitude in degrees.", decimal(-90, 90)),
            parameter("easting", "Metres east, as crs has them.", {"type": "number"}),
            parameter("northing", "Metres north, as crs has them.", {"type": "number"}),
            parameter("crs", "The system of the coordinates; degrees need none.", {"type": "string", "enum": list(BY_NAME)}),
            parameter(
                "tolerance_m",
                "How far a point or a line may be.",
                decimal(0, MOST_TOLERANCE_M) | {"default": DEFAULT_TOLERANCE_M},
            ),
            parameter(
                "zoom",
                f"The zoom of a map, instead of tolerance_m: {TOLERANCE_PX} px of it, at most {MOST_TOLERANCE_M} m.",
                decimal(0, MOST_ZOOM),
            ),
            parameter("layers", "What to ask; all by default.", several(layer.id for layer in layers.published())),
            parameter("limit", "The most features of each layer.", whole(1, MOST_FEATURES, DEFAULT_LIMIT)),
        ],
        {
            "application/json": record_of(
                {"place": _PLACE, "tolerance_m": {"type": "number"}, "layers": {"type": "array", "items": _LAYER}}
            )
        },
    )
}
