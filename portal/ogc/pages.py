"""What the API says of itself and of its collections."""

import math
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib import cql2
from lib.crs import CGCS2000, CRS84, STORAGE_SRID, SYSTEMS
from lib.geojson import MEDIA_TYPE as GEOJSON
from lib.http import refusable
from lib.parameters import read
from lib.units import UNITS
from portal import layers
from portal.layer import Field, FieldType, Layer
from portal.relation import relation

from .answers import HTML, JSON, OGC_REL, OPENAPI, SCHEMA, Document, answer, known_layer, link, media_type, own_links, root_of
from .conditions import GEOMETRY

JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
CONFORMANCE = [
    *(f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson", "html", "oas30")),
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    *(
        f"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/{name}"
        for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    ),
    *cql2.CONFORMANCE,
    *(
        f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
        for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "oas30")
    ),
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilesetmetadata",
]


@require_safe
@refusable
def landing(request: HttpRequest) -> HttpResponse:
    given = read(request.GET, {"f"})
    chosen = media_type(request, given, JSON, HTML)
    root = root_of(request)
    document = {
        "title": _("Taixin planning portal"),
        "description": _("The published layers of the portal as OGC API - Features and OGC API - Tiles."),
        "links": [
            *own_links(root, given, chosen, JSON),
            link(f"{root}api?f=json", "service-desc", OPENAPI, _("Description of this API (OpenAPI)")),
            link(f"{root}api?f=html", "service-doc", HTML, _("Where this API is described")),
            link(f"{root}conformance", "conformance", JSON, _("Conformance to standards")),
            link(f"{root}collections", "data", JSON, _("Collections")),
            link(f"{root}tileMatrixSets", f"{OGC_REL}tiling-schemes", JSON, _("Tile matrix sets")),
        ],
    }
    return answer(request, chosen, document)


@require_safe
@refusable
def conformance(request: HttpRequest) -> HttpResponse:
    given = read(request.GET, {"f"})
    chosen = media_type(request, given, JSON, HTML)
    document: Document = {"conformsTo": CONFORMANCE}
    links = own_links(f"{root_of(request)}conformance", given, chosen, JSON)
    if chosen == HTML:
        rows = [("", uri) for uri in CONFORMANCE]
        document = {"title": _("Conformance to standards"), "links": links}
        return answer(request, chosen, document, rows=rows)
    return answer(request, chosen, document)


@require_safe
@refusable
def collections(request: HttpRequest) -> HttpResponse:
    given = read(request.GET, {"f"})
    chosen = media_type(request, given, JSON, HTML)
    root = root_of(request)
    published = layers.published()
    extents = _extents(published, request.user)
    document = {
        "title": _("Collections"),
        "links": own_links(f"{root}collections", given, chosen, JSON),
        "collections": [_described(layer, root, extents[layer.id]) for layer in published],
        "crs": [system.uri for system in SYSTEMS],
    }
    return answer(request, chosen, document, "collections.html")


@require_safe
@refusable
def collection(request: HttpRequest, layer_id: str) -> HttpResponse:
    layer = known_layer(layer_id)
    given = read(request.GET, {"f"})
    chosen = media_type(request, given, JSON, HTML)
    root = root_of(request)
    document = _described(layer, root, _extents([layer], request.user)[layer.id])
    own = own_links(f"{root}collections/{layer.id}", given, chosen, JSON)
    document["links"] = [*own, *(made for made in document["links"] if made["rel"] not in {"self", "alternate"})]
    rows = [(_("Coordinate reference systems"), ", ".join(system.name for system in SYSTEMS))]
    return answer(request, chosen, document, rows=rows, layer=layer)


def _described(layer: Layer, root: str, extent: list[float] | None) -> Document:
    here = f"{root}collections/{layer.id}"
    described: Document = {
        "id": layer.id,
        "title": str(layer.title),
        "description": str(layer.source_note),
        "itemType": "feature",
        "crs": [system.uri for system in SYSTEMS],
        "storageCrs": CGCS2000.uri,
        "links": [
            link(here, "self", JSON, layer.title),
            link(f"{here}?f=html", "alternate", HTML, layer.title),
            link(f"{here}/items", "items", GEOJSON, _("Features")),
            link(f"{here}/items?f=html", "items", HTML, _("Features as a page")),
            link(f"{here}/queryables", f"{OGC_REL}queryables", SCHEMA, _("What features can be filtered by")),
            link(f"{here}/schema", "describedBy", SCHEMA, _("What features hold")),
            link(f"{here}/tiles", f"{OGC_REL}tilesets-vector", JSON, _("Tiles of the features")),
        ],
    }
    if extent:
        described["extent"] = {"spatial": {"bbox": [extent], "crs": CRS84.uri}}
    return described


