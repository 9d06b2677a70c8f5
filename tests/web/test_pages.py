"""What holds for every page: it answers in both languages, its links lead somewhere, it asks the database a few times."""

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, resolve

from portal.pages.panel import PANELS
from portal.pages.plan import LISTINGS
from projects.models import Project, ReportedTotal
from tests.dom import Element
from tests.web.conftest import Page
from zones.models import (
    Citation,
    Cluster,
    County,
    DataQualityNote,
    DataQualityNoteSubject,
    Indicator,
    Measure,
    Park,
    Record,
    Source,
    Statement,
    StructureElement,
    StructureScheme,
    Town,
)
from zones.selectors import record_models

pytestmark = pytest.mark.django_db

LISTS = [
    "/counties/",
    "/parks/",
    "/clusters/",
    "/structure/",
    "/indicators/",
    "/plan/",
    "/sources/",
    "/data-quality/",
    "/projects/",
    *(f"/plan/{listing.kind}/" for listing in LISTINGS),
]
# Kinds that have a page of their own, with their address.
OWN_PAGES: list[tuple[type[Record], str]] = [
    (County, "/counties/"),
    (Park, "/parks/"),
    (Cluster, "/clusters/"),
    (Source, "/sources/"),
    (Project, "/projects/"),
]


def _links_of(page: Element) -> set[str]:
    return {link.attributes["href"] for link in page.all("a", href=True)}


def _ids_of(page: Element) -> list[str]:
    return [element.attributes["id"] for element in page.all(id=True)]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("address", LISTS)
def test_a_list_answers_in_both_languages(page: Page, address: str, language: str) -> None:
    opened = page(address, language)
    assert opened.all("html")[0].attributes["lang"] == ("en" if language == "en" else "zh-Hans-CN")
    assert len(opened.all("h1")) == 1
    assert opened.all("title")[0].text.split(" · ")[0] in opened.all("h1")[0].text


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize(("model", "prefix"), OWN_PAGES)
def test_every_record_with_a_page_shows_its_name(page: Page, model: type[Record], prefix: str, language: str) -> None:
    records = list(model._default_manager.all())
    assert records
    for record in records:
        assert record.get_absolute_url() == f"{prefix}{record.code}/"
        heading = page(record.get_absolute_url(), language).all("h1")[0].text
        assert heading == (record.name_en or record.name if language == "en" else record.name)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_is_a_fragment_that_leads_to_the_page(page: Page, kind: str, language: str) -> None:
    record = PANELS[kind].model._default_manager.first()
    assert record is not None
    panel = page(f"/panel/{kind}/{record.code}/", language)
    assert not panel.all("html")
    assert record.get_absolute_url() in _links_of(panel)


def test_any_record_has_an_address_where_it_stands(page: Page) -> None:
    """Own page, or an anchor in a list: for each record of every kind."""
    pages: dict[str, set[str]] = {}
    for model in record_models().values():
        for record in model._default_manager.all():
            path, _hash, anchor = record.get_absolute_url().partition("#")
            if not anchor:
                continue
            if path not in pages:
                pages[path] = set(_ids_of(page(path)))
            assert anchor in pages[path], record.get_absolute_url()


@pytest.mark.parametrize("address", [*LISTS, "/counties/140108/", "/counties/140122/", "/sources/S3/", "/sources/S0/"])
def test_links_lead_to_addresses_and_anchors_that_exist(page: Page, address: str) -> None:
    opened = page(address)
    ids = _ids_of(opened)
    assert len(ids) == len(set(ids)), "an id stands twice"
    for href in _links_of(opened):
        if href.startswith("#"):
            assert href[1:] in ids, href
        elif href.startswith("/"):
            try:
                resolve(href.partition("#")[0].partition("?")[0])
            except Resolver404:
                pytest.fail(f"{href} leads nowhere")
        else:
            assert href.startswith("?"), href


