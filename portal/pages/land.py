"""Finding land for a project: a form that says what is needed, and the parcels and parks that may serve."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib.parameters import Refusal, number
from lib.units import MU_IN_M2
from portal.find_land import wish_of
from projects.land import MOST_CHECKED, MOST_DISTANCE_M, NEAR, Found, Kind, Land, find_land
from projects.models import Parcel
from zones.models import County, Industry
from zones.sitecheck.engine import VERDICTS

# As the form has them, in the units that people think in: the parameter of the API, one of the unit in its own, the most.
_IN_UNITS = {
    "min_mu": ("min_area_m2", float(MU_IN_M2), 500_000),
    "max_mu": ("max_area_m2", float(MU_IN_M2), 500_000),
    "max_km": ("max_distance_m", 1000.0, MOST_DISTANCE_M / 1000),
}
_AS_THEY_ARE = ("industry", "near", "county", "no_conflicts")


@require_safe
def land(request: HttpRequest) -> HttpResponse:
    """Without an answer until something is asked; what is entered wrongly is said at its field."""
    entered = {name: request.GET.get(name, "").strip()[:64] for name in (*_IN_UNITS, *_AS_THEY_ARE)}
    asked = {name: value for name, value in entered.items() if value}
    errors: Mapping[str, str] = {}
    found: Found | None = None
    if asked:
        try:
            found = find_land(request.user, **_wish(asked))
        except Refusal as refusal:
            errors = {_field(name): sentence for name, sentence in refusal.errors.items()}
    context = {
        "entered": entered,
        "errors": errors,
        "found": found,
        "lands": [_shown(one) for one in found.lands] if found else [],
        "has_parcels": Parcel.objects.visible_to(request.user).exists(),
        "most_checked": MOST_CHECKED,
        "counties": County.objects.without_geometry(),
        "industries": Industry.objects.all(),
        "places": [(kind.value, kind.label) for kind in NEAR],
    }
    return render(request, "projects/land.html", context)


def _wish(asked: Mapping[str, str]) -> dict[str, Any]:
    """Errors: Refusal by field of the form or by parameter of the API."""
    if any("\0" in value for value in asked.values()):
        raise Refusal({name: _("This holds a null character.") for name, value in asked.items() if "\0" in value})
    given = {name: asked[name] for name in _AS_THEY_ARE if name in asked}
    for name, (parameter, unit, most) in _IN_UNITS.items():
        if name in asked:
            given[parameter] = f"{number(asked, name, 0, most) * unit:.6f}"
    return wish_of(given)


def _field(parameter: str) -> str:
    return next((name for name, (own, _unit, _most) in _IN_UNITS.items() if own == parameter), parameter)


def _shown(one: Land) -> dict[str, Any]:
    at = "" if one.position is None else f"c={one.position[0]:.4f},{one.position[1]:.4f}"
    is_park = one.kind is Kind.PARK
    return {
        "land": one,
        "address": reverse("park", args=[one.record.code]) if is_park else "",
        "map": "" if not at else f"{reverse('map')}#z={12 if is_park else 15}&{at}&layers={one.kind.value}s,counties",
        "check": "" if is_park else f"{reverse('check')}?parcel={one.record.code}",
        "verdict": VERDICTS[one.verdict] if one.verdict else "",
    }
