"""Pictures of the main pages of a running portal, to look at before a release: ``make screenshots``.

The README's two are copies of these: docs/images/map.png is map-1440-zh.png, docs/images/county.png is county-390-zh.png.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Error, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, CHROMIUM_ARGUMENTS

DIRECTORY = Path("var/screenshots")
PAGES = {
    "map": "/",
    "map-county": "/#at=county:140108",
    "check": "/check/",
    "counties": "/counties/",
    "county": "/counties/140108/",
    "parks": "/parks/",
    "park": "/parks/yangqu-park/",
    "clusters": "/clusters/",
    "projects": "/projects/",
    "project": "/projects/PRJ-067/",
    "structure": "/structure/",
    "indicators": "/indicators/",
    "plan": "/plan/",
    "sources": "/sources/",
    "source": "/sources/S3/",
    "data-quality": "/data-quality/",
    "releases": "/releases/",
    "sign-in": "/account/login/",
}
LANGUAGES = {"zh": "zh-hans", "en": "en"}
WINDOWS = [(1440, 900), (1024, 768), (390, 844)]


def settle(page: Page) -> None:
    """Until fonts and, on the map, every layer and the facts asked for have come."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.fonts.ready.then(() => null)")
    if page.locator("#map-stage").count():
        page.wait_for_selector("html[data-map=ready] #map-stage[aria-busy=false]")
    if "#at=" in page.url or "&at=" in page.url:
        page.wait_for_selector("#facts[data-state=ready]")


def take(portal: str) -> int:
    taken = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        for short, language in LANGUAGES.items():
            for width, height in WINDOWS:
                context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
                context.add_cookies([{"name": "language", "value": language, "url": portal}])
                for name, address in PAGES.items():
                    # A page of its own each: going from one place of the map to another would not load it anew.
                    page = context.new_page()
                    page.goto(portal + address)
                    settle(page)
                    page.screenshot(path=DIRECTORY / f"{name}-{width}-{short}.png")
                    page.close()
                    taken += 1
                context.close()
        browser.close()
    return taken


def main() -> None:
    portal = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    try:
        taken = take(portal)
    except Error as error:
        sys.exit(f"No pictures of {portal}: {error.message.splitlines()[0]}\nIs the portal running? Start it with: make run")
    sys.stdout.write(f"{taken} pictures in {DIRECTORY}/\n")


if __name__ == "__main__":
    main()
