"""Lists: pages, order, filters, boxes, search, GeoJSON."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.gis.geos import GEOSGeometry
from django.test import Client

from projects.models import Project
from tests.factories import county, geometry, make, make_note, make_stage, make_statement
from zones.models import (
    Cluster,
    Industry,
    Organisation,
    Park,
    Place,
    Platform,
    Source,
    StructureElement,
    Town,
    TransportWork,
)

from .conftest import DRAWN, NAMES, Get

pytestmark = pytest.mark.django_db

Rows = Callable[..., list[dict[str, Any]]]
Codes = Callable[..., list[str]]


def test_the_root_names_every_list(client: Client) -> None:
    root = client.get("/api/v1/").json()
    assert [item["url"] for item in root["lists"]] == [f"http://testserver/api/v1/{name}/" for name in NAMES]
    assert {item["kind"]: item["formats"] for item in root["lists"]}["county"] == ["json", "geojson"]
    for address in (root["schema"], *(item["url"] for item in root["lists"])):
        assert client.get(address).status_code == 200


def test_pages_lead_through_the_whole_list_once(get: Get, client: Client) -> None:
    for _ in range(25):
        make(Platform)
    page = get("platforms", limit=10, ordering="-name").json()
    assert page["previous"] is None
    seen = []
    while True:
        assert page["count"] == Platform.objects.count()
        seen += [row["code"] for row in page["results"]]
        if page["next"] is None:
            break
        assert "ordering=-name" in page["next"]
        page = client.get(page["next"]).json()
    assert len(seen) == len(set(seen)) == Platform.objects.count()
    assert page["previous"]


def test_an_offset_behind_the_end_gives_an_empty_page(get: Get) -> None:
    page = get("counties", offset=1_000_000).json()
    assert (page["count"], page["results"], page["next"]) == (12, [], None)


def test_a_list_has_a_hundred_rows_unless_asked(rows: Rows) -> None:
    assert Town.objects.count() > 100
    assert len(rows("towns")) == 100
    assert len(rows("towns", limit=1000)) == Town.objects.count()


@pytest.mark.parametrize("ordering", ["code", "-code", "name", "-name", "name,-code"])
def test_order(codes: Codes, ordering: str) -> None:
    for code in ("tie-2", "tie-3", "tie-1"):
        make(Platform, code=code, name="同名")
    expected = list(Platform.objects.order_by(*ordering.split(","), "code").values_list("code", flat=True))
    assert codes("platforms", ordering=ordering) == expected


def test_an_unknown_date_comes_last_in_either_order(codes: Codes) -> None:
    Project.objects.all().delete()
    for code, day in (("a", None), ("b", date(2021, 1, 1)), ("c", date(2022, 1, 1))):
        make(Project, code=code, stage_as_of=day)
    assert codes("projects", ordering="stage_as_of") == ["b", "c", "a"]
    assert codes("projects", ordering="-stage_as_of") == ["c", "b", "a"]


# Search


def test_search_finds_names_other_names_and_codes(codes: Codes) -> None:
    make(Place, code="dayu", name="大盂", name_en="Dayu", aliases=["大孟", "大盂镇"])
    for text in ("大孟", "孟", "大盂", "DAYU", "day", " 大孟 "):
        assert "dayu" in codes("places", q=text), text
    assert codes("places", q="孟大") == []


@pytest.mark.parametrize("text", ["%", "_", "a_b", "100%", "\\", "'", '"', "{", "大\n盂"])
def test_search_takes_every_character_as_itself(codes: Codes, text: str) -> None:
    make(Platform, code="plain", name="平台", name_en="", aliases=["axb", "100"])
    assert codes("platforms", q=text) == []
    make(Platform, code="special", aliases=[f"前{text}后"])
    assert codes("platforms", q=text) == ["special"]


def test_search_does_not_run_from_one_name_into_the_next(codes: Codes) -> None:
    make(Platform, code="two", aliases=["甲乙", "丙丁"])
    assert codes("platforms", q="乙丙") == []


# Filters


def test_filters_by_relation(codes: Codes) -> None:
    cluster, industry = make(Cluster), make(Industry)
    park = make(Park, code="wanted", parent=make(Park, code="whole"), level="provincial", status="proposed")
    park.counties.set([county("140108"), county("140122")])
    park.clusters.add(cluster)
    park.industries.add(industry)
    make(Park, code="other")
    wanted = {
        "county": "140122",
        "prefecture": "140100",
        "cluster": cluster.code,
        "industry": industry.code,
        "parent": "whole",
        "level": "provincial",
        "status": "proposed",
    }
    for name, value in wanted.items():
        assert "wanted" in codes("parks", **{name: value}, limit=1000), name
        assert "other" not in codes("parks", **{name: value}, limit=1000), name
    # Two counties of the prefecture, one row.
    assert codes("parks", **wanted) == ["wanted"]
    assert codes("parks", **wanted | {"prefecture": "140900"}) == []


def test_filters_of_projects(codes: Codes) -> None:
    Project.objects.all().delete()
    organisation = make(Organisation)
    fields = {"county": county(), "park": make(Park), "cluster": make(Cluster), "industry": make(Industry)}
    project = make(Project, code="wanted", kind="programme", stage="building", location_precision="county", **fields)
    project.organisations.add(organisation)
    make(Project, code="other", kind="project", stage="signed")
    wanted = {name: record.code for name, record in fields.items()}
    wanted |= {"prefecture": "140100", "organisation": organisation.code, "stage": "building", "kind": "programme"}
    for name, value in (wanted | {"location_precision": "county"}).items():
        assert codes("projects", **{name: value}) == ["wanted"], name
    assert codes("projects", **wanted) == ["wanted"]


def test_filters_of_counties_and_towns(codes: Codes) -> None:
    assert len(codes("counties", prefecture="140100")) == len(codes("counties", prefecture="140900")) == 6
    assert set(codes("towns", county="140108")) == set(Town.objects.filter(county__code="140108").values_list("code", flat=True))
    make(Town, code="marked", is_development_town=True)
    marked, plain = (codes("towns", is_development_town=value, limit=1000) for value in ("true", "false"))
    assert "marked" in marked
    assert len(marked) + len(plain) == Town.objects.count()


def test_filters_of_structure(codes: Codes) -> None:
    element = make(StructureElement, kind="corridor")
    assert codes("structure-elements", scheme=element.scheme.code) == [element.code]
    assert element.scheme.code in codes("structure-schemes", source=element.scheme.source.code)


def test_filters_of_statements(codes: Codes) -> None:
    park = make(Park)
    statement = make_statement(park, nature="planned", rank="disputed", inferred=True)
    make_statement(make(Park), measure=statement.measure)
    assert codes("statements", subject_kind="park", subject=park.code) == [statement.code]
    assert codes("statements", source=statement.source.code) == [statement.code]
    both = codes("statements", measure=statement.measure.code)
    assert len(both) == 2
    assert codes("statements", measure=statement.measure.code, nature="planned") == [statement.code]
    assert codes("statements", measure=statement.measure.code, rank="disputed") == [statement.code]
    assert codes("statements", measure=statement.measure.code, inferred="true") == [statement.code]
    assert set(both) <= set(codes("statements", subject_kind="park", limit=1000))
    assert codes("statements", subject_kind="zone", measure=statement.measure.code) == []


def test_filters_of_notes(rows: Rows) -> None:
    park = make(Park)
    note = make_note(park, kind="conflict")
    (row,) = rows("data-quality-notes", subject_kind="park", subject=park.code)
    assert row["code"] == note.code
    assert row["subjects"] == [{"kind": "park", "code": park.code, "name": park.name, "name_en": park.name_en}]


# Rows


def test_a_statement_says_who_said_what_of_what_when_and_where(rows: Rows, get: Get) -> None:
    source = make(Source, name="报道", name_en="Report")
    statement = make_statement(
        *(county(), "11569.5300", "mu"), source=source, as_of=date(2021, 12, 1), as_of_precision="month", locator_en="p. 1"
    )
    (row,) = rows("statements", source=source.code)
    assert row == get("statements", statement.code).json()
    measure = {"measure": statement.measure.code, "measure_name": statement.measure.name}
    about = {"subject_kind": "county", "subject": "140108", "subject_name": "尖草坪区"}
    figure = {"value": 11569.53, "value_max": None, "unit": "mu", "unit_label": "mu", "as_of": "2021-12", "inferred": False}
    place = {"source": source.code, "source_name": "报道", "source_name_en": "Report", "locator": "第1段", "locator_en": "p. 1"}
    assert row.items() >= (measure | about | figure | place).items()


@pytest.mark.parametrize(
    ("precision", "text"),
    [("year", "2021"), ("half", "2021-H2"), ("quarter", "2021-Q4"), ("month", "2021-12"), ("day", "2021-12-08")],
)
def test_a_date_says_no_more_than_is_known(rows: Rows, precision: str, text: str) -> None:
    statement = make_statement(county(), as_of=date(2021, 12, 8), as_of_precision=precision)
    assert rows("statements", source=statement.source.code)[0]["as_of"] == text


def test_what_is_not_known_is_null(rows: Rows) -> None:
    statement = make_statement(make(Park), value=None)
    row = rows("statements", source=statement.source.code)[0]
    assert (row["value"], row["unit"], row["as_of"]) == (None, None, None)
    project = make(Project)
    row = rows("projects", q=project.code)[0]
    unknown = ("stage", "stage_as_of", "county", "park", "cluster", "industry", "place")
    assert {row[name] for name in unknown} == {None}
    assert row["stages"] == []


def test_a_project_tells_its_stages_in_order(rows: Rows) -> None:
    project = make(Project, stage="building", stage_as_of=date(2022, 3, 1))
    make_stage(project, "building", date(2022, 3, 1), "quarter", words_en="being built", inferred=True)
    first = make_stage(project, "signed", date(2021, 12, 8), "day", words="签约")
    row = rows("projects", q=project.code)[0]
    assert (row["stage"], row["stage_as_of"]) == ("building", "2022-Q1")
    assert [(stage["as_of"], stage["words"]) for stage in row["stages"]] == [("2021-12-08", "签约"), ("2022-Q1", "在建")]
    assert row["stages"][0]["source"] == first.source.code


def test_the_unit_is_named_in_the_language_of_the_request(client: Client) -> None:
    statement = make_statement(county(), "8", "wan_yuan")
    answer = client.get(f"/api/v1/statements/{statement.code}/")
    assert answer.json()["unit_label"] == "10,000 yuan"
    assert "Accept-Language" in answer.headers["Vary"]


# Boxes and GeoJSON


@pytest.fixture
def works() -> dict[str, TransportWork]:
    """A point, a line across the box whose ends lie outside, a line whose envelope only meets it, and an unlocated work."""
    TransportWork.objects.update(parent=None)
    TransportWork.objects.all().delete()
    shapes = {
        "point": "POINT(112.5 38.5)",
        "across": "LINESTRING(111 38.5,114 38.5)",
        "around": "LINESTRING(111 38,111 40,114 40)",
    }
    works = {
        code: make(TransportWork, code=code, geom=geometry(wkt), location_precision="schematic") for code, wkt in shapes.items()
    }
    return works | {"nowhere": make(TransportWork, code="nowhere")}


def test_a_box_takes_what_meets_it_exactly(works: dict[str, TransportWork], codes: Codes) -> None:
    assert set(codes("transport-works", bbox="112,38,113,39")) == {"point", "across"}
    assert codes("transport-works", bbox="112.5,38.5,113,39") == ["across", "point"], "the edge belongs to the box"
    assert codes("transport-works", bbox="112.5000001,38.6,113,39") == []
    assert set(codes("transport-works")) == {*works}


@pytest.mark.parametrize("name", DRAWN)
def test_geojson_has_the_rows_of_json(get: Get, name: str) -> None:
    rows = get(name).json()
    answer = get(name, f="geojson")
    assert answer.headers["Content-Type"] == "application/geo+json"
    collection = answer.json()
    assert [feature["properties"] for feature in collection["features"]] == rows["results"]
    assert [feature["id"] for feature in collection["features"]] == [row["code"] for row in rows["results"]]
    assert collection["count"] == rows["count"]
    assert "crs" not in answer.content.decode()


def test_a_feature_without_a_place_stays_in_the_list(works: dict[str, TransportWork], get: Get) -> None:
    features = get("transport-works", f="geojson").json()["features"]
    drawn = {feature["id"]: feature["geometry"] for feature in features}
    assert drawn["nowhere"] is None
    assert drawn["point"] == {"type": "Point", "coordinates": [112.5, 38.5]}
    assert get("transport-works", "nowhere", f="geojson").json()["geometry"] is None


def test_the_twelve_counties_have_their_area(get: Get) -> None:
    features = get("counties", f="geojson").json()["features"]
    assert len(features) == 12
    area = {feature["id"]: feature["properties"]["area_m2"] / 1e6 for feature in features}
    assert sum(area.values()) == pytest.approx(16787, abs=5)
    assert sum(km2 for code, km2 in area.items() if code.startswith("1401")) == pytest.approx(4427, abs=2)


def test_features_follow_the_rfc(get: Get) -> None:
    for feature in get("counties", f="geojson").json()["features"]:
        shape = GEOSGeometry(json.dumps(feature["geometry"]))
        assert shape.valid
        for polygon in shape:
            assert polygon[0].is_counterclockwise
            assert not any(ring.is_counterclockwise for ring in polygon[1:])
        assert all(len(str(number).partition(".")[2]) <= 6 for number in shape.extent)
        assert 111 < shape.centroid.x < 115, "longitude comes first"


def test_a_hole_turns_clockwise_and_the_ring_does_not(get: Get) -> None:
    wkt = "POLYGON((112 38,112 39,113 39,113 38,112 38),(112.4 38.4,112.6 38.4,112.6 38.6,112.4 38.6,112.4 38.4))"
    park = make(Park, geom=geometry(wkt), location_precision="site")
    outer, hole = get("parks", park.code, f="geojson").json()["geometry"]["coordinates"]
    assert outer == [[112, 38], [113, 38], [113, 39], [112, 39], [112, 38]]
    assert hole == [[112.4, 38.4], [112.4, 38.6], [112.6, 38.6], [112.6, 38.4], [112.4, 38.4]]


def test_the_accept_header_chooses_geojson_and_f_goes_before_it(client: Client) -> None:
    def kind(query: str, accept: str) -> str:
        answer = client.get(f"/api/v1/counties/{query}", headers={"Accept": accept})
        assert "Accept" in answer.headers["Vary"].split(", ")
        return answer.headers["Content-Type"]

    assert kind("", "application/geo+json") == "application/geo+json"
    assert kind("", "text/html,*/*;q=0.8") == "application/json"
    assert kind("?f=json", "application/geo+json") == "application/json"
    assert kind("?f=geojson", "text/html") == "application/geo+json"


def test_names_of_any_script_pass_through(get: Get) -> None:
    park = make(Park, name='引号"和\\反斜杠\n换行</script>', aliases=["𠀀"])
    (properties,) = [feature["properties"] for feature in get("parks", f="geojson", q=park.code).json()["features"]]
    assert (properties["name"], properties["aliases"]) == (park.name, park.aliases)
