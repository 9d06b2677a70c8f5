"""What a release would change, in the browser: counts, list, map and file."""

import zipfile
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import pytest
import shapely
from django.contrib.auth.models import Permission
from django.contrib.gis.geos import MultiPolygon
from django.core.management import CommandError, call_command
from django.test import Client

from lib.crs import STORAGE_SRID
from portal.models import User
from portal.pages import impact as page_module
from projects.models import Parcel, Project
from tests.dom import parse
from tests.factories import county, geometry, make, make_line, make_release
from tests.web.conftest import Page
from zones.models import Release

pytestmark = pytest.mark.django_db

LON, LAT = 112.5, 38.02


def box(west: float, south: float, side: float) -> Any:
    return geometry(shapely.box(west, south, west + side, south + side).wkt)


def make_parcel(code: str, west: float, **fields: Any) -> Parcel:
    shape = MultiPolygon(box(west, LAT, 0.001), srid=STORAGE_SRID)
    return Parcel.objects.create(**{"code": code, "name": f"地块{code}", "county": county(), "geom": shape} | fields)


@pytest.fixture
def draft() -> Release:
    """Takes land that no release in force took."""
    make_release("permanent-basic-farmland")
    draft = make_release("permanent-basic-farmland", None, code="draft", title="新版<b>")
    make_line(draft, box(LON - 0.01, LAT - 0.01, 0.05))
    return draft


@pytest.fixture
def inspector(client: Client) -> User:
    user = User.objects.create_user("inspector")
    user.user_permissions.add(Permission.objects.get(codename="inspect_release"))
    client.force_login(user)
    return user


def address(release: Release, query: str = "") -> str:
    return f"/releases/{release.code}/impact/{query}"


def test_it_is_for_those_who_may_inspect_releases(client: Client, draft: Release) -> None:
    assert client.get(address(draft)).status_code == 302
    client.force_login(User.objects.create_user("reader"))
    assert client.get(address(draft)).status_code == 403


@pytest.mark.usefixtures("inspector")
def test_there_is_none_of_an_unknown_release(client: Client) -> None:
    assert client.get("/releases/none/impact/").status_code == 404


@pytest.mark.usefixtures("inspector")
def test_the_page_counts_and_lists_what_changes(page: Page, draft: Release) -> None:
    make_parcel("P1", LON)
    make_parcel("P2", LON + 0.1)
    project = make(Project, geom=geometry(f"POINT({LON} {LAT})"), location_precision="site", name_en="<i>甲</i>")
    opened = page(address(draft, "?on=2026-06-01"), "en")
    rows = opened.with_class("impact-list")[0].all("th", scope="rowgroup")
    assert [project.code in row.text or "P1" in row.text for row in rows] == [True, True]
    assert "<i>甲</i>" in opened.text
    cells = [link.text for link in opened.with_class("impact-table")[0].all("a", href=True)]
    assert sum(map(int, cells)) == 2
    assert "P2" not in opened.with_class("impact-list")[0].text


@pytest.mark.usefixtures("inspector")
def test_a_count_of_the_table_leads_to_the_records_that_it_counts(client: Client, page: Page, draft: Release) -> None:
    for number in range(3):
        make_parcel(f"P{number}", LON + number * 0.002)
    opened = page(address(draft, "?on=2026-06-01"), "en")
    (link,) = opened.with_class("impact-table")[0].all("a", href=True)
    filtered = page(address(draft, link.attributes["href"].partition("#")[0]), "en")
    assert len(filtered.with_class("impact-list")[0].all("th", scope="rowgroup")) == int(link.text) == 3
    assert filtered.with_class("condition")
    drawn = filtered.all(id="map")[0].attributes["data-url"]
    assert len(client.get(address(draft, drawn)).json()["features"]) == 3


@pytest.mark.usefixtures("inspector")
def test_records_without_a_site_are_told_apart(page: Page, draft: Release) -> None:
    make(Project, geom=geometry(f"POINT({LON} {LAT})"), location_precision="town")
    opened = page(address(draft), "en")
    untold = Project.objects.exclude(location_precision="site", geom__isnull=False).count()
    scope = opened.with_class("impact-scope")[0].text
    assert f"{untold} have no surveyed site" in " ".join(scope.split())
    assert "can't be told" in scope


@pytest.mark.usefixtures("inspector")
def test_a_release_that_changes_nothing_says_so(page: Page) -> None:
    make_release("flood")
    opened = page(address(make_release("flood", None)), "en")
    assert opened.with_class("empty")
    assert not opened.all(id="map")


