"""Some rows, CQL2 filters over them, and the trees of CQL2 JSON in short."""

import json
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck, settings

from lib.cql2 import Column, condition
from lib.crs import CRS84, STORAGE_SRID
from lib.parameters import Refusal

MANY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], max_examples=150)
TYPES = {
    "name": ("text", "varchar"),
    "other": ("text", "text"),
    "floors": ("integer", "int"),
    "size": ("number", "float8"),
    "open": ("boolean", "boolean"),
    "built": ("date", "date"),
    "closed": ("date", "date"),
    "tags": ("texts", "varchar[]"),
    "geom": ("geometry", "geometry"),
}
COLUMNS = {name: Column(f'f."{name}"', kind) for name, (kind, _sql) in TYPES.items()}
D = date.fromisoformat
ROWS: list[dict[str, Any]] = [
    dict(zip(TYPES, row, strict=True))
    for row in [
        ("阳曲县", "阳曲县", 3, 2.5, True, D("2021-12-01"), D("2022-03-01"), ["化工", "钢铁"], "POINT(112.5 38)"),
        ("太原", "阳曲县", 0, 0.0, False, D("2022-04-16"), D("2022-04-16"), [], "POINT(112.6 38.1)"),
        ("Straße", "STRASSE", -2, -7.25, True, D("2023-01-01"), None, ["a", "b", "a"], "POLYGON((112 38,113 38,113 39,112 38))"),
        ("100%_\\", "o'clock", 12, 1e6, None, None, None, ["100%"], "LINESTRING(112 37,112 40)"),
        ("", "\n", 7, 3.0, False, D("2022-04-17"), D("2022-12-31"), ["钢铁"], "POINT(113.5 38)"),
        (None, None, None, None, None, None, D("2022-01-01"), None, None),
    ]
]


def rows_where(sql: str, params: list[Any]) -> set[int]:
    """Numbers of the ROWS for which the condition is true."""
    casts = ", ".join(f"%s::{sql_type}" for _kind, sql_type in TYPES.values())
    values = ", ".join(f"({number}, {casts})" for number in range(len(ROWS)))
    given_rows: list[Any] = []
    for row in ROWS:
        given_rows += [*list(row.values())[:-1], f"SRID={STORAGE_SRID};{row['geom']}" if row["geom"] else None]
    names = ", ".join(f'"{name}"' for name in TYPES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT n FROM (VALUES {values}) AS f(n, {names}) WHERE {sql}", [*given_rows, *params])
        return {number for (number,) in cursor.fetchall()}


def found(expression: Any, system: Any = CRS84) -> set[int]:
    if isinstance(expression, str):
        return rows_where(*condition(expression, "cql2-text", COLUMNS, system))
    return rows_where(*condition(json.dumps(expression), "cql2-json", COLUMNS, system))


def refused(expression: str, language: str = "cql2-text", system: Any = CRS84) -> str:
    with translation.override("en"), pytest.raises(Refusal) as caught:
        condition(expression, language, COLUMNS, system)
    assert set(caught.value.errors) == {"filter"}
    assert caught.value.status == 400
    return caught.value.detail


def op(name: str, *args: Any) -> dict[str, Any]:
    return {"op": name, "args": list(args)}


def prop(name: str) -> dict[str, Any]:
    return {"property": name}


def point(*coordinates: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(coordinates)}


BOX = {"bbox": [112.4, 37.9, 112.7, 38.2]}
TRIANGLE = {"type": "Polygon", "coordinates": [[[112, 38], [113, 38], [113, 39], [112, 38]]]}
LINE = {"type": "LineString", "coordinates": [[112, 37], [112, 40]]}
