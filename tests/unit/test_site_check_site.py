"""Reading a site: what is mended is said, what may be a mistake is refused with a proposal."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from lib.parameters import Refusal
from zones.sitecheck.site import MOST_VERTICES, parse_json, read_site

RING = [[112.6, 38.1], [112.602, 38.1], [112.602, 38.102], [112.6, 38.102], [112.6, 38.1]]


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def refused(geometry: Any, crs: Any = None) -> dict[str, str]:
    with pytest.raises(Refusal) as caught:
        read_site(geometry, crs)
    return caught.value.errors


def coordinates(geometry: Any, crs: Any = None) -> Any:
    return json.loads(read_site(geometry, crs).geojson)["coordinates"]


@pytest.mark.parametrize(
    ("kind", "given", "dimension"),
    [
        ("Point", [112.6, 38.1], 0),
        ("MultiPoint", [[112.6, 38.1]], 0),
        ("LineString", RING[:2], 1),
        ("MultiLineString", [RING[:2], RING[2:4]], 1),
        ("Polygon", [RING], 2),
        ("MultiPolygon", [[RING]], 2),
    ],
)
def test_every_kind_is_read_as_it_is(kind: str, given: Any, dimension: int) -> None:
    site = read_site({"type": kind, "coordinates": given})
    assert json.loads(site.geojson) == {"type": kind, "coordinates": given}
    assert (site.dimension, site.srid, site.crs, site.notes) == (dimension, 4490, "EPSG:4490", ())


def test_a_feature_is_its_geometry() -> None:
    assert coordinates({"type": "Feature", "geometry": polygon(RING), "properties": {}}) == [RING]


@pytest.mark.parametrize(
    ("crs", "srid"),
    [(None, 4490), ("EPSG:4490", 4490), ("epsg:4326", 4490), (4525, 4525), ("EPSG:4547", 4547), ("EPSG:3857", 3857)],
)
def test_the_system_of_the_coordinates(crs: Any, srid: int) -> None:
    east, north = {4490: (112.6, 38.1), 4525: (37_640_000, 4_219_000), 4547: (377_000, 4_219_000), 3857: (12.53e6, 4.6e6)}[srid]
    assert read_site({"type": "Point", "coordinates": [east, north]}, crs).srid == srid


def test_what_is_mended_is_said() -> None:
    site = read_site(polygon([[*point, 800.0] for point in RING[:2]] + [RING[1], *RING[2:4]]))
    assert json.loads(site.geojson)["coordinates"] == [RING]
    assert [note.code for note in site.notes] == ["flattened", "thinned", "closed"]
    assert "coordinates[0]" in str(site.notes[2])


@pytest.mark.parametrize(
    ("geometry", "part"),
    [
        (None, "GeoJSON"),
        ([], "GeoJSON"),
        ("POLYGON((1 2))", "GeoJSON"),
        ({"type": "Feature", "geometry": None}, "GeoJSON"),
        ({"type": "Circle", "coordinates": []}, "one of Point"),
        ({"type": ["Polygon"], "coordinates": []}, "one of Point"),
        ({"type": "GeometryCollection", "geometries": []}, "Multi"),
        ({"type": "Polygon"}, "not a list"),
        (polygon(), "no points"),
        (polygon([]), "no points"),
        (polygon([RING[0], RING[1]]), "2 different points"),
        (polygon([RING[0], RING[1], RING[0]]), "2 different points"),
        (polygon(RING, [RING[0]] * 5), "coordinates[1] has 1"),
        ({"type": "LineString", "coordinates": [RING[0], RING[0]]}, "1 different points"),
        (polygon([["112.6", "38.1"], *RING[1:]]), "not a number"),
        (polygon([[True, 38.1], *RING[1:]]), "not a number"),
        (polygon([[float("nan"), 38.1], *RING[1:]]), "not a number"),
        (polygon([[1e308, 38.1], *RING[1:]]), "not a number"),
        (polygon([[10**400, 38], *RING[1:]]), "not a number"),
        (polygon([[112.6], *RING[1:]]), "not a position"),
        (polygon([{"x": 1}, *RING[1:]]), "not a position"),
        (polygon(RING[0]), "not a position"),
    ],
)
def test_what_is_no_site_is_refused(geometry: Any, part: str) -> None:
    errors = refused(geometry)
    assert list(errors) == ["geometry"]
    assert part in errors["geometry"]


@pytest.mark.parametrize(
    ("position", "crs", "member", "part"),
    [
        ([38.1, 112.6], None, "geometry", "swap"),
        ([38.1, 89.0], None, "geometry", "swap"),
        ([37_640_000.0, 4_219_000.0], None, "crs", "EPSG:4525"),
        ([38_377_000.0, 4_219_000.0], "EPSG:4326", "crs", "EPSG:4526"),
        ([640_000.0, 4_219_000.0], None, "crs", "EPSG:4546"),
        ([112.6, 38.1], "EPSG:4525", "crs", "EPSG:4490"),
        ([4_219_000.0, 377_000.0], "EPSG:4547", "geometry", "swap"),
        ([4_219_000.0, 37_640_000.0], "EPSG:4525", "geometry", "swap"),
        ([200.0, 95.0], None, "geometry", "outside"),
        ([112.6, 38.1], "GCJ-02", "crs", "570 m"),
        ([112.6, 38.1], "EPSG:2381", "crs", "EPSG:4490"),
        ([112.6, 38.1], {"a": 1}, "crs", "EPSG:4490"),
    ],
)
def test_what_was_probably_meant_is_proposed(position: Any, crs: Any, member: str, part: str) -> None:
    errors = refused({"type": "Point", "coordinates": position}, crs)
    assert list(errors) == [member]
    assert part in errors[member]


def test_a_million_points_are_refused_by_their_number() -> None:
    ring = [[112 + number / 1e6, 38.0] for number in range(MOST_VERTICES)]
    assert str(MOST_VERTICES + 1) in refused(polygon([*ring, [112.0, 38.1]]))["geometry"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"a": NaN}', b'{"a": -Infinity}', b"[" * 100_000, b"1" * 10_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal):
        parse_json(body)
