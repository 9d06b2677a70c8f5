"""What a tile holds, as SQL for its bytes. Names in it are declared ones and what comes from a request is a parameter.

* At most MAX_FEATURES features of a layer, with ``code``, ``name`` and the layer's ``tile_fields``, and the primary key as id.
* Points of a layer below its ``aggregate.below_zoom``, and whatever would be more features than that, are counted: a point in the
  middle of each of 32 x 32 cells, with ``count`` and the sums. Each feature is counted in one tile only, by the middle of its
  box, so the counts of a zoom add up to what there is.
* Nothing below the layer's ``min_zoom``.
"""

from typing import Any

from lib.crs import STORAGE_SRID, WEB_MERCATOR_SRID
from lib.mvt import BUFFER, CELL_LEVELS, CELLS, EXTENT, Tile, cell_sql

from .layer import Field, FieldType, Geometry, Layer
from .relation import Relation, quoted

MAX_FEATURES = 50_000
FULL_DETAIL_ZOOM = 16  # a unit of its tiles is 12 cm here; clients enlarge them for what lies beyond
CELL_UNITS = EXTENT // CELLS

Sql = tuple[str, list[Any]]


def tile_sql(found: Relation, tile: Tile, *, is_crowded: bool = False) -> Sql:
    """SQL for the bytes of one layer's part of a tile, and its parameters.

    Null where there are more than MAX_FEATURES, unless the tile is known to be crowded: the SQL that counts them then takes
    longer to plan than most tiles to make.
    """
    layer = found.layer
    if tile.z < layer.min_zoom:
        return "''::bytea", []
    if layer.aggregate and tile.z < layer.aggregate.below_zoom:
        return _counted(found, tile)
    sql, params = _drawn(found, tile)
    if is_crowded:
        counted, counted_params = _counted(found, tile)
        return f"coalesce({sql}, {counted})", [*params, *counted_params]
    return sql, params


def is_kept(found: Relation, tile: Tile) -> bool:
    """Whether the tile is what the database has counted already: its statement is the same for all addresses but for values."""
    aggregate = found.layer.aggregate
    if aggregate is None or aggregate.grid is None or not found.is_whole:
        return False
    return found.layer.min_zoom <= tile.z < aggregate.below_zoom


def tile_fields(layer: Layer) -> tuple[Field, ...]:
    """What a tile's features carry: a tile has no lists."""
    fields = layer.chosen({"code", "name", *layer.tile_fields})
    return tuple(field for field in fields if field.type is not FieldType.TEXTS)


def _drawn(found: Relation, tile: Tile) -> Sql:
    columns = ", ".join(_column(field) for field in tile_fields(found.layer))
    sql = (
        f"(SELECT CASE WHEN count(*) <= {MAX_FEATURES} THEN ST_AsMVT(t, %s, {EXTENT}, 'geom', 'pk') END FROM ("
        f"SELECT f.pk, {columns}, "
        f"ST_AsMVTGeom({_shape(found.layer, tile)}, ST_TileEnvelope(%s, %s, %s), {EXTENT}, {BUFFER}, true) AS geom "
        f"FROM {found.sql} WHERE {_IN_BOX} LIMIT {MAX_FEATURES + 1}) AS t)"
    )
    return sql, [found.layer.id, tile.z, tile.x, tile.y, *found.params, *tile.bounds]


_IN_BOX = f"f.geom && ST_MakeEnvelope(%s, %s, %s, %s, {STORAGE_SRID})"


def _column(field: Field) -> str:
    column = f"f.{quoted(field.name)}"
    return f"{column}::text AS {quoted(field.name)}" if field.type is FieldType.DATE else column


def _shape(layer: Layer, tile: Tile) -> str:
    """The geometry in Web Mercator, for display only: below full detail lines and areas are true to half a pixel."""
    copy = next((column for last_zoom, column in layer.copies if tile.z <= last_zoom), None)
    shape = f"f.{quoted(copy)}" if copy else f"ST_Transform(f.geom, {WEB_MERCATOR_SRID})"
    if layer.geometry is Geometry.POINT or tile.z >= FULL_DETAIL_ZOOM:
        return shape
    return f"ST_Simplify({shape}, {tile.pixel_m / 2!r}, true)"  # true: what is smaller stays, as a few corners


def _counted(found: Relation, tile: Tile) -> Sql:
    cells, params = _kept_cells(found, tile) or _cells(found, tile)
    west, north = tile.x * CELLS, tile.y * CELLS
    sums = "".join(f", {quoted(name)}::double precision AS {quoted(name)}" for name in _sums(found.layer))
    sql = (
        f"(SELECT ST_AsMVT(c, %s, {EXTENT}, 'geom') FROM (SELECT ST_Point("
        f"(x - {west}) * {CELL_UNITS} + {CELL_UNITS // 2}, (y - {north}) * {CELL_UNITS} + {CELL_UNITS // 2}"
        f") AS geom, count::bigint AS count{sums} FROM ({cells}) AS cell) AS c)"
    )
    return sql, [found.layer.id, *params]


def _sums(layer: Layer) -> tuple[str, ...]:
    return layer.aggregate.sums if layer.aggregate else ()


def _kept_cells(found: Relation, tile: Tile) -> Sql | None:
    """What the database keeps for a reader who sees every row."""
    aggregate = found.layer.aggregate
    if aggregate is None or aggregate.grid is None or not is_kept(found, tile):
        return None
    sums = "".join(
        f", CASE WHEN sum({quoted(name + '_count')}) > 0 THEN sum({quoted(name)}) END AS {quoted(name)}"
        for name in aggregate.sums
    )
    sql = (
        f"SELECT x, y, sum(count) AS count{sums} FROM {quoted(aggregate.grid._meta.db_table)} "
        f"WHERE zoom = %s AND x >> {CELL_LEVELS} = %s AND y >> {CELL_LEVELS} = %s GROUP BY x, y HAVING sum(count) > 0"
    )
    return sql, [tile.z, tile.x, tile.y]


def _cells(found: Relation, tile: Tile) -> Sql:
    # As decimals: a sum of floats depends on the order of the rows, and the database keeps decimals.
    sums = "".join(f", sum(f.{quoted(name)}::numeric) AS {quoted(name)}" for name in _sums(found.layer))
    x, y = cell_sql("f.geom", tile.z)
    sql = (
        f"SELECT * FROM (SELECT {x} AS x, {y} AS y, count(*) AS count{sums} FROM {found.sql} WHERE {_IN_BOX} GROUP BY 1, 2) AS g "
        f"WHERE x >> {CELL_LEVELS} = %s AND y >> {CELL_LEVELS} = %s"
    )
    return sql, [*found.params, *tile.bounds, tile.x, tile.y]
