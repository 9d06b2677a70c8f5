"""Declare once, publish everywhere: one more declaration is all that a layer needs, and its queryset decides on every surface."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import mapbox_vector_tile
import pytest
from django.db.models import QuerySet
from django.http import HttpResponse
from django.test import Client
from django.utils.translation import gettext_lazy as _

from portal import layers
from portal.layer import Geometry, Group, Layer, Symbol, fields_of
from portal.relation import _public_relation
from zones.filters import CulturalSiteFilter
from zones.models import CulturalSite, PublishedQuerySet

pytestmark = pytest.mark.django_db

# Two sites of fixtures/, 40 m apart: exports read over a connection of their own and see committed rows only.
SHOWN, HIDDEN = "governors-mansion", "jin-merchants-museum"
SHOWN_NAME, HIDDEN_NAME = "督军府", "晋商博物院"
LON, LAT = 112.5565, 37.8744
TILE = "10/832/395"  # holds them


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Layer:
    layer = Layer(
        id="toys",
        group=Group.BASE,
        title=_("Projects"),
        queryset=CulturalSite.objects.all(),
        fields=fields_of(CulturalSite, "code", "name", "aliases", "kind", "grade", "location_precision"),
        filterset=CulturalSiteFilter,
        tile_fields=("kind",),
        geometry=Geometry.POINT,
        symbols=(Symbol("", _("Park or development zone"), "--map-park", mark="park"),),
        source_note=_("Centres of townships, some kilometres off their seats."),
    )
    monkeypatch.setattr(layers, "LAYERS", (*layers.LAYERS, layer))
    return layer


def body(answer: HttpResponse) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def codes_of(features: list[dict[str, Any]]) -> set[str]:
    return {feature["id"] for feature in features}


def on_the_map(client: Client) -> str:
    return client.get("/").content.decode()


def in_items(client: Client) -> str:
    return body(client.get("/ogc/collections/toys/items", {"limit": 1000})).decode()


def in_tile(client: Client) -> str:
    tile = mapbox_vector_tile.decode(body(client.get(f"/tiles/toys/{TILE}.mvt")))
    return json.dumps([feature["properties"] for feature in tile.get("toys", {"features": []})["features"]], ensure_ascii=False)


def in_identify(client: Client) -> str:
    return body(client.get("/api/v1/identify", {"lon": LON, "lat": LAT, "tolerance_m": 100, "layers": "toys"})).decode()


def in_search(client: Client) -> str:
    return "".join(body(client.get("/api/v1/search", {"q": q, "layers": "toys"})).decode() for q in (SHOWN_NAME, HIDDEN_NAME))


def in_export(client: Client) -> str:
    return body(client.get("/api/v1/exports/toys/", {"f": "csv"})).decode("utf-8-sig")


def in_shapefile(client: Client) -> str:
    archive = zipfile.ZipFile(io.BytesIO(body(client.get("/api/v1/exports/toys/", {"f": "shp"}))))
    return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist() if name.endswith(".dbf"))


SURFACES = [in_items, in_tile, in_identify, in_search, in_export, in_shapefile]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.__name__)
def test_the_layer_is_there(client: Client, surface: Callable[[Client], str]) -> None:
    found = surface(client)
    assert SHOWN in found
    assert SHOWN_NAME in found


def test_the_map_and_its_legend_have_it(client: Client) -> None:
    assert 'value="toys"' in on_the_map(client)


def test_it_is_a_collection_with_queryables_and_tiles(client: Client) -> None:
    collections = client.get("/ogc/collections", headers={"Accept": "application/json"}).json()["collections"]
    assert "toys" in {collection["id"] for collection in collections}
    assert {"code", "kind", "grade"} <= set(client.get("/ogc/collections/toys/queryables").json()["properties"])
    assert client.get("/tiles/toys.json").json()["vector_layers"][0]["id"] == "toys"
    assert client.get("/ogc/collections/toys/tiles/WebMercatorQuad/10/393/832").status_code == 200


def test_the_api_documents_name_it(client: Client) -> None:
    assert "/collections/toys/items" in json.dumps(client.get("/ogc/api").json())


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.__name__)
def test_the_queryset_decides_what_is_seen(
    client: Client, monkeypatch: pytest.MonkeyPatch, surface: Callable[[Client], str]
) -> None:
    def visible_to(self: QuerySet[Any], user: object) -> QuerySet[Any]:
        return self.exclude(code=HIDDEN)

    assert HIDDEN in surface(client)
    _public_relation.cache_clear()
    monkeypatch.setattr(PublishedQuerySet, "visible_to", visible_to)
    found = surface(client)
    assert SHOWN in found
    assert HIDDEN not in found
    assert HIDDEN_NAME not in found


def test_a_hidden_record_is_not_there_when_its_code_is_guessed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get(f"/ogc/collections/toys/items/{HIDDEN}").status_code == 200
    _public_relation.cache_clear()
    monkeypatch.setattr(PublishedQuerySet, "visible_to", lambda self, user: self.exclude(code=HIDDEN))
    assert client.get(f"/ogc/collections/toys/items/{HIDDEN}").status_code == 404
