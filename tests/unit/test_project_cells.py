"""The grid of projects is right whoever writes, and however many at once."""

import math
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import layers
from projects.models import Project, ProjectCell
from tests.factories import geometry, make

pytestmark = pytest.mark.django_db

migration = import_module("projects.migrations.0004_project_cells")
ZOOMS = range(10)
Cells = dict[tuple[int, int, int], tuple[int, Decimal, int]]


def place(lon: float, lat: float) -> dict[str, Any]:
    return {"geom": geometry(f"POINT({lon} {lat})"), "location_precision": "site"}


def cell_of(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    """The cell by the textbook's formula, with a cell a 32nd of a tile."""
    side = 2**zoom * 32
    x = (lon + 180) / 360 * side
    y = (1 - math.asinh(math.tan(math.radians(max(min(lat, 89.9), -89.9)))) / math.pi) / 2 * side
    return (zoom, min(max(math.floor(x), 0), side - 1), min(max(math.floor(y), 0), side - 1))


def counted(projects: QuerySet[Project]) -> Cells:
    """What the grid should hold, from the projects one by one."""
    counts: Counter[tuple[int, int, int]] = Counter()
    amounts: Counter[tuple[int, int, int]] = Counter()
    sums: dict[tuple[int, int, int], Decimal] = {}
    for geom, wan in projects.filter(geom__isnull=False).values_list("geom", "investment_wan"):
        west, south, east, north = geom.extent
        for zoom in ZOOMS:
            cell = cell_of((west + east) / 2, (south + north) / 2, zoom)
            counts[cell] += 1
            amounts[cell] += wan is not None
            sums[cell] = sums.get(cell, Decimal(0)) + (wan or 0)
    return {cell: (counts[cell], sums[cell], amounts[cell]) for cell in counts}


def kept() -> Cells:
    """What it holds."""
    cells: Cells = {}
    for zoom, x, y, *values in ProjectCell.objects.values_list(
        "zoom", "x", "y", "count", "investment_wan", "investment_wan_count"
    ):
        before = cells.get((zoom, x, y), (0, Decimal(0), 0))
        cells[zoom, x, y] = tuple(old + new for old, new in zip(before, values, strict=True))  # type: ignore[assignment]
    return {cell: values for cell, values in cells.items() if values != (0, 0, 0)}


def assert_true() -> None:
    assert kept() == counted(Project.objects.all())


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_projects_of_the_fixtures_are_counted() -> None:
    assert_true()
    assert sum(count for (zoom, _x, _y), (count, _wan, _n) in kept().items() if zoom == 0) == 20


def test_every_way_of_writing_is_counted() -> None:
    one = make(Project, investment_wan=Decimal("12.5"), **place(112.5, 38.1))
    assert_true()
    make(Project, investment_wan=None, **place(112.5, 38.1))
    make(Project, investment_wan=Decimal(7))  # nobody knows where
    assert_true()
    one.geom = geometry("POINT(113.9 39.2)")  # to another cell of every zoom but the first few
    one.save()
    assert_true()
    one.investment_wan = None
    one.save()
    assert_true()
    Project.objects.bulk_create(
        Project(code=f"bulk-{number}", name="批量", investment_wan=number, **place(112 + number / 40, 38.3))
        for number in range(60)
    )
    assert_true()
    moved = list(Project.objects.filter(code__startswith="bulk-")[:30])
    for project in moved:
        project.geom.x += 0.3
    Project.objects.bulk_update(moved, ["geom"])
    assert_true()
    Project.objects.filter(code__startswith="bulk-1").update(investment_wan=3)
    assert_true()
    run("UPDATE projects_project SET geom = ST_Translate(geom, 0.5, 0.1), investment_wan = 1 WHERE code LIKE 'bulk-2%'")
    assert_true()
    run("UPDATE projects_project SET geom = NULL WHERE code LIKE 'bulk-3%'")
    assert_true()
    run("INSERT INTO projects_project SELECT (p).* FROM (SELECT p FROM projects_project AS p) AS q ON CONFLICT DO NOTHING")
    assert_true()
    one.delete()
    Project.objects.filter(code__startswith="bulk-4").delete()
    assert_true()
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("TRUNCATE projects_project CASCADE")
    assert ProjectCell.objects.count() == 0


@pytest.mark.parametrize(
    "wkt",
    [
        "POINT(180 0)",
        "POINT(-180 90)",
        "POINT(0 -90)",
        "POINT(112.5 89)",
        "POINT EMPTY",
        "LINESTRING(112 38, 113 39)",
        "POLYGON((112 38, 113 38, 113 39, 112 38))",
    ],
)
def test_a_project_at_the_edge_of_the_world_or_that_is_no_point_is_counted_once(wkt: str) -> None:
    before = sum(count for (zoom, *_), (count, *_) in kept().items() if zoom == 9)
    make(Project, geom=geometry(wkt), location_precision="site")
    after = sum(count for (zoom, *_), (count, *_) in kept().items() if zoom == 9)
    assert after - before == (0 if "EMPTY" in wkt else 1)
    if "EMPTY" not in wkt:
        assert_true()


PLACES = st.one_of(
    st.none(), st.tuples(st.floats(110, 115, allow_nan=False), st.floats(37, 40, allow_nan=False)), st.just((112.5, 38.0))
)
AMOUNTS = st.one_of(st.none(), st.decimals(0, 10**9, places=4))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "move", "pay", "rename", "delete", "fold", "move all"]), st.integers(0, 10), PLACES, AMOUNTS
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_sequence_of_changes_is_counted(steps: list[tuple[str, int, tuple[float, float] | None, Decimal | None]]) -> None:
    for step, number, where, amount in steps:
        fields = place(*where) if where else {"geom": None, "location_precision": "unknown"}
        mine = Project.objects.filter(code__startswith="test-").order_by("code")
        chosen = mine.filter(pk__in=[project.pk for project in mine[number : number + 2]])
        if step == "add":
            make(Project, investment_wan=amount, **fields)
        elif step == "move":
            chosen.update(**fields)
        elif step == "pay":
            chosen.update(investment_wan=amount)
        elif step == "rename":
            chosen.update(name="新名")
        elif step == "delete":
            chosen.delete()
        elif step == "fold":
            run("SELECT fold_project_cells()")
        else:
            mine.update(**fields)
    assert_true()


