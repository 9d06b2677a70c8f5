"""Coordinate reference systems: the only place with EPSG numbers."""

from django.db.models import FloatField, Func

# CGCS2000, longitude and latitude in degrees: what Chinese surveys deliver, kept unchanged. Stored in PostGIS as
# (longitude, latitude); areas and lengths are taken on its ellipsoid through the geography type, never on a plane,
# because the zone lies on two Gauss-Krueger belts (112.5°E runs through five of its counties).
STORAGE_SRID = 4490


class EllipsoidalArea(Func):
    """Area of a polygon field in m² on the ellipsoid."""

    template = "ST_Area((%(expressions)s)::geography)"
    output_field = FloatField()
