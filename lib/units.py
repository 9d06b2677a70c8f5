"""Units of measure of the sources, with what is needed to compare two values of one dimension."""

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Unit:
    """A unit; ``factor`` turns a value into the base unit of its dimension (m², m, 万元, one)."""

    dimension: str
    label: str | Promise
    factor: Decimal


def _unit(dimension: str, label: str | Promise, factor: str = "1") -> Unit:
    return Unit(dimension, label, Decimal(factor))


# 15 亩 are one hectare exactly; 亩 is written 666.67 m² in documents but compared as 10000/15.
MU_IN_M2 = Decimal(10000) / Decimal(15)

UNITS: dict[str, Unit] = {
    "m2": _unit("area", "m²"),
    "ha": _unit("area", _("ha"), "10000"),
    "km2": _unit("area", "km²", "1000000"),
    "wan_km2": _unit("area", _("10,000 km²"), "10000000000"),
    "mu": Unit("area", _("mu"), MU_IN_M2),
    "wan_mu": Unit("area", _("10,000 mu"), MU_IN_M2 * 10000),
    "km": _unit("length", "km", "1000"),
    "m": _unit("length", "m"),
    "wan_yuan": _unit("money", _("10,000 yuan")),
    "yi_yuan": _unit("money", _("100 million yuan"), "10000"),
    "wan_yuan_per_ha": _unit("money_per_area", _("10,000 yuan/ha")),
    "persons": _unit("people", _("people")),
    "wan_persons": _unit("people", _("10,000 people"), "10000"),
    "percent": _unit("ratio", "%"),
    "percentage_points": _unit("ratio_difference", _("percentage points")),
    "count": _unit("count", ""),
    "km_per_100km2": _unit("density", _("km per 100 km²")),
    "t": _unit("mass", _("t")),
    "wan_t": _unit("mass", _("10,000 t"), "10000"),
    "mw": _unit("power", "MW"),
    "gwh": _unit("energy", "GWh"),
    "months": _unit("duration", _("months")),
    "days": _unit("duration_days", _("days")),
    "years": _unit("duration_years", _("years")),
    "minutes": _unit("duration_minutes", _("minutes")),
}


def validate_unit(code: str) -> None:
    """The field validator of a unit's code."""
    if code not in UNITS:
        raise ValidationError(_("%(code)s is not a unit."), params={"code": code})


def ratio(value: Decimal, unit: str, other: Decimal, other_unit: str) -> Decimal | None:
    """``other`` divided by ``value`` in one unit; None when they are of different dimensions or ``value`` is zero."""
    first, second = UNITS[unit], UNITS[other_unit]
    if first.dimension != second.dimension or value == 0:
        return None
    return (other * second.factor) / (value * first.factor)
