"""The reader of fixtures/: all or nothing, the same again changes nothing, a fault names its file, row and field."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from projects.models import Project
from zones.fixture_files import FixtureError, digest_of, parse_date, read_rows
from zones.models import Citation, FixtureLoad, Park, Statement, Zone

pytestmark = pytest.mark.django_db

PARK = """
- code: test-park
  name: 试验园区
  name_en: Test park
  kind: base
  counties: ["140122"]
  at: 大盂镇
  cite: [{source: S3, locator: 专栏2}]
  statements:
    - {measure: planned-area, value: "76", unit: km2, as_of: 2021-12, inferred: "true", source: S0, locator: 阳曲}
"""


@pytest.fixture
def fixtures(tmp_path: Path, settings: Settings) -> Path:
    shutil.copytree(settings.BASE_DIR / "fixtures", tmp_path / "fixtures")
    settings.BASE_DIR = tmp_path
    return tmp_path / "fixtures"


def _add_park(fixtures: Path, text: str = PARK) -> None:
    path = fixtures / "parks.yaml"
    path.write_text(path.read_text(encoding="utf-8").removesuffix("[]\n") + text, encoding="utf-8")


def _load(**options: object) -> None:
    call_command("load_zone", verbosity=0, **options)


def test_the_same_fixtures_again_change_nothing() -> None:
    def state() -> list[object]:
        return [
            list(Statement.objects.order_by("code").values_list("pk", "code", "value")),
            list(Project.objects.order_by("code").values_list("pk", "code", "stage")),
            Citation.objects.count(),
        ]

    before = state()
    _load(force=True)
    assert state() == before


def test_a_row_comes_with_its_place_citation_and_statement(fixtures: Path) -> None:
    _add_park(fixtures)
    _load()
    park = Park.objects.get(code="test-park")
    assert park.place.name == "大盂镇"
    assert (park.geom.srid, park.location_precision) == (4490, "town")
    assert [county.code for county in park.counties.all()] == ["140122"]
    statement = park.statements.get()
    assert (statement.value, statement.unit, statement.as_of.isoformat(), statement.as_of_precision) == (
        Decimal(76), "km2", "2021-12-01", "month",
    )  # fmt: skip
    assert statement.inferred
    assert park.citations.get().locator == "专栏2"


def test_a_row_that_is_gone_takes_its_record_and_statements_along(fixtures: Path) -> None:
    before = (fixtures / "parks.yaml").read_text(encoding="utf-8")
    _add_park(fixtures)
    _load()
    (fixtures / "parks.yaml").write_text(before, encoding="utf-8")
    _load()
    assert not Park.objects.filter(code="test-park").exists()
    assert not Statement.objects.filter(code__startswith="park.test-park.").exists()


def test_a_parent_that_a_row_no_longer_names_is_gone_and_may_go(fixtures: Path) -> None:
    before = (fixtures / "parks.yaml").read_text(encoding="utf-8")
    child = PARK.replace("test-park", "test-part").replace("  kind: base", "  kind: base\n  parent: test-park")
    _add_park(fixtures, PARK + child)
    _load()
    assert Park.objects.get(code="test-part").parent.code == "test-park"
    (fixtures / "parks.yaml").write_text(before + child.replace("  parent: test-park\n", ""), encoding="utf-8")
    _load()
    assert Park.objects.get(code="test-part").parent is None
    assert not Park.objects.filter(code="test-park").exists()


def test_a_mended_reader_loads_the_same_files_anew(fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mended = tmp_path / "reader.py"
    mended.write_text("# mended")
    monkeypatch.setattr("portal.management.commands.load_zone.READERS", [mended])
    digest = FixtureLoad.objects.get().digest
    _load()
    assert FixtureLoad.objects.get().digest != digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kind: base", "kind: castle"), "parks.yaml: test-park: .*castle"),
        (("kind: base", "colour: red"), "there is no field 'colour'"),
        (('"140122"', '"999999"'), "there is no county '999999'"),
        (("大盂镇", "无此镇"), "no located place or town is called '无此镇'"),
        (("source: S3", "source: S9"), "park test-park: there is no source 'S9'"),
        (('value: "76"', "value: viel"), "'viel' is not a number"),
        (("2021-12", "2021-13"), "'2021-13' is not a date"),
        (("unit: km2", "unit: acre"), "acre"),
        (("locator: 阳曲", "locator: 阳曲, page: '3'"), "a statement has no page"),
        (("name: 试验园区", "name: 试验园区\n  name: 另一园区"), "key given twice: name"),
        (("test-park\n", "test park\n"), "test park"),
        (("at: 大盂镇", "lon: east\n  lat: north"), "parks.yaml: test-park: .*east"),
        (("at: 大盂镇", "at: [大盂镇"), "parks.yaml: while parsing"),
    ],
)
def test_a_fault_is_named_and_nothing_is_written(fixtures: Path, change: tuple[str, str], message: str) -> None:
    digest = FixtureLoad.objects.get().digest
    _add_park(fixtures, PARK.replace(*change))
    (fixtures / "zone.yaml").write_text((fixtures / "zone.yaml").read_text().replace("2035", "2036"))
    with pytest.raises(CommandError, match=message):
        _load()
    assert FixtureLoad.objects.get().digest == digest
    assert Zone.objects.get().period_end_year == 2035


@pytest.mark.parametrize(
    ("text", "first_day", "precision"),
    [
        ("2021", "2021-01-01", "year"),
        ("2022-H1", "2022-01-01", "half"),
        ("2022-H2", "2022-07-01", "half"),
        ("2022-Q3", "2022-07-01", "quarter"),
        ("2021-12", "2021-12-01", "month"),
        ("2021-12-08", "2021-12-08", "day"),
    ],
)
def test_partial_dates(text: str, first_day: str, precision: str) -> None:
    day, found = parse_date(text)
    assert (day.isoformat(), found) == (first_day, precision)


@pytest.mark.parametrize(
    "text", ["", "2022-13", "2022-02-30", "2022-H3", "2022-Q5", "12月8日", "+2021", "２０２１", "2_021", "21-12", "2021-W01-1"]
)
def test_dates_that_are_none(text: str) -> None:
    with pytest.raises(FixtureError):
        parse_date(text)


def test_a_file_that_is_no_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: b")
    with pytest.raises(FixtureError, match="must be a list"):
        read_rows(tmp_path / "x.yaml")


def test_the_digest_follows_every_byte_and_name(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("1")
    first = digest_of(tmp_path)
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    second = digest_of(tmp_path)
    (tmp_path / "b.yaml").write_text("2")
    assert len({first, second, digest_of(tmp_path)}) == 3


def test_every_figure_has_a_unit_a_source_and_a_place_in_it() -> None:
    assert not Statement.objects.filter(locator="").exists()