@pytest.mark.parametrize(
    "address",
    [
        "/counties/999999/",
        "/parks/nope/",
        "/clusters/nope/",
        "/sources/S9/",
        "/projects/nope/",
        "/plan/county/",
        "/plan/nope/",
        "/panel/county/999999/",
        "/panel/source/S0/",
        "/counties/%00/",
        "/panel/county/%00/",
    ],
)
def test_what_does_not_exist_is_404(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_panel_that_does_not_exist_is_a_fragment_too(client: Client) -> None:
    body = client.get("/panel/county/999999/").content.decode()
    assert "panel-missing" in body
    assert "<html" not in body


@pytest.mark.parametrize("address", ["/counties/", "/counties/140108/", "/projects/", "/panel/county/140108/"])
def test_pages_are_read_only(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405


def test_the_language_switch_keeps_the_page_and_its_filter(client: Client, page: Page) -> None:
    switch = page("/projects/?county=140122&q=a").with_class("language-switch")[0]
    target = switch.all("input", name="next")[0].attributes["value"]
    response = client.post("/language/", {"language": "en", "next": target})
    assert response.status_code == 302
    assert response["Location"] == "/projects/?county=140122&q=a"
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


def test_no_page_has_style_or_script_in_it(page: Page) -> None:
    """The content security policy would refuse them."""
    for address in ("/counties/140108/", "/projects/", "/structure/", "/indicators/"):
        opened = page(address)
        assert not opened.all("style")
        assert not opened.all(style=True)
        assert all("src" in script.attributes for script in opened.all("script"))
        assert not [name for element in opened.walk() for name in element.attributes if name.startswith("on")]


def _grow(numbers: range) -> None:
    """One more of whatever a page lists for each number."""
    county, source = County.objects.get(code="140108"), Source.objects.get(code="S3")
    measure, scheme = Measure.objects.all()[0], StructureScheme.objects.all()[0]
    for number in numbers:
        code = f"grown-{number}"
        note = DataQualityNote.objects.create(code=code, name=f"说明{number}", kind=DataQualityNote.Kind.GAP)
        cluster = Cluster.objects.create(code=code, name=f"集群{number}", level="county", kind="plate")
        park = Park.objects.create(code=code, name=f"园区{number}", kind="industrial_park")
        element = StructureElement.objects.create(code=code, name=f"轴{number}", scheme=scheme, kind="axis")
        for area in (cluster, park, element):
            area.counties.add(county)
        project = Project.objects.create(code=code, name=f"项目{number}", county=county, park=park, cluster=cluster)
        town = Town.objects.create(code=code, name=f"镇{number}", county=county, is_development_town=True)
        total = ReportedTotal.objects.create(code=code, name=f"汇总{number}", county=county)
        indicator = Indicator.objects.create(code=code, name=f"指标{number}", theme="space")
        for record in (county, cluster, park, element, project, town, total, indicator):
            subject = {"subject_type": ContentType.objects.get_for_model(record), "subject_id": record.pk}
            where = {"source": source, "locator": f"第{number}段"}
            said = f"{record._meta.model_name}.{record.code}.grown.{number}"
            Statement.objects.create(code=said, measure=measure, value=number + 1, unit="ha", **subject, **where)
            Citation.objects.create(**subject, **where)
            DataQualityNoteSubject.objects.create(note=note, **subject)


@pytest.mark.parametrize(
    ("address", "budget"),
    [
        ("/counties/", 3),
        ("/counties/140108/", 45),
        ("/parks/", 4),
        ("/parks/grown-0/", 22),
        ("/clusters/", 4),
        ("/sources/", 4),
        ("/sources/S3/", 60),
        ("/structure/", 20),
        ("/indicators/", 6),
        ("/plan/", 40),
        ("/plan/town/", 6),
        ("/plan/reportedtotal/", 6),
        ("/data-quality/", 35),
        ("/projects/", 10),
        ("/panel/county/140108/", 14),
    ],
)
def test_a_page_asks_the_database_as_often_for_more_records(client: Client, address: str, budget: int) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    _grow(range(1))  # the first of a kind may cost a query, and content types are read once a process
    queries()
    before = queries()
    _grow(range(1, 21))
    assert queries() == before
    assert before <= budget
