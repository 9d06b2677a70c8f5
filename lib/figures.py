"""Figures and dates as people read them, in the language of the request."""

from datetime import date
from decimal import Decimal

from django.utils import dateformat
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from .units import UNITS

# Between a number and the symbol of its unit; does not break. Chinese units stand without one.
NARROW_SPACE = "\u202f"

# Units of ten thousand have no English name: English counts in the unit itself.
_ENGLISH_UNITS = {"wan_mu": "mu", "wan_persons": "persons", "wan_t": "t"}

# Formats of django.utils.dateformat.
_DATE_FORMATS = {
    "year": pgettext_lazy("date format: year", "Y"),
    "month": pgettext_lazy("date format: month", "M Y"),
    "day": pgettext_lazy("date format: day", "j M Y"),
}


def number(value: Decimal | int | float) -> str:
    """With thousands separators, without trailing zeros."""
    return f"{Decimal(str(value)).normalize():,f}"


def quantity(value: Decimal, unit: str, value_max: Decimal | None = None) -> str:
    """``6.23 km²``, ``1,439亿元``, ``30–50``; in English money is in millions and billions of yuan. Never rounds."""
    definition = UNITS[unit]
    label = str(definition.label)
    factor = Decimal(1)
    if (get_language() or "").startswith("en"):
        if definition.dimension == "money":
            label, factor = _yuan_in_english(value * definition.factor, definition.factor)
        elif unit in _ENGLISH_UNITS:
            label = str(UNITS[_ENGLISH_UNITS[unit]].label)
            factor = definition.factor / UNITS[_ENGLISH_UNITS[unit]].factor
    shown = number(value * factor)
    if value_max is not None:
        shown = f"{shown}–{number(value_max * factor)}"
    return f"{shown}{_space_before(label)}{label}"


def unit_name(unit: str) -> str:
    """What ``quantity`` counts in, without the power of ten that it chooses for the value."""
    if (get_language() or "").startswith("en"):
        if UNITS[unit].dimension == "money":
            return "yuan"
        unit = _ENGLISH_UNITS.get(unit, unit)
    return str(UNITS[unit].label)


def _yuan_in_english(wan_yuan: Decimal, in_wan_yuan: Decimal) -> tuple[str, Decimal]:
    """The label that suits an amount of 万元, and what turns a value counted in ``in_wan_yuan`` into it."""
    if wan_yuan >= 100_000:
        return "billion yuan", in_wan_yuan / 100_000
    if wan_yuan >= 100:
        return "million yuan", in_wan_yuan / 100
    return "yuan", in_wan_yuan * 10_000


def _space_before(label: str) -> str:
    return "" if not label or label == "%" or "\u4e00" <= label[0] <= "\u9fff" else NARROW_SPACE


def partial_date(day: date, precision: str) -> str:
    """A date as far as it is known. ``day`` is the first day of the period, ``precision`` a DatePrecision."""
    if precision == "half":
        if day.month <= 6:
            return _("first half of %(year)s") % {"year": day.year}
        return _("second half of %(year)s") % {"year": day.year}
    if precision == "quarter":
        return pgettext("quarter of a year", "Q%(quarter)s %(year)s") % {"quarter": (day.month + 2) // 3, "year": day.year}
    return dateformat.format(day, str(_DATE_FORMATS[precision]))
