"""Exports: whose rows they hold, in which formats, what is refused, and that nothing is left behind."""

import codecs
import csv
import io
import json
import os
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import InternalError, connection
from django.db.models import BooleanField, F, Func, TextField, Value
from django.http import HttpResponse
from django.test import Client
from django.utils.translation import gettext_lazy as _
from pytest_django import DjangoDbBlocker

from lib.crs import CGCS2000, CRS84
from portal import layers
from portal.export import PATHS, workbook
from portal.export import job as jobs
from portal.export.job import AT_ONCE, Job, snapshot
from portal.export.text import DANGEROUS
from portal.export.view import CRS_NAMES, FORMATS
from portal.layer import Field, FieldType, Geometry, Group, Layer, Symbol, fields_of
from portal.relation import relation
from projects.models import Parcel
from tests import exports
from tests.api.test_refusals import assert_names, assert_problem
from tests.exports import body, read_by_debian, read_by_pyogrio, texts_of, truth, unzipped
from zones.models import CulturalSite, PublishedQuerySet

pytestmark = pytest.mark.django_db

Export = Callable[..., HttpResponse]
KML = "{http://www.opengis.net/kml/2.2}"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LISTS = {
    "projects": "projects",
    "parks": "parks",
    "clusters": "clusters",
    "start-up-areas": "start-up-areas",
    "structure": "structure-elements",
    "transport": "transport-works",
    "towns": "towns",
    "counties": "counties",
}


@pytest.fixture(scope="module", autouse=True)
def _rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    yield from exports.committed(django_db_blocker, exports.make_rows)


@pytest.fixture
def export(client: Client) -> Export:
    def export(layer_id: str = "projects", **parameters: str) -> HttpResponse:
        return client.get(f"/api/v1/exports/{layer_id}/", parameters)

    return export


def in_csv(answer: HttpResponse) -> dict[str, dict[str, str]]:
    content = body(answer)
    assert content.startswith(codecs.BOM_UTF8)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return {row["code"]: row for row in rows}


def unpacked(content: bytes) -> bytes:
    """All that a file holds, in a row when it is a zip."""
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def in_xlsx(answer: HttpResponse, sheet: int = 1) -> list[list[tuple[str, str, str]]]:
    """The cells of a sheet as column, type and text."""
    with zipfile.ZipFile(io.BytesIO(body(answer))) as archive:
        tree = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314
    assert tree.find(f".//{SHEET}f") is None
    assert tree.find(f".//{SHEET}hyperlink") is None
    return [
        [(re.sub(r"\d", "", cell.get("r", "")), cell.get("t", "n"), "".join(cell.itertext())) for cell in row]
        for row in tree.iter(f"{SHEET}row")
    ]


def in_kml(answer: HttpResponse) -> dict[str, tuple[str, dict[str, str], Any]]:
    tree = ElementTree.fromstring(body(answer))  # noqa: S314
    found = {}
    for mark in tree.iter(f"{KML}Placemark"):
        data = {item.get("name", ""): item.text or "" for item in mark.iter(f"{KML}SimpleData")}
        found[data["code"]] = (mark.findtext(f"{KML}name", ""), data, mark)
    return found


# The rows


@pytest.mark.parametrize("layer_id", LISTS)
@pytest.mark.parametrize(
    "filters", [{}, {"bbox": "112.3,37.9,112.6,38.2"}, {"q": "太原"}, {"ordering": "-code"}, {"q": "a", "ordering": "name"}]
)
def test_the_rows_are_those_of_the_list(export: Export, codes: Callable[..., list[str]], layer_id: str, filters: Any) -> None:
    wanted = codes(LISTS[layer_id], limit="1000", **filters)
    got = list(in_csv(export(layer_id, f="csv", **filters)))
    assert (got if "ordering" in filters else sorted(got)) == (wanted if "ordering" in filters else sorted(wanted))


