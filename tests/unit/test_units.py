from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from lib.units import ratio, validate_unit


def test_mu_and_square_kilometres_compare() -> None:
    """尖草坪: 11,569.53 亩 are 7.713 km², 23.8 % more than 6.23 km² (data-quality note DEF-007)."""
    quotient = ratio(Decimal("6.23"), "km2", Decimal("11569.53"), "mu")
    assert quotient is not None
    assert round((quotient - 1) * 100, 1) == Decimal("23.8")
    assert ratio(Decimal("11.4"), "wan_mu", Decimal("76"), "km2") == 1


def test_units_of_two_dimensions_do_not_compare() -> None:
    assert ratio(Decimal(1), "km2", Decimal(1), "yi_yuan") is None
    assert ratio(Decimal(0), "km2", Decimal(1), "km2") is None


def test_an_unknown_unit_is_refused() -> None:
    validate_unit("mu")
    with pytest.raises(ValidationError):
        validate_unit("acre")
