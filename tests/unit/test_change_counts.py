"""The count of a table's changes: it changes exactly when a change becomes visible, and no writer waits for another."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.db.models import Sum

from projects.models import Project
from tests.factories import county, make
from zones.models import Park, TableChange


def count(table: str = "projects_project") -> int:
    return TableChange.objects.filter(table_name=table).aggregate(total=Sum("changes"))["total"] or 0


@pytest.mark.django_db
def test_each_statement_that_writes_counts_once() -> None:
    before, elsewhere = count(), count("zones_park")
    project = make(Project)
    Project.objects.filter(pk=project.pk).update(name="改名")
    Project.objects.bulk_create([Project(code=f"bulk-{number}", name="批量") for number in range(5)])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE projects_project SET name_en = 'by hand' WHERE id = %s", [project.pk])
    assert count() == before + 4
    project.delete()
    assert count() > before + 4
    assert count("zones_park") == elsewhere


@pytest.mark.django_db
def test_a_many_to_many_relation_has_a_count_of_its_own() -> None:
    before = count("zones_park_counties")
    make(Park).counties.set([])
    assert count("zones_park_counties") == before
    make(Park).counties.add(county(), county("140122"))
    assert count("zones_park_counties") == before + 1


@pytest.mark.django_db
def test_folding_keeps_the_sum_and_the_table_small() -> None:
    before = count()
    project = make(Project)
    for number in range(600):
        Project.objects.filter(pk=project.pk).update(name=f"第{number}次")
    assert count() == before + 601
    assert TableChange.objects.filter(table_name="projects_project").count() < 300


@pytest.fixture
def others(db: None) -> Iterator[list[Any]]:
    """Two more connections to the test database. What they write they roll back."""
    opened = [psycopg2.connect(**connection.get_connection_params() | {"options": "-c lock_timeout=2s"}) for _ in range(2)]
    yield opened
    for other in opened:
        other.rollback()
        other.close()


def test_writers_do_not_wait_and_a_change_counts_when_it_is_committed(others: list[Any]) -> None:
    before = count()
    first, second = (other.cursor() for other in others)
    for cursor in (first, second):
        for _ in range(300):  # both fold in between
            cursor.execute("UPDATE projects_project SET name_en = name_en WHERE false")
    assert count() == before, "uncommitted changes are seen by nobody"
    for cursor in (first, second):
        cursor.execute("SELECT sum(changes) FROM zones_tablechange WHERE table_name = 'projects_project'")
        assert cursor.fetchone()[0] == before + 300