@pytest.mark.parametrize("filters", [{"county": "140108"}, {"stage": "building", "prefecture": "140100"}])
def test_other_filters_hold_too(export: Export, codes: Callable[..., list[str]], filters: dict[str, str]) -> None:
    wanted = codes("projects", limit="1000", **filters)
    assert wanted
    assert sorted(in_csv(export(f="csv", **filters))) == sorted(wanted)


def test_a_percent_sign_is_looked_for_as_it_is(export: Export) -> None:
    assert in_csv(export(f="csv", q="%")) == {}
    assert list(in_csv(export(f="csv", q="export-a"))) == ["export-area"]


@pytest.mark.parametrize("f", FORMATS)
def test_what_the_reader_may_not_see_is_in_no_file(export: Export, monkeypatch: pytest.MonkeyPatch, f: str) -> None:
    hidden = b"\\U+5730\\U+57572" if f == "dxf" else b"export-parcel-2"
    assert hidden in unpacked(body(export("parcels", f=f, q="export-parcel")))
    monkeypatch.setattr(PublishedQuerySet, "visible_to", lambda self, user: self.exclude(code="export-parcel-2"))
    left = unpacked(body(export("parcels", f=f, q="export-parcel")))
    assert hidden not in left
    assert hidden.replace(b"2", b"1") in left or f == "dxf"


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Layer:
    """A layer with every kind of geometry, and with field names that a Shapefile can't tell apart."""
    yes = Value(True, output_field=BooleanField())
    layer = Layer(
        id="toys",
        group=Group.BASE,
        title=_("Towns"),
        queryset=CulturalSite.objects.filter(code__startswith="toy-"),
        fields=(
            *fields_of(CulturalSite, "code", "name", "aliases", "kind"),
            Field("a_name_of_many_letters", "一", FieldType.INTEGER, F("sort_order")),
            Field("a_name_of_many_more", "二", FieldType.BOOLEAN, yes),
        ),
        geometry=Geometry.MIXED,
        symbols=(Symbol("", "", "--map-town"),),
        source_note=_("Towns"),
    )
    monkeypatch.setattr(layers, "LAYERS", (*layers.LAYERS, layer))
    return layer


@pytest.mark.parametrize(("f", "read"), [("gpkg", read_by_debian), ("gpkg", read_by_pyogrio), ("geojson", read_by_pyogrio)])
def test_a_layer_that_was_just_declared(
    export: Export, toys: Layer, tmp_path: Path, f: str, read: Callable[[Path, str], exports.Rows]
) -> None:
    path = tmp_path / f"toys.{f}"
    path.write_bytes(body(export("toys", f=f)))
    kinds = {code: shape and shape.geom_type for code, (shape, _row) in read(path, "toys").items()}
    assert kinds == {code: shape and shape.geom_type for code, (shape, _row) in truth(toys, CRS84).items()}
    assert set(kinds) == set(exports.TOY_SHAPES)


def test_every_kind_of_shape_has_a_shapefile_of_its_own(export: Export, toys: Layer, tmp_path: Path) -> None:
    folder = unzipped(body(export("toys", f="shp")), tmp_path)
    assert {path.stem: set(read_by_pyogrio(path, path.stem)) for path in folder.glob("*.shp")} == {
        "toys_points": {"toy-point", "toy-mixture", "toy-nowhere"},
        "toys_multipoints": {"toy-points"},
        "toys_lines": {"toy-line"},
        "toys_areas": {"toy-area"},
    }
    assert list(exports.full_names(folder)) == ["code", "name", "aliases", "kind", "a_name_of_", "a_name_o_2"]
    assert "toy-mixture: its geometry is of several kinds and is left out." in (folder / "notes.txt").read_text("utf-8")


# The formats


