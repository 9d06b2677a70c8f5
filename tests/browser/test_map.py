"""The map as a planner uses it, by mouse and by keyboard, in both languages."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from projects.models import Project
from tests.browser.conftest import Watch
from tests.browser.pages import MapPage
from zones.models import County, StructureElement

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("browser")]

NASTY = "<img src=x onerror=alert(1)>\u202e𠮷" + "长" * 5000


def name_of(code: str) -> str:
    return Project.objects.get(code=code).name


def code_of(row: Locator) -> str:
    return str(row.get_attribute("data-code"))


# opening


def test_the_map_shows_the_12_counties_and_all_92_projects(map_page: MapPage) -> None:
    map_page.open()
    assert sorted(map_page.county_names()) == sorted(County.objects.values_list("name", flat=True))
    expect(map_page.page.locator("#project-total")).to_have_text("92")
    where = map_page.where_projects_are()
    everywhere = sum(where.values(), start=type(where["symbols"])())
    assert everywhere.total() == 92
    assert set(everywhere) == set(Project.objects.values_list("code", flat=True))
    assert all(where.values()), "the documents place some projects, tell only the county of others, and neither of some"


def test_the_numbers_on_symbols_and_badges_are_what_they_hold(map_page: MapPage) -> None:
    map_page.open()
    shown = map_page.page.locator(".donut-count, .county-badge[data-codes]").evaluate_all(
        "all => all.map(one => [one.textContent, one.closest('[data-codes]').dataset.codes.split(' ').length])"
    )
    assert shown
    assert all(int(number) == held for number, held in shown)


def test_the_counts_are_said_in_words(map_page: MapPage) -> None:
    map_page.open()
    map_page.show_list()
    expect(map_page.count).to_have_text("92 个项目")
    numbers = [int(number) for number in re.findall(r"\d+", map_page.page.locator("#list-places").inner_text())]
    assert len(numbers) == 3
    assert sum(numbers) == 92


def test_the_map_names_its_boundaries_scale_and_position(map_page: MapPage) -> None:
    map_page.open()
    expect(map_page.page.locator(".map-credit")).to_contain_text("边界数据来源：国家地理信息公共服务平台（天地图）")
    expect(map_page.page.locator("#map-scale")).to_contain_text("km")
    map_page.map.hover(position={"x": 300, "y": 300})
    expect(map_page.page.locator("#map-position")).to_have_text(re.compile(r"^11\d\.\d{4}°E 3\d\.\d{4}°N CGCS2000$"))


def test_a_layer_is_asked_for_once_and_only_when_it_is_on(map_page: MapPage) -> None:
    asked: list[str] = []
    features = re.compile(r"/items\?|geojson")
    map_page.page.on("request", lambda request: asked.append(request.url) if features.search(request.url) else None)
    map_page.open()
    on = map_page.page.locator('input[name="layer"]:checked').count()
    assert len(asked) == on
    map_page.layer("rivers").uncheck()
    map_page.layer("rivers").check()
    assert len(asked) == on


# layers


def test_layers_switch_on_and_off(map_page: MapPage) -> None:
    map_page.open()
    map_page.layer("projects").uncheck()
    expect(map_page.symbols()).to_have_count(0)
    expect(map_page.badges()).to_have_count(0)
    map_page.layer("projects").check()
    expect(map_page.symbols()).not_to_have_count(0)
    expect(map_page.lines("structure")).to_have_count(0)
    map_page.layer("structure").check()
    expect(map_page.lines("structure")).not_to_have_count(0)
    expect(map_page.page).to_have_url(re.compile("structure"))


def test_a_group_switches_its_layers(map_page: MapPage) -> None:
    map_page.open()
    group = map_page.group("plan_areas")
    assert group.evaluate("box => box.indeterminate")
    group.check()
    map_page.settle()
    expect(map_page.layer("clusters")).to_be_checked()
    expect(map_page.layer("start-up-areas")).to_be_checked()
    group.uncheck()
    expect(map_page.layer("parks")).not_to_be_checked()


def test_layers_switch_by_keyboard(map_page: MapPage) -> None:
    map_page.open()
    map_page.layer("transport").focus()
    map_page.page.keyboard.press("Space")
    expect(map_page.lines("transport")).to_have_count(0)


def test_schematic_lines_are_broken_and_named(map_page: MapPage) -> None:
    map_page.open("#layers=counties,structure,transport")
    for layer in ("structure", "transport"):
        drawn = map_page.page.locator(f".leaflet-layer-{layer}-pane path:not(.touch)")
        expect(drawn).not_to_have_count(0)
        assert drawn.evaluate_all("all => all.every(one => one.getAttribute('stroke-dasharray'))")
        assert map_page.lines(layer).evaluate_all("all => all.every(one => one.getAttribute('aria-label') && one.tabIndex === 0)")


def test_a_line_opens_by_keyboard(map_page: MapPage) -> None:
    map_page.open()
    line = map_page.lines("transport").first
    title = str(line.get_attribute("aria-label")).partition(": ")[2]
    line.focus()
    map_page.page.keyboard.press("Enter")
    map_page.expect_facts(title)


# counties


def test_a_county_opens_with_its_sources_and_a_link_to_its_page(map_page: MapPage) -> None:
    map_page.open()
    map_page.county("阳曲县").click()
    map_page.expect_facts("阳曲县")
    assert map_page.facts.locator("[href*='/sources/']").count() > 0
    expect(map_page.facts.locator("a[href$='/counties/140122/']").first).to_be_visible()


def test_a_click_on_the_land_of_a_county_opens_it(map_page: MapPage) -> None:
    map_page.open("#z=10&c=113.55,39.05&layers=counties")
    map_page.map.click(position={"x": 560, "y": 300})
    expect(map_page.facts).to_have_attribute("data-state", "ready")
    expect(map_page.heading).to_have_text(re.compile("县|区|市"))


def test_a_county_opens_and_closes_by_keyboard(map_page: MapPage) -> None:
    map_page.open()
    map_page.county("代县").focus()
    map_page.page.keyboard.press("Enter")
    map_page.expect_facts("代县")
    expect(map_page.heading).to_be_focused()
    map_page.page.keyboard.press("Escape")
    map_page.expect_no_facts()
    expect(map_page.county("代县")).to_be_focused()


def test_a_badge_lists_the_projects_known_only_to_the_county(map_page: MapPage) -> None:
    map_page.open()
    badge = map_page.badges().first
    codes = str(badge.get_attribute("data-codes")).split(" ")
    badge.click()
    expect(map_page.facts.locator(".facts-choice")).to_have_count(len(codes))
    map_page.facts.locator(".facts-choice").first.click()
    map_page.expect_facts(name_of(codes[0]))


# the list in step with the map


@pytest.mark.parametrize("where", ["point", "county", "none"])
def test_a_project_opens_from_the_list(map_page: MapPage, where: str) -> None:
    map_page.open()
    map_page.show_list()
    row = map_page.first_row_shown_at(where)
    row.click()
    map_page.expect_facts(name_of(code_of(row)))
    expect(row).to_have_attribute("aria-selected", "true")
    expect(map_page.page).to_have_url(re.compile(f"at=project:{code_of(row)}"))


def test_the_symbol_of_the_chosen_project_is_in_view_beside_the_facts(map_page: MapPage) -> None:
    map_page.open("#z=11&c=113.6,39.2")
    map_page.show_list()
    row = map_page.first_row_shown_at("point")
    row.click()
    symbol = map_page.symbol_of(code_of(row))
    expect(symbol).to_have_class(re.compile("is-selected"))
    panel, box = map_page.facts.bounding_box(), symbol.bounding_box()
    assert panel
    assert box
    assert box["x"] + box["width"] < panel["x"]


def test_the_list_works_by_keyboard_alone(map_page: MapPage) -> None:
    map_page.open()
    keyboard = map_page.page.keyboard
    map_page.page.locator("#tab-layers").focus()
    keyboard.press("ArrowRight")
    expect(map_page.page.locator("#tab-projects")).to_be_focused()
    map_page.rows.first.focus()
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    expect(map_page.rows.nth(2)).to_be_focused()
    code = code_of(map_page.rows.nth(2))
    keyboard.press("Enter")
    map_page.expect_facts(name_of(code))
    expect(map_page.heading).to_be_focused()
    keyboard.press("Escape")
    expect(map_page.row(code)).to_be_focused()
    keyboard.press("End")
    expect(map_page.rows.last).to_be_focused()


def test_pointing_lights_up_both_ways(map_page: MapPage) -> None:
    map_page.open()
    map_page.show_list()
    row = map_page.first_row_shown_at("point")
    row.hover()
    expect(map_page.symbol_of(code_of(row))).to_have_class(re.compile("is-hover"))
    symbol = map_page.symbols().first
    first = str(symbol.get_attribute("data-codes")).split(" ")[0]
    symbol.hover()
    expect(map_page.row(first)).to_have_class(re.compile("is-hover"))


def test_the_list_follows_what_is_chosen_on_the_map(map_page: MapPage) -> None:
    map_page.open("#z=12&c=112.57,37.87")
    map_page.show_list()
    symbol = map_page.page.locator('.map-symbol[data-layer="projects"]:not(:has(.donut))').first
    symbol.focus()
    map_page.page.keyboard.press("Enter")
    row = map_page.row(str(symbol.get_attribute("data-codes")))
    expect(row).to_have_attribute("aria-selected", "true")
    expect(row).to_be_in_viewport()


def test_the_filter_finds_names_and_aliases_and_holds_for_the_map_too(map_page: MapPage) -> None:
    map_page.open()
    map_page.show_list()
    map_page.filter.fill("钟楼街")
    expect(map_page.count).to_have_text(re.compile(r"^92 个项目中的 \d 个$"))
    shown = map_page.rows.count()
    assert 0 < shown < 10
    assert sum(codes.total() for codes in map_page.where_projects_are().values()) == shown
    expect(map_page.announcements).to_have_text(map_page.count.inner_text())
    map_page.filter.fill("没有这样的项目")
    expect(map_page.rows).to_have_count(0)
    expect(map_page.page.locator("#list-empty")).to_be_visible()
    map_page.filter.fill("")
    expect(map_page.rows).to_have_count(92)


def test_only_those_in_view(map_page: MapPage) -> None:
    map_page.open("#z=11&c=113.7,39.2")
    map_page.show_list()
    expect(map_page.rows).to_have_count(92)
    map_page.page.locator("#list-in-view").check()
    expect(map_page.rows).not_to_have_count(92)
    few = map_page.rows.count()
    map_page.page.get_by_role("button", name="显示全区").click()
    expect(map_page.rows).not_to_have_count(few)


def test_projects_that_share_a_symbol_are_listed_and_can_be_told_apart(map_page: MapPage) -> None:
    map_page.open()
    shared = map_page.page.locator('.map-symbol[data-layer="projects"]:has(.donut)').first
    codes = str(shared.get_attribute("data-codes")).split(" ")
    shared.focus()
    map_page.page.keyboard.press("Enter")
    expect(map_page.facts.locator(".facts-choice")).to_have_count(len(codes))
    map_page.facts.locator(".facts-choice").last.click()
    map_page.expect_facts(name_of(codes[-1]))


# language, links


def test_the_language_switch_keeps_the_view(map_page: MapPage) -> None:
    map_page.open("#z=10&c=112.9,38.2&layers=counties,projects")
    map_page.speak_english()
    expect(map_page.page.get_by_role("tab", name="Layers")).to_be_visible()
    zoom, lon, lat = re.findall(r"z=([\d.]+)&c=([\d.]+),([\d.]+)&", map_page.page.url)[0]
    assert float(zoom) == 10
    assert (float(lon), float(lat)) == pytest.approx((112.9, 38.2), abs=0.005)
    expect(map_page.layer("transport")).not_to_be_checked()
    map_page.show_list()
    expect(map_page.count).to_have_text("92 projects")
    map_page.county("Yangqu County").click()
    map_page.expect_facts("Yangqu County")


def test_a_link_opens_on_what_it_names(map_page: MapPage) -> None:
    project = Project.objects.exclude(geom=None).first()
    assert project
    map_page.open(f"#layers=projects,counties&at=project:{project.code}")
    map_page.expect_facts(project.name)
    expect(map_page.symbol_of(project.code)).to_be_in_viewport()


def test_a_link_to_a_county_outlines_it_clear_of_the_panel(map_page: MapPage) -> None:
    map_page.open("#layers=projects&at=county:140922")
    map_page.expect_facts("五台县")
    outline = map_page.outline().bounding_box()
    panel = map_page.facts.bounding_box()
    assert outline
    assert panel
    assert outline["x"] + outline["width"] <= panel["x"]


def test_a_link_to_a_layer_that_is_off_opens_all_the_same(map_page: MapPage) -> None:
    element = StructureElement.objects.filter(kind=StructureElement.Kind.AXIS, geom__isnull=False).first()
    assert element
    map_page.open(f"#layers=counties&at=structureelement:{element.code}")
    map_page.expect_facts(element.name)
    expect(map_page.outline()).to_be_visible()


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_window_never_scrolls(map_page: MapPage, width: int) -> None:
    map_page.page.set_viewport_size({"width": width, "height": 844})
    map_page.open("#at=county:140108")
    map_page.expect_facts("尖草坪区")
    document = map_page.page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert document == [width, 844]


@pytest.mark.parametrize(
    "hash_",
    ["#z=NaN&c=1e309,91&layers=nothing,projects&at=::", "#%E0%A4%A", "#" + "x" * 100_000, "#z=9", "#at=project:<script>"],
)
def test_a_broken_link_opens_the_map_all_the_same(map_page: MapPage, hash_: str) -> None:
    map_page.open(hash_)
    expect(map_page.page.locator("#project-total")).to_have_text("92")
    map_page.expect_no_facts()


# failures


def test_a_layer_that_fails_says_so_and_comes_on_retry(map_page: MapPage, watch: Watch) -> None:
    watch.expected = "Failed to load resource"
    map_page.page.route("**/collections/parks/items**", lambda route: route.fulfill(status=503, body="{}"))
    map_page.open()
    expect(map_page.notice()).to_contain_text("未能加载：园区")
    expect(map_page.layer_state("parks")).to_contain_text("加载失败")
    expect(map_page.symbols("projects")).not_to_have_count(0)
    map_page.page.unroute("**/collections/parks/items**")
    map_page.notice().get_by_role("button", name="重试").click()
    expect(map_page.symbols("parks")).not_to_have_count(0)
    expect(map_page.notice()).to_be_empty()


def test_facts_that_fail_say_so_and_come_on_retry(map_page: MapPage, watch: Watch) -> None:
    watch.expected = "Failed to load resource"
    map_page.open()
    map_page.page.route("**/panel/**", lambda route: route.abort())
    map_page.county("五台县").click()
    expect(map_page.facts).to_have_attribute("data-state", "failed")
    map_page.page.unroute("**/panel/**")
    map_page.facts.get_by_role("button", name="重试").click()
    map_page.expect_facts("五台县")


def test_an_empty_layer_says_so(map_page: MapPage) -> None:
    empty = json.dumps({"type": "FeatureCollection", "features": [], "links": []})
    map_page.page.route(
        "**/collections/parks/items**", lambda route: route.fulfill(body=empty, content_type="application/geo+json")
    )
    map_page.open()
    expect(map_page.layer_state("parks")).to_have_text("暂无记录。")


# what records may hold, and how many there may be


def with_projects(page: Page, features: list[dict[str, object]]) -> None:
    body = json.dumps({"type": "FeatureCollection", "features": features, "links": []})

    def answer(route: Route) -> None:
        route.fulfill(body=body, content_type="application/geo+json")

    page.route("**/collections/projects/items**", answer)


def project(code: str, lon: float, lat: float, **properties: object) -> dict[str, object]:
    known = {"code": code, "name": code, "aliases": [], "stage": "building", "county": "140122", "location_precision": "site"}
    place = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "id": code, "geometry": place, "properties": {**known, **properties}}


def test_a_hostile_name_is_only_text(map_page: MapPage) -> None:
    with_projects(map_page.page, [project("P-1", 112.6, 38.2, name=NASTY)])
    map_page.open("#z=12&c=112.6,38.2&layers=projects,counties")
    map_page.show_list()
    expect(map_page.rows.first).to_contain_text("<img src=x onerror=alert(1)>")
    map_page.symbols().first.hover()
    expect(map_page.page.locator(".leaflet-tooltip")).to_contain_text("<img src=x")
    expect(map_page.page.locator("img[src='x']")).to_have_count(0)


def test_5000_projects_are_all_there_in_few_symbols(map_page: MapPage) -> None:
    many = [project(f"P-{i}", 112.2 + (i % 71) / 60, 37.9 + (i // 71) / 60) for i in range(5000)]
    with_projects(map_page.page, many)
    map_page.open("#layers=projects,counties")
    assert map_page.where_projects_are()["symbols"].total() == 5000
    assert map_page.symbols().count() < 600


# accessibility and small screens


@pytest.mark.parametrize("english", [False, True])
def test_axe_finds_nothing_serious(map_page: MapPage, english: bool) -> None:
    map_page.open("#layers=projects,parks,clusters,structure,transport,counties,towns,rivers")
    if english:
        map_page.speak_english()
    assert map_page.serious_faults() == []
    map_page.show_list()
    map_page.first_row_shown_at("point").click()
    expect(map_page.facts).to_have_attribute("data-state", "ready")
    assert map_page.serious_faults() == []


def test_on_a_phone_the_sheet_opens_and_facts_come_from_below(map_page: MapPage) -> None:
    map_page.page.set_viewport_size({"width": 390, "height": 844})
    map_page.open()
    expect(map_page.page.locator("#pane-layers")).to_be_hidden()
    map_page.show_list()
    expect(map_page.rows.first).to_be_in_viewport()
    map_page.rows.first.click()
    expect(map_page.facts).to_have_attribute("data-state", "ready")
    expect(map_page.heading).to_be_in_viewport()
    assert map_page.page.evaluate("document.documentElement.scrollWidth") == 390


def test_nothing_moves_while_the_map_loads(map_page: MapPage) -> None:
    map_page.page.add_init_script(
        "window.shifted = 0; window.moved = [];"
        "new PerformanceObserver(list => { for (const entry of list.getEntries()) { window.shifted += entry.value;"
        "for (const source of entry.sources) window.moved.push(source.node?.className ?? '') } })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    map_page.open()
    assert map_page.page.evaluate("window.shifted") < 0.02, map_page.page.evaluate("window.moved")
