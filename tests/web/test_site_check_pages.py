"""The pages of site checks: asking, refusals and proposals, the sheet, what makes it stale, what officials set beside it."""

import io
import json
import shutil
import subprocess
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone

from lib.parameters import Refusal
from portal.pages import site_checks
from portal.site_check import site_of
from projects.models import Parcel, Project
from tests.dom import Element, parse
from tests.factories import county, geometry, make, make_line, make_release
from tests.web.conftest import Page
from zones.models import Activation, Industry, Overruling, SiteCheck
from zones.sitecheck.coordinates import geometry_of, text_of
from zones.sitecheck.engine import check
from zones.sitecheck.kept import keep
from zones.sitecheck.overruling import overrule
from zones.sitecheck.site_file import read_site_file

pytestmark = pytest.mark.django_db

RING = [[112.55, 38.05], [112.552, 38.05], [112.552, 38.052], [112.55, 38.052]]
SQUARE = {"type": "Polygon", "coordinates": [[*RING, RING[0]]]}
LINES = "\n".join(f"{lon}, {lat}" for lon, lat in RING)
SWAPPED = "\n".join(f"{lat}, {lon}" for lon, lat in RING)
GAUSS = "J1, 4212500.5, 38372700.25\nJ2, 4212500.5, 38372900.25\nJ3, 4212700.5, 38372900.25"  # north first, zone 38
TODAY = timezone.localdate


@pytest.fixture
def official(client: Client) -> Client:
    user = get_user_model().objects.create_user("official", password="x")
    user.user_permissions.add(Permission.objects.get(codename="overrule_finding"))
    client.force_login(user)
    return client


def make_kept(as_of: date | None = None, **asked: Any) -> SiteCheck:
    site, question = site_of({"geometry": SQUARE} | asked, AnonymousUser())
    found = check(site, as_of or TODAY(), activity=question["activity"], industry=question["industry"])
    return keep(found, question)


def area(wkt: str = "POLYGON((112.551 38.04,112.6 38.04,112.6 38.06,112.551 38.06,112.551 38.04))") -> Any:
    return geometry(wkt)


def ask(client: Client, language: str = "en", **fields: Any) -> HttpResponse:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client.post("/check/", {"way": "draw", "kind": "area", "geometry": LINES, "crs": "EPSG:4490"} | fields)


def asked(client: Client, **fields: Any) -> SiteCheck:
    """The check that an accepted form leads to."""
    answer = ask(client, **fields)
    assert answer.status_code == 302, parse(answer.content.decode()).with_class("field-error")[0].text
    return SiteCheck.objects.get(key=answer["Location"].split("/")[2])


def refused(client: Client, **fields: Any) -> Element:
    answer = ask(client, **fields)
    assert 400 <= answer.status_code < 500
    assert not SiteCheck.objects.exists()
    return parse(answer.content.decode())


def error_of(page: Element, field: str) -> str:
    shown = page.all(id=f"{field}-error")
    return shown[0].text if shown else ""


def value_of(page: Element, field: str) -> str:
    """What a field of the form holds."""
    (element,) = page.all(id=field)
    if element.tag == "textarea":
        return "".join(child for child in element.children if isinstance(child, str))
    if element.tag == "select":
        return next((option.attributes["value"] for option in element.all("option", selected=True)), "")
    return element.attributes["value"]


def finding(page: Element, rule: str) -> Element:
    (found,) = page.all("article", data_rule=rule)
    return found


def sheet(page: Page, kept: SiteCheck, language: str = "en") -> Element:
    return page(kept.get_absolute_url(), language)


# asking


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_form_asks_for_a_site(page: Page, language: str) -> None:
    opened = page("/check/", language)
    assert {one.attributes["value"] for one in opened.all("input", name="way")} == {"draw", "file", "record"}
    assert value_of(opened, "as_of") == TODAY().isoformat()
    assert len(opened.all("select", id="crs")[0].all("option")) == 7
    assert "570" in opened.all(id="crs-hint")[0].text
    assert not opened.with_class("field-error")


