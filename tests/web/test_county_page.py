"""The county page: every figure with its source, and sources that disagree side by side."""

import pytest

from projects.models import Project
from tests.dom import Element
from tests.web.conftest import Page
from zones.models import County, Statement

pytestmark = pytest.mark.django_db

COUNTY_CODES = [
    "140106",
    "140107",
    "140108",
    "140109",
    "140122",
    "140181",
    "140902",
    "140921",
    "140922",
    "140923",
    "140924",
    "140981",
]


def _figure_rows(opened: Element) -> list[Element]:
    return opened.all(data_figure=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("code", COUNTY_CODES)
def test_every_figure_names_its_source_and_the_place_in_it(page: Page, code: str, language: str) -> None:
    rows = _figure_rows(page(f"/counties/{code}/", language))
    for row in rows:
        links = [link.attributes["href"] for link in row.all("a", href=True)]
        assert any(link.startswith("/sources/") for link in links), row.text
        assert [element.text for element in row.with_class("place-in-source") if element.text], row.text
    county = County.objects.get(code=code)
    assert {statement.code for statement in county.statements.all()} <= {row.attributes["id"] for row in rows}


def test_jiancaoping_shows_both_land_figures_and_that_they_differ(page: Page) -> None:
    opened = page("/counties/140108/")
    differing = [group for group in opened.with_class("is-differing") if "11,569.53亩" in group.text]
    assert differing
    group = differing[0]
    rows = {row.with_class("figure-value")[0].text: row for row in group.with_class("figure")}
    assert "6.23 km²" in rows
    ledger = next(row for value, row in rows.items() if value.startswith("11,569.53亩"))
    assert "/sources/S0/" in [link.attributes["href"] for link in rows["6.23 km²"].all("a", href=True)]
    assert "/sources/S1/" in [link.attributes["href"] for link in ledger.all("a", href=True)]
    assert "= 7.713 km²" in ledger.text
    assert "2021年12月" in rows["6.23 km²"].text
    assert "2022年8月" in ledger.text
    said = group.with_class("figure-conflict")[0].text
    assert "来源不一致" in said
    assert "+23.8%" in said
    total = 6.23 + 7.713
    assert f"{total:.2f}" not in opened.text


def test_a_ledger_that_repeats_the_countys_figures_is_folded(page: Page) -> None:
    opened = page("/counties/140108/")
    ledger = opened.all(id="jiancaoping-plates-usable-land")[0]
    assert "6.23 km²" in ledger.all("details")[0].text
    assert not page("/counties/140122/").all(id="yangqu-requisitioned-farmland")[0].all("details")


def test_a_long_list_is_folded_and_still_whole(page: Page) -> None:
    section = page("/counties/140108/").all(id="related-organisations")[0]
    count = County.objects.get(code="140108").organisations.count()
    assert count > 7
    assert len(section.all("li")) == count
    assert len(section.all("details")[0].all("li")) == count - 5


def test_a_disputed_value_is_struck(page: Page) -> None:
    statement = County.objects.get(code="140108").statements.filter(value__isnull=False)[0]
    Statement.objects.filter(pk=statement.pk).update(rank=Statement.Rank.DISPUTED)
    row = page("/counties/140108/").all(id=statement.code)[0]
    assert row.all("s")
    assert "存疑" in row.text


def test_the_area_says_that_it_is_computed(page: Page) -> None:
    opened = page("/counties/140108/", "en")
    facts = next(item for item in opened.with_class("fields")[0].all("div") if "Area, computed" in item.text)
    assert "km²" in facts.text
    assert "not a figure of any source" in facts.text


def test_reported_totals_stand_apart_from_the_register(page: Page) -> None:
    opened = page("/counties/140106/")
    counts = opened.with_class("two-counts")[0]
    assert counts.all("strong")[0].text == str(Project.objects.filter(county__code="140106").count())
    assert "87" in opened.text
    assert "1,234.7亿元" in opened.text


def test_a_county_without_figures_says_so_and_shows_no_zero(page: Page) -> None:
    county = County.objects.get(code="140923")
    county.statements.all().delete()
    opened = page("/counties/140923/", "en")
    assert "No source gives a figure. That is not zero: it is not known." in opened.text


def test_the_map_shows_the_county_and_marks_what_is_approximate(page: Page) -> None:
    opened = page("/counties/140122/")
    drawing = opened.with_class("locator")[0]
    assert drawing.attributes["role"] == "img"
    assert "阳曲县" in drawing.attributes["aria-label"]
    assert len([path for path in drawing.all("path") if "is-highlighted" in path.attributes["class"]]) == 1
    exact = Project.objects.filter(county__code="140122", location_precision__in=["site", "village"], geom__isnull=False).count()
    points = drawing.with_class("locator-point")
    assert len([point for point in points if "is-approximate" not in point.attributes["class"]]) == exact
    assert "/#at=county:140122" in [link.attributes["href"] for link in opened.all("a", href=True)]


def test_the_panel_lists_projects_known_only_to_the_county(page: Page) -> None:
    vague = Project.objects.filter(county__code="140181", location_precision__in=["county", "unknown"])
    assert vague
    links = {
        link.attributes["href"] for link in page("/panel/county/140181/").with_class("panel-projects")[0].all("a", href=True)
    }
    assert links == {project.get_absolute_url() for project in vague}


def test_a_name_with_markup_stays_text(page: Page) -> None:
    name = "<img src=x onerror=alert(1)>\u202e𠮷"
    Project.objects.filter(county__code="140122").update(name=name, location_text=name)
    opened = page("/counties/140122/")
    assert not opened.all("img")
    assert name.split()[0] in opened.text
