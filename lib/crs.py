"""Coordinate reference systems: the only place with EPSG numbers."""

from dataclasses import dataclass
from typing import Any

from django.db.models import FloatField, Func
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# CGCS2000, longitude and latitude in degrees: what Chinese surveys deliver, kept unchanged. Stored in PostGIS as
# (longitude, latitude); areas and lengths are taken on its ellipsoid through the geography type, never on a plane,
# because the zone lies on two Gauss-Krueger belts (112.5°E runs through five of its counties).
STORAGE_SRID = 4490
WEB_MERCATOR_SRID = 3857
EQUAL_AREA_SRID = 6933  # a cylinder: areas are true, nothing else is
WEB_MERCATOR_EDGE_M = 20037508.342789244  # 180° east, and as far north


@dataclass(frozen=True)
class CRS:
    """A reference system that the portal speaks.

    ``srid`` is PostGIS's, whose axes are always east or longitude first; ``north_first`` tells that the system itself
    declares north or latitude first, as coordinates on the OGC API do. ``decimals`` give 0.1 m in degrees, 1 cm in metres.
    ``domain`` (west, south, east, north) is where coordinates make sense: PROJ refuses others or answers with nonsense.
    """

    name: str  # EPSG:4490, OGC:CRS84
    uri: str
    srid: int
    label: Promise
    north_first: bool
    domain: tuple[float, float, float, float] = (-180, -90, 180, 90)

    @property
    def is_geographic(self) -> bool:
        return self.domain[2] == 180

    @property
    def decimals(self) -> int:
        return 6 if self.is_geographic else 2


def _epsg(srid: int, label: Promise, *, north_first: bool = True, **more: Any) -> CRS:
    return CRS(f"EPSG:{srid}", f"http://www.opengis.net/def/crs/EPSG/0/{srid}", srid, label, north_first, **more)


def _gauss_kruger(srid: int, false_easting: float, label: Promise) -> CRS:
    # 3,000 km to both sides: wider than China, and too narrow for a northing of this region in place of an easting.
    return _epsg(srid, label, domain=(false_easting - 3e6, 0, false_easting + 3e6, 1e7))


# WGS 84 and CGCS2000 differ by centimetres and PROJ changes no coordinate between them, so CRS84 is stored data as it is.
CRS84 = CRS(
    "OGC:CRS84",
    "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    STORAGE_SRID,
    _("WGS 84, longitude first"),
    north_first=False,
)
CGCS2000 = _epsg(STORAGE_SRID, _("CGCS2000, latitude first"))
SYSTEMS: tuple[CRS, ...] = (
    CRS84,
    _epsg(4326, _("WGS 84, latitude first")),
    CGCS2000,
    _gauss_kruger(4525, 37.5e6, _("CGCS2000, 3-degree Gauss-Kruger zone 37")),
    _gauss_kruger(4526, 38.5e6, _("CGCS2000, 3-degree Gauss-Kruger zone 38")),
    _gauss_kruger(4546, 500e3, _("CGCS2000, 3-degree Gauss-Kruger, central meridian 111°E")),
    _gauss_kruger(4547, 500e3, _("CGCS2000, 3-degree Gauss-Kruger, central meridian 114°E")),
    _epsg(
        WEB_MERCATOR_SRID,
        _("Web Mercator"),
        north_first=False,
        domain=(-WEB_MERCATOR_EDGE_M, -WEB_MERCATOR_EDGE_M, WEB_MERCATOR_EDGE_M, WEB_MERCATOR_EDGE_M),
    ),
)
BY_URI = {system.uri: system for system in SYSTEMS}
BY_NAME = {system.name: system for system in SYSTEMS}


# The belts of the zone by their central meridians, with the number of the belt in the easting.
GAUSS_KRUGER_BELTS = {111: BY_NAME["EPSG:4525"], 114: BY_NAME["EPSG:4526"]}


class EllipsoidalArea(Func):
    """Area of a polygon field in m² on the ellipsoid."""

    template = "ST_Area((%(expressions)s)::geography)"
    output_field = FloatField()
