"""Site checks in a browser: a site is drawn by mouse and by keys, pasted and sent; the sheet links findings and their pieces."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import AnonymousUser, Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django import DjangoDbBlocker

from portal.site_check import site_of
from tests.browser.conftest import Watch
from tests.factories import geometry, make_line, make_release
from zones.models import Activation, Overruling, Release, SiteCheck
from zones.sitecheck.engine import check
from zones.sitecheck.kept import keep

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("browser")]

RING = [[112.55, 38.05], [112.552, 38.05], [112.552, 38.052], [112.55, 38.052]]
SQUARE = {"type": "Polygon", "coordinates": [[*RING, RING[0]]]}
PASSWORD = "of-an-official-9"
SHEET = re.compile(r"/site-checks/[0-9a-f]{64}/$")


def keep_check(**asked: Any) -> str:
    site, question = site_of({"geometry": SQUARE} | asked, AnonymousUser())
    return keep(check(site, timezone.localdate()), question).get_absolute_url()


@pytest.fixture(scope="module")
def sheets(portal_url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, str]]:
    """Addresses of committed sheets, and an official; what the server keeps meanwhile goes with them."""
    with django_db_blocker.unblock():
        addresses = {"incomplete": keep_check()}
        farmland = make_release("permanent-basic-farmland", code="browser-farmland")
        make_line(farmland, geometry("POLYGON((112.551 38,112.7 38,112.7 38.1,112.551 38.1,112.551 38))"))
        addresses["conflict"] = keep_check()
        demo = make_release("flood", code="browser-demo", is_demo=True)
        make_line(demo, geometry("POLYGON((112.5 38,112.551 38,112.551 38.1,112.5 38.1,112.5 38))"))
        addresses["demo"] = keep_check()
        # As the server hashes it; that of the tests is faster and unknown there.
        secret = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
        official = get_user_model().objects.create(username="browser-official", password=secret)
        official.user_permissions.add(Permission.objects.get(codename="overrule_finding"))
    yield addresses
    with django_db_blocker.unblock():
        Overruling.objects.all().delete()
        SiteCheck.objects.all().delete()
        Activation.objects.filter(release__in=(farmland, demo)).delete()
        Release.objects.filter(pk__in=(farmland.pk, demo.pk)).delete()
        Session.objects.all().delete()
        official.delete()


def open_form(page: Page, query: str = "") -> None:
    page.goto(f"/check/{query}")
    settle(page)


def settle(page: Page) -> None:
    """Until the script has run and the borders of the counties are drawn."""
    expect(page.locator("html")).to_have_attribute("data-check", "ready")
    expect(page.locator(".leaflet-borders-pane path").first).to_be_attached()


def speak_english(page: Page) -> None:
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def text(page: Page) -> Locator:
    return page.locator("#geometry")


def sketch(page: Page) -> Locator:
    return page.locator(".leaflet-sketch-pane path")


def expect_finished(page: Page) -> None:
    """The outline is broken while it is drawn."""
    expect(sketch(page)).not_to_have_attribute("stroke-dasharray", re.compile("."))


def move_map(page: Page, key: str) -> None:
    """Until the map has come to rest: a key that is pressed while it moves does nothing."""
    before = page.locator("#map-position").inner_text()
    page.keyboard.press(key)
    expect(page.locator("#map-position")).not_to_have_text(before)


def click_map(page: Page, *places: tuple[float, float]) -> None:
    box = page.locator("#map").bounding_box()
    assert box
    for across, down in places:
        page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)


def submit(page: Page) -> None:
    page.locator(".ask-button").click()


def serious_faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in found if fault["impact"] in {"serious", "critical"}]


def zoom_to_square(page: Page) -> None:
    """By what a reader can do: paste a place, then clear it."""
    text(page).fill("\n".join(f"{lon}, {lat}" for lon, lat in RING))
    expect(page.locator(".handle")).to_have_count(4)
    page.locator("#clear").click()
    expect(text(page)).to_have_value("")


def test_a_site_is_drawn_with_the_mouse_and_checked(page: Page, sheets: dict[str, str]) -> None:
    open_form(page)
    zoom_to_square(page)
    click_map(page, (0.4, 0.4), (0.6, 0.4), (0.6, 0.6))
    expect(page.locator(".handle")).to_have_count(3)
    page.locator("#undo").click()
    expect(page.locator(".handle")).to_have_count(2)
    click_map(page, (0.6, 0.65))
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.dblclick(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.6)
    expect(page.locator(".handle")).to_have_count(4)
    expect_finished(page)
    click_map(page, (0.2, 0.2))
    expect(page.locator(".handle")).to_have_count(4)
    expect(page.locator("#measure")).to_contain_text("m²")
    before = text(page).input_value()
    handle = page.locator(".handle").first.bounding_box()
    assert handle
    page.mouse.move(handle["x"] + 11, handle["y"] + 11)
    page.mouse.down()
    page.mouse.move(handle["x"] - 20, handle["y"] - 20, steps=4)
    page.mouse.up()
    expect(text(page)).not_to_have_value(before)
    assert len(text(page).input_value().splitlines()) == 4
    submit(page)
    expect(page).to_have_url(SHEET)
    expect(page.locator('[data-rule="farmland-protection"]')).to_be_visible()


def test_a_site_is_drawn_with_keys_alone(page: Page, sheets: dict[str, str]) -> None:
    open_form(page)
    zoom_to_square(page)
    page.locator("#clear").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#map")).to_be_focused()
    expect(page.locator(".crosshair")).to_be_visible()
    page.keyboard.press("Enter")
    for number, key in enumerate(("ArrowRight", "ArrowDown", "ArrowLeft"), start=2):
        move_map(page, key)
        page.keyboard.press("Enter")
        expect(page.locator(".handle")).to_have_count(number)
    page.keyboard.press("Backspace")
    expect(page.locator(".handle")).to_have_count(3)
    page.keyboard.press("Escape")
    expect_finished(page)
    handle = page.locator(".handle").nth(1)
    before = text(page).input_value().splitlines()
    handle.focus()
    page.keyboard.press("ArrowUp")
    after = text(page).input_value().splitlines()
    assert after[1] != before[1]
    assert [after[0], after[2]] == [before[0], before[2]]
    handle.press("Delete")
    expect(page.locator(".handle")).to_have_count(2)
    page.locator("#undo").press("Enter")
    page.locator("#add").press("Enter")
    page.locator('input[name="kind"][value="line"]').check()
    page.locator("#finish").press("Enter")
    page.locator(".ask-button").press("Enter")
    expect(page).to_have_url(SHEET)


def test_coordinates_of_a_belt_are_shown_where_the_database_puts_them(page: Page) -> None:
    open_form(page)
    belts = page.evaluate("() => performance.getEntriesByType('resource').map(one => one.name).find(name => /belts/.test(name))")
    for srid in (4525, 4526, 4546, 4547, 3857):
        for lon, lat in ((111.4, 37.7), (112.5, 38.05), (114.2, 39.5)):
            with connection.cursor() as cursor:
                point = "ST_Transform(ST_SetSRID(ST_Point(%s, %s), 4490), %s)"
                cursor.execute(f"SELECT ST_X({point}), ST_Y({point})", [lon, lat, srid] * 2)
                metres = list(cursor.fetchone())
            script = "async ([url, crs, at]) => (await import(url)).toDegrees(crs, at)"
            assert page.evaluate(script, [belts, f"EPSG:{srid}", metres]) == pytest.approx([lon, lat], abs=1e-8)
    script = "async ([url, ring]) => (await import(url)).roughSize('area', ring)"
    with connection.cursor() as cursor:
        cursor.execute("SELECT ST_Area(ST_SetSRID(ST_GeomFromGeoJSON(%s), 4490)::geography)", [json.dumps(SQUARE)])
        (expected,) = cursor.fetchone()
    assert page.evaluate(script, [belts, RING]) == pytest.approx(expected, rel=1e-4)


def test_what_is_pasted_in_metres_is_seen_and_checked(page: Page, sheets: dict[str, str]) -> None:
    open_form(page)
    page.locator("#crs").select_option("EPSG:4547")
    text(page).fill("372900 4212500\n373100 4212500\n373100 4212700")
    drawn = page.locator('.leaflet-overlay-pane path[stroke="var(--accent)"]')
    expect(drawn).to_have_count(1)
    submit(page)
    expect(page).to_have_url(SHEET)
    expect(page.locator(".record-side")).to_contain_text("EPSG:4547")


def test_a_file_is_seen_and_checked(page: Page, sheets: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "site.geojson"
    path.write_text(json.dumps(SQUARE))
    open_form(page)
    page.locator('input[name="way"][value="file"]').check()
    page.locator("#file").set_input_files(path)
    expect(page.locator('.leaflet-overlay-pane path[stroke="var(--accent)"]')).to_have_count(1)
    submit(page)
    expect(page).to_have_url(SHEET)


def test_a_refusal_keeps_all_and_a_button_does_what_it_proposes(page: Page, sheets: dict[str, str], watch: Watch) -> None:
    watch.expected = "400 (Bad Request)"
    open_form(page)
    swapped = "\n".join(f"{lat}, {lon}" for lon, lat in RING)
    text(page).fill(swapped)
    submit(page)
    expect(page.locator("#geometry-error")).to_be_visible()
    expect(text(page)).to_have_value(swapped)
    settle(page)
    assert serious_faults(page) == []
    page.locator(".proposal").click()
    expect(page.locator(".notice")).to_be_visible()
    settle(page)
    expect(page.locator(".handle")).to_have_count(4)
    submit(page)
    expect(page).to_have_url(SHEET)


def test_the_form_works_without_scripts(browser: Browser, portal_url: str, sheets: dict[str, str]) -> None:
    plain = browser.new_context(java_script_enabled=False, base_url=portal_url)
    opened = plain.new_page()
    opened.goto("/check/")
    opened.locator("#geometry").fill("\n".join(f"{lon} {lat}" for lon, lat in RING))
    opened.locator(".ask-button").click()
    expect(opened).to_have_url(SHEET)
    expect(opened.locator(".verdict-text")).to_be_visible()
    plain.close()


def piece(page: Page, colour: str) -> Locator:
    return page.locator(f'.leaflet-pieces-pane path[stroke="var(--{colour})"]')


def test_a_finding_and_its_piece_point_at_each_other(page: Page, sheets: dict[str, str]) -> None:
    page.goto(sheets["conflict"])
    settle(page)
    row = page.locator('[data-rule="farmland-protection"]')
    expect(piece(page, "bad")).to_have_attribute("stroke-width", "1.5")
    row.hover()
    expect(piece(page, "bad")).to_have_attribute("stroke-width", "4")
    page.locator("h1").hover()
    expect(piece(page, "bad")).to_have_attribute("stroke-width", "1.5")
    row.get_by_role("link").first.focus()
    expect(piece(page, "bad")).to_have_attribute("stroke-width", "4")
    page.locator("#print").focus()
    piece(page, "bad").hover()
    expect(row).to_have_class(re.compile("is-lit"))
    row.locator(".show-piece").click()
    expect(piece(page, "bad")).to_be_in_viewport()


def test_an_official_overrules_on_the_sheet(page: Page, sheets: dict[str, str]) -> None:
    page.goto(f"{reverse('login')}?next={sheets['conflict']}")
    page.locator("[name=username]").fill("browser-official")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    expect(page).to_have_url(SHEET)
    settle(page)
    row = page.locator('[data-rule="farmland-protection"]')
    row.locator("summary").click()
    row.locator("select").select_option("complies")
    row.locator("textarea").fill("补划方案已批准")
    assert serious_faults(page) == []
    row.locator(".overrule .button").click()
    expect(page).to_have_url(re.compile("#farmland-protection$"))
    expect(row.locator(".overruling")).to_contain_text("补划方案已批准")
    expect(row.locator(".overruling")).to_contain_text("browser-official")
    expect(page.locator(".verdict-overruled")).to_be_visible()


@pytest.mark.parametrize("name", ["incomplete", "conflict", "demo"])
def test_axe_finds_nothing_serious_on_a_sheet(page: Page, sheets: dict[str, str], name: str) -> None:
    page.goto(sheets[name])
    settle(page)
    assert serious_faults(page) == []
    speak_english(page)
    settle(page)
    assert serious_faults(page) == []


def test_axe_finds_nothing_serious_where_it_is_asked(page: Page) -> None:
    for query in ("", "?project=nope"):
        open_form(page, query)
        assert serious_faults(page) == []
    speak_english(page)
    settle(page)
    click_map(page, (0.4, 0.4), (0.6, 0.4), (0.6, 0.6))
    expect(page.locator(".handle")).to_have_count(3)
    assert serious_faults(page) == []


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_pages_fit_their_window(page: Page, sheets: dict[str, str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for address in ("/check/", "/check/?project=nope", sheets["conflict"], sheets["demo"]):
        page.goto(address)
        for speak in (lambda _page: None, speak_english):
            speak(page)
            settle(page)
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        page.get_by_role("button", name="中文").click()


def test_on_paper_the_sheet_is_without_what_only_a_screen_can_do(page: Page, sheets: dict[str, str]) -> None:
    page.goto(sheets["demo"])
    settle(page)
    page.emulate_media(media="print")
    for hidden in (".sheet-links", ".masthead", ".show-piece >> nth=0", "#map .leaflet-control-zoom"):
        expect(page.locator(hidden)).to_be_hidden()
    for shown in (".demo-banner", ".verdict-text", "#map", ".finding >> nth=0", ".sheet-proof"):
        expect(page.locator(shown)).to_be_visible()
