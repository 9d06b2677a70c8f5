"""A single record: its evidence, and what disagrees in it."""

from datetime import date

import pytest

from tests.factories import county, make, make_citation, make_note, make_one_of_each, make_statement
from zones.models import ChainLink, ControlLineType, IndustryChain, Measure, Park, PlanRule, Source

from .conftest import DRAWN, NAMES, VIEWS, Get

pytestmark = pytest.mark.django_db


def test_a_record_shows_its_figures_with_their_sources(get: Get) -> None:
    park = make(Park)
    source = make(Source, code="S9", name="报道")
    make_statement(park, "6.23", source=source, as_of=date(2021, 1, 1), as_of_precision="year", locator="专栏2")
    make_citation(park, source, "第五章")
    note = make_note(park)
    record = get("parks", park.code).json()
    (statement,) = record["statements"]
    told = {"value": 6.23, "unit": "km2", "unit_label": "km²", "nature": "actual", "qualifier": "exact", "as_of": "2021"}
    where = {"source": "S9", "source_name": "报道", "locator": "专栏2", "rank": "normal", "inferred": False}
    assert statement.items() >= (told | where).items()
    (citation,) = record["citations"]
    assert (citation["source"], citation["locator"], citation["locator_en"]) == ("S9", "第五章", "paragraph 2")
    assert record["data_quality_notes"] == [note.code]
    assert record["conflicts"] == []


def test_figures_that_disagree_stand_side_by_side(get: Get) -> None:
    measure = make(Measure)
    first = make_statement(county(), "6.23", measure=measure, code="a")
    second = make_statement(county(), "11569.53", "mu", measure=measure, code="b")
    record = get("counties", "140108").json()
    assert {first.code, second.code} <= {statement["code"] for statement in record["statements"]}
    (conflict,) = [conflict for conflict in record["conflicts"] if conflict["measure"] == measure.code]
    assert (conflict["nature"], conflict["first"], conflict["second"]) == ("actual", "a", "b")
    assert conflict["difference_percent"] == pytest.approx(23.8, abs=0.05)


def test_a_control_line_has_its_rules_with_their_clauses(get: Get) -> None:
    line = make(ControlLineType)
    rule = make(PlanRule, line=line, summary="不得占用")
    make_citation(rule, make(Source, code="S9"), "第三章")
    for row in (get("control-line-types", line.code).json(), get("control-line-types", q=line.code).json()["results"][0]):
        (shown,) = row["rules"]
        assert (shown["code"], shown["summary"]) == (rule.code, "不得占用")
        assert [(cited["source"], cited["locator"]) for cited in shown["citations"]] == [("S9", "第三章")]


def test_the_links_of_a_chain_come_upstream_first(get: Get) -> None:
    chain = make(IndustryChain)
    for order, name in ((2, "下游"), (1, "上游")):
        make(ChainLink, chain=chain, sort_order=order, name=name)
    assert [link["name"] for link in get("industry-chains", chain.code).json()["links"]] == ["上游", "下游"]


@pytest.mark.parametrize("name", NAMES)
def test_a_record_has_the_fields_of_its_row_and_its_evidence(get: Get, name: str) -> None:
    record = make_one_of_each()[VIEWS[name].queryset.model]
    answer = get(name, record.code)
    assert answer.status_code == 200
    single = answer.json()
    row = next(row for row in get(name, limit=1000).json()["results"] if row["code"] == record.code)
    assert single.items() >= row.items()
    if name != "statements":
        assert len(single["statements"]) >= 2
        assert single["conflicts"]
        assert single["citations"]
        assert single["data_quality_notes"]
    if name in DRAWN:
        feature = get(name, record.code, f="geojson").json()
        assert (feature["type"], feature["id"], feature["properties"]) == ("Feature", record.code, single)
