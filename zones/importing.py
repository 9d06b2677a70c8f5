"""From a file to a release that is staged: read, reference system, repairs with a log of each, counts; all or nothing.

A feature that can't be used as an area is left out, counted and logged; it never stops the others.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from lib.naming import search_keys

from .delivery import repairs
from .delivery.file_crs import FileCRS, choose, transform
from .delivery.formats import Delivery
from .delivery.refusal import Refused
from .delivery.repairs import RepairLog
from .delivery.staging import Feature, Layer, staged
from .delivery.taking import take
from .delivery.wkb import polygons
from .models import ControlLine, County, Release, Theme

__all__ = ["Refused", "load"]

TIMEOUT_S = 900
MOST_FEATURES = 2_000_000
MOST_ATTRIBUTES_BYTES = 100_000  # of one feature
# A code of an area is that of its release, a hyphen and a number.
MOST_CODE = 56

# Rules tell these classes apart; authorities write them in words.
CLASSES: dict[str, dict[str, str]] = {
    Theme.REDLINE: dict.fromkeys(
        ("核心", "核心区", "核心保护区", "自然保护地核心区", "自然保护地核心保护区", "CORE", "Core"), "core"
    ),
}


def load(
    path: Path,
    *,
    code: str,
    theme: str,
    title: str,
    issued_by: str,
    data_date: date,
    document: str = "",
    counties: Sequence[str] = (),
    crs: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    class_field: str | None = None,
    name_field: str | None = None,
    is_demo: bool = False,
    loaded_by: str = "",
) -> Release:
    """The release that the file at ``path`` makes: a Shapefile (folder, .zip or .shp), GeoPackage, KML, DXF or GeoJSON.

    ``counties`` are the codes of those that it covers, none for all. ``crs`` is the system of the file where that does not say
    it or is not believed; ``encoding`` that of its attributes. Two attributes may give the class and the name of each area.
    Errors: Refused, with the database as it was.
    """
    release = Release(
        code=code,
        theme=theme,
        title=title.strip(),
        issued_by=issued_by.strip(),
        document=document.strip(),
        data_date=data_date,
        counties=sorted(set(counties)),
        is_demo=is_demo,
        loaded_by=loaded_by,
    )
    _check(release)
    with TemporaryDirectory(prefix="import-") as name:
        folder = Path(name)
        delivery = take(path, _made(folder / "given"), encoding=encoding, layer=layer)
        with staged(delivery, _made(folder / "staged"), layer) as read:
            _check_layer(read, delivery, class_field, name_field)
            with _written():
                return _write(release, delivery, read, crs, class_field, name_field)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _check(release: Release) -> None:
    try:
        release.clean_fields()
    except ValidationError as error:
        names = {field.name: field.verbose_name for field in release._meta.fields}
        said = [f"{names[name]}: {' '.join(messages)}" for name, messages in error.message_dict.items()]
        raise Refused(" ".join(said)) from error
    if len(release.code) > MOST_CODE:
        raise Refused(_("The code may have at most %(most)s characters.") % {"most": MOST_CODE})
    if release.data_date > timezone.localdate():
        raise Refused(_("The state of the data can't lie in the future."))
    if unknown := set(release.counties) - set(County.objects.values_list("code", flat=True)):
        raise Refused(_("There is no county %(codes)s.") % {"codes": ", ".join(sorted(unknown))})
    if Release.objects.filter(code=release.code).exists():
        raise _taken(release.code)


def _taken(code: str) -> Refused:
    return Refused(
        _("There is a release %(code)s already. What a release holds never changes: give another code.") % {"code": code}
    )


def _check_layer(layer: Layer, delivery: Delivery, *fields: str | None) -> None:
    if delivery.count is not None and delivery.count != layer.count:
        sentence = _("The file says that it holds %(said)s features, but %(count)s can be read.")
        raise Refused(sentence % {"said": delivery.count, "count": layer.count})
    if layer.count > MOST_FEATURES:
        raise Refused(
            _("The file holds %(count)s features; at most %(most)s are read.") % {"count": layer.count, "most": MOST_FEATURES}
        )
    for name in fields:
        if name and name not in layer.columns:
            known = ", ".join(layer.columns)
            raise Refused(_("There is no attribute %(name)s; the file has %(known)s.") % {"name": name, "known": known[:500]})


@contextmanager
def _written() -> Iterator[None]:
    """A transaction with a time limit of its own. Errors: Refused for what the database will not take."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{TIMEOUT_S}s"])
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    except IntegrityError as error:
        if "zones_release_code" in str(error):
            raise Refused(_("Someone has loaded a release with this code meanwhile.")) from error
        raise
    except OperationalError as error:
        if "statement timeout" in str(error):
            raise Refused(_("Loading took longer than %(seconds)s s and was given up.") % {"seconds": TIMEOUT_S}) from error
        raise
    except DatabaseError as error:
        if "transform" in str(error) or "proj" in str(error).lower():
            raise Refused(
                _("The coordinates can't be transformed from their reference system: %(why)s") % {"why": error}
            ) from error
        raise


