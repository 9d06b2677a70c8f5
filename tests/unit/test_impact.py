"""The impact of a release that is not active, against a check of every single site with it and without it."""

import math
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
import shapely
from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.db.models.functions import AsGeoJSON
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lib.crs import STORAGE_SRID
from projects.impact import Change, Impact, TooMany, impact_of
from projects.models import Parcel, Project
from tests.factories import county, geometry, make, make_line, make_release
from zones.models import Activation, Industry, Release
from zones.sitecheck.engine import Verdict, check
from zones.sitecheck.facts import STORED_AT_ONCE
from zones.sitecheck.rule import Result
from zones.sitecheck.site import parse_json, read_site

pytestmark = pytest.mark.django_db

DAY = date(2026, 6, 1)
LON, LAT = 112.5, 38.02  # near to where three counties and two belts meet
WIDE = {"lon": (112.35, 112.65), "lat": (37.9, 38.15)}


def star(random: Random, radius: float, wide: bool = True) -> GEOSGeometry:
    """An outline that can't cross itself, of this radius in degrees at most."""
    lon, lat = random.uniform(*WIDE["lon"]), random.uniform(*WIDE["lat"])
    count = random.randint(3, 16)
    points = []
    for number in range(count):
        angle, length = 2 * math.pi * number / count, random.uniform(0.3, 1) * radius
        points.append((lon + length * math.cos(angle), lat + length * math.sin(angle)))
    return geometry(shapely.Polygon(points).wkt)


def square(lon: float, lat: float, side: float = 0.002) -> GEOSGeometry:
    return geometry(shapely.box(lon, lat, lon + side, lat + side).wkt)


def make_parcel(shape: GEOSGeometry, **fields: Any) -> Parcel:
    own = {"code": f"impact-{Parcel.objects.count()}", "name": "地块", "county": county()}
    return Parcel.objects.create(**own | {"geom": MultiPolygon(shape, srid=STORAGE_SRID)} | fields)


def make_sites(random: Random) -> None:
    industries = list(Industry.objects.order_by("code")[:3])
    for number in range(14):
        make_parcel(star(random, 0.02))
        shape = star(random, 0.02)
        kinds = [shape, shape.centroid, shape.exterior_ring]
        make(
            Project,
            code=f"impact-project-{number}",
            geom=kinds[number % 3],
            location_precision="site",
            industry=industries[number % 3] if number % 2 else None,
        )
    make(Project, geom=star(random, 0.02).centroid, location_precision="village")
    make(Project)


def make_lines(release: Release, random: Random, count: int, **fields: Any) -> None:
    for _number in range(count):
        make_line(release, star(random, 0.05), **fields)


Seen = tuple[str, str, Verdict, Verdict, tuple[Any, ...]]


def seen(change: Change) -> Seen:
    return change.kind, change.code, change.before, change.after, tuple(finding.rule.code for finding in change.findings)


def by_brute_force(release: Release) -> Iterator[Seen]:
    """Every site, asked one by one with the draft and without it."""
    for kind, records in (("project", Project.objects.filter(location_precision="site")), ("parcel", Parcel.objects.all())):
        for record in records.exclude(geom=None).annotate(geojson=AsGeoJSON("geom", precision=12)).order_by("code"):
            site = read_site(parse_json(record.geojson.encode()))
            industry = record.industry.code if kind == "project" and record.industry_id else ""
            before = check(site, DAY, industry=industry)
            after = check(site, DAY, draft=release.code, industry=industry)
            pairs = zip(before.findings, after.findings, strict=True)
            rules = tuple(
                was.rule.code
                for was, will in pairs
                if (was.outcome.result, was.outcome.effect) != (will.outcome.result, will.outcome.effect)
            )
            if rules:
                yield kind, record.code, before.verdict, after.verdict, rules


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("theme", "draft_counties", "current_counties"),
    [
        ("permanent-basic-farmland", [], []),
        ("ecological-redline", ["140108"], []),
        ("urban-boundary", ["140122", "140108"], ["140108"]),
        ("parks", ["140122"], None),
        ("negative-list", [], []),
    ],
)
def test_the_impact_is_what_a_check_of_every_site_gives(
    theme: str, draft_counties: list[str], current_counties: list[str] | None, seed: int
) -> None:
    random = Random(seed)  # noqa: S311
    make_sites(random)
    other = make_release("flood")
    make_lines(other, random, 3)
    fields = {"zone_class": random.choice(["core", ""]), "attributes": {"industries": Industry.objects.order_by("code")[0].code}}
    if current_counties is not None:
        make_lines(make_release(theme, counties=current_counties), random, 4, **fields)
    draft = make_release(theme, None, counties=draft_counties)
    make_lines(draft, random, 4, **fields)
    impact = impact_of(draft, DAY, AnonymousUser())
    assert [seen(change) for change in impact.changes] == list(by_brute_force(draft))


