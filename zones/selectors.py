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


def code_of(field: Any) -> F | ArraySubquery:
    """What gives the code of the record that a foreign key leads to, or the codes of those of a many-to-many field."""
    if not field.many_to_many:
        return F(f"{field.name}__code")
    related = field.related_model._default_manager.filter(**{field.related_query_name(): OuterRef("pk")})
    return ArraySubquery(related.order_by("sort_order", "code").values("code"))


def with_codes(queryset: QuerySet[AnyModel]) -> QuerySet[AnyModel]:
    """Annotates ``county_code`` for a foreign key to a record and ``counties_codes`` for a many-to-many, in the same SQL.

    Loading the related records would bring their geometry along.
    """
    meta = queryset.model._meta
    codes: dict[str, Any] = {
        f"{field.name}_code": code_of(field)
        for field in meta.concrete_fields
        if field.related_model and issubclass(field.related_model, Record)
    }
    codes |= {f"{relation.name}_codes": code_of(relation) for relation in meta.many_to_many}
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

    Values agree when one number could have been written as both: 29 km² and 4.4 万亩 (29.3 km²), "over 6" and 6.23.
    """
    return [
        Conflict(first, second, first.difference_percent(second))
        for first, second in combinations(statements, 2)
        if _are_of_one_thing(first, second) and _exclude_each_other(first, second)
    ]


def _are_of_one_thing(first: Statement, second: Statement) -> bool:
    if Statement.Rank.DISPUTED in {first.rank, second.rank} or (first.measure_id, first.nature) != (
        second.measure_id,
        second.nature,
    ):
        return False
    if first.value is None or second.value is None or UNITS[first.unit].dimension != UNITS[second.unit].dimension:
        return False
    if first.source_id == second.source_id:  # a series or a breakdown, and no mistake
        return (first.as_of, first.scope) == (second.as_of, second.scope)
    # A figure without a scope covers all of its subject; two that each say what they cover are of two things.
    return first.scope == second.scope or not (first.scope and second.scope)


def _exclude_each_other(first: Statement, second: Statement) -> bool:
    (low, high), (other_low, other_high) = _interval(first), _interval(second)
    return low >= other_high or other_low >= high


def _interval(statement: Statement) -> tuple[Decimal, Decimal]:
    """From the least to just under the greatest value that a statement allows, in the base unit of its dimension."""
    factor = UNITS[statement.unit].factor
    value = statement.value or Decimal(0)
    least, greatest = value - _half_digit(value), value + _half_digit(value)
    if statement.value_max is not None:
        greatest = statement.value_max + _half_digit(statement.value_max)
    if statement.qualifier in {Statement.Qualifier.OVER, Statement.Qualifier.AT_LEAST}:
        least, greatest = value, Decimal("Infinity")
    if statement.qualifier == Statement.Qualifier.UNDER:
        least, greatest = Decimal("-Infinity"), value
    return least * factor, greatest * factor


def _half_digit(value: Decimal) -> Decimal:
    """Half of the last digit that a source wrote: 0.005 for 6.23. Zeros before the point count as written."""
    exponent = value.normalize().as_tuple().exponent
    return Decimal(5).scaleb(min(int(exponent), 0) - 1)