def _write(
    release: Release, delivery: Delivery, layer: Layer, asked: str | None, class_field: str | None, name_field: str | None
) -> Release:
    chosen = choose(layer.crs, layer.places(), asked)
    log = RepairLog()
    if delivery.said:
        log.add(None, "wrong encoding", repairs.READ_AS, place=f"{delivery.said} → {delivery.encoding}")
    release.file_name, release.file_sha256, release.crs = delivery.name, delivery.sha256, chosen.name
    release.expected_count = layer.count
    release.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        _copy(cursor, _rows(release, delivery, layer, log, class_field, name_field))
        _place(cursor, chosen)
        _repair(cursor, log)
        release.imported_count = _insert(cursor, release)
        cursor.execute("DROP TABLE pg_temp.arrived, pg_temp.placed")
    if layer.count and not release.imported_count:
        raise Refused(_("None of the %(count)s features of the file is an area.") % {"count": layer.count})
    release.repairs = log.as_json()
    release.save(update_fields=["imported_count", "repairs"])
    release.refresh_from_db()
    return release


# --- from the staged file to the database ---

# Geometry is kept as it comes: to compress it takes longer than to write it.
_CREATE = """
DROP TABLE IF EXISTS pg_temp.arrived, pg_temp.placed;
CREATE TEMPORARY TABLE arrived (
    n integer, code text, name text, name_en text, zone_class text, attributes jsonb, keys text[], geom geometry
) ON COMMIT DROP;
ALTER TABLE pg_temp.arrived ALTER geom SET STORAGE EXTERNAL;
CREATE TEMPORARY TABLE placed (n integer, geom geometry, is_valid boolean, county_id bigint) ON COMMIT DROP;
ALTER TABLE pg_temp.placed ALTER geom SET STORAGE EXTERNAL;
"""


def _rows(
    release: Release, delivery: Delivery, layer: Layer, log: RepairLog, class_field: str | None, name_field: str | None
) -> Iterator[bytes]:
    """The lines of a COPY, for the features that have an area."""
    numbered = {language: _in(language, release.theme) for language in ("zh-hans", "en")}
    for feature in layer.features():
        read = polygons(feature.wkb, closed_lines=delivery.driver == "DXF")
        _log_problems(log, feature.number, read.found, bool(read.wkb))
        if not read.wkb:
            continue
        code = f"{release.code}-{feature.number}"
        name, name_en = feature.attributes.get(name_field or "", "").strip()[:200], ""
        if not name:
            name, name_en = (f"{label} {feature.number}" for label in numbered.values())
        yield _line(
            feature.number,
            code,
            name,
            name_en,
            _class_of(release.theme, feature, class_field),
            _attributes(feature),
            _array(search_keys(code, [name, name_en])),
            read.wkb.hex(),
        )


def _in(language: str, theme: str) -> str:
    with translation.override(language):
        return str(Theme(theme).label)


def _log_problems(log: RepairLog, number: int, found: Iterable[str], is_used: bool) -> None:
    mended = {
        "ring not closed": repairs.CLOSED,
        "ring of fewer than three points": repairs.RING_LEFT_OUT,
        "no number": repairs.RING_LEFT_OUT,
    }
    for problem in sorted(found):
        if not is_used:
            log.add(number, problem, repairs.LEFT_OUT)
        elif problem in mended:
            log.add(number, problem, mended[problem])
        else:
            log.add(number, "line or point beside areas", repairs.PART_LEFT_OUT)


def _class_of(theme: str, feature: Feature, class_field: str | None) -> str:
    words = feature.attributes.get(class_field or "", "").strip()
    zone_class = CLASSES.get(theme, {}).get(words, words)
    if len(zone_class) > 32:
        sentence = _("Feature %(number)s: %(words)s is too long for a class; at most 32 characters are kept.")
        raise Refused(sentence % {"number": feature.number, "words": zone_class[:60]})
    return zone_class


