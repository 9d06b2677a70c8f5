"""GET /api/v1/land: parcels and parks that may serve a project, the best first, each with its reasons."""

from typing import Any

import pytest
import shapely
from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.geos import MultiPolygon
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from pyproj import Geod

from lib.crs import STORAGE_SRID
from projects import land
from projects.land import find_land
from projects.models import Parcel
from tests.api.test_document import assert_as_documented
from tests.api.test_site_checks import M_EAST, geos, square
from tests.factories import county, geometry, make, make_line, make_release
from zones.models import Industry, Park, Place
from zones.models.records import PublishedQuerySet

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/land"
GEOD = Geod(a=6378137.0, rf=298.257222101)
LON, LAT = 112.5, 38.05


@pytest.fixture(autouse=True)
def _nothing_else() -> None:
    """The places and parks of the documents would come between; these tests make their own."""
    Place.objects.filter(kind__in=["station", "county_seat", "town"]).update(kind="landmark")
    for park in Park.objects.all():
        park.counties.clear()
    Park.objects.update(geom=None, location_precision="unknown")


def station(lon: float = LON, lat: float = LAT, kind: str = "station", **names: Any) -> Place:
    made: Place = make(Place, kind=kind, point=geometry(f"POINT({lon} {lat})"), **names)
    return made


def parcel(code: str, east_m: float = 0.0, side_m: float = 100.0, **fields: Any) -> Parcel:
    shape = geos(square(LON + east_m * M_EAST, LAT, side_m))
    own: dict[str, Any] = {"name": f"地块{code}", "county": county(), "state": "available"}
    return Parcel.objects.create(
        code=code, geom=geometry(shape.wkt.replace("POLYGON (", "MULTIPOLYGON ((") + ")"), **own | fields
    )


def ask(client: Client, **given: Any) -> dict[str, Any]:
    """With the largest limit, so that the parks of the documents hide nothing."""
    answer = client.get(ADDRESS, {"limit": 50} | given)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def parcels(client: Client, **given: Any) -> list[str]:
    return [one["code"] for one in ask(client, **given)["results"] if one["kind"] == "parcel"]


def reasons(client: Client, code: str, **given: Any) -> dict[str, float]:
    one = next(one for one in ask(client, **given)["results"] if one["code"] == code)
    assert one["score"] == pytest.approx(sum(reason["points"] for reason in one["reasons"]))
    return {reason["code"]: reason["points"] for reason in one["reasons"]}


# What is found


def test_only_available_parcels_are_found(client: Client) -> None:
    for state in ("available", "reserved", "supplied", ""):
        parcel(f"p-{state or 'untold'}", state=state)
    assert parcels(client) == ["p-available"]


def test_the_area_is_the_registered_one_else_that_of_the_bounds(client: Client) -> None:
    parcel("registered", area_m2="20000")
    parcel("measured", 500)
    found = {one["code"]: one for one in ask(client)["results"]}
    assert found["registered"]["area_m2"] == 20000
    assert found["registered"]["area_mu"] == 30
    assert found["measured"]["area_m2"] == pytest.approx(10_000, rel=0.01)
    assert parcels(client, min_area_m2=15000) == ["registered"]
    assert parcels(client, max_area_m2=15000) == ["measured"]
    assert sorted(parcels(client, min_area_m2=9000, max_area_m2=20000)) == ["measured", "registered"]


def test_areas_are_compared_on_the_ellipsoid(client: Client) -> None:
    """To the square metre, though most are told apart by less."""
    made = parcel("edge")
    area = abs(GEOD.geometry_area_perimeter(shapely.from_wkt(made.geom.wkt))[0])
    for least, there in ((area - 1, True), (area + 1, False)):
        assert bool(parcels(client, min_area_m2=f"{least:.3f}")) is there
    for most, there in ((area + 1, True), (area - 1, False)):
        assert bool(parcels(client, max_area_m2=f"{most:.3f}")) is there


def test_in_a_county(client: Client) -> None:
    parcel("here")
    parcel("there", county=county("140122"))
    assert parcels(client, county="140122") == ["there"]


def test_the_nearest_place_and_the_distance_from_the_edge(client: Client) -> None:
    near = station(LON, LAT, name="近站", name_en="Near")
    station(LON + 5000 * M_EAST, LAT)
    parcel("p", 1000)
    (one,) = (one for one in ask(client)["results"] if one["code"] == "p")
    assert one["near"]["code"] == near.code
    edge = GEOD.inv(LON, LAT, LON + 950 * M_EAST, LAT)[2]
    assert one["distance_m"] == pytest.approx(edge, abs=1)


def test_within_a_distance(client: Client) -> None:
    station()
    parcel("at", 0)
    parcel("near", 2000)
    parcel("far", 4000)
    assert sorted(parcels(client, max_distance_m=1960)) == ["at", "near"]
    assert sorted(parcels(client, max_distance_m=1900)) == ["at"]
    assert parcels(client, max_distance_m=1960, near="county_seat") == []


