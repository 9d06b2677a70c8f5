"""A check of all records against checks of each of them."""

import math
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
import shapely
from django.contrib.gis.db.models.functions import AsGeoJSON
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.core.management import CommandError, call_command
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from lib.crs import STORAGE_SRID
from projects import batch, batch_sql
from projects.batch import Found, Refused, check_all, results_of
from projects.models import BatchCheck, BatchPattern, BatchResult, Parcel, Project
from tests.exports import committed
from tests.factories import county, geometry, make, make_line, make_release
from zones.models import Activation, Industry
from zones.sitecheck.document import document
from zones.sitecheck.engine import check
from zones.sitecheck.site import parse_json, read_site

DAY = date(2026, 6, 1)
LON, LAT = 112.5, 38.02  # near to where three counties and two belts meet


def star(random: Random, centre: tuple[float, float], radius: float, count: int) -> GEOSGeometry:
    """An outline that can't cross itself, of this radius in degrees at most."""
    points = []
    for number in range(count):
        angle, length = 2 * math.pi * number / count, random.uniform(0.6, 1) * radius
        points.append((centre[0] + length * math.cos(angle), centre[1] + 0.8 * length * math.sin(angle)))
    return geometry(shapely.Polygon(points).wkt)


def box(west: float, south: float, east: float, north: float) -> GEOSGeometry:
    return geometry(shapely.box(west, south, east, north).wkt)


def make_parcel(shape: GEOSGeometry, **fields: Any) -> Parcel:
    own = {"code": f"batch-{Parcel.objects.count()}", "name": "地块", "county": county()}
    return Parcel.objects.create(**own | {"geom": MultiPolygon(shape, srid=STORAGE_SRID)} | fields)


def single(record: Any, kind: str) -> dict[str, Any]:
    """What the check of this one site says, as the API gives it."""
    industry = record.industry.code if kind == "project" and record.industry_id else ""
    answer = document(check(read_site(parse_json(record.geojson.encode())), DAY, industry=industry), "EPSG:4490")
    names = ("rule", "theme", "result", "effect", "overlap_m2")
    return {
        "verdict": answer["verdict"],
        "findings": [{name: finding[name] for name in names} for finding in answer["findings"]],
    }


def assert_as_single(found: dict[str, Found], records: Any, kind: str) -> None:
    for record in records.annotate(geojson=AsGeoJSON("geom", precision=12)):
        expected, own = single(record, kind), found.pop(record.code)
        assert own.verdict == expected["verdict"], record.code
        assert len(own.findings) == len(expected["findings"])
        for finding, wanted in zip(own.findings, expected["findings"], strict=True):
            overlap, wanted_overlap = finding.pop("overlap_m2"), wanted.pop("overlap_m2")
            assert finding == wanted, record.code
            if wanted_overlap is None:
                assert overlap is None
            else:
                assert overlap == pytest.approx(wanted_overlap, abs=0.1, rel=1e-6), (record.code, finding)
    assert not found


def by_code(done: BatchCheck) -> dict[str, Found]:
    return {found.code: found for found in results_of(done)}


# Vertices and radius of sites and lines: fine ones, long edges, lines that are finer than the sites and the other way round.
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("site", "line"), [((40, 0.002), (600, 0.02)), ((4, 0.01), (5, 0.03)), ((6, 0.006), (600, 0.02)), ((40, 0.002), (5, 0.02))]
)
@pytest.mark.parametrize("seed", range(3))
def test_parcels_are_found_what_a_check_of_each_finds(seed: int, site: tuple[int, float], line: tuple[int, float]) -> None:
    random = Random(seed)  # noqa: S311
    for _number in range(25):
        make_parcel(star(random, (random.uniform(112.4, 112.6), random.uniform(37.95, 38.1)), site[1], site[0]))
    plans = [
        ("permanent-basic-farmland", {}, [""]),
        ("ecological-redline", {"counties": ["140108"]}, ["core", "", "it's; odd|"]),
        ("urban-boundary", {}, ["a", "b"]),
        ("parks", {"counties": ["140122"]}, [""]),
    ]
    for theme, fields, classes in plans:
        release = make_release(theme, **fields)
        for _number in range(6):
            centre = random.uniform(112.4, 112.6), random.uniform(37.95, 38.1)
            make_line(release, star(random, centre, line[1], line[0]), zone_class=random.choice(classes))
    done = check_all("parcel", DAY, workers=0)
    assert (done.done, done.total, done.untold) == (25, 25, 0)
    assert_as_single(by_code(done), Parcel.objects.all(), "parcel")


