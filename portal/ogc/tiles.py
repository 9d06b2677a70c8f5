"""OGC API - Tiles: what the tiles of portal.tiles are, and the same tiles under the addresses of the standard."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib.crs import BY_NAME, WEB_MERCATOR_EDGE_M
from lib.http import refusable
from lib.mvt import MAX_ZOOM
from lib.parameters import one_of, read
from portal.layer import Geometry, Layer
from portal.tile_sql import tile_fields
from portal.tiles import MEDIA_TYPE as MVT
from portal.tiles import tile_response

from .answers import HTML, JSON, OGC_REL, Document, answer, known_layer, link, media_type, own_links, root_of
from .pages import property_schema

GRID = "WebMercatorQuad"
GRID_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{GRID}"
WEB_MERCATOR = BY_NAME["EPSG:3857"]
TILE_PX = 256
PIXEL_M = 0.00028  # what the standard takes a pixel for
DIMENSIONS = {Geometry.POINT: 0, Geometry.LINE: 1, Geometry.AREA: 2}


@require_safe
@refusable
def tile_matrix_sets(request: HttpRequest) -> HttpResponse:
    given = read(request.GET, {"f"})
    chosen = media_type(request, given, JSON, HTML)
    here = f"{root_of(request)}tileMatrixSets"
    grid = {"id": GRID, "uri": GRID_URI, "title": _grid_title(), "links": [link(f"{here}/{GRID}", "self", JSON, GRID)]}
    document: Document = {"tileMatrixSets": [grid]}
    if chosen == HTML:
        links = [*own_links(here, given, chosen, JSON), link(f"{here}/{GRID}?f=html", "item", HTML, GRID)]
        return answer(request, chosen, {"title": _("Tile matrix sets"), "links": links})
    return answer(request, chosen, document)


@require_safe
@refusable
def tile_matrix_set(request: HttpRequest) -> HttpResponse:
    given = read(request.GET, {"f"})
    chosen = media_type(request, given, JSON, HTML)
    if chosen == HTML:
        links = own_links(f"{root_of(request)}tileMatrixSets/{GRID}", given, chosen, JSON)
        rows = [(_("Zooms"), f"0-{MAX_ZOOM}"), (_("Coordinate reference system"), WEB_MERCATOR.name), ("URI", GRID_URI)]
        return answer(request, chosen, {"title": GRID, "description": _grid_title(), "links": links}, rows=rows)
    document = {
        "id": GRID,
        "uri": GRID_URI,
        "title": _grid_title(),
        "crs": WEB_MERCATOR.uri,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(zoom) for zoom in range(MAX_ZOOM + 1)],
    }
    return answer(request, chosen, document)


def _grid_title() -> str:
    return _("The square tiles of web maps")


def _matrix(zoom: int) -> Document:
    cell_m = 2 * WEB_MERCATOR_EDGE_M / (TILE_PX * 2**zoom)
    return {
        "id": str(zoom),
        "scaleDenominator": cell_m / PIXEL_M,
        "cellSize": cell_m,
        "pointOfOrigin": [-WEB_MERCATOR_EDGE_M, WEB_MERCATOR_EDGE_M],
        "cornerOfOrigin": "topLeft",
        "tileWidth": TILE_PX,
        "tileHeight": TILE_PX,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }


@require_safe
@refusable
def tilesets(request: HttpRequest, layer_id: str) -> HttpResponse:
    layer = known_layer(layer_id)
    given = read(request.GET, {"f"})
    chosen = media_type(request, given, JSON, HTML)
    here = f"{root_of(request)}collections/{layer.id}/tiles"
    document: Document = {
        "title": _title(layer),
        "links": own_links(here, given, chosen, JSON),
        "tilesets": [_summary(request, layer)],
    }
    if chosen == HTML:
        document["links"].append(link(f"{here}/{GRID}?f=html", "item", HTML, GRID))
    return answer(request, chosen, document, layer=layer)


@require_safe
@refusable
def tileset(request: HttpRequest, layer_id: str) -> HttpResponse:
    layer = known_layer(layer_id)
    given = read(request.GET, {"f"})
    chosen = media_type(request, given, JSON, HTML)
    here = f"{root_of(request)}collections/{layer.id}/tiles/{GRID}"
    summary = _summary(request, layer)
    pattern = link(f"{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", "item", MVT, _("A tile")) | {"templated": True}
    properties = {field.name: property_schema(field) for field in tile_fields(layer)}
    drawn: Document = {"id": layer.id, "title": str(layer.title), "dataType": "vector"}
    if layer.geometry in DIMENSIONS:
        drawn["geometryDimension"] = DIMENSIONS[layer.geometry]
    drawn["propertiesSchema"] = {"type": "object", "properties": properties}
    grid = [made for made in summary["links"] if made["rel"] != "self"]
    document = summary | {
        "links": [*own_links(here, given, chosen, JSON), *grid, pattern],
        "layers": [drawn],
        "tileMatrixSetLimits": [
            {"tileMatrix": str(zoom), "minTileRow": 0, "maxTileRow": 2**zoom - 1, "minTileCol": 0, "maxTileCol": 2**zoom - 1}
            for zoom in range(MAX_ZOOM + 1)
        ],
    }
    if chosen == HTML:
        rows = [(_("Address of a tile"), pattern["href"]), (_("Properties"), ", ".join(properties))]
        links = [made for made in document["links"] if made is not pattern]
        return answer(request, chosen, {"title": _title(layer), "links": links}, rows=rows, layer=layer)
    return answer(request, chosen, document)


def _title(layer: Layer) -> str:
    return _("Tiles of %(layer)s") % {"layer": layer.title}


def _summary(request: HttpRequest, layer: Layer) -> Document:
    root = root_of(request)
    return {
        "title": _title(layer),
        "dataType": "vector",
        "crs": WEB_MERCATOR.uri,
        "tileMatrixSetURI": GRID_URI,
        "links": [
            link(f"{root}collections/{layer.id}/tiles/{GRID}", "self", JSON, _title(layer)),
            link(f"{root}tileMatrixSets/{GRID}", f"{OGC_REL}tiling-scheme", JSON, _grid_title()),
        ],
    }


@require_safe
@refusable
def tile(request: HttpRequest, layer_id: str, zoom: str, row: str, column: str) -> HttpResponse:
    """The tile that /tiles/ has too; here the row stands before the column."""
    given = read(request.GET, {"f"})
    one_of(given, "f", ("mvt",), "mvt")
    return tile_response(request, [known_layer(layer_id)], zoom, column, row)
