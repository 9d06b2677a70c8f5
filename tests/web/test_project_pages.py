"""The register's list with its filters, and the page of a project."""

import pytest
from django.db.models import Count

from projects.models import Project, ProjectStage, Stage
from tests.dom import Element
from tests.web.conftest import Page
from zones.models import Statement

pytestmark = pytest.mark.django_db


def _listed(opened: Element) -> list[str]:
    return [row.all("a", href=True)[0].attributes["href"] for row in opened.with_class("project-table")[0].all("th", scope="row")]


def _everything_listed(page: Page, query: str) -> set[str]:
    first = page(f"/projects/?{query}")
    more = {
        link.attributes["href"]
        for nav in first.with_class("paging")
        for link in nav.all("a", href=True)
        if "page=" in link.attributes["href"]
    }
    found = set(_listed(first))
    for address in more:
        found |= set(_listed(page(f"/projects/{address}")))
    return found


def test_paging_shows_each_project_once(page: Page) -> None:
    addresses = [f"/projects/?page={number}" for number in range(1, 1 + -(-Project.objects.count() // 25))]
    listed = [href for address in addresses for href in _listed(page(address))]
    assert len(listed) == len(set(listed)) == Project.objects.count()


@pytest.mark.parametrize("name", ["county", "cluster", "park", "industry"])
def test_filter_by_a_related_record(page: Page, name: str) -> None:
    code, count = (
        Project.objects.filter(**{f"{name}__isnull": False})
        .values_list(f"{name}__code")
        .annotate(n=Count("pk"))
        .order_by("-n")[0]
    )
    assert len(_everything_listed(page, f"{name}={code}")) == count < Project.objects.count()


@pytest.mark.parametrize("name", ["stage", "kind"])
def test_filter_by_a_choice(page: Page, name: str) -> None:
    for value, count in Project.objects.exclude(**{name: ""}).order_by().values_list(name).annotate(n=Count("pk")):
        assert len(_everything_listed(page, f"{name}={value}")) == count


def test_search_meets_name_english_name_and_other_names(page: Page) -> None:
    project = Project.objects.all()[0]
    Project.objects.filter(pk=project.pk).update(name="甲乙丙", name_en="Quince works", aliases=["丁戊己"])
    for text in ("乙丙", "quince", "戊己"):
        assert _listed(page(f"/projects/?q={text}")) == [project.get_absolute_url()]


def test_the_filter_is_said_in_words_and_removed_by_one_click(page: Page) -> None:
    opened = page("/projects/?county=140122&stage=building&q=%E9%98%B3")
    words = [condition.text for condition in opened.with_class("condition")]
    assert [word.split(" ×")[0] for word in words] == ["搜索 阳", "县区 阳曲县", "阶段 在建"]
    without = {condition.attributes["href"] for condition in opened.with_class("condition")}
    assert without == {
        "?county=140122&stage=building",
        "?stage=building&q=%E9%98%B3",
        "?county=140122&q=%E9%98%B3",
    }


def test_the_count_is_n_of_m(page: Page) -> None:
    total, here = Project.objects.count(), Project.objects.filter(county__code="140106").count()
    assert page("/projects/?county=140106", "en").with_class("result-count")[0].text == f"{here} of {total} projects"
    assert page("/projects/", "en").with_class("result-count")[0].text == f"All {total} projects"


def test_paging_keeps_the_filter(page: Page) -> None:
    opened = page("/projects/?kind=project")
    assert "?kind=project&page=2" in {link.attributes["href"] for link in opened.with_class("paging")[0].all("a", href=True)}


def test_nothing_found_offers_the_way_back(page: Page) -> None:
    opened = page("/projects/?q=zzzz")
    assert "/projects/" in [link.attributes["href"] for link in opened.with_class("empty")[0].all("a", href=True)]


@pytest.mark.parametrize("query", ["county=999999", "stage=nope", "q=%00", "q=" + "x" * 101])
def test_a_filter_that_cannot_be_is_said(page: Page, query: str) -> None:
    opened = page(f"/projects/?{query}")
    assert opened.all(role="alert")


@pytest.mark.parametrize("query", ["page=-1", "page=abc", "page=9999", "q=%25", "q=_", "unknown=1"])
def test_odd_addresses_are_repaired(page: Page, query: str) -> None:
    assert page(f"/projects/?{query}").all(id="results")


def test_the_list_works_without_scripts(page: Page) -> None:
    form = page("/projects/").all(id="filters")[0]
    assert (form.attributes["method"], form.attributes["action"]) == ("get", "/projects/")
    assert form.all("button", type="submit")


def test_a_project_tells_its_stages_with_their_sources(page: Page) -> None:
    said = ProjectStage.objects.exclude(stage="").filter(is_expected=False).select_related("project", "source")[0]
    opened = page(said.project.get_absolute_url())
    rows = opened.with_class("timeline")[0].all("li")
    assert len(rows) == said.project.stages.count()
    for row in rows:
        assert [link for link in row.all("a", href=True) if link.attributes["href"].startswith("/sources/")]
        assert row.with_class("place-in-source")[0].text
    assert any(said.words in row.text for row in rows)


def test_a_stage_that_the_source_names_as_we_do_is_shown_once(page: Page) -> None:
    said = ProjectStage.objects.exclude(stage="").select_related("project")[0]
    for words in (said.get_stage_display(), said.get_stage_display().upper()):
        ProjectStage.objects.filter(pk=said.pk).update(words=words)
        rows = page(said.project.get_absolute_url()).with_class("timeline-words")
        assert words.lower() in [row.text.removesuffix("预计，尚未达到").strip() for row in rows]


def test_the_stage_reached_is_marked_among_the_others(page: Page) -> None:
    project = Project.objects.filter(stage=Stage.BUILDING)[0]
    steps = page(project.get_absolute_url()).with_class("progress")[0].all("li")
    assert [step.text for step in steps] == ["谋划", "储备", "签约", "开工", "在建", "投产", "达效"]
    assert [step.text for step in steps if "aria-current" in step.attributes] == ["在建"]


def test_unknown_is_said_and_never_zero(page: Page) -> None:
    project = Project.objects.filter(stage="", park=None)[0]
    project.statements.all().delete()
    opened = page(project.get_absolute_url())
    assert opened.with_class("unknown-line")[0].text == "总投资 资料未载"
    assert "资料未载明项目处于哪个阶段。" in opened.text
    park = next(item for item in opened.with_class("fields")[0].all("div") if item.all("dt")[0].text == "园区")
    assert park.all("dd")[0].text == "资料未载"


def test_a_stated_investment_is_shown_with_its_source(page: Page) -> None:
    statements = Statement.objects.filter(subject_type__model="project", measure__code="total-investment", value__isnull=False)
    assert statements
    for statement in statements:
        opened = page(statement.subject.get_absolute_url())
        assert not opened.with_class("unknown-line")
        assert opened.all(id=statement.code)[0].with_class("place-in-source")[0].text


@pytest.mark.parametrize(("precision", "is_approximate"), [("site", False), ("village", False), ("town", True), ("county", True)])
def test_an_approximate_place_is_drawn_hollow(page: Page, precision: str, is_approximate: bool) -> None:
    project = Project.objects.filter(geom__isnull=False, county__isnull=False)[0]
    Project.objects.filter(pk=project.pk).update(location_precision=precision)
    point = page(project.get_absolute_url()).with_class("locator-point")[0]
    assert ("is-approximate" in point.attributes["class"]) is is_approximate
