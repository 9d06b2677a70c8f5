"""POST /api/v1/site-checks/: what applies at a site."""

import json
import math
from datetime import date, timedelta
from typing import Any

import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pyproj import Geod
from pytest_django import DjangoAssertNumQueries

from projects.models import Parcel, Project
from tests.factories import county, geometry, make, make_line, make_release
from zones.models import Activation, Industry, SiteCheck, Theme

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/site-checks/"
GEOD = Geod(a=6378137.0, rf=298.257222101)  # the ellipsoid of CGCS2000
# The line between Yangqu and Jiancaoping crosses the meridian where the two belts meet.
LON, LAT = 112.5, 38.0
M_EAST, M_NORTH = 1 / 87_800, 1 / 111_000


def square(lon: float, lat: float, side_m: float) -> dict[str, Any]:
    east, north = side_m / 2 * M_EAST, side_m / 2 * M_NORTH
    ring = [[lon - east, lat - north], [lon + east, lat - north], [lon + east, lat + north], [lon - east, lat + north]]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def geos(shape: dict[str, Any]) -> GEOSGeometry:
    return geometry(shapely.from_geojson(json.dumps(shape)).wkt)


def border() -> tuple[float, float]:
    """A place on the line between Yangqu and Jiancaoping, on 112.5°E."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT ST_Y(ST_Centroid(ST_Intersection(
                ST_Intersection(a.boundary, b.boundary),
                ST_SetSRID(ST_MakeLine(ST_Point(112.5, 37), ST_Point(112.5, 39)), 4490)
            ))) FROM zones_county AS a, zones_county AS b WHERE a.code = '140122' AND b.code = '140108'
        """)
        (latitude,) = cursor.fetchone()
    return 112.5, latitude


def ask(client: Client, **body: Any) -> HttpResponse:
    return client.post(ADDRESS, json.dumps(body), content_type="application/json")


def answer_of(client: Client, **body: Any) -> dict[str, Any]:
    answer = ask(client, **body)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def finding(answer: dict[str, Any], rule: str) -> dict[str, Any]:
    return next(one for one in answer["findings"] if one["rule"] == rule)


def in_system(shape: dict[str, Any], srid: int) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_AsGeoJSON(ST_Transform(ST_SetSRID(ST_GeomFromGeoJSON(%s), 4490), %s), 12, 0)", [json.dumps(shape), srid]
        )
        moved: dict[str, Any] = json.loads(cursor.fetchone()[0])
    return moved


def test_a_plot_of_40_mu_across_a_county_line_and_two_belts(client: Client) -> None:
    """C1 of the field's needs: farmland is loaded, the red line has an official date, annex 2 is not published."""
    lon, lat = border()
    plot = square(lon, lat, math.sqrt(40 * 10_000 / 15))
    farmland = make_release("permanent-basic-farmland", title="永久基本农田 2025", data_date=date(2025, 12, 31))
    eastern_half = geos(square(lon + 100 * M_EAST, lat, 200))
    make_line(farmland, eastern_half)
    edge = plot["coordinates"][0][0]
    width = 0.4 / (math.sqrt(40 * 10_000 / 15)) * M_EAST  # 0.4 m² along the western edge
    redline = make_release("ecological-redline", data_date=date(2025, 6, 30), issued_by="省自然资源厅")
    west = f"POLYGON(({edge[0] - 0.01} {lat - 0.01},{edge[0] + width} {lat - 0.01},{edge[0] + width} {lat + 0.01},"
    make_line(redline, geometry(f"{west}{edge[0] - 0.01} {lat + 0.01},{edge[0] - 0.01} {lat - 0.01}))"))

    answer = answer_of(client, geometry=plot)

    assert {one["theme"] for one in answer["findings"]} == set(Theme.values)
    assert {one["result"] for one in answer["findings"]} <= {"occupied", "clear", "touching", "missing"}
    assert {one["code"] for one in answer["counties"]} == {"140122", "140108"}
    assert sum(one["overlap_m2"] for one in answer["counties"]) == pytest.approx(answer["area_m2"], abs=0.1)
    assert answer["area_mu"] == pytest.approx(40, abs=0.2)

    taken = finding(answer, "farmland-protection")
    assert (taken["result"], taken["effect"], taken["release"]) == ("occupied", "prohibits", farmland.code)
    assert taken["share"] == pytest.approx(0.5, abs=1e-4)
    assert taken["overlap_m2"] == pytest.approx(answer["area_m2"] / 2, abs=1)
    assert taken["overlap_mu"] == pytest.approx(taken["overlap_m2"] * 15 / 10_000, abs=0.01)
    assert taken["clause"].startswith("S3 ")
    assert taken["rule_text"]
    assert taken["needed"]
    assert shapely.from_geojson(json.dumps(taken["geometry"])).area > 0

    touching = finding(answer, "redline-other")
    assert touching["result"] == "touching"
    assert 0 < touching["overlap_m2"] < 0.5

    negative = finding(answer, "negative-list")
    assert (negative["result"], negative["effect"]) == ("missing", "unknown")
    assert finding(answer, "polluted-plots")["result"] == "missing"
    assert finding(answer, "functional-class")["result"] == "occupied"
    for theme in ("parks", "start-up-areas", "clusters", "development-towns"):
        assert all(one["is_approximate"] for one in answer["findings"] if one["theme"] == theme)
    assert answer["verdict"] == "conflict"
    dated = {one["code"]: (one["data_date"], one["active_from"]) for one in answer["releases"]}
    assert dated == {farmland.code: ("2025-12-31", "2026-01-01"), redline.code: ("2025-06-30", "2026-01-01")}

    area = abs(GEOD.geometry_area_perimeter(shapely.from_geojson(json.dumps(plot)))[0])
    for srid in (4326, 4490, 4525, 4526, 4546, 4547, 3857):
        same = answer_of(client, geometry=in_system(plot, srid), crs=f"EPSG:{srid}")
        assert same["area_m2"] == pytest.approx(area, abs=0.1)
        assert finding(same, "farmland-protection")["overlap_m2"] == pytest.approx(taken["overlap_m2"], abs=0.1)
        assert finding(same, "redline-other")["result"] == "touching"