@pytest.mark.django_db
def test_projects_of_all_dimensions_are_found_what_a_check_of_each_finds() -> None:
    random = Random(1)  # noqa: S311
    industries = list(Industry.objects.order_by("code")[:2])
    for number in range(12):
        shape = star(random, (random.uniform(112.4, 112.6), random.uniform(37.95, 38.1)), 0.01, 30)
        kinds = [shape, shape.centroid, shape.exterior_ring]
        make(Project, geom=kinds[number % 3], location_precision="site", industry=industries[number % 2] if number % 4 else None)
    make(Project, geom=geometry(f"POINT({LON} {LAT})"), location_precision="town")
    for theme in ("urban-boundary", "negative-list"):
        release = make_release(theme)
        for _number in range(4):
            centre = random.uniform(112.4, 112.6), random.uniform(37.95, 38.1)
            make_line(release, star(random, centre, 0.03, 200), attributes={"industries": industries[0].code})
    done = check_all("project", DAY, workers=0)
    sites = Project.objects.filter(location_precision="site", geom__isnull=False)
    assert (done.total, done.untold) == (sites.count(), Project.objects.count() - sites.count())
    assert_as_single(by_code(done), sites, "project")


@pytest.mark.django_db
def test_what_touches_a_line_or_overlaps_it_by_a_sliver_is_found_so() -> None:
    release = make_release("permanent-basic-farmland")
    make_line(release, box(LON, LAT, LON + 0.01, LAT + 0.01))
    east = LON + 0.01
    for code, west in (("touch", east), ("sliver", east - 1e-8), ("taken", east - 1e-5), ("apart", east + 1e-7)):
        make_parcel(box(west, LAT + 0.002, west + 0.001, LAT + 0.003), code=code)
    make_parcel(box(LON, LAT, east, LAT + 0.01), code="same")
    make_parcel(box(LON - 1e-8, LAT, east, LAT + 0.01), code="nearly")
    done = check_all("parcel", DAY, workers=0)
    results = {found.code: found.findings[0]["result"] for found in results_of(done)}
    assert results == {
        "touch": "touching",
        "sliver": "touching",
        "taken": "occupied",
        "apart": "clear",
        "same": "occupied",
        "nearly": "occupied",
    }
    assert_as_single(by_code(done), Parcel.objects.all(), "parcel")


@pytest.mark.django_db
def test_lines_that_overlap_each_other_are_not_counted_twice() -> None:
    release = make_release("flood")
    for west in (LON, LON + 0.0004):
        make_line(release, box(west, LAT, west + 0.001, LAT + 0.001))
    make_parcel(box(LON + 0.0002, LAT + 0.0002, LON + 0.0012, LAT + 0.0012))
    assert_as_single(by_code(check_all("parcel", DAY, workers=0)), Parcel.objects.all(), "parcel")


@pytest.mark.django_db
def test_sites_that_are_alike_share_what_is_said_of_them() -> None:
    release = make_release("flood")
    make_line(release, box(112.4, 37.9, 112.6, 38.1))
    for number in range(30):
        west = 112.45 + number / 2000
        make_parcel(star(Random(number), (west, 38.0), 0.0002, 20))  # noqa: S311
    done = check_all("parcel", DAY, workers=0)
    assert done.patterns.count() < 6
    assert_as_single(by_code(done), Parcel.objects.all(), "parcel")


@pytest.mark.django_db
def test_it_is_made_with_the_releases_of_its_day() -> None:
    earlier = make_release("flood", None)
    Activation.objects.create(release=earlier, theme="flood", begins=date(2025, 1, 1), ends=date(2026, 1, 1), made_by="test")
    make_line(earlier, box(LON, LAT, LON + 0.01, LAT + 0.01))
    later = make_release("flood")
    make_release("flood", None)
    make_parcel(box(LON + 0.001, LAT + 0.001, LON + 0.002, LAT + 0.002))
    for day, release, result in ((date(2025, 6, 1), earlier, "occupied"), (DAY, later, "clear")):
        done = check_all("parcel", day, workers=0)
        assert done.releases == [release.code]
        (found,) = results_of(done)
        assert {finding["result"] for finding in found.findings if finding["rule"] == "flood"} == {result}