def _extents(published: list[Layer], user: Any) -> dict[str, list[float] | None]:
    """West, south, east, north of the layers, rounded outwards; None of one without a geometry.

    The outermost of a million boxes is the nearest to a line along the edge of the world: the index finds each in no time.
    """
    edges = {"XMin": "-180 -90,-180 90", "YMin": "-180 -90,180 -90", "XMax": "180 -90,180 90", "YMax": "-180 90,180 90"}
    columns: list[str] = []
    params: list[Any] = []
    for layer in published:
        found = relation(layer, user)
        for bound, edge in edges.items():
            columns.append(
                f"(SELECT ST_{bound}(f.geom) FROM {found.sql} WHERE f.geom IS NOT NULL"
                f" ORDER BY f.geom <#> 'SRID={STORAGE_SRID};LINESTRING({edge})'::geometry LIMIT 1)"
            )
            params += found.params
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)}", params)
        bounds = cursor.fetchone()
    found_bounds = (bounds[number : number + 4] for number in range(0, len(bounds), 4))
    return {layer.id: _outwards(found) for layer, found in zip(published, found_bounds, strict=True)}


def _outwards(bounds: tuple[float | None, ...]) -> list[float] | None:
    west, south, east, north = bounds
    if west is None or south is None or east is None or north is None:
        return None
    return [
        *(math.floor(bound * 1e4) / 1e4 for bound in (west, south)),
        *(math.ceil(bound * 1e4) / 1e4 for bound in (east, north)),
    ]


@require_safe
@refusable
def queryables(request: HttpRequest, layer_id: str) -> HttpResponse:
    """What a filter and sortby may name, as a JSON Schema."""
    layer = known_layer(layer_id)
    geometry = {
        "title": _("Geometry"),
        "description": _("Where it is; null when the place is not known."),
        "x-ogc-role": "primary-geometry",
        "format": "geometry-any",
    }
    properties = _properties(layer) | {GEOMETRY: geometry}
    rest = {"properties": properties, "additionalProperties": False}
    return _schema(request, layer, "queryables", _("What features can be filtered by"), rest)


@require_safe
@refusable
def schema(request: HttpRequest, layer_id: str) -> HttpResponse:
    """The JSON Schema of a feature, whose properties may all be null.

    Types are single words and "null" is not among them: that is how GDAL reads it, which would guess from ten features else.
    """
    layer = known_layer(layer_id)
    rest = {
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": {"format": "geometry-any"},
            "properties": {"type": "object", "properties": _properties(layer)},
        },
    }
    return _schema(request, layer, "schema", _("What features hold"), rest)


def _schema(request: HttpRequest, layer: Layer, name: str, title: str, rest: Document) -> HttpResponse:
    given = read(request.GET, {"f"})
    chosen = media_type(request, given, SCHEMA, JSON, HTML)
    here = f"{root_of(request)}collections/{layer.id}/{name}"
    if chosen == HTML:
        described = [(about["title"], about.get("description")) for about in _properties(layer).values()]
        rows = [(field.name, ", ".join(filter(None, words))) for field, words in zip(layer.fields, described, strict=True)]
        document = {"title": title, "links": own_links(here, given, chosen, SCHEMA)}
        return answer(request, chosen, document, rows=rows, layer=layer)
    return answer(request, chosen, {"$schema": JSON_SCHEMA, "$id": here, "title": str(layer.title), "type": "object", **rest})


def _properties(layer: Layer) -> dict[str, Document]:
    return {field.name: property_schema(field) for field in layer.fields}


JSON_TYPES: dict[FieldType, Document] = {
    FieldType.TEXT: {"type": "string"},
    FieldType.TEXTS: {"type": "array", "items": {"type": "string"}},
    FieldType.INTEGER: {"type": "integer"},
    FieldType.NUMBER: {"type": "number"},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "format": "date"},
}


def property_schema(field: Field) -> Document:
    made = {"title": capfirst(str(field.label)), **JSON_TYPES[field.type]}
    if field.unit:
        made["description"] = _("in %(unit)s") % {"unit": UNITS[field.unit].label}
    if field.choices:
        made["enum"] = [value for value, _label in field.choices]
        meanings = ", ".join(f"{value}: {label}" for value, label in field.choices)
        made["description"] = meanings
    return made
