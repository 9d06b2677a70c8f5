"""What the server gives the map page: every layer declared once, drawn with shapes and colours that exist."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation
from pytest_django import DjangoAssertNumQueries, Settings

from portal import views
from portal.layers import LAYERS, Group, Layer, Symbol, layer_groups

MAP_CSS = (settings.BASE_DIR / "static/css/map.css").read_text()
BASE_CSS = (settings.BASE_DIR / "static/css/base.css").read_text()
MARKS = (settings.BASE_DIR / "templates/portal/map_marks.html").read_text()
# No source has given a parcel or published a control line: the portal has the layers and says so.
NO_DATA = {"parcels", "control-lines"}
SYMBOLS = [pytest.param(symbol, id=f"{layer.id}-{symbol.value}") for layer in LAYERS for symbol in layer.symbols]


def config_of(page: str) -> dict[str, object]:
    found = re.search(r'<script id="map-config" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    config: dict[str, object] = json.loads(found[1])
    return config


@pytest.mark.django_db
def test_page_legend_and_scripts_walk_the_same_layers(client: Client) -> None:
    page = client.get("/").content.decode()
    boxes = re.findall(r'name="layer"\s+value="([\w-]+)"', page)
    assert sorted(boxes) == sorted(layer.id for layer in LAYERS)
    assert [layer["id"] for layer in config_of(page)["layers"]] == [layer.id for layer in LAYERS]
    checked = re.findall(r'value="([\w-]+)"\s+checked', page)
    assert sorted(checked) == sorted(layer.id for layer in LAYERS if layer.visible)


def test_every_layer_is_in_one_group() -> None:
    grouped = [layer for group in layer_groups() for layer in group.layers]
    assert sorted(layer.id for layer in grouped) == sorted(layer.id for layer in LAYERS)
    assert len(layer_groups()) == len(Group)
    assert all(group.layers for group in layer_groups())


@pytest.mark.django_db
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)
def test_the_address_of_a_layer_answers_with_features(client: Client, layer: Layer) -> None:
    response = client.get(layer.url)
    assert response.status_code == HTTPStatus.OK
    features = json.loads(response.content)["features"]
    assert features or layer.id in NO_DATA
    assert all(feature["properties"]["name"] for feature in features)


@pytest.mark.django_db
@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer.record_kind], ids=lambda layer: layer.id)
def test_the_records_of_a_layer_have_a_panel(client: Client, layer: Layer) -> None:
    feature = json.loads(client.get(layer.url).content)["features"][0]
    response = client.get(f"/panel/{layer.record_kind}/{feature['id']}/")
    assert response.status_code == HTTPStatus.OK


@pytest.mark.django_db
@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer.symbol_field], ids=lambda layer: layer.id)
def test_every_value_of_a_layer_has_a_legend_entry(client: Client, layer: Layer) -> None:
    features = json.loads(client.get(layer.url).content)["features"]
    values = {feature["properties"][layer.symbol_field] or "" for feature in features}
    assert values <= {symbol.value for symbol in layer.symbols}


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_symbol_names_a_colour_and_a_shape_that_exist(symbol: Symbol) -> None:
    for token in filter(None, [symbol.colour, symbol.fill]):
        assert f"  {token}:" in MAP_CSS + BASE_CSS
    if symbol.mark:
        assert f'id="mark-{symbol.mark}"' in MARKS


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer.symbol_field], ids=lambda layer: layer.id)
def test_symbols_of_a_layer_differ_in_more_than_colour(layer: Layer) -> None:
    looks = [(symbol.mark, symbol.width, symbol.dash) for symbol in layer.symbols]
    assert len(looks) == len(set(looks))


@pytest.mark.django_db
def test_the_page_holds_no_inline_style_or_script(client: Client) -> None:
    page = client.get("/").content.decode()
    assert not re.search(r"\sstyle=|\son\w+=|<style", page)
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page) == ['<script id="map-config" type="application/json">']
    assert not re.search(r'(src|href)="(https?:)?//', page)


@pytest.mark.django_db
def test_the_approval_number_stands_beside_the_credit(client: Client, settings: Settings) -> None:
    assert "审图号" not in client.get("/").content.decode()
    settings.MAP_APPROVAL_NUMBER = "审图号：晋S（2026）001号"
    page = client.get("/").content.decode()
    assert "边界数据来源：国家地理信息公共服务平台（天地图）" in page
    assert "审图号：晋S（2026）001号" in page


@pytest.mark.django_db
def test_the_map_asks_little_of_the_database(client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(1):
        client.get("/")


def test_rivers_are_cached(client: Client) -> None:
    assert "max-age=86400" in client.get("/map/rivers.geojson").headers["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("zh-hans", "此地址没有内容"), ("en", "There is nothing at this address")])
def test_an_unknown_address_has_a_page_of_its_own(client: Client, language: str, words: str) -> None:
    client.cookies["language"] = language
    response = client.get("/no/such/page/")
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert words in response.content.decode()
    assert response.headers["X-Request-ID"] in response.content.decode()


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (lambda request: views.bad_request(request, ValueError()), 400),
        (lambda request: views.permission_denied(request, PermissionError()), 403),
        (views.server_error, 500),
    ],
)
def test_other_errors_have_pages_that_need_no_database(view: Callable[[HttpRequest], HttpResponse], status: int) -> None:
    with translation.override("en"):
        response = view(RequestFactory().get("/"))
    assert response.status_code == status
    assert "Open the map" in response.content.decode()
