"""Geometry literals of CQL2 filters: systems and axes, what is refused, and the index that conditions on places use."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection

from lib.cql2 import Column, condition
from lib.crs import BY_NAME, CRS84, STORAGE_SRID, SYSTEMS
from portal import layers
from portal.relation import quoted, relation
from tests.cql2_rows import COLUMNS, found, op, prop, refused

pytestmark = pytest.mark.django_db


def place_in(system: Any, lon: float, lat: float) -> tuple[float, float]:
    """The coordinates of a place in the axis order of the system."""
    place = GEOSGeometry(f"POINT({lon} {lat})", srid=STORAGE_SRID)
    if not system.is_geographic:
        place.transform(system.srid)
    return (place.y, place.x) if system.north_first else (place.x, place.y)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_literals_are_in_the_system_that_the_address_names(system: Any) -> None:
    low, high = place_in(system, 112.49, 37.985), place_in(system, 112.51, 38.01)
    box = f"BBOX({low[0]},{low[1]},{high[0]},{high[1]})"
    assert found(f"S_WITHIN(geom, {box})", system) == {0}
    assert found(op("s_within", prop("geom"), {"bbox": [*low, *high]}), system) == {0}
    triangle = ",".join(f"{x} {y}" for x, y in (low, high, place_in(system, 112.49, 38.01), low))
    assert found(f"S_INTERSECTS(POLYGON(({triangle})), geom)", system) == {0, 2}


def test_axes_in_the_wrong_order_are_refused() -> None:
    for name in ("EPSG:4490", "EPSG:4326", "EPSG:4525", "EPSG:4526", "EPSG:4546"):
        x, y = place_in(BY_NAME[name], 112.5, 38)
        assert "which axis comes first" in refused(f"S_INTERSECTS(geom, POINT({y} {x}))", system=BY_NAME[name])
    assert "which axis comes first" in refused("S_INTERSECTS(geom, POINT(38 112.5))")


def test_a_straight_edge_of_a_projected_box_stays_straight_there() -> None:
    """100 km along a northing of zone 37 are bent by 150 m in degrees; what lies between is inside all the same."""
    system = BY_NAME["EPSG:4525"]
    edge = 4_210_000
    for offset, inside in ((-5, True), (5, False)):
        middle = GEOSGeometry(f"POINT(37550000 {edge + offset})", srid=system.srid)
        middle.transform(STORAGE_SRID)
        sql, params = condition(f"S_INTERSECTS(geom, BBOX(4100000,37500000,{edge},37600000))", "cql2-text", COLUMNS, system)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {sql} FROM (SELECT %s::geometry AS geom) f", [*params, middle.hexewkb.decode()])
            assert cursor.fetchone() == (inside,)


def test_many_lines_through_the_world_are_given_no_more_points_than_one() -> None:
    """Each would be given 5,000 points, and a filter has room for two thousand such lines."""
    system = BY_NAME["EPSG:3857"]
    for count, most in ((1, 5002), (300, 6000)):
        lines = ",".join(f"({-2e7 + number:.0f} -2e7,2e7 2e7)" for number in range(count))
        _sql, (literal,) = condition(f"S_INTERSECTS(geom, MULTILINESTRING({lines}))", "cql2-text", COLUMNS, system)
        assert 5000 <= GEOSGeometry(literal).num_coords <= most
    mixed = "GEOMETRYCOLLECTION(MULTIPOINT(1 1,9000 1),LINESTRING(1 1,9000 1))"
    _sql, (literal,) = condition(f"S_INTERSECTS(geom, {mixed})", "cql2-text", COLUMNS, system)
    assert [part.num_coords for part in GEOSGeometry(literal)] == [2, 10]
    world = "S_INTERSECTS(geom, BBOX(-2e7,-2e7,2e7,2e7))"
    assert "20000 vertices" in refused(" OR ".join([world] * 4), system=system)


BAD_GEOMETRIES = {
    "POLYGON((112 38,113 39,113 38,112 39,112 38))": "not valid: Self-intersection",
    "POLYGON((112 38,113 38,113 39,112 39))": "the last is the first again",
    "POLYGON((112 38,113 38,112 38))": "at least four positions",
    "POLYGON((112 38,113 38,113 39,112 38),(0 0,1 0,1 1,0 0))": "not valid: Hole lies outside shell",
    "POLYGON((112 38,112 38,112 38,112 38))": "not valid",
    "MULTIPOLYGON(((0 0,2 0,2 2,0 0)),((0 0,2 0,2 2,0 0)))": "not valid",
    "GEOMETRYCOLLECTION(POINT(0 0),POLYGON((0 0,1 1,1 0,0 1,0 0)))": "not valid: Self-intersection",
    "LINESTRING(112 38)": "at least two positions",
    "POINT(90 180)": "outside of OGC:CRS84",
    "POINT(181 0)": "outside of OGC:CRS84",
    "POINT(1e999 0)": "not a number in range",
    "MULTIPOINT(7.02 49.92, 90 180)": "outside of OGC:CRS84",
    "BBOX(1,2,3)": "four or six",
    "BBOX(1,2,3,4,5)": "two numbers, or three",
    "BBOX(112,39,113,38)": "south-west",
    "BBOX(112,38,112,39)": "south-west",
    "BBOX(1,2,3,91)": "outside of OGC:CRS84",
    "POINT(1)": "can't be read",
    "POINT(1 2 3 4)": "can't be read",
    "POINT EMPTY": "can't be read",
    "POINT(a b)": "can't be read",
    "CIRCULARSTRING(0 0,1 1,2 0)": "can't be read",
    "GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(0 0)))": "can't be read",
    "name": "takes geometry, not name (text)",
    "'POINT(0 0)'": "takes geometry, not text",
}


@pytest.mark.parametrize(("literal", "reason"), BAD_GEOMETRIES.items())
def test_a_bad_geometry_is_refused_with_its_reason(literal: str, reason: str) -> None:
    assert reason in refused(f"S_INTERSECTS(geom, {literal})")


@pytest.mark.parametrize(
    "literal",
    [
        '{"type":"Point","coordinates":["112","38"]}',
        '{"type":"Point","coordinates":[112,null]}',
        '{"type":"Point","coordinates":[true,false]}',
        '{"type":"Point","coordinates":[[112,38]]}',
        '{"type":"Point","coordinates":[1e999,0]}',
        '{"type":"Point","coordinates":{}}',
        '{"type":"Point"}',
        '{"type":"Polygon","coordinates":[]}',
        '{"type":"Polygon","coordinates":[[]]}',
        '{"type":"Circle","coordinates":[0,0]}',
        '{"type":["Point"],"coordinates":[0,0]}',
        '{"type":"Point","coordinates":[0,0],"crs":{}}',
        '{"type":"Feature","geometry":null,"properties":{}}',
        '{"type":"GeometryCollection","geometries":[]}',
        '{"type":"GeometryCollection","geometries":[{"type":["x"],"coordinates":[0,0]}]}',
        '{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","coordinates":[],"geometries":[]}]}',
        '{"bbox":[1,2,"3",4]}',
        '{"bbox":{}}',
    ],
)
def test_a_bad_geometry_in_json_is_refused(literal: str) -> None:
    refused(f'{{"op":"s_intersects","args":[{{"property":"geom"}},{literal}]}}', "cql2-json")


def test_collections_take_part_where_that_is_defined() -> None:
    refused("S_WITHIN(geom, GEOMETRYCOLLECTION(POINT(112.5 38)))")
    assert found("S_DISJOINT(geom, GEOMETRYCOLLECTION(POINT(112.5 38)))") == {1, 3, 4}


@pytest.mark.parametrize("name", ["S_INTERSECTS", "S_EQUALS", "S_TOUCHES", "S_WITHIN", "S_OVERLAPS", "S_CROSSES", "S_CONTAINS"])
@pytest.mark.parametrize("turned", [False, True])
def test_conditions_on_places_use_the_index(name: str, turned: bool) -> None:
    layer = layers.find("counties")
    assert layer is not None
    rows = relation(layer, AnonymousUser())
    columns = {field.name: Column(f"f.{quoted(field.name)}", field.type.value) for field in rows.fields}
    columns["geom"] = Column("f.geom", "geometry")
    system = BY_NAME["EPSG:4525"]
    x, y = place_in(system, 112.5, 38)
    operands = ["geom", f"BBOX({x},{y},{x + 5000},{y + 5000})"]
    expression = f"{name}({', '.join(reversed(operands) if turned else operands)})"
    sql, params = condition(expression, "cql2-text", columns, system)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT pk FROM {rows.sql} WHERE {sql}", [*rows.params, *params])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: (boundary " in plan, plan


def test_a_filter_of_the_portal_own_layers() -> None:
    layer = layers.find("counties")
    assert layer is not None
    rows = relation(layer, AnonymousUser())
    columns = {field.name: Column(f"f.{quoted(field.name)}", field.type.value) for field in rows.fields}
    sql, params = condition("name LIKE '%县' AND code BETWEEN '140122' AND '140123'", "cql2-text", columns, CRS84)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT f.name FROM {rows.sql} WHERE {sql}", [*rows.params, *params])
        assert cursor.fetchall() == [("阳曲县",)]