def test_it_is_one_statement(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    ask(client, geometry=square(LON, LAT, 100))
    release = make_release("flood")
    for number in range(4):
        make_line(release, geos(square(LON + number * M_EAST * 10, LAT, 100)))
    with django_assert_num_queries(1):
        ask(client, geometry=square(LON, LAT, 100))


def test_areas_that_overlap_each_other_are_counted_once(client: Client) -> None:
    release = make_release("permanent-basic-farmland")
    for shift in (-20, 0, 20):
        make_line(release, geos(square(LON + shift * M_EAST, LAT, 200)))
    found = answer_of(client, geometry=square(LON, LAT, 100))
    taken = finding(found, "farmland-protection")
    assert taken["overlap_m2"] == pytest.approx(found["area_m2"], abs=0.01)
    assert taken["share"] == 1
    assert len(taken["names"]) == 3


@pytest.mark.parametrize("shape", ["line", "point"])
def test_lines_and_points(client: Client, shape: str) -> None:
    make_line(make_release("permanent-basic-farmland"), geos(square(LON, LAT, 100)))
    given: dict[str, Any] = {"type": "Point", "coordinates": [LON, LAT]}
    if shape == "line":
        given = {"type": "LineString", "coordinates": [[LON, LAT], [LON + 100 * M_EAST, LAT]]}
    found = answer_of(client, geometry=given)
    taken = finding(found, "farmland-protection")
    assert taken["result"] == "occupied"
    assert (found["area_m2"], taken["overlap_m2"]) == (None, None)
    if shape == "line":
        assert found["length_m"] == pytest.approx(100, abs=0.3)
        assert taken["overlap_m"] == pytest.approx(50, abs=0.2)
        assert taken["share"] == pytest.approx(0.5, abs=1e-3)
    else:
        assert found["length_m"] is None


def test_what_only_touches_is_said_and_is_no_occupation(client: Client) -> None:
    make_line(make_release("permanent-basic-farmland"), geos(square(LON + 100 * M_EAST, LAT, 100)))
    found = answer_of(client, geometry=square(LON, LAT, 100))
    taken = finding(found, "farmland-protection")
    assert (taken["result"], taken["effect"]) == ("touching", "restricts")
    assert taken["geometry"] is not None


def test_a_bow_tie_is_repaired_and_said(client: Client) -> None:
    ring = [[LON, LAT], [LON + 0.01, LAT + 0.01], [LON + 0.01, LAT], [LON, LAT + 0.01], [LON, LAT]]
    found = answer_of(client, geometry={"type": "Polygon", "coordinates": [ring]})
    (note,) = found["notes"]
    assert note["code"] == "repaired"
    assert "112.505" in note["text"]
    assert shapely.from_geojson(json.dumps(found["geometry"])).is_valid
    halves = abs(GEOD.geometry_area_perimeter(shapely.from_geojson(json.dumps(found["geometry"])))[0])
    assert found["area_m2"] == pytest.approx(halves, abs=0.1)


@pytest.mark.parametrize(
    "rings",
    [
        [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], [[2, 2], [3, 2], [3, 3], [2, 3], [2, 2]]],  # a hole outside of its shell
        [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]],  # a hole that is the shell
        [[[0, 0], [1, 0], [0.5, 0], [0, 0]]],  # nothing between its edges
        [[[0, 0], [1e-6, 0], [1e-6, 1e-9], [0, 0]]],  # a sliver of a nanometre
    ],
)
def test_outlines_that_are_none(client: Client, rings: list[Any]) -> None:
    moved = [[[LON + x * 0.01, LAT + y * 0.01] for x, y in ring] for ring in rings]
    answer = ask(client, geometry={"type": "Polygon", "coordinates": moved})
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert answer.json()["area_m2"] >= 0
    else:
        assert answer.json()["errors"][0]["parameter"] == "geometry"


