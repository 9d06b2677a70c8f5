"""zones.importing: whatever an authority or a stranger hands over becomes a release wholly, or is refused in words."""

import json
import os
import sqlite3
import struct
import subprocess
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy
import pyogrio
import pytest
import shapely
from django.db import connection, transaction
from django.utils import timezone, translation
from shapely.geometry.base import BaseGeometry

from lib.naming import search_keys
from tests.factories import county
from zones import importing
from zones.delivery import repairs, staging, taking
from zones.delivery.formats import SHAPEFILE
from zones.importing import Refused
from zones.models import ControlLine, Release, Theme

pytestmark = pytest.mark.django_db

SQUARE = shapely.box(112.5, 38.0, 112.51, 38.01)
OTHER = shapely.box(112.6, 38.1, 112.62, 38.11)
BOW_TIE = shapely.Polygon([(112.5, 38), (112.51, 38.01), (112.51, 38), (112.5, 38.01)])


def load(path: Path, code: str = "r-1", **fields: Any) -> Release:
    own: dict[str, Any] = {
        "theme": Theme.FARMLAND,
        "title": "永久基本农田（2026年）",
        "issued_by": "某市自然资源局",
        "data_date": date(2026, 1, 1),
        "loaded_by": "张",
    }
    return importing.load(path, code=code, **own | fields)


def refused(path: Path, **fields: Any) -> Refused:
    """The refusal of a file, which leaves nothing behind."""
    with pytest.raises(Refused) as caught:
        load(path, **fields)
    assert not Release.objects.exists()
    assert not ControlLine.objects.exists()
    return caught.value


def write(
    path: Path,
    shapes: list[BaseGeometry | None],
    crs: str | None = "EPSG:4490",
    *,
    encoding: str | None = None,
    geometry_type: str = "Polygon",
    driver: str | None = None,
    **columns: list[str],
) -> Path:
    columns = columns or {"图斑": [f"图斑{number}" for number in range(1, len(shapes) + 1)]}
    wkb = numpy.array([shape and shapely.to_wkb(shape) for shape in shapes], dtype=object)
    values = [numpy.array(column, dtype=object) for column in columns.values()]
    driver = "LIBKML" if path.suffix == ".kml" else driver
    more = {"encoding": encoding} if encoding else {}
    pyogrio.raw.write(path, wkb, values, list(columns), geometry_type=geometry_type, crs=crs, driver=driver, **more)
    return path


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A file without a reference system is what some tests are about."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pyogrio")
        warnings.filterwarnings("ignore", message=".*crs.*")
        yield


def project(shape: BaseGeometry, srid: int) -> BaseGeometry:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ST_AsBinary(ST_Transform(ST_GeomFromText(%s, 4490), %s))", [shape.wkt, srid])
        return shapely.from_wkb(bytes(cursor.fetchone()[0]))


def stored(release: Release) -> list[BaseGeometry]:
    return [shapely.from_wkt(line.geom.wkt) for line in release.areas.order_by("id")]


def assert_at(release: Release, *shapes: BaseGeometry) -> None:
    found = stored(release)
    assert len(found) == len(shapes)
    for one, wanted in zip(found, shapes, strict=True):
        assert shapely.hausdorff_distance(one, wanted) < 1e-8


def zipped(folder: Path, *files: Path) -> Path:
    path = folder / "交付.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
    return path


def without(path: Path, *suffixes: str) -> Path:
    for suffix in suffixes:
        path.with_suffix(suffix).unlink()
    return path


# --- formats ---


