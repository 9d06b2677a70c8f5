"""The OpenAPI document: valid, committed, complete, and true of every answer."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from portal import api_document
from portal.api import openapi_document
from tests.factories import make_one_of_each

from .conftest import DRAWN, NAMES, VIEWS, Get

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.yaml"


@cache
def document() -> dict[str, Any]:
    return json.loads(json.dumps(openapi_document(), default=str))


def test_the_committed_document_is_what_the_code_says() -> None:
    assert yaml.safe_load(COMMITTED.read_text(encoding="utf-8")) == document(), "run make openapi"


@pytest.mark.django_db
def test_the_served_document_is_the_committed_one_in_any_language(client: Client) -> None:
    chinese = {"Accept-Language": "zh-hans"}
    assert client.get("/api/v1/schema/", headers=chinese).json() == document()
    answer = client.get("/api/v1/schema/", headers={"Accept": "application/yaml"})
    assert yaml.safe_load(answer.content) == document()


def test_the_document_is_valid_and_was_made_without_a_guess() -> None:
    assert document()["openapi"].startswith("3.1.")
    validate(document())
    openapi_document.__wrapped__()
    assert not GENERATOR_STATS, "drf-spectacular had to guess"


def test_everything_is_described() -> None:
    addresses = {f"/api/v1/{name}/{rest}" for name in NAMES for rest in ("", "{code}/")}
    assert set(document()["paths"]) == addresses | set(api_document.PATHS) | {"/api/v1/"}
    for address, operations in document()["paths"].items():
        assert set(operations) == ({"post"} if address == "/api/v1/site-checks/" else {"get"})
        (operation,) = operations.values()
        assert operation["summary"], address
        assert operation["description"], address
        assert all(parameter.get("description") or parameter["in"] == "path" for parameter in operation.get("parameters", []))


@pytest.mark.parametrize("name", NAMES)
def test_the_parameters_are_those_that_are_taken(name: str) -> None:
    listed, single = (document()["paths"][f"/api/v1/{name}/{rest}"]["get"] for rest in ("", "{code}/"))
    filters = set(VIEWS[name].filterset_class.base_filters)
    assert {parameter["name"] for parameter in listed["parameters"]} == filters | {"f", "limit", "offset"}
    assert {parameter["name"] for parameter in single["parameters"]} == {"f", "code"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_every_declared_value_is_taken(get: Get, name: str) -> None:
    for parameter in document()["paths"][f"/api/v1/{name}/"]["get"]["parameters"]:
        schema = parameter["schema"]
        values = schema.get("enum") or schema.get("items", {}).get("enum") or []
        if schema["type"] == "boolean":
            values = ["true", "false"]
        if schema["type"] == "integer":
            values = [schema["minimum"], schema["maximum"], schema["default"]]
        for value in values:
            assert get(name, **{parameter["name"]: value}).status_code == 200, (parameter["name"], value)


def _strict(schema: Any) -> Any:
    """The schema with every member that it does not name forbidden, so that what is served is all in the document."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    if "allOf" in strict or "properties" in strict:
        strict.setdefault("unevaluatedProperties", False)
    return strict


