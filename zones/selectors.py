"""Reads with a meaning: records with the codes of what they relate to, and statements that disagree."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any, TypeVar

from django.apps import apps
from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Model, OuterRef, QuerySet

from lib.units import UNITS

from .models import Record, Statement
from .models.records import kind_of

AnyModel = TypeVar("AnyModel", bound=Model)

# 0.05 %: two figures that differ by less are one figure, rounded twice.
ROUNDING = Decimal("0.0005")


def with_codes(queryset: QuerySet[AnyModel]) -> QuerySet[AnyModel]:
    """Annotates ``county_code`` for a foreign key to a record and ``counties_codes`` for a many-to-many, in the same SQL.

    Loading the related records would bring their geometry along.
    """
    meta = queryset.model._meta
    codes: dict[str, Any] = {
        f"{field.name}_code": F(f"{field.name}__code")
        for field in meta.concrete_fields
        if field.related_model and issubclass(field.related_model, Record)
    }
    for relation in meta.many_to_many:
        related = relation.related_model._default_manager.filter(**{relation.related_query_name(): OuterRef("pk")})
        codes[f"{relation.name}_codes"] = ArraySubquery(related.order_by("sort_order", "code").values("code"))
    annotated: QuerySet[AnyModel] = queryset.annotate(**codes)
    return annotated


def record_models() -> dict[str, type[Record]]:
    """Every kind of record of every floor, by the name that the API gives it."""
    models = [model for model in apps.get_models() if issubclass(model, Record)]
    return {kind_of(model): model for model in sorted(models, key=kind_of)}


def with_subjects(queryset: QuerySet[AnyModel]) -> QuerySet[AnyModel]:
    """With what each row is about: one query a kind, names and codes only."""
    named = [model._default_manager.only("code", "name", "name_en") for model in record_models().values()]
    return queryset.prefetch_related(GenericPrefetch("subject", named))


@dataclass(frozen=True)
class Conflict:
    """Two statements of one measure that can't both hold.

    ``difference_percent`` is of the first's value; None when that is zero.
    """

    first: Statement
    second: Statement
    difference_percent: float | None


def conflicts_among(statements: Iterable[Statement]) -> list[Conflict]:
    """The pairs of statements about one subject with the same measure and nature whose values exclude each other.

    "Over 6" and 6.23 agree. Two figures of one source differ on purpose when their time or what they cover differs:
    a series or a breakdown is no conflict.
    """
    return [
        Conflict(first, second, first.difference_percent(second))
        for first, second in combinations(statements, 2)
        if _are_of_one_thing(first, second) and _exclude_each_other(first, second)
    ]


def _are_of_one_thing(first: Statement, second: Statement) -> bool:
    if (first.measure_id, first.nature) != (second.measure_id, second.nature):
        return False
    if first.value is None or second.value is None or UNITS[first.unit].dimension != UNITS[second.unit].dimension:
        return False
    return first.source_id != second.source_id or (first.as_of, first.scope) == (second.as_of, second.scope)


def _exclude_each_other(first: Statement, second: Statement) -> bool:
    (low, high), (other_low, other_high) = _interval(first), _interval(second)
    return _lies_above(other_low, high) or _lies_above(low, other_high)


def _lies_above(low: Decimal, high: Decimal) -> bool:
    return low - high > ROUNDING * abs(low)


def _interval(statement: Statement) -> tuple[Decimal, Decimal]:
    """The values that a statement allows, in the base unit of its dimension."""
    factor = UNITS[statement.unit].factor
    value = (statement.value or Decimal(0)) * factor
    if statement.value_max is not None:
        return value, statement.value_max * factor
    if statement.qualifier in {Statement.Qualifier.OVER, Statement.Qualifier.AT_LEAST}:
        return value, Decimal("Infinity")
    if statement.qualifier == Statement.Qualifier.UNDER:
        return Decimal("-Infinity"), value
    return value, value
