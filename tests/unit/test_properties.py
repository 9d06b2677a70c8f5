"""What must hold for any input, tried on many: dates, numbers with units, boxes. Hypothesis looks for the counterexample."""

from decimal import Decimal

import pytest
from django.contrib.gis.db.models.functions import Envelope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.crs import STORAGE_SRID
from lib.geojson import parse_bbox
from lib.units import UNITS, ratio
from projects.filters import ProjectFilter
from projects.models import Project
from zones.api.records import reduced_date
from zones.filters import CountyFilter
from zones.fixture_files import FixtureError, parse_date
from zones.models import County

DATES = st.one_of(
    st.dates().map(lambda day: day.isoformat()),
    st.dates().map(lambda day: day.isoformat()[:4]),
    st.dates().map(lambda day: day.isoformat()[:7]),
    st.builds("{:04}-H{}".format, st.integers(1, 9999), st.integers(1, 2)),
    st.builds("{:04}-Q{}".format, st.integers(1, 9999), st.integers(1, 4)),
)
AMOUNTS = st.decimals(min_value="0.0001", max_value="1e12", places=4)
UNIT_CODES = st.sampled_from(sorted(UNITS))


def _degrees(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=low, max_value=high, places=4)


@st.composite
def boxes(draw: st.DrawFn, west: int, south: int, east: int, north: int) -> tuple[Decimal, ...]:
    """Corners of a box inside these degrees: west, south, east, north."""
    longitudes = sorted(draw(st.lists(_degrees(west, east), min_size=2, max_size=2, unique=True)))
    latitudes = sorted(draw(st.lists(_degrees(south, north), min_size=2, max_size=2, unique=True)))
    return longitudes[0], latitudes[0], longitudes[1], latitudes[1]


@given(DATES)
def test_a_date_comes_out_as_it_was_written(text: str) -> None:
    day, precision = parse_date(text)
    assert reduced_date(day, precision) == text


@given(st.text(st.sampled_from("0123456789-HQW+_ ２"), max_size=12))
def test_what_is_read_as_a_date_is_written_as_it_came(text: str) -> None:
    try:
        day, precision = parse_date(text)
    except FixtureError:
        return
    assert reduced_date(day, precision) == text


@given(AMOUNTS, UNIT_CODES, AMOUNTS, UNIT_CODES)
def test_a_comparison_turned_round_is_its_inverse(value: Decimal, unit: str, other: Decimal, other_unit: str) -> None:
    there, back = ratio(value, unit, other, other_unit), ratio(other, other_unit, value, unit)
    assert (there is None) == (back is None) == (UNITS[unit].dimension != UNITS[other_unit].dimension)
    if there is not None and back is not None:
        assert there * back == pytest.approx(Decimal(1))


@given(boxes(-180, -90, 180, 90))
def test_a_box_keeps_its_corners(box: tuple[Decimal, ...]) -> None:
    polygon = parse_bbox(",".join(f"{corner:f}" for corner in box))
    assert polygon.extent == tuple(map(float, box))
    assert (polygon.srid, polygon.valid) == (STORAGE_SRID, True)


@given(st.text(st.sampled_from("0123456789.,-+eNaif "), max_size=40))
def test_a_text_is_a_box_or_is_refused_with_a_sentence(text: str) -> None:
    try:
        west, south, east, north = parse_bbox(text).extent
    except ValueError as error:
        refusal = str(error)
    else:
        assert -180 <= west < east <= 180
        assert -90 <= south < north <= 90
        return
    assert refusal.endswith((".", "。"))


# One transaction for all examples: they only read.
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(box=boxes(111, 37, 115, 40))
@pytest.mark.django_db
def test_a_box_finds_the_points_inside_it_and_no_other(box: tuple[Decimal, ...]) -> None:
    west, south, east, north = map(float, box)
    points = [(code, geom) for code, geom in Project.objects.values_list("code", "geom") if geom]
    assert points
    inside = {code for code, point in points if west <= point.x <= east and south <= point.y <= north}
    found = ProjectFilter({"bbox": ",".join(map(str, box))}, Project.objects.all())
    assert found.is_valid(), found.errors
    assert set(found.qs.values_list("code", flat=True)) == inside


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(box=boxes(111, 37, 115, 40))
@pytest.mark.django_db
def test_a_box_finds_no_county_whose_extent_it_misses(box: tuple[Decimal, ...]) -> None:
    west, south, east, north = map(float, box)
    extents = dict(County.objects.annotate(extent=Envelope("boundary")).values_list("code", "extent"))
    near = {
        code
        for code, extent in extents.items()
        if extent.extent[0] <= east and extent.extent[2] >= west and extent.extent[1] <= north and extent.extent[3] >= south
    }
    held = {
        code
        for code, extent in extents.items()
        if west <= extent.extent[0] and south <= extent.extent[1] and east >= extent.extent[2] and north >= extent.extent[3]
    }
    found = set(CountyFilter({"bbox": ",".join(map(str, box))}, County.objects.all()).qs.values_list("code", flat=True))
    assert held <= found <= near
