"""Reported overlaps against an independent computation: shapely for the shapes, PROJ's geodesic for the areas."""

import json
import math
from datetime import date
from typing import Any

import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from lib.crs import STORAGE_SRID
from tests.factories import make_release
from zones.models import ControlLine, Release
from zones.sitecheck.facts import gather
from zones.sitecheck.site import read_site

GEOD = Geod(a=6378137.0, rf=298.257222101)  # the ellipsoid of CGCS2000


@st.composite
def outlines(draw: Any) -> shapely.Polygon:
    """A star around a place near to 112.5°E: it can't cross itself."""
    lon, lat = draw(st.floats(112.45, 112.55)), draw(st.floats(38.0, 38.06))
    radii = draw(st.lists(st.floats(0.0005, 0.03), min_size=3, max_size=24))
    points = [
        (
            lon + radius * math.cos(2 * math.pi * number / len(radii)),
            lat + 0.8 * radius * math.sin(2 * math.pi * number / len(radii)),
        )
        for number, radius in enumerate(radii)
    ]
    return shapely.Polygon(points)


def geodesic_m2(shape: shapely.Geometry) -> float:
    """With a point every 50 m, because edges are straight in degrees and a geodesic is not."""
    areas = [shapely.segmentize(part, 0.0005) for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"]
    return sum(abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(part))[0]) for part in areas)


@pytest.fixture
def release(db: None) -> Release:
    return make_release("permanent-basic-farmland")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(site=outlines(), lines=st.lists(outlines(), min_size=0, max_size=5))
def test_overlaps_are_what_shapely_and_a_geodesic_give(
    release: Release, site: shapely.Polygon, lines: list[shapely.Polygon]
) -> None:
    ControlLine.objects.filter(release=release).delete()
    ControlLine.objects.bulk_create(
        ControlLine(
            code=f"a-{number}",
            name=f"{number}",
            release=release,
            theme=release.theme,
            geom=MultiPolygon(GEOSGeometry(memoryview(line.wkb), srid=STORAGE_SRID), srid=STORAGE_SRID),
        )
        for number, line in enumerate(lines)
    )
    facts = gather(read_site(json.loads(shapely.to_geojson(site))), release.activations.get().begins)
    assert facts.area_m2 == pytest.approx(geodesic_m2(site), abs=0.1, rel=1e-6)
    expected = geodesic_m2(shapely.union_all([shapely.intersection(site, line) for line in lines])) if lines else 0.0
    found = sum(one.area_m2 for one in facts.releases[release.theme].overlaps)
    assert found == pytest.approx(expected, abs=0.1, rel=1e-6)


@pytest.mark.django_db
def test_a_large_site_across_a_county_line_lies_in_its_counties() -> None:
    """Its pieces in the counties add up to it, although their edges are other ones."""
    outside = []
    for number in range(40):
        lon, lat = 112.45 + number % 8 * 0.02, 37.99 + number // 8 * 0.02
        site = shapely.box(lon, lat, lon + 0.02, lat + 0.015)
        facts = gather(read_site(json.loads(shapely.to_geojson(site))), date(2026, 6, 1))
        if len(facts.counties) > 1:
            outside.append(facts.outside_m2)
            assert sum(county.area_m2 for county in facts.counties) == pytest.approx(facts.area_m2, rel=1e-8)
    assert len(outside) > 3
    assert max(outside) < 0.05
