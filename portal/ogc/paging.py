"""Pages of features by key: a page begins after the last row of the one before, whatever was inserted meanwhile.

The cursor holds what the last row is ordered by. It is signed, so that nothing but what a page gave out reaches SQL, and
for one collection and one order. It does not grow old: the place in the order that it tells stays right.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _

from lib.parameters import Refusal
from portal.layer import Field, FieldType, Layer
from portal.relation import quoted

from .conditions import Condition

# What a value of the cursor is compared as: JSON has neither dates nor a difference between 1 and 1.0.
SQL_TYPES = {
    FieldType.TEXT: "text",
    FieldType.INTEGER: "bigint",
    FieldType.NUMBER: "double precision",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
}


def sortables(layer: Layer) -> list[Field]:
    return [field for field in layer.fields if field.type in SQL_TYPES]


@dataclass(frozen=True)
class Order:
    """The order of the rows of ``f``: by fields, each downwards or not, unknown values last both ways, then by pk."""

    layer: Layer
    keys: tuple[tuple[Field, bool], ...]

    @property
    def sql(self) -> str:
        parts = [f"f.{quoted(field.name)} {'DESC' if down else 'ASC'} NULLS LAST" for field, down in self.keys]
        return ", ".join([*parts, "f.pk"])

    @property
    def columns(self) -> list[str]:
        return [quoted(field.name) for field, _down in self.keys]

    @property
    def key_sql(self) -> str:
        """SQL for what a row of ``f`` is ordered by, as the text of a JSON array."""
        return f"json_build_array({', '.join(f'f.{name}' for name in [*self.columns, 'pk'])})::text"

    @property
    def _signer(self) -> Signer:
        names = ",".join(("-" if down else "+") + field.name for field, down in self.keys)
        return Signer(salt=f"ogc-cursor {self.layer.id} {names}", sep=".")

    def cursor(self, key: str) -> str:
        """What the page after the row with this ``key_sql`` is asked for by."""
        return self._signer.sign_object(json.loads(key), compress=True)

    def after(self, cursor: str) -> Condition:
        """Rows that come after the cursor's. Errors: Refusal for one that no page in this order gave out."""
        try:
            *values, pk = self._signer.unsign_object(cursor)
        except BadSignature:
            message = _("This cursor is not of this collection and order. Follow the next link of a page.")
            raise Refusal({"cursor": message}) from None
        found = Condition("f.pk > %s", (pk,))
        for (field, down), value in zip(reversed(self.keys), reversed(values), strict=True):
            found = _after(field, down, value, found)
        return found


def _after(field: Field, down: bool, value: Any, among_equals: Condition) -> Condition:
    column, kind = f"f.{quoted(field.name)}", SQL_TYPES[field.type]
    if value is None:
        return Condition(f"({column} IS NULL AND {among_equals.sql})", among_equals.params)
    sign = "<" if down else ">"
    return Condition(
        f"({column} {sign} %s::{kind} OR {column} IS NULL OR ({column} = %s::{kind} AND {among_equals.sql}))",
        (value, value, *among_equals.params),
    )


def order_of(layer: Layer, text: str) -> Order:
    """``sortby``: fields with commas between, each with + or - before it. Errors: Refusal."""
    named = {field.name: field for field in sortables(layer)}
    keys: list[tuple[Field, bool]] = []
    for item in text.split(",") if text else []:
        # A plus sign that the caller did not encode arrives as a space.
        name = item[1:] if item[:1] in {"+", "-", " "} else item
        if name not in named or any(name == field.name for field, _down in keys):
            message = _("Sort by these, each at most once, with + or - before it: %(names)s.") % {"names": ", ".join(named)}
            raise Refusal({"sortby": message})
        keys.append((named[name], item[0] == "-"))
    return Order(layer, tuple(keys))
