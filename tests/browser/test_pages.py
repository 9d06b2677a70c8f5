"""The pages beside the map in a browser: the register's filters without reload, and what axe says of each page."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from projects.models import Project

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("browser")]

PAGES = [
    "/counties/",
    "/counties/140108/",
    "/parks/",
    "/clusters/",
    "/structure/",
    "/indicators/",
    "/plan/",
    "/plan/industrychain/",
    "/plan/town/",
    "/sources/",
    "/sources/S0/",
    "/data-quality/",
    "/projects/",
]


def _speak_english(page: Page) -> None:
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_filters_narrow_the_list_without_a_reload(page: Page) -> None:
    page.goto("/projects/")
    page.evaluate("() => { window.sameDocument = true; }")
    page.get_by_label("县区").select_option("140122")
    expect(page.locator(".condition")).to_have_count(1)
    here = Project.objects.filter(county__code="140122").count()
    expect(page.locator(".result-count")).to_have_text(f"{Project.objects.count()} 个项目中的 {here} 个")
    page.get_by_label("名称、英文名或别名").fill("园")
    expect(page.locator(".condition")).to_have_count(2)
    expect(page.get_by_label("名称、英文名或别名")).to_be_focused()
    assert page.evaluate("() => window.sameDocument")


def test_one_click_removes_a_filter_from_list_and_form(page: Page) -> None:
    page.goto("/projects/?county=140122&stage=building")
    page.locator(".condition", has_text="阳曲县").click()
    expect(page.locator(".condition")).to_have_count(1)
    expect(page.get_by_label("县区")).to_have_value("")
    expect(page.get_by_label("阶段")).to_have_value("building")


def test_paging_goes_there_and_back(page: Page) -> None:
    page.goto("/projects/")
    page.get_by_role("link", name="第2页").click()
    expect(page.locator(".paging .here")).to_have_text("2")
    expect(page).to_have_url(re.compile(r"page=2$"))
    page.go_back()
    expect(page.locator(".paging .here")).to_have_text("1")


def test_the_language_switch_keeps_a_filter_set_without_a_reload(page: Page) -> None:
    page.goto("/projects/")
    page.get_by_label("县区").select_option("140122")
    expect(page.locator(".condition")).to_have_count(1)
    _speak_english(page)
    expect(page.locator(".condition")).to_contain_text("Yangqu County")


def test_a_project_opens_from_the_list(page: Page) -> None:
    page.goto("/projects/")
    first = page.locator(".project-table th[scope=row] a").first
    name = first.inner_text()
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_fits_its_window(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(address)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1024, 1280, 1440])
def test_the_links_of_every_page_stand_in_one_row(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    page.goto("/counties/")
    for speak in (lambda _page: None, _speak_english):
        speak(page)
        switch = page.locator(".language-switch").bounding_box()
        boxes = [link.bounding_box() for link in page.get_by_role("navigation").first.get_by_role("link").all()]
        places = [box for box in boxes if box]
        assert switch
        assert len(places) == 11
        assert len({box["y"] for box in places}) == 1
        assert max(box["x"] + box["width"] for box in places) <= switch["x"]


@pytest.mark.parametrize("address", ["/", "/counties/"])
def test_on_a_phone_a_menu_leads_to_every_page(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    menu = page.get_by_role("navigation", name="主导航")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="菜单").press("Enter")
    expect(menu.get_by_role("link")).to_have_count(11)
    assert _serious_faults(page) == []
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="菜单").click()
    menu.get_by_role("link", name="数据质量").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("数据质量")


def _serious_faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in found if fault["impact"] in {"serious", "critical"}]


@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing_serious(page: Page, address: str) -> None:
    page.goto(address)
    assert _serious_faults(page) == []


@pytest.mark.parametrize("address", ["/counties/140108/", "/projects/?county=140122", "/indicators/"])
def test_axe_finds_nothing_serious_in_english(page: Page, address: str) -> None:
    page.goto(address)
    _speak_english(page)
    assert _serious_faults(page) == []