def _resolved(node: Any) -> Any:
    """References in the place where they are used: ``unevaluatedProperties`` must not act inside the parts of an allOf."""
    if isinstance(node, list):
        return [_resolved(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        _hash, _components, kind, name = node["$ref"].split("/")
        return _resolved(document()["components"][kind][name])
    return {key: _resolved(value) for key, value in node.items()}


@cache
def _validator(address: str, status: str, media_type: str) -> Draft202012Validator:
    response = _resolved(copy.deepcopy(document()["paths"][address]["get"]["responses"][status]))
    schema = _merged(response["content"][media_type]["schema"])
    return Draft202012Validator(_strict(schema), format_checker=FormatChecker())


def _merged(schema: Any) -> Any:
    """An allOf of two objects as one object."""
    if isinstance(schema, list):
        return [_merged(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "allOf" in schema:
        parts = [_merged(part) for part in schema["allOf"]]
        properties = {name: value for part in parts for name, value in part["properties"].items()}
        return {"type": "object", "properties": properties, "required": [name for part in parts for name in part["required"]]}
    return {key: _merged(value) for key, value in schema.items()}


def assert_as_documented(answer: HttpResponse, address: str) -> None:
    media_type = answer.headers["Content-Type"]
    _validator(address, str(answer.status_code), media_type).validate(answer.json())


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_as_documented(get: Get, client: Client, name: str) -> None:
    record = make_one_of_each()[VIEWS[name].queryset.model]
    listed, single = f"/api/v1/{name}/", f"/api/v1/{name}/{{code}}/"
    assert get(name).json()["results"]
    assert_as_documented(get(name), listed)
    assert_as_documented(get(name, record.code), single)
    assert_as_documented(get(name, colour="red"), listed)
    assert_as_documented(get(name, record.code, colour="red"), single)
    assert_as_documented(get(name, "nothing"), single)
    assert_as_documented(client.get(listed, headers={"Accept": "text/html"}), listed)
    if name in DRAWN:
        assert_as_documented(get(name, f="geojson"), listed)
        assert_as_documented(get(name, record.code, f="geojson"), single)


# A plain view, with parameters that it answers and some that it refuses.
PLAIN = [
    ("/api/v1/identify", "lon=112.595824&lat=38.178653&tolerance_m=5000", "lon=112"),
    ("/api/v1/identify", "easting=37500000&northing=4200000&crs=EPSG:4525&layers=counties", "lon=112&lat=38&limit=0"),
    ("/api/v1/search", "q=阳曲", ""),
    ("/api/v1/search", "q=taiyuan&limit=50", "q=a&layers=nothing"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "good", "bad"), PLAIN)
def test_a_plain_view_is_as_documented(client: Client, address: str, good: str, bad: str) -> None:
    answer = client.get(f"{address}?{good}")
    assert answer.status_code == 200
    assert_as_documented(answer, address)
    refused = client.get(f"{address}?{bad}")
    assert refused.status_code == 400
    assert_as_documented(refused, address)


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "good"), [(address, good) for address, good, _bad in PLAIN])
def test_a_plain_view_without_a_database_is_as_documented(
    client: Client, monkeypatch: pytest.MonkeyPatch, address: str, good: str
) -> None:
    def fail(*_args: object) -> None:
        raise OperationalError("password of secret")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", fail)
    answer = client.get(f"{address}?{good}")
    assert answer.status_code == 503
    assert_as_documented(answer, address)


@pytest.mark.parametrize("address", sorted({address for address, _good, _bad in PLAIN}))
def test_the_parameters_of_a_plain_view_are_those_that_are_taken(client: Client, address: str) -> None:
    for parameter in document()["paths"][address]["get"]["parameters"]:
        refused = client.get(address, {parameter["name"]: ""})
        assert [error["parameter"] for error in refused.json()["errors"]] == [parameter["name"]]
        assert "has no value" in refused.json()["detail"]


@pytest.mark.django_db
def test_the_root_is_as_documented(client: Client) -> None:
    assert_as_documented(client.get("/api/v1/"), "/api/v1/")
    assert_as_documented(client.get("/api/v1/?x=1"), "/api/v1/")


@pytest.mark.django_db
def test_the_pages_hold_nothing_that_the_security_policy_refuses(client: Client) -> None:
    page = client.get("/api/v1/docs/", headers={"Accept": "text/html"})
    html = page.content.decode()
    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "<style" not in html
    assert "style=" not in html
    assert html.count("<script") == html.count("<script src=")
    assert "//" not in html.replace("<!DOCTYPE html>", "").replace("https://testserver", "")
    script = client.get("/api/v1/docs/?script=", headers={"Accept": "*/*"})
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert '"/api/v1/schema/"' in script.content.decode().replace("\\u002D", "-").replace("\\u002F", "/")
    assert '"validatorUrl": null' in script.content.decode()
