"""Data releases in the browser: who sees and does what, what a bad file is told, and what activating and rolling back change."""

import io
import json
import os
import sys
import time
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from portal import uploads
from portal.models import User
from tests.dom import Element, parse
from tests.factories import geometry, make_line, make_release
from tests.web.conftest import Page
from zones import releases as service
from zones.forms import MOST_MB
from zones.models import Activation, ControlLine, Release, Theme

pytestmark = pytest.mark.django_db

REDLINE = "ecological-redline"
RIGHTS = ("add_release", "inspect_release", "activate_release")
TODAY = timezone.localdate()


def square(west: float, south: float = 38.0, size: float = 0.01) -> str:
    east, north = west + size, south + size
    return f"(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"


def geojson(*wests: float, **properties: str) -> bytes:
    """Squares in degrees, as a file."""
    features = [
        {
            "type": "Feature",
            "properties": {"NAME": f"图斑{number}"} | properties,
            "geometry": json.loads(geometry(f"POLYGON{square(west)}").geojson),
        }
        for number, west in enumerate(wests)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.fixture(autouse=True)
def kept_in(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "uploads"


def user_with(*rights: str) -> User:
    user = User.objects.create_user("-".join(rights) or "reader", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def signed_in(*rights: str, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user_with(*rights))
    return client


class World:
    """Of one theme a release that ended, one in force, one scheduled and a draft."""

    def __init__(self) -> None:
        self.former = make_release(REDLINE, date(2025, 1, 1), code="former", title="往年成果")
        Activation.objects.filter(release=self.former).update(ends=date(2026, 1, 1))
        self.current = make_release(
            REDLINE, date(2026, 1, 1), code="current", title="现行成果", imported_count=1, expected_count=1
        )
        self.scheduled = make_release(REDLINE, None, code="scheduled", title="待启用成果")
        Activation.objects.filter(release=self.current).update(ends=TODAY + timedelta(9), reason="内部理由", made_by="zhangsan")
        Activation.objects.create(release=self.scheduled, theme=REDLINE, begins=TODAY + timedelta(9), made_by="lisi")
        self.draft = make_release(REDLINE, None, code="draft", title="草案成果", imported_count=2, expected_count=3)
        make_line(self.current, geometry(f"POLYGON{square(112.5)}"), name="现行图斑")
        make_line(self.draft, geometry(f"POLYGON{square(112.6)}"), name="新增图斑")
        make_line(self.draft, geometry(f"POLYGON{square(112.7)}"), name="新增图斑二")


@pytest.fixture
def world() -> World:
    return World()


# --- who may do what ---

# By address: the status for nobody, for who has no right, and for each right alone and all three.
PUBLIC = {"nobody": 200, "none": 200, "add": 200, "inspect": 200, "activate": 200, "all": 200}
INSPECTED = {"nobody": 404, "none": 404, "add": 404, "inspect": 200, "activate": 404, "all": 200}
ACTIVATED = {"nobody": 302, "none": 403, "add": 403, "inspect": 403, "activate": 200, "all": 200}
ACCESS = {
    "/releases/": PUBLIC,
    "/releases/current/": PUBLIC,
    "/releases/current/areas.geojson": PUBLIC,
    "/releases/former/": PUBLIC,
    "/releases/former/areas.geojson": PUBLIC,
    "/releases/scheduled/": INSPECTED,
    "/releases/scheduled/areas.geojson": INSPECTED,
    "/releases/draft/": INSPECTED,
    "/releases/draft/areas.geojson": INSPECTED,
    "/releases/new/": {"nobody": 302, "none": 403, "add": 200, "inspect": 403, "activate": 403, "all": 200},
    "/releases/former/activation/": ACTIVATED,
    "/releases/current/roll-back/": ACTIVATED,
    # Who may activate and not inspect is not told that a draft exists.
    "/releases/draft/activation/": ACTIVATED | {"activate": 404},
    "/releases/scheduled/roll-back/": ACTIVATED | {"activate": 404},
    "/releases/nope/": dict.fromkeys(PUBLIC, 404),
    "/releases/nope/areas.geojson": dict.fromkeys(PUBLIC, 404),
    "/releases/nope/activation/": ACTIVATED | {"activate": 404, "all": 404},
}
PERSONAS = {
    "none": (),
    "add": ("add_release",),
    "inspect": ("inspect_release",),
    "activate": ("activate_release",),
    "all": RIGHTS,
}


def _client(persona: str) -> Client:
    return Client() if persona == "nobody" else signed_in(*PERSONAS[persona])


@pytest.mark.parametrize("persona", ["nobody", *PERSONAS])
def test_each_address_for_each_person(world: World, persona: str) -> None:
    client = _client(persona)
    answers = {address: client.get(address) for address in ACCESS}
    assert {address: answer.status_code for address, answer in answers.items()} == {
        address: wanted[persona] for address, wanted in ACCESS.items()
    }
    for address, answer in answers.items():
        if answer.status_code == 302:
            assert answer["Location"] == f"/account/login/?next={address}"


@pytest.mark.parametrize("persona", ["nobody", "none", "add", "inspect"])
def test_who_may_not_activate_changes_nothing(world: World, persona: str) -> None:
    client, before = _client(persona), list(Activation.objects.values())
    for address in ("/releases/draft/activation/", "/releases/former/activation/", "/releases/current/roll-back/"):
        assert client.post(address, {"on": TODAY.isoformat(), "reason": "x"}).status_code in {302, 403}
    assert list(Activation.objects.values()) == before


@pytest.mark.parametrize("persona", ["nobody", "none", "inspect", "activate"])
def test_who_may_not_load_loads_nothing(persona: str, kept_in: Path) -> None:
    assert _send(_client(persona)).status_code in {302, 403}
    assert not Release.objects.exists()
    assert not kept_in.exists()


@pytest.mark.parametrize("address", ["/releases/new/", "/releases/draft/activation/", "/releases/current/roll-back/"])
def test_without_a_token_nothing_is_done(world: World, address: str) -> None:
    client = signed_in(*RIGHTS, enforce_csrf_checks=True)
    before = (Release.objects.count(), list(Activation.objects.values()))
    assert client.post(address, {"on": TODAY.isoformat(), "reason": "x", **_said(geojson(112.5))}).status_code == 403
    assert (Release.objects.count(), list(Activation.objects.values())) == before


def test_nobody_learns_of_drafts_from_the_list(world: World, page: Page) -> None:
    shown = page("/releases/").text
    assert "现行成果" in shown
    assert "往年成果" in shown
    for hidden in ("草案成果", "待启用成果", "内部理由", "zhangsan"):
        assert hidden not in shown


def test_those_who_inspect_see_who_when_and_why(world: World) -> None:
    shown = _opened(signed_in("inspect_release"), "/releases/").text
    for told in ("草案成果", "待启用成果", "内部理由", "zhangsan", "lisi"):
        assert told in shown


def test_the_comparison_shows_no_draft_to_others(world: World) -> None:
    """A former release is compared with the one in force, never with what is not public."""
    answer = Client().get("/releases/former/areas.geojson").content.decode()
    assert "新增图斑" not in answer


# --- what the pages show ---


def _opened(client: Client, address: str, language: str = "zh-hans") -> Element:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = client.get(address)
    assert answer.status_code == 200
    return parse(answer.content.decode())


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_theme_without_a_release_says_so(page: Page, language: str) -> None:
    make_release(REDLINE)
    opened = page("/releases/", language)
    themes = {section.attributes["id"]: section for section in opened.with_class("release-theme")}
    assert list(themes) == [theme.value for theme in Theme]
    for theme, section in themes.items():
        assert bool(section.with_class("mark-missing")) == (theme != REDLINE)
        assert bool(section.with_class("mark-current")) == (theme == REDLINE)


def test_a_release_that_is_only_to_come_leaves_its_theme_without_data(world: World) -> None:
    Activation.objects.filter(release=world.current).update(ends=TODAY)
    section = _opened(signed_in(*RIGHTS), "/releases/").all(id=REDLINE)[0]
    assert section.with_class("mark-missing")
    assert section.with_class("mark-scheduled")


def test_demonstrations_are_marked_everywhere(client: Client, page: Page) -> None:
    demo = make_release("flood", is_demo=True, title="甲")
    real = make_release(REDLINE, title="乙")
    assert [bool(page(f"/releases/{code}/").with_class("notice-demo")) for code in (demo.code, real.code)] == [True, False]
    assert page(f"/releases/{demo.code}/").all(id="map")[0].attributes["data-watermark"]
    listed = page("/releases/")
    assert listed.all(id="flood")[0].with_class("mark-demo")
    assert not listed.all(id=REDLINE)[0].with_class("mark-demo")


def test_a_release_shows_its_facts_and_repairs(world: World) -> None:
    repairs = [{"feature": f"第{n}个", "problem": "<b>自相交", "repair": "拆分", "area_change_m2": -2.5} for n in range(300)]
    Release.objects.filter(pk=world.draft.pk).update(
        repairs=repairs, file_name="a<b>.gpkg", file_sha256="ab" * 32, crs="EPSG:4526", counties=["140122"]
    )
    opened = _opened(signed_in(*RIGHTS), "/releases/draft/")
    facts = opened.with_class("fields")[0].text
    for told in ("a<b>.gpkg", "ab" * 32, "EPSG:4526", world.draft.issued_by, world.draft.document, "阳曲县", "2", "3"):
        assert told in facts
    assert len(opened.with_class("listing")[-1].all("tr")) == 1 + 200
    assert "<b>自相交" in opened.text
    assert "300" in opened.text


def test_a_draft_is_shown_against_what_is_in_force(world: World) -> None:
    opened = _opened(signed_in(*RIGHTS), "/releases/draft/")
    counts = {
        kind: opened.with_class(f"change-{kind}")[0].all("strong")[0].text
        for kind in ("added", "removed", "changed", "unchanged")
    }
    assert counts == {"added": "2", "removed": "1", "changed": "0", "unchanged": "0"}
    map_ = opened.all(id="release-map")[0].attributes
    answer = signed_in("inspect_release").get(map_["data-url"])
    drawn = json.loads(answer.content)
    assert answer["Content-Type"] == "application/geo+json"
    assert sorted((one["properties"]["change"], one["properties"]["name"]) for one in drawn["features"]) == [
        ("added", "新增图斑"),
        ("added", "新增图斑二"),
        ("removed", "现行图斑"),
    ]
    assert Client().get(map_["data-counties"]).status_code == 200


def test_two_releases_are_compared_once_for_a_page_and_its_map(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Release] = []
    compare = service.compare
    monkeypatch.setattr(service, "compare", lambda release: asked.append(release) or compare(release))
    client = signed_in(*RIGHTS)
    for address in ("/releases/draft/", "/releases/draft/areas.geojson", "/releases/draft/activation/"):
        assert client.get(address).status_code == 200
    assert asked == [world.draft]
    Activation.objects.filter(release=world.current).update(ends=TODAY)  # against nothing it is another comparison
    assert _opened(client, "/releases/draft/").with_class("change-removed")[0].all("strong")[0].text == "0"


def test_a_draft_beside_a_demonstration_is_watermarked() -> None:
    make_release("flood", is_demo=True)
    make_release("flood", None, code="real")
    assert _opened(signed_in(*RIGHTS), "/releases/real/").all(id="map")[0].attributes["data-watermark"]


def test_what_is_in_force_shows_its_own_areas(world: World, client: Client, page: Page) -> None:
    assert not page("/releases/current/").with_class("changes")
    drawn = json.loads(client.get("/releases/current/areas.geojson").content)
    (one,) = drawn["features"]
    assert one["properties"]["change"] == "unchanged"
    assert one["properties"]["area_m2"] == pytest.approx(973_000, rel=0.02)
    assert drawn["left_out"] == 0


@pytest.mark.parametrize(("limit", "value"), [("MOST_DRAWN", 2), ("MOST_CHARACTERS", 250)])
def test_a_large_release_is_drawn_in_part_the_largest_first(
    client: Client, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    release = make_release(REDLINE, imported_count=4, expected_count=4)
    for size in (0.01, 0.03, 0.02, 0.04):
        make_line(release, geometry(f"POLYGON{square(112.5, size=size)}"), name=f"{size}")
    monkeypatch.setattr(sys.modules["portal.pages.releases"], limit, value)  # the name of the module is that of a view too
    drawn = json.loads(client.get(f"/releases/{release.code}/areas.geojson").content)
    names = [one["properties"]["name"] for one in drawn["features"]]
    assert names == ["0.04", "0.03"][: len(names)]
    assert names
    assert len(names) + drawn["left_out"] == 4


def test_what_takes_too_long_to_compare_is_shown_without_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_release: Release) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)")

    monkeypatch.setattr(service, "compare", slow)
    client = signed_in(*RIGHTS)
    for address in ("/releases/draft/", "/releases/draft/activation/", "/releases/current/roll-back/"):
        opened = _opened(client, address)
        assert opened.all(id="comparison")[0].with_class("notice")
    drawn = json.loads(client.get("/releases/draft/areas.geojson").content)
    assert {one["properties"]["change"] for one in drawn["features"]} == {"unchanged"}


def test_a_database_that_is_gone_is_no_large_release(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_release: Release) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(service, "compare", gone)
    assert signed_in(*RIGHTS, raise_request_exception=False).get("/releases/draft/").status_code == 503


def test_the_list_costs_as_many_queries_for_more_releases(client: Client, django_assert_max_num_queries: Any) -> None:
    for theme in list(Theme)[:8]:
        make_release(theme)
    with django_assert_max_num_queries(4):
        assert client.get("/releases/").status_code == 200


def test_no_page_has_style_or_script_in_it(world: World) -> None:
    client = signed_in(*RIGHTS)
    for address in (
        "/releases/",
        "/releases/draft/",
        "/releases/new/",
        "/releases/draft/activation/",
        "/releases/current/roll-back/",
    ):
        opened = _opened(client, address)
        assert not opened.all("style")
        assert not opened.all(style=True)
        assert all("src" in script.attributes for script in opened.all("script"))
        ids = [element.attributes["id"] for element in opened.all(id=True)]
        assert len(ids) == len(set(ids))
        for label in opened.all("label", for_=True):
            assert label.attributes["for"] in ids


# --- loading ---


def _said(content: bytes | None, name: str = "lines.geojson", **fields: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "token": "0" * 32,
        "theme": REDLINE,
        "title": "生态保护红线",
        "issued_by": "某省自然资源厅",
        "data_date": "2025-12-31",
    }
    if content is not None:
        said["file"] = SimpleUploadedFile(name, content)
    return said | fields


def _send(client: Client, content: bytes | None = None, name: str = "lines.geojson", **fields: Any) -> HttpResponse:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    return client.post("/releases/new/", _said(geojson(112.5) if content is None else content, name, **fields))


def _errors(answer: HttpResponse) -> dict[str, str]:
    """Sentences by the id of the field that they stand at."""
    assert answer.status_code == 200
    shown = parse(answer.content.decode())
    assert shown.with_class("form-error")
    return {
        error.attributes["id"].removeprefix("id_").removesuffix("_error"): error.text for error in shown.with_class("field-error")
    }


def test_a_file_becomes_a_draft(kept_in: Path) -> None:
    client = signed_in(*RIGHTS)
    answer = _send(
        client, geojson(112.5, 112.7), name_field="NAME", counties=["140122", "140108"], document="晋自然资发〔2025〕1号"
    )
    release = Release.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/releases/{release.code}/"
    assert (release.imported_count, release.loaded_by, release.counties) == (2, "-".join(RIGHTS), ["140108", "140122"])
    assert release.file_name == "lines.geojson"
    assert not release.activations.exists()
    assert sorted(ControlLine.objects.values_list("name", flat=True)) == ["图斑0", "图斑1"]
    assert _opened(client, answer["Location"]).with_class("notice-success")
    assert not list(kept_in.iterdir())


def test_who_may_load_and_not_inspect_returns_to_the_list() -> None:
    client = signed_in("add_release")
    answer = _send(client)
    assert answer["Location"] == "/releases/"
    assert _opened(client, "/releases/").with_class("notice-success")


def test_the_same_form_twice_makes_one_release() -> None:
    client = signed_in(*RIGHTS)
    first, second = _send(client), _send(client)
    assert first["Location"] == second["Location"]
    assert Release.objects.count() == 1


def test_two_forms_of_one_day_make_two_releases() -> None:
    client = signed_in(*RIGHTS)
    tokens = {_opened(client, "/releases/new/").all("input", name="token")[0].attributes["value"] for _form in range(2)}
    for token in tokens:
        assert _send(client, token=token).status_code == 302
    assert Release.objects.count() == 2


def _zip(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


HOSTILE = {
    "empty": ("a.geojson", b""),
    "no GeoPackage": ("a.gpkg", b"SQLite format 3\0" + b"\xff" * 500),
    "no zip": ("a.zip", b"PK\x03\x04" + b"\0" * 200),
    "leaves its folder": ("a.zip", _zip(**{"../../etc/cron.d/a.geojson": b"{}"})),
    "zip in a zip": ("a.zip", _zip(**{"b.zip": _zip(a=b"x")})),
    "bomb": ("a.zip", _zip(**{"a.geojson": b" " * 60_000_000})),
    "external entity": ("a.kml", b'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml>&x;</kml>'),
    "network link": ("a.kml", b"<kml><NetworkLink><Link><href>http://127.0.0.1:1/</href></Link></NetworkLink></kml>"),
    "virtual dataset": (
        "a.gpkg",
        b"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    ),
    "other ending": ("a.vrt", b"<OGRVRTDataSource/>"),
    "no ending": ("passwd", b"x"),
    "deep": ("a.geojson", b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    "no area": ("a.geojson", b'{"type":"FeatureCollection","features":[]}'),
    "binary": ("a.dxf", os.urandom(500)),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_file_that_can_not_be_is_answered_with_a_sentence(case: str, kept_in: Path) -> None:
    name, content = HOSTILE[case]
    client = signed_in(*RIGHTS)
    answer = _send(client, content, name)
    if case == "no area" and answer.status_code == 302:
        assert Release.objects.get().imported_count == 0  # an empty layer is an answer; activating it asks for a reason
        return
    errors = _errors(answer)
    assert set(errors) <= {"file", "crs"}
    assert errors
    assert "Traceback" not in answer.content.decode()
    assert str(settings.BASE_DIR) not in answer.content.decode()
    assert not Release.objects.exists()
    assert not ControlLine.objects.exists()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"theme": "nope"}, "theme"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"issued_by": ""}, "issued_by"),
        ({"data_date": "2025-02-30"}, "data_date"),
        ({"data_date": "0025-12-31"}, "data_date"),
        ({"data_date": (TODAY + timedelta(2)).isoformat()}, "data_date"),
        ({"counties": ["999999"]}, "counties"),
        ({"crs": "EPSG:1"}, "crs"),
        ({"encoding": "rot13"}, "encoding"),
    ],
)
def test_a_wrong_field_is_told_at_the_field_and_the_file_stays(fields: dict[str, Any], wrong: str) -> None:
    client = signed_in(*RIGHTS)
    answer = _send(client, **fields)
    assert set(_errors(answer)) == {wrong}
    assert not Release.objects.exists()
    kept = parse(answer.content.decode()).all("input", name="kept")[0].attributes["value"]
    assert client.post("/releases/new/", _said(None, kept=kept)).status_code == 302
    assert Release.objects.get().file_name == "lines.geojson"


def test_a_form_without_a_file_asks_for_one() -> None:
    assert set(_errors(signed_in(*RIGHTS).post("/releases/new/", _said(None)))) == {"file"}


def test_is_demo_and_code_can_not_be_sent_along() -> None:
    _send(signed_in(*RIGHTS), is_demo="1", code="mine", loaded_by="someone", imported_count="9")
    release = Release.objects.get()
    assert (release.is_demo, release.imported_count) == (False, 1)
    assert release.code != "mine"
    assert release.loaded_by != "someone"


def test_a_doubtful_reference_system_is_asked_for_and_the_file_is_still_there() -> None:
    """Easting without the number of the belt: both belts fit."""
    client = signed_in(*RIGHTS)
    doubtful = json.loads(geojson(112.5))
    doubtful["features"][0]["geometry"]["coordinates"] = [
        [[500_000.0, 4_207_000.0], [501_000.0, 4_207_000.0], [501_000.0, 4_208_000.0], [500_000.0, 4_207_000.0]]
    ]
    answer = _send(client, json.dumps(doubtful).encode())
    assert set(_errors(answer)) == {"crs"}
    shown = parse(answer.content.decode())
    offered = [one.attributes["value"] for one in shown.all("input", name="crs", type="radio")]
    assert {"EPSG:4546", "EPSG:4547"} <= set(offered)
    assert all("required" in one.attributes for one in shown.all("input", name="crs"))
    assert "lines.geojson" in shown.with_class("notice")[0].text
    kept = shown.all("input", name="kept")[0].attributes["value"]
    assert client.post("/releases/new/", _said(None, kept=kept, crs="EPSG:4547")).status_code == 302
    release = Release.objects.get()
    assert release.crs == "EPSG:4547"
    west, _south, east, _north = ControlLine.objects.get().geom.extent
    assert 113.9 < west < east < 114.1


def test_a_kept_file_is_its_owners_alone_and_not_for_long(kept_in: Path) -> None:
    owner = user_with(*RIGHTS)
    token = uploads.store(owner.pk, SimpleUploadedFile("a.geojson", geojson(112.5)))
    assert set(_errors(signed_in("add_release").post("/releases/new/", _said(None, kept=token)))) == {"file"}
    assert uploads.kept(owner.pk, token)
    assert uploads.kept(owner.pk, "../" * 10) is None
    (folder,) = kept_in.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    old = time.time() - uploads.KEPT_S - 1
    os.utime(folder, (old, old))
    uploads.store(owner.pk + 1, SimpleUploadedFile("b.geojson", b"{}"))
    assert uploads.kept(owner.pk, token) is None


def test_of_a_person_one_file_is_kept(kept_in: Path) -> None:
    tokens = [uploads.store(1, SimpleUploadedFile("a.gpkg", bytes([number]))) for number in range(3)]
    uploads.store(11, SimpleUploadedFile("a.gpkg", b"x"))
    assert [uploads.kept(1, token) is not None for token in tokens] == [False, False, True]
    uploads.drop(1)
    assert [path.name.split("-")[0] for path in kept_in.iterdir()] == ["11"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("红线 2025.gpkg", "红线-2025.gpkg"),
        ("..\\..\\a.ZIP", "a.zip"),
        ("\u202egpj.gpkg", "gpj.gpkg"),
        ("𠮷" * 300 + ".gpkg", "𠮷" * 60 + ".gpkg"),
        ("-rf.gpkg", "rf.gpkg"),
        ("$(id);.gpkg", "id.gpkg"),
        (".gpkg", "gpkg"),
    ],
)
def test_a_file_is_kept_under_a_harmless_name(name: str, kept: str) -> None:
    token = uploads.store(1, SimpleUploadedFile(name, b"x"))
    path = uploads.kept(1, token)
    assert path is not None
    assert path.name == kept