def test_every_page_leads_to_it(page: Page) -> None:
    assert page("/counties/").all("nav", id="site-nav")[0].all("a", href="/check/")
    project = Project.objects.all()[0]
    assert page(project.get_absolute_url()).all("a", href=f"/check/?project={project.code}")


def test_coordinates_are_checked_and_kept(client: Client) -> None:
    kept = asked(client, activity="industry", industry=Industry.objects.all()[0].code, as_of="2026-03-01")
    assert kept.as_of == date(2026, 3, 1)
    assert kept.question["activity"] == "industry"
    assert kept.question["industry"] == Industry.objects.all()[0].code
    assert kept.made_by == ""
    assert client.get(kept.get_absolute_url()).status_code == 200


def test_the_same_question_leads_to_the_same_sheet(client: Client) -> None:
    assert asked(client) == asked(client)


def test_who_asked_is_kept(official: Client) -> None:
    assert asked(official).made_by == "official"


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("112.5 38\n112.6 38\n112.6 38.1", "area", "Polygon"),
        ("112.5, 38\r\n112.6, 38\r\n112.6, 38.1\r\n\r\n112.7 38\n112.8 38\n112.8 38.1\n", "area", "MultiPolygon"),
        ("J1，112.5，38\n拐点2\t112.6\t38", "line", "LineString"),
        ("112.5 38", "point", "Point"),
        ("112.5 38\n112.6 38", "point", "MultiPoint"),
        ("１１２．５, ３８", "point", "Point"),
        (
            json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": SQUARE}] * 2}),
            "",
            "MultiPolygon",
        ),
    ],
)
def test_coordinates_are_read_as_people_write_them(text: str, kind: str, expected: str) -> None:
    assert geometry_of(text, kind)["type"] == expected


