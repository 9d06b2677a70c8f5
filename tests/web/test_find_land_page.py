"""The page that finds land for a project."""

import pytest
from django.test import Client

from tests.api.test_find_land import parcel, station
from tests.api.test_site_checks import geos, square
from tests.factories import make, make_line, make_release
from tests.web.conftest import Page
from zones.models import Industry, Park

pytestmark = pytest.mark.django_db


def test_the_form_stands_alone_until_something_is_asked(page: Page) -> None:
    opened = page("/land/", "en")
    assert opened.with_class("land-form")
    assert not opened.with_class("land-found")


def test_it_says_that_no_parcels_are_loaded(page: Page) -> None:
    assert opened_notice(page) == 1
    parcel("p")
    assert opened_notice(page) == 0


def opened_notice(page: Page) -> int:
    return len(page("/land/", "en").all(role="note"))


def test_a_parcel_with_its_reasons_and_links(page: Page) -> None:
    station(112.5, 38.05, name="某站", name_en="Some station")
    industry = make(Industry, name="某产业", name_en="Some industry")
    park = make(Park, name="某园", name_en="Some park")
    park.industries.add(industry)
    parcel("plot-1", 1000, park=park)
    opened = page(f"/land/?near=station&industry={industry.code}&min_mu=10&max_mu=20&max_km=2", "en")
    (item,) = opened.all(id="parcel-plot-1")
    assert "Some industry is a leading industry of Some park." in item.text
    assert "m to Some station." in item.text
    assert "Its area fits: 15." in item.text or "Its area fits: 14." in item.text
    links = [link.attributes["href"] for link in item.all("a", href=True)]
    assert "/check/?parcel=plot-1" in links
    assert any(link.startswith("/#z=15&c=112.51") and "layers=parcels" in link for link in links)


def test_what_was_asked_stays_in_the_form(page: Page) -> None:
    opened = page("/land/?near=town&min_mu=30&county=140122&no_conflicts=true", "en")
    assert opened.all(id="min_mu")[0].attributes["value"] == "30"
    chosen = [option.attributes["value"] for option in opened.all("option") if "selected" in option.attributes]
    assert chosen == ["140122", "town"]
    assert "checked" in opened.all("input", name="no_conflicts")[0].attributes


def test_nothing_found_says_what_to_do(page: Page) -> None:
    parcel("p")
    opened = page("/land/?near=station&min_mu=100000&county=140106&max_km=0.1", "en")
    assert "Ask for less" in opened.with_class("empty")[0].text


def test_what_was_left_out_is_said(page: Page) -> None:
    station()
    make_line(make_release("permanent-basic-farmland"), geos(square(112.5, 38.05, 300)))
    parcel("farmland")
    opened = page("/land/?near=station&no_conflicts=true&max_km=1", "en")
    assert not opened.all(id="parcel-farmland")
    assert "1 in conflict with the plan was left out." in opened.with_class("left-out")[0].text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("min_mu=abc", "min_mu"),
        ("min_mu=-3", "min_mu"),
        ("min_mu=%EF%BC%95", "min_mu"),
        ("max_mu=99999999", "max_mu"),
        ("min_mu=5&max_mu=4", "min_mu"),
        ("max_km=1e9", "max_km"),
        ("industry=nope", "industry"),
        ("county=%00", "county"),
        ("near=moon", "near"),
        ("no_conflicts=maybe", "no_conflicts"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(page: Page, query: str, field: str) -> None:
    opened = page(f"/land/?{query}", "en")
    alerts = opened.all(role="alert")
    assert len(alerts) == 1
    if field != "no_conflicts":
        assert opened.all(id=field)[0].attributes["aria-describedby"] == alerts[0].attributes["id"]
    assert not opened.with_class("land-found")


@pytest.mark.parametrize("query", ["unknown=1", "min_mu=", "min_mu=++", "near=station&near=town"])
def test_odd_addresses_are_repaired(page: Page, query: str) -> None:
    assert page(f"/land/?{query}").with_class("land-form")


def test_hostile_names_are_text(client: Client) -> None:
    station()
    parcel("p", name='<img src=x onerror=alert(1)>"\u202e')
    content = client.get("/land/?near=station&max_km=1").content.decode()
    assert "<img src=x" not in content
    assert "&lt;img src=x" in content