def test_csv_is_typed_text_with_coordinates(export: Export) -> None:
    rows = in_csv(export(f="csv"))
    nasty, area = rows["export-nasty"], rows["export-area"]
    assert nasty["name"] == exports.NASTY
    assert nasty["summary"] == exports.LONG
    assert texts_of(nasty["aliases"]) == ["甲；乙", "[丙", '丁"戊']
    assert (nasty["stage"], nasty["stage_as_of"], nasty["investment_wan"]) == ("building", "2022-03-01", "12345678.9012")
    assert (nasty["longitude"], nasty["latitude"], nasty["wkt"], nasty["park"]) == ("", "", "", "")
    assert (area["longitude"], area["wkt"]) == ("", "POLYGON((112 38,112 38.1,112.1 38.1,112.1 38,112 38))")
    point = next(row for row in rows.values() if row["longitude"])
    assert point["wkt"] == f"POINT({point['longitude']} {point['latitude']})"
    assert in_csv(export("towns", f="csv"))["140108100"]["is_development_town"] in {"true", "false"}


def test_coordinates_are_east_first_in_every_system(export: Export) -> None:
    for crs in CRS_NAMES:
        row = next(row for row in in_csv(export(f="csv", crs=crs)).values() if row["wkt"].startswith("POINT"))
        east, north = (row[name] for name in (("longitude", "latitude") if "latitude" in row else ("easting", "northing")))
        assert row["wkt"] == f"POINT({east} {north})"
        expected = {"EPSG:4490": 112, "EPSG:4326": 112, "EPSG:4525": 37.6e6, "EPSG:4526": 38.3e6, "EPSG:3857": 12.5e6}
        assert float(east) == pytest.approx(expected.get(crs, 0.5e6), rel=0.5)
        assert (float(north) > 4e6) is (crs not in {"EPSG:4490", "EPSG:4326"})


def test_no_cell_of_a_csv_is_a_formula(export: Export) -> None:
    rows = in_csv(export(f="csv", q="export-"))
    nasty, area = rows["export-nasty"], rows["export-area"]
    assert nasty["name_en"] == "'=cmd|'/c calc'!A1"
    assert (nasty["summary_en"], nasty["location_text"], nasty["location_text_en"]) == ("'-1+1", "'＝1+1", "'@SUM(A1)")
    assert (area["name"], area["name_en"], area["summary"]) == ("'+86 0351", "''quoted", "'\tx")
    assert area["aliases"] == "'+甲；乙"


def test_a_workbook_has_real_numbers_dates_and_no_formula(export: Export) -> None:
    header, *rows = in_xlsx(export(f="xlsx", q="export-nasty"))
    titles = {column: title for column, _kind, title in header}
    (row,) = rows
    cells = {titles[column]: (kind, text) for column, kind, text in row}
    assert cells["code"] == ("inlineStr", "export-nasty")
    assert cells["name"] == ("inlineStr", exports.NASTY)
    assert cells["English name"] == ("inlineStr", "=cmd|'/c calc'!A1")
    assert cells["total investment, 10,000 yuan"] == ("n", "12345678.9012")
    assert cells["stage as of"] == ("n", str((date(2022, 3, 1) - date(1899, 12, 30)).days))
    assert cells["stage"] == ("inlineStr", "under construction")
    assert "longitude" not in cells
    header, *rows = in_xlsx(export("towns", f="xlsx", q="黄寨"))
    assert {kind for row in rows for _column, kind, text in row if text in {"0", "1"}} == {"b"}
    assert float(rows[0][-1][2]) == pytest.approx(38, abs=1)


def test_a_workbook_says_what_it_is(export: Export) -> None:
    lines = [[text for _column, _kind, text in row] for row in in_xlsx(export(f="xlsx", county="140108", crs="EPSG:4526"), 2)]
    about = {line[0]: line[1] for line in lines if len(line) == 2}
    assert about["Layer"] == "Projects (projects)"
    assert about["Source"] == str(layers.find("projects").source_note)  # type: ignore[union-attr]
    assert re.fullmatch(r"county: .+ \(140108\)", about["Filter"])
    assert about["Coordinates"] == "EPSG:4526; east or longitude comes first"
    assert ["total investment, 10,000 yuan", "investment_wan", "number", "10,000 yuan"] in [line[:4] for line in lines]


