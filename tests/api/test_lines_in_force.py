"""Control lines on the surfaces: those of the releases in force today, demonstration data marked."""

from datetime import timedelta
from typing import Any

import mapbox_vector_tile
import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import geometry, make_line, make_release
from zones.models import Release

pytestmark = pytest.mark.django_db

AREA = "POLYGON((112.5 38,112.51 38,112.51 38.01,112.5 38.01,112.5 38))"
ITEMS = "/ogc/collections/control-lines/items"


def line_of(release: Release) -> str:
    return make_line(release, geometry(AREA)).code


def listed(client: Client) -> dict[str, dict[str, Any]]:
    return {one["id"]: one["properties"] for one in client.get(ITEMS, {"f": "json"}).json()["features"]}


def identified(client: Client) -> dict[str, dict[str, Any]]:
    (layer,) = client.get("/api/v1/identify", {"lon": "112.505", "lat": "38.005", "layers": "control-lines"}).json()["layers"]
    return {one["id"]: one["properties"] for one in layer["features"]}


def drawn(client: Client) -> dict[str, dict[str, Any]]:
    tile = mapbox_vector_tile.decode(client.get("/tiles/control-lines/12/3328/1579.mvt").content)
    return {one["properties"]["code"]: one["properties"] for layer in tile.values() for one in layer["features"]}


def test_every_surface_shows_what_is_in_force_and_nothing_else(client: Client) -> None:
    today = timezone.localdate()
    in_force = line_of(make_release("flood"))
    demo = line_of(make_release("mining", is_demo=True))
    line_of(make_release("heritage", begins=None))
    line_of(make_release("polluted-plots", begins=today + timedelta(days=1)))
    ended = make_release("nature-reserves")
    ended.activations.update(ends=today)
    line_of(ended)
    cancelled = make_release("parks")
    cancelled.activations.update(cancelled_at=timezone.now())
    line_of(cancelled)
    for surface in (listed, identified, drawn):
        found = surface(client)
        assert {code: properties["is_demo"] for code, properties in found.items()} == {in_force: False, demo: True}
        assert found[in_force]["theme"] == "flood"


def test_an_activation_gives_tiles_another_validator(client: Client) -> None:
    release = make_release("flood", begins=None)
    line_of(release)
    before = client.get("/tiles/control-lines/12/3328/1579.mvt").headers["ETag"]
    release.activations.create(theme="flood", begins=timezone.localdate(), made_by="test")
    again = client.get("/tiles/control-lines/12/3328/1579.mvt", headers={"If-None-Match": before})
    assert again.status_code == 200
    assert again.headers["ETag"] != before
