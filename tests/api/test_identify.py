"""Identify: what is found at a place, compared with an answer worked out another way, and what is refused."""

import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from lib.crs import BY_NAME, STORAGE_SRID
from portal import layers
from portal.identify import DEFAULT_TOLERANCE_M, MOST_FEATURES, MOST_TOLERANCE_M
from portal.layer import Geometry, Group, Layer, fields_of
from portal.relation import relation
from projects.models import Parcel, Project
from tests.factories import county, geometry, make, make_line, make_release
from zones.filters import CulturalSiteFilter
from zones.models import County, CulturalSite, Park, PublishedQuerySet, TransportWork

from .test_refusals import assert_names, assert_problem

pytestmark = pytest.mark.django_db

IDENTIFY = "/api/v1/identify"
LON, LAT = 112.9, 38.9  # nothing stands here
GAUSS_KRUGER = ["EPSG:4525", "EPSG:4526", "EPSG:4546", "EPSG:4547"]


def ask(client: Client, **parameters: Any) -> dict[str, Any]:
    answer = client.get(IDENTIFY, parameters)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def at(client: Client, lon: float, lat: float, **parameters: Any) -> dict[str, dict[str, float]]:
    """The distances of what is there, by layer and code; layers where nothing is are left out."""
    found = ask(client, lon=f"{lon:.9f}", lat=f"{lat:.9f}", limit=MOST_FEATURES, **parameters)
    assert not any(layer["truncated"] for layer in found["layers"])
    return {
        layer["id"]: {feature["id"]: feature["distance_m"] for feature in layer["features"]}
        for layer in found["layers"]
        if layer["features"]
    }


def project(code: str, lon: float, lat: float, **fields: Any) -> Project:
    return make(Project, code=code, geom=geometry(f"POINT({lon} {lat})"), location_precision="site", **fields)


def parcel(code: str, wkt: str) -> Parcel:
    return Parcel.objects.create(code=code, name=code, county=county(), geom=MultiPolygon(geometry(wkt), srid=STORAGE_SRID))


def square(lon: float, lat: float, half: float) -> str:
    west, south, east, north = lon - half, lat - half, lon + half, lat + half
    return f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"


def metres(one: GEOSGeometry, other: GEOSGeometry) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ST_Distance(%s::geography, %s::geography)", [one.ewkt, other.ewkt])
        return float(cursor.fetchone()[0])


def test_an_answer_has_every_layer_in_order_and_every_field(client: Client) -> None:
    made = project("p1", LON, LAT, county=county(), stage="building")
    found = ask(client, lon=LON, lat=LAT)
    assert [(layer["id"], layer["title"]) for layer in found["layers"]] == [
        (layer.id, str(layer.title)) for layer in layers.published()
    ]
    assert found["tolerance_m"] == DEFAULT_TOLERANCE_M
    assert (found["place"]["lon"], found["place"]["lat"]) == (LON, LAT)
    (feature,) = found["layers"][0]["features"]
    assert (feature["id"], feature["distance_m"]) == ("p1", 0)
    assert list(feature["properties"]) == [field.name for field in layers.LAYERS[0].fields]
    assert feature["properties"]["name"] == made.name
    assert feature["properties"]["location_precision"] == "site"
    assert feature["properties"]["stage"] == "building"


def test_only_the_layers_that_are_asked_for_answer_in_their_own_order(client: Client) -> None:
    found = ask(client, lon=LON, lat=LAT, layers="counties,projects")
    assert [layer["id"] for layer in found["layers"]] == ["projects", "counties"]


def test_a_title_is_in_the_language_of_the_request(client: Client) -> None:
    answer = client.get(IDENTIFY, {"lon": LON, "lat": LAT, "layers": "counties"}, headers={"Accept-Language": "zh-hans"})
    assert answer.json()["layers"][0]["title"] == "县区"


