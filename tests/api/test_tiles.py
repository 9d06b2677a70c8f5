"""Vector tiles: what is in them, when a client must read them anew, and what is refused."""

import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pyogrio
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from lib.mvt import Tile
from portal import layers
from portal.layer import Layer
from portal.relation import _public_relation, relation
from projects.models import Parcel, Project
from tests.factories import county, geometry, make
from zones.boundaries import CREDIT
from zones.models import County, Policy, PublishedQuerySet

from .test_refusals import assert_names, assert_problem

pytestmark = pytest.mark.django_db

LON, LAT = 112.8, 38.62  # where the fixtures have nothing
SITE = {"geom": geometry(f"POINT({LON} {LAT})"), "location_precision": "site"}
SQUARE = geometry(f"MULTIPOLYGON((({LON} {LAT},{LON + 0.01} {LAT},{LON + 0.01} {LAT + 0.01},{LON} {LAT + 0.01},{LON} {LAT})))")
PUBLISHED = layers.published()
Decoded = dict[str, list[dict[str, Any]]]


def on_grid(lon: float, lat: float, zoom: int) -> tuple[float, float]:
    """Where a place is, in tiles, by the textbook's formula."""
    side = 2**zoom
    return (lon + 180) / 360 * side, (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side


def address(ids: str, zoom: int, lon: float = LON, lat: float = LAT) -> str:
    x, y = on_grid(lon, lat, zoom)
    return f"/tiles/{ids}/{zoom}/{int(x)}/{int(y)}.mvt"


def decoded(answer: HttpResponse) -> Decoded:
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
    tile = mapbox_vector_tile.decode(answer.content, default_options={"y_coord_down": True})
    return {name: part["features"] for name, part in tile.items()}


def features(client: Client, ids: str, zoom: int, **parameters: str) -> list[dict[str, Any]]:
    return decoded(client.get(address(ids, zoom), parameters)).get(ids, [])


def total(answer: HttpResponse) -> int:
    return sum(item["properties"].get("count", 1) for item in decoded(answer).get("projects", []))


def region(zoom: int) -> list[Tile]:
    """The tiles of the zone with some room around it."""
    (west, north), (east, south) = on_grid(110, 41, zoom), on_grid(115, 36, zoom)
    return [Tile(zoom, x, y) for x in range(int(west), int(east) + 1) for y in range(int(north), int(south) + 1)]


def cells(client: Client, zoom: int, **parameters: str) -> list[dict[str, Any]]:
    """The counts of all tiles of the zone, each as its properties with the tile."""
    return [
        feature["properties"] | {"tile": tile, "at": tuple(feature["geometry"]["coordinates"])}
        for tile in region(zoom)
        for feature in decoded(client.get(f"/tiles/projects/{tile.z}/{tile.x}/{tile.y}.mvt", parameters)).get("projects", [])
    ]


def found(layer_id: str) -> Layer:
    layer = layers.find(layer_id)
    assert layer
    return layer


def publish(monkeypatch: pytest.MonkeyPatch, layer: Layer) -> None:
    """Puts the layer in the place of the one with its id."""
    monkeypatch.setattr(layers, "LAYERS", tuple(layer if old.id == layer.id else old for old in layers.LAYERS))


def show_only(monkeypatch: pytest.MonkeyPatch, **condition: Any) -> None:
    _public_relation.cache_clear()

    def visible_to(self: QuerySet[Any], user: object) -> QuerySet[Any]:
        return self.filter(**condition) if self.model is Project else self.all()

    monkeypatch.setattr(PublishedQuerySet, "visible_to", visible_to)


# What is in a tile


def test_a_point_carries_its_id_its_names_and_the_declared_fields(client: Client) -> None:
    project = make(Project, county=county(), stage="building", investment_wan=Decimal("1234.5"), **SITE)
    (feature,) = features(client, "projects", 14)
    assert feature["id"] == project.pk
    assert feature["properties"] == {
        "code": project.code,
        "name": project.name,
        "name_en": project.name_en,
        "stage": "building",
        "kind": "project",
        "county": "140108",
        "location_precision": "site",
        "investment_wan": 1234.5,
    }
    x, y = on_grid(LON, LAT, 14)
    assert feature["geometry"]["coordinates"] == pytest.approx([x % 1 * 4096, y % 1 * 4096], abs=1)


def test_what_is_not_known_is_left_out(client: Client) -> None:
    make(Project, name_en="", **SITE)
    (feature,) = features(client, "projects", 14)
    assert set(feature["properties"]) == {"code", "name", "kind", "location_precision"}


@pytest.mark.parametrize("zoom", [10, 13, 14, 16, 22])
def test_an_area_is_drawn_from_its_copy_in_web_mercator(client: Client, zoom: int) -> None:
    parcel = Parcel.objects.create(code="p1", name="地块", county=county(), state="available", area_m2=950_000, geom=SQUARE)
    (feature,) = features(client, "parcels", zoom)
    assert feature["id"] == parcel.pk
    assert feature["properties"] == {"code": "p1", "name": "地块", "state": "available", "area_m2": 950_000.0}
    assert feature["geometry"]["type"] == "Polygon"
    (ring,) = feature["geometry"]["coordinates"]
    (left, top), (right, bottom) = on_grid(LON, LAT + 0.01, zoom), on_grid(LON + 0.01, LAT, zoom)
    tile_x, tile_y = (math.floor(part) for part in on_grid(LON, LAT, zoom))
    expected = [(left - tile_x) * 4096, (top - tile_y) * 4096, (right - tile_x) * 4096, (bottom - tile_y) * 4096]
    clipped = [max(-64, min(4160, value)) for value in expected]
    xs, ys = zip(*ring, strict=True)
    assert [min(xs), min(ys), max(xs), max(ys)] == pytest.approx(clipped, abs=2)


def test_an_area_is_simplified_until_full_detail(client: Client) -> None:
    corners = [(math.cos(math.tau * n / 200), math.sin(math.tau * n / 200)) for n in range(201)]
    ring = ",".join(f"{LON + x * 0.002} {LAT + y * 0.002}" for x, y in corners)
    Parcel.objects.create(code="round", name="圆", county=county(), geom=geometry(f"MULTIPOLYGON((({ring})))"))
    counts = [len(features(client, "parcels", zoom)[0]["geometry"]["coordinates"][0]) for zoom in (10, 12, 14)]
    assert 4 <= counts[0] < counts[1] < counts[2] < 40
    x, y = on_grid(LON + 0.002, LAT, 16)
    quarter = decoded(client.get(f"/tiles/parcels/16/{int(x)}/{int(y)}.mvt"))["parcels"][0]["geometry"]["coordinates"][0]
    assert len(quarter) > 50


def test_an_area_smaller_than_a_pixel_stays(client: Client) -> None:
    ring = f"{LON} {LAT},{LON + 0.0004} {LAT},{LON + 0.0004} {LAT + 0.0004},{LON} {LAT + 0.0004},{LON} {LAT}"
    Parcel.objects.create(code="small", name="小", county=county(), geom=geometry(f"MULTIPOLYGON((({ring})))"))
    assert len(features(client, "parcels", 10)) == 1


def test_lines_and_areas_without_copies_are_simplified_to_half_a_pixel(client: Client) -> None:
    far = features(client, "counties", 6)
    assert len(far) > 10
    vertices = sum(len(ring) for item in far for polygon in _polygons(item) for ring in polygon)
    stored = sum(boundary.num_coords for boundary in County.objects.values_list("boundary", flat=True))
    assert vertices < stored / 3


def _polygons(feature: dict[str, Any]) -> list[Any]:
    coordinates: list[Any] = feature["geometry"]["coordinates"]
    return coordinates if feature["geometry"]["type"] == "MultiPolygon" else [coordinates]


def test_a_feature_at_the_edge_is_in_both_tiles(client: Client) -> None:
    x, y = (math.floor(part) for part in on_grid(LON, LAT, 14))
    make(Project, geom=geometry(f"POINT({x / 2**14 * 360 - 180 + 1e-5} {LAT})"), location_precision="site")
    for column, at in ((x, 2), (x - 1, 4098)):
        (feature,) = decoded(client.get(f"/tiles/projects/14/{column}/{y}.mvt"))["projects"]
        assert feature["geometry"]["coordinates"][0] == pytest.approx(at, abs=1)


def test_several_layers_come_in_one_tile(client: Client) -> None:
    make(Project, **SITE)
    Parcel.objects.create(code="p1", name="地块", county=county(), geom=SQUARE)
    tile = decoded(client.get(address("counties,parcels,projects,control-lines", 14)))
    assert tile.keys() == {"counties", "parcels", "projects"}
    assert len(tile["parcels"]) == len(tile["projects"]) == 1


def test_a_tile_has_no_lists_and_writes_a_date_as_text(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch, replace(found("projects"), tile_fields=("aliases", "stage_as_of", "organisations")))
    make(Project, aliases=["别名"], stage_as_of="2026-03-01", **SITE)
    (feature,) = features(client, "projects", 14)
    assert feature["properties"].keys() == {"code", "name", "stage_as_of"}
    assert feature["properties"]["stage_as_of"] == "2026-03-01"
    assert "aliases" not in client.get("/tiles/projects.json").json()["vector_layers"][0]["fields"]


def test_where_there_is_nothing_the_tile_is_empty(client: Client) -> None:
    for place in ("projects/14/0/0", "projects/3/0/0", "counties,parcels/12/0/0", "projects/22/4194303/4194303"):
        answer = client.get(f"/tiles/{place}.mvt")
        assert (answer.status_code, answer.content) == (200, b"")


def test_below_its_first_zoom_a_layer_is_empty(client: Client) -> None:
    Parcel.objects.create(code="p1", name="地块", county=county(), geom=SQUARE)
    assert len(features(client, "parcels", 10)) == 1
    assert features(client, "parcels", 9) == []


@pytest.mark.parametrize("layer", PUBLISHED, ids=lambda layer: layer.id)
def test_gdal_reads_every_layer(client: Client, tmp_path: Path, layer: Layer) -> None:
    make(Project, **SITE)
    Parcel.objects.create(code="p1", name="地块", county=county(), geom=SQUARE)
    url = address(layer.id, 10)
    path = tmp_path / url.split("/", 3)[3]
    path.parent.mkdir(parents=True)
    tile = client.get(url)
    path.write_bytes(tile.content)
    if layer.id not in decoded(tile):
        assert layer.id in {"parks", "start-up-areas", "control-lines", "structure", "transport"}
        return
    meta, _fids, _geometry, columns = pyogrio.raw.read(path, layer=layer.id)
    assert {"code", "name"} <= set(meta["fields"])
    assert len(columns[0]) == len(decoded(tile)[layer.id])


def test_gdal_reads_a_pyramid_with_empty_tiles(client: Client, tmp_path: Path) -> None:
    make(Project, **SITE)
    x, y = (int(part) for part in on_grid(LON, LAT, 14))
    for column in range(x - 1, x + 2):
        path = tmp_path / "14" / str(column) / f"{y}.mvt"
        path.parent.mkdir(parents=True)
        path.write_bytes(client.get(f"/tiles/projects/14/{column}/{y}.mvt").content)
    assert len(list(tmp_path.glob("14/*/*.mvt"))) == 3
    meta, _fids, _geometry, columns = pyogrio.raw.read(f"MVT:{tmp_path / '14'}", layer="projects")
    assert len(columns[0]) == 1


# Counts at low zooms


@pytest.mark.parametrize("zoom", range(10))
def test_the_counts_and_sums_of_a_zoom_add_up_to_what_there_is(client: Client, zoom: int) -> None:
    for number in range(80):
        place = geometry(f"POINT({111 + number * 0.0437} {37.5 + number % 13 * 0.17})")
        make(Project, geom=place, location_precision="site", investment_wan=number if number % 3 else None)
    found = cells(client, zoom)
    truth = Project.objects.filter(geom__isnull=False).aggregate(count=Count("pk"), wan=Sum("investment_wan"))
    assert sum(cell["count"] for cell in found) == truth["count"]
    assert sum(cell.get("investment_wan", 0) for cell in found) == pytest.approx(float(truth["wan"]))
    assert all(set(cell["at"]) <= set(range(64, 4096, 128)) for cell in found)
    assert len({(cell["tile"], cell["at"]) for cell in found}) == len(found)


def test_a_cell_whose_projects_tell_no_amount_has_none(client: Client) -> None:
    make(Project, **SITE)
    (cell,) = [feature["properties"] for feature in features(client, "projects", 9)]
    assert cell == {"count": 1}
    make(Project, investment_wan=0, **SITE)
    (cell,) = [feature["properties"] for feature in features(client, "projects", 9)]
    assert cell == {"count": 2, "investment_wan": 0.0}


def test_a_point_is_counted_in_the_cell_that_it_lies_in(client: Client) -> None:
    make(Project, **SITE)
    x, y = on_grid(LON, LAT, 8)
    middle = [x % 1 * 32 // 1 * 128 + 64, y % 1 * 32 // 1 * 128 + 64]
    assert [cell["properties"] for cell in features(client, "projects", 8) if cell["geometry"]["coordinates"] == middle] == [
        {"count": 1}
    ]


@pytest.mark.parametrize("zoom", [0, 5, 9])
def test_what_is_counted_for_the_tile_equals_what_is_kept(client: Client, monkeypatch: pytest.MonkeyPatch, zoom: int) -> None:
    for lon, lat in [(112.5, 38.1), (112.501, 38.1), (113, 39), (180, 0), (-180, 0), (0, 90), (0, -90), (0, 86)]:
        make(Project, geom=geometry(f"POINT({lon} {lat})"), location_precision="site", investment_wan=lat + 100)
    make(Project, geom=geometry("POLYGON((112 38,113 38,113 39,112 38))"), location_precision="site")
    edge = 2**zoom - 1
    tiles = {*region(zoom), *(Tile(zoom, x, y) for x in (0, edge, 2**zoom // 2) for y in (0, edge, 2**zoom // 2) if zoom)}

    def content() -> list[Any]:
        parts = [decoded(client.get(f"/tiles/projects/{tile.z}/{tile.x}/{tile.y}.mvt")) for tile in sorted(tiles, key=str)]
        return [sorted(part.get("projects", []), key=lambda item: item["geometry"]["coordinates"]) for part in parts]

    kept = content()
    publish(monkeypatch, replace(found("projects"), aggregate=replace(found("projects").aggregate, grid=None)))
    assert content() == kept
    assert (
        sum(item["properties"]["count"] for part in kept for item in part) == Project.objects.filter(geom__isnull=False).count()
    )


def test_more_features_than_a_tile_may_hold_are_counted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.tile_sql.MAX_FEATURES", 3)
    for number in range(3):
        make(Project, investment_wan=number + 1, **SITE)
        shape = geometry(SQUARE.wkt)
        Parcel.objects.create(code=f"p{number}", name="地块", county=county(), geom=shape)
    assert len(features(client, "projects", 14)) == len(features(client, "parcels", 14)) == 3
    make(Project, **SITE)
    Parcel.objects.create(code="p3", name="地块", county=county(), geom=SQUARE)
    assert [feature["properties"] for feature in features(client, "projects", 14)] == [{"count": 4, "investment_wan": 6.0}]
    counts = [feature["properties"] for tile in ("parcels",) for feature in features(client, tile, 12)]
    assert counts == [{"count": 4}]


# Who sees what


@pytest.mark.parametrize("zoom", [5, 9, 14])
def test_a_hidden_record_is_neither_drawn_nor_counted(client: Client, monkeypatch: pytest.MonkeyPatch, zoom: int) -> None:
    make(Project, code="open-1", investment_wan=1, **SITE)
    make(Project, code="secret-1", investment_wan=100, **SITE)
    everything = client.get(address("projects", zoom))
    show_only(monkeypatch, code__startswith="open")
    answer = client.get(address("projects", zoom))
    (feature,) = decoded(answer)["projects"]
    assert feature["properties"].get("count", 1) == 1
    assert feature["properties"]["investment_wan"] == 1
    assert answer.headers["ETag"] != everything.headers["ETag"]
    again = client.get(address("projects", zoom), headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("zoom", [7, 14])
def test_a_reader_with_more_rights_gets_another_tile(client: Client, monkeypatch: pytest.MonkeyPatch, zoom: int) -> None:
    make(Project, code="secret-1", **SITE)

    def visible_to(self: QuerySet[Any], user: Any) -> QuerySet[Any]:
        return self.all() if user.is_authenticated else self.exclude(code__startswith="secret")

    monkeypatch.setattr(PublishedQuerySet, "visible_to", visible_to)
    url = address("projects", zoom)
    open_answer = client.get(url)
    assert "secret" not in open_answer.content.decode(errors="replace")
    client.force_login(get_user_model().objects.create_user("official"))
    own = client.get(url, headers={"If-None-Match": open_answer.headers["ETag"]})
    assert own.status_code == 200
    assert total(own) == total(open_answer) + 1
    assert own.headers["Cache-Control"] == "private, no-cache"
    client.logout()
    assert client.get(url, headers={"If-None-Match": own.headers["ETag"]}).status_code == 200


def test_a_shared_cache_must_ask_and_knows_who_asked(client: Client) -> None:
    answer = client.get(address("projects", 12))
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert "Cookie" in answer.headers["Vary"]


# Filters


@pytest.mark.parametrize("zoom", [6, 14])
def test_a_layer_may_be_filtered(client: Client, zoom: int) -> None:
    for stage in ("building", "building", "signed"):
        make(Project, stage=stage, investment_wan=10, county=county(), **SITE)
    filtered = client.get(address("projects", zoom), {"stage": "building", "county": "140108"})
    found = [item["properties"] for item in decoded(filtered)["projects"]]
    assert sum(item.get("count", 1) for item in found) == 2
    assert sum(item["investment_wan"] for item in found) == 20
    tag = filtered.headers["ETag"]
    assert tag != client.get(address("projects", zoom)).headers["ETag"]
    other = client.get(address("projects", zoom), {"stage": "signed"}, headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_a_filter_is_read_as_strictly_as_that_of_a_list(client: Client) -> None:
    url = address("projects", 12)
    assert_names(client.get(url, {"stage": "nonsense"}), "stage")
    assert_names(client.get(url, {"county": "1", "kind": "x"}), "county", "kind")
    assert_names(client.get(url, {"q": "x" * 101}), "q")
    assert_names(client.get(f"{url}?stage=building&stage=signed&colour=red&q="), "stage", "colour", "q")
    assert_names(client.get(f"{url}?q=%00"), "q")
    for parameter in ("bbox", "ordering", "limit", "f", "format"):
        assert_names(client.get(url, {parameter: "1"}), parameter)


def test_several_layers_take_no_filter(client: Client) -> None:
    assert_names(client.get(address("projects,parks", 12), {"stage": "building"}), "stage")


# Validators


def test_a_tile_is_read_anew_only_when_something_changed(client: Client) -> None:
    project = make(Project, county=county(), **SITE)
    url = address("projects", 14)
    first = client.get(url)
    tag = first.headers["ETag"]
    assert client.get(url).headers["ETag"] == tag
    for held in (tag, f"W/{tag}", f'"x", {tag}', f'W/"a-1",{tag} , "b"', "*"):
        same = client.get(url, headers={"If-None-Match": held})
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
        assert same.headers["Cache-Control"] == "public, no-cache"
        assert "Cookie" in same.headers["Vary"]
        assert "Content-Type" not in same.headers  # a cache would give it to the tile that it holds
    make(Policy)
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    project.name = "新名"
    project.save()
    after = client.get(url, headers={"If-None-Match": tag})
    assert after.headers["ETag"] != tag
    assert decoded(after)["projects"][0]["properties"]["name"] == "新名"


@pytest.mark.parametrize("held", ["", "x", '"', '""', '"x"', '"0-1"', f'"{"0" * 16}-1"', '"-"', "W/*", '"*"', ", ,", '"' * 5000])
def test_a_validator_of_something_else_is_no_validator(client: Client, held: str) -> None:
    assert client.get(address("projects", 14), headers={"If-None-Match": held}).status_code == 200


def test_a_version_of_another_tile_is_not_taken_for_this_one(client: Client) -> None:
    tag = client.get(address("projects", 14)).headers["ETag"]
    for other in (address("projects", 13), address("projects,parks", 14), address("parks", 14), address("projects", 5)):
        assert client.get(other, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("zoom", [4, 14])
def test_every_way_to_change_a_record_changes_its_tile(client: Client, zoom: int) -> None:
    project = make(Project, **SITE)
    url = address("projects", zoom)
    tags = {client.get(url).headers["ETag"]}
    project.investment_wan = 5
    project.save()
    tags.add(client.get(url).headers["ETag"])
    Project.objects.filter(pk=project.pk).update(geom=geometry(f"POINT({LON + 0.001} {LAT})"))
    tags.add(client.get(url).headers["ETag"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE projects_project SET name = 'x' WHERE id = %s", [project.pk])
    tags.add(client.get(url).headers["ETag"])
    make(Project, **SITE)
    tags.add(client.get(url).headers["ETag"])
    project.delete()
    tags.add(client.get(url).headers["ETag"])
    assert len(tags) == 6


def test_a_change_of_a_record_that_it_refers_to_changes_the_tile(client: Client) -> None:
    make(Project, county=county(), **SITE)
    url = address("projects", 14)
    before = client.get(url)
    County.objects.filter(code="140108").update(code="140199")
    after = client.get(url, headers={"If-None-Match": before.headers["ETag"]})
    assert decoded(after)["projects"][0]["properties"]["county"] == "140199"


def test_another_declaration_gives_another_validator(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    url = address("projects", 14)
    before = client.get(url).headers["ETag"]
    publish(monkeypatch, replace(found("projects"), tile_fields=("stage",)))
    assert client.get(url).headers["ETag"] != before


def test_the_changes_of_every_table_behind_a_layer_are_counted() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'count_table_change'::regproc AND tgenabled = 'O'"
        )
        counted = {table for (table,) in cursor.fetchall()}
    read = {table for layer in PUBLISHED for table in relation(layer, AnonymousUser()).tables}
    missing = sorted(read - counted)
    assert not missing, f"Tiles of a changed record would stay old: put count_changes_of({missing}) in a migration."


# What it costs, and what is refused


@pytest.mark.parametrize("zoom", [5, 12])
@pytest.mark.parametrize("layer", PUBLISHED, ids=lambda layer: layer.id)
def test_a_tile_is_one_statement(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, layer: Layer, zoom: int
) -> None:
    with django_assert_num_queries(1):
        tag = client.get(address(layer.id, zoom)).headers["ETag"]
    with django_assert_num_queries(1):
        client.get(address(layer.id, zoom), headers={"If-None-Match": tag})


def test_many_layers_are_one_statement(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    ids = ",".join(layer.id for layer in PUBLISHED[:8])
    with django_assert_num_queries(1):
        assert client.get(address(ids, 12)).status_code == 200


NO_ADDRESS = [
    *("-1/0/0", "23/0/0", "30/1/1", "99999999999/0/0", "1.5/0/0", "a/0/0", "1e1/0/0", "+1/0/0", "１/0/0", "٣/1/1"),
    *("3/8/0", "3/0/8", "3/-1/0", "3/0/-1", "3/0/1.5", "3/x/0", "3/0/%20", "03/0/0", "3/007/0", "3/0x1/0", "3/NaN/0", "0/0/1"),
    "3/" + "9" * 400 + "/0",
]


@pytest.mark.parametrize("place", NO_ADDRESS)
def test_an_address_that_is_none_is_not_found(client: Client, place: str) -> None:
    assert "There is no tile" in assert_problem(client.get(f"/tiles/projects/{place}.mvt"), 404)["detail"]


@pytest.mark.parametrize("address_of", ["/tiles/{}/3/1/1.mvt".format, "/tiles/{}.json".format])
def test_a_layer_that_there_is_not_is_not_found(client: Client, address_of: Callable[[str], str]) -> None:
    for ids in ("nothing", "rivers", "projects,nothing", "projects,", "PROJECTS", "projects;drop", "%27", "x" * 2000, "工程"):
        assert "There is no layer" in assert_problem(client.get(address_of(ids)), 404)["detail"]
    for ids in ("projects,projects", ",", ",".join(layer.id for layer in PUBLISHED[:9])):
        assert "once" in assert_problem(client.get(address_of(ids)), 404)["detail"]


@pytest.mark.parametrize(
    "url", ["/tiles/", "/tiles/projects", "/tiles/projects/3/1/1", "/tiles/projects/3/1/1.pbf", "/tiles/.json"]
)
def test_other_addresses_answer_in_json(client: Client, url: str) -> None:
    assert_problem(client.get(url), 404)


def test_a_tile_can_not_be_written(client: Client) -> None:
    for url in (address("projects", 3), "/tiles/projects.json"):
        for method in (client.post, client.put, client.patch, client.delete):
            assert_problem(method(url), 405)
        assert (client.head(url).status_code, client.head(url).content) == (200, b"")


# TileJSON


@pytest.mark.parametrize("layer", PUBLISHED, ids=lambda layer: layer.id)
def test_the_tiles_of_a_layer_are_described(client: Client, layer: Layer) -> None:
    described = client.get(f"/tiles/{layer.id}.json").json()
    assert described["tilejson"] == "3.0.0"
    assert described["tiles"] == [f"http://testserver/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt"]
    assert described["attribution"] == CREDIT
    assert (described["minzoom"], described["maxzoom"]) == (math.ceil(layer.min_zoom), 16)
    west, south, east, north = described["bounds"]
    assert 111 < west < 112.5 < east < 115
    assert 37 < south < 38.5 < north < 40
    (vector,) = described["vector_layers"]
    assert vector["id"] == layer.id
    assert {"code", "name"} <= set(vector["fields"])
    assert all(vector["fields"].values())
    for zoom in (5, 12):
        for feature in features(client, layer.id, zoom):
            assert set(feature["properties"]) <= set(vector["fields"])


def test_the_document_leads_to_the_tiles(client: Client) -> None:
    make(Project, stage="building", **SITE)
    described = client.get("/tiles/projects.json", {"stage": "building"}).json()
    (template,) = described["tiles"]
    x, y = on_grid(LON, LAT, 14)
    url = template.format(z=14, x=int(x), y=int(y)).removeprefix("http://testserver")
    assert len(decoded(client.get(url))["projects"]) == 1
    assert url.endswith("?stage=building")


def test_the_document_of_several_layers_describes_each(client: Client) -> None:
    described = client.get("/tiles/projects,parcels.json").json()
    assert [(part["id"], part["minzoom"]) for part in described["vector_layers"]] == [("projects", 0), ("parcels", 10)]
    assert described["minzoom"] == 0
    assert "below zoom 10" in described["vector_layers"][0]["fields"]["count"]
    assert "below zoom" not in described["vector_layers"][1]["fields"]["count"]
    assert "10,000 yuan" in described["vector_layers"][0]["fields"]["investment_wan"]


def test_a_document_is_as_strict_as_its_tiles(client: Client) -> None:
    assert_names(client.get("/tiles/projects.json", {"stage": "nonsense"}), "stage")
    assert_names(client.get("/tiles/projects.json?f=json"), "f")
    assert_names(client.get("/tiles/projects,parks.json?stage=building"), "stage")


def test_a_document_speaks_the_language_of_the_request() -> None:
    described = Client(headers={"Accept-Language": "zh-CN"}).get("/tiles/projects.json").json()
    assert described["name"] == "项目"