@pytest.mark.parametrize("form", ["folder", "zip", "file"])
def test_reads_a_shapefile_in_gbk_without_a_cpg(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "给"
    folder.mkdir()
    path = write(
        folder / "农田.shp",
        [project(SQUARE, 4525), project(OTHER, 4525)],
        "EPSG:4525",
        encoding="GBK",
        地类名称=["水浇地", "旱地"],
    )
    without(path, ".cpg")
    given = {"folder": folder, "zip": zipped(tmp_path, *folder.iterdir()), "file": path}[form]
    release = load(given, name_field="地类名称", counties=["140122", "140108"])
    assert_at(release, SQUARE, OTHER)
    assert (release.crs, release.expected_count, release.imported_count, release.repairs) == ("EPSG:4525", 2, 2, [])
    assert (release.file_name, release.loaded_by, len(release.file_sha256)) == (given.name, "张", 64)
    assert release.counties == ["140108", "140122"]
    line = release.areas.order_by("id").first()
    assert line is not None
    assert (line.code, line.name, line.attributes, line.theme) == ("r-1-1", "水浇地", {"地类名称": "水浇地"}, Theme.FARMLAND)
    assert set(line.search_keys) == set(search_keys("r-1-1", ["水浇地"]))
    assert line.county == county("140108")
    assert line.fine_3857.srid == 3857
    assert not release.activations.exists()


@pytest.mark.parametrize(("name", "crs"), [("a.gpkg", "EPSG:4547"), ("a.geojson", "EPSG:4326"), ("a.kml", "EPSG:4326")])
def test_reads_other_formats(tmp_path: Path, name: str, crs: str) -> None:
    shapes = [project(SQUARE, 4547), project(OTHER, 4547)] if crs == "EPSG:4547" else [SQUARE, OTHER]
    release = load(
        write(tmp_path / name, shapes, crs, 名称=["甲", "乙"], 代码=["01", "02"]),
        name_field="Name" if name == "a.kml" else "名称",
    )
    assert_at(release, SQUARE, OTHER)
    assert release.crs == crs
    assert [line.attributes["代码"] for line in release.areas.order_by("id")] == ["01", "02"]


def test_closed_polylines_of_a_drawing_become_areas(tmp_path: Path) -> None:
    ring = project(SQUARE, 4525).exterior
    path = write(
        tmp_path / "a.dxf",
        [shapely.LineString(ring.coords), shapely.LineString(ring.coords[:3])],
        None,
        driver="DXF",
        geometry_type="LineString",
        Layer=["JBNT", "ZX"],
    )
    asked = refused(path)
    assert asked.crs_candidates == ("EPSG:4525",)
    release = load(path, crs="EPSG:4525", class_field="Layer")
    assert_at(release, SQUARE)
    assert release.areas.get().zone_class == "JBNT"
    assert (release.expected_count, release.imported_count) == (2, 1)
    assert release.repairs == [{"feature": 2, "problem": "line", "repair": "left out", "area_change_m2": None}]


@pytest.mark.parametrize(
    ("srid", "names"),
    [
        (4490, ("EPSG:4490", "EPSG:4326")),
        (4525, ("EPSG:4525",)),
        (4526, ("EPSG:4526",)),
        (4546, ("EPSG:4546",)),
        (4547, ("EPSG:4547",)),
        (3857, ("EPSG:3857",)),
    ],
)
def test_proposes_the_reference_systems_that_the_digits_fit(tmp_path: Path, srid: int, names: tuple[str, ...]) -> None:
    path = without(write(tmp_path / "a.shp", [project(SQUARE, srid)], "EPSG:4490"), ".prj")
    asked = refused(path)
    assert asked.crs_candidates == names
    assert "does not say" in str(asked)
    release = load(path, crs=names[0])
    assert_at(release, SQUARE)
    assert release.crs == names[0]


def test_asks_where_two_systems_fit(tmp_path: Path) -> None:
    between = shapely.box(530000, 4200000, 531000, 4201000)
    path = without(write(tmp_path / "a.shp", [between], "EPSG:4490"), ".prj")
    assert set(refused(path).crs_candidates) == {"EPSG:4546", "EPSG:4547"}


@pytest.mark.parametrize(("said", "srid"), [("EPSG:4490", 4525), ("EPSG:4525", 4546), ("EPSG:4546", 4525)])
def test_asks_where_the_file_says_what_its_digits_are_not(tmp_path: Path, said: str, srid: int) -> None:
    path = write(tmp_path / "a.shp", [project(SQUARE, srid)], said)
    asked = refused(path)
    assert asked.crs_candidates == (f"EPSG:{srid}",)
    assert said in str(asked)
    assert_at(load(path, crs=asked.crs_candidates[0]), SQUARE)


def test_refuses_a_system_by_which_all_lies_elsewhere(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [SQUARE])
    assert refused(path, crs="EPSG:4525").crs_candidates == ("EPSG:4490", "EPSG:4326")
    assert "one of" in str(refused(path, crs="EPSG:2154"))
    swapped = write(tmp_path / "b.geojson", [shapely.box(38, 112.5, 38.01, 112.51)], "EPSG:4326")
    assert refused(swapped).crs_candidates == ()


def test_takes_a_system_of_the_same_datum_and_no_other(tmp_path: Path) -> None:
    utm = load(write(tmp_path / "utm.shp", [project(SQUARE, 32649)], "EPSG:32649"))
    assert_at(utm, SQUARE)
    assert utm.crs == "EPSG:32649"
    with pytest.raises(Refused, match="not based on CGCS2000"):
        load(write(tmp_path / "xian.shp", [project(SQUARE, 2361)], "EPSG:2361"), "r-2")


@pytest.mark.parametrize(
    ("encoding", "cpg", "repaired"),
    [
        ("GBK", "UTF-8", True),
        ("UTF-8", "GBK", True),
        ("GBK", "ISO-8859-1", True),
        ("GBK", "936", False),
        ("UTF-8", "65001", False),
    ],
)
def test_notices_a_wrong_cpg(tmp_path: Path, encoding: str, cpg: str, repaired: bool) -> None:
    path = write(tmp_path / "a.shp", [SQUARE], encoding=encoding, 名称=["大盂镇上原村"])
    path.with_suffix(".cpg").write_text(cpg)
    release = load(path)
    assert release.areas.get().attributes == {"名称": "大盂镇上原村"}
    assert [entry["problem"] for entry in release.repairs] == (["wrong encoding"] if repaired else [])


def test_a_text_cut_off_inside_a_character_is_no_other_encoding(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", [SQUARE], encoding="UTF-8", 名称=["大盂镇"])
    without(path, ".cpg")
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    at = table.index("大盂镇".encode())
    table[at + 8 : at + 9] = b" "
    path.with_suffix(".dbf").write_bytes(table)
    assert load(path).areas.get().attributes["名称"].startswith("大盂")


def test_an_encoding_that_is_asked_for_must_fit(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", [SQUARE], encoding="GBK", name=["大盂镇"])
    assert "not in" in str(refused(path, encoding="UTF-8"))
    for encoding in ("klingon", "zlib", "latin-1"):
        assert "none of the encodings" in str(refused(path, encoding=encoding))
    assert load(path, encoding="GBK").areas.get().attributes == {"name": "大盂镇"}


def test_geojson_in_gbk_is_read_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.geojson", [SQUARE], "EPSG:4326", 名称=["大盂镇"])
    path.write_bytes(path.read_text(encoding="utf-8").encode("gbk"))
    assert load(path).areas.get().attributes["名称"] == "大盂镇"


# --- geometry ---


def test_repairs_are_logged_with_what_they_change(tmp_path: Path) -> None:
    release = load(write(tmp_path / "a.gpkg", [SQUARE, BOW_TIE]))
    (entry,) = release.repairs
    assert (entry["feature"], entry["problem"], entry["repair"]) == (2, "Self-intersection", "made valid")
    assert entry["place"] == "112.505000, 38.005000"
    assert entry["area_change_m2"] > 400_000
    assert all(shape.is_valid for shape in stored(release))
    assert "Feature 2" in repairs.sentence(entry)


def test_what_is_no_area_is_left_out_and_counted(tmp_path: Path) -> None:
    with numpy.errstate(invalid="ignore"):
        no_number = shapely.Polygon([(112.5, 38), (112.6, 38), (float("nan"), 38)])
    shapes = [
        SQUARE,
        None,
        shapely.Point(112.5, 38),
        shapely.LineString([(112.5, 38), (112.6, 38)]),
        shapely.Polygon([(112.5, 38), (112.6, 38), (112.7, 38)]),
        no_number,
        shapely.Polygon([(112.5, 38), (112.6, 38), (1e300, 38)]),
        shapely.GeometryCollection([OTHER, shapely.Point(112, 38)]),
    ]
    release = load(write(tmp_path / "a.gpkg", shapes, geometry_type="Unknown"))
    assert (release.expected_count, release.imported_count) == (8, 2)
    assert_at(release, SQUARE, OTHER)
    assert {entry["feature"]: (entry["problem"], entry["repair"]) for entry in release.repairs} == {
        2: ("empty", "left out"),
        3: ("point", "left out"),
        4: ("line", "left out"),
        5: ("no area", "left out"),
        6: ("no number", "left out"),
        7: ("outside", "left out"),
        8: ("line or point beside areas", "part left out"),
    }
    assert [line.code for line in release.areas.order_by("id")] == ["r-1-1", "r-1-8"]


def test_heights_are_dropped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [shapely.force_3d(SQUARE, 800)], geometry_type="Polygon Z")
    release = load(path)
    assert_at(release, SQUARE)
    assert not release.areas.get().geom.hasz


def test_a_ring_that_is_not_closed_is_closed(tmp_path: Path) -> None:
    ring = [list(position) for position in SQUARE.exterior.coords][:-1]
    path = geojson(tmp_path, {"type": "Polygon", "coordinates": [ring]})
    release = load(path)
    assert_at(release, SQUARE)
    assert release.repairs == [{"feature": 1, "problem": "ring not closed", "repair": "closed", "area_change_m2": None}]


def geojson(folder: Path, *shapes: dict[str, Any], properties: Any = None) -> Path:
    path = folder / "a.geojson"
    features = [{"type": "Feature", "properties": properties or {}, "geometry": shape} for shape in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_the_log_is_bounded_with_a_count_of_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairs, "MOST_ENTRIES", 2)
    release = load(write(tmp_path / "a.gpkg", [SQUARE, *[BOW_TIE] * 5]))
    assert len(release.repairs) == 3
    rest = release.repairs[-1]
    assert (rest["feature"], rest["problem"], rest["count"]) == (None, "Self-intersection", 3)
    assert rest["area_change_m2"] == pytest.approx(3 * release.repairs[0]["area_change_m2"], abs=0.1)
    assert "3 more" in repairs.sentence(rest)
    assert [entry["feature"] for entry in repairs.in_words(release.repairs)] == [2, 3, ""]


def test_a_file_without_features_is_an_empty_release(tmp_path: Path) -> None:
    release = load(write(tmp_path / "a.gpkg", [], 名称=[]))
    assert (release.expected_count, release.imported_count) == (0, 0)


def test_refuses_a_file_without_any_area(tmp_path: Path) -> None:
    assert "None of the 1" in str(refused(write(tmp_path / "a.gpkg", [shapely.Point(112.5, 38)], geometry_type="Point")))


# --- fields ---


def test_classes_of_the_red_line_are_those_of_its_rules(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [SQUARE, OTHER], 分区=["核心保护区", "一般控制区"])
    release = load(path, theme=Theme.REDLINE, class_field="分区")
    assert [line.zone_class for line in release.areas.order_by("id")] == ["core", "一般控制区"]
    assert [line.attributes["分区"] for line in release.areas.order_by("id")] == ["核心保护区", "一般控制区"]


def test_an_area_without_a_name_has_a_number(tmp_path: Path) -> None:
    release = load(write(tmp_path / "a.gpkg", [SQUARE, OTHER], 名称=["甲", ""]), name_field="名称")
    first, second = release.areas.order_by("id")
    assert (first.name, first.name_en) == ("甲", "")
    assert (second.name, second.name_en) == ("永久基本农田 2", "Permanent basic farmland 2")
    assert set(second.search_keys) == set(search_keys(second.code, second.names))


def test_attributes_are_text_without_null_characters(tmp_path: Path) -> None:
    shape = shapely.geometry.mapping(SQUARE)
    path = geojson(
        tmp_path, shape, properties={"n": 1.0, "x": 1.5, "s": "a\\\t\n\u0000b", "none": None, "Name": "x", "name": "y"}
    )
    attributes = load(path).areas.get().attributes
    assert attributes["n"] == "1"
    assert attributes["x"] == "1.5"
    assert attributes["s"].startswith("a\\\t\n")
    assert "none" not in attributes
    assert {"x", "y"} <= set(attributes.values())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"class_field": "没有"}, "no attribute"),
        ({"name_field": "没有"}, "no attribute"),
        ({"layer": "没有"}, "no layer"),
        ({"code": "有 空格"}, "hyphens"),
        ({"code": "x" * 57}, "56"),
        ({"theme": "nothing"}, "theme"),
        ({"title": " "}, "title"),
        ({"title": "长" * 201}, "200"),
        ({"issued_by": ""}, "issued by"),
        ({"counties": ["110101"]}, "110101"),
        ({"data_date": date(2999, 1, 1)}, "future"),
    ],
)
def test_refuses_in_words_what_is_wrong(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    assert said in str(refused(write(tmp_path / "a.gpkg", [SQUARE]), **fields))


def test_refuses_a_class_that_is_none(tmp_path: Path) -> None:
    assert "Feature 1" in str(refused(write(tmp_path / "a.gpkg", [SQUARE], k=["长" * 33]), class_field="k"))


def test_refuses_attributes_without_end(tmp_path: Path) -> None:
    assert "kB" in str(refused(write(tmp_path / "a.gpkg", [SQUARE], k=["长" * 100_001])))


def test_a_code_is_given_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [SQUARE])
    release = load(path)
    with pytest.raises(Refused, match="never changes"):
        load(path)
    assert Release.objects.get() == release