def test_what_changes_no_place_and_no_amount_costs_the_grid_nothing() -> None:
    make(Project, investment_wan=5, **place(112.5, 38.1))
    before = set(ProjectCell.objects.values_list("pk", flat=True))
    Project.objects.update(name="新名", stage="building")
    Project.objects.filter(geom__isnull=True).update(investment_wan=1)
    run("UPDATE projects_project SET geom = geom, investment_wan = investment_wan")
    run("DELETE FROM projects_project WHERE false")
    assert set(ProjectCell.objects.values_list("pk", flat=True)) == before


def test_a_statement_that_reaches_the_number_folds() -> None:
    for _ in range(3):
        make(Project, investment_wan=5, **place(112.5, 38.1))
    assert ProjectCell.objects.count() > len(kept())
    run(f"SELECT setval('projects_projectcell_id_seq', {migration.FOLD_EVERY * 1000 - 1})")
    make(Project, **place(112.5, 38.1))
    assert ProjectCell.objects.count() == len(kept())
    assert_true()


def test_a_cell_that_was_emptied_leaves_no_row() -> None:
    ProjectCell.objects.all().delete()
    make(Project, **place(112.5, 38.1)).delete()
    run("SELECT fold_project_cells()")
    assert ProjectCell.objects.count() == 0


def test_projects_that_were_there_before_the_grid_are_counted() -> None:
    make(Project, investment_wan=5, **place(112.5, 38.1))
    ProjectCell.objects.all().delete()
    run(migration.Migration.operations[-1].sql)
    assert_true()


def test_a_tile_reads_one_stretch_of_the_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT * FROM projects_projectcell WHERE zoom = 9 AND x >> 5 = 416 AND y >> 5 = 196")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "projectcell_tile" in plan
    assert "Filter" not in plan


def test_the_grid_reaches_as_far_as_the_layer_says() -> None:
    layer = layers.find("projects")
    assert layer
    assert layer.aggregate
    assert layer.aggregate.below_zoom == migration.LAST_ZOOM + 1 == ZOOMS.stop


@pytest.fixture
def two() -> Iterator[tuple[Any, Any]]:
    """Two writers with connections of their own, who give up instead of waiting; what they commit is removed."""
    pair = [psycopg2.connect(**connection.get_connection_params()) for _ in range(2)]
    for writer in pair:
        writer.cursor().execute("SET lock_timeout = '2s'")
        writer.commit()
    yield pair[0], pair[1]
    for writer in pair:
        writer.rollback()
    with pair[0] as writer:
        writer.cursor().execute("DELETE FROM projects_project WHERE code LIKE 'writer-%'")
    for writer in pair:
        writer.close()


INSERT = """
INSERT INTO projects_project (code, name, name_en, aliases, summary, summary_en, fact_ids, sort_order, search_keys,
    location_text, location_text_en, kind, stage, location_precision, geom, investment_wan)
SELECT 'writer-' || %(start)s + n, '并发', '', '{}', '', '', '{}', 0, '{}', '', '', 'project', '', 'site',
    ST_SetSRID(ST_Point(112.5 + n / 50.0, 38.1), 4490), n
FROM generate_series(1, %(count)s) AS n
"""


def test_writers_at_once_neither_wait_nor_lose_a_count(two: tuple[Any, Any]) -> None:
    one, other = two
    first, second = one.cursor(), other.cursor()
    first.execute(INSERT, {"start": 0, "count": 30})
    second.execute(INSERT, {"start": 100, "count": 30})  # the same cells
    first.execute("SELECT fold_project_cells()")
    second.execute("SELECT fold_project_cells()")  # the first holds what was there before
    other.commit()
    second.execute("SELECT fold_project_cells()")
    second.execute("UPDATE projects_project SET investment_wan = 1000 WHERE code = 'writer-101'")
    first.execute("DELETE FROM projects_project WHERE code = 'writer-1'")
    one.commit()
    first.execute("SELECT fold_project_cells()")
    other.commit()
    one.commit()
    assert_true()
    mine = Project.objects.filter(code__startswith="writer-")
    assert mine.count() == 59


def test_what_was_rolled_back_is_not_counted(two: tuple[Any, Any]) -> None:
    one, _other = two
    writer = one.cursor()
    writer.execute(INSERT, {"start": 0, "count": 5})
    writer.execute("SELECT fold_project_cells()")
    one.rollback()
    assert_true()