def test_more_than_the_limit_is_refused_before_it_is_read() -> None:
    client = signed_in(*RIGHTS)
    answer = client.generic(
        "POST", "/releases/new/", b"", "multipart/form-data; boundary=x", CONTENT_LENGTH=str(MOST_MB * 1_000_000 + 200_000)
    )
    assert answer.status_code == 413
    assert str(MOST_MB) in parse(answer.content.decode()).with_class("form-error")[0].text


def test_a_file_over_the_limit_is_refused_at_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zones.forms.MOST_MB", 0)
    assert set(_errors(_send(signed_in(*RIGHTS)))) == {"file"}
    assert not Release.objects.exists()


# --- activating and rolling back ---


def _activate(client: Client, code: str, on: date | str = TODAY, reason: str = "批复") -> HttpResponse:
    return client.post(f"/releases/{code}/activation/", {"on": str(on), "reason": reason})


def test_activating_puts_a_draft_in_force(world: World) -> None:
    client = signed_in(*RIGHTS)
    confirm = _opened(client, "/releases/draft/activation/")
    assert confirm.with_class("changes")
    assert confirm.all("input", name="on")[0].attributes["value"] == TODAY.isoformat()
    answer = _activate(client, "draft")
    assert answer["Location"] == "/releases/draft/"
    made = Activation.objects.on(TODAY).get(theme=REDLINE)
    assert (made.release, made.made_by, made.reason) == (world.draft, "-".join(RIGHTS), "批复")
    opened = _opened(client, "/releases/draft/")
    assert opened.with_class("notice-success")
    assert opened.with_class("mark-current")
    assert Client().get("/releases/draft/").status_code == 200


