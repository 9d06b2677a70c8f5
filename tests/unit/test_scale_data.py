"""manage.py scale_data: the same rows each time, valid, inside their county; and no database that is not its own is touched."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from lib.naming import search_keys
from portal.scale import LINES, Scale, fill
from projects.models import Parcel, Project
from zones.models import ControlLine

SMALL = Scale(projects=300, parcels=60, lines=20, seed=1)

Rows = Callable[[str], list[Any]]


@pytest.fixture
def rows(db: None) -> Rows:
    def read(sql: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    return read


@pytest.fixture
def _filled(db: None) -> None:
    fill(SMALL)


@pytest.mark.usefixtures("_filled")
def test_fills_the_layers_with_as_many_rows_as_asked_for() -> None:
    assert Project.objects.filter(code__startswith="XM").count() == 300
    assert Parcel.objects.count() == 60
    assert ControlLine.objects.count() == 20


@pytest.mark.usefixtures("_filled")
def test_every_place_lies_in_its_county(rows: Rows) -> None:
    for table in ("projects_project", "projects_parcel", "zones_controlline"):
        outside = (
            f"SELECT f.code FROM {table} AS f JOIN zones_county AS c ON c.id = county_id WHERE f.code ~ '^(XM|DK|KZ)[0-9]+$'"
            " AND NOT ST_Covers(c.boundary, f.geom)"
        )
        assert rows(outside) == []
        assert rows(f"SELECT code FROM {table} WHERE geom IS NULL AND code ~ '^(XM|DK|KZ)[0-9]+$'") == []


@pytest.mark.usefixtures("_filled")
def test_outlines_are_valid_and_of_the_promised_vertices(rows: Rows) -> None:
    for table, low, high in (("projects_parcel", 20, 200), ("zones_controlline", 100, 3000)):
        found = rows(f"SELECT min(ST_NPoints(geom)), max(ST_NPoints(geom)), bool_and(ST_IsValid(geom)) FROM {table}")
        assert low <= found[0][0] <= found[0][1] <= high
        assert found[0][2]


@pytest.mark.usefixtures("_filled")
def test_parcels_do_not_overlap(rows: Rows) -> None:
    assert (
        rows("SELECT 1 FROM projects_parcel AS a JOIN projects_parcel AS b ON a.id < b.id AND ST_Intersects(a.geom, b.geom)")
        == []
    )


@pytest.mark.usefixtures("_filled")
def test_registered_areas_are_those_of_the_outlines(rows: Rows) -> None:
    ratios = rows("SELECT area_m2 / ST_Area(geom::geography) FROM projects_parcel WHERE area_m2 IS NOT NULL")
    assert ratios
    assert all(0.99 < ratio < 1.01 for (ratio,) in ratios)


@pytest.mark.usefixtures("_filled")
def test_rows_are_found_by_the_keys_of_any_record() -> None:
    for model in (Project, Parcel, ControlLine):
        for record in model._default_manager.filter(code__regex="^(XM|DK|KZ)[0-9]+$"):
            assert set(record.search_keys) == set(search_keys(record.code, record.names))


@pytest.mark.usefixtures("_filled")
def test_some_amounts_and_stages_are_not_known() -> None:
    made = Project.objects.filter(code__startswith="XM")
    assert 0 < made.filter(investment_wan=None).count() < 300
    assert 0 < made.filter(stage="", stage_as_of=None).count() < 300
    assert not made.exclude(stage="").filter(stage_as_of=None).exists()
    assert len(set(made.values_list("county"))) == 12


def test_makes_the_same_rows_again_and_others_from_another_seed(rows: Rows) -> None:
    def content(seed: int) -> list[Any]:
        fill(Scale(SMALL.projects, SMALL.parcels, SMALL.lines, seed))
        found = [
            rows(f"SELECT code, name, ST_AsEWKB(geom)::text, {own} FROM {table} WHERE code ~ '^(XM|DK|KZ)[0-9]+$' ORDER BY code")
            for table, own in (
                ("projects_project", "county_id, kind, stage, stage_as_of, investment_wan"),
                ("projects_parcel", "county_id, state, area_m2"),
                ("zones_controlline", "county_id, theme"),
            )
        ]
        for model in (Project, Parcel, ControlLine):
            model._default_manager.filter(code__regex="^(XM|DK|KZ)[0-9]+$").delete()
        return found

    first = content(1)
    assert content(1) == first
    other = content(2)
    assert [len(part) for part in other] == [len(part) for part in first]
    assert all(ours != theirs for ours, theirs in zip(first, other, strict=True))


def test_keeps_every_index(rows: Rows) -> None:
    indexes = "SELECT indexdef FROM pg_indexes WHERE tablename ~ '^(projects|zones)_' ORDER BY 1"
    before = rows(indexes)
    fill(Scale(1, 1, 1, 1))
    assert rows(indexes) == before


def test_tells_when_there_is_no_room(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.scale.LINES", replace(LINES, room=2))
    with pytest.raises(ValueError, match="there is room for"):
        fill(Scale(1, 1, 10_000, 1))


@pytest.fixture
def foreign_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database that scale_data did not make. Outside of a transaction, and without the flush that would empty the zone."""
    name = connection.settings_dict["NAME"] + "_foreign"
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
        try:
            yield name
        finally:
            cursor.execute(f'DROP DATABASE "{name}"')


def test_refuses_a_database_that_it_did_not_make(foreign_database: str) -> None:
    with pytest.raises(CommandError, match="was not made by scale_data"):
        call_command("scale_data", database_name=foreign_database)


def test_refuses_the_portals_own_database(db: None) -> None:
    with pytest.raises(CommandError, match="the portal's own database"):
        call_command("scale_data", database_name=connection.settings_dict["NAME"])


@pytest.mark.parametrize("name", ["", 'a"; DROP DATABASE portal; --', "Portal", "9a", "x" * 64])
def test_refuses_a_name_that_is_none(name: str) -> None:
    with pytest.raises(CommandError, match="Give a name"):
        call_command("scale_data", database_name=name)
