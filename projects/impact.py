"""What a release would change if it were activated: the projects and parcels whose verdict or findings would be others."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from lib.units import MU_IN_M2
from zones.models import Activation, ControlLine, County, InLanguage, Release
from zones.sitecheck.engine import Check, Finding, Verdict, judge
from zones.sitecheck.facts import gather_stored
from zones.sitecheck.rule import Effect, Result, Rule

from .models import Project
from .sites import KINDS, records_of, sites_of, sites_sql, table_of


class TooMany(Exception):
    """More sites lie where the releases differ than were to be judged; ``count`` is how many."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"{count} sites lie where the releases differ")


@dataclass(frozen=True)
class Said:
    """What a rule says of a site. ``overlap_m2`` is null where no area was measured."""

    result: Result
    effect: Effect
    overlap_m2: float | None

    @property
    def overlap_mu(self) -> float | None:
        return None if self.overlap_m2 is None else round(self.overlap_m2 / float(MU_IN_M2), 2)


@dataclass(frozen=True)
class FindingChange:
    """A finding before and after; None where the rule is not asked."""

    rule: Rule
    before: Said | None
    after: Said | None


@dataclass(frozen=True)
class Change(InLanguage):
    """A record that the release would change. ``geometry`` is GeoJSON in CGCS2000."""

    kind: str  # project, parcel
    code: str
    name: str
    name_en: str
    before: Verdict
    after: Verdict
    findings: tuple[FindingChange, ...]
    geometry: str

    @property
    def changes_verdict(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Impact:
    """``judged`` and ``untold`` are numbers of records by kind: those that lie where the releases differ, and those that have no
    site to judge, of which nothing can be told. ``current`` is the release that would be replaced.
    """

    release: Release
    on: date
    current: Release | None
    changes: tuple[Change, ...]
    judged: dict[str, int]
    untold: dict[str, int]

    def verdicts(self) -> Counter[tuple[Verdict, Verdict]]:
        """How many records change from one verdict to another, or keep it while findings change."""
        return Counter((change.before, change.after) for change in self.changes)


def impact_of(
    release: Release, on: date, user: Any, most: int | None = None, say: Callable[[int, int], None] = lambda done, total: None
) -> Impact:
    """What would change on a day, of what ``user`` may see: the records in the order of their codes, projects first.

    Only sites that meet an area of the release or of the one that it replaces, or a county that one of them covers and the
    other does not, can change; they are found by one statement for each kind. ``say`` is told how many of them are judged.
    Errors: TooMany for more than ``most``.
    """
    current = _current(release, on)
    candidates = {kind: list(_candidates(kind, user, release, current).values_list("pk", flat=True)) for kind in KINDS}
    total = sum(map(len, candidates.values()))
    if most is not None and total > most:
        raise TooMany(total)
    changes: list[Change] = []
    done = 0
    for kind, ids in candidates.items():
        found = []
        for record_id, before, after in _judged(kind, ids, release, on):
            done += 1
            say(done, total)
            if change := _changed(before, after):
                found.append((record_id, change, before, after))
        changes += sorted(_named(kind, found), key=lambda change: change.code)
    return Impact(
        release,
        on,
        current,
        tuple(changes),
        judged={kind: len(ids) for kind, ids in candidates.items()},
        untold={kind: records_of(kind, user).count() - sites_of(kind, user).count() for kind in KINDS},
    )


def _current(release: Release, on: date) -> Release | None:
    activation = Activation.objects.on(on).filter(theme=release.theme).select_related("release").first()
    return activation.release if activation else None


def _candidates(kind: str, user: Any, release: Release, current: Release | None) -> QuerySet[Any]:
    sites = sites_of(kind, user).order_by("code")
    if current is None:  # where nothing was known something may be now
        return sites
    if current == release:
        return sites.none()
    lines, table = ControlLine._meta.db_table, table_of(kind)
    # Lines come first: PostGIS prepares a line once for all the sites that it may meet.
    met = f"""
        WITH line AS MATERIALIZED (SELECT geom FROM {lines} WHERE release_id = ANY(%s))
        SELECT site.id FROM line JOIN {table} AS site ON line.geom && site.geom AND ST_Intersects(line.geom, site.geom)
        UNION
        SELECT site.id FROM zones_county AS c JOIN {table} AS site
            ON c.boundary && site.geom AND ST_Intersects(c.boundary, site.geom) WHERE c.code = ANY(%s)
    """
    differing = _covered(release) ^ _covered(current)
    return sites.filter(pk__in=RawSQL(met, [[release.pk, current.pk], sorted(differing)]))


def _covered(release: Release) -> set[str]:
    """The counties of which a release speaks; without any it speaks of all."""
    return set(release.counties) or set(County.objects.values_list("code", flat=True))


def _judged(kind: str, ids: list[int], release: Release, on: date) -> Iterator[tuple[int, Check, Check]]:
    industries: dict[int, str] = {}
    if kind == "project":  # a check of a project asks for its industry
        industries = dict(Project.objects.filter(industry__isnull=False).values_list("pk", "industry__code"))
    for record_id, before, after in gather_stored(sites_sql(kind), ids, on, release.code):
        industry = industries.get(record_id, "")
        yield record_id, judge(replace(before, industry=industry)), judge(replace(after, industry=industry))


def _changed(before: Check, after: Check) -> tuple[FindingChange, ...]:
    """The findings that differ in result or effect. A verdict can't change without one of them."""
    earlier = {finding.rule: finding for finding in before.findings}
    later = {finding.rule: finding for finding in after.findings}
    rules = [*earlier, *(rule for rule in later if rule not in earlier)]
    pairs = [(rule, _said(earlier.get(rule), before), _said(later.get(rule), after)) for rule in rules]
    return tuple(FindingChange(rule, was, will) for rule, was, will in pairs if _essence(was) != _essence(will))


def _essence(said: Said | None) -> tuple[Result, Effect] | None:
    return (said.result, said.effect) if said else None


def _said(finding: Finding | None, check: Check) -> Said | None:
    if finding is None:
        return None
    is_measured = finding.release is not None and not finding.judged.is_approximate and check.facts.dimension == 2
    overlap_m2 = round(sum(one.area_m2 for one in finding.judged.overlaps), 2) if is_measured else None
    return Said(finding.outcome.result, finding.outcome.effect, overlap_m2)


def _named(kind: str, found: list[tuple[int, tuple[FindingChange, ...], Check, Check]]) -> Iterator[Change]:
    ids = [record_id for record_id, *_rest in found]
    records = KINDS[kind].objects.only("code", "name", "name_en").in_bulk(ids)
    for record_id, findings, before, after in found:
        if record := records.get(record_id):  # else it was removed meanwhile
            names = record.code, record.name, record.name_en
            yield Change(kind, *names, before.verdict, after.verdict, findings, after.facts.geometry)