def test_a_geometry_written_as_text_is_read_as_the_same() -> None:
    line = {"type": "LineString", "coordinates": RING}
    with_hole = {"type": "Polygon", "coordinates": [SQUARE["coordinates"][0], SQUARE["coordinates"][0]]}
    for shape, kind in ((line, "line"), (with_hole, "area"), ({"type": "Point", "coordinates": RING[0]}, "point")):
        assert geometry_of(text_of(shape), kind) == shape
    assert geometry_of(text_of(SQUARE), "area")["coordinates"] == [RING]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"geometry": ""}, "geometry"),
        ({"geometry": "112.5 38\n<b>here</b>"}, "geometry"),
        ({"geometry": '{"type": "Polygon"'}, "geometry"),
        ({"geometry": '{"type": "FeatureCollection", "features": 1}'}, "geometry"),
        ({"geometry": '{"type": "FeatureCollection", "features": [1, null, {"geometry": 3}]}'}, "geometry"),
        ({"geometry": json.dumps({"type": "FeatureCollection", "features": [{"geometry": {"type": "Point"}}] * 2})}, "geometry"),
        ({"geometry": "[" * 3000}, "geometry"),
        ({"geometry": "112.5 38\n112.6 38"}, "geometry"),
        ({"geometry": "112.5 38\0"}, "geometry"),
        ({"geometry": '{"type": "Point", "coordinates": [NaN, 38]}'}, "geometry"),
        ({"crs": "EPSG:1"}, "crs"),
        ({"crs": "GCJ-02"}, "crs"),
        ({"activity": "parking"}, "activity"),
        ({"industry": "no\0pe"}, "industry"),
        ({"as_of": "2022-02-30"}, "as_of"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"way": "record", "record": ""}, "record"),
        ({"way": "record", "record": "nope\0"}, "record"),
        ({"way": "record", "record_kind": "project", "record": "nope"}, "record"),
        ({"way": "file"}, "file"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(client: Client, fields: dict[str, str], field: str) -> None:
    given = {"geometry": LINES, "crs": "EPSG:4490", "as_of": "2026-03-01", "record": "abc"} | fields
    page = refused(client, **given)
    assert error_of(page, field)
    assert page.all(id=field)[0].attributes["aria-invalid"] == "true"
    assert len(page.with_class("field-error")) == 1
    assert value_of(page, "geometry") == given["geometry"]
    assert value_of(page, "record") == given["record"]
    assert not page.all("b", href=True)


@pytest.mark.parametrize(("field", "value"), [("kind", "cube"), ("record_kind", "person")])
def test_a_choice_that_is_none_is_refused(client: Client, field: str, value: str) -> None:
    refused(client, way="record" if field == "record_kind" else "draw", **{field: value})


def test_a_site_beyond_all_measure_is_refused(client: Client) -> None:
    assert "at most" in error_of(refused(client, geometry="110 36\n114 36\n114 40\n110 40"), "geometry")
    many = "\n".join(f"112.{number:06} 38" for number in range(20_001))
    assert "20000" in error_of(refused(client, geometry=many), "geometry").replace(",", "")


def test_a_body_beyond_all_measure_is_not_read(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_checks, "MOST_BYTES", 100)
    answer = ask(client)
    assert answer.status_code == 413
    assert error_of(parse(answer.content.decode()), "file")


def test_a_database_that_takes_too_long_is_said_and_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_long(*_given: Any, **_named: Any) -> None:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(site_checks, "check_site", too_long)
    answer = ask(Client(raise_request_exception=False))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert not SiteCheck.objects.exists()


def test_a_form_from_elsewhere_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert ask(strict).status_code == 403
    assert not SiteCheck.objects.exists()
    strict.get("/check/")
    assert ask(strict, csrfmiddlewaretoken=strict.cookies["csrftoken"].value).status_code == 302


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_nothing_but_asking_is_possible(client: Client, method: str) -> None:
    assert getattr(client, method)("/check/").status_code == 405
    assert getattr(client, method)(make_kept().get_absolute_url()).status_code == 405


# what may have been meant


def proposed(page: Element) -> list[str]:
    return [button.attributes["value"] for button in page.all("button", name="meant")]


@pytest.mark.parametrize(
    ("text", "crs", "expected"),
    [
        (SWAPPED, "EPSG:4490", ["EPSG:4490,swap"]),
        (SWAPPED, "EPSG:4326", ["EPSG:4326,swap"]),
        (GAUSS, "EPSG:4490", ["EPSG:4526,swap"]),
        ("372700 4212500\n372900 4212500\n372900 4212700", "EPSG:4490", ["EPSG:4547,"]),
        ("38372700 4212500\n38372900 4212500\n38372900 4212700", "EPSG:4490", ["EPSG:4526,"]),
        ("12529900 4590000\n12530900 4590000\n12530900 4590900", "EPSG:4490", ["EPSG:3857,"]),
        (LINES, "EPSG:4526", ["EPSG:4490,"]),
        (
            json.dumps({"type": "Feature", "geometry": {"type": "Point", "coordinates": [38.05, 112.55]}}),
            "EPSG:4490",
            ["EPSG:4490,swap"],
        ),
    ],
)
def test_what_was_meant_is_proposed_and_a_button_does_it(client: Client, text: str, crs: str, expected: list[str]) -> None:
    page = refused(client, geometry=text, crs=crs)
    assert proposed(page) == expected
    shown = ask(client, geometry=text, crs=crs, meant=expected[0])
    assert shown.status_code == 200
    corrected = parse(shown.content.decode())
    assert corrected.with_class("notice")
    kind = next(one for one in corrected.all("input", name="kind") if "checked" in one.attributes).attributes["value"]
    kept = asked(client, geometry=value_of(corrected, "geometry"), crs=value_of(corrected, "crs"), kind=kind)
    assert kept.answer["en"]["counties"]


@pytest.mark.parametrize("text", ["1 2\n3 4\n5 6", "999999999 999999999\n1 1\n2 2", "112.5 38\n112.6 38", '{"type": "Polygon"}'])
def test_nothing_is_proposed_where_nothing_fits(client: Client, text: str) -> None:
    assert proposed(refused(client, geometry=text)) == []


@pytest.mark.parametrize("meant", ["EPSG:1,swap", "x", "EPSG:4490,swap"])
def test_a_made_up_proposal_is_refused(client: Client, meant: str) -> None:
    refused(client, meant=meant, geometry='{"type": "Polygon", "coordinates": []}')


# records


def test_a_parcel_is_checked_by_its_code(client: Client, page: Page) -> None:
    Parcel.objects.create(
        code="p-1", name="地块一", county=county(), geom=geometry(f"MULTI{area().wkt}".replace("((", "(((") + ")")
    )
    opened = page("/check/?parcel=p-1", "en")
    assert value_of(opened, "record_kind") == "parcel"
    assert value_of(opened, "record") == "p-1"
    assert json.loads(opened.all("script", id="map-config")[0].text)["near"]["type"] == "MultiPolygon"
    kept = asked(client, way="record", record_kind="parcel", record="p-1")
    assert kept.question["label"] == "地块一 (p-1)"
    assert sheet(page, kept).all("h1")[0].text == "地块一 (p-1)"


def test_a_project_without_a_surveyed_site_is_to_be_drawn(page: Page) -> None:
    industry = Industry.objects.all()[0]
    place = geometry("POINT(112.5 38)")
    make(Project, code="near", name="某项目", county=county(), industry=industry, geom=place, location_precision="village")
    opened = page("/check/?project=near", "en")
    assert "Draw its site" in opened.with_class("notice")[0].text
    assert value_of(opened, "industry") == industry.code
    assert next(one for one in opened.all("input", name="way") if "checked" in one.attributes).attributes["value"] == "draw"
    near = json.loads(opened.all("script", id="map-config")[0].text)["near"]
    assert near == {"type": "Point", "coordinates": [112.5, 38.0]}


def test_a_record_that_is_not_there_is_said(page: Page) -> None:
    for query in ("project=nope", "parcel=%00", f"project={'x' * 5000}", "project=", "other=1"):
        opened = page(f"/check/?{query}", "en")
        assert bool(error_of(opened, "record")) == (not query.startswith("other"))


# files


def as_file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sites")
    features = [
        {"type": "Feature", "properties": {"name": "甲"}, "geometry": SQUARE},
        {
            "type": "Feature",
            "properties": {"name": "乙"},
            "geometry": {"type": "Polygon", "coordinates": [[[lon + 0.01, lat] for lon, lat in SQUARE["coordinates"][0]]]},
        },
    ]
    plain = folder / "site.geojson"
    plain.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (folder / "shp").mkdir()
    for target, system in (
        ("shp/site.shp", "EPSG:4526"),
        ("site.gpkg", "EPSG:4490"),
        ("site.kml", ""),
        ("site.dxf", "EPSG:4547"),
    ):
        reproject = ["-t_srs", system] if system else []
        select = ["-sql", "SELECT geometry FROM site", "-dialect", "SQLite"] if target.endswith("dxf") else []
        subprocess.run(["ogr2ogr", *reproject, *select, folder / target, plain], check=True, capture_output=True)
    shutil.make_archive(str(folder / "site"), "zip", folder / "shp")
    return folder


@pytest.mark.parametrize(
    ("name", "crs"),
    [("site.geojson", "EPSG:4490"), ("site.zip", "EPSG:4526"), ("site.gpkg", "EPSG:4490"), ("site.kml", "EPSG:4326")],
)
def test_a_file_is_one_site_in_the_system_that_it_names(client: Client, files: Path, name: str, crs: str) -> None:
    kept = asked(client, way="file", geometry="", file=as_file(name, (files / name).read_bytes()))
    assert kept.answer["en"]["crs"] == crs
    assert kept.answer["en"]["geometry"]["type"] == "MultiPolygon"
    expected = 2 * make_kept().answer["en"]["area_m2"]
    assert kept.answer["en"]["area_m2"] == pytest.approx(expected, abs=0.2 if name != "site.dxf" else 1)


def test_a_file_without_a_system_is_asked_about(client: Client, files: Path) -> None:
    page = refused(client, way="file", geometry="", file=as_file("site.dxf", (files / "site.dxf").read_bytes()))
    assert "reference system" in error_of(page, "crs")
    assert value_of(page, "crs") == "EPSG:4547"
    kept = asked(client, geometry=value_of(page, "geometry"), crs="EPSG:4547")
    assert kept.answer["en"]["area_m2"] == pytest.approx(2 * make_kept().answer["en"]["area_m2"], abs=0.2)


def test_a_crs_member_of_geojson_counts(tmp_path: Path) -> None:
    path = tmp_path / "site.geojson"
    for name, expected in (
        ("urn:ogc:def:crs:EPSG::4526", "EPSG:4526"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("x", None),
    ):
        path.write_text(json.dumps(SQUARE | {"crs": {"type": "name", "properties": {"name": name}}}))
        assert read_site_file(path)[1] == expected


def zip_of(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("site.exe", b"MZ"),
        ("site", b"x"),
        ("site.vrt", b"<OGRVRTDataSource/>"),
        ("site.zip", b"PK\3\4 not a zip"),
        ("site.zip", zip_of(readme__txt=b"x")),
        ("site.zip", zip_of(a__shp=b"x", b__shp=b"x")),
        ("site.zip", zip_of(a__shp=b"x", a__shx=b"", a__dbf=b"")),
        ("site.gpkg", b"SQLite format 3\0" + b"\0" * 200),
        ("site.kml", b"<!DOCTYPE kml [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><kml>&a;</kml>"),
        ("site.kml", b"<kml><NetworkLink><href>http://127.0.0.1/</href></NetworkLink></kml>"),
        ("site.dxf", b"<OGRVRTDataSource/>"),
        ("site.geojson", b"{"),
        ("site.geojson", b"[" * 100_000),
        ("site.json", b'{"type": "FeatureCollection", "features": []}'),
        ("site.json", b"\xff\xfe\xff"),
        ("../../site.geojson", b"[]"),
    ],
)
def test_a_bad_file_is_refused_with_a_sentence(client: Client, name: str, content: bytes) -> None:
    page = refused(client, way="file", file=as_file(name, content))
    assert error_of(page, "file") or error_of(page, "geometry")


def test_an_archive_that_grows_beyond_measure_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zones.sitecheck.site_file.take", lambda *_given, **_named: pytest.fail("it was unpacked"))
    packed = tmp_path / "site.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("site.dbf", b" " * 60_000_001)
    with pytest.raises(Refusal, match="60"):
        read_site_file(packed)


def test_a_file_of_too_many_bytes_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_checks, "MOST_FILE_BYTES", 10)
    assert ask(client, way="file", file=as_file("site.geojson", b" " * 11)).status_code == 413


