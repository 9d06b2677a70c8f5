"""A check as JSON, in the language of the reader: what the API answers, and what a kept check holds in each language."""

import json
from typing import Any

from django.utils.translation import get_language

from lib.units import MU_IN_M2

from .engine import CASCADE, VERDICTS, Check, Finding
from .facts import Facts, Overlap, ReleaseFacts
from .rule import EFFECTS, RESULTS


def document(check: Check, crs: str) -> dict[str, Any]:
    """``geometry`` members are GeoJSON in CGCS2000, longitude first; areas and lengths are on its ellipsoid."""
    facts = check.facts
    return {
        "as_of": facts.as_of.isoformat(),
        "crs": crs,
        "verdict": check.verdict.value,
        "verdict_text": str(VERDICTS[check.verdict]),
        "is_demo": check.is_demo,
        **_size(facts),
        "geometry": json.loads(facts.geometry),
        "notes": [{"code": note.code, "text": str(note)} for note in facts.notes],
        "counties": [
            {
                "code": county.code,
                "name": _in_language(county.name, county.name_en),
                "overlap_m2": _round(county.area_m2) if facts.dimension == 2 else None,
                "share": _share(county.area_m2, facts),
            }
            for county in facts.counties
        ],
        "releases": [_release(release) for release in facts.releases.values()],
        "findings": [_finding(finding, facts) for finding in check.findings],
    }


def _size(facts: Facts) -> dict[str, float | None]:
    is_area = facts.dimension == 2
    return {
        "area_m2": _round(facts.area_m2) if is_area else None,
        "area_mu": round(facts.area_m2 / float(MU_IN_M2), 2) if is_area else None,
        "length_m": _round(facts.length_m) if facts.dimension == 1 else None,
    }


def _release(release: ReleaseFacts) -> dict[str, Any]:
    return {
        "theme": release.theme,
        "code": release.code,
        "title": release.title,
        "issued_by": release.issued_by,
        "document": release.document,
        "data_date": release.data_date,
        "active_from": release.begins,
        "is_demo": release.is_demo,
        "counties": list(release.counties),
    }


def _finding(finding: Finding, facts: Facts) -> dict[str, Any]:
    rule, outcome, judged = finding.rule, finding.outcome, finding.judged
    area_m2 = sum(one.area_m2 for one in judged.overlaps)
    length_m = sum(one.length_m for one in judged.overlaps)
    is_measured = finding.release is not None and not judged.is_approximate
    return {
        "theme": rule.theme.value,
        "theme_text": str(rule.theme.label),
        "rule": rule.code,
        "rule_title": str(rule.title),
        "rule_text": str(rule.says),
        "clause": f"{rule.source} {_in_language(rule.locator, rule.locator_en)}".strip() or None,
        "result": outcome.result.value,
        "result_text": str(RESULTS[outcome.result]),
        "effect": outcome.effect.value,
        "effect_text": str(EFFECTS[outcome.effect]),
        "text": str(outcome.says),
        "needed": str(outcome.needed) or None,
        "overlap_m2": _round(area_m2) if is_measured and facts.dimension == 2 else None,
        "overlap_mu": round(area_m2 / float(MU_IN_M2), 2) if is_measured and facts.dimension == 2 else None,
        "overlap_m": _round(length_m) if is_measured and facts.dimension == 1 else None,
        "share": _share(area_m2 if facts.dimension == 2 else length_m, facts) if is_measured else None,
        "release": finding.release.code if finding.release else None,
        "is_demo": bool(finding.release and finding.release.is_demo),
        "is_approximate": judged.is_approximate,
        "names": [
            *(name for one in judged.overlaps for name in one.names),
            *(_in_language(one.name, one.name_en) for one in judged.named),
        ],
        "geometry": _geometry(judged.overlaps),
    }


def _geometry(overlaps: tuple[Overlap, ...]) -> dict[str, Any] | None:
    if not overlaps:
        return None
    pieces = [json.loads(one.geometry) for one in overlaps]
    return pieces[0] if len(pieces) == 1 else {"type": "GeometryCollection", "geometries": pieces}


def _share(size: float, facts: Facts) -> float | None:
    return round(min(size / facts.whole(), 1.0), 6) if facts.whole() > 0 else None


def _round(value: float) -> float:
    return round(value, 2)


def _in_language(chinese: str, english: str) -> str:
    return english if english and (get_language() or "").startswith("en") else chinese


CASCADE_TEXT = tuple((EFFECTS[effect], VERDICTS[verdict]) for effect, verdict in CASCADE)