def test_a_code_that_is_taken_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.gpkg", [SQUARE])
    load(path)
    monkeypatch.setattr(importing, "_check", lambda release: None)
    with pytest.raises(Refused, match="meanwhile"), transaction.atomic():
        load(path)
    assert ControlLine.objects.count() == 1


def test_several_layers_ask_which(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [SQUARE])
    values = [numpy.array(["x"], dtype=object)]
    pyogrio.raw.write(
        path,
        numpy.array([shapely.to_wkb(OTHER)], dtype=object),
        values,
        ["k"],
        layer="乙",
        append=True,
        geometry_type="Polygon",
        crs="EPSG:4490",
    )
    assert "several layers" in str(refused(path))
    assert_at(load(path, layer="乙"), OTHER)


def test_several_files_ask_which(tmp_path: Path) -> None:
    first, second = write(tmp_path / "甲.gpkg", [SQUARE]), write(tmp_path / "乙.shp", [OTHER])
    path = zipped(tmp_path, first, *(second.with_suffix(suffix) for suffix in SHAPEFILE))
    assert "several datasets" in str(refused(path))
    assert_at(load(path, layer="乙"), OTHER)


# --- what is not to be believed ---


def test_names_in_a_zip_may_be_in_code_page_936(tmp_path: Path) -> None:
    path = write(tmp_path / "农田.shp", [SQUARE])
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as written:
        for number, suffix in enumerate(SHAPEFILE):
            written.writestr(f"x{number}{suffix}", path.with_suffix(suffix).read_bytes())
    # zipfile itself always sets the flag: names of the same length are put in place of its own.
    raw = archive.read_bytes()
    for number, suffix in enumerate(SHAPEFILE):
        raw = raw.replace(f"x{number}{suffix}".encode(), "田".encode("gbk") + suffix.encode())
    archive.write_bytes(raw)
    assert_at(load(archive), SQUARE)