def test_activating_for_a_day_to_come_leaves_today_as_it_is(world: World) -> None:
    _activate(signed_in(*RIGHTS), "draft", TODAY + timedelta(3))
    assert Activation.objects.on(TODAY).get(theme=REDLINE).release == world.current
    assert Activation.objects.on(TODAY + timedelta(3)).get(theme=REDLINE).release == world.draft
    assert Client().get("/releases/draft/").status_code == 404


def test_sending_the_activation_twice_is_harmless(world: World) -> None:
    client = signed_in(*RIGHTS)
    assert _activate(client, "draft").status_code == 302
    after = list(Activation.objects.values())
    assert _activate(client, "draft").status_code == 302
    assert list(Activation.objects.values()) == after


@pytest.mark.parametrize(
    "on", ["", "2026-02-30", "x", "0001-01-01", "9999-12-31", str(TODAY - timedelta(1)), "２０２６-01-01", "2026-01-01\0"]
)
def test_an_impossible_day_is_told_in_a_sentence(world: World, on: str) -> None:
    client, before = signed_in(*RIGHTS), list(Activation.objects.values())
    for address in ("/releases/draft/activation/", "/releases/current/roll-back/"):
        answer = client.post(address, {"on": on, "reason": "x"})
        assert answer.status_code == 200
        shown = parse(answer.content.decode())
        assert [*shown.with_class("field-error"), *shown.with_class("form-error")]
    assert list(Activation.objects.values()) == before


