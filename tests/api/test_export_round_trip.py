"""Each layer as a GeoPackage and as a Shapefile, read back by two versions of GDAL, is what the API answers."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from lib.crs import BY_NAME, CRS
from portal import layers
from portal.layer import FieldType, Layer
from tests import exports
from tests.exports import READERS, Rows, assert_same, body, full_names, texts_of, truth, unzipped

pytestmark = pytest.mark.django_db

LAYERS = [layer.id for layer in layers.published()]
TOLERANCES = {"EPSG:4490": 1e-6, "EPSG:4526": 0.011}  # the API rounds
MOST_BYTES = 254
Reader = Callable[[Path, str], Rows]


@pytest.fixture(scope="module", autouse=True)
def _rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    yield from exports.committed(django_db_blocker, exports.make_rows)


def _system(name: str) -> CRS:
    return replace(BY_NAME[name], north_first=False)


def _layer(layer_id: str) -> Layer:
    layer = layers.find(layer_id)
    assert layer is not None
    return layer


def _mapped(rows: Rows, change: Callable[[str, Any], Any]) -> Rows:
    return {
        code: (shape, {name: change(name, value) for name, value in properties.items()})
        for code, (shape, properties) in rows.items()
    }


def _get(client: Client, layer_id: str, **parameters: str) -> bytes:
    return body(client.get(f"/api/v1/exports/{layer_id}/", parameters))


@pytest.mark.parametrize("crs", TOLERANCES)
@pytest.mark.parametrize("layer_id", LAYERS)
def test_a_geopackage_is_what_the_api_answers(client: Client, tmp_path: Path, layer_id: str, crs: str) -> None:
    path = tmp_path / "x.gpkg"
    path.write_bytes(_get(client, layer_id, f="gpkg", crs=crs))
    layer = _layer(layer_id)
    lists = {field.name for field in layer.fields if field.type is FieldType.TEXTS}

    def parsed(name: str, value: Any) -> Any:
        return json.loads(value) if name in lists and isinstance(value, str) else value

    wanted = truth(layer, _system(crs))
    assert wanted
    for reader in READERS:
        assert_same(_mapped(reader(path, layer_id), parsed), wanted, TOLERANCES[crs])


@pytest.mark.parametrize(("encoding", "crs"), [("utf-8", "EPSG:4490"), ("gbk", "EPSG:4490"), ("utf-8", "EPSG:4526")])
@pytest.mark.parametrize("layer_id", LAYERS)
def test_a_shapefile_is_what_the_api_answers(client: Client, tmp_path: Path, layer_id: str, encoding: str, crs: str) -> None:
    folder = unzipped(_get(client, layer_id, f="shp", crs=crs, encoding=encoding), tmp_path)
    layer, names = _layer(layer_id), full_names(folder)
    types = {field.name: field.type for field in layer.fields}

    def held(name: str, value: Any) -> Any:
        return _held(value, encoding) if types[name] is FieldType.TEXT else value

    def parsed(name: str, value: Any) -> Any:
        if types[name] is FieldType.TEXTS:
            return texts_of(value)
        return value if value is None or types[name] is not FieldType.BOOLEAN else bool(value)

    wanted = _mapped(truth(layer, _system(crs)), held)
    for reader in READERS:
        read: Rows = {}
        for path in folder.glob("*.shp"):
            part = reader(path, path.stem)
            assert not set(part) & set(read)
            read |= part
        read = {code: (shape, {names[name]["name"]: v for name, v in row.items()}) for code, (shape, row) in read.items()}
        assert_same(_mapped(read, parsed), wanted, TOLERANCES[crs])


def _held(text: str | None, encoding: str) -> str | None:
    """What a Shapefile can hold of a text."""
    if text is None:
        return None
    if encoding == "gbk":
        text = "".join(character if character.encode("gbk", "ignore") else "〓" for character in text)
    while len(text.encode(encoding)) > MOST_BYTES:
        text = text[:-1]
    return text.rstrip(" ")


@pytest.mark.parametrize(("encoding", "cpg"), [("utf-8", "UTF-8"), ("gbk", "CP936")])
def test_a_shapefile_says_what_it_changed(client: Client, tmp_path: Path, encoding: str, cpg: str) -> None:
    folder = unzipped(_get(client, "projects", f="shp", encoding=encoding, q="export-"), tmp_path)
    notes = (folder / "notes.txt").read_text(encoding="utf-8")
    assert {path.read_text() for path in folder.glob("*.cpg")} == {cpg}
    size = len(exports.LONG.encode(encoding))
    assert f"export-nasty, summary: cut, it has {size} bytes." in notes
    lacking = "export-nasty, name: GBK lacks 𠮷 (U+20BB7); the file has 〓 instead."
    assert (lacking in notes) == (encoding == "gbk")
    assert "search: export-" in notes
    assert "EPSG:4490" in notes


def test_the_dictionary_names_every_field(client: Client, tmp_path: Path) -> None:
    folder = unzipped(_get(client, "parcels", f="shp"), tmp_path)
    names = full_names(folder)
    assert [row["name"] for row in names.values()] == [field.name for field in _layer("parcels").fields]
    assert names["area_m2"] == {
        "short_name": "area_m2",
        "name": "area_m2",
        "label_zh": names["area_m2"]["label_zh"],
        "label_en": "registered area, m²",
        "type": "number",
        "unit": "m²",
    }
    assert all(len(short.encode()) <= 10 for short in names)


@pytest.mark.parametrize("f", ["gpkg", "shp"])
def test_no_row_at_all_is_still_a_file_with_its_fields(client: Client, tmp_path: Path, f: str) -> None:
    content = _get(client, "parcels", f=f, q="nothing of that name")
    path = tmp_path / "parcels.gpkg"
    if f == "shp":
        path = unzipped(content, tmp_path) / "parcels.shp"
    else:
        path.write_bytes(content)
    for reader in READERS:
        assert reader(path, "parcels") == {}