@pytest.mark.parametrize("name", ["../a.geojson", "x/../../a.geojson", "/etc/a.geojson", "..\\a.geojson", "C:\\a.geojson"])
def test_refuses_a_zip_that_leaves_its_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "{}")
    assert "leave its folder" in str(refused(path))


def test_refuses_a_link_in_a_zip_and_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("a.geojson")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    assert "a link" in str(refused(path))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.geojson").symlink_to("/etc/passwd")
    assert "no plain file" in str(refused(tmp_path / "folder"))
    assert "no file" in str(refused(tmp_path / "folder" / "a.geojson"))


def test_refuses_zips_that_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", b"{" + b" " * (60 << 20))
    assert "grows" in str(refused(path))
    # One that lies about its size.
    monkeypatch.setattr(taking, "RATIO_FROM_BYTES", 1000)
    monkeypatch.setattr(taking, "MOST_RATIO", 1)
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<I", 500)
    path.write_bytes(raw)
    refused(path)


def test_refuses_zips_of_many_files_archives_and_locked_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}.txt", "")
    assert "1001 files" in str(refused(path))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.zip", "")
    assert "another archive" in str(refused(path))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.geojson", "{}")
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert "password" in str(refused(path))
    path.write_bytes(b"PK\x03\x04 no zip at all")
    assert "can't be read" in str(refused(path))


