from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.api import router

# Every list of the API: "counties", "start-up-areas" …
NAMES = [prefix for prefix, _view, _basename in router.registry]
VIEWS = {prefix: view for prefix, view, _basename in router.registry}
DRAWN = [name for name in NAMES if VIEWS[name].geometry_field]
NOT_DRAWN = [name for name in NAMES if not VIEWS[name].geometry_field]

Get = Callable[..., HttpResponse]


@pytest.fixture
def client() -> Client:
    """A system, in English so that sentences can be compared; a fault of ours is an answer, as it is outside tests."""
    return Client(headers={"Accept-Language": "en"}, raise_request_exception=False)


@pytest.fixture
def get(client: Client, db: None) -> Get:
    def get(name: str, code: str | None = None, **parameters: Any) -> HttpResponse:
        address = f"/api/v1/{name}/" + (f"{code}/" if code else "")
        return client.get(address, parameters)

    return get


@pytest.fixture
def rows(get: Get) -> Callable[..., list[dict[str, Any]]]:
    def rows(name: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = get(name, **parameters)
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    return rows


@pytest.fixture
def codes(rows: Callable[..., list[dict[str, Any]]]) -> Callable[..., list[str]]:
    return lambda name, **parameters: [row["code"] for row in rows(name, **parameters)]
