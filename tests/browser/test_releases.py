"""Data releases as an official works with them: sign in, load a file, look at it, put it in force, take it back."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Permission
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from portal.models import User
from tests.browser.pages import MapPage
from tests.factories import geometry, make_line, make_release
from zones.models import Activation, ControlLine, Release

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("browser")]

NAME, PASSWORD = "release-official", "correct horse battery"
THEME = "nature-reserves"
TITLE = "自然保护地（浏览器测试）"


def _square(west: float) -> str:
    return f"POLYGON(({west} 38,{west + 0.05} 38,{west + 0.05} 38.05,{west} 38.05,{west} 38))"


@pytest.fixture(scope="module", autouse=True)
def _rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """An official, and a release in force: the server sees only what is committed. Whatever the story adds goes too."""
    with django_db_blocker.unblock():
        # The server hashes as in production, the tests' settings do not.
        official = User.objects.create(username=NAME, password=PBKDF2PasswordHasher().encode(PASSWORD, "salt"))
        rights = ("add_release", "inspect_release", "activate_release")
        official.user_permissions.set(Permission.objects.filter(codename__in=rights))
        current = make_release(THEME, title="自然保护地（现行）", imported_count=2, expected_count=2)
        make_line(current, geometry(_square(112.4)), name="保留图斑")
        make_line(current, geometry(_square(112.6)), name="撤销图斑")
    yield
    with django_db_blocker.unblock():
        releases = Release.objects.filter(theme=THEME)
        Activation.objects.filter(release__in=releases).delete()
        ControlLine.objects.filter(release__in=releases).delete()
        releases.delete()
        User.objects.filter(username=NAME).delete()


@pytest.fixture
def geopackage(tmp_path: Path) -> Path:
    features = [
        {"type": "Feature", "properties": {"MC": name}, "geometry": json.loads(geometry(_square(west)).geojson)}
        for name, west in (("保留图斑", 112.4), ("新划图斑", 112.8))
    ]
    source, target = tmp_path / "source.geojson", tmp_path / "保护地2026.gpkg"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    subprocess.run(["ogr2ogr", "-f", "GPKG", "-a_srs", "EPSG:4490", target, source], check=True, capture_output=True)
    return target


def _sign_in(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("用户名").fill(NAME)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/account/login/" not in url)  # to check a password takes its time


def _areas(page: Page) -> list[str]:
    """The list beside the map, once it has come."""
    expect(page.locator("#release-map")).to_have_attribute("aria-busy", "false")
    return sorted(page.locator("#release-areas button").all_inner_texts())


def test_from_a_file_to_what_applies_and_back(page: Page, geopackage: Path) -> None:
    _sign_in(page, "/releases/new/")
    expect(page.get_by_role("heading", level=1)).to_have_text("导入数据")

    page.get_by_label("文件", exact=True).set_input_files(geopackage)
    page.get_by_label("专题").select_option(THEME)
    page.get_by_label("标题").fill(TITLE)
    page.get_by_label("发布单位").fill("某省林业和草原局")
    page.get_by_label("数据时点").fill("2025-12-31")
    page.get_by_label("名称字段").fill("没有的字段")
    page.get_by_role("button", name="导入").click()
    expect(page.locator(".field-error")).to_contain_text("没有的字段")  # and the file is still there
    page.get_by_label("名称字段").fill("MC")
    page.get_by_role("button", name="导入").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.locator(".change-added strong")).to_have_text("1")
    expect(page.locator(".change-removed strong")).to_have_text("1")
    expect(page.locator(".change-unchanged strong")).to_have_text("1")
    assert [text.split("\n")[0] for text in _areas(page)] == ["撤销图斑", "新划图斑"]
    page.get_by_role("button", name="新划图斑").press("Enter")
    expect(page.get_by_role("button", name="新划图斑")).to_have_attribute("aria-pressed", "true")

    page.get_by_role("link", name="启用").click()
    page.get_by_label("理由").fill("省级批复")
    page.get_by_role("button", name="启用").click()
    expect(page.locator(".mark-current").first).to_be_visible()
    assert len(_areas(page)) == 2

    page.get_by_role("link", name="回退").click()
    expect(page.get_by_role("main")).to_contain_text("自然保护地（现行）")
    page.get_by_label("理由").fill("图斑有误")
    page.get_by_role("button", name="回退").click()
    expect(page.locator(".notice-success")).to_contain_text("自然保护地（现行）")

    page.goto("/releases/")
    theme = page.locator(f"#{THEME}")
    expect(theme.locator(".release-use")).to_contain_text("自然保护地（现行）")
    theme.locator("summary").click()
    expect(theme).to_contain_text("图斑有误")

    page.get_by_role("button", name=NAME).click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("link", name="登录")).to_be_visible()
    assert page.request.get(f"/releases/{Release.objects.get(title=TITLE).code}/").status == 404


def test_the_map_of_a_release_is_worked_by_pointer_too(page: Page) -> None:
    code = Release.objects.get(title="自然保护地（现行）").code
    page.goto(f"/releases/{code}/")
    assert len(_areas(page)) == 2
    page.get_by_role("button", name="保留图斑").click()
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # the map has gone to the area
    expect(page.locator('#release-areas [aria-pressed="true"]')).to_have_count(1)
    expect(page.get_by_role("button", name="保留图斑")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("width", [390, 1440])
def test_every_page_fits_and_axe_finds_nothing_serious(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    code = Release.objects.get(title="自然保护地（现行）").code
    page.goto("/account/login/")
    assert MapPage(page).serious_faults() == []
    _sign_in(page, "/account/login/?next=/releases/")
    for address in (
        "/releases/",
        f"/releases/{code}/",
        "/releases/new/",
        f"/releases/{code}/roll-back/",
        f"/releases/{code}/activation/",
    ):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, address
        assert MapPage(page).serious_faults() == [], address