def test_it_is_one_statement(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        ask(client, lon=LON, lat=LAT)
    with django_assert_num_queries(1):
        ask(client, easting=37600000, northing=4200000, crs="EPSG:4525")


def test_areas_cover_points_and_lines_are_near(client: Client) -> None:
    parcel("in", square(LON, LAT, 0.001))
    parcel("out", square(LON + 0.0021, LAT, 0.001))  # 9 m away
    project("p1", LON + 0.0002, LAT)
    make(
        TransportWork,
        code="road",
        geom=geometry(f"LINESTRING({LON - 0.1} {LAT + 0.0003},{LON + 0.1} {LAT + 0.0003})"),
        location_precision="schematic",
    )
    found = at(client, LON, LAT)
    assert found["parcels"] == {"in": 0}
    assert found["projects"] == {"p1": pytest.approx(17.35, abs=0.05)}
    assert found["transport"] == {"road": pytest.approx(33.3, abs=0.05)}


def test_an_area_in_a_layer_of_points_counts_when_it_covers_the_place(client: Client) -> None:
    make(Park, code="in", geom=geometry(square(LON, LAT, 0.001)), location_precision="schematic")
    make(Park, code="near", geom=geometry(square(LON + 0.00201, LAT, 0.001)), location_precision="schematic")
    assert at(client, LON, LAT)["parks"] == {"in": 0}


def test_the_nearest_comes_first_and_the_limit_is_told(client: Client) -> None:
    for number in range(5):
        project(f"p{number}", LON, LAT + (5 - number) * 1e-5)
    parcels = [parcel(f"d{number}", square(LON, LAT, 0.001)).code for number in range(3)]
    found = ask(client, lon=LON, lat=LAT, limit=3, layers="projects,parcels,towns")
    projects, land, towns = found["layers"]
    assert [feature["id"] for feature in projects["features"]] == ["p4", "p3", "p2"]
    assert (projects["truncated"], land["truncated"], towns["truncated"]) == (True, False, False)
    assert [feature["id"] for feature in land["features"]] == parcels
    assert towns["features"] == []
    assert not ask(client, lon=LON, lat=LAT, limit=5, layers="projects")["layers"][0]["truncated"]


def test_what_has_no_geometry_is_nowhere(client: Client) -> None:
    make(Project, code="p1")
    assert "projects" not in at(client, LON, LAT, tolerance_m=MOST_TOLERANCE_M)
    assert at(client, 0, 0) == {}
    assert at(client, 180, -90, tolerance_m=MOST_TOLERANCE_M) == {}


def test_the_tolerance_is_a_distance_on_the_ellipsoid(client: Client) -> None:
    for code, east, north in (("east", 0.01, 0), ("north", 0, 0.01), ("both", 0.007, 0.007)):
        project(code, LON + east, LAT + north)
    here = Point(LON, LAT, srid=STORAGE_SRID)
    for record in Project.objects.filter(code__in=["east", "north", "both"]):
        away = metres(here, record.geom)
        assert at(client, LON, LAT, tolerance_m=f"{away + 0.01:.3f}")["projects"][record.code] == pytest.approx(away, abs=0.006)
        assert record.code not in at(client, LON, LAT, tolerance_m=f"{away - 0.01:.3f}").get("projects", {})


def test_a_tolerance_of_nothing_still_hits_what_is_there(client: Client) -> None:
    project("p1", LON, LAT)
    parcel("d1", square(LON, LAT, 0.001))
    assert at(client, LON, LAT, tolerance_m=0, layers="projects,parcels") == {"projects": {"p1": 0}, "parcels": {"d1": 0}}


def test_a_long_line_is_straight_in_degrees_as_the_map_draws_it(client: Client) -> None:
    # The geodesic between its ends runs 150 m further north.
    line = f"LINESTRING({LON - 0.6} {LAT},{LON + 0.6} {LAT})"
    make(TransportWork, code="road", geom=geometry(line), location_precision="schematic")
    assert at(client, LON, LAT + 0.0001)["transport"] == {"road": pytest.approx(11.1, abs=0.05)}


def test_the_zoom_of_a_map_gives_the_tolerance(client: Client) -> None:
    def tolerance(**parameters: Any) -> float:
        return float(ask(client, layers="towns", **parameters)["tolerance_m"])

    expected = 8 * 156543.034 * math.cos(math.radians(38)) / 2**14
    assert tolerance(lon=112, lat=38, zoom=14) == pytest.approx(expected, abs=0.01)
    assert tolerance(lon=112, lat=38, zoom="14.5") == pytest.approx(expected / math.sqrt(2), abs=0.01)
    assert tolerance(lon=112, lat=38, zoom=3) == MOST_TOLERANCE_M
    assert tolerance(easting=37587000, northing=4207500, crs="EPSG:4525", zoom=14) == pytest.approx(expected, rel=0.003)
    assert tolerance(easting=12467782, northing=4579425, crs="EPSG:3857", zoom=14) == pytest.approx(expected, rel=0.0001)


# ---- the same, worked out another way


def _everything() -> Iterator[tuple[str, str, GEOSGeometry]]:
    for layer in layers.published():
        found = relation(layer, AnonymousUser(), ())
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT f.code, ST_AsEWKT(f.geom) FROM {found.sql} WHERE f.geom IS NOT NULL", found.params)
            yield from ((layer.id, code, GEOSGeometry(text)) for code, text in cursor.fetchall())


def _away(shape: GEOSGeometry, lon: float, lat: float) -> float:
    """Metres to the nearest part of a point or line, on the sphere of curvature here: good to 0.5 % near by."""
    east, north = 111_320 * math.cos(math.radians(lat)) * 1.0013, 111_010

    def flat(lonlat: tuple[float, ...]) -> tuple[float, float]:
        return (lonlat[0] - lon) * east, (lonlat[1] - lat) * north

    if shape.geom_type == "Point":
        return math.hypot(*flat(shape.coords))
    lines = shape.coords if shape.geom_type.startswith("Multi") else (shape.coords,)
    return min(_from_origin(flat(a), flat(b)) for line in lines for a, b in zip(line, line[1:], strict=False))


def _from_origin(a: tuple[float, float], b: tuple[float, float]) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = max(0.0, min(1.0, -(a[0] * dx + a[1] * dy) / ((dx * dx + dy * dy) or 1)))
    return math.hypot(a[0] + along * dx, a[1] + along * dy)


@pytest.mark.parametrize("tolerance", [50, 1500, 5000])
def test_it_agrees_with_geometry_done_in_python(client: Client, tolerance: int) -> None:
    draw = random.Random(tolerance)  # noqa: S311
    for number in range(40):
        lon, lat = draw.uniform(111.8, 113.9), draw.uniform(37.8, 39.4)
        parcel(f"d{number}", square(lon, lat, draw.uniform(0.001, 0.2)))
        project(f"p{number}", lon + draw.uniform(-0.02, 0.02), lat)
    everything = list(_everything())
    hits = 0
    for number in range(25):
        lon, lat = draw.uniform(111.8, 113.9), draw.uniform(37.8, 39.4)
        if number % 2:  # near to something
            middle = draw.choice(everything)[2].centroid
            lon, lat = middle.x + draw.uniform(-0.01, 0.01), middle.y + draw.uniform(-0.01, 0.01)
        lon, lat = round(lon, 9), round(lat, 9)
        here = Point(lon, lat, srid=STORAGE_SRID)
        found = at(client, lon, lat, tolerance_m=tolerance)
        for layer, code, shape in everything:
            distance = found.get(layer, {}).get(code)
            if shape.geom_type.endswith("Polygon"):
                assert (distance == 0) == shape.intersects(here), (layer, code, lon, lat)
                continue
            away = _away(shape, lon, lat)
            if away < tolerance * 0.99:
                assert distance == pytest.approx(away, rel=0.01, abs=0.1), (layer, code, lon, lat)
                hits += 1
            elif away > tolerance * 1.01:
                assert distance is None, (layer, code, lon, lat)
    assert hits > 3 or tolerance < 1000


def test_a_place_on_the_border_of_two_counties_is_in_both(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.code, b.code, ST_X(p), ST_Y(p) FROM zones_county AS a JOIN zones_county AS b ON a.code < b.code,"
            " LATERAL (SELECT (ST_DumpPoints(ST_Intersection(a.boundary, b.boundary))).geom AS p) AS d"
            " WHERE ST_Intersects(a.boundary, b.boundary) AND ST_Intersects(p, a.boundary) AND ST_Intersects(p, b.boundary)"
        )
        shared = cursor.fetchall()
    assert len({(a, b) for a, b, _lon, _lat in shared}) > 10
    for a, b, lon, lat in random.Random(1).sample(shared, 20):  # noqa: S311
        found = ask(client, lon=f"{lon:.15f}".rstrip("0"), lat=f"{lat:.15f}".rstrip("0"), layers="counties")
        assert {a, b} <= {feature["id"] for feature in found["layers"][0]["features"]}


def test_every_county_is_found_at_a_point_in_it(client: Client) -> None:
    for each in County.objects.all():
        inside = each.boundary.point_on_surface
        assert each.code in at(client, inside.x, inside.y)["counties"]


def test_three_layers_over_real_areas(client: Client) -> None:
    make_line(make_release("urban-boundary"), MultiPolygon(geometry(square(LON, LAT, 0.01))), code="k1")
    parcel("d1", square(LON, LAT, 0.001))
    project("p1", LON, LAT)
    found = at(client, LON, LAT, layers="projects,parcels,control-lines")
    assert found == {"projects": {"p1": 0}, "parcels": {"d1": 0}, "control-lines": {"k1": 0}}


# ---- coordinates


@pytest.mark.parametrize("name", [*GAUSS_KRUGER, "EPSG:3857"])
@pytest.mark.parametrize(("lon", "lat"), [(112.5, 38.0), (111.9, 37.85), (113.8, 39.4)])
def test_metres_in_each_system_give_the_same_place(client: Client, name: str, lon: float, lat: float) -> None:
    point = Point(lon, lat, srid=STORAGE_SRID).transform(BY_NAME[name].srid, clone=True)
    project("p1", lon, lat)
    found = ask(client, easting=f"{point.x:.4f}", northing=f"{point.y:.4f}", crs=name, layers="projects")
    assert found["place"]["lon"] == pytest.approx(lon, abs=1e-8)
    assert found["place"]["lat"] == pytest.approx(lat, abs=1e-8)
    assert found["layers"][0]["features"][0]["distance_m"] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("name", ["EPSG:4490", "EPSG:4326", "OGC:CRS84"])
def test_degrees_are_named_so_their_order_does_not_matter(client: Client, name: str) -> None:
    assert ask(client, lon=112.25, lat=38.5, crs=name)["place"]["lon"] == 112.25


@pytest.mark.parametrize(
    ("lon", "belts"), [(111.0, [37]), (112.2, [37]), (112.3, [37, 38]), (112.5, [37, 38]), (112.7, [37, 38]), (112.8, [38])]
)
def test_a_place_is_told_in_its_gauss_kruger_belt_and_in_both_near_the_line(client: Client, lon: float, belts: list[int]) -> None:
    told = ask(client, lon=lon, lat=38.25, layers="towns")["place"]["gauss_kruger"]
    assert [belt["zone"] for belt in told] == belts
    for belt in told:
        assert belt["central_meridian"] == belt["zone"] * 3
        assert belt["crs"] == {37: "EPSG:4525", 38: "EPSG:4526"}[belt["zone"]]
        assert belt["easting"] // 1_000_000 == belt["zone"]
        point = Point(lon, 38.25, srid=STORAGE_SRID).transform(BY_NAME[belt["crs"]].srid, clone=True)
        assert (belt["easting"], belt["northing"]) == pytest.approx((point.x, point.y), abs=0.006)
    if lon == 111.0:
        assert told[0]["easting"] == 37_500_000


def test_far_from_the_zone_there_is_no_belt(client: Client) -> None:
    for lon, lat in ((0, 0), (-69, 38), (116, 38), (180, 90)):
        assert ask(client, lon=lon, lat=lat)["place"]["gauss_kruger"] == []


# ---- refusals

NUMBERS = ["NaN", "inf", "1e2", "١١٢", "0x1", "112,5", "--1", "+112", "112°", "1_1", "9" * 40]


@pytest.mark.parametrize("text", NUMBERS)
def test_a_coordinate_is_a_plain_number(client: Client, text: str) -> None:
    assert "is not a number" in assert_names(client.get(IDENTIFY, {"lon": text, "lat": 38}), "lon")[0]
    assert_names(client.get(IDENTIFY, {"lon": 112, "lat": text}), "lat")
    assert_names(client.get(IDENTIFY, {"easting": text, "northing": 4200000, "crs": "EPSG:4525"}), "easting")
    assert_names(client.get(IDENTIFY, {"easting": 37500000, "northing": text, "crs": "EPSG:4525"}), "northing")
    assert_names(client.get(IDENTIFY, {"lon": 112, "lat": 38, "tolerance_m": text}), "tolerance_m")
    assert_names(client.get(IDENTIFY, {"lon": 112, "lat": 38, "zoom": text}), "zoom")


def test_swapped_degrees_are_offered_the_right_way_round(client: Client) -> None:
    detail = assert_names(client.get(IDENTIFY, {"lon": "38.1", "lat": "112.6"}), "lat")[0]
    assert detail == "Longitude comes first: did you mean lon=112.6 and lat=38.1?"


def test_degrees_out_of_range(client: Client) -> None:
    assert "-180 to 180" in assert_names(client.get(IDENTIFY, {"lon": "180.1", "lat": "38"}), "lon")[0]
    assert "-90 to 90" in assert_names(client.get(IDENTIFY, {"lon": "112", "lat": "-90.5"}), "lat")[0]


@pytest.mark.parametrize(("lon", "lat"), [("37596000", "4210000"), ("4210000", "37596000"), ("596000", "4210000")])
def test_metres_in_place_of_degrees_are_told_what_they_are(client: Client, lon: str, lat: str) -> None:
    assert "easting and northing" in assert_names(client.get(IDENTIFY, {"lon": lon, "lat": lat}), "lon", "lat")[0]


@pytest.mark.parametrize(
    ("crs", "easting", "northing", "wrong"),
    [
        ("EPSG:4525", "38377198", "4219523", "easting"),  # belt 38
        ("EPSG:4526", "37640345", "4219807", "easting"),
        ("EPSG:4546", "37640345", "4219807", "easting"),  # with the number of the belt
        ("EPSG:4525", "640345", "4219807", "easting"),  # without
        ("EPSG:4525", "4219807", "37640345", "easting"),  # swapped
        ("EPSG:4547", "500000", "-1", "northing"),
        ("EPSG:4547", "500000", "10000001", "northing"),
        ("EPSG:3857", "20037509", "0", "easting"),
        ("EPSG:3857", "0", "20037509", "northing"),
    ],
)
def test_metres_that_can_not_be_in_the_system(client: Client, crs: str, easting: str, northing: str, wrong: str) -> None:
    answer = client.get(IDENTIFY, {"crs": crs, "easting": easting, "northing": northing})
    assert crs in assert_names(answer, wrong)[0]


def test_what_is_missing_or_too_much_is_named(client: Client) -> None:
    metres = {"easting": "37596000", "northing": "4210000"}
    assert_names(client.get(IDENTIFY), "lon", "lat")
    assert_names(client.get(IDENTIFY, {"lon": 112}), "lat")
    assert_names(client.get(IDENTIFY, {"lat": 38}), "lon")
    assert_names(client.get(IDENTIFY, {"crs": "EPSG:4490"}), "lon", "lat")
    assert "EPSG:4526" in assert_names(client.get(IDENTIFY, metres), "crs")[0]
    assert_names(client.get(IDENTIFY, {"easting": "37596000", "crs": "EPSG:4525"}), "northing")
    assert_names(client.get(IDENTIFY, {"northing": "4210000", "crs": "EPSG:4525"}), "easting")
    assert_names(client.get(IDENTIFY, metres | {"crs": "EPSG:4525", "lon": 112}), "lon")
    assert_names(client.get(IDENTIFY, {"lon": 112, "lat": 38, "zoom": 10, "tolerance_m": 10}), "zoom")


def test_bad_parameters_are_named(client: Client) -> None:
    place = {"lon": 112, "lat": 38}
    for crs in ("EPSG:4525", "EPSG:2383", "4490", "epsg:4490", "http://www.opengis.net/def/crs/EPSG/0/4490"):
        assert "EPSG:4490" in assert_names(client.get(IDENTIFY, place | {"crs": crs}), "crs")[0]
    for crs in ("EPSG:4490", "EPSG:2383", "4525"):
        answer = client.get(IDENTIFY, {"easting": 37596000, "northing": 4210000, "crs": crs})
        assert "EPSG:4525" in assert_names(answer, "crs")[0]
    for wanted in ("nothing", "rivers", "towns,", "towns,towns", "towns%00"):
        assert "towns" in assert_names(client.get(IDENTIFY, place | {"layers": wanted}), "layers")[0]
    for limit in ("0", "-1", "101", "1e9"):
        assert_names(client.get(IDENTIFY, place | {"limit": limit}), "limit")
    for tolerance in ("-1", "5000.1"):
        assert_names(client.get(IDENTIFY, place | {"tolerance_m": tolerance}), "tolerance_m")
    for zoom in ("-1", "24.5"):
        assert_names(client.get(IDENTIFY, place | {"zoom": zoom}), "zoom")
    assert_names(client.get(IDENTIFY, place | {"colour": "red"}), "colour")
    assert_names(client.get(f"{IDENTIFY}?lon=112&lat=38&lon=113"), "lon")


def test_nothing_can_be_written(client: Client) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert_problem(getattr(client, method)(IDENTIFY), 405)
    assert client.head(f"{IDENTIFY}?lon=112&lat=38").content == b""


# ---- visibility and declaration


def test_what_is_hidden_is_not_there(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    project("p1", LON, LAT)
    project("p2", LON, LAT)

    def visible_to(self: QuerySet[Any], user: object) -> QuerySet[Any]:
        return self.exclude(code="p2")

    monkeypatch.setattr(PublishedQuerySet, "visible_to", visible_to)
    found = ask(client, lon=LON, lat=LAT, layers="projects", limit=1)["layers"][0]
    assert [feature["id"] for feature in found["features"]] == ["p1"]
    assert not found["truncated"]


def test_a_layer_that_is_added_answers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Layer(
        id="toys",
        group=Group.BASE,
        title='Toys "100 %"',  # type: ignore[arg-type]
        queryset=CulturalSite.objects.all(),
        fields=fields_of(CulturalSite, "code", "name", "grade"),
        filterset=CulturalSiteFilter,
        geometry=Geometry.POINT,
        symbols=(),
        source_note="",  # type: ignore[arg-type]
    )
    monkeypatch.setattr(layers, "LAYERS", (*layers.LAYERS, toy))
    make(CulturalSite, code="toy", name="玄武观", grade="国保", geom=geometry(f"POINT({LON} {LAT})"), location_precision="site")
    found = ask(client, lon=LON, lat=LAT)["layers"][-1]
    assert found == {
        "id": "toys",
        "title": 'Toys "100 %"',
        "truncated": False,
        "features": [{"id": "toy", "distance_m": 0, "properties": {"code": "toy", "name": "玄武观", "grade": "国保"}}],
    }