def test_nested_parts_count_once(client: Client) -> None:
    outer, inner = square(LON, LAT, 200)["coordinates"], square(LON, LAT, 100)["coordinates"]
    found = answer_of(client, geometry={"type": "MultiPolygon", "coordinates": [outer, inner]})
    alone = answer_of(client, geometry=square(LON, LAT, 200))
    assert found["area_m2"] == pytest.approx(alone["area_m2"], abs=0.1)
    assert found["notes"][0]["code"] == "repaired"


def test_outside_of_the_zone_it_answers_what_it_can(client: Client) -> None:
    make_release("permanent-basic-farmland")
    found = answer_of(client, geometry=square(116.4, 39.9, 100))
    assert found["counties"] == []
    assert finding(found, "farmland-protection")["result"] == "missing"
    assert "outside" in [note["code"] for note in found["notes"]]
    assert found["verdict"] == "incomplete"


def test_the_whole_province_is_no_site(client: Client) -> None:
    province = {"type": "Polygon", "coordinates": [[[110, 34.5], [114.5, 34.5], [114.5, 40.7], [110, 40.7], [110, 34.5]]]}
    answer = ask(client, geometry=province)
    assert answer.status_code == 400
    assert "km²" in answer.json()["detail"]


def test_an_empty_release_says_that_nothing_is_there(client: Client) -> None:
    make_release("permanent-basic-farmland")
    assert finding(answer_of(client, geometry=square(LON, LAT, 100)), "farmland-protection")["result"] == "clear"


# As of a date


def test_releases_are_those_of_the_day_that_is_asked_about(client: Client) -> None:
    former, current = make_release("flood", begins=None), make_release("flood", begins=None)
    Activation.objects.create(release=former, theme="flood", begins=date(2025, 1, 1), ends=date(2026, 1, 1), made_by="t")
    Activation.objects.create(release=current, theme="flood", begins=date(2026, 1, 1), made_by="t")
    plot = square(LON, LAT, 100)

    def code(day: str) -> str | None:
        found: str | None = finding(answer_of(client, geometry=plot, as_of=day), "flood")["release"]
        return found

    assert [code(day) for day in ("2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01")] == [
        None,
        former.code,
        former.code,
        current.code,
    ]


def test_a_draft_and_what_begins_tomorrow_do_not_count(client: Client) -> None:
    make_release("flood", begins=None)
    tomorrow = make_release("flood", begins=timezone.localdate() + timedelta(days=1))
    assert finding(answer_of(client, geometry=square(LON, LAT, 100)), "flood")["result"] == "missing"
    day = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert finding(answer_of(client, geometry=square(LON, LAT, 100), as_of=day), "flood")["release"] == tomorrow.code


def test_what_was_cancelled_does_not_count(client: Client) -> None:
    release = make_release("flood")
    release.activations.update(cancelled_at=timezone.now())
    assert finding(answer_of(client, geometry=square(LON, LAT, 100)), "flood")["result"] == "missing"


# Records


def test_a_parcel(client: Client) -> None:
    parcel = Parcel.objects.create(
        code="d-1", name="地块", county=county(), geom=geometry(f"MULTIPOLYGON({shapely_text(square(LON, LAT, 100))})")
    )
    found = answer_of(client, parcel=parcel.code)
    assert found["area_m2"] == answer_of(client, geometry=square(LON, LAT, 100))["area_m2"]


def shapely_text(shape: dict[str, Any]) -> str:
    return shapely.from_geojson(json.dumps(shape)).wkt.removeprefix("POLYGON ")


