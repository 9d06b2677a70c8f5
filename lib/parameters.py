"""Parameters of an address, read strictly: one that is unknown, given twice, empty or out of range is refused, never ignored."""

import math
import re
from collections.abc import Collection, Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

# No exponent, no sign "+", no underscore, no NaN: float() alone would take them all.
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,15})?")


class Refusal(Exception):
    """A request that can't be answered as it was asked. ``errors`` are sentences by parameter; lib.http answers it."""

    def __init__(self, errors: Mapping[str, str] | None = None, *, status: int = 400, detail: str = "") -> None:
        self.errors = dict(errors or {})
        self.status = status
        self.detail = detail or " ".join(self.errors.values())
        super().__init__(self.detail)


def read(given: QueryDict, known: Collection[str]) -> dict[str, str]:
    """The parameters by name. Errors: Refusal that names every one that is wrong in itself."""
    errors = {}
    for name, values in given.lists():
        if name not in known:
            errors[name] = _("There is no parameter %(name)s here.") % {"name": name[:80]}
        elif len(values) > 1:
            errors[name] = _("The parameter %(name)s is given more than once.") % {"name": name}
        elif not values[0].strip():
            errors[name] = _("The parameter %(name)s has no value.") % {"name": name}
        elif "\0" in values[0]:
            errors[name] = _("The parameter %(name)s holds a null character.") % {"name": name}
    if errors:
        raise Refusal(errors)
    return {name: str(given[name]) for name in given}


def whole_number(given: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    """The parameter as a number from ``low`` to ``high``. Errors: Refusal."""
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
        raise Refusal({name: _("Give a whole number from %(low)s to %(high)s.") % {"low": low, "high": high}})
    return int(text)


def number(given: Mapping[str, str], name: str, low: float = -math.inf, high: float = math.inf) -> float:
    """The parameter, which must be there, as a decimal number from ``low`` to ``high``. Errors: Refusal."""
    text = given.get(name)
    if text is None:
        raise Refusal({name: _("The parameter %(name)s is missing.") % {"name": name}})
    if not _NUMBER.fullmatch(text) or not low <= float(text) <= high:
        if math.isinf(low):
            raise Refusal({name: _("%(part)s is not a number.") % {"part": text[:40]}})
        raise Refusal({name: _("Give a number from %(low)s to %(high)s.") % {"low": f"{low:g}", "high": f"{high:g}"}})
    return float(text)


def one_of(given: Mapping[str, str], name: str, values: Collection[str], default: str) -> str:
    """The parameter as one of the values. Errors: Refusal that lists them."""
    text = given.get(name, default)
    if text not in values:
        raise Refusal({name: _("Use one of: %(values)s.") % {"values": ", ".join(values)}})
    return text


def some_of(given: Mapping[str, str], name: str, values: Collection[str]) -> list[str]:
    """Some of the values, with commas between, in the values' own order; all by default. Errors: Refusal that lists them."""
    if name not in given:
        return list(values)
    wanted = given[name].split(",")
    if not set(wanted) <= set(values) or len(set(wanted)) < len(wanted):
        message = _("Use these, each at most once and with commas between: %(values)s.")
        raise Refusal({name: message % {"values": ", ".join(values)}})
    return [value for value in values if value in wanted]
