"""What someone whose site was refused may have meant: another system, or the two coordinates the other way round."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from lib.crs import STORAGE_SRID
from lib.parameters import Refusal

from .coordinates import first_position
from .site import SYSTEMS, Site, read_site

# In degrees: a site that far from the twelve counties may still be meant.
_NEAR = 0.2


@dataclass(frozen=True)
class Proposal:
    """Read the coordinates in ``crs``, the two of each position changed about if ``swap``."""

    crs: str
    swap: bool


def proposals(geometry: Any, crs: str) -> list[Proposal]:
    """Readings of a refused geometry that put its first position into the zone or near it; ``crs`` is what was tried.

    None where the position can be read as it is: then something else was wrong.
    """
    first = first_position(geometry)
    if first is None or _read(first, crs) is not None:
        return []
    sites = [(proposal, site) for proposal, at in _readings(first, crs) if (site := _read(at, proposal.crs)) is not None]
    if not sites:
        return []
    rows = ",".join(["(%s, ST_Transform(ST_SetSRID(ST_GeomFromGeoJSON(%s), %s), %s))"] * len(sites))
    values = [value for number, (_said, site) in enumerate(sites) for value in (number, site.geojson, site.srid, STORAGE_SRID)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.number FROM (VALUES {rows}) AS t (number, geom)"  # noqa: S608  (rows holds placeholders alone)
            " WHERE EXISTS (SELECT FROM zones_county AS c WHERE c.boundary && ST_Expand(t.geom, %s)) ORDER BY t.number",
            [*values, _NEAR],
        )
        return [sites[number][0] for (number,) in cursor.fetchall()]


def _read(position: list[Any], crs: str) -> Site | None:
    try:
        return read_site({"type": "Point", "coordinates": position}, crs)
    except Refusal:
        return None


def _readings(position: list[Any], crs: str) -> Iterator[tuple[Proposal, list[Any]]]:
    # WGS 84 and CGCS2000 are the same to the centimetre: one of them is enough.
    degrees = crs if crs in {"EPSG:4326", "EPSG:4490"} else "EPSG:4490"
    names = [crs] if crs in SYSTEMS else []
    names += [name for name, system in SYSTEMS.items() if name not in names and (name == degrees or not system.is_geographic)]
    turned = [position[1], position[0], *position[2:]]
    for name in names:
        if name != crs:
            yield Proposal(name, swap=False), position
    for name in names:
        yield Proposal(name, swap=True), turned
