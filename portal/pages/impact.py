"""What a release would change if it were activated: a page with counts, list and map, and the same as a file."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lib.geojson import MEDIA_TYPE, feature, feature_collection
from portal.export.impact import MEDIA_TYPE as XLSX
from portal.export.impact import impact_xlsx, kind_name
from portal.models import User
from projects.impact import Change, FindingChange, Impact, Said, TooMany, impact_of
from projects.sites import KINDS
from zones.models import Release, TableChange
from zones.sitecheck.engine import VERDICTS, Verdict
from zones.sitecheck.rule import EFFECTS, RESULTS

from .releases import COUNTIES, with_right

PAGE_SIZE = 50
# What is judged while someone waits, some seconds; the command release_impact takes any number.
MOST_JUDGED = 2000


@dataclass(frozen=True)
class Row:
    """A change as the list shows it."""

    change: Change

    @property
    def kind(self) -> str:
        return kind_name(self.change.kind)

    @property
    def name(self) -> str:
        return self.change.in_language("name") or self.change.code

    @property
    def address(self) -> str:
        return reverse("project", args=[self.change.code]) if self.change.kind == "project" else ""

    @property
    def before(self) -> str:
        return str(VERDICTS[self.change.before])

    @property
    def after(self) -> str:
        return str(VERDICTS[self.change.after])

    @property
    def findings(self) -> list[tuple[FindingChange, "Side", "Side"]]:
        return [(one, Side(one.before), Side(one.after)) for one in self.change.findings]


@dataclass(frozen=True)
class Side:
    """What a rule says before or after, in words; empty where it is not asked."""

    said: Said | None

    @property
    def result(self) -> str:
        return str(RESULTS[self.said.result]) if self.said else ""

    @property
    def effect(self) -> str:
        return str(EFFECTS[self.said.effect]) if self.said else ""

    @property
    def overlap_m2(self) -> float | None:
        return self.said.overlap_m2 if self.said else None

    @property
    def overlap_mu(self) -> float | None:
        return self.said.overlap_mu if self.said else None


@dataclass(frozen=True)
class Asked:
    """Which of the changes are shown; empty for all."""

    kind: str = ""
    before: str = ""
    after: str = ""

    @classmethod
    def read(cls, request: HttpRequest) -> "Asked":
        """What is unknown is left out: the page says in words what it shows."""
        known: dict[str, Any] = {"kind": KINDS, "before": set(Verdict), "after": set(Verdict)}
        return cls(**{name: value for name, values in known.items() if (value := request.GET.get(name, "")) in values})

    def takes(self, change: Change) -> bool:
        return (
            self.kind in {"", change.kind} and self.before in {"", change.before.value} and self.after in {"", change.after.value}
        )

    @property
    def is_all(self) -> bool:
        return self == Asked()

    def words(self) -> str:
        verdict = [str(VERDICTS[Verdict(value)]) for value in (self.before, self.after) if value]
        return " · ".join(filter(None, [kind_name(self.kind) if self.kind else "", " → ".join(verdict)]))


@require_safe
@never_cache
@with_right("zones.inspect_release")
def impact(request: HttpRequest, code: str) -> HttpResponse:
    release = get_object_or_404(Release, code=code)
    on, wrong_day = _day(request)
    context: dict[str, Any] = {
        "release": release,
        "on": on,
        "wrong_day": wrong_day,
        "most": MOST_JUDGED,
        "counties_url": COUNTIES.url,
    }
    try:
        found = _impact(release.pk, on, request.user.pk, _state())
    except TooMany as many:
        return render(request, "zones/release_impact.html", context | {"impact": None, "count": many.count})
    if request.GET.get("f") == "xlsx":
        return _file(found)
    asked = Asked.read(request)
    chosen = [change for change in found.changes if asked.takes(change)]
    if request.GET.get("f") == "geojson":
        return HttpResponse(_geojson(chosen), content_type=MEDIA_TYPE)
    page = Paginator(chosen, PAGE_SIZE).get_page(request.GET.get("page"))
    context |= {
        "impact": found,
        "table": _table(found),
        "verdicts": list(VERDICTS.values()),
        "asked": asked,
        "count": len(chosen),
        "changing": sum(change.changes_verdict for change in found.changes),
        "rows": [Row(change) for change in page.object_list],
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "query": _query(request, "page", "f"),
        "map_query": _query(request, "page", "f"),
        "day_query": _query(request, "page", "f", "kind", "before", "after"),
        "kinds": [(kind, kind_name(kind), found.judged[kind], found.untold[kind]) for kind in KINDS],
    }
    return render(request, "zones/release_impact.html", context)


def _day(request: HttpRequest) -> tuple[date, bool]:
    """The day that is asked for, today by default, and whether it could not be read."""
    text = request.GET.get("on", "")
    try:
        return date.fromisoformat(text) if text else timezone.localdate(), False
    except ValueError:
        return timezone.localdate(), True


def _state() -> int:
    """A number that another follows whenever a row of the portal changes."""
    return int(TableChange.objects.aggregate(changes=Sum("changes"))["changes"] or 0)


@lru_cache(maxsize=4)
def _impact(release_id: int, on: date, user_id: int, state: int) -> Impact:
    """Kept for the next page, the map and the file of the same question. Errors: TooMany."""
    return impact_of(Release.objects.get(pk=release_id), on, User.objects.get(pk=user_id), MOST_JUDGED)


@dataclass(frozen=True)
class Cell:
    """A count of the table before × after; ``is_kept`` where the verdict stays and findings change."""

    count: int
    before: Verdict
    after: Verdict

    @property
    def is_kept(self) -> bool:
        return self.before == self.after


def _table(found: Impact) -> list[tuple[str, list[Cell]]]:
    counts = found.verdicts()
    return [(str(VERDICTS[before]), [Cell(counts[before, after], before, after) for after in VERDICTS]) for before in VERDICTS]


def _geojson(changes: list[Change]) -> str:
    def properties(row: Row) -> dict[str, Any]:
        change = row.change
        return {
            "kind": row.kind,
            "name": row.name,
            "before": row.before,
            "after": row.after,
            "verdict": change.after.value,
            "changes_verdict": change.changes_verdict,
        }

    return feature_collection([feature(row.change.code, row.change.geometry, properties(row)) for row in map(Row, changes)], {})


def _file(found: Impact) -> HttpResponse:
    response = HttpResponse(impact_xlsx(found), content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="impact-{found.release.code}-{found.on.isoformat()}.xlsx"'
    return response


def _query(request: HttpRequest, *without: str) -> str:
    kept = request.GET.copy()
    for name in without:
        kept.pop(name, None)
    return kept.urlencode()