def test_rolling_back_brings_the_release_before_again(world: World) -> None:
    client = signed_in(*RIGHTS)
    confirm = _opened(client, "/releases/current/roll-back/")
    assert any("往年成果" in link.text for link in confirm.all("a", href="/releases/former/"))
    answer = client.post("/releases/current/roll-back/", {"on": str(TODAY), "reason": "图斑有误"})
    assert answer["Location"] == "/releases/current/"
    assert Activation.objects.on(TODAY).get(theme=REDLINE).release == world.former
    assert "往年成果" in _opened(client, "/releases/current/").with_class("notice-success")[0].text
    assert "图斑有误" in _opened(client, "/releases/").text


def test_rolling_back_needs_a_reason(world: World) -> None:
    answer = signed_in(*RIGHTS).post("/releases/current/roll-back/", {"on": str(TODAY), "reason": "  "})
    assert parse(answer.content.decode()).all(id="id_reason_error")
    assert Activation.objects.on(TODAY).get(theme=REDLINE).release == world.current


def test_sending_the_roll_back_twice_goes_back_once() -> None:
    for number, begins in enumerate([date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1)]):
        release = make_release(REDLINE, None, code=f"r{number}")
        Activation.objects.filter(ends=None).update(ends=begins)
        Activation.objects.create(release=release, theme=REDLINE, begins=begins, made_by="x")
    client = signed_in(*RIGHTS)
    for on in (TODAY + timedelta(2), TODAY):  # for a day to come the release is still in force when the form comes again
        before = Activation.objects.on(on).get(theme=REDLINE).release.code
        sent = {"on": str(on), "reason": "x"}
        assert client.post("/releases/r2/roll-back/", sent).status_code == 302
        assert client.post("/releases/r2/roll-back/", sent).status_code == 302
        assert before == "r2"
        assert Activation.objects.on(on).get(theme=REDLINE).release.code == "r1"


