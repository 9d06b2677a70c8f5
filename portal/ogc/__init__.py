"""OGC API - Features (Parts 1 to 3) and OGC API - Tiles of every published layer, under /ogc/."""

from .document import api
from .features import item, items
from .pages import collection, collections, conformance, landing, queryables, schema
from .tiles import tile, tile_matrix_set, tile_matrix_sets, tileset, tilesets

__all__ = [
    "api",
    "collection",
    "collections",
    "conformance",
    "item",
    "items",
    "landing",
    "queryables",
    "schema",
    "tile",
    "tile_matrix_set",
    "tile_matrix_sets",
    "tileset",
    "tilesets",
]
