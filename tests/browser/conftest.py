"""Debian's Chromium against the server as it runs in production, on the test database with the zone in it.

A console error, a script error or a request that leaves this machine fails the test that caused it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.browser.pages import MapPage
from tests.server import environment, running

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
WAIT_MS = 15_000


@pytest.fixture(scope="session")
def portal_url(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("portal")
    variables = environment("tests.browser.settings", TEST_STATIC_ROOT=str(directory / "static"))
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(collect, check=True, env=variables, cwd=settings.BASE_DIR)
    with running(variables, directory / "server.log") as url:
        yield url


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