def test_a_scheduled_release_can_be_taken_back(world: World) -> None:
    client = signed_in(*RIGHTS)
    confirm = _opened(client, "/releases/scheduled/roll-back/")
    begins = TODAY + timedelta(9)
    assert confirm.all("input", name="on")[0].attributes["value"] == str(begins)
    client.post("/releases/scheduled/roll-back/", {"on": str(begins), "reason": "x"})
    assert Activation.objects.on(begins).get(theme=REDLINE).release == world.current


def test_the_first_release_of_a_theme_leaves_nothing_behind() -> None:
    make_release("flood", date(2026, 1, 1), code="only")
    client = signed_in(*RIGHTS)
    assert _opened(client, "/releases/only/roll-back/").with_class("notice")
    client.post("/releases/only/roll-back/", {"on": str(TODAY), "reason": "x"})
    assert not Activation.objects.on(TODAY).filter(theme="flood").exists()
    assert _opened(Client(), "/releases/").all(id="flood")[0].with_class("mark-missing")


def test_what_does_not_apply_can_not_be_rolled_back(world: World) -> None:
    client, before = signed_in(*RIGHTS), list(Activation.objects.values())
    for code in ("draft", "former"):
        assert client.get(f"/releases/{code}/roll-back/")["Location"] == f"/releases/{code}/"
        assert client.post(f"/releases/{code}/roll-back/", {"on": str(TODAY), "reason": "x"}).status_code == 302
    assert list(Activation.objects.values()) == before


