"""What the OGC API refuses, and how: the parameter is named, and nothing is ignored or clipped."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from lib.crs import BY_NAME
from portal import layers

from .test_ogc_pages import METADATA
from .test_refusals import assert_names, assert_problem

pytestmark = pytest.mark.django_db

ITEMS = "/ogc/collections/projects/items"
COLLECTIONS = [layer.id for layer in layers.published()]
GK38 = BY_NAME["EPSG:4526"].uri
GK114 = BY_NAME["EPSG:4547"].uri
LATITUDE_FIRST = BY_NAME["EPSG:4490"].uri

BAD: list[dict[str, str]] = [
    *({"limit": limit} for limit in ("0", "-1", "1001", "1000000000", "9" * 40, "abc", "1.5", "１", "1e2", " ")),
    *({"f": wanted} for wanted in ("xml", "JSON", "geojson", "json,html")),
    *({"count": wanted} for wanted in ("true", "EXACT", "cheap")),
    *(
        {"bbox": bbox}
        for bbox in (
            "112,38,113,39,40",
            "112,38,113",
            "112,38,0,113,39",
            "112;38;113;39",
            "112,38,113,NaN",
            "inf,38,113,39",
            "1e309,38,113,39",
            "112,38,1e9,39",
            "112,38,113,",
            "113,39,112,38",
            "113,38,112,39",
            "38,112,39,113",
            "112,38,112,39",
            "112,-91,113,39",
            "112,38,181,39",
            "0x1,2,3,4",
            "112, 38, 113, 39",
            "112,38,113," + "9" * 400,
        )
    ),
    *({"datetime": asked} for asked in ("2022-13-01", "2022-02-30", "2022", "../..", "/", "../", "2022-03-01/2022-02-01")),
    *({"datetime": asked} for asked in ("2022-03-01T00:00:00", "2022-03-01T25:00:00Z", "now", "2022-01-01/2022-02-01/..")),
    *({"datetime": asked} for asked in ("0000-01-01", "2022-03-01T00:00:00Z/2022-02-28", "２０２２-03-01")),
    *({"crs": uri} for uri in ("EPSG:4326", "http://www.opengis.net/def/crs/EPSG/0/4327", "crs84", GK38 + "/")),
    *({"sortby": order} for order in ("colour", "-", "name,", "name,name", "name,-name", "aliases", "pk", "geom", "name;drop")),
    *({"properties": names} for names in ("colour", "name,", "name,name", "pk", "geometry", "search_keys")),
    *({"colour": "red"}, {"offset": "1"}, {"q": "x"}, {"pk": "1"}, {"search_keys": "x"}, {"stage": "none"}, {"stage_as_of": "x"}),
    *({"filter": text} for text in ("stage =", "colour = 1", "LIKE '%%%'", "名称", "a" * 60_000)),
    {"filter": "code IN (" + ",".join(f"'{number}'" for number in range(10_000)) + ")"},
    {"filter": "NOT " * 2000 + "stage = 'x'"},
]


@pytest.mark.parametrize("parameters", BAD, ids=lambda asked: " ".join(f"{k}={v[:30]}" for k, v in asked.items()))
def test_a_bad_parameter_is_named(client: Client, parameters: dict[str, str]) -> None:
    assert_names(client.get(ITEMS, parameters), *parameters)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"bbox-crs": LATITUDE_FIRST}, "bbox-crs"),
        ({"filter-crs": LATITUDE_FIRST}, "filter-crs"),
        ({"filter-lang": "cql2-json"}, "filter-lang"),
        ({"filter": "stage = 'x'", "filter-lang": "cql"}, "filter-lang"),
        ({"filter": "stage = 'x'", "filter-crs": "EPSG:4490"}, "filter-crs"),
        ({"filter": "stage = 'x'", "filter-lang": "cql2-json"}, "filter"),
        ({"bbox": "112,38,113,39", "bbox-crs": "EPSG:4490"}, "bbox-crs"),
        # the other axis order
        ({"bbox": "112,38,113,39", "bbox-crs": LATITUDE_FIRST}, "bbox"),
        ({"bbox": "38300000,4200000,38500000,4300000", "bbox-crs": GK38}, "bbox"),
        ({"bbox": "300000,4200000,500000,4300000", "bbox-crs": GK114}, "bbox"),
        ({"bbox": "-30000000,0,0,1", "bbox-crs": BY_NAME["EPSG:3857"].uri}, "bbox"),
    ],
)
def test_parameters_that_do_not_fit_each_other(client: Client, parameters: dict[str, str], named: str) -> None:
    assert_names(client.get(ITEMS, parameters), named)


@pytest.mark.parametrize("path", [*METADATA, "collections/projects/items", "collections/projects/items/PRJ-001"])
def test_unknown_repeated_and_empty_parameters_are_all_named(client: Client, path: str) -> None:
    assert_names(client.get(f"/ogc/{path}?colour=red&f=json&f=json&limits="), "colour", "f", "limits")
    assert_names(client.get(f"/ogc/{path}?f="), "f")
    assert_names(client.get(f"/ogc/{path}?f=json%00"), "f")


@pytest.mark.parametrize("path", [*METADATA, "collections/projects/items", "collections/projects/items/PRJ-001"])
def test_a_format_that_is_not_offered(client: Client, path: str) -> None:
    assert "html" in assert_names(client.get(f"/ogc/{path}?f=gml"), "f")[0]
    for accept in ("image/png", "application/xml", "nonsense"):
        assert "json" in assert_problem(client.get(f"/ogc/{path}", headers={"Accept": accept}), 406)["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "collections/",
        "collections/nothing",
        "collections/nothing/items",
        "collections/rivers/items",
        "collections/projects/items/nothing",
        "collections/projects/items/../x",
        "collections/projects/items/" + "x" * 5000,
        "collections/projects/items/%27%20OR%201=1",
        "collections/parks/items/PRJ-001",
        "collections/%00/items",
        "collections/projects/tiles/WorldCRS84Quad",
        "tileMatrixSets/WorldCRS84Quad",
        *(f"collections/nothing/{name}" for name in ("queryables", "schema", "tiles", "tiles/WebMercatorQuad")),
        "collections/nothing/tiles/WebMercatorQuad/0/0/0",
    ],
)
def test_what_is_not_there(client: Client, path: str) -> None:
    assert_problem(client.get(f"/ogc/{path}"), 404)
    assert_problem(client.get(f"/ogc/{path}", headers={"Accept": "text/html"}), 404)


@pytest.mark.parametrize("path", ["", "collections", "collections/projects/items", "collections/projects/items/PRJ-001"])
def test_nothing_is_written(client: Client, path: str) -> None:
    for method in (client.post, client.put, client.patch, client.delete):
        answer = method(f"/ogc/{path}")
        assert_problem(answer, 405)
        assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", [*METADATA, "collections/projects/items", "collections/projects/items/PRJ-001"])
def test_head(client: Client, path: str) -> None:
    answer = client.head(f"/ogc/{path}")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}/PRJ-001", "/ogc/collections"])
def test_without_a_database_the_caller_is_asked_to_come_again(client: Client, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def fail(*_args: Any) -> None:
        raise OperationalError("password of secret")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", fail)
    answer = client.get(path)
    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize("value", ["%", "_", "'", '"', "😀", "𠮷", "‮", "x" * 10_000, "<script>", "%s", "{0}", "%(name)s"])
def test_any_text_is_only_text(client: Client, value: str) -> None:
    for parameters in ({"name": value}, {"aliases": value}, {"filter": "name = '" + value.replace("'", "''") + "'"}):
        answer = client.get(ITEMS, parameters)
        assert answer.status_code == 200, answer.content
        assert answer.json()["features"] == []


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_parameter_of_another_collection_is_unknown(client: Client, collection: str) -> None:
    layer = layers.find(collection)
    assert layer
    others = {field.name for other in layers.published() for field in other.fields} - {field.name for field in layer.fields}
    for name in others:
        assert_names(client.get(f"/ogc/collections/{collection}/items", {name: "x"}), name)
        assert_names(client.get(f"/ogc/collections/{collection}/items", {"sortby": name}), "sortby")
        assert_names(client.get(f"/ogc/collections/{collection}/items", {"filter": f"{name} IS NULL"}), "filter")
