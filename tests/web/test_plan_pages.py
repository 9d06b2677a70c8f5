"""Structure, indicators, sources, data quality and the lists of the plan's contents."""

import pytest

from tests.web.conftest import Page
from zones.models import (
    ChainLink,
    Citation,
    DataQualityNote,
    Indicator,
    IndustryChain,
    PlanRule,
    Policy,
    Source,
    Statement,
    StructureScheme,
    Town,
)

pytestmark = pytest.mark.django_db


def test_each_structure_stands_under_its_own_document_and_level(page: Page) -> None:
    opened = page("/structure/")
    schemes = StructureScheme.objects.prefetch_related("elements")
    assert len(opened.with_class("scheme")) == len(schemes)
    for scheme in schemes:
        section = opened.all(id=scheme.code)[0]
        head = section.with_class("kicker")[0]
        assert [link.attributes["href"] for link in head.all("a", href=True)] == [scheme.source.get_absolute_url()]
        assert scheme.get_level_display() in head.text
        elements = [item.attributes["id"] for item in section.with_class("element")]
        assert elements == [element.code for element in scheme.elements.all()]


def test_the_map_of_a_structure_numbers_its_elements(page: Page) -> None:
    opened = page("/structure/")
    scheme = next(scheme for scheme in StructureScheme.objects.all() if scheme.elements.filter(geom__isnull=False).exists())
    section = opened.all(id=scheme.code)[0]
    numbers = {number.text for number in section.with_class("locator-number")}
    assert numbers <= {number.text for number in section.with_class("element-number")}
    assert numbers
    lines = section.with_class("locator-line")
    assert all("is-approximate" in line.attributes["class"] for line in lines)


def test_indicators_show_target_year_unit_and_source(page: Page) -> None:
    opened = page("/indicators/")
    targets = Statement.objects.filter(subject_type__model="indicator", nature=Statement.Nature.TARGET, value__isnull=False)
    assert targets
    for statement in targets.select_related("source"):
        record = statement.subject
        assert isinstance(record, Indicator)
        row = opened.all(id=record.code)[0]
        assert statement.source.get_absolute_url() in [link.attributes["href"] for link in row.all("a", href=True)]
        assert str(record.target_year or "资料未载") in row.text


def test_the_disputed_indicator_is_struck(page: Page) -> None:
    disputed = Statement.objects.filter(subject_type__model="indicator", rank=Statement.Rank.DISPUTED)
    assert disputed
    opened = page("/indicators/")
    for statement in disputed:
        row = opened.all(id=statement.subject.code)[0]
        assert row.all("s")
        assert "存疑" in row.text


def test_qualitative_goals_stand_apart(page: Page) -> None:
    opened = page("/indicators/")
    valued = Statement.objects.filter(subject_type__model="indicator", value__isnull=False).values("subject_id")
    qualitative = Indicator.objects.exclude(pk__in=valued)
    assert qualitative
    apart = {item.attributes["id"] for item in opened.with_class("words")[-1].all("li")}
    assert apart == {record.code for record in qualitative}


@pytest.mark.parametrize("code", ["S0", "S1", "S2", "S3", "S4"])
def test_a_source_shows_what_it_says_and_what_cites_it(page: Page, code: str) -> None:
    opened = page(f"/sources/{code}/")
    source = Source.objects.get(code=code)
    assert len(opened.all(data_figure=True)) == Statement.objects.filter(source=source).count()
    cited = {(citation.subject_type_id, citation.subject_id) for citation in Citation.objects.filter(source=source)}
    assert sum(len(block.all("li")) for block in opened.with_class("cited")) == len(cited)


def test_notes_show_their_state_and_what_they_concern(page: Page) -> None:
    opened = page("/data-quality/")
    notes = DataQualityNote.objects.prefetch_related("subjects__subject")
    assert len(opened.with_class("note")) == len(notes) == 40
    for note in notes:
        shown = opened.all(id=note.code)[0]
        assert f"status-{note.status}" in shown.attributes["class"]
        links = {link.attributes["href"] for link in shown.all("a", href=True)}
        assert {link.subject.get_absolute_url() for link in note.subjects.all()} <= links


def test_the_links_of_a_chain_stand_in_order(page: Page) -> None:
    opened = page("/plan/industrychain/")
    chains = IndustryChain.objects.filter(links__isnull=False).distinct()
    assert chains
    for chain in chains:
        shown = opened.all(id=chain.code)[0].with_class("chain")[0]
        assert [item.text for item in shown.all("li")] == list(
            ChainLink.objects.filter(chain=chain).order_by("sort_order").values_list("name", flat=True)
        )


def test_control_lines_carry_their_rules(page: Page) -> None:
    opened = page("/plan/controllinetype/")
    for rule in PlanRule.objects.select_related("line"):
        place = opened.all(id=rule.line.code)[0] if rule.line else opened
        assert place.all(id=rule.code)


def test_policies_stand_in_tiers(page: Page) -> None:
    opened = page("/plan/policy/")
    headings = [group.all("h2")[0].text.rsplit(" ", 1)[0] for group in opened.with_class("entry-group")]
    tiers = [label for tier, label in Policy.Tier.choices if Policy.objects.filter(tier=tier).exists()]
    assert headings == list(map(str, tiers))


def test_development_towns_are_marked(page: Page) -> None:
    opened = page("/plan/town/")
    marked = {town.attributes["id"] for town in opened.with_class("is-marked")}
    wanted = Town.objects.filter(is_development_town=True) | Town.objects.filter(is_added_key_town=True)
    assert marked == {town.code for town in wanted}
    assert marked
