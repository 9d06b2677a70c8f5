"""Land for a project over the API: parcels and parks that may serve, the best first, each with its reasons."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib.geojson import to_json
from lib.http import refusable
from lib.openapi import decimal, one_path, parameter, record_of, whole
from lib.parameters import Refusal, number, one_of, read, whole_number
from projects.land import (
    DEFAULT_LIMIT,
    MOST_AREA_M2,
    MOST_CHECKED,
    MOST_DISTANCE_M,
    MOST_NEAR_ONE,
    MOST_PARCELS,
    MOST_RESULTS,
    NEAR,
    Kind,
    Land,
    Named,
    find_land,
)
from zones.models import Place
from zones.sitecheck.engine import VERDICTS, Verdict

PARAMETERS = {"min_area_m2", "max_area_m2", "industry", "near", "max_distance_m", "county", "no_conflicts", "limit"}
_TRUE = {"true": True, "false": False}


@require_safe
@refusable
def land(request: HttpRequest) -> HttpResponse:
    found = find_land(request.user, **wish_of(read(request.GET, PARAMETERS)))
    left_out = {"in_conflict": found.in_conflict, "not_checked": found.unchecked, "without_place": found.without_place}
    body = {
        "results": [_result(one) for one in found.lands],
        "truncated": found.is_cut,
        "checked": found.checked,
        "left_out": left_out,
    }
    return HttpResponse(to_json(body), content_type="application/json")


def wish_of(given: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of find_land. Errors: Refusal by parameter."""
    least, most = (number(given, name, 0, MOST_AREA_M2) if name in given else None for name in ("min_area_m2", "max_area_m2"))
    if least is not None and most is not None and least > most:
        raise Refusal({"min_area_m2": _("The least area is larger than the largest.")})
    return {
        "min_area_m2": least,
        "max_area_m2": most,
        "industry": given.get("industry", ""),
        "near": one_of(given, "near", [kind.value for kind in NEAR], Place.Kind.STATION.value),
        "max_distance_m": number(given, "max_distance_m", 0, MOST_DISTANCE_M) if "max_distance_m" in given else None,
        "county": given.get("county", ""),
        "no_conflicts": _TRUE[one_of(given, "no_conflicts", _TRUE, "false")],
        "limit": whole_number(given, "limit", DEFAULT_LIMIT, 1, MOST_RESULTS),
    }


def _result(one: Land) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        **_named(one.record),
        "counties": [_named(county) for county in one.counties],
        "park": _named(one.park) if one.park else None,
        "industries": [_named(industry) for industry in one.industries],
        "area_m2": None if one.area_m2 is None else round(one.area_m2, 2),
        "area_mu": None if one.area_mu is None else round(one.area_mu, 2),
        "lon": None if one.position is None else round(one.position[0], 8),
        "lat": None if one.position is None else round(one.position[1], 8),
        "is_surveyed": one.is_surveyed,
        "near": None if one.near is None else _named(one.near),
        "distance_m": None if one.distance_m is None else round(one.distance_m, 1),
        "verdict": one.verdict,
        "verdict_text": str(VERDICTS[one.verdict]) if one.verdict else None,
        "score": one.score,
        "reasons": [{"code": reason.code, "text": str(reason), "points": reason.points} for reason in one.reasons],
    }


def _named(one: Named) -> dict[str, str]:
    """By its name in the language of the reader."""
    return {"code": one.code, "name": str(one)}


_TEXT = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": ["number", "null"]}
_NAMED_MEMBERS = {"code": _TEXT, "name": {"type": "string", "description": "In the language of the request."}}
_NAMED = record_of(_NAMED_MEMBERS)
_NAMED_OR_NULL = _NAMED | {"type": ["object", "null"]}
_SEVERAL = {"type": "array", "items": _NAMED}
_COUNT = {"type": "integer", "minimum": 0}
_RESULT = record_of(
    {
        "kind": {"type": "string", "enum": Kind.values},
        **_NAMED_MEMBERS,
        "counties": _SEVERAL,
        "park": _NAMED_OR_NULL | {"description": "Of a parcel; null where none is on record."},
        "industries": _SEVERAL | {"description": "The leading ones of the park."},
        "area_m2": _NUMBER | {"description": "The registered area, else that of surveyed bounds on the ellipsoid; null without."},
        "area_mu": _NUMBER,
        "lon": _NUMBER | {"description": "Of a point in it, in CGCS2000; null where no place is known."},
        "lat": _NUMBER,
        "is_surveyed": {"type": "boolean", "description": "Whether its bounds are surveyed, or only a place of it is known."},
        "near": _NAMED_OR_NULL | {"description": "The nearest place of the kind that was asked for."},
        "distance_m": _NUMBER | {"description": "To that place, on the ellipsoid."},
        "verdict": {
            "type": ["string", "null"],
            "enum": [*Verdict, None],
            "description": "Of the site check as of today; null where it was not checked.",
        },
        "verdict_text": {"type": ["string", "null"]},
        "score": {"type": "number", "description": "The sum of the points of its reasons."},
        "reasons": {
            "type": "array",
            "items": record_of(
                {
                    "code": _TEXT,
                    "text": {"type": "string", "description": "A sentence in the language of the request."},
                    "points": {"type": "number", "description": "For it, or against it where negative."},
                }
            ),
        },
    }
)
_LEFT_OUT = record_of(
    {
        "in_conflict": _COUNT | {"description": "With no_conflicts: what the site check found in conflict."},
        "not_checked": _COUNT | {"description": "With no_conflicts: surveyed, but not among those that were checked."},
        "without_place": _COUNT | {"description": "With max_distance_m: of which no place is known."},
    }
)
PATHS = {
    "/api/v1/land": one_path(
        "land",
        "land",
        "Land for a project",
        "Available parcels, and parks, that may serve a project, the best first, each with its reasons. Of more than "
        f"{MOST_PARCELS} parcels the {MOST_NEAR_ONE} nearest to each place are ranked. The best that have surveyed bounds are "
        f"put through the site check until as many as the limit are not in conflict, {MOST_CHECKED} at most.",
        [
            parameter("min_area_m2", "The least area.", decimal(0, MOST_AREA_M2)),
            parameter("max_area_m2", "The largest area.", decimal(0, MOST_AREA_M2)),
            parameter("industry", "The code of an industry: whether it is a leading one of the park counts.", _TEXT),
            parameter("near", "What it is to be near to.", {"type": "string", "enum": list(NEAR), "default": "station"}),
            parameter("max_distance_m", "How far that may be.", decimal(0, MOST_DISTANCE_M)),
            parameter("county", "The code of a county.", _TEXT),
            parameter(
                "no_conflicts",
                "Whether to leave out what conflicts with the plan; where data are missing that is said, and it stays in.",
                {"type": "boolean", "default": False},
            ),
            parameter("limit", "The most results.", whole(1, MOST_RESULTS, DEFAULT_LIMIT)),
        ],
        {
            "application/json": record_of(
                {
                    "results": {"type": "array", "items": _RESULT},
                    "truncated": {"type": "boolean", "description": "Whether more fit than are ranked or given."},
                    "checked": _COUNT | {"description": "How many were put through the site check."},
                    "left_out": _LEFT_OUT,
                }
            )
        },
    )
}
