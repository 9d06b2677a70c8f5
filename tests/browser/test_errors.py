"""What a reader sees where there is nothing to see."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watch
from tests.browser.pages import MapPage

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("browser")]


def test_an_unknown_address_leads_back_to_the_map(map_page: MapPage, watch: Watch) -> None:
    watch.expected = "404 (Not Found)"
    map_page.page.goto("/no/such/page/")
    expect(map_page.page.get_by_role("heading", level=1)).to_have_text("此地址没有内容。")
    assert map_page.serious_faults() == []
    map_page.page.get_by_role("link", name="打开地图").click()
    map_page.settle()
