"""Statements as a page shows them: by measure, side by side where sources differ."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from lib.figures import quantity
from lib.units import UNITS

from .models import DataQualityNote, Measure, Record, Statement
from .selectors import Conflict, conflicts_among


@dataclass(frozen=True)
class Figure:
    """``same_in`` is the value in the unit of the group's first figure, where its own is another."""

    statement: Statement
    same_in: str


@dataclass(frozen=True)
class FigureGroup:
    """The figures of one measure, and which of those that nobody disputes exclude each other."""

    measure: Measure
    figures: list[Figure]
    conflicts: list[Conflict]

    @property
    def row_count(self) -> int:
        """How many rows the group takes in a table: one more says that sources differ."""
        return len(self.figures) + bool(self.conflicts)


def figure_groups(statements: Iterable[Statement]) -> list[FigureGroup]:
    """Statements with a value by measure, in their order."""
    valued = [statement for statement in statements if statement.value is not None]
    return [_group(measure, list(group)) for measure, group in groupby(valued, key=lambda statement: statement.measure)]


def _group(measure: Measure, statements: list[Statement]) -> FigureGroup:
    figures = [Figure(statement, _same_in(statement, statements[0].unit)) for statement in statements]
    return FigureGroup(measure, figures, conflicts_among(statements))


def _same_in(statement: Statement, unit: str) -> str:
    own, wanted = UNITS[statement.unit], UNITS[unit]
    if statement.value is None or statement.unit == unit or own.dimension != wanted.dimension:
        return ""
    return quantity((statement.value * own.factor / wanted.factor).quantize(Decimal("0.001")), unit)


def in_words(statements: Iterable[Statement]) -> list[Statement]:
    return [statement for statement in statements if statement.value is None]


def notes_on(record: Record) -> list[DataQualityNote]:
    return [link.note for link in record.note_links.select_related("note")]