def test_a_project_brings_its_industry(client: Client) -> None:
    industry = Industry.objects.get(code="new-materials")
    place = {"geom": geos(square(LON, LAT, 100)), "location_precision": "site"}
    project = make(Project, industry=industry, **place)
    assert finding(answer_of(client, project=project.code), "park-industry")


@pytest.mark.parametrize("precision", ["village", "town", "county", "schematic"])
def test_an_approximate_place_is_no_site(client: Client, precision: str) -> None:
    project = make(Project, geom=geometry("POINT(112.5 38)"), location_precision=precision)
    answer = ask(client, project=project.code)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "project"


# Kept


def test_a_check_is_kept_under_the_hash_of_question_and_answer(client: Client) -> None:
    plot = square(LON, LAT, 100)
    answer = ask(client, geometry=plot, keep=True)
    assert answer.status_code == 201
    key = answer.json()["key"]
    assert answer.headers["Location"].endswith(f"{ADDRESS}{key}/")
    assert client.get(f"{ADDRESS}{key}/").json() == answer.json()
    assert ask(client, geometry=plot, keep=True).json()["key"] == key
    assert SiteCheck.objects.filter(key=key).count() == 1
    make_release("flood")
    assert ask(client, geometry=plot, keep=True).json()["key"] != key
    assert client.get(f"{ADDRESS}{key}/").json() == answer.json()


def test_a_kept_check_speaks_both_languages(client: Client) -> None:
    key = ask(client, geometry=square(LON, LAT, 100), keep=True).json()["key"]
    texts = {client.get(f"{ADDRESS}{key}/", headers={"Accept-Language": one}).json()["verdict_text"] for one in ("zh-hans", "en")}
    assert len(texts) == 2


def test_nothing_is_kept_unasked(client: Client) -> None:
    before = SiteCheck.objects.count()
    ask(client, geometry=square(LON, LAT, 100))
    assert SiteCheck.objects.count() == before


def test_an_unknown_key(client: Client) -> None:
    assert client.get(f"{ADDRESS}{'0' * 64}/").status_code == 404


# Bad input


PLOT = square(LON, LAT, 100)


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "geometry"),
        ({"geometry": PLOT, "parcel": "x"}, "geometry"),
        ({"parcel": "nothing"}, "parcel"),
        ({"parcel": 7}, "parcel"),
        ({"parcel": "a\0b"}, "parcel"),
        ({"project": ["x"]}, "project"),
        ({"parcel": "nothing", "crs": "EPSG:4490"}, "crs"),
        ({"geometry": PLOT, "crs": "EPSG:9999"}, "crs"),
        ({"geometry": PLOT, "as_of": "2026-02-30"}, "as_of"),
        ({"geometry": PLOT, "as_of": 2026}, "as_of"),
        ({"geometry": PLOT, "activity": "casino"}, "activity"),
        ({"geometry": PLOT, "activity": ["industry"]}, "activity"),
        ({"geometry": PLOT, "industry": "nothing"}, "industry"),
        ({"geometry": PLOT, "industry": {"a": 1}}, "industry"),
        ({"geometry": PLOT, "keep": "yes"}, "keep"),
        ({"geometry": PLOT, "verdict": "clear"}, "verdict"),
    ],
)
def test_what_is_wrong_is_named(client: Client, body: dict[str, Any], member: str) -> None:
    answer = ask(client, **body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [error["parameter"] for error in answer.json()["errors"]] == [member]


@pytest.mark.parametrize("body", [" ", "[]", "7", "{", '{"geometry": NaN}', "[" * 100_000])
def test_what_is_no_object_is_refused(client: Client, body: str) -> None:
    assert client.post(ADDRESS, body, content_type="application/json").status_code == 400


def test_other_media_types_and_sizes_and_methods(client: Client) -> None:
    assert client.post(ADDRESS, "{}", content_type="text/plain").status_code == 415
    assert client.post(ADDRESS, {"geometry": "x"}).status_code == 415
    assert client.post(ADDRESS, b" " * 2_000_001, content_type="application/json").status_code == 413
    assert client.post(f"{ADDRESS}?keep=true", "{}", content_type="application/json").status_code == 400
    assert client.get(ADDRESS).status_code == 405
    assert client.put(ADDRESS).status_code == 405


def test_a_statement_that_takes_too_long_is_unavailable(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr("zones.sitecheck.facts.execute", fail)
    answer = ask(client, geometry=PLOT)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