XXE = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Document><name>&x;</name></Document></kml>'
LAUGHS = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><kml>&b;</kml>'
LINK = '<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link><href>http://127.0.0.1/x.kml</href></Link></NetworkLink></kml>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (XXE, "DOCTYPE"),
        (LAUGHS, "DOCTYPE"),
        (LINK, "points to another place"),
        ("<kml>" + "<Folder>" * 5000, "nested too deeply"),
        ("<gml/>", "no KML"),
        ("<kml><Document>", "broken"),
        ("", "broken"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_refuses_kml_that_reaches_out(tmp_path: Path, text: str, said: str, encoding: str) -> None:
    path = tmp_path / "a.kml"
    path.write_bytes(text.encode(encoding) if text else b"")
    assert said in str(refused(path))


VRT = "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".kml", ".dxf", ".geojson", ".json"])
def test_refuses_a_file_that_is_something_else(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / "a.shp", [SQUARE]).with_suffix(suffix)
    path.write_text(VRT)
    refused(path)


@pytest.mark.parametrize(
    "text", ['{"type":"FeatureCollection","features":[{"a":%s}]}' % ("[" * 10000 + "]" * 10000), "{", "{]", '{"x":1}']
)
def test_refuses_geojson_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(text)
    refused(path)


@pytest.mark.parametrize("suffix", [".vrt", ".sqlite", ".pdf", ".gml", ".kmz", ".tab"])
def test_refuses_other_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text(VRT)
    assert "No dataset" in str(refused(path))


def test_gdal_has_two_drivers_and_no_network(tmp_path: Path) -> None:
    environment = staging._environment(tmp_path, "GeoJSON")
    listed = subprocess.run(["ogrinfo", "--formats"], env=environment, capture_output=True, text=True, check=True).stdout
    assert {line.split(" -")[0].strip() for line in listed.splitlines()[1:]} == {"GeoJSON", "GPKG"}
    assert "DATABASE_URL" not in environment
    assert not [name for name in environment if name.startswith("PG")]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW v AS SELECT * FROM a",
        "CREATE TABLE t (x TEXT, y TEXT GENERATED ALWAYS AS (hex(x)))",
        "CREATE VIRTUAL TABLE t USING fts5(x)",
    ],
)
def test_refuses_a_geopackage_that_computes(tmp_path: Path, statement: str) -> None:
    path = write(tmp_path / "a.gpkg", [SQUARE])
    with closing(sqlite3.connect(path)) as database:
        database.execute(statement)
        database.commit()
    assert "computes" in str(refused(path))


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
@pytest.mark.parametrize("how", ["cut", "missing", "empty"])
def test_refuses_a_shapefile_that_is_not_whole(tmp_path: Path, suffix: str, how: str) -> None:
    path = write(tmp_path / "a.shp", [SQUARE, OTHER])
    part = path.with_suffix(suffix)
    content = part.read_bytes()
    if how == "missing":
        part.unlink()
    else:
        part.write_bytes(content[: len(content) - 30] if how == "cut" else b"")
    refused(path if path.exists() else tmp_path)


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.kml", "a.dxf"])
def test_refuses_other_files_that_are_cut_off(tmp_path: Path, name: str) -> None:
    is_drawing = name == "a.dxf"
    shape = shapely.LineString(SQUARE.exterior.coords) if is_drawing else SQUARE
    more: dict[str, Any] = {"Layer": ["x"] * 50} if is_drawing else {}
    path = write(tmp_path / name, [shape] * 50, None if is_drawing else "EPSG:4326", geometry_type=shape.geom_type, **more)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    refused(path, crs="EPSG:4490")


