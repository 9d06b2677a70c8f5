"""Debian's Chromium against the server as it runs in production, on the test database with the zone in it.

A console error, a script error or a request that leaves this machine fails the test that caused it.
"""

import os
import secrets
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.browser.pages import MapPage

# Playwright runs an event loop in this thread; Django would take the tests' queries for ones inside a coroutine.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
START_TIMEOUT_S = 60
WAIT_MS = 15_000


def database_url() -> str:
    """The address of this worker's test database."""
    at = connection.settings_dict
    return f"postgres://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
            return response.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture(scope="session")
def portal_url(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("portal")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TEST_STATIC_ROOT": str(directory / "static"),
        "LOG_LEVEL": "WARNING",
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(collect, check=True, env=environment, cwd=settings.BASE_DIR)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    granian = str(Path(sys.executable).with_name("granian"))
    serve = [
        granian,
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        "--blocking-threads",
        "4",
    ]
    log = directory / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*serve, "portal.wsgi:application"], env=environment, cwd=settings.BASE_DIR, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            for _attempt in range(START_TIMEOUT_S * 10):
                if answers(f"{url}/healthz"):
                    break
                try:
                    server.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
                break
            assert answers(f"{url}/healthz"), log.read_text()
            yield url
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="session")
def browser(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Browser]:
    # While Playwright's loop runs, Django keeps other connections than before and after it: none of either may be
    # left open, or the test database can't be dropped.
    connections.close_all()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()
        with django_db_blocker.unblock():
            connections.close_all()


@dataclass
class Watch:
    """What went wrong in the pages of a test. ``expected`` is part of the console messages that the test provokes."""

    problems: list[str] = field(default_factory=list)
    expected: str = ""

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not (self.expected and self.expected in message.text):
            self.problems.append(f"console {message.type}: {message.text}")

    def see(self, request: Request) -> None:
        if urlsplit(request.url).scheme in {"http", "https"} and urlsplit(request.url).hostname != "127.0.0.1":
            self.problems.append(f"left this machine: {request.url}")

    def attach(self, page: Page) -> None:
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("request", self.see)


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    assert not watch.problems


@pytest.fixture
def context(browser: Browser, portal_url: str, watch: Watch) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=portal_url, locale="zh-CN", viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(WAIT_MS)
    context.on("page", watch.attach)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def map_page(page: Page) -> MapPage:
    return MapPage(page)