def test_of_several_layers_one_is_chosen(client: Client, files: Path, tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    shutil.copy(files / "site.gpkg", path)
    subprocess.run(["ogr2ogr", "-append", "-nln", "other", path, files / "site.geojson"], check=True, capture_output=True)
    given = {"way": "file", "geometry": ""}
    assert "other" in error_of(refused(client, **given, file=as_file("two.gpkg", path.read_bytes())), "file")
    assert asked(client, **given, file=as_file("two.gpkg", path.read_bytes()), layer="other").answer["en"]["area_m2"] > 0


def test_shapes_that_are_no_site_are_refused(tmp_path: Path) -> None:
    for name, geometries in (
        ("mixture", [{"type": "GeometryCollection", "geometries": [SQUARE]}]),
        ("mixed", [SQUARE, {"type": "Point", "coordinates": RING[0]}]),
        ("empty", [None]),
    ):
        features = [{"type": "Feature", "properties": {"name": "x"}, "geometry": one} for one in geometries]
        (tmp_path / "in.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        subprocess.run(["ogr2ogr", tmp_path / f"{name}.gpkg", tmp_path / "in.geojson"], check=True, capture_output=True)
        with pytest.raises(Refusal):
            read_site_file(tmp_path / f"{name}.gpkg")


def test_a_file_of_too_many_features_is_refused(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zones.sitecheck.site_file.MOST_FEATURES", 1)
    with pytest.raises(Refusal):
        read_site_file(files / "site.kml")


# the sheet


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_sheet_says_what_was_found(page: Page, language: str) -> None:
    release = make_release("permanent-basic-farmland", title="永久基本农田2025", document="某函")
    make_line(release, area(), name="<b>图斑</b>")
    kept = make_kept(activity="industry")
    opened = sheet(page, kept, language)
    answer = kept.answer[language]
    assert answer["verdict"] == "conflict"
    assert opened.with_class("verdict-text")[0].text == answer["verdict_text"]
    assert opened.with_class("cascade")[0].all("li", aria_current="step")[0].text.endswith(answer["verdict_text"])
    shown = {one.attributes["data-rule"]: one for one in opened.all("article", data_rule=True)}
    assert list(shown) == [one["rule"] for one in answer["findings"]]
    for one in answer["findings"]:
        text = shown[one["rule"]].text
        for said in ("result_text", "effect_text", "rule_title", "text", "rule_text"):
            assert one[said] in text
        if one["needed"]:
            assert one["needed"] in text
        if one["clause"]:
            source, _space, place = one["clause"].partition(" ")
            assert shown[one["rule"]].all("a", href=f"/sources/{source}/")
            assert place in text
    taken = shown["farmland-protection"]
    assert taken.all("a", href=f"/releases/{release.code}/")[0].text == release.title
    assert all(word in taken.text for word in ("某市自然资源局", "某函", "2025-12-31", "2026-01-01", "<b>图斑</b>"))
    amounts = taken.with_class("amounts")[0].text
    assert f"{answer['findings'][0]['overlap_m2']:,}".rstrip("0").rstrip(".") in amounts
    assert "%" in amounts
    assert {one.text for one in opened.with_class("missing")[0].all("li")} == {
        one["theme_text"] for one in answer["findings"] if one["result"] == "missing"
    }
    assert "is-approximate" in shown["functional-class"].attributes["class"]
    assert not opened.with_class("stale")
    assert not opened.with_class("demo-banner")
    for address in (f"/api/v1/site-checks/{kept.key}/", f"/site-checks/{kept.key}.pdf", f"/site-checks/{kept.key}/verify/"):
        assert opened.all("a", href=address)
    config = json.loads(opened.all("script", id="map-config")[0].text)
    assert config["site"] == answer["geometry"]
    assert [piece["rule"] for piece in config["pieces"]] == ["farmland-protection"]


def test_the_links_of_a_sheet_lead_somewhere(page: Page) -> None:
    make_line(make_release("flood"), area())
    opened = sheet(page, make_kept())
    ids = [element.attributes["id"] for element in opened.all(id=True)]
    assert len(ids) == len(set(ids))
    for link in opened.all("a", href=True):
        href = link.attributes["href"]
        assert href[1:] in ids if href.startswith("#") else resolve(href.partition("?")[0])
    assert not opened.all("style") + opened.all(style=True)


def test_lines_and_points_have_sheets_too(page: Page) -> None:
    make_line(make_release("flood"), area())
    line = sheet(page, make_kept(geometry={"type": "LineString", "coordinates": RING}))
    assert " m " in f"{finding(line, 'flood').with_class('amounts')[0].text} "
    point = sheet(page, make_kept(geometry={"type": "Point", "coordinates": RING[1]}))
    assert finding(point, "flood").attributes["class"].split()[1] == "effect-restricts"
    outside = sheet(page, make_kept(geometry={"type": "Point", "coordinates": [100, 30]}))
    assert outside.all("h1")[0].text == "Site outside of the twelve counties"
    before = sheet(page, make_kept(as_of=date(2020, 1, 1)))
    assert not before.all("article", data_rule=True)


def test_a_sheet_with_demonstration_data_says_so(page: Page) -> None:
    make_line(make_release("flood", is_demo=True), area())
    opened = sheet(page, make_kept())
    assert opened.with_class("demo-banner")
    assert opened.with_class("is-demo")
    assert finding(opened, "flood").with_class("mark-demo")
    assert not finding(opened, "mining").with_class("mark-demo")


def test_what_does_not_exist_is_404(client: Client) -> None:
    for address in (
        f"/site-checks/{'0' * 64}/",
        "/site-checks/nope/",
        f"/site-checks/{make_kept().key.upper()}/",
        "/site-checks/",
    ):
        assert client.get(address).status_code == 404
    assert client.post(f"/site-checks/{'0' * 64}/", {"do": "again"}).status_code == 404


def test_a_sheet_is_a_few_queries_however_much_it_holds(client: Client) -> None:
    def queries(kept: SiteCheck) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(kept.get_absolute_url()).status_code == 200
        return len(captured)

    few = queries(make_kept())
    for theme in ("flood", "heritage", "mining", "nature-reserves"):
        make_line(make_release(theme), area())
    kept = make_kept()
    for rule in ("flood", "heritage", "mining"):
        overrule(kept, rule, "complies", "理由", "someone")
    assert queries(kept) == few <= 5


# stale


def stale(opened: Element) -> list[str]:
    return [item.text for banner in opened.with_class("stale") for item in banner.all("li")]


def test_a_newer_release_makes_a_sheet_stale_and_a_button_asks_again(client: Client, page: Page) -> None:
    first = make_release("flood", begins=TODAY() - timedelta(days=30))
    kept = make_kept()
    assert stale(sheet(page, kept)) == []
    Activation.objects.filter(release=first).update(ends=TODAY())
    second = make_release("flood", begins=TODAY(), title="New lines")
    make_line(second, area())
    (said,) = stale(sheet(page, kept))
    assert said.startswith("Flood control: another release is in force")
    assert "New lines" in said
    answer = client.post(kept.get_absolute_url(), {"do": "again"})
    assert answer.status_code == 302
    again = SiteCheck.objects.get(key=answer["Location"].split("/")[2])
    assert again != kept
    assert again.question == kept.question
    assert [one["result"] for one in again.answer["en"]["findings"] if one["rule"] == "flood"] == ["occupied"]
    assert stale(sheet(page, again)) == []
    kept.refresh_from_db()
    assert [one["result"] for one in kept.answer["en"]["findings"] if one["rule"] == "flood"] == ["clear"]


def test_a_theme_that_was_missing_and_one_that_is_gone_make_it_stale(page: Page) -> None:
    gone = make_release("flood")
    kept = make_kept()
    make_release("heritage")
    Activation.objects.filter(release=gone).update(cancelled_at=timezone.now())
    assert [said.partition(":")[0] for said in stale(sheet(page, kept))] == ["Flood control", "Heritage"]


def test_a_release_of_tomorrow_makes_nothing_stale_yet(page: Page) -> None:
    kept = make_kept()
    make_release("heritage", begins=TODAY() + timedelta(days=1))
    assert stale(sheet(page, kept)) == []
    assert stale(sheet(page, make_kept(as_of=TODAY() + timedelta(days=1)))) == []


# overruling


def test_an_official_sets_an_effect_beside_a_finding(official: Client, page: Page) -> None:
    make_line(make_release("permanent-basic-farmland"), area())
    kept = make_kept()
    before = dict(kept.answer)
    answer = official.post(
        kept.get_absolute_url(), {"rule": "farmland-protection", "effect": "restricts", "reason": "  <i>补划</i>\r\n方案 "}
    )
    assert answer.status_code == 302
    assert answer["Location"] == f"{kept.get_absolute_url()}#farmland-protection"
    made = Overruling.objects.get()
    assert (made.rule, made.effect, made.reason, made.made_by) == (
        "farmland-protection",
        "restricts",
        "<i>补划</i>\n方案",
        "official",
    )
    kept.refresh_from_db()
    assert kept.answer == before
    opened = sheet(page, kept)
    shown = finding(opened, "farmland-protection")
    assert "effect-prohibits" in shown.attributes["class"]
    (beside,) = shown.with_class("overruling")
    assert "<i>补划</i>" in beside.text
    assert "official" in beside.text
    assert "sets conditions" in beside.text
    assert str(timezone.localtime(made.made_at).strftime("%Y-%m-%d %H:%M")) in beside.text
    assert opened.with_class("verdict-text")[0].text == "In conflict with the plan"
    assert opened.with_class("verdict-overruled")[0].text.endswith("Possible under conditions")


def test_the_last_overruling_of_a_rule_counts_and_all_are_shown(page: Page) -> None:
    make_line(make_release("permanent-basic-farmland"), area())
    kept = make_kept()
    overrule(kept, "farmland-protection", "complies", "一", "a")
    overrule(kept, "farmland-protection", "prohibits", "二", "b")
    opened = sheet(page, kept)
    assert len(finding(opened, "farmland-protection").with_class("overruling")) == 2
    assert opened.with_class("verdict-overruled")[0].text.endswith("In conflict with the plan")


def test_unknown_stays_unknown_when_others_are_overruled(page: Page) -> None:
    make_line(make_release("permanent-basic-farmland"), area())
    kept = make_kept()
    for one in kept.answer["en"]["findings"]:
        if one["effect"] in {"prohibits", "restricts"}:
            overrule(kept, one["rule"], "complies", "理由", "a")
    assert sheet(page, kept).with_class("verdict-overruled")[0].text.endswith("Can't be told: data are missing")


def test_sent_twice_it_is_one(official: Client) -> None:
    kept = make_kept()
    for _time in range(2):
        official.post(kept.get_absolute_url(), {"rule": "mining", "effect": "complies", "reason": "理由"})
    assert Overruling.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "   "},
        {"reason": "长" * 1001},
        {"reason": "a\0b"},
        {"effect": "anything"},
        {"effect": ""},
        {"rule": "nope"},
        {"rule": ""},
    ],
)
def test_a_wrong_overruling_is_refused_and_kept_in_the_form(official: Client, wrong: dict[str, str]) -> None:
    kept = make_kept()
    entered = {"rule": "mining", "effect": "complies", "reason": "理由"} | wrong
    answer = official.post(kept.get_absolute_url(), entered)
    assert answer.status_code == 400
    assert not Overruling.objects.exists()
    if entered["rule"] == "mining":
        form = finding(parse(answer.content.decode()), "mining")
        assert form.with_class("field-error")
        assert form.all("textarea")[0].text == entered["reason"].strip()