@pytest.mark.usefixtures("inspector")
def test_the_list_is_paged(page: Page, draft: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "PAGE_SIZE", 2)
    for number in range(3):
        make_parcel(f"P{number}", LON + number * 0.002)
    last = page(address(draft, "?on=2026-06-01&page=2"), "en")
    assert len(last.with_class("impact-list")[0].all("th", scope="rowgroup")) == 1
    assert last.with_class("paging")[0].all("a", href=True)[0].attributes["href"] == "?on=2026-06-01&page=1#list"


@pytest.mark.usefixtures("inspector")
def test_another_page_is_not_worked_out_anew_and_a_changed_register_is(page: Page, draft: Release) -> None:
    make_parcel("P1", LON)
    page(address(draft))
    before = page_module._impact.cache_info()
    page(address(draft, "?page=2"))
    after = page_module._impact.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)
    make_parcel("P2", LON + 0.002)
    assert "P2" in page(address(draft)).with_class("impact-list")[0].text


@pytest.mark.usefixtures("inspector")
def test_too_many_sites_are_refused_with_the_command_that_takes_them(
    page: Page, draft: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "MOST_JUDGED", 1)
    make_parcel("P1", LON)
    make_parcel("P2", LON + 0.002)
    opened = page(address(draft, "?on=2026-06-01"), "en")
    assert "manage.py release_impact draft --on 2026-06-01" in opened.with_class("notice")[0].text
    assert not opened.with_class("impact-list")


@pytest.mark.usefixtures("inspector")
@pytest.mark.parametrize("query", ["?on=2026-02-30", "?on=x&kind=%00&before=1&after=%F0", "?page=99999&kind=nothing", "?f=pdf"])
def test_what_can_not_be_read_in_the_address_does_no_harm(client: Client, draft: Release, query: str) -> None:
    make_parcel("P1", LON)
    answer = client.get(address(draft, query))
    assert answer.status_code == 200
    if "on=" in query:
        assert parse(answer.content.decode()).with_class("notice")


MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet_of(content: bytes) -> list[list[tuple[str, str, bool]]]:
    """The rows of the first sheet: of each cell its text, its type (s for text, n for numbers), whether it is quoted."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = ("sharedStrings", "worksheets/sheet1", "styles")
        texts, sheet, styles = (ElementTree.fromstring(archive.read(f"xl/{part}.xml")) for part in parts)  # noqa: S314
    strings = ["".join(item.itertext()) for item in texts]
    formats = list(styles.iter(f"{MAIN}cellXfs"))[0]
    rows = []
    for row in sheet.iter(f"{MAIN}row"):
        cells = []
        for cell in row:
            assert cell.find(f"{MAIN}f") is None, "a formula"
            kind, text = cell.get("t", "n"), cell.findtext(f"{MAIN}v", "")
            is_quoted = formats[int(cell.get("s", "0"))].get("quotePrefix") == "1"
            cells.append((strings[int(text)] if kind == "s" else text, kind, is_quoted))
        rows.append(cells)
    return rows


@pytest.mark.usefixtures("inspector")
def test_the_file_holds_a_row_for_each_finding_that_changes(client: Client, draft: Release) -> None:
    make_parcel("P1", LON, name="=cmd|'/c calc'!A1")
    answer = client.get(address(draft, "?on=2026-06-01&f=xlsx"), headers={"accept-language": "en"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="impact-draft-2026-06-01.xlsx"'
    head, row = sheet_of(answer.content)
    found = {title: cell for (title, *_style), cell in zip(head, row, strict=True)}
    texts = [found[title][0] for title in ("Code", "Result before", "Result after")]
    assert texts == ["P1", "not occupied", "occupied"]
    assert found["Name"] == ("=cmd|'/c calc'!A1", "s", True)
    assert found["Overlap before, m²"][:2] == ("0", "n")
    taken, taken_mu = float(found["Overlap after, m²"][0]), float(found["Overlap after, mu"][0])
    assert taken == pytest.approx(9738, rel=0.01)
    assert taken_mu == pytest.approx(taken * 15 / 10000, abs=0.01)


def test_the_command_tells_the_same_and_writes_the_file(
    draft: Release, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    make_parcel("P1", LON)
    path = tmp_path / "impact.xlsx"
    call_command("release_impact", "draft", "--on", "2026-06-01", "--xlsx", str(path))
    said = capsys.readouterr().out
    assert "1 have a finding that changes" in said
    assert "Without a surveyed site" in said
    assert len(sheet_of(path.read_bytes())) == 2
    with pytest.raises(CommandError, match="no release none"):
        call_command("release_impact", "none")
