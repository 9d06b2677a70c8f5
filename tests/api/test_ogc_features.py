"""Features of the OGC API: which ones an address asks for, in which order, in which coordinates, page by page."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lib.crs import BY_NAME, SYSTEMS
from portal import layers
from portal.layer import FieldType
from portal.ogc import features
from portal.relation import _public_relation
from projects.models import Parcel, Project
from tests.factories import county, geometry, make, make_line, make_release
from zones.models import County, PublishedQuerySet

from .test_refusals import assert_names, assert_problem

pytestmark = pytest.mark.django_db

COLLECTIONS = [layer.id for layer in layers.published()]
GK38, GK37, MERCATOR, CGCS2000, WGS84 = (BY_NAME[f"EPSG:{number}"] for number in (4526, 4525, 3857, 4490, 4326))

# As Python can name them.
HYPHENED = {name.replace("-", "_"): name for name in ("bbox-crs", "filter-crs", "filter-lang")}

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def get(client: Client) -> Callable[..., HttpResponse]:
    def get(path: str, **parameters: Any) -> HttpResponse:
        return client.get(f"/ogc/collections/{path}", {HYPHENED.get(name, name): value for name, value in parameters.items()})

    return get


@pytest.fixture
def ask(get: Callable[..., HttpResponse]) -> Ask:
    """The items of a collection."""

    def ask(collection: str, **parameters: Any) -> dict[str, Any]:
        answer = get(f"{collection}/items", **parameters)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


@pytest.fixture
def codes(ask: Ask) -> Callable[..., list[str]]:
    return lambda collection, **parameters: codes_of(ask(collection, **{"limit": 1000} | parameters))


def codes_of(page: dict[str, Any]) -> list[str]:
    return [feature["id"] for feature in page["features"]]


def link(document: dict[str, Any], rel: str) -> str | None:
    return next((found["href"] for found in document["links"] if found["rel"] == rel), None)


def pages(client: Client, address: str) -> Iterator[dict[str, Any]]:
    """The page and all that follow it."""
    following: str | None = address
    while following:
        answer = client.get(following)
        assert answer.status_code == 200, answer.content
        yield answer.json()
        following = link(answer.json(), "next")


def project(**fields: Any) -> Project:
    made: Project = make(Project, **({"location_precision": "site"} if fields.get("geom") else {}) | fields)
    return made


# --- a page and a feature


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_page_has_what_the_standard_asks_for(ask: Ask, collection: str) -> None:
    page = ask(collection, limit=2)
    layer = layers.find(collection)
    assert layer
    assert page["type"] == "FeatureCollection"
    assert page["timeStamp"].endswith("Z")
    assert page["numberReturned"] == len(page["features"]) <= 2
    assert page["numberMatched"] == layer.visible_to(None).count()
    for feature in page["features"]:
        assert list(feature["properties"]) == [field.name for field in layer.fields]
        assert feature["id"] == feature["properties"]["code"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_feature_is_what_the_page_shows(ask: Ask, get: Callable[..., HttpResponse], collection: str) -> None:
    for shown in ask(collection, limit=3)["features"]:
        answer = get(f"{collection}/items/{shown['id']}")
        assert answer.headers["Content-Type"] == "application/geo+json"
        feature = answer.json()
        assert link(feature, "self") == f"http://testserver/ogc/collections/{collection}/items/{shown['id']}"
        assert link(feature, "collection") == f"http://testserver/ogc/collections/{collection}"
        del feature["links"]
        assert feature == shown


def test_properties_have_their_types(ask: Ask) -> None:
    made = project(aliases=["甲", "乙"], stage_as_of=date(2022, 3, 1), investment_wan="1234.5", county=county(), name_en="")
    properties = ask("projects", code=made.code)["features"][0]["properties"]
    assert properties["aliases"] == ["甲", "乙"]
    assert properties["stage_as_of"] == "2022-03-01"
    assert properties["investment_wan"] == 1234.5
    assert properties["county"] == county().code
    assert properties["name_en"] is None
    assert properties["organisations"] == []


def test_an_empty_collection_has_an_empty_page(ask: Ask) -> None:
    page = ask("parcels")
    assert (page["features"], page["numberReturned"], page["numberMatched"]) == ([], 0, 0)
    assert link(page, "next") is None


def test_properties_chooses_some(ask: Ask, get: Callable[..., HttpResponse]) -> None:
    page = ask("projects", properties="stage,name", limit=1)
    assert set(page["features"][0]["properties"]) == {"name", "stage"}
    feature = get(f"projects/items/{page['features'][0]['id']}", properties="stage").json()
    assert set(feature["properties"]) == {"stage"}


def test_a_page_is_one_statement(client: Client) -> None:
    with CaptureQueriesContext(connection) as statements:
        client.get("/ogc/collections/projects/items?bbox=111,37,114,40&limit=1000&stage=building")
        client.get("/ogc/collections/projects/items/PRJ-001")
    assert len(statements) == 2


def test_a_large_table_is_counted_on_request_only(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "COUNTED_UP_TO_BYTES", 0)
    assert "numberMatched" not in ask("projects", limit=5)
    assert "numberMatched" not in ask("projects", limit=5, cursor=_cursor(ask("projects", limit=5)))
    assert ask("projects", limit=5, count="exact")["numberMatched"] == Project.objects.count()
    assert ask("projects", limit=1000)["numberMatched"] == Project.objects.count()


def test_the_count_is_of_all_pages_that_match(ask: Ask) -> None:
    for number in range(7):
        project(stage="stopped", sort_order=number)
    page = ask("projects", stage="stopped", limit=3)
    seen = []
    for count in ({}, {"count": "exact"}):
        seen.append(ask("projects", stage="stopped", limit=3, **count)["numberMatched"])
        seen.append(ask("projects", stage="stopped", limit=3, cursor=_cursor(page), **count)["numberMatched"])
    expected = Project.objects.filter(stage="stopped").count()
    assert seen == [expected] * 4


def _cursor(page: dict[str, Any]) -> str:
    following = link(page, "next")
    assert following
    return parse_qs(urlsplit(following).query)["cursor"][0]


# --- paging

ORDERS = [
    "",
    "name",
    "-name",
    "+stage",
    "-stage",
    "stage_as_of",
    "-stage_as_of,stage",
    "investment_wan",
    "-investment_wan,-stage_as_of,name_en",
    "county,-stage,investment_wan",
]


@pytest.fixture
def varied() -> list[Project]:
    """Projects that share values and lack some."""
    days = [None, date(2022, 3, 1), date(2022, 3, 1), date(2021, 12, 1)]
    amounts = [None, "0.1", "0.3", "1000000000", None, "-0"]
    return [
        project(
            stage=["", "building", "signed"][number % 3],
            stage_as_of=days[number % 4],
            investment_wan=None if amounts[number % 6] in {None, "-0"} else amounts[number % 6],
            name_en=["", "Same"][number % 2],
            county=[None, county(), county("140122")][number % 3],
            kind="relocation",
        )
        for number in range(24)
    ]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [1, 7])
@pytest.mark.usefixtures("varied")
def test_pages_follow_each_other_in_one_order(client: Client, ask: Ask, order: str, limit: int) -> None:
    sortby = {"sortby": order} if order else {}
    whole = codes_of(ask("projects", kind="relocation", limit=1000, **sortby))
    query = f"kind=relocation&limit={limit}" + (f"&sortby={order.replace('+', '%2B')}" if order else "")
    found = [code for page in pages(client, f"/ogc/collections/projects/items?{query}") for code in codes_of(page)]
    assert found == whole
    assert len(set(found)) == len(found) == Project.objects.filter(kind="relocation").count()


@pytest.mark.parametrize("order", ORDERS)
def test_each_feature_comes_once_while_others_are_inserted(client: Client, varied: list[Project], order: str) -> None:
    before = {made.code for made in varied}
    found: list[str] = []
    address = "/ogc/collections/projects/items?kind=relocation&limit=5" + (f"&sortby={order}" if order else "")
    for number, page in enumerate(pages(client, address)):
        found += codes_of(page)
        if number < 6:  # before, among and behind what has been read
            project(kind="relocation", name="一", stage="", investment_wan="0.2", stage_as_of=date(2022, 1, 1))
            project(kind="relocation", name="阿", stage="signed", stage_as_of=None, county=county(), name_en="Same")
    assert len(found) == len(set(found))
    assert before <= set(found)


def test_unknown_values_come_last_both_ways(ask: Ask) -> None:
    known, unknown = project(kind="relocation", investment_wan="5"), project(kind="relocation")
    for order in ("investment_wan", "-investment_wan"):
        found = codes_of(ask("projects", kind="relocation", sortby=order, limit=1000))
        assert found.index(known.code) < found.index(unknown.code)


def test_the_order_is_what_it_says(ask: Ask) -> None:
    amounts = [
        feature["properties"]["investment_wan"]
        for feature in ask("projects", sortby="-investment_wan", limit=1000)["features"]
        if feature["properties"]["investment_wan"] is not None
    ]
    assert amounts == sorted(amounts, reverse=True)


def test_links_keep_every_parameter(ask: Ask) -> None:
    asked = {"limit": "1", "bbox": "111,37,114,40", "sortby": "+name", "stage": "building", "crs": GK38.uri, "properties": "name"}
    page = ask("projects", f="json", **asked)
    for rel in ("self", "alternate", "next"):
        query = {name: values[0] for name, values in parse_qs(urlsplit(link(page, rel)).query).items()}
        assert asked.items() <= query.items()
        assert query["f"] == ("html" if rel == "alternate" else "json")
    assert str(link(page, "next")).startswith("http://testserver/ogc/collections/projects/items?")


def test_a_cursor_is_of_one_collection_and_order(get: Callable[..., HttpResponse], ask: Ask) -> None:
    cursor = _cursor(ask("projects", limit=1))
    assert get("projects/items", cursor=cursor, limit=3, stage="building").status_code == 200
    for path, more in (("parks/items", {}), ("projects/items", {"sortby": "name"}), ("projects/items", {"sortby": "-name"})):
        assert_names(get(path, cursor=cursor, **more), "cursor")
    sorted_by_name = _cursor(ask("projects", limit=1, sortby="name"))
    assert_names(get("projects/items", cursor=sorted_by_name), "cursor")
    assert_names(get("projects/items", cursor=sorted_by_name, sortby="-name"), "cursor")


@pytest.mark.parametrize("forged", ["1", "WzJd", "WzJd.", ".", "WzJd.AAAA", "a" * 5000, "é", "' OR 1=1", "WzJd:x.y", "😀", "[1]"])
def test_a_forged_cursor(get: Callable[..., HttpResponse], ask: Ask, forged: str) -> None:
    assert_names(get("projects/items", cursor=forged), "cursor")
    place, _dot, signature = _cursor(ask("projects", limit=1)).rpartition(".")
    assert_names(get("projects/items", cursor=f"{forged}.{signature}"), "cursor")
    assert_names(get("projects/items", cursor=f"{place}.{forged}"), "cursor")


# --- conditions


def test_a_box_means_exactly_what_meets_it(codes: Callable[..., list[str]]) -> None:
    # Index boxes are rounded to four bytes: && alone would take the first for inside.
    outside = project(geom=geometry("POINT(112.70000000001 38.5)"))
    edge = project(geom=geometry("POINT(112.7 38.5)"))
    unknown = project()
    found = codes("projects", bbox="112.6,38.4,112.7,38.6")
    assert edge.code in found
    assert outside.code not in found
    assert unknown.code not in found


def test_a_box_meets_shapes_and_not_their_boxes(codes: Callable[..., list[str]]) -> None:
    corner = "MULTIPOLYGON(((112 38,113 38,112 39,112 38)))"
    shape = make_line(make_release("urban-boundary"), geometry(corner))
    assert codes("control-lines", bbox="112.1,38.1,112.2,38.2") == [shape.code]
    assert codes("control-lines", bbox="112.9,38.9,113,39") == []


def make_shape(model: type[Any], **fields: Any) -> Any:
    number = model.objects.count()
    return model.objects.create(**{"code": f"shape-{number}", "name": f"图斑{number}"} | fields)


def test_a_box_as_gdal_writes_it(codes: Callable[..., list[str]]) -> None:
    assert codes("projects", bbox="1.1e2,37.8999999999999986,112.900000000000006,38.5") == codes(
        "projects", bbox="110,37.9,112.9,38.5"
    )


def test_six_numbers_are_a_box_with_heights(codes: Callable[..., list[str]]) -> None:
    assert codes("projects", bbox="112,37.5,-10,113,38.5,9000") == codes("projects", bbox="112,37.5,113,38.5")


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_the_same_box_in_every_system(codes: Callable[..., list[str]], system: Any) -> None:
    inside = project(geom=geometry("POINT(112.5 38.5)"))
    outside = project(geom=geometry("POINT(112.6 38.5)"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_X(p), ST_Y(p) FROM ST_Transform(ST_SetSRID(ST_Point(112.5, 38.5), 4490), %s) AS p", [system.srid]
        )
        x, y = cursor.fetchone()
    step = 0.01 if system.is_geographic else 1000
    corners = [x - step, y - step, x + step, y + step]
    if system.north_first:
        corners = [corners[1], corners[0], corners[3], corners[2]]
    bbox = ",".join(f"{corner:.8f}" for corner in corners)
    found = codes("projects", bbox=bbox, bbox_crs=system.uri)
    assert inside.code in found
    assert outside.code not in found


def test_a_box_in_metres_is_exact_to_the_centimetre(codes: Callable[..., list[str]]) -> None:
    with connection.cursor() as cursor:
        places = []
        for northing in (4_262_999.99, 4_263_000.01):
            cursor.execute("SELECT ST_AsText(ST_Transform(ST_SetSRID(ST_Point(38400000, %s), 4526), 4490), 15)", [northing])
            places.append(cursor.fetchone()[0])
    south, north = (project(geom=geometry(place)) for place in places)
    found = codes("projects", bbox="4263000,38300000,4363000,38500000", bbox_crs=GK38.uri)
    assert north.code in found
    assert south.code not in found


def test_wide_boxes_in_metres(codes: Callable[..., list[str]]) -> None:
    everything = [code for code in codes("projects", bbox="-180,-90,180,90")]
    edge = 20037508
    assert codes("projects", bbox=f"{-edge},{-edge},{edge},{edge}", bbox_crs=MERCATOR.uri) == everything
    assert codes("projects", bbox="0,35500000,10000000,41500000", bbox_crs=GK38.uri) == everything


def test_every_field_is_a_parameter(codes: Callable[..., list[str]]) -> None:
    made = project(
        name="一个项目",
        aliases=["甲", "乙"],
        stage="signed",
        stage_as_of=date(2020, 5, 6),
        investment_wan="12.5",
        county=county(),
        location_precision="county",
    )
    for name, value in (
        ("name", "一个项目"),
        ("aliases", "乙"),
        ("stage", "signed"),
        ("stage_as_of", "2020-05-06"),
        ("investment_wan", "12.50"),
        ("county", county().code),
        ("code", made.code),
    ):
        assert made.code in codes("projects", **{"kind": "project", name: value})
    for name, value in (
        ("name", "一个"),
        ("aliases", "丙"),
        ("stage", "building"),
        ("investment_wan", "12"),
        ("county", "140122"),
    ):
        assert codes("projects", **{"code": made.code, name: value}) == []
    town = codes("towns", is_development_town="true")
    assert town
    assert not set(town) & set(codes("towns", is_development_town="false"))


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_values_of_fields_are_checked(get: Callable[..., HttpResponse], collection: str) -> None:
    layer = layers.find(collection)
    assert layer
    wrong = {FieldType.NUMBER: ["x", "1e", "NaN", "1 000"], FieldType.BOOLEAN: ["1", "True"], FieldType.DATE: ["2022-02-30", "x"]}
    for field in layer.fields:
        for value in wrong.get(field.type, ["nothing"] if field.choices else []):
            assert_names(get(f"{collection}/items", **{field.name: value}), field.name)


TIMES = {
    "2022-03-01": "bn",
    "2022-03-01T23:59:59Z": "bn",
    "2022-03-01t00:00:00+08:00": "bn",
    "2022-03-02": "n",
    "2022-01-01/2022-03-01": "abn",
    "2022-01-02T00:00:00Z/2022-03-01T00:00:00Z": "bn",
    "../2022-02-28": "an",
    "/2022-02-28": "an",
    "2022-02-28/..": "bn",
    "2022-02-28/": "bn",
    "2022-01-01/2022-01-01": "an",
    "0001-01-01T00:00:00+14:00/9999-12-31T23:59:59-12:00": "abn",
}


@pytest.mark.parametrize("asked", TIMES)
def test_features_of_a_time_and_those_without_one(codes: Callable[..., list[str]], asked: str) -> None:
    made = {
        "a": project(kind="relocation", stage_as_of=date(2022, 1, 1)),
        "b": project(kind="relocation", stage_as_of=date(2022, 3, 1)),
        "n": project(kind="relocation"),
    }
    found = codes("projects", kind="relocation", datetime=asked)
    assert {name for name, record in made.items() if record.code in found} == set(TIMES[asked])


def test_a_collection_without_dates_always_matches(codes: Callable[..., list[str]]) -> None:
    assert codes("parks", datetime="1900-01-01") == codes("parks")


# --- filter


def test_filters_in_both_encodings(codes: Callable[..., list[str]]) -> None:
    made = project(stage="signed", investment_wan="7", geom=geometry("POINT(112.5 38.5)"))
    project(stage="signed", investment_wan="7", geom=geometry("POINT(112.6 38.5)"))
    text = "stage = 'signed' AND investment_wan BETWEEN 6 AND 8 AND S_INTERSECTS(geometry, POINT(112.5 38.5))"
    tree = {
        "op": "and",
        "args": [
            {"op": "=", "args": [{"property": "stage"}, "signed"]},
            {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": [112.5, 38.5]}]},
        ],
    }
    assert codes("projects", filter=text) == [made.code]
    assert codes("projects", filter=json.dumps(tree), filter_lang="cql2-json") == [made.code]
    assert codes("projects", filter=text, stage="building") == []


def test_a_filter_speaks_the_axis_order_of_its_system(codes: Callable[..., list[str]], get: Callable[..., HttpResponse]) -> None:
    made = project(geom=geometry("POINT(112.5 38.5)"))
    box = "S_INTERSECTS(geometry, POLYGON(({})))"
    east_first = box.format("112.4 38.4,112.55 38.4,112.55 38.6,112.4 38.6,112.4 38.4")
    north_first = box.format("38.4 112.4,38.4 112.55,38.6 112.55,38.6 112.4,38.4 112.4")
    assert made.code in codes("projects", filter=east_first)
    assert made.code in codes("projects", filter=north_first, filter_crs=CGCS2000.uri)
    for wrong, system in ((north_first, BY_NAME["OGC:CRS84"]), (east_first, CGCS2000)):
        answer = get("projects/items", filter=wrong, filter_crs=system.uri, limit=1000)
        if answer.status_code == 200:
            assert made.code not in codes_of(answer.json())
        else:
            assert_names(answer, "filter")


@pytest.mark.parametrize(
    "bad",
    [
        "stage =",
        "password = 'x'",
        "search_keys = 'x'",
        "pk = 1",
        "sort_order = 1",
        "(" * 2000 + "stage = 'x'" + ")" * 2000,
        "stage = 'x'; DROP TABLE projects_project",
        '"name; DROP" = 1',
    ],
)
def test_a_bad_filter_is_named(get: Callable[..., HttpResponse], bad: str) -> None:
    assert_names(get("projects/items", filter=bad), "filter")


# --- coordinates


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_coordinates_are_in_the_order_that_the_system_declares(get: Callable[..., HttpResponse], system: Any) -> None:
    made = project(geom=geometry("POINT(112.5 38.5)"))
    for path in ("projects/items", f"projects/items/{made.code}"):
        answer = get(path, crs=system.uri, **({"code": made.code} if path.endswith("items") else {}))
        assert answer.headers["Content-Crs"] == f"<{system.uri}>"
        shown = answer.json()
        coordinates = (shown["features"][0] if "features" in shown else shown)["geometry"]["coordinates"]
        expected = {
            "OGC:CRS84": [112.5, 38.5],
            "EPSG:4326": [38.5, 112.5],
            "EPSG:4490": [38.5, 112.5],
            # by the series of the transverse Mercator projection (Snyder, 8-9 and 8-10) on the ellipsoid of CGCS2000
            "EPSG:4525": [4264065.04, 37630852.55],
            "EPSG:4526": [4264065.04, 38369147.45],
            "EPSG:4546": [4264065.04, 630852.55],
            "EPSG:4547": [4264065.04, 369147.45],
            "EPSG:3857": [12523442.71, 4650301.84],
        }[system.name]
        assert coordinates == pytest.approx(expected, abs=0.02 if not system.is_geographic else 1e-9)


def test_without_crs_coordinates_are_crs84(get: Callable[..., HttpResponse]) -> None:
    assert get("counties/items").headers["Content-Crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"


def test_polygons_turn_as_rfc_7946_says(ask: Ask) -> None:
    made = make_shape(Parcel, county=county(), geom=geometry("MULTIPOLYGON(((112 38,112 39,113 39,113 38,112 38)))"))  # clockwise
    ring = ask("parcels", code=made.code)["features"][0]["geometry"]["coordinates"][0][0]
    area = sum((x2 - x1) * (y2 + y1) for (x1, y1), (x2, y2) in zip(ring, ring[1:], strict=False))
    assert area < 0  # counterclockwise


# --- who may see what


def test_what_is_hidden_is_nowhere(get: Callable[..., HttpResponse], ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = project(name="秘", stage="stopped", geom=geometry("POINT(99 20)"))
    assert ask("projects", code=hidden.code)["numberMatched"] == 1
    _public_relation.cache_clear()
    monkeypatch.setattr(PublishedQuerySet, "visible_to", lambda rows, user: rows.exclude(code=hidden.code))
    assert_problem(get(f"projects/items/{hidden.code}"), 404)
    for asked in ({"code": hidden.code}, {"name": "秘"}, {"bbox": "98,19,100,21"}, {"filter": "name = '秘'"}):
        page = ask("projects", **asked)
        assert (page["features"], page["numberMatched"]) == ([], 0)
    before = Project.objects.exclude(code=hidden.code).count()
    assert ask("projects", limit=1)["numberMatched"] == ask("projects", limit=1, count="exact")["numberMatched"] == before
    west, south, _east, _north = get("projects").json()["extent"]["spatial"]["bbox"][0]
    assert west > 99
    assert south > 20


def test_another_reader_has_a_statement_of_their_own(client: Client, django_user_model: Any, monkeypatch: Any) -> None:
    from zones.models import PublishedQuerySet

    made = project()
    monkeypatch.setattr(
        PublishedQuerySet, "visible_to", lambda rows, user: rows if user.is_authenticated else rows.exclude(code=made.code)
    )
    address = f"/ogc/collections/projects/items/{made.code}"
    assert client.get(address).status_code == 404
    client.force_login(django_user_model.objects.create_user("someone"))
    assert client.get(address).status_code == 200


# --- formats

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_f_goes_before_the_accept_header(client: Client) -> None:
    address = "/ogc/collections/counties/items"
    for asked, accept, expected in (
        ("", "*/*", "application/geo+json"),
        ("", BROWSER, "text/html; charset=utf-8"),
        ("", "application/geo+json, application/json", "application/geo+json"),
        ("", "application/json", "application/json"),
        ("?f=json", BROWSER, "application/geo+json"),
        ("?f=html", "application/geo+json", "text/html; charset=utf-8"),
    ):
        answer = client.get(address + asked, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, expected)
        assert "Accept" in answer.headers["Vary"].split(", ")


def test_addresses_name_the_server_as_the_caller_does(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["plan.example"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    headers = {"Host": "plan.example", "X-Forwarded-Proto": "https"}
    page = client.get("/ogc/collections/projects/items?limit=1", headers=headers).json()
    assert all(found["href"].startswith("https://plan.example/ogc/collections/projects") for found in page["links"])
    assert client.get("/ogc/api", headers=headers).json()["servers"] == [{"url": "https://plan.example/ogc"}]


def test_every_county_is_there(codes: Callable[..., list[str]]) -> None:
    assert set(codes("counties")) == set(County.objects.values_list("code", flat=True))