@pytest.mark.parametrize("persona", ["anonymous", "signed in", "official"])
def test_who_may_do_what(client: Client, persona: str) -> None:
    if persona != "anonymous":
        user = get_user_model().objects.create_user("somebody", password="x")
        if persona == "official":
            user.user_permissions.add(Permission.objects.get(codename="overrule_finding"))
        client.force_login(user)
    kept = make_kept()
    for address in ("/check/", kept.get_absolute_url(), f"/api/v1/site-checks/{kept.key}/"):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    assert ask(client).status_code == 302
    assert client.post(kept.get_absolute_url(), {"do": "again"}).status_code == 302
    may = persona == "official"
    entered = {"rule": "mining", "effect": "complies", "reason": "理由"}
    assert client.post(kept.get_absolute_url(), entered).status_code == (302 if may else 403)
    assert Overruling.objects.exists() is may
    opened = parse(client.get(kept.get_absolute_url()).content.decode())
    assert bool(opened.with_class("overrule")) is may


def test_a_rule_that_a_sheet_no_longer_has_is_not_lost(page: Page) -> None:
    """A kept answer is what it was, whatever becomes of the rules."""
    kept = make_kept()
    kept.answer["en"]["findings"][0]["rule"] = "rule-of-old"
    kept.save()
    assert finding(sheet(page, kept), "rule-of-old")