@pytest.mark.django_db
def test_a_run_that_fails_leaves_no_results(monkeypatch: pytest.MonkeyPatch) -> None:
    make_parcel(box(LON, LAT, LON + 0.001, LAT + 0.001))

    def fail(*args: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(batch, "_name_patterns", fail)
    with pytest.raises(RuntimeError):
        check_all("parcel", DAY, workers=0)
    failed = BatchCheck.objects.get()
    assert (failed.state, failed.error) == (BatchCheck.State.FAILED, "the disk is full")
    assert not BatchResult.objects.exists()
    assert not BatchPattern.objects.exists()
    with pytest.raises(Refused):
        next(results_of(failed))


@pytest.mark.django_db
def test_a_run_during_which_releases_change_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    make_parcel(box(LON, LAT, LON + 0.001, LAT + 0.001))
    swapped = batch._name_patterns

    def swap(*args: Any) -> None:
        make_release("flood")
        swapped(*args)

    monkeypatch.setattr(batch, "_name_patterns", swap)
    with pytest.raises(Refused, match="releases|发布"):
        check_all("parcel", DAY, workers=0)
    assert not BatchResult.objects.exists()


@pytest.mark.django_db
def test_what_an_ended_run_left_behind_is_taken_away_by_the_next() -> None:
    left = BatchCheck.objects.create(kind="parcel", as_of=DAY)
    BatchResult.objects.create(batch=left, code="x", key="0" * 32)
    check_all("parcel", DAY, workers=0)
    left.refresh_from_db()
    assert left.state == BatchCheck.State.FAILED
    assert not left.results.exists()


@pytest.fixture(scope="module")
def _parcels(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    yield from committed(django_db_blocker, _make_committed)


def _make_committed() -> Iterator[Any]:
    yield (release := make_release("flood"))
    yield release.activations.get()
    yield make_line(release, box(LON, LAT, LON + 0.01, LAT + 0.01))
    for number in range(30):
        yield make_parcel(box(LON, LAT + number / 1000, LON + 0.0005, LAT + number / 1000 + 0.0005), code=f"batch-row-{number}")


@pytest.fixture
def _committing(_parcels: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For what works on several connections: nothing is rolled back, so it is deleted."""
    with django_db_blocker.unblock():
        yield
        for model in (BatchResult, BatchPattern, BatchCheck):
            model.objects.all().delete()
        connections.close_all()


@pytest.mark.usefixtures("_committing")
def test_several_connections_find_the_same_and_tell_how_far_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(batch, "SITES_AT_ONCE", 4)
    told: list[tuple[str, int, int]] = []
    seen: list[int] = []

    def say(step: str, done: int, total: int) -> None:
        told.append((step, done, total))
        seen.append(BatchCheck.objects.get().done)

    done = check_all("parcel", DAY, workers=2, say=say)
    assert [row for row in told if row[0] == "sites"][-1] == ("sites", 30, 30)
    assert 0 < next(count for count in seen if count) < 30
    assert_as_single(by_code(done), Parcel.objects.all(), "parcel")
    call_command("check_sites", "--parcels", "--as-of", DAY.isoformat(), "--workers", "2")
    assert "Checked 30 parcels" in capsys.readouterr().out


@pytest.mark.usefixtures("_committing")
def test_two_runs_at_once_are_refused() -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [batch._LOCK])
        with pytest.raises(CommandError, match="under way|正在进行"):
            call_command("check_sites", "--projects")
    finally:
        other.close()
    assert not BatchCheck.objects.exists()


@pytest.mark.usefixtures("_committing")
def test_the_copy_of_the_lines_is_gone_and_requests_keep_their_patience() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        patience = cursor.fetchone()
        check_all("parcel", DAY, workers=1)
        cursor.execute("SELECT to_regclass(%s)", [batch_sql.PIECES])
        assert cursor.fetchone() == (None,)
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == patience
