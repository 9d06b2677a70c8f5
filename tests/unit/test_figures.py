"""Figures and partial dates in Chinese and in English."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from lib.figures import NARROW_SPACE, number, partial_date, quantity, unit_name


@pytest.mark.parametrize(
    ("value", "shown"),
    [("6.2300", "6.23"), ("11569.5300", "11,569.53"), ("100.0000", "100"), ("1439", "1,439"), ("-0.5000", "-0.5"), ("0", "0")],
)
def test_number(value: str, shown: str) -> None:
    assert number(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "unit", "chinese", "english"),
    [
        ("1439", "yi_yuan", "1,439亿元", f"143.9{NARROW_SPACE}billion yuan"),
        ("1.25", "yi_yuan", "1.25亿元", f"125{NARROW_SPACE}million yuan"),
        ("3600", "wan_yuan", "3,600万元", f"36{NARROW_SPACE}million yuan"),
        ("50", "wan_yuan", "50万元", f"500,000{NARROW_SPACE}yuan"),
        ("11569.53", "mu", "11,569.53亩", f"11,569.53{NARROW_SPACE}mu"),
        ("11.4", "wan_mu", "11.4万亩", f"114,000{NARROW_SPACE}mu"),
        ("6.23", "km2", f"6.23{NARROW_SPACE}km²", f"6.23{NARROW_SPACE}km²"),
        ("79.39", "percent", "79.39%", "79.39%"),
        ("87", "count", "87", "87"),
        ("5", "percentage_points", "5个百分点", f"5{NARROW_SPACE}percentage points"),
    ],
)
def test_quantity(value: str, unit: str, chinese: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert quantity(Decimal(value), unit) == chinese
    with translation.override("en"):
        assert quantity(Decimal(value), unit) == english


@pytest.mark.parametrize(
    ("unit", "chinese", "english"),
    [("yi_yuan", "亿元", "yuan"), ("wan_mu", "万亩", "mu"), ("km", "km", "km"), ("count", "", "")],
)
def test_unit_name_agrees_with_quantity(unit: str, chinese: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert unit_name(unit) == chinese
    with translation.override("en"):
        assert unit_name(unit) == english


def test_a_range_has_one_unit() -> None:
    with translation.override("zh-hans"):
        assert quantity(Decimal("30.0000"), "count", Decimal("50.0000")) == "30–50"
    with translation.override("en"):
        assert quantity(Decimal(5000), "wan_yuan", Decimal(20000)) == f"50–200{NARROW_SPACE}million yuan"


@pytest.mark.parametrize(
    ("day", "precision", "chinese", "english"),
    [
        (date(2021, 1, 1), "year", "2021年", "2021"),
        (date(2022, 1, 1), "half", "2022年上半年", "first half of 2022"),
        (date(2024, 7, 1), "half", "2024年下半年", "second half of 2024"),
        (date(2021, 10, 1), "quarter", "2021年第4季度", "Q4 2021"),
        (date(2021, 12, 1), "month", "2021年12月", "Dec 2021"),
        (date(2021, 12, 8), "day", "2021年12月8日", "8 Dec 2021"),
    ],
)
def test_partial_date(day: date, precision: str, chinese: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert partial_date(day, precision) == chinese
    with translation.override("en"):
        assert partial_date(day, precision) == english
