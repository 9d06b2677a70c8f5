"""Signing in and out: only by a form with its token, only to addresses of this portal, and not by guessing."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client

from portal.pages import account
from portal.pages.account import MOST_TRIES, MOST_TRIES_OF_AN_ADDRESS, TRIES_LAST_S, Tries
from tests.dom import parse
from tests.web.conftest import Page

pytestmark = pytest.mark.django_db

LOGIN, LOGOUT = "/account/login/", "/account/logout/"
RIGHT, WRONG = {"username": "planner", "password": "correct horse"}, {"username": "planner", "password": "battery staple"}


@pytest.fixture(autouse=True)
def planner() -> Any:
    return get_user_model().objects.create_user(**RIGHT)


@pytest.fixture(autouse=True)
def tries_in(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """A place of this test's own for the counts, of the kind that the portal has."""
    settings.CACHES = settings.CACHES | {"sign_in": settings.CACHES["sign_in"] | {"LOCATION": tmp_path}}
    yield tmp_path
    caches["sign_in"].clear()


def _errors(answer: HttpResponse) -> str:
    page = parse(answer.content.decode())
    return " ".join(error.text for error in [*page.with_class("form-error"), *page.with_class("field-error")])


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_has_a_labelled_form_with_a_token(page: Page, language: str) -> None:
    form = page(LOGIN, language).with_class("form-card")[0]
    labels = {label.attributes["for"] for label in form.all("label")}
    assert {field.attributes["id"] for field in form.all("input", id=True)} == labels
    assert form.all("input", name="csrfmiddlewaretoken")
    assert form.attributes["method"] == "post"


def test_who_signs_in_returns_to_where_he_was(client: Client) -> None:
    answer = client.post(LOGIN, RIGHT | {"next": "/projects/?q=a"})
    assert answer.status_code == 302
    assert answer["Location"] == "/projects/?q=a"
    assert client.session["_auth_user_id"]


def test_the_session_key_changes_when_someone_signs_in(client: Client) -> None:
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    client.post(LOGIN, RIGHT)
    assert client.session.session_key != before


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "https:///evil.example", " //x"],
)
def test_nobody_is_sent_away(client: Client, target: str) -> None:
    assert client.post(LOGIN, RIGHT | {"next": target})["Location"] == "/"
    assert client.post(LOGOUT, {"next": target})["Location"] == "/"