def test_a_change_tells_what_is_said_before_and_after_and_how_much_is_taken() -> None:
    make_release("permanent-basic-farmland")
    draft = make_release("permanent-basic-farmland", None)
    make_line(draft, square(LON, LAT, 0.02))
    parcel = make_parcel(square(LON + 0.005, LAT + 0.005), name="甲", name_en="A")
    (change,) = impact_of(draft, DAY, AnonymousUser()).changes
    assert (change.kind, change.code, change.name, change.name_en) == ("parcel", parcel.code, "甲", "A")
    assert change.after is Verdict.CONFLICT
    assert change.changes_verdict == (change.before is not Verdict.CONFLICT)
    (finding,) = change.findings
    assert finding.before
    assert finding.after
    assert (finding.before.result, finding.before.overlap_m2) == (Result.CLEAR, 0.0)
    expected = check(read_site(parse_json(parcel.geom.json.encode())), DAY, draft=draft.code).facts
    assert finding.after.result is Result.OCCUPIED
    assert finding.after.overlap_m2 == pytest.approx(expected.area_m2, abs=0.1)
    assert finding.after.overlap_mu == pytest.approx(expected.area_m2 * 15 / 10000, abs=0.01)


def test_records_without_a_site_are_told_apart_and_never_read_as_unchanged() -> None:
    with_site = Project.objects.filter(location_precision="site", geom__isnull=False).count()
    make(Project, geom=square(LON, LAT).centroid, location_precision="town")
    make(Project, geom=square(LON, LAT), location_precision="site")
    mixture = geometry(f"GEOMETRYCOLLECTION(POINT({LON} {LAT}),LINESTRING({LON} {LAT},{LON} 38.1))")
    make(Project, geom=mixture, location_precision="site")
    impact = impact_of(make_release("flood", None), DAY, AnonymousUser())
    assert impact.judged["project"] == with_site + 1
    assert impact.untold == {"project": Project.objects.count() - with_site - 1, "parcel": 0}


def test_only_sites_where_the_releases_differ_are_judged() -> None:
    current = make_release("flood")
    make_line(current, square(LON, LAT, 0.01))
    draft = make_release("flood", None)
    make_line(draft, square(LON + 0.05, LAT, 0.01))
    kept, taken, _far = (make_parcel(square(LON + east, LAT + 0.001)) for east in (0.001, 0.051, 0.1))
    impact = impact_of(draft, DAY, AnonymousUser())
    assert impact.current == current
    assert impact.judged["parcel"] == 2
    assert {change.code for change in impact.changes if change.kind == "parcel"} == {kept.code, taken.code}


def test_a_release_in_force_changes_nothing() -> None:
    release = make_release("flood")
    make_line(release, square(LON, LAT, 0.01))
    make_parcel(square(LON + 0.001, LAT + 0.001))
    impact = impact_of(release, DAY, AnonymousUser())
    assert (impact.changes, impact.judged) == ((), {"project": 0, "parcel": 0})


def test_the_release_that_was_in_force_on_the_day_is_what_it_is_compared_with() -> None:
    earlier = make_release("flood", None)
    Activation.objects.create(release=earlier, theme="flood", begins=date(2025, 1, 1), ends=date(2026, 1, 1), made_by="test")
    make_line(earlier, square(LON, LAT, 0.01))
    make_release("flood", date(2026, 1, 1))
    draft = make_release("flood", None)
    make_parcel(square(LON + 0.001, LAT + 0.001))
    assert [change.kind for change in impact_of(draft, date(2025, 6, 1), AnonymousUser()).changes] == ["parcel"]
    assert impact_of(draft, DAY, AnonymousUser()).changes == ()


def test_many_sites_cost_a_statement_a_chunk() -> None:
    draft = make_release("flood", None)
    before = Project.objects.count()
    Parcel.objects.bulk_create(
        Parcel(
            code=f"impact-{number}",
            name="地块",
            county=county(),
            geom=MultiPolygon(square(LON, LAT + number / 1e4), srid=STORAGE_SRID),
        )
        for number in range(STORED_AT_ONCE + 1)
    )
    with CaptureQueriesContext(connection) as queries:
        impact = impact_of(draft, DAY, AnonymousUser())
    assert len(impact.changes) > STORED_AT_ONCE
    assert sum("ST_IsValidDetail" in query["sql"] for query in queries.captured_queries) == (1 if before else 0) + 2


def test_more_sites_than_asked_for_are_refused_with_their_number() -> None:
    draft = make_release("flood", None)
    make_parcel(square(LON, LAT))
    make_parcel(square(LON, LAT + 0.01))
    with pytest.raises(TooMany) as caught:
        impact_of(draft, DAY, AnonymousUser(), most=1)
    assert caught.value.count >= 2


def test_verdicts_are_counted_before_and_after() -> None:
    make_release("permanent-basic-farmland")
    draft = make_release("permanent-basic-farmland", None)
    make_line(draft, square(LON, LAT, 0.02))
    make_parcel(square(LON + 0.005, LAT + 0.005))
    make_parcel(square(LON + 0.008, LAT + 0.008))
    impact: Impact = impact_of(draft, DAY, AnonymousUser())
    assert sum(impact.verdicts().values()) == len(impact.changes) == 2
    assert {after for _before, after in impact.verdicts()} == {Verdict.CONFLICT}