def test_a_workbook_speaks_the_readers_language(client: Client) -> None:
    answer = client.get("/api/v1/exports/projects/?f=xlsx&q=export-nasty", headers={"Accept-Language": "zh-hans"})
    header, row = in_xlsx(answer)
    assert [text for _column, _kind, text in header][:2] == ["编码", "名称"]
    assert "在建" in [text for _column, _kind, text in row]


def test_a_workbook_names_the_texts_that_it_cut(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_CHARACTERS", 500)
    answer = export(f="xlsx", q="export-nasty")
    assert exports.LONG[:500] in [text for _column, _kind, text in in_xlsx(answer)[1]]
    lines = [text for row in in_xlsx(export(f="xlsx", q="export-nasty"), 2) for _column, _kind, text in row]
    assert "export-nasty: summary" in lines


def test_more_rows_than_a_sheet_holds_are_refused(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 1)
    assert_names(export(f="xlsx", q="export-"), "f")
    assert len(in_xlsx(export(f="xlsx", q="export-nasty"))) == 2


def test_more_than_a_shapefile_holds_is_refused(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.export.shapefile.MOST_FILE_BYTES", 1000)
    assert "2 GB" in assert_names(export(f="shp"), "f")[0]


def test_geojson_has_the_features_of_the_api(export: Export) -> None:
    for layer_id in ("projects", "parcels", "counties"):
        layer = layers.find(layer_id)
        assert layer is not None
        collection = json.loads(body(export(layer_id, f="geojson")))
        assert set(collection) == {"type", "features"}
        exports.assert_same(exports.rows_of(collection["features"]), truth(layer, CRS84), 0)
    assert json.loads(body(export(f="geojson", q="nothing of that name")))["features"] == []


def test_kml_has_names_and_typed_data(export: Export) -> None:
    name, data, mark = in_kml(export(f="kml"))["export-nasty"]
    assert name == data["name"] == exports.NASTY
    assert (data["stage_as_of"], data["investment_wan"]) == ("2022-03-01", "12345678.9012")
    assert "park" not in data
    assert {child.tag for child in mark} == {f"{KML}name", f"{KML}ExtendedData"}


def test_kml_is_read_by_gdal(export: Export, tmp_path: Path) -> None:
    path = tmp_path / "x.kml"
    path.write_bytes(body(export("parcels", f="kml")))
    shape, row = read_by_debian(path, "parcels")["export-parcel-1"]
    assert (row["Name"], row["area_m2"]) == ("地块1号", 123456.75)
    assert shape.geom_type == "MultiPolygon"
    assert len(shape.geoms[0].interiors) == 1


def test_kml_has_every_kind_of_geometry(export: Export, toys: Layer) -> None:
    marks = in_kml(export("toys", f="kml"))
    assert set(marks) == set(exports.TOY_SHAPES)
    parts = marks["toy-mixture"][2].find(f"{KML}MultiGeometry")
    assert [part.tag for part in parts] == [f"{KML}Point", f"{KML}LineString"]


def test_dxf_has_shapes_by_symbol_and_names(export: Export, tmp_path: Path) -> None:
    path = tmp_path / "x.dxf"
    path.write_bytes(body(export("parcels", f="dxf", crs="EPSG:4526")))
    done = subprocess.run(["ogr2ogr", "-f", "GeoJSON", "/vsistdout/", str(path)], capture_output=True, check=True)
    features = [feature["properties"] for feature in json.loads(done.stdout)["features"]]
    assert {row["Layer"] for row in features} == {"parcels-available", "parcels", "parcels-names"}
    assert {row["SubClasses"] for row in features} == {"AcDbEntity:AcDbPolyline", "AcDbEntity:AcDbMText"}
    assert sorted(row["Text"] for row in features if row.get("Text")) == ["地块1号", "地块2号"]


# What is refused


def test_unknown_repeated_and_empty_parameters_are_all_named(client: Client) -> None:
    answer = client.get("/api/v1/exports/projects/?colour=red&f=csv&f=shp&crs=&limit=10")
    assert_names(answer, "colour", "f", "crs", "limit")


def test_bad_values_are_all_named(export: Export) -> None:
    answer = export(f="mdb", crs="EPSG:4527", encoding="big5", county="nowhere", bbox="1,2,3", ordering="id")
    assert_names(answer, "f", "crs", "encoding", "county", "bbox", "ordering")
    for crs in ("OGC:CRS84", "4490", "epsg:4490", "http://www.opengis.net/def/crs/EPSG/0/4490"):
        assert_names(export(crs=crs), "crs")
    assert_names(export(f="CSV"), "f")


@pytest.mark.parametrize("f", ["kml", "geojson"])
def test_formats_of_one_system_take_no_other(export: Export, f: str) -> None:
    for crs in ("EPSG:4526", "EPSG:4326"):
        assert "WGS 84" in assert_names(export(f=f, crs=crs), "crs")[0]


@pytest.mark.parametrize("f", [f for f in FORMATS if f != "shp"])
def test_other_formats_have_one_encoding(export: Export, f: str) -> None:
    assert_names(export(f=f, encoding="gbk"), "encoding")


@pytest.mark.parametrize("layer_id", ["rivers", "nothing", "Projects", "projects;", "..", "x" * 300])
def test_a_layer_that_is_not_there(export: Export, layer_id: str) -> None:
    assert_problem(export(layer_id), 404)


def test_an_export_is_only_read(client: Client) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert_problem(getattr(client, method)("/api/v1/exports/projects/?f=csv"), 405)


def test_head_tells_the_name_and_writes_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.export.view.snapshot", None)
    answer = client.head("/api/v1/exports/projects/?f=csv")
    assert body(answer) == b""
    assert "Content-Length" not in answer.headers
    assert "projects-" in answer.headers["Content-Disposition"]
    assert client.head("/api/v1/exports/projects/?f=mdb").status_code == 400


@pytest.mark.parametrize("f", FORMATS)
def test_the_file_has_a_plain_name_and_one_in_the_readers_language(client: Client, f: str) -> None:
    answer = client.get(f"/api/v1/exports/start-up-areas/?f={f}", headers={"Accept-Language": "zh-hans"})
    content = body(answer)
    named = r"""attachment; filename="start-up-areas-\d{8}(\.\w+)"; filename\*=UTF-8''%E5%90%AF%E5%8A%A8%E5%8C%BA-\d{8}(\.\w+)"""
    match = re.fullmatch(named, answer.headers["Content-Disposition"])
    assert match is not None
    assert match[1] == match[2] == FORMATS[f].ending
    assert answer.headers["Content-Type"] == FORMATS[f].media_type
    assert int(answer.headers["Content-Length"]) == len(content)
    assert "no-store" in answer.headers["Cache-Control"]


# One state, few at once, nothing left behind


@pytest.mark.parametrize("f", FORMATS)
def test_an_export_is_one_state_of_the_database(f: str, tmp_path: Path) -> None:
    """A row that is committed while the export is under way is not in it."""
    layer = layers.find("parcels")
    assert layer is not None
    found = relation(layer, AnonymousUser())
    other = connection.copy()
    columns = "name_en, search_keys, geom, state, area_m2, county_id"
    try:
        with snapshot() as database, other.cursor() as cursor:
            row = f"SELECT 'zz-late', 'zz-late', {columns} FROM projects_parcel LIMIT 1"
            cursor.execute(f"INSERT INTO projects_parcel (code, name, {columns}) {row}")
            path = FORMATS[f].write(Job(layer, found, CGCS2000, "utf-8", (), database, tmp_path))
            content = unpacked(path.read_bytes())
    finally:
        with other.cursor() as cursor:
            cursor.execute("DELETE FROM projects_parcel WHERE code = 'zz-late'")
        other.close()
    assert b"zz-late" not in content
    assert b"parcel-1" in content or f == "dxf"


def test_an_export_can_not_write() -> None:
    with snapshot() as database, database.cursor() as cursor, pytest.raises(InternalError, match="read-only"):
        cursor.execute("DELETE FROM projects_parcel")


def test_too_many_at_once_are_asked_to_come_again(export: Export) -> None:
    with ExitStack() as stack:
        for _slot in range(AT_ONCE):
            stack.enter_context(snapshot())
        answer = export(f="csv")
        assert "under way" in assert_problem(answer, 503)["detail"]
        assert int(answer.headers["Retry-After"]) > 0
    assert in_csv(export(f="csv", q="export-nasty"))


def test_readers_who_do_not_read_leave_threads_for_others(export: Export) -> None:
    """A download holds a thread of the server until its last byte is sent: two of a process's four at most."""
    waiting = [export(f="csv") for _download in range(2)]
    assert [answer.status_code for answer in waiting] == [200, 200]
    assert_problem(export(f="csv"), 503)
    waiting[0].close()
    assert in_csv(export(f="csv", q="export-nasty"))
    for answer in waiting:
        answer.close()


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where temporary files are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("f", FORMATS)
def test_nothing_is_left_behind_when_the_reader_goes(export: Export, scratch: Path, f: str) -> None:
    answer = export(f=f)
    assert answer.status_code == 200
    assert list(scratch.iterdir()) == []  # although nothing has been read yet
    assert body(answer)


PROGRAMS = {
    "echo 'ERROR 1: out of ink' >&2; exit 1": 500,
    "echo 'ERROR 1: out of ink' >&2; exit 0": 500,
    "exit 3": 500,
    "echo 'ERROR 1: canceling statement due to statement timeout' >&2; exit 0": 503,
    "exec tail -f /dev/null": 503,
}


@pytest.mark.parametrize("f", ["gpkg", "shp", "dxf"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_writer_that_fails_is_no_half_file(
    export: Export, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, f: str
) -> None:
    writer = tmp_path / "ogr2ogr"
    writer.write_text(f"#!/bin/sh\n{program}\n")
    writer.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("portal.export.gdal.TIMEOUT_S", 1)
    answer = export(f=f)
    problem = assert_problem(answer, PROGRAMS[program])
    assert "ink" not in problem["detail"]
    assert ("Retry-After" in answer.headers) == (PROGRAMS[program] == 503)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("f", ["csv", "geojson", "kml", "xlsx"])
def test_a_statement_that_takes_too_long_is_no_half_file(
    export: Export, scratch: Path, monkeypatch: pytest.MonkeyPatch, f: str
) -> None:
    slow = Func(F("name"), function="", template="(SELECT %(expressions)s FROM pg_sleep(30))", output_field=TextField())
    layer = layers.find("parcels")
    assert layer is not None
    fields = (*fields_of(Parcel, "code"), Field("name", "", FieldType.TEXT, slow))
    monkeypatch.setattr(layers, "LAYERS", (replace(layer, fields=fields),))
    monkeypatch.setattr(jobs, "TIMEOUT_S", 1)
    answer = export("parcels", f=f)
    assert "takes too long" in assert_problem(answer, 503)["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert list(scratch.iterdir()) == []


def test_the_password_is_on_no_command_line(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    run = subprocess.run

    def watched(command: list[str], **options: Any) -> Any:
        commands.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    body(export(f="gpkg"))
    assert connection.settings_dict["PASSWORD"] not in " ".join(commands[0])


def test_the_document_knows_every_layer_and_parameter() -> None:
    operation = PATHS["/api/v1/exports/{layer}/"]["get"]
    parameters = {item["name"]: item for item in operation["parameters"]}
    filters = {name for layer in layers.published() for name in layer.filterset.base_filters}
    assert set(parameters) == {"layer", "f", "crs", "encoding"} | filters
    assert parameters["layer"]["schema"]["enum"] == [layer.id for layer in layers.published()]
    assert "`projects`" in parameters["stage"]["description"]
    assert "`towns`" not in parameters["stage"]["description"]


def test_dangerous_are_all_that_spreadsheets_take_for_formulas() -> None:
    assert set("=+-@\t\r\n＝＋－＠") < set(DANGEROUS)
