"""What the tests of the exports share: rows that other database connections see, and readers of the files.

An export reads by connections of its own, so its rows must be committed; they are deleted again, and no other test sees them.
"""

import csv
import io
import json
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy
import pyogrio
import shapely
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpResponse
from pytest_django import DjangoDbBlocker

from lib.crs import CRS
from portal.layer import Layer
from portal.relation import feature_sql, relation
from projects.models import Parcel, Project
from tests.factories import county, geometry, make, make_line, make_release
from zones.models import CulturalSite

SQUARE = "(({0} 38,{0} 38.01,112.51 38.01,112.51 38,{0} 38),(112.503 38.003,112.506 38.003,112.506 38.006,112.503 38.003))"
LONG = "第一段说明，很长；" * 60  # 540 characters, far more than 254 bytes in any encoding
NASTY = '𠮷野家"引号",逗号\'\n第二行\t制表 <b>&amp;'
TOY_SHAPES = {
    "toy-point": "POINT(112.5 38)",
    "toy-points": "MULTIPOINT(112.5 38,112.6 38.1)",
    "toy-line": "LINESTRING(112.5 38,112.6 38.1)",
    "toy-area": f"POLYGON{SQUARE.format(112.5)}",
    "toy-mixture": "GEOMETRYCOLLECTION(POINT(112.5 38),LINESTRING(112.5 38,112.6 38.1))",
    "toy-nowhere": None,
}


def committed(blocker: DjangoDbBlocker, make_all: Callable[[], Iterable[Any]]) -> Iterator[None]:
    """The body of a fixture of a whole module, with the rows that ``make_all`` makes."""
    with blocker.unblock():
        made = list(make_all())
    yield
    with blocker.unblock():
        for row in reversed(made):
            row.delete()


def make_rows() -> Iterable[Any]:
    for number, state in enumerate(["available", ""], start=1):
        yield Parcel.objects.create(
            code=f"export-parcel-{number}",
            name=f"地块{number}号",
            county=county(),
            state=state,
            area_m2="123456.75" if state else None,
            geom=geometry(f"MULTIPOLYGON({SQUARE.format(112.5)},((113 38,113 38.1,113.1 38.1,113 38)))"),
        )
    yield (release := make_release("ecological-redline", code="export-release"))
    yield release.activations.get()
    yield make_line(release, geometry(f"MULTIPOLYGON({SQUARE.format(112.4)})"), code="export-line", name="控制线𠮷")
    yield make(
        Project,
        code="export-nasty",
        name=NASTY,
        name_en="=cmd|'/c calc'!A1",
        aliases=["甲；乙", "[丙", '丁"戊'],
        summary=LONG,
        summary_en="-1+1",
        location_text="＝1+1",
        location_text_en="@SUM(A1)",
        investment_wan="12345678.9012",
        stage="building",
        stage_as_of=date(2022, 3, 1),
        county=county(),
    )
    yield make(
        Project,
        code="export-area",
        name="+86 0351",
        name_en="'quoted",
        aliases=["+甲", "乙"],
        summary="\tx",
        geom=geometry("POLYGON((112 38,112 38.1,112.1 38.1,112.1 38,112 38))"),
        location_precision="schematic",
        investment_wan="0.5",
    )
    for code, wkt in TOY_SHAPES.items():
        place = {"geom": geometry(wkt), "location_precision": "site"} if wkt else {}
        yield make(CulturalSite, code=code, name=f"玩具{code}", name_en="", **place)


def body(answer: HttpResponse) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


Rows = dict[str, tuple[Any, dict[str, Any]]]


def truth(layer: Layer, system: CRS) -> Rows:
    """The geometry and the properties of each record by its code, as the API gives them."""
    found = relation(layer, AnonymousUser())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {feature_sql(found, system)} FROM {found.sql}", found.params)
        features = [json.loads(text) for (text,) in cursor.fetchall()]
    return rows_of(features)


def rows_of(features: Iterable[dict[str, Any]]) -> Rows:
    rows = [(feature["geometry"], feature["properties"]) for feature in features]
    by_code = {
        properties["code"]: (geometry and shapely.from_geojson(json.dumps(geometry)), properties) for geometry, properties in rows
    }
    assert len(by_code) == len(rows)
    return by_code


def read_by_debian(path: Path, layer: str) -> Rows:
    """What Debian's ogr2ogr reads."""
    command = ["ogr2ogr", "-f", "GeoJSON", "/vsistdout/", str(path), layer, "-lco", "COORDINATE_PRECISION=12"]
    done = subprocess.run(command, capture_output=True, check=True)
    return rows_of(json.loads(done.stdout)["features"])


def read_by_pyogrio(path: Path, layer: str) -> Rows:
    """What the newer GDAL inside pyogrio reads."""
    meta, _fids, shapes, columns = pyogrio.raw.read(path, layer=layer)
    features = zip(shapes, zip(*columns, strict=True), strict=True)
    return {
        properties["code"]: (shape and shapely.from_wkb(shape), properties)
        for shape, values in features
        for properties in [dict(zip(meta["fields"], map(_plain, values), strict=True))]
    }


READERS: list[Callable[[Path, str], Rows]] = [read_by_debian, read_by_pyogrio]


def _plain(value: Any) -> Any:
    if isinstance(value, numpy.datetime64):
        return None if numpy.isnat(value) else str(value.astype("datetime64[D]"))
    if isinstance(value, numpy.generic):
        value = value.item()
    return None if isinstance(value, float) and numpy.isnan(value) else value


def normalised(value: Any) -> Any:
    """A value as all formats can say it: no empty text or list but null, dates as text, 1 for yes."""
    if isinstance(value, str):
        return value.replace("/", "-") or None if len(value) == 10 and value[4] == "/" else value or None
    if isinstance(value, list):
        return value or None
    return value


def assert_same(read: Rows, wanted: Rows, tolerance: float) -> None:
    assert set(read) == set(wanted)
    for code, (shape, properties) in wanted.items():
        own_shape, own_properties = read[code]
        given = {name: normalised(value) for name, value in own_properties.items()}
        assert given == {name: normalised(value) for name, value in properties.items()}, code
        if shape is None:
            assert own_shape is None, code
        else:
            assert _as_many(own_shape).equals_exact(_as_many(shape), tolerance), code


def _as_many(shape: Any) -> Any:
    """A single shape is the same as several of which there is one: Shapefiles make no difference."""
    many = {"LineString": shapely.MultiLineString, "Polygon": shapely.MultiPolygon}.get(shape.geom_type)
    return (many([shape]) if many else shape).normalize()


def unzipped(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def full_names(folder: Path) -> dict[str, dict[str, str]]:
    """The dictionary of an exported Shapefile, by short name."""
    rows = csv.DictReader((folder / "fields.csv").read_text(encoding="utf-8-sig").splitlines())
    return {row["short_name"]: row for row in rows}


def texts_of(cell: Any) -> list[str] | None:
    """The list that a cell holds; GDAL's GeoJSON has made one of a text that looks like JSON."""
    if not cell or isinstance(cell, list):
        return cell or None
    texts: list[str] = json.loads(cell) if cell.startswith("[") else cell.split("；")
    return texts
