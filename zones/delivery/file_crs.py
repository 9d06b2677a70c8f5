"""Which reference system the coordinates of a file are in: what the file says, held against where that would put them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from lib.crs import CRS, STORAGE_SRID, SYSTEMS

from .refusal import Refused
from .staging import DeclaredCRS

# A file may reach beyond the zone, as that of a whole province does; but not to most of it.
LEAST_SHARE = 0.2
MARGIN_DEGREES = 1.0

Place = tuple[float, float]

# Datums that differ from CGCS2000 by centimetres. Parameters from Beijing 1954 and Xi'an 1980 are secret, and PROJ would
# go without: some hundred metres beside the truth.
_SAME_DATUM = re.compile(
    r"(?:DATUM|ENSEMBLE)\[\"[^\"]*(China.?2000|CGCS.?2000|China_Geodetic|WGS.?(19)?84|World Geodetic System 1984)", re.I
)
_NAMES = {name: system for system in SYSTEMS if (name := system.name) != "OGC:CRS84"}


@dataclass(frozen=True)
class FileCRS:
    """``name`` is kept with the release, ``source`` is what ST_Transform takes: a number of PostGIS, or a definition.

    ``domain`` (west, south, east, north) bounds the coordinates that it can transform.
    """

    name: str
    source: int | str
    domain: tuple[float, float, float, float]


def choose(declared: DeclaredCRS | None, places: Sequence[Place], asked: str | None) -> FileCRS:
    """The system of a file with features at these places. ``asked`` is what a person says it is.

    Errors: Refused, with ``crs_candidates`` where it is in doubt.
    """
    if asked:
        return _as_asked(asked.strip().upper(), places)
    if declared is None:
        if not places:
            return _system(_NAMES[f"EPSG:{STORAGE_SRID}"])
        found = candidates(places)
        if not found:
            raise Refused(_("The file does not say its reference system, and %(place)s fits none.") % {"place": _said(places)})
        sentence = _("The file does not say its reference system. By its coordinates (%(place)s) it can be %(names)s.")
        raise Refused(sentence % {"place": _said(places), "names": _listed(found)}, found)
    own = _own(declared)
    if not places or _share(own, places) >= LEAST_SHARE:
        return own
    found = candidates(places)
    sentence = _("The file says %(name)s, but by that its coordinates (%(place)s) lie far from the zone.")
    more = " " + _("They fit %(names)s.") % {"names": _listed(found)} if found else ""
    raise Refused(sentence % {"name": declared.name[:100], "place": _said(places)} + more, found)


def candidates(places: Sequence[Place]) -> list[str]:
    """The names of the portal's systems by which most of the places lie about the zone, the likeliest first."""
    shares = {name: _share(_system(system), places) for name, system in _NAMES.items()}
    # WGS 84 and CGCS2000 put them at the same place; surveys deliver the latter.
    order = [f"EPSG:{STORAGE_SRID}", *_NAMES]
    fitting = [name for name, share in shares.items() if share >= LEAST_SHARE]
    return sorted(fitting, key=lambda name: (-shares[name], order.index(name)))


def _as_asked(name: str, places: Sequence[Place]) -> FileCRS:
    system = _NAMES.get(f"EPSG:{name}" if name.isdigit() else name)
    if system is None:
        raise Refused(_("The reference system is one of %(names)s.") % {"names": ", ".join(_NAMES)})
    chosen = _system(system)
    if places and not _share(chosen, places):
        found = candidates(places)
        sentence = _("By %(name)s the coordinates (%(place)s) lie far from the zone.")
        more = " " + _("They fit %(names)s.") % {"names": _listed(found)} if found else ""
        raise Refused(sentence % {"name": system.name, "place": _said(places)} + more, found)
    return chosen


def _own(declared: DeclaredCRS) -> FileCRS:
    system = _NAMES.get(declared.name)
    if system is not None:
        return _system(system)
    if not _SAME_DATUM.search(declared.wkt):
        sentence = _("The file is in %(name)s, which is not based on CGCS2000. Have it converted by who delivered it.")
        raise Refused(sentence % {"name": declared.name[:100]})
    is_geographic = declared.wkt.lstrip().startswith("GEOG")
    domain = (-180.0, -90.0, 180.0, 90.0) if is_geographic else (-1e8, 0.0, 1e8, 1e7)
    known = declared.srid if declared.srid and _is_known(declared.srid) else None
    return FileCRS(declared.name[:16], known or declared.wkt, domain)


def _system(system: CRS) -> FileCRS:
    return FileCRS(system.name, STORAGE_SRID if system.is_geographic else system.srid, system.domain)


def _is_known(srid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM spatial_ref_sys WHERE srid = %s AND auth_name = 'EPSG'", [srid])
        return cursor.fetchone() is not None


def transform(crs: FileCRS, geom: str) -> tuple[str, list[str]]:
    """SQL of a geometry without SRID in the system of storage, and its parameters."""
    if isinstance(crs.source, int):
        return f"ST_Transform(ST_SetSRID({geom}, {crs.source}), {STORAGE_SRID})", []
    return f"ST_Transform({geom}, %s, {STORAGE_SRID})", [crs.source]


def _share(crs: FileCRS, places: Sequence[Place]) -> float:
    """The part of the places that lies about the zone."""
    west, south, east, north = crs.domain
    inside = [place for place in places if west <= place[0] <= east and south <= place[1] <= north]
    if not inside:
        return 0.0
    point, params = transform(crs, "ST_MakePoint(x, y)")
    sql = (
        f"SELECT count(*) FROM unnest(%s::float8[], %s::float8[]) AS p(x, y) WHERE {point} && "  # noqa: S608
        "(SELECT ST_Expand(ST_SetSRID(ST_Extent(boundary)::geometry, %s), %s) FROM zones_county)"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [[x for x, _y in inside], [y for _x, y in inside], *params, STORAGE_SRID, MARGIN_DEGREES])
        (count,) = cursor.fetchone()
    return float(count) / len(places)


def _said(places: Sequence[Place]) -> str:
    x, y = places[len(places) // 2]
    return f"{x:.6g}, {y:.6g}" if abs(x) < 1000 else f"{x:.0f}, {y:.0f}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"{name} ({_NAMES[name].label})" for name in names)
