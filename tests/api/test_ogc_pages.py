"""What the OGC API says of itself: every link leads to what it promises, every document is what its standard asks for."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV30SpecValidator

from lib.crs import SYSTEMS
from portal import layers
from portal.layer import FieldType
from tests.dom import Element, parse
from tests.factories import geometry, make
from zones.models import Park
from zones.models.records import LocationPrecision

pytestmark = pytest.mark.django_db

COLLECTIONS = [layer.id for layer in layers.published()]
ROOT = "http://testserver/ogc/"
METADATA = [
    "",
    "conformance",
    "api",
    "collections",
    "tileMatrixSets",
    "tileMatrixSets/WebMercatorQuad",
    *(f"collections/{name}{more}" for name in COLLECTIONS for more in ("", "/queryables", "/schema", "/tiles")),
    *(f"collections/{name}/tiles/WebMercatorQuad" for name in COLLECTIONS),
]


def links_in(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        if "href" in document and "rel" in document:
            yield document
        for value in document.values():
            yield from links_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from links_in(value)


@pytest.mark.parametrize("path", ["", "collections", *(f"collections/{name}" for name in COLLECTIONS)])
def test_every_link_answers_with_its_type(client: Client, path: str) -> None:
    document = client.get(f"/ogc/{path}").json()
    found = list(links_in(document))
    assert {"self", "alternate"} <= {link["rel"] for link in document["links"]}
    for link in found:
        assert link["href"].startswith(ROOT)
        answer = client.get(link["href"], headers={"Accept": link["type"]})
        assert answer.status_code == 200, link
        assert answer.headers["Content-Type"].replace("; charset=utf-8", "") == link["type"], link


def test_the_tiles_lead_to_tiles(client: Client) -> None:
    sets = client.get("/ogc/collections/projects/tiles").json()["tilesets"]
    for link in links_in(sets):
        assert client.get(link["href"]).status_code == 200
    tileset = client.get(sets[0]["links"][0]["href"]).json()
    item = next(link for link in tileset["links"] if link["rel"] == "item")
    assert item["templated"] is True
    address = item["href"].format(tileMatrix=8, tileRow=98, tileCol=208)
    tile = client.get(address)
    assert tile.headers["Content-Type"] == item["type"] == "application/vnd.mapbox-vector-tile"
    assert tile.content == client.get("/tiles/projects/8/208/98.mvt").content
    assert len(tile.content) > 100


def test_the_landing_page_has_what_the_standard_asks_for(client: Client) -> None:
    document = client.get("/ogc/").json()
    assert document == client.get("/ogc").json()
    relations = {link["rel"] for link in document["links"]}
    assert {"self", "service-desc", "service-doc", "conformance", "data"} <= relations


def test_conformance_classes_are_uris_of_classes(client: Client) -> None:
    classes = client.get("/ogc/conformance").json()["conformsTo"]
    assert len(set(classes)) == len(classes)
    assert all("/conf/" in uri for uri in classes)
    for part, name in (("features-1", "core"), ("features-2", "crs"), ("features-3", "filter"), ("tiles-1", "core")):
        assert f"http://www.opengis.net/spec/ogcapi-{part}/1.0/conf/{name}" in classes
    assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text" in classes


def test_a_collection_tells_its_systems_and_extent(client: Client) -> None:
    make(Park, geom=geometry("POINT(111.23456 37.5)"), location_precision="site")
    found = {collection["id"]: collection for collection in client.get("/ogc/collections").json()["collections"]}
    assert list(found) == COLLECTIONS
    for name, collection in found.items():
        assert collection["crs"] == [system.uri for system in SYSTEMS]
        assert collection["storageCrs"] == "http://www.opengis.net/def/crs/EPSG/0/4490"
        assert collection["itemType"] == "feature"
        alone = client.get(f"/ogc/collections/{name}").json()
        assert alone.get("extent") == collection.get("extent")
        boxes = [feature["geometry"] for feature in client.get(f"/ogc/collections/{name}/items?limit=1000").json()["features"]]
        assert bool(any(boxes)) == ("extent" in collection)
    west, south, _east, _north = found["parks"]["extent"]["spatial"]["bbox"][0]
    assert west == 111.2345
    assert south <= 37.5


@pytest.mark.parametrize("name", ["projects", "counties", "transport"])
def test_the_extent_holds_every_feature(client: Client, name: str) -> None:
    west, south, east, north = client.get(f"/ogc/collections/{name}").json()["extent"]["spatial"]["bbox"][0]
    drawn = client.get(f"/ogc/collections/{name}/items?limit=1000&count=exact").json()["features"]
    located = [feature for feature in drawn if feature["geometry"]]
    within = client.get(f"/ogc/collections/{name}/items?limit=1000&bbox={west},{south},{east},{north}").json()
    assert within["numberMatched"] == len(located)
    beyond = client.get(f"/ogc/collections/{name}/items?limit=1000&bbox=-180,-90,{west - 0.0002:.4f},90").json()
    assert beyond["numberMatched"] == 0


# --- schemas


def told(about: dict[str, Any]) -> dict[str, Any]:
    return {name: (each["type"], each.get("enum", [])) for name, each in about.items() if name != "geometry"}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_schemas_describe_the_fields(client: Client, name: str) -> None:
    layer = layers.find(name)
    assert layer
    types = {FieldType.TEXTS: "array", FieldType.DATE: "string", FieldType.TEXT: "string"}
    fields = {
        field.name: (types.get(field.type, field.type), [value for value, _label in field.choices]) for field in layer.fields
    }
    for kind in ("queryables", "schema"):
        answer = client.get(f"/ogc/collections/{name}/{kind}")
        assert answer.headers["Content-Type"] == "application/schema+json"
        schema = answer.json()
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == f"{ROOT}collections/{name}/{kind}"
        properties = schema["properties"] if kind == "queryables" else schema["properties"]["properties"]["properties"]
        assert told(properties) == fields
        assert all(about["title"] for about in properties.values())


def test_units_and_meanings_are_told_in_the_language_of_the_request(client: Client) -> None:
    english = client.get("/ogc/collections/projects/queryables").json()["properties"]
    assert english["investment_wan"]["description"] == "in 10,000 yuan"
    assert "building: under construction" in english["stage"]["description"]
    chinese = client.get("/ogc/collections/projects/queryables", headers={"Accept-Language": "zh-CN"}).json()["properties"]
    assert chinese["stage"]["title"] == "阶段"
    assert "building: 在建" in chinese["stage"]["description"]


def test_each_queryable_can_be_filtered_by(client: Client) -> None:
    for name in COLLECTIONS:
        for field in client.get(f"/ogc/collections/{name}/queryables").json()["properties"]:
            answer = client.get(f"/ogc/collections/{name}/items", {"filter": f"{field} IS NOT NULL"})
            assert answer.status_code == 200, (name, field, answer.content)


# --- the OpenAPI document


def test_the_document_is_valid_openapi(client: Client) -> None:
    answer = client.get("/ogc/api")
    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    OpenAPIV30SpecValidator(answer.json()).validate()
    assert answer.json()["servers"] == [{"url": "http://testserver/ogc"}]


def test_the_document_has_every_address_and_parameter(client: Client) -> None:
    document = client.get("/ogc/api").json()
    names = [parameter["name"] for parameter in document["components"]["parameters"].values()]
    for layer in layers.published():
        items = document["paths"][f"/collections/{layer.id}/items"]["get"]
        own = {parameter["name"] for parameter in items["parameters"] if "name" in parameter}
        assert own == {"sortby", "properties", *(field.name for field in layer.fields)}
        assert len(items["parameters"]) == len(own) + len(names)
        assert f"/collections/{layer.id}/items/{{featureId}}" in document["paths"]
    limit = document["components"]["parameters"]["limit"]["schema"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 1000, 100)


# --- tiles


def test_the_grid_is_that_of_web_maps(client: Client) -> None:
    grid = client.get("/ogc/tileMatrixSets/WebMercatorQuad").json()
    assert grid["uri"] == "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
    first, second = grid["tileMatrices"][:2]
    # OGC 17-083r4, annex D
    assert first["scaleDenominator"] == pytest.approx(559082264.028717, rel=1e-9)
    assert first["cellSize"] == pytest.approx(156543.033928041, rel=1e-9)
    assert first["pointOfOrigin"] == pytest.approx([-20037508.3427892, 20037508.3427892])
    assert (second["id"], second["matrixWidth"], second["matrixHeight"]) == ("1", 2, 2)


@pytest.mark.parametrize("path", ["8/208/98", "8/98/99999", "30/1/1", "x/1/1", "8/-1/1", "8/1.5/1"])
def test_tiles_that_are_none(client: Client, path: str) -> None:
    answer = client.get(f"/ogc/collections/projects/tiles/WebMercatorQuad/{path}")
    if path == "8/208/98":  # the column before the row: another place, and nothing there
        assert answer.status_code == 200
        assert answer.content == b""
    else:
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


# --- pages of the portal


@pytest.fixture
def page(client: Client) -> Any:
    def opened(path: str, language: str = "en") -> Element:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        answer = client.get(f"/ogc/{path}", headers={"Accept": "text/html"})
        assert answer.status_code == 200, path
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        return parse(answer.content.decode())

    return opened


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("path", [*METADATA, *(f"collections/{name}/items?limit=3" for name in COLLECTIONS)])
def test_everything_is_a_page_too(page: Any, path: str, language: str) -> None:
    opened = page(path, language)
    assert len(opened.all("h1")) == 1
    assert opened.all("h1")[0].text
    assert opened.all("html")[0].attributes["lang"] == ("en" if language == "en" else "zh-Hans-CN")


def test_a_page_of_features_leads_to_each_and_to_the_next_page(page: Any, client: Client) -> None:
    opened = page("collections/projects/items?limit=4&sortby=name")
    rows = opened.all("tbody")[0].all("tr")
    assert len(rows) == 4
    for row in rows:
        assert client.get(row.all("a")[0].attributes["href"]).status_code == 200
    following = opened.all("a", rel="next")[0].attributes["href"]
    assert len(parse(client.get(following, headers={"Accept": "text/html"}).content.decode()).all("tbody")[0].all("tr")) == 4


def test_the_page_of_a_feature_tells_all_of_it(page: Any) -> None:
    made = make(
        Park, name="<b>园区</b>", aliases=["甲"], geom=geometry("POINT(112.5 38.5)"), location_precision="site", level="province"
    )
    opened = page(f"collections/parks/items/{made.code}", "zh-hans")
    assert opened.all("h1")[0].text == "<b>园区</b>"
    values = {term.text: value.text for term, value in zip(opened.all("dt"), opened.all("dd"), strict=True)}
    assert values["编码"] == made.code
    with translation.override("zh-hans"):
        assert values["位置精度"] == str(LocationPrecision.SITE.label)
    assert values["别名"] == "甲"
    assert "Point" in values.values()