def test_refuses_shapes_and_rows_that_do_not_match(tmp_path: Path) -> None:
    two, one = write(tmp_path / "a.shp", [SQUARE, OTHER]), write(tmp_path / "b.shp", [SQUARE])
    two.with_suffix(".dbf").write_bytes(one.with_suffix(".dbf").read_bytes())
    assert "2 shapes and 1 rows" in str(refused(two))


def test_refuses_what_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.gpkg", [SQUARE])
    monkeypatch.setattr(taking, "MOST_BYTES", 1000)
    assert "larger than" in str(refused(path))
    assert "larger than" in str(refused(tmp_path))
    monkeypatch.setattr(importing, "MOST_FEATURES", 0)
    monkeypatch.setattr(taking, "MOST_BYTES", 1 << 30)
    assert "at most 0" in str(refused(path))


def test_gives_up_on_a_file_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "TIMEOUT_S", 0)
    assert "longer than" in str(refused(write(tmp_path / "a.gpkg", [SQUARE])))


# --- all or nothing ---


def test_a_crash_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = write(tmp_path / "a.gpkg", [SQUARE, OTHER])

    def crash(*_: Any) -> None:
        assert Release.objects.exists()
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(importing, "_insert", crash)
    with transaction.atomic(), pytest.raises(RuntimeError):
        load(path)
    assert not Release.objects.exists()
    assert not ControlLine.objects.exists()
    assert os.listdir(tmp_path / "tmp") == []


