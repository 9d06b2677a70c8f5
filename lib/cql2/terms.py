"""Pieces of SQL that give a value: literals, properties, and what is made of them; their types, and how those go together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..parameters import Refusal

MAX_NUMBER = 1e100

_LABELS: dict[str, Promise] = {
    "text": gettext_lazy("text"),
    "texts": gettext_lazy("list of texts"),
    "number": gettext_lazy("number"),
    "decimal": gettext_lazy("number"),
    "boolean": gettext_lazy("true or false"),
    "date": gettext_lazy("date"),
    "timestamp": gettext_lazy("timestamp"),
    "geometry": gettext_lazy("geometry"),
}
_ORDERED = {"text", "number", "decimal", "boolean", "date", "timestamp"}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")


@dataclass(frozen=True)
class Term:
    """A piece of SQL with its parameters, and what it gives.

    ``type`` is one of a Column (an integer is a number), "decimal" for the result of arithmetic, or an SQL type of lists.
    ``value`` is that of a literal, ``name`` that of a property.
    """

    sql: str
    params: tuple[Any, ...]
    type: str
    value: Any = None
    name: str = ""

    def __str__(self) -> str:
        label = label_of(self.type)
        return f"{self.name} ({label})" if self.name else label


def label_of(kind: str) -> str:
    return str(_LABELS.get(kind, kind))


def refusal(sentence: str) -> Refusal:
    return Refusal({"filter": sentence})


def shown(text: Any) -> str:
    """Part of what was sent, safe to repeat in a sentence."""
    return str(text)[:80].encode("utf-8", "replace").decode()


def made(template: str, terms: Sequence[Term], kind: str = "boolean") -> Term:
    """The template with the terms in the places {0}, {1}, and their parameters in the order of the places."""
    sql: list[str] = []
    params: list[Any] = []
    for number, part in enumerate(re.split(r"\{(\d)\}", template)):
        if number % 2:
            term = terms[int(part)]
            sql.append(term.sql)
            params.extend(term.params)
        else:
            sql.append(part)
    return Term("".join(sql), tuple(params), kind)


def listed(terms: Sequence[Term], separator: str = ", ") -> Term:
    return Term(separator.join(term.sql for term in terms), tuple(value for term in terms for value in term.params), "list")


def literal(node: Any) -> Term:
    """A text, a number, true or false. Errors: Refusal."""
    if isinstance(node, bool):
        return Term("TRUE" if node else "FALSE", (), "boolean")
    if isinstance(node, int | float):
        if not abs(node) <= MAX_NUMBER:
            raise refusal(_("A number of the filter is out of range."))
        return Term("%s", (node,), "number")
    if isinstance(node, str):
        return text(node)
    if node is None:
        raise refusal(_("Null is no value; ask with IS NULL."))
    raise refusal(_("The filter has a list where a single value is needed."))


def text(value: str) -> Term:
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise refusal(_("A text of the filter holds a character that no text can hold."))
    return Term("%s::text", (value,), "text", value)


def instant(value: Any) -> Term:
    """The date or the timestamp that is written so. Errors: Refusal."""
    return timestamp(value) if isinstance(value, str) and "T" in value else day(value)


def day(value: Any) -> Term:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            found = date.fromisoformat(value)
            return Term("%s", (found,), "date", found)
    except ValueError:
        pass
    raise refusal(_("%(part)s is not a date such as 2022-04-01.") % {"part": shown(value)})


def timestamp(value: Any) -> Term:
    try:
        if isinstance(value, str) and _TIMESTAMP.fullmatch(value):
            found = datetime.fromisoformat(value)
            return Term("%s", (found,), "timestamp", found)
    except ValueError:
        pass
    raise refusal(_("%(part)s is not a time such as 2022-04-01T08:00:00Z.") % {"part": shown(value)})


def alike(terms: Sequence[Term]) -> Sequence[Term]:
    """The terms as values of one type that can be compared. Errors: Refusal that names two that can't."""
    kinds = {term.type for term in terms}
    if kinds & {"date", "timestamp"}:
        terms = instants(terms)
    if "decimal" in kinds:
        terms = [decimal(term) for term in terms]
    for term in terms:
        if term.type != terms[0].type or term.type not in _ORDERED:
            raise refusal(_("%(left)s can't be compared with %(right)s.") % {"left": terms[0], "right": term})
    return terms


def instants(terms: Sequence[Term]) -> Sequence[Term]:
    """Texts as the instants that they write; timestamps as days when one of them is a date."""
    terms = [instant(term.value) if isinstance(term.value, str) else term for term in terms]
    if all(term.type != "date" for term in terms):
        return terms
    return [_day_of(term) if term.type == "timestamp" else term for term in terms]


def _day_of(term: Term) -> Term:
    if term.value is not None:
        return day(term.value.date().isoformat())
    return replace(term, sql=f"({term.sql} AT TIME ZONE 'UTC')::date", type="date")


def decimal(term: Term) -> Term:
    return replace(term, sql=f"({term.sql})::numeric", type="decimal") if term.type == "number" else term
