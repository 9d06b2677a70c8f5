"""Which statements disagree. Nothing is saved: the selector looks at what it is given."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from zones.models import Statement
from zones.selectors import conflicts_among

_sources = count(1)


def said(value: str | None, unit: str = "km2", **fields: Any) -> Statement:
    own = {"measure_id": 1, "source_id": next(_sources), "nature": "actual"}
    most = fields.pop("to", None)
    number = Decimal(value) if value is not None else None
    return Statement(value=number, value_max=Decimal(most) if most else None, unit=unit, **own | fields)


def test_two_sources_that_disagree() -> None:
    first, second = said("6.23"), said("11569.53", "mu")
    (conflict,) = conflicts_among([first, second])
    assert (conflict.first, conflict.second) == (first, second)
    assert conflict.difference_percent == pytest.approx(23.8, abs=0.05)


def test_every_pair_is_told() -> None:
    assert len(conflicts_among([said("1"), said("2"), said("3")])) == 3


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (said("6.23"), said("9345", "mu")),  # the same area in 亩
        (said("29"), said("4.4", "wan_mu")),  # 29.3 km², rounded twice
        (said("6.2"), said("6.23")),
        (said("6.2300"), said("6.2349")),
        (said("1.68", "km2"), said("1.6784")),
        (said("6.23"), said("6.23")),
        (said("6"), said(None, "")),  # nothing is said
        (said("6"), said("7", measure_id=2)),
        (said("6"), said("7", nature="planned")),  # plan and fact
        (said("6"), said("7", "wan_yuan")),
        (said("6", qualifier="over"), said("6.23")),
        (said("7", qualifier="under"), said("6.23")),
        (said("6", qualifier="at_least"), said("9", qualifier="over")),
        (said("800", to="1000"), said("900")),
        (said("0"), said("0")),
        (said("-5"), said("-5.0005")),
        (said("6", source_id=-1, as_of=date(2021, 1, 1)), said("7", source_id=-1, as_of=date(2022, 1, 1))),  # a series
        (said("6", source_id=-1), said("7", source_id=-1, scope="一期")),  # a breakdown
        (said("6", scope="太原片区"), said("7", scope="全域")),  # each says what it covers
        (said("6", rank="disputed"), said("7")),
    ],
)
def test_what_agrees(first: Statement, second: Statement) -> None:
    assert conflicts_among([first, second]) == []
    assert conflicts_among([second, first]) == []


@pytest.mark.parametrize(
    ("first", "second", "percent"),
    [
        (said("4427.9"), said("4433"), 0.115),  # sources differ by 0.1 %
        (said("7", qualifier="over"), said("6.23"), -11),
        (said("6", qualifier="under"), said("6.23"), 3.833),
        (said("800", to="1000"), said("1100"), 37.5),
        (said("6", source_id=-1), said("7", source_id=-1), 16.667),  # one source contradicts itself
        (said("6", as_of=date(2021, 12, 1)), said("7", as_of=date(2022, 8, 1)), 16.667),
        (said("6", scope="五板块"), said("7"), 16.667),
        (said("300"), said("301"), 0.333),  # zeros are digits that were written
        (said("6", "count"), said("7", "count"), 16.667),
        (said("6", qualifier="under"), said("6", qualifier="at_least"), 0),
    ],
)
def test_what_disagrees(first: Statement, second: Statement, percent: float) -> None:
    (conflict,) = conflicts_among([first, second])
    assert conflict.difference_percent == pytest.approx(percent, abs=0.01)
    assert len(conflicts_among([second, first])) == 1


def test_nothing_against_something_has_no_percentage() -> None:
    (conflict,) = conflicts_among([said("0"), said("5")])
    assert conflict.difference_percent is None
