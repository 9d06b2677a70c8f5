"""From a layer and a reader to SQL. Each surface puts one statement around a relation and sends it.

A relation is the layer's queryset as a derived table ``f`` of known columns: ``pk``, ``geom`` (storage CRS, may be null),
the copies for tiles, and the fields under their own names. The queryset decides the rows, so visibility and filters are
Django's; the columns are declared, so that no name from a request reaches SQL, and a field that is not there can't be asked
for. PostgreSQL flattens the derived table: conditions on ``f`` use the indexes of the tables below.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql.query import Query

from lib.crs import CRS, STORAGE_SRID

from .layer import Field, Geometry, Layer


@dataclass(frozen=True, eq=False)  # as Layer: what is made of a kept relation can be kept by it
class Relation:
    """``sql`` goes after FROM or JOIN; ``tables`` are the database tables that it reads.

    ``is_whole`` tells that each row of the layer's table is there once: what the database keeps of the table holds for it.
    """

    layer: Layer
    fields: tuple[Field, ...]
    sql: str
    params: tuple[Any, ...]
    tables: frozenset[str]
    is_whole: bool


def relation(layer: Layer, user: Any, names: tuple[str, ...] | None = None, extra: tuple[str, ...] = ()) -> Relation:
    """The rows of a layer that the reader may know of, with the named fields, all by default.

    ``code`` and ``name`` are always among them. ``extra`` are fields of the model that are no property of the layer.
    """
    if user.is_anonymous:
        return _public_relation(layer, names, extra)
    return relation_of(layer, layer.visible_to(user), names, extra)


@lru_cache(maxsize=256)
def _public_relation(layer: Layer, names: tuple[str, ...] | None, extra: tuple[str, ...]) -> Relation:
    # Compiling costs as much as a small query. What anonymous readers may see is told by columns and the database's clock.
    return relation_of(layer, layer.visible_to(AnonymousUser()), names, extra)


def relation_of(
    layer: Layer,
    queryset: QuerySet[Any],
    names: tuple[str, ...] | None = None,
    extra: tuple[str, ...] = (),
    *,
    ordered: bool = False,
) -> Relation:
    """The same for rows that are already chosen, by a filter set for one; ``ordered`` keeps their order, which costs a sort."""
    fields = layer.fields if names is None else layer.chosen({"code", "name", *names})
    rows = queryset if ordered else queryset.order_by()
    chosen = rows.annotate(**{f"property_{field.name}": field.expression for field in fields})
    copies = [*(column for _zoom, column in layer.copies), *extra]
    query = chosen.values_list("pk", layer.geometry_field, *copies, *(f"property_{field.name}" for field in fields)).query
    query.subquery = True  # geometry stays geometry: outside of a subquery Django turns it into bytes for Python
    sql, params = query.get_compiler(connection=connection).as_sql()
    columns = ", ".join(quoted(name) for name in ("pk", "geom", *copies, *(field.name for field in fields)))
    return Relation(layer, fields, f"({sql}) AS f({columns})", params, frozenset(_tables(query)), _is_whole(queryset.query))


def feature_sql(found: Relation, system: CRS) -> str:
    """SQL for the text of a GeoJSON feature of ``f``, its coordinates in the axis order that the system declares."""
    properties = ", ".join(f"f.{quoted(field.name)}" for field in found.fields)
    return (
        """'{"type":"Feature","id":' || to_json(f.code)::text"""
        f""" || ',"geometry":' || coalesce(ST_AsGeoJSON({geometry_sql(found.layer, system)}, {system.decimals}, 0), 'null')"""
        f""" || ',"properties":' || row_to_json((SELECT p FROM (SELECT {properties}) AS p))::text || '}}'"""
    )


def geometry_sql(layer: Layer, system: CRS) -> str:
    """SQL for the geometry of ``f``; polygons with their outer rings counterclockwise as longitude and latitude, RFC 7946."""
    sql = "f.geom"
    if layer.geometry in {Geometry.AREA, Geometry.MIXED}:
        sql = f"ST_ForcePolygonCCW({sql})"
    if system.srid not in {STORAGE_SRID, 4326}:  # PROJ changes no coordinate between CGCS2000 and WGS 84
        sql = f"ST_Transform({sql}, {system.srid})"
    return f"ST_FlipCoordinates({sql})" if system.north_first else sql


@lru_cache(maxsize=1024)
def quoted(name: str) -> str:
    """A declared name as an SQL identifier, with % doubled for psycopg2."""
    return connection.ops.quote_name(name).replace("%", "%%")


def _is_whole(query: Query) -> bool:
    is_joined = len(query.alias_map) > 1
    return not (query.where or query.is_sliced or query.combinator or query.distinct or query.group_by or is_joined)


def _tables(query: Query) -> Iterable[str]:
    for source in query.alias_map.values():
        yield source.table_name
    for part in [*query.annotations.values(), query.where]:
        yield from _tables_within(part)


def _tables_within(expression: Any) -> Iterable[str]:
    inner = getattr(expression, "query", None)
    if isinstance(inner, Query):
        yield from _tables(inner)
    elif isinstance(expression, Query):
        yield from _tables(expression)
    else:
        children = getattr(expression, "children", None) or expression.get_source_expressions()
        for child in children:
            if hasattr(child, "get_source_expressions") or hasattr(child, "children"):
                yield from _tables_within(child)
