"""What the API refuses, and how: problem+json with the parameter's name and a request id, and never a stack."""

from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from .conftest import DRAWN, NAMES, NOT_DRAWN, VIEWS, Get

pytestmark = pytest.mark.django_db


def assert_problem(answer: HttpResponse, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert "Traceback" not in answer.content.decode()
    return problem


def assert_names(answer: HttpResponse, *parameters: str) -> list[str]:
    errors = assert_problem(answer, 400)["errors"]
    assert {error["parameter"] for error in errors} == set(parameters)
    return [error["detail"] for error in errors]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_out_of_range_is_refused_not_clipped(get: Get, name: str) -> None:
    for limit in ("0", "-1", "1001", "1000000000", "9" * 40, "abc", "1.5", "１", "1e2", "0x1", " "):
        assert_names(get(name, limit=limit), "limit")
    for offset in ("-1", "1000001", "9" * 40, "abc", "NaN"):
        assert_names(get(name, offset=offset), "offset")


@pytest.mark.parametrize("name", NAMES)
def test_unknown_repeated_and_empty_parameters_are_all_named(client: Client, name: str) -> None:
    answer = client.get(f"/api/v1/{name}/?colour=red&limit=1&limit=2&ordering=&_format=json")
    assert_names(answer, "colour", "limit", "ordering", "_format")


@pytest.mark.parametrize("name", NAMES)
def test_a_single_record_takes_no_filter(get: Get, name: str) -> None:
    assert_names(get(name, "any", q="x"), "q")


@pytest.mark.parametrize("name", NAMES)
def test_order_is_by_declared_fields_only(get: Get, name: str) -> None:
    for ordering in ("colour", "-", "code,", "code,code", "code,-code", "id", "summary;drop", "county__boundary"):
        assert_names(get(name, ordering=ordering), "ordering")


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_format_is_refused(get: Get, name: str) -> None:
    for wanted in ("xml", "JSON", "geojson,json", "html"):
        assert "json" in assert_names(get(name, f=wanted), "f")[0]


@pytest.mark.parametrize("name", NOT_DRAWN)
def test_geojson_of_what_has_no_geometry_is_refused(get: Get, name: str) -> None:
    assert_names(get(name, f="geojson"), "f")
    assert_names(get(name, "any", f="geojson"), "f")
    assert_names(get(name, bbox="112,38,113,39"), "bbox")


BAD_BOXES = {
    "112,38,113": "four numbers",
    "112,38,0,113,39,0": "four numbers",
    "112,38,113,39,40": "four numbers",
    "112;38;113;39": "four numbers",
    "112,38,113,NaN": "NaN is not a number",
    "112,38,inf,39": "inf is not a number",
    "1_1,38,113,39": "1_1 is not a number",
    "112,38,1e2,39": "1e2 is not a number",
    "112,38,,39": "'' is not a number",
    "١١٢,38,113,39": "is not a number",
    "113,38,112,39": "south-west",
    "112,39,113,38": "south-west",
    "112,38,112,39": "south-west",
    "38,112,39,113": "longitude comes first",
    "112,38,181,39": "outside ±180",
    "112,-91,113,39": "outside ±90",
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_bad_box_is_refused_with_its_reason(get: Get, name: str) -> None:
    for bbox, reason in BAD_BOXES.items():
        assert reason in assert_names(get(name, bbox=bbox), "bbox")[0]


def _filters(name: str, *kinds: str) -> list[str]:
    declared = VIEWS[name].filterset_class.base_filters
    return [parameter for parameter, item in declared.items() if type(item).__name__ in kinds]


@pytest.mark.parametrize("name", NAMES)
def test_a_choice_is_one_of_the_declared_values(get: Get, name: str) -> None:
    for parameter in _filters(name, "OneOf", "PrefectureFilter", "SubjectKind", "YesNo"):
        for value in ("nonsense", "null", "True", "' or 1=1", "x" * 2000):
            assert assert_names(get(name, **{parameter: value}), parameter)[0].startswith("Use one of: ")


@pytest.mark.parametrize("name", NAMES)
def test_a_code_that_does_not_exist_is_refused(get: Get, name: str) -> None:
    for parameter in _filters(name, "CodeFilter"):
        for value in ("nonsense", "null", "1", "%", "x" * 2000):
            assert "with this code" in assert_names(get(name, **{parameter: value}), parameter)[0]


@pytest.mark.parametrize("name", [name for name in NAMES if _filters(name, "Search")])
def test_a_search_has_an_end(get: Get, name: str) -> None:
    assert_names(get(name, q="x" * 101), "q")


@pytest.mark.parametrize("name", NAMES)
def test_a_null_character_is_refused(client: Client, name: str) -> None:
    assert_names(client.get(f"/api/v1/{name}/?ordering=code%00"), "ordering")
    assert_problem(client.get(f"/api/v1/{name}/a%00b/"), 404)


@pytest.mark.parametrize("name", ["statements", "data-quality-notes"])
def test_a_subject_needs_its_kind_and_must_exist(get: Get, name: str) -> None:
    assert "needs its subject_kind" in assert_names(get(name, subject="140108"), "subject")[0]
    assert "no record" in assert_names(get(name, subject="140108", subject_kind="park"), "subject")[0]
    assert_names(get(name, subject="140108", subject_kind="user"), "subject_kind")


@pytest.mark.parametrize("name", NAMES)
def test_a_record_that_is_not_there(client: Client, name: str) -> None:
    for code in ("nothing", "-", "..", "a'b", "尖草坪", "x" * 300, "1%2F2"):
        assert_problem(client.get(f"/api/v1/{name}/{code}/"), 404)


@pytest.mark.parametrize("address", ["/api/", "/api/v1/nothing/", "/api/v2/counties/", "/api/v1/counties/140108/x/"])
def test_an_unknown_address_under_api_answers_in_json(client: Client, address: str) -> None:
    assert_problem(client.get(address), 404)
    assert_problem(client.post(address), 404)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_can_be_written(client: Client, name: str) -> None:
    for address in (f"/api/v1/{name}/", f"/api/v1/{name}/140108/"):
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(client, method)(address, "{]", content_type="application/json")
            assert_problem(answer, 405)
            assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "address",
    [
        *("/ogc", "/ogc/", "/ogc/collections/projects/items", "/ogc/collections/projects/items/PRJ-001"),
        *("/tiles/projects.json", "/tiles/projects/3/1/1.mvt", "/api/v1/counties/"),
        *("/api/v1/identify", "/api/v1/search", "/api/v1/exports/projects/"),
    ],
)
def test_who_writes_without_a_token_is_told_of_the_method(address: str) -> None:
    """The usual test client is never asked for one, other systems are."""
    stranger = Client(enforce_csrf_checks=True)
    for method in (stranger.post, stranger.put, stranger.patch, stranger.delete):
        answer = method(address)
        assert_problem(answer, 405)
        assert answer.headers["Allow"].startswith("GET, HEAD")


@pytest.mark.parametrize("address", ["/api", "/tiles"])
def test_a_root_without_its_slash_answers_in_json(client: Client, address: str) -> None:
    assert_problem(client.get(address), 404)


def test_the_method_can_not_be_overridden(client: Client) -> None:
    answer = client.post("/api/v1/counties/", headers={"X-HTTP-Method-Override": "GET"})
    assert_problem(answer, 405)


@pytest.mark.parametrize("name", NAMES)
def test_a_format_that_is_not_offered(client: Client, name: str) -> None:
    for accept in ("text/html", "application/xml", "image/*", "nonsense"):
        assert_problem(client.get(f"/api/v1/{name}/", headers={"Accept": accept}), 406)


@pytest.mark.parametrize("name", NAMES)
def test_head_and_options(client: Client, name: str) -> None:
    head = client.head(f"/api/v1/{name}/")
    assert (head.status_code, head.content) == (200, b"")
    assert client.options(f"/api/v1/{name}/").status_code == 200


@pytest.mark.parametrize("name", ["", "schema/"])
def test_the_root_and_the_schema_are_as_strict(client: Client, name: str) -> None:
    assert_names(client.get(f"/api/v1/{name}?colour=red"), "colour")
    assert_problem(client.get(f"/api/v1/{name}", headers={"Accept": "text/html"}), 406)
    assert_problem(client.post(f"/api/v1/{name}"), 405)


@pytest.mark.parametrize("name", ["docs/", "schema/?f=yaml"])
@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/yaml", "image/png"])
def test_what_is_not_json_refuses_in_json(client: Client, name: str, accept: str) -> None:
    answer = client.post(f"/api/v1/{name}", headers={"Accept": accept})
    assert_problem(answer, answer.status_code)
    assert answer.status_code in {400, 405, 406}


def test_without_a_database_the_caller_is_asked_to_come_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise OperationalError("password of secret")

    monkeypatch.setattr("lib.paging.Pages.links", fail)
    answer = client.get("/api/v1/counties/")
    assert assert_problem(answer, 503)["detail"] == "The database can't answer now. Try again in a moment."
    assert int(answer.headers["Retry-After"]) > 0
    assert "secret" not in answer.content.decode()


def test_a_fault_of_ours_tells_nothing_but_the_request_id(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("lib.paging.Pages.links", fail)
    answer = client.get("/api/v1/counties/", headers={"X-Request-ID": "from-the-proxy-1"})
    assert assert_problem(answer, 500)["request_id"] == "from-the-proxy-1"
    assert "secret" not in answer.content.decode()


def test_too_many_parameters(client: Client) -> None:
    query = "&".join(f"a{number}=1" for number in range(2000))
    assert_problem(client.get(f"/api/v1/counties/?{query}"), 400)


def test_a_host_that_is_not_ours(client: Client) -> None:
    assert_problem(client.get("/api/v1/counties/", headers={"Host": "elsewhere.example"}), 400)


def test_a_refusal_speaks_the_language_of_the_request(client: Client) -> None:
    answer = client.get("/api/v1/counties/?limit=0", headers={"Accept-Language": "zh-CN,zh"})
    assert assert_problem(answer, 400)["detail"] == "请给出 1 到 1000 之间的整数。"
    client.cookies["language"] = "zh-hans"
    assert assert_problem(client.get("/api/v1/x/"), 404)["detail"] == "此地址没有内容。"


def test_a_page_elsewhere_keeps_its_own_error(client: Client) -> None:
    assert client.get("/nothing/").headers["Content-Type"].startswith("text/html")
