import pytest
from django.contrib.gis.geos import Point
from django.db import connection

from lib.crs import STORAGE_SRID
from zones.boundaries import BoundaryDataError, county_boundaries
from zones.models import County

pytestmark = pytest.mark.django_db


def _area_km2(where: str = "true") -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(ST_Area(boundary::geography)) / 1e6 FROM zones_county WHERE {where}")
        return float(cursor.fetchone()[0])


def test_the_ellipsoidal_areas_are_those_of_the_reference() -> None:
    assert County.objects.count() == 12
    assert _area_km2() == pytest.approx(16786.6, abs=0.5)
    assert _area_km2("prefecture = '140100'") == pytest.approx(4427.2, abs=0.5)


def test_the_counties_touch_without_overlap_or_gap() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_NumGeometries(ST_Multi(ST_Union(boundary))), ST_NRings(ST_Union(boundary)),"
            " ST_Area(ST_Union(boundary)::geography) / 1e6 FROM zones_county"
        )
        polygons, rings, area = cursor.fetchone()
    assert (polygons, rings) == (1, 1)
    assert area == pytest.approx(_area_km2(), abs=0.01)


def test_the_boundaries_are_not_shifted_to_gcj02() -> None:
    """On 37.862°N Yingze and Wanbailin part in the middle of the Fen river, 112.5304°E; GCJ-02 has it 570 m east."""
    west, east = Point(112.5290, 37.862, srid=STORAGE_SRID), Point(112.5320, 37.862, srid=STORAGE_SRID)
    assert County.objects.get(boundary__covers=west).name == "万柏林区"
    assert County.objects.get(boundary__covers=east).name == "迎泽区"


def test_a_code_without_a_boundary_is_an_error() -> None:
    with pytest.raises(BoundaryDataError, match="999999"):
        county_boundaries({"140122", "999999"})
