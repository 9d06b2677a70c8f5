"""How many queries an answer costs does not depend on how many rows it has."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_one_of_each

from .conftest import NAMES, VIEWS, Get

pytestmark = pytest.mark.django_db

# Count and page; more only for rows that belong to a row: a project's stages, a chain's links, the rules of a line with
# their citations and sources, a note's subjects. Subjects of many kinds are one query a kind.
LISTS = {"projects": 3, "industry-chains": 3, "control-line-types": 5}
BY_KIND = {"statements", "data-quality-notes"}


def _queries(get: Get, *arguments: str, **parameters: str) -> int:
    get(*arguments, **parameters)  # content types are read once a process
    with CaptureQueriesContext(connection) as queries:
        assert get(*arguments, **parameters).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BY_KIND])
def test_a_list_costs_the_same_whatever_its_length(get: Get, name: str) -> None:
    make_one_of_each()
    few = _queries(get, name, limit="1")
    for _ in range(3):
        make_one_of_each()
    assert _queries(get, name, limit="1000") == few == LISTS.get(name, 2)
    if VIEWS[name].geometry_field:
        assert _queries(get, name, f="geojson", limit="1000") == few


@pytest.mark.parametrize("name", sorted(BY_KIND))
def test_subjects_cost_one_query_a_kind(get: Get, name: str) -> None:
    make_one_of_each()
    once = _queries(get, name, limit="1000")
    for _ in range(3):
        make_one_of_each()
    assert _queries(get, name, limit="1000") == once <= 4 + len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_record_costs_the_same_whatever_its_evidence(get: Get, name: str) -> None:
    record = make_one_of_each()[VIEWS[name].queryset.model]
    few = _queries(get, name, record.code)
    for _ in range(3):
        make_one_of_each()
    assert _queries(get, name, record.code) == few <= 14