@pytest.mark.parametrize("kind", ["station", "county_seat", "town"])
def test_near_to_what_was_asked_for(client: Client, kind: str) -> None:
    station(kind=kind)
    parcel("p")
    assert parcels(client, near=kind, max_distance_m=100) == ["p"]


def test_a_park_whose_place_is_unknown_is_left_out_and_counted(client: Client) -> None:
    station()
    count = Park.objects.count()
    placed = make(Park, geom=geometry(f"POINT({LON} {LAT})"), location_precision="town")
    body = ask(client, max_distance_m=5000)
    assert [one["code"] for one in body["results"]] == [placed.code]
    assert body["left_out"]["without_place"] == count


# How it is ranked


def test_the_leading_industry_of_the_park_comes_first(client: Client) -> None:
    station()
    industry, other = make(Industry), make(Industry)
    fitting, unfitting = make(Park), make(Park)
    fitting.industries.add(industry)
    unfitting.industries.add(other)
    parcel("without", 0)
    parcel("unfitting", 200, park=unfitting)
    parcel("fitting", 3000, park=fitting)
    assert parcels(client, industry=industry.code) == ["fitting", "unfitting", "without"]
    assert reasons(client, "fitting", industry=industry.code)["industry-leading"] == 3
    assert reasons(client, "unfitting", industry=industry.code)["industry-other"] == 0
    assert reasons(client, "without", industry=industry.code)["in-no-park"] < 0


def test_a_park_itself(client: Client) -> None:
    industry = make(Industry)
    park = make(Park, name="某园")
    park.industries.add(industry)
    body = ask(client, industry=industry.code)
    first = body["results"][0]
    assert (first["kind"], first["code"], first["verdict"]) == ("park", park.code, None)
    assert {reason["code"] for reason in first["reasons"]} == {"industry-leading", "place-unknown", "no-bounds"}
    assert first["is_surveyed"] is False
    assert (first["lon"], first["area_m2"]) == (None, None)


def test_a_park_with_surveyed_bounds_is_checked_and_measured(client: Client) -> None:
    park = make(Park, geom=geos(square(LON, LAT, 1000)), location_precision="site")
    (one,) = (one for one in ask(client)["results"] if one["code"] == park.code)
    assert one["area_m2"] == pytest.approx(1e6, rel=0.01)
    assert one["verdict"] == "incomplete"
    assert park.code not in [one["code"] for one in ask(client, min_area_m2=2_000_000)["results"]]


def test_the_nearer_comes_first(client: Client) -> None:
    station()
    for code, east in (("c", 9000), ("a", 300), ("b", 4000)):
        parcel(code, east)
    assert parcels(client) == ["a", "b", "c"]


def test_an_approximate_place_counts_less(client: Client) -> None:
    station()
    park = make(Park, geom=geometry(f"POINT({LON} {LAT})"), location_precision="town")
    parcel("p")
    assert reasons(client, park.code)["distance-approximate"] < reasons(client, "p")["distance"]


# The site check


def test_what_conflicts_ranks_last_and_is_left_out_when_asked(client: Client) -> None:
    station()
    make_line(make_release("permanent-basic-farmland"), geos(square(LON, LAT, 300)))
    parcel("farmland", 0)
    parcel("free", 5000)
    body = ask(client)
    assert [one["code"] for one in body["results"] if one["kind"] == "parcel"] == ["free", "farmland"]
    verdicts = {one["code"]: one["verdict"] for one in body["results"]}
    assert (verdicts["farmland"], verdicts["free"]) == ("conflict", "incomplete")
    assert body["checked"] == 2
    left = ask(client, no_conflicts="true")
    assert [one["code"] for one in left["results"] if one["kind"] == "parcel"] == ["free"]
    assert left["left_out"]["in_conflict"] == 1


def test_missing_data_never_reads_as_clear(client: Client) -> None:
    parcel("p")
    told = reasons(client, "p", no_conflicts="true")
    assert told["verdict-incomplete"] == 0


def test_a_bounded_number_is_checked_and_the_others_say_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(land, "MOST_CHECKED", 2)
    station()
    for number in range(4):
        parcel(f"p-{number}", number * 500)
    body = ask(client)
    assert body["checked"] == 2
    assert [one["verdict"] is None for one in body["results"] if one["kind"] == "parcel"] == [False, False, True, True]
    assert "not-checked" in reasons(client, "p-3")
    left = ask(client, no_conflicts="true")
    assert [one["code"] for one in left["results"] if one["kind"] == "parcel"] == ["p-0", "p-1"]
    assert left["left_out"]["not_checked"] == 2


