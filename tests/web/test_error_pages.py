"""Pages of errors: in both languages, with a way on and the number of the request, and nothing of what went wrong."""

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client

from tests.dom import Element, parse

LANGUAGES = ["zh-hans", "en"]


@pytest.fixture(params=LANGUAGES)
def client(request: pytest.FixtureRequest) -> Client:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = request.param
    return client


def _error_page(client: Client, answer: HttpResponse, status: int) -> Element:
    assert answer.status_code == status
    page = parse(answer.content.decode())
    assert page.all("html")[0].attributes["lang"].lower().startswith(answer.headers["Content-Language"])
    assert answer.headers["Content-Language"] == client.cookies[settings.LANGUAGE_COOKIE_NAME].value
    assert answer.headers["X-Request-ID"] in page.text
    assert "secret" not in page.text
    return page


def _heading(page: Element) -> str:
    return page.all("h1")[0].text


def test_a_form_without_its_token_is_refused_with_a_page_of_ours(client: Client) -> None:
    page = _error_page(client, client.post("/language/", {"language": "en"}), 403)
    assert _heading(page) in {"无法接受此表单。", "The form can't be accepted."}


@pytest.mark.django_db
def test_a_page_is_unavailable_without_its_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("password of secret")

    monkeypatch.setattr("portal.views._map_config", fail)
    answer = client.get("/")
    page = _error_page(client, answer, 503)
    assert _heading(page) in {"数据库暂时无法应答。", "The database can't answer now."}
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.django_db
def test_a_statement_that_takes_too_long_is_ended_by_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(*_args: object, **_kwargs: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)")

    monkeypatch.setattr("portal.views._map_config", sleep)
    _error_page(client, client.get("/"), 503)


@pytest.mark.django_db
def test_a_fault_of_ours(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("portal.views._map_config", fail)
    page = _error_page(client, client.get("/"), 500)
    assert _heading(page) in {"系统出错了。", "Something went wrong on our side."}


def test_an_unknown_address(client: Client) -> None:
    page = _error_page(client, client.get("/nothing/<script>"), 404)
    assert _heading(page) in {"此地址没有内容。", "There is nothing at this address."}
    assert all("<script>" not in link.attributes["href"] for link in page.all("a"))


def test_every_statement_has_a_limit_and_so_has_every_connection() -> None:
    options = settings.DATABASES["default"]["OPTIONS"]
    assert "statement_timeout" in options["options"]
    assert int(options["connect_timeout"]) <= 10