def test_without_a_token_nobody_is_signed_in_or_out(planner: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(LOGIN, RIGHT).status_code == 403
    client.force_login(planner)
    assert client.post(LOGOUT).status_code == 403
    assert "_auth_user_id" in client.session


def test_a_link_signs_nobody_out(client: Client, planner: Any) -> None:
    client.force_login(planner)
    assert client.get(LOGOUT).status_code == 405
    assert "_auth_user_id" in client.session
    assert client.post(LOGOUT)["Location"] == "/"
    assert "_auth_user_id" not in client.session


def test_the_head_of_every_page_says_who_is_signed_in(client: Client, page: Page, planner: Any) -> None:
    for address in ("/", "/counties/"):
        link = page(address).with_class("account-button")[0]
        assert link.attributes["href"] == f"{LOGIN}?next={address.replace('/', '%2F')}"
    client.force_login(planner)
    for address in ("/", "/counties/"):
        opened = page(address)
        assert "planner" in opened.with_class("account-button")[0].text
        assert opened.with_class("account-menu")[0].all("form", action=LOGOUT, method="post")


def test_who_has_no_session_costs_no_query_of_the_head(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        client.get(LOGIN)


@pytest.mark.parametrize(
    "sent",
    [
        WRONG,
        {"username": "nobody", "password": "x"},
        {"username": "planner"},
        {"username": "a\0b", "password": "x"},
        {"username": "𠮷" * 5000, "password": "x"},
        {"username": "planner", "password": "x" * 100_000},
        {},
    ],
)
def test_what_does_not_match_is_told_in_a_sentence(client: Client, sent: dict[str, str]) -> None:
    answer = client.post(LOGIN, sent)
    assert answer.status_code == 200
    assert _errors(answer)
    assert "_auth_user_id" not in client.session


def test_an_unknown_name_reads_like_a_wrong_password(client: Client) -> None:
    assert _errors(client.post(LOGIN, WRONG)) == _errors(client.post(LOGIN, {"username": "nobody", "password": "x"}))


def test_a_closed_account_reads_like_a_wrong_password(client: Client, planner: Any) -> None:
    wrong = _errors(client.post(LOGIN, WRONG))
    planner.is_active = False
    planner.save()
    assert _errors(client.post(LOGIN, RIGHT)) == wrong


def test_who_guesses_must_wait_even_with_the_right_password(client: Client) -> None:
    for _try in range(MOST_TRIES):
        assert client.post(LOGIN, WRONG).status_code == 200
    answer = client.post(LOGIN, RIGHT)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) == TRIES_LAST_S
    assert "15" in _errors(answer)
    assert "_auth_user_id" not in client.session


def test_another_spelling_of_the_name_is_no_new_account(client: Client) -> None:
    for _try in range(MOST_TRIES):
        client.post(LOGIN, WRONG)
    assert client.post(LOGIN, RIGHT | {"username": " ｐｌａｎｎｅｒ "}).status_code == 429


def test_nobody_is_locked_out_from_elsewhere(client: Client) -> None:
    for _try in range(MOST_TRIES + 1):
        client.post(LOGIN, WRONG, REMOTE_ADDR="10.0.0.9")
    assert client.post(LOGIN, RIGHT, REMOTE_ADDR="10.0.0.10").status_code == 302


def test_tries_before_a_success_are_forgotten(client: Client) -> None:
    for _round in range(2):
        for _try in range(MOST_TRIES - 1):
            client.post(LOGIN, WRONG)
        assert client.post(LOGIN, RIGHT).status_code == 302


def test_one_address_can_not_try_all_names(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "MOST_TRIES_OF_AN_ADDRESS", 3)
    answers = [client.post(LOGIN, {"username": f"user{number}", "password": "x"}).status_code for number in range(4)]
    assert answers == [200, 200, 200, 429]
    assert MOST_TRIES_OF_AN_ADDRESS > MOST_TRIES


def test_the_count_is_forgotten_after_its_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for _try in range(MOST_TRIES):
        client.post(LOGIN, WRONG)
    now = time.time()
    monkeypatch.setattr("django.core.cache.backends.filebased.time.time", lambda: now + TRIES_LAST_S + 1)
    assert client.post(LOGIN, RIGHT).status_code == 302


def test_another_process_of_the_machine_sees_the_count(tries_in: Path) -> None:
    """Each process has objects of its own and shares files."""
    here, elsewhere = Tries("planner", "10.0.0.9"), Tries("planner", "10.0.0.9")
    elsewhere.cache = caches.create_connection("sign_in")
    for _try in range(MOST_TRIES):
        assert not elsewhere.are_used_up()
        here.count()
    assert elsewhere.are_used_up()
    assert len(list(tries_in.iterdir())) == len(here.limits)


def test_behind_a_proxy_the_address_is_the_one_that_it_saw(client: Client, settings: Any) -> None:
    """What comes before it in the header was written by the caller."""
    settings.HTTPS = True
    for number in range(MOST_TRIES):
        client.post(LOGIN, WRONG, HTTP_X_FORWARDED_FOR=f"1.2.3.{number}, 10.0.0.9", REMOTE_ADDR="127.0.0.1")
    assert client.post(LOGIN, RIGHT, HTTP_X_FORWARDED_FOR="4.4.4.4, 10.0.0.9", REMOTE_ADDR="127.0.0.1").status_code == 429
    assert client.post(LOGIN, RIGHT, HTTP_X_FORWARDED_FOR="10.0.0.9, 10.0.0.10", REMOTE_ADDR="127.0.0.1").status_code == 302


def test_without_a_proxy_the_header_counts_for_nothing(client: Client) -> None:
    for number in range(MOST_TRIES):
        client.post(LOGIN, WRONG, HTTP_X_FORWARDED_FOR=f"1.2.3.{number}")
    assert client.post(LOGIN, RIGHT, HTTP_X_FORWARDED_FOR="9.9.9.9").status_code == 429


def test_an_error_page_asks_the_database_for_nobody(client: Client, planner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database may be what failed, and then nobody could be told."""
    client.force_login(planner)
    opened = parse(client.get("/nothing/").content.decode())
    assert not opened.with_class("account-button")
