"""CQL2 filters (OGC 21-065r2) in both encodings, as conditions of SQL.

An expression is read into the tree of CQL2 JSON (CQL2 Text by text.py), and sql.py walks the tree: every operator and function is
known by name, every property is one of the declared columns, every literal becomes a parameter. Decided here is what the standard
leaves open:

* A property unset is null, and conditions follow the three-valued logic of SQL.
* Types are never mixed, but a text beside a date is read as a date. A timestamp beside a date counts as its day in UTC,
  the zone of every timestamp in CQL2.
* Texts are ordered by code point, whatever the collation of the database.
* Arithmetic is decimal; what has no value (a division by zero, a root of a negative number, a power beyond 10^86) is null.
* Geometry literals may have heights, which count for nothing; a box whose west lies east of its east crosses the date line.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from ..crs import CRS
from .sql import Column, translated
from .terms import refusal
from .text import parsed

__all__ = ["CONFORMANCE", "LANGUAGES", "MAX_LENGTH", "Column", "condition"]

LANGUAGES = ("cql2-text", "cql2-json")
# All classes of the standard but "functions", since there are none beside the standard's own.
CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/cql2/1.0/conf/{name}"
    for name in (
        *LANGUAGES,
        "basic-cql2",
        "advanced-comparison-operators",
        "case-insensitive-comparison",
        "accent-insensitive-comparison",
        "basic-spatial-functions",
        "basic-spatial-functions-plus",
        "spatial-functions",
        "temporal-functions",
        "array-functions",
        "property-property",
        "arithmetic",
    )
)
MAX_LENGTH = 50_000  # characters; bounds what reading costs (0.1 s at worst) and the vertices of a geometry (12,500)


def condition(expression: str, language: str, columns: Mapping[str, Column], system: CRS) -> tuple[str, list[Any]]:
    """An SQL condition with %s placeholders, and its parameters.

    ``language`` is one of LANGUAGES, ``columns`` are the properties by name, ``system`` is the CRS of the geometry literals,
    whose coordinates come in the axis order that it declares. Errors: Refusal of the parameter ``filter``.
    """
    if len(expression) > MAX_LENGTH:
        raise refusal(_("A filter has %(limit)s characters at most.") % {"limit": MAX_LENGTH})
    tree = _read_json(expression) if language == "cql2-json" else parsed(expression)
    return translated(tree, columns, system)


def _read_json(expression: str) -> Any:
    try:
        return json.loads(expression, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except RecursionError:
        raise refusal(_("The filter is nested too deep.")) from None
    except json.JSONDecodeError as error:
        raise refusal(_("The filter is no JSON from character %(position)s on.") % {"position": error.pos + 1}) from None
    except ValueError:  # a whole number of thousands of digits
        raise refusal(_("A number of the filter is out of range.")) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise refusal(_("The filter names a member of a JSON object twice."))
    return members


def _refuse_constant(constant: str) -> Any:
    raise refusal(_("%(part)s is not a number.") % {"part": constant})
