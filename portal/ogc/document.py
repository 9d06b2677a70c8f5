"""The OpenAPI 3.0 document of the OGC API, made from the layers at each request: it names the server as the caller does."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib import cql2
from lib.crs import CRS84, SYSTEMS
from lib.geojson import MEDIA_TYPE as GEOJSON
from lib.http import PROBLEM_JSON, refusable
from lib.mvt import MAX_ZOOM
from lib.openapi import PROBLEM
from lib.paging import DEFAULT_LIMIT, MAX_LIMIT
from lib.parameters import read
from portal import layers
from portal.layer import Field, FieldType, Layer
from portal.tiles import MEDIA_TYPE as MVT

from .answers import HTML, JSON, OPENAPI, SCHEMA, Document, answer, media_type, own_links, root_of
from .conditions import filterable
from .pages import property_schema
from .paging import sortables
from .tiles import GRID

CODE_PATTERN = "^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"
ERRORS = {
    "400": "A parameter is unknown, repeated, empty or out of range; each is named in errors.",
    "404": "There is no such collection, feature or address.",
    "406": "None of the formats in the Accept header is offered here.",
    "503": "The database can't answer now, or not in time. Try again later.",
}


@require_safe
@refusable
def api(request: HttpRequest) -> HttpResponse:
    given = read(request.GET, {"f"})
    chosen = media_type(request, given, OPENAPI, JSON, HTML)
    root = root_of(request)
    if chosen == HTML:
        links = own_links(f"{root}api", given, chosen, OPENAPI)
        document = {"title": _("Where this API is described"), "links": links}
        return answer(request, chosen, document)
    return answer(request, chosen, openapi(root))


def openapi(root: str) -> Document:
    """The document for the server whose landing page is at ``root``."""
    published = layers.published()
    ids = [layer.id for layer in published]
    paths: Document = {
        "/": _get("landing", "The landing page", "Landing", JSON),
        "/conformance": _get("conformance", "What of the standards is implemented", "Conformance", JSON),
        "/api": _get("api", "This document", "OpenAPI", OPENAPI, JSON),
        "/collections": _get("collections", "The collections", "Collections", JSON),
        "/collections/{collectionId}": _get("collection", "One collection", "Collection", JSON, of=ids),
        "/collections/{collectionId}/queryables": _get("queryables", "What can be filtered by", "Schema", SCHEMA, JSON, of=ids),
        "/collections/{collectionId}/schema": _get("schema", "What features hold", "Schema", SCHEMA, JSON, of=ids),
        "/tileMatrixSets": _get("tileMatrixSets", "The grids of the tiles", "TileMatrixSets", JSON),
        f"/tileMatrixSets/{GRID}": _get("tileMatrixSet", "The grid of the tiles", "TileMatrixSet", JSON),
        "/collections/{collectionId}/tiles": _get("tilesets", "The tile sets of a collection", "TileSets", JSON, of=ids),
        f"/collections/{{collectionId}}/tiles/{GRID}": _get("tileset", "The tile set of a collection", "TileSet", JSON, of=ids),
        f"/collections/{{collectionId}}/tiles/{GRID}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _tile(ids),
    }
    for layer in published:
        paths[f"/collections/{layer.id}/items"] = _items(layer)
        paths[f"/collections/{layer.id}/items/{{featureId}}"] = _item(layer)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Taixin planning portal, OGC API",
            "version": "1.0.0",
            "description": "OGC API - Features and OGC API - Tiles of the Taiyuan-Xinzhou Integrated Economic Zone.",
        },
        "servers": [{"url": root.removesuffix("/")}],
        "paths": paths,
        "components": {
            "parameters": _parameters(),
            "responses": {status: _problem(description) for status, description in ERRORS.items()},
            "schemas": {**SCHEMAS, **{_name(layer): _features_schema(layer) for layer in published}},
        },
    }


def _get(
    operation: str, summary: str, schema: str, *media_types: str, of: list[str] | None = None, errors: str = "400 404 406 503"
) -> Document:
    parameters = [_ref("parameters", "f")]
    if of is not None:
        parameters.insert(0, _in_path("collectionId", {"type": "string", "enum": of}, "The id of the collection."))
    content = {kind: {"schema": _ref("schemas", schema)} for kind in media_types} | {HTML: {"schema": {"type": "string"}}}
    return {"get": _operation(operation, summary, parameters, {"description": summary, "content": content}, errors)}


def _operation(name: str, summary: str, parameters: list[Document], success: Document, errors: str) -> Document:
    responses = {"200": success, **{status: _ref("responses", status) for status in errors.split()}}
    return {"operationId": name, "summary": summary, "parameters": parameters, "responses": responses}


def _items(layer: Layer) -> Document:
    shared = ("limit", "cursor", "count", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs", "f")
    names = [sign + field.name for field in sortables(layer) for sign in ("", "+", "-")]
    own = [
        _list("sortby", "Fields to sort by, with - before those that go downwards. Unknown values come last.", names),
        _list("properties", "The properties that features are to have; all by default.", [field.name for field in layer.fields]),
        *(_equality(field) for field in filterable(layer)),
    ]
    success = _features_response("A page of features.", _ref("schemas", _name(layer)))
    parameters = [*(_ref("parameters", name) for name in shared), *own]
    operation = _operation(f"{_name(layer)}.items", f"Features: {layer.title}", parameters, success, "400 404 406 503")
    return {"get": operation}


def _item(layer: Layer) -> Document:
    schema = {
        "allOf": [_ref("schemas", f"{_name(layer)}/properties/features/items")],
        "required": ["links"],
        "properties": {"links": _ref("schemas", "Links")},
    }
    names = [field.name for field in layer.fields]
    parameters = [
        _in_path("featureId", {"type": "string", "pattern": CODE_PATTERN}, "The code of the feature."),
        _ref("parameters", "f"),
        _ref("parameters", "crs"),
        _list("properties", "The properties that the feature is to have; all by default.", names),
    ]
    success = _features_response("The feature.", schema)
    return {"get": _operation(f"{_name(layer)}.item", f"One feature: {layer.title}", parameters, success, "400 404 406 503")}


def _tile(ids: list[str]) -> Document:
    parameters = [
        _in_path("collectionId", {"type": "string", "enum": ids}, "The id of the collection."),
        _in_path("tileMatrix", {"type": "integer", "minimum": 0, "maximum": MAX_ZOOM}, "The zoom."),
        _in_path("tileRow", {"type": "integer", "minimum": 0}, "The row, from the north."),
        _in_path("tileCol", {"type": "integer", "minimum": 0}, "The column, from the west."),
    ]
    success = {"description": "A vector tile.", "content": {MVT: {"schema": {"type": "string", "format": "binary"}}}}
    operation = _operation("tile", "A vector tile", parameters, success, "400 404 503")
    operation["responses"]["204"] = {"description": "Nothing is drawn in this tile."}
    operation["responses"]["304"] = {"description": "The caller's copy is still right."}
    return {"get": operation}


def _features_response(description: str, schema: Document) -> Document:
    header = {"description": "The reference system of the coordinates.", "schema": {"type": "string"}}
    return {
        "description": description,
        "headers": {"Content-Crs": header},
        "content": {GEOJSON: {"schema": schema}, JSON: {"schema": schema}, HTML: {"schema": {"type": "string"}}},
    }


def _name(layer: Layer) -> str:
    return f"{layer.id}.features"


def _features_schema(layer: Layer) -> Document:
    properties = {field.name: property_schema(field) | {"nullable": True} for field in layer.fields}
    for about in properties.values():
        if "enum" in about:
            about["enum"] = [*about["enum"], None]
    feature = {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string", "description": "The code of the record."},
            "geometry": _ref("schemas", "Geometry"),
            "properties": {"type": "object", "properties": properties, "additionalProperties": False},
        },
    }
    return {
        "type": "object",
        "required": ["type", "timeStamp", "numberReturned", "links", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberReturned": {"type": "integer", "minimum": 0, "maximum": MAX_LIMIT},
            "numberMatched": {
                "type": "integer",
                "minimum": 0,
                "description": "How many features match on all pages; left out where counting costs more than the page.",
            },
            "links": _ref("schemas", "Links"),
            "features": {"type": "array", "items": feature},
        },
    }


def _equality(field: Field) -> Document:
    about = property_schema(field)
    schema: Document = {name: about[name] for name in ("type", "format", "enum") if name in about}
    if field.type is FieldType.TEXTS:
        schema = {"type": "string"}  # what the list is to hold
    if schema["type"] == "string" and "enum" not in schema:
        schema["minLength"] = 1
    words = [str(about["title"]), about.get("description", "")]
    return {
        "name": field.name,
        "in": "query",
        "required": False,
        "description": ": ".join(filter(None, words)),
        "schema": schema,
        "style": "form",
        "explode": False,
    }


def _list(name: str, description: str, values: list[str]) -> Document:
    schema = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string", "enum": values}}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema} | {
        "style": "form",
        "explode": False,
    }


def _in_path(name: str, schema: Document, description: str) -> Document:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _ref(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}


def _problem(description: str) -> Document:
    return {"description": description, "content": {PROBLEM_JSON: {"schema": _ref("schemas", "Problem")}}}


def _parameters() -> Document:
    system = {"type": "string", "enum": [system.uri for system in SYSTEMS], "default": CRS84.uri}
    box = {
        "type": "array",
        "items": {"type": "number"},
        "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
    }
    return {
        "f": _query(
            "f", "The format of the answer; it goes before the Accept header.", {"type": "string", "enum": ["json", "html"]}
        ),
        "limit": _query(
            "limit",
            "How many features a page has.",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        ),
        "cursor": _query("cursor", "Where the page begins; from the next link of a page only.", {"type": "string"}),
        "count": _query("count", "exact: count all that match, however long it takes.", {"type": "string", "enum": ["exact"]}),
        "bbox": _query(
            "bbox",
            "Only features whose geometry meets the box: its lower corner, then its upper one, in the axis order of bbox-crs. "
            "Of six numbers, those for heights are left out.",
            box,
        ),
        "bbox-crs": _query("bbox-crs", "The reference system of bbox.", system),
        "crs": _query("crs", "The reference system of the answer.", system),
        "datetime": _query(
            "datetime",
            "Only features of this day or interval (../2022-03-01, 2022-01-01/2022-03-01, 2022-01-01/..), and those without one.",
            {"type": "string"},
        ),
        "filter": _query("filter", "A CQL2 expression on the queryables.", {"type": "string"}),
        "filter-lang": _query(
            "filter-lang",
            "The encoding of filter.",
            {"type": "string", "enum": list(cql2.LANGUAGES), "default": cql2.LANGUAGES[0]},
        ),
        "filter-crs": _query("filter-crs", "The reference system of geometries in filter.", system),
    }


def _query(name: str, description: str, schema: Document) -> Document:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema} | {
        "style": "form",
        "explode": False,
    }


def _object(required: list[str], **properties: Any) -> Document:
    return {"type": "object", "required": required, "properties": properties}


TEXT: Document = {"type": "string"}
LINKS: Document = {"$ref": "#/components/schemas/Links"}

SCHEMAS: Document = {
    "Problem": PROBLEM,
    "Link": _object(
        ["href", "rel", "type"],
        href=TEXT,
        rel=TEXT,
        type=TEXT,
        title=TEXT,
        templated={"type": "boolean"},
    ),
    "Links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
    "Landing": _object(["title", "description", "links"], title=TEXT, description=TEXT, links=LINKS),
    "Conformance": _object(["conformsTo"], conformsTo={"type": "array", "items": TEXT}),
    "OpenAPI": _object(["openapi", "info", "paths"], openapi=TEXT, info={"type": "object"}, paths={"type": "object"}),
    "Collection": _object(
        ["id", "links", "itemType", "crs", "storageCrs"],
        id=TEXT,
        title=TEXT,
        description=TEXT,
        itemType={"type": "string", "enum": ["feature"]},
        crs={"type": "array", "items": TEXT},
        storageCrs=TEXT,
        extent={"type": "object"},
        links=LINKS,
    ),
    "Collections": _object(
        ["links", "collections"],
        links=LINKS,
        collections={"type": "array", "items": {"$ref": "#/components/schemas/Collection"}},
    ),
    "Schema": _object(["$schema", "$id", "type", "properties"], type=TEXT, properties={"type": "object"}),
    "TileMatrixSets": _object(["tileMatrixSets"], tileMatrixSets={"type": "array", "items": {"type": "object"}}),
    "TileMatrixSet": _object(
        ["id", "crs", "tileMatrices"], id=TEXT, crs=TEXT, tileMatrices={"type": "array"} | {"items": {"type": "object"}}
    ),
    "TileSets": _object(["tilesets"], tilesets={"type": "array", "items": {"$ref": "#/components/schemas/TileSet"}}),
    "TileSet": _object(["dataType", "crs", "links"], dataType=TEXT, crs=TEXT, links=LINKS),
    "Geometry": {
        "type": "object",
        "nullable": True,
        "description": "A GeoJSON geometry, its axes in the order of the reference system; null when the place is not known.",
        "required": ["type"],
        "properties": {
            "type": {
                "type": "string",
                "enum": [
                    *("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"),
                ],
            },
            "coordinates": {"type": "array", "items": {}},
        },
    },
}
