"""Checks of all projects or all parcels against the releases in force on a day, by several connections at once."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import md5
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from zones.models import Activation, ControlLine
from zones.sitecheck.engine import Check, Finding, judge
from zones.sitecheck.facts import gather_stored

from . import batch_sql
from .models import BatchCheck, BatchPattern, BatchResult, Project
from .sites import records_of, sites_of, sites_sql, table_of

SITES_AT_ONCE, LINES_AT_ONCE = 2000, 50
# Any number that no other lock of the portal has.
_LOCK = 7_302_611

Say = Callable[[str, int, int], None]


class Refused(Exception):
    """A check that could not be made; the message says why. It leaves no results."""


@dataclass(frozen=True)
class Found:
    """A result as it is read: the verdict and each finding with its overlap, as BatchPattern tells them."""

    code: str
    verdict: str
    findings: list[dict[str, Any]]


def check_all(kind: str, as_of: date, *, workers: int = 2, say: Say = lambda step, done, total: None) -> BatchCheck:
    """Checks every record of a kind with a site. All or nothing: a run that fails, or is ended, leaves no results.

    All of them are told of one state of the releases; where that changes meanwhile the run fails. ``workers`` is how many
    connections work at once; 0 works on the one at hand, within its transaction. ``say`` is told of the steps "lines", "sites"
    and "verdicts". Errors: Refused.
    """
    with _alone(), _patience():
        _forget_broken_runs()
        releases = _in_force(as_of)
        batch = BatchCheck.objects.create(kind=kind, as_of=as_of, releases=[code for _id, code in releases])
        try:
            _check_all(batch, releases, _Workers(workers), say)
        except BaseException as error:
            _fail(batch, str(error) or type(error).__name__)
            raise
        finally:
            _run(batch_sql.DROP_PIECES)
    return batch


def results_of(batch: BatchCheck, codes: Sequence[str] | None = None) -> Iterator[Found]:
    """The results of a finished check in the order of the codes, all or those of ``codes``. Errors: Refused for another."""
    if batch.state != BatchCheck.State.FINISHED:
        raise Refused(_("The check is not finished."))
    patterns = {pattern.key: pattern for pattern in batch.patterns.all()}
    rows = batch.results.order_by("code")
    for row in (rows if codes is None else rows.filter(code__in=codes)).iterator():
        pattern = patterns[row.key]
        yield Found(row.code, pattern.verdict, [_with_overlap(finding, row.overlaps) for finding in pattern.findings])


def _with_overlap(finding: dict[str, Any], overlaps: dict[str, dict[str, float]]) -> dict[str, Any]:
    takes = finding["takes"]
    of_theme = overlaps.get(finding["theme"], {})
    overlap = None if takes is None else round(sum(of_theme[zone_class] for zone_class in takes), 2)
    return {name: value for name, value in finding.items() if name != "takes"} | {"overlap_m2": overlap}


def _check_all(batch: BatchCheck, releases: list[tuple[int, str]], workers: "_Workers", say: Say) -> None:
    everyone = AnonymousUser()
    ids = list(sites_of(batch.kind, everyone).order_by("pk").values_list("pk", flat=True))
    batch.total, batch.untold = len(ids), records_of(batch.kind, everyone).count() - len(ids)
    batch.save(update_fields=["total", "untold"])
    _copy_lines([release_id for release_id, _code in releases], workers, say)
    done = 0
    for done in workers.each(lambda chunk: _check_some(batch, chunk), ids, SITES_AT_ONCE):
        BatchCheck.objects.filter(pk=batch.pk).update(done=done)
        say("sites", done, len(ids))
    first = _rows(batch_sql.FIRST_OF_EACH.format(table=table_of(batch.kind)), batch=batch.pk)
    keys = {site_id: key for key, site_id in first}
    for done in workers.each(lambda chunk: _name_patterns(batch, chunk, keys), list(keys), 50):
        say("verdicts", done, len(keys))
    if _in_force(batch.as_of) != releases:
        raise Refused(_("The releases in force were changed meanwhile. Run the check again."))
    batch.state, batch.finished_at, batch.done = BatchCheck.State.FINISHED, timezone.now(), len(ids)
    batch.save(update_fields=["state", "finished_at", "done"])


def _copy_lines(releases: list[int], workers: "_Workers", say: Say) -> None:
    for sql in (batch_sql.DROP_PIECES, batch_sql.CREATE_PIECES):
        _run(sql)
    lines = list(ControlLine.objects.filter(release__in=releases).order_by("pk").values_list("pk", flat=True))
    for done in workers.each(lambda chunk: _run(batch_sql.FILL_PIECES, ids=chunk), lines, LINES_AT_ONCE):
        say("lines", done, len(lines))
    for sql in (batch_sql.INDEX_PIECES, batch_sql.ANALYZE_PIECES):
        _run(sql)


def _check_some(batch: BatchCheck, ids: list[int]) -> None:
    left = {site_id for (site_id,) in _rows(batch_sql.check_sql(table_of(batch.kind)), ids=ids, batch=batch.pk)}
    _check_singly(batch, sorted(left))


def _check_singly(batch: BatchCheck, ids: list[int]) -> None:
    """What the set-wise statement leaves over, each by the check of a single site; those alike share a pattern."""
    if not ids:
        return
    model: Any = records_of(batch.kind, AnonymousUser()).model
    codes = dict(model.objects.filter(pk__in=ids).values_list("pk", "code"))
    patterns, results = {}, []
    for site_id, check in _checks(batch, ids):
        pattern = _pattern(batch, check)
        pattern.key = UUID(md5(json.dumps([pattern.verdict, pattern.findings]).encode(), usedforsecurity=False).hexdigest())
        patterns[pattern.key] = pattern
        results.append(BatchResult(batch=batch, code=codes[site_id], key=pattern.key, overlaps=_overlaps(check)))
    BatchPattern.objects.bulk_create(patterns.values(), ignore_conflicts=True)
    BatchResult.objects.bulk_create(results, batch_size=1000)


def _name_patterns(batch: BatchCheck, ids: list[int], keys: dict[int, UUID]) -> None:
    patterns = []
    for site_id, check in _checks(batch, ids):
        pattern = _pattern(batch, check)
        pattern.key = keys[site_id]
        patterns.append(pattern)
    BatchPattern.objects.bulk_create(patterns)


def _checks(batch: BatchCheck, ids: list[int]) -> Iterator[tuple[int, Check]]:
    industries: dict[int, str] = {}
    if batch.kind == BatchCheck.Kind.PROJECT:
        industries = dict(Project.objects.filter(pk__in=ids, industry__isnull=False).values_list("pk", "industry__code"))
    for site_id, facts, _same in gather_stored(sites_sql(batch.kind), ids, batch.as_of):
        yield site_id, judge(replace(facts, industry=industries.get(site_id, "")))


def _pattern(batch: BatchCheck, check: Check) -> BatchPattern:
    findings = [
        {
            "rule": finding.rule.code,
            "theme": finding.rule.theme.value,
            "result": finding.outcome.result.value,
            "effect": finding.outcome.effect.value,
            "takes": _takes(finding, check),
        }
        for finding in check.findings
    ]
    return BatchPattern(batch=batch, verdict=check.verdict.value, findings=findings)


def _takes(finding: Finding, check: Check) -> list[str] | None:
    is_measured = finding.release is not None and not finding.judged.is_approximate and check.facts.dimension == 2
    return [one.zone_class for one in finding.judged.overlaps] if is_measured else None


def _overlaps(check: Check) -> dict[str, dict[str, float]]:
    releases = check.facts.releases.values()
    found = {release.theme: {one.zone_class: round(one.area_m2, 2) for one in release.overlaps} for release in releases}
    return {theme: overlaps for theme, overlaps in found.items() if overlaps}


def _in_force(as_of: date) -> list[tuple[int, str]]:
    return list(Activation.objects.on(as_of).order_by("theme").values_list("release_id", "release__code"))


class _Workers:
    """Hands out chunks to connections of their own, one a thread; without any works on the one at hand."""

    def __init__(self, count: int) -> None:
        self._count = count

    def each(self, work: Callable[[list[int]], None], ids: Iterable[int], size: int) -> Iterator[int]:
        """Yields how many are done after each chunk. What fails in a thread is raised here, when the others have ended."""
        left = iter(ids)
        chunks = iter(lambda: list(islice(left, size)), [])
        done = 0
        if self._count == 0:
            for chunk in chunks:
                work(chunk)
                yield (done := done + len(chunk))
            return
        with ThreadPoolExecutor(self._count, "check") as pool:
            jobs = {pool.submit(_by_itself, work, chunk): len(chunk) for chunk in chunks}
            try:
                for job in as_completed(jobs):
                    job.result()
                    yield (done := done + jobs[job])
            finally:
                pool.shutdown(cancel_futures=True)


def _by_itself(work: Callable[[list[int]], None], chunk: list[int]) -> None:
    """On a connection of this thread, which is closed again: a thread of a pool ends when nobody looks."""
    try:
        with _patience():
            work(chunk)
    finally:
        connection.close()


@contextmanager
def _patience() -> Iterator[None]:
    """Lets statements take their time, which those of a request may not."""
    before = _rows("SELECT current_setting('statement_timeout'), current_setting('work_mem')")[0]
    _run("SELECT set_config('statement_timeout', '0', false), set_config('work_mem', '64MB', false)")
    try:
        yield
    finally:
        if connection.is_usable():
            _run(
                "SELECT set_config('statement_timeout', %(timeout)s, false), set_config('work_mem', %(memory)s, false)",
                timeout=before[0],
                memory=before[1],
            )


@contextmanager
def _alone() -> Iterator[None]:
    """Errors: Refused while another check is under way."""
    if not _rows("SELECT pg_try_advisory_lock(%(lock)s)", lock=_LOCK)[0][0]:
        raise Refused(_("Another check of all records is under way."))
    try:
        yield
    finally:
        if connection.is_usable():
            _run("SELECT pg_advisory_unlock(%(lock)s)", lock=_LOCK)


def _forget_broken_runs() -> None:
    """Whoever holds the lock knows that none of them is at work any more."""
    for batch in BatchCheck.objects.filter(state=BatchCheck.State.RUNNING):
        _fail(batch, _("The run was ended before it was done."))


def _fail(batch: BatchCheck, error: str) -> None:
    for rows in (BatchResult.objects.filter(batch=batch), BatchPattern.objects.filter(batch=batch)):
        rows.delete()
    batch.state, batch.error, batch.finished_at = BatchCheck.State.FAILED, error[:2000], timezone.now()
    batch.save(update_fields=["state", "error", "finished_at"])


def _run(sql: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)


def _rows(sql: str, **values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        found: list[Any] = cursor.fetchall()
    return found