def test_what_the_service_refuses_is_told_in_its_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise service.Refused("句子<b>")

    monkeypatch.setattr(service, "activate", refuse)
    monkeypatch.setattr(service, "roll_back", refuse)
    client = signed_in(*RIGHTS)
    for address in ("/releases/draft/activation/", "/releases/current/roll-back/"):
        answer = client.post(address, {"on": str(TODAY), "reason": "x"})
        assert parse(answer.content.decode()).with_class("form-error")[0].text == "句子<b>"


@pytest.mark.parametrize("address", ["/releases/", "/releases/current/", "/releases/current/areas.geojson"])
def test_pages_to_read_are_read_only(world: World, address: str) -> None:
    assert signed_in(*RIGHTS).post(address).status_code == 405


def test_a_right_that_is_taken_away_ends_at_once(world: World) -> None:
    client = signed_in(*RIGHTS)
    assert client.get("/releases/draft/").status_code == 200
    User.objects.get().user_permissions.clear()
    assert client.get("/releases/draft/").status_code == 404
    assert _activate(client, "former").status_code == 403


def test_pages_for_one_person_are_kept_by_no_cache(world: World) -> None:
    client = signed_in(*RIGHTS)
    for address in ("/releases/", "/releases/draft/", "/releases/draft/areas.geojson", "/releases/new/"):
        answer = client.get(address)
        assert "no-store" in answer.get("Cache-Control", "") or "Cookie" in answer["Vary"]
