"""Pages as a reader uses them: what tests do and see, without selectors in the tests."""

from collections import Counter

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

SERIOUS = {"serious", "critical"}


class MapPage:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.stage = page.locator("#map-stage")
        self.map = page.locator("#map")
        self.facts = page.locator("#facts")
        self.heading = self.facts.locator("h2").first
        self.rows = page.get_by_role("option")
        self.filter = page.locator("#list-filter")
        self.count = page.locator("#list-count")
        self.announcements = page.locator("#announcements")

    def open(self, hash_: str = "") -> None:
        self.page.goto(f"/{hash_}")
        self.settle()

    def settle(self) -> None:
        """Until every layer that is on has come or failed."""
        expect(self.page.locator("html")).to_have_attribute("data-map", "ready")
        expect(self.stage).to_have_attribute("aria-busy", "false")

    def speak_english(self) -> None:
        self.page.get_by_role("button", name="English").click()
        expect(self.page.locator("html")).to_have_attribute("lang", "en")
        self.settle()

    # layers

    def layer(self, layer_id: str) -> Locator:
        return self.page.locator(f'input[name="layer"][value="{layer_id}"]')

    def group(self, group_id: str) -> Locator:
        return self.page.locator(f'[data-group-toggle="{group_id}"]')

    def layer_state(self, layer_id: str) -> Locator:
        return self.page.locator(f'[data-layer="{layer_id}"] .layer-state')

    def symbols(self, layer_id: str = "projects") -> Locator:
        return self.page.locator(f'.map-symbol[data-layer="{layer_id}"]')

    def lines(self, layer_id: str) -> Locator:
        return self.page.locator(f".leaflet-layer-{layer_id}-pane path.touch")

    def notice(self) -> Locator:
        return self.page.locator("#map-notices")

    # counties

    def county_names(self) -> list[str]:
        names = self.page.locator(".county-name").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
        return [str(name) for name in names]

    def county(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def badges(self) -> Locator:
        return self.page.locator(".county-badge[data-codes]")

    def outline(self) -> Locator:
        """What is drawn around the area or along the line that is chosen."""
        return self.page.locator('.leaflet-highlight-pane path[stroke="var(--accent)"]')

    # projects

    def show_list(self) -> None:
        self.page.locator("#tab-projects").click()

    def row(self, code: str) -> Locator:
        return self.page.locator(f'.row[data-code="{code}"]')

    def first_row_shown_at(self, where: str) -> Locator:
        """The first row of the list that the map shows at a ``point``, at its ``county`` or at ``none``."""
        return self.page.locator(f'.row[data-where="{where}"]').first

    def symbol_of(self, code: str) -> Locator:
        return self.page.locator(f'.map-symbol[data-codes~="{code}"]')

    def where_projects_are(self) -> dict[str, Counter[str]]:
        """The codes of all projects by where the map has them: symbols, county badges, rows that say not located."""

        def codes(locator: Locator) -> Counter[str]:
            held = locator.evaluate_all("all => all.flatMap(one => (one.dataset.codes ?? one.dataset.code).split(' '))")
            return Counter(str(code) for code in held)

        return {
            "symbols": codes(self.symbols()),
            "badges": codes(self.badges()),
            "not located": codes(self.page.locator('.row[data-where="none"]')),
        }

    # facts

    def expect_facts(self, title: str) -> None:
        expect(self.facts).to_have_attribute("data-state", "ready")
        expect(self.heading).to_have_text(title)

    def expect_no_facts(self) -> None:
        expect(self.facts).to_be_hidden()

    # accessibility

    def serious_faults(self) -> list[str]:
        found = Axe().run(self.page).response["violations"]
        return [
            f"{fault['id']}: {node['html'][:200]}" for fault in found if fault["impact"] in SERIOUS for node in fault["nodes"]
        ]
