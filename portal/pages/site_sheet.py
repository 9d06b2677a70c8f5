"""The sheet of a site check that was kept (用地核查单): what was found, and what officials set beside it."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from lib.figures import quantity
from lib.parameters import Refusal
from zones.boundaries import CREDIT
from zones.models import Industry, Overruling, SiteCheck
from zones.sitecheck.engine import CASCADE, VERDICTS, check
from zones.sitecheck.kept import in_language, keep
from zones.sitecheck.overruling import LONGEST_REASON, overrule, refusal_to, verdict_with
from zones.sitecheck.rule import ACTIVITIES, EFFECTS, Activity, Effect, Result
from zones.sitecheck.site import parse_json, read_site
from zones.sitecheck.stale import changes_since

from .site_checks import map_config

# Of areas that a finding is about; a large site may meet hundreds.
MOST_NAMES = 8


@require_http_methods(["GET", "HEAD", "POST"])
def site_check(request: HttpRequest, key: str) -> HttpResponse:
    kept = get_object_or_404(SiteCheck.objects.defer("geom"), key=key)
    if request.method != "POST":
        return _sheet(request, kept)
    if request.POST.get("do") == "again":
        return _again(request, kept)
    return _overrule(request, kept)


def _again(request: HttpRequest, kept: SiteCheck) -> HttpResponse:
    """The same question, asked as of today."""
    question = kept.question
    site = read_site(parse_json(question["geometry"].encode()), question["crs"])
    found = check(site, timezone.localdate(), activity=question["activity"], industry=question["industry"])
    return HttpResponseRedirect(keep(found, question, request.user.get_username()).get_absolute_url())


def _overrule(request: HttpRequest, kept: SiteCheck) -> HttpResponse:
    if refused := refusal_to(request.user):
        raise PermissionDenied(refused)
    entered = {name: request.POST.get(name, "") for name in ("rule", "effect", "reason")}
    try:
        made = overrule(kept, **entered, made_by=request.user.get_username())
    except Refusal as refusal:
        return _sheet(request, kept, entered | {"errors": refusal.errors}, refusal.status)
    return HttpResponseRedirect(f"{kept.get_absolute_url()}#{made.rule}")


def _sheet(request: HttpRequest, kept: SiteCheck, entered: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    """``entered`` is an overruling that was refused, with its errors."""
    answer = in_language(kept)
    for county in answer["counties"]:
        county["share_text"] = _percent(county["share"])
    overrulings = list(kept.overrulings.all())
    findings = _findings(answer, overrulings)
    code = kept.question["industry"]
    industry = Industry.objects.filter(code=code).first() or code if code else ""
    context = {
        "kept": kept,
        "answer": answer,
        "title": kept.question["label"] or _place(answer),
        "activity": ACTIVITIES[Activity(kept.question["activity"])] if kept.question["activity"] else "",
        "industry": industry,
        "themes": [(theme, list(group)) for theme, group in groupby(findings, key=lambda one: one["theme_text"])],
        "counts": _counts(findings),
        "missing": sorted({one["theme_text"] for one in findings if one["result"] == Result.MISSING}, key=_order_in(findings)),
        "cascade": _cascade(answer),
        "overruled_verdict": _overruled_verdict(findings, overrulings),
        "changes": changes_since(kept, timezone.localdate()),
        "may_overrule": refusal_to(request.user) is None,
        "effects": {str(effect): label for effect, label in EFFECTS.items()},
        "longest_reason": LONGEST_REASON,
        "entered": entered or {"rule": "", "effect": "", "reason": "", "errors": {}},
        "boundary_credit": CREDIT,
        "map_config": map_config() | _shapes(answer),
    }
    return render(request, "zones/site_check.html", context, status=status)


def _place(answer: dict[str, Any]) -> str:
    names = [county["name"] for county in answer["counties"]]
    return (
        _("Site in %(counties)s") % {"counties": pgettext("between names", ", ").join(names)}
        if names
        else _("Site outside of the twelve counties")
    )


def _findings(answer: dict[str, Any], overrulings: Iterable[Overruling]) -> list[dict[str, Any]]:
    """Those of the answer, each with its clause, its release and what officials set beside it."""
    releases = {release["code"]: release for release in answer["releases"]}
    beside: dict[str, list[Overruling]] = {}
    for overruling in overrulings:
        beside.setdefault(overruling.rule, []).append(overruling)
    return [
        finding
        | {
            "clause": _clause(finding["clause"]),
            "release": releases.get(finding["release"]),
            "amounts": _amounts(finding),
            "shown_names": finding["names"][:MOST_NAMES],
            "more_names": max(len(finding["names"]) - MOST_NAMES, 0),
            "overrulings": [(one, EFFECTS[Effect(one.effect)]) for one in beside.get(finding["rule"], ())],
        }
        for finding in answer["findings"]
    ]


def _amounts(finding: dict[str, Any]) -> list[str]:
    """How much of the site it is about: m², 亩 or m, and the share; nothing where it meets nothing."""
    if not finding["overlap_m2"] and not finding["overlap_m"]:
        return []
    if finding["overlap_m2"]:
        # A sliver is no 亩 at all.
        size = [_quantity(finding[name], unit) for name, unit in (("overlap_m2", "m2"), ("overlap_mu", "mu")) if finding[name]]
    else:
        size = [_quantity(finding["overlap_m"], "m")]
    return [*size, _percent(finding["share"])]


def _quantity(value: float, unit: str) -> str:
    return quantity(Decimal(str(value)), unit)


def _percent(share: float | None) -> str:
    """With two decimals; what is there but rounds to nothing says so."""
    if share is None:
        return ""
    return "<0.01%" if 0 < share < 0.0001 else f"{share * 100:.2f}%"


def _clause(text: str | None) -> dict[str, str] | None:
    if not text:
        return None
    source, _space, place = text.partition(" ")
    return {"source": source, "place": place, "address": reverse("source", args=[source])}


def _counts(findings: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """(effect, its label, findings of it), the gravest first."""
    return [
        (str(effect), str(EFFECTS[effect]), count)
        for effect in EFFECTS
        if (count := sum(finding["effect"] == effect for finding in findings))
    ]


def _order_in(findings: list[dict[str, Any]]) -> Any:
    return [finding["theme_text"] for finding in findings].index


def _cascade(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps to the verdict, the one that decided marked; those of one verdict are one step."""
    steps = []
    for verdict, label in VERDICTS.items():
        effects = [effect for effect, leads_to in CASCADE if leads_to is verdict]
        steps.append(
            {
                "effects": [str(EFFECTS[effect]) for effect in effects],
                "verdict": str(label),
                "decides": verdict == answer["verdict"],
            }
        )
    return steps


def _overruled_verdict(findings: list[dict[str, Any]], overrulings: list[Overruling]) -> dict[str, str] | None:
    if not overrulings:
        return None
    verdict = verdict_with(findings, overrulings)
    return {"code": verdict.value, "text": str(VERDICTS[verdict])}


def _shapes(answer: dict[str, Any]) -> dict[str, Any]:
    """What the map draws."""
    pieces = [
        {
            "rule": finding["rule"],
            "title": f"{finding['rule_title']}: {finding['result_text']}",
            "effect": finding["effect"],
            "geometry": finding["geometry"],
        }
        for finding in answer["findings"]
        if finding["geometry"]
    ]
    return {"site": answer["geometry"], "pieces": pieces}
