"""What the OpenAPI document says of the exports."""

from typing import Any

from lib.crs import CGCS2000
from lib.openapi import one_path, parameter

from .. import layers
from .shapefile import ENCODINGS, MISSING
from .view import CRS_NAMES, DEFAULT_ENCODING, DEFAULT_FORMAT, FORMATS
from .workbook import MOST_ROWS

_DESCRIPTION = f"""The records of a layer that fit its filters, all of them in one state of the database, as a file.

In every file east or longitude comes first. Lists of texts are joined by "；"; a list whose texts could not be told apart
then is a JSON list.

* `gpkg`: GeoPackage; lists of texts are JSON.
* `shp`: a zip of Shapefiles, one for each kind of shape, records without a place in the first. `fields.csv` gives the full
  names of the fields, `notes.txt` says which texts were cut at 254 bytes and which characters GBK lacks ({MISSING} stands for
  them). Yes is 1, no is 0.
* `kml`: KML 2.2 in WGS 84, the fields as typed data.
* `geojson`: RFC 7946, the features as in the API.
* `csv`: UTF-8 with a byte order mark. Points have their coordinates in two columns, `wkt` has every geometry. A text that a
  spreadsheet would run as a formula begins with an apostrophe, one that begins with an apostrophe gets a second.
* `xlsx`: titles and names of values in the language of the request, at most {MOST_ROWS:,} rows, coordinates of points only;
  a second sheet says what the file is.
* `dxf`: shapes on CAD layers by symbol and the names as texts; no fields, no CRS, no records without a place.

Only two exports are written at a time: 503 with Retry-After asks to come again."""


def _filters() -> list[dict[str, Any]]:
    """Each filter once, with the layers that have it."""
    users: dict[str, list[str]] = {}
    for layer in layers.published():
        for name in layer.filterset.base_filters if layer.filterset else ():
            users.setdefault(name, []).append(f"`{layer.id}`")
    return [
        parameter(name, f"As in the list of the records; for {', '.join(ids)}.", {"type": "string", "minLength": 1})
        for name, ids in users.items()
    ]


_LAYER = {
    "in": "path",
    "name": "layer",
    "required": True,
    "description": "The layer.",
    "schema": {"type": "string", "enum": [layer.id for layer in layers.published()]},
}
PATHS = {
    "/api/v1/exports/{layer}/": one_path(
        "exports",
        "exports",
        "A layer as a file",
        _DESCRIPTION,
        [
            _LAYER,
            parameter("f", "The format.", {"type": "string", "enum": list(FORMATS), "default": DEFAULT_FORMAT}),
            parameter(
                "crs",
                "The system of the coordinates; not for kml and geojson.",
                {"type": "string", "enum": list(CRS_NAMES), "default": CGCS2000.name},
            ),
            parameter(
                "encoding",
                "The encoding of the texts; for shp only.",
                {"type": "string", "enum": list(ENCODINGS), "default": DEFAULT_ENCODING},
            ),
            *_filters(),
        ],
        {item.media_type.split(";")[0]: {"type": "string", "format": "binary"} for item in FORMATS.values()},
        "404",
    )
}