def _attributes(feature: Feature) -> str:
    text = json.dumps(feature.attributes, ensure_ascii=False)
    if len(text) > MOST_ATTRIBUTES_BYTES:
        raise Refused(
            _("Feature %(number)s has attributes of %(size)s kB.") % {"number": feature.number, "size": len(text) // 1000}
        )
    return text


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _line(*values: Any) -> bytes:
    return ("\t".join(str(value).translate(_ESCAPES) for value in values) + "\n").encode("utf-8", "replace")


def _array(keys: Iterable[str]) -> str:
    """Keys as PostgreSQL reads an array; they hold no quotes."""
    return "{" + ",".join(f'"{key}"' for key in keys) + "}"


def _copy(cursor: Any, lines: Iterator[bytes]) -> None:
    stream = _Stream(lines)
    try:
        cursor.copy_expert("COPY pg_temp.arrived FROM STDIN", stream, 1 << 20)
    except Exception:
        # psycopg2 makes one of its own of what went wrong while it read.
        if stream.failed is not None:
            raise stream.failed from None
        raise


class _Stream:
    """Lines as the file that psycopg2 copies from, a part at a time."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._left = bytearray()
        self.failed: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            while len(self._left) < size and (line := next(self._lines, None)) is not None:
                self._left += line
        except Exception as error:
            self.failed = error
            raise
        part = bytes(self._left[:size])
        del self._left[:size]
        return part


def _place(cursor: Any, crs: FileCRS) -> None:
    """The shapes in the system of storage, null for those that it can't be told of, and whether they are valid."""
    moved, params = transform(crs, "geom")
    west, south, east, north = crs.domain
    cursor.execute(
        f"""
        INSERT INTO pg_temp.placed (n, geom, is_valid)
        SELECT n, geom, ST_IsValid(geom) FROM (
            SELECT n, CASE WHEN ST_XMin(geom) >= %s AND ST_XMax(geom) <= %s AND ST_YMin(geom) >= %s AND ST_YMax(geom) <= %s
                THEN {moved} END AS geom
            FROM pg_temp.arrived OFFSET 0
        ) AS moved
        """,  # noqa: S608
        [west, east, south, north, *params],
    )
    cursor.execute("ANALYZE pg_temp.placed (n, is_valid)")


def _repair(cursor: Any, log: RepairLog) -> None:
    """Repairs what is not valid and deletes what is no area; both are logged with the change of the area on the ellipsoid."""
    cursor.execute(
        """
        WITH broken AS MATERIALIZED (
            SELECT n, geom, ST_IsValidDetail(geom) AS fault,
                ST_Multi(ST_CollectionExtract(ST_MakeValid(geom, 'method=structure keepcollapsed=false'), 3)) AS mended
            FROM pg_temp.placed WHERE NOT is_valid
        ), done AS (
            UPDATE pg_temp.placed AS p SET geom = b.mended FROM broken AS b WHERE b.n = p.n
        )
        SELECT n, (fault).reason, round(ST_X((fault).location)::numeric, 6) || ', ' || round(ST_Y((fault).location)::numeric, 6),
            ST_Area(mended::geography) - ST_Area(geom::geography)
        FROM broken WHERE NOT ST_IsEmpty(mended) ORDER BY n
        """
    )
    for number, reason, place, change in cursor.fetchall():
        log.add(number, reason, repairs.MADE_VALID, change, place or "")
    cursor.execute(
        """
        DELETE FROM pg_temp.placed
        WHERE geom IS NULL OR ST_IsEmpty(geom) OR ST_Area(geom) = 0 OR (NOT is_valid AND NOT ST_IsValid(geom))
        RETURNING n, geom IS NULL
        """
    )
    for number, is_outside in sorted(cursor.fetchall()):
        log.add(number, "outside" if is_outside else "no area", repairs.LEFT_OUT)


def _insert(cursor: Any, release: Release) -> int:
    cursor.execute(_COUNTIES)
    table = ControlLine._meta.db_table
    cursor.execute(
        f"""
        INSERT INTO {table}
            (code, name, name_en, search_keys, geom, release_id, theme, county_id, zone_class, attributes)
        SELECT a.code, a.name, a.name_en, a.keys, p.geom, %s, %s, p.county_id, a.zone_class, a.attributes
        FROM pg_temp.arrived AS a JOIN pg_temp.placed AS p USING (n) ORDER BY n
        """,  # noqa: S608
        [release.pk, release.theme],
    )
    return int(cursor.rowcount)


# The county that most of an area lies in. County by county, so that GEOS prepares each of the twelve once.
_COUNTIES = """
UPDATE pg_temp.placed AS p SET county_id = best.county_id FROM (
    SELECT DISTINCT ON (n) n, county_id FROM (
        SELECT p.n, c.id AS county_id, CASE WHEN ST_Contains(c.boundary, p.geom) THEN 'Infinity'::float8
            ELSE ST_Area(ST_Intersection(c.boundary, p.geom)) END AS share
        FROM (SELECT id, boundary FROM zones_county ORDER BY id OFFSET 0) AS c
        JOIN pg_temp.placed AS p ON p.geom && c.boundary AND ST_Intersects(c.boundary, p.geom)
    ) AS met ORDER BY n, share DESC, county_id
) AS best WHERE best.n = p.n
"""