def test_a_load_that_is_too_slow_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.gpkg", [SQUARE])

    def slow(cursor: Any, *_: Any) -> None:
        cursor.execute("SELECT set_config('statement_timeout', '1', true)")
        cursor.execute("SELECT pg_sleep(10)")

    monkeypatch.setattr(importing, "_place", slow)
    assert "given up" in str(refused(path))


def test_the_time_limit_of_the_connection_is_as_before(tmp_path: Path) -> None:
    def limit() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return str(cursor.fetchone()[0])

    before = limit()
    load(write(tmp_path / "a.gpkg", [SQUARE]))
    assert limit() == before


def test_the_same_file_has_the_same_hash(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", [SQUARE])
    hashes: list[str] = []
    for number, given in enumerate([path, tmp_path, path]):
        hashes.append(load(given, f"r-{number}").file_sha256)
    assert len(set(hashes)) == 1
    path.with_suffix(".cpg").write_text("UTF-8 ")
    assert load(path, "r-9").file_sha256 not in hashes


def test_today_is_no_future(tmp_path: Path) -> None:
    assert load(write(tmp_path / "a.gpkg", [SQUARE]), data_date=timezone.localdate())
    with pytest.raises(Refused):
        load(write(tmp_path / "b.gpkg", [SQUARE]), "r-2", data_date=timezone.localdate() + timedelta(days=1))