def test_no_more_is_checked_than_is_shown(client: Client) -> None:
    station()
    for number in range(4):
        parcel(f"p-{number}", number * 500)
    body = ask(client, limit=1)
    assert (body["checked"], body["truncated"]) == (1, True)
    assert parcels(client, limit=1) == ["p-0"]


def test_the_candidates_are_one_statement(client: Client, django_assert_max_num_queries: Any) -> None:
    station()
    for number in range(3):
        parcel(f"p-{number}", number * 500)
    with django_assert_max_num_queries(5):  # the candidates, their shapes, a check each
        find_land(AnonymousUser())


# Many parcels


def test_of_many_the_nearest_are_ranked(client: Client) -> None:
    """More of them than are ranked, all far away but one; its limits stand in the SQL, so this makes as many as that takes."""
    station()
    industry, park = make(Industry), make(Park)
    park.industries.add(industry)
    far = MultiPolygon(geos(square(LON + 20_000 * M_EAST, LAT, 20)), srid=STORAGE_SRID)
    row: dict[str, Any] = {"name": "远", "county": county(), "state": "available", "geom": far, "park": park}
    Parcel.objects.bulk_create(Parcel(code=f"far-{number}", **row) for number in range(land.MOST_PARCELS + 20))
    parcel("nearest", 0, side_m=20)
    for wish in ({}, {"max_distance_m": 1000}, {"max_distance_m": 50_000}, {"max_area_m2": 10_000}, {"county": "140108"}):
        body = ask(client, **wish)
        assert body["results"][0]["code"] == "nearest"
        assert body["truncated"] is (wish != {"max_distance_m": 1000})
    fitting = ask(client, industry=industry.code)["results"]
    assert next(one["code"] for one in fitting if one["kind"] == "parcel").startswith("far-")


# Who sees what


def test_what_a_reader_may_not_see_is_not_found(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    station(name="隐站")
    parcel("shown", 1000)
    parcel("hidden", 0)

    def visible_to(self: Any, user: Any) -> Any:
        return self.exclude(code="hidden") if self.model is Parcel else self.none() if self.model is Place else self

    monkeypatch.setattr(PublishedQuerySet, "visible_to", visible_to)
    body = ask(client)
    assert [one["code"] for one in body["results"] if one["kind"] == "parcel"] == ["shown"]
    assert {one["near"] for one in body["results"] if one["kind"] == "parcel"} == {None}


# What is refused


@pytest.mark.parametrize(
    ("given", "parameter"),
    [
        ({"min_area_m2": "-1"}, "min_area_m2"),
        ({"min_area_m2": "1e400"}, "min_area_m2"),
        ({"min_area_m2": "NaN"}, "min_area_m2"),
        ({"min_area_m2": "１００"}, "min_area_m2"),
        ({"min_area_m2": "2", "max_area_m2": "1"}, "min_area_m2"),
        ({"max_area_m2": "99999999999"}, "max_area_m2"),
        ({"industry": "nonsense"}, "industry"),
        ({"industry": "'; DROP TABLE zones_park; --"}, "industry"),
        ({"industry": "\0"}, "industry"),
        ({"county": "999999"}, "county"),
        ({"county": "%s %(least)s {parcels}"}, "county"),
        ({"near": "airport"}, "near"),
        ({"max_distance_m": "200001"}, "max_distance_m"),
        ({"no_conflicts": "yes"}, "no_conflicts"),
        ({"limit": "0"}, "limit"),
        ({"limit": "51"}, "limit"),
        ({"unknown": "1"}, "unknown"),
        ({"near": ""}, "near"),
    ],
)
def test_refusals_name_the_parameter(client: Client, given: dict[str, str], parameter: str) -> None:
    answer = client.get(ADDRESS, given)
    assert answer.status_code == 400
    assert parameter in [error["parameter"] for error in answer.json()["errors"]]


def test_the_answer_is_as_documented(client: Client) -> None:
    station()
    parcel("p", park=make(Park, geom=geometry(f"POINT({LON} {LAT})"), location_precision="town"))
    assert_as_documented(client.get(ADDRESS), ADDRESS)
    assert_as_documented(client.get(ADDRESS, {"limit": 0}), ADDRESS)


def test_it_is_only_read(client: Client) -> None:
    assert client.post(ADDRESS).status_code == 405


def test_in_the_language_of_the_reader(client: Client) -> None:
    place = station(name="中站", name_en="Middle station")
    parcel("p")
    said = {
        language: client.get(ADDRESS, headers={"Accept-Language": language}).json()["results"][0]["near"]["name"]
        for language in ("en", "zh-hans")
    }
    assert said == {"en": place.name_en, "zh-hans": place.name}


def test_a_database_that_is_too_slow(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_given: Any, **_more: Any) -> HttpResponse:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr("portal.find_land.find_land", slow)
    client.raise_request_exception = False
    answer = client.get(ADDRESS)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
