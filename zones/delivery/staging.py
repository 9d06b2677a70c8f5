"""A delivery as rows: ogr2ogr, kept to one driver and away from the network, writes it as a GeoPackage that is ours to read."""

import os
import re
import resource
import sqlite3
import struct
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from .formats import Delivery
from .refusal import Refused
from .taking import MOST_BYTES

TIMEOUT_S = 600
MOST_MEMORY_BYTES = 4 << 30
SAMPLE = 2000  # features whose place tells the reference system

# Names that no attribute has.
_FID, _GEOM = "_fid_of_ours", "_geom_of_ours"


@dataclass(frozen=True)
class DeclaredCRS:
    """What the file says: ``name`` EPSG:4525 or that of its own definition; ``wkt`` is the definition."""

    name: str
    srid: int | None
    wkt: str


@dataclass(frozen=True)
class Feature:
    """``number`` counts from 1 in the order of the file; ``wkb`` is in the system of the file, without Z and M."""

    number: int
    wkb: bytes | None
    attributes: dict[str, str]


@dataclass(frozen=True)
class Layer:
    """One layer of a staged file, with the columns in the order of the file."""

    source: sqlite3.Connection
    table: str
    name: str
    count: int
    columns: tuple[str, ...]
    crs: DeclaredCRS | None

    def features(self) -> Iterator[Feature]:
        names = ", ".join(_quoted(name) for name in (_FID, _GEOM, *self.columns))
        for number, blob, *values in self.source.execute(f"SELECT {names} FROM {_quoted(self.table)} ORDER BY {_FID}"):
            attributes = {name: _text(value) for name, value in zip(self.columns, values, strict=True) if value is not None}
            yield Feature(number, _wkb(blob), attributes)

    def places(self) -> list[tuple[float, float]]:
        """The middle of up to SAMPLE features, evenly from the whole file."""
        step = max(self.count // SAMPLE, 1)
        geom, fid = _quoted(_GEOM), _quoted(_FID)
        rows = self.source.execute(
            f"SELECT substr({geom}, 1, 40) FROM {_quoted(self.table)} WHERE {fid} % {step} = 0 OR {fid} = 1"
        )
        return [place for (head,) in rows if head is not None and (place := _middle(head)) is not None]


@contextmanager
def staged(delivery: Delivery, folder: Path, layer: str | None) -> Iterator[Layer]:
    """The layer of that name, or the only one that holds anything. Errors: Refused."""
    path = folder / "staged.gpkg"
    _convert(delivery, path)
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as source:
        source.text_factory = lambda raw: raw.decode("utf-8", "replace")
        yield _layer(source, layer if delivery.driver in {"GPKG", "LIBKML"} else None)


def _convert(delivery: Delivery, path: Path) -> None:
    command = [
        *("ogr2ogr", "-f", "GPKG", str(path), str(delivery.path)),
        *("-dim", "XY", "-nlt", "CONVERT_TO_LINEAR"),
        *("-lco", f"FID={_FID}", "-lco", f"GEOMETRY_NAME={_GEOM}", "-lco", "SPATIAL_INDEX=NO"),
        *("--config", "OGR_SQLITE_SYNCHRONOUS", "OFF"),
        *delivery.options,
    ]
    said = path.with_name("ogr2ogr.log")
    with said.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            command,
            env=_environment(path.parent, delivery.driver),
            cwd=path.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        for limit, most in (
            (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, 4 * MOST_BYTES),
            (resource.RLIMIT_CPU, TIMEOUT_S),
            (resource.RLIMIT_CORE, 0),
        ):
            try:
                resource.prlimit(process.pid, limit, (most, most))
            except ProcessLookupError:
                break
        try:
            ended = process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            raise Refused(_("Reading the file took longer than %(seconds)s s.") % {"seconds": TIMEOUT_S}) from error
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    with said.open(encoding="utf-8", errors="replace") as lines:
        # It may end with 0 although rows broke off: what it said counts too.
        complaints = [line.strip() for line in lines if line.startswith(("ERROR", "FAILURE"))]
    if ended or complaints:
        why = complaints[0].replace(str(path.parent), "…")[:300] if complaints else f"ogr2ogr {ended}"
        raise Refused(_("The file can't be read: %(why)s") % {"why": why})


def _environment(folder: Path, driver: str) -> dict[str, str]:
    """No credentials, no plug-ins, two drivers; whatever would reach for the network finds a proxy that is not there."""
    nowhere = "http://127.0.0.1:9"
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "PROJ_NETWORK": "OFF",
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_SKIP": ",".join(sorted(_drivers() - {driver, "GPKG"})),
        "GDAL_HTTP_PROXY": nowhere,
        "GDAL_HTTP_TIMEOUT": "1",
        "GDAL_PAM_ENABLED": "NO",
        "GDAL_CACHEMAX": "64",
        "http_proxy": nowhere,
        "https_proxy": nowhere,
        "all_proxy": nowhere,
    }


@cache
def _drivers() -> frozenset[str]:
    """What this GDAL could open. Debian's ogr2ogr has no option to name the one that may."""
    done = subprocess.run(["ogrinfo", "--formats"], capture_output=True, check=True, text=True, timeout=60)  # noqa: S607
    return frozenset(re.findall(r"^  (.+?) -[^-(]*-", done.stdout, re.MULTILINE))


def _layer(source: sqlite3.Connection, wanted: str | None) -> Layer:
    try:
        tables = source.execute(
            "SELECT table_name, coalesce(identifier, table_name), srs_id FROM gpkg_contents WHERE data_type = 'features'"
        ).fetchall()
    except sqlite3.Error as error:
        raise Refused(_("The file holds no layer.")) from error
    layers = [_one(source, *row) for row in tables]
    if not layers:
        raise Refused(_("The file holds no layer with shapes."))
    names = ", ".join(layer.name for layer in layers)[:500]
    if wanted:
        found = [layer for layer in layers if wanted in {layer.name, layer.table}]
        if not found:
            raise Refused(_("There is no layer %(name)s; the file holds %(names)s.") % {"name": wanted, "names": names})
        return found[0]
    full = [layer for layer in layers if layer.count]
    if len(full) > 1:
        raise Refused(_("The file holds several layers: %(names)s. Say which one.") % {"names": names})
    return (full or layers)[0]


def _one(source: sqlite3.Connection, table: str, name: str, srs: int) -> Layer:
    (count,) = source.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()
    columns = [row[1] for row in source.execute(f"PRAGMA table_info({_quoted(table)})")]
    return Layer(source, table, name, count, tuple(one for one in columns if one not in {_FID, _GEOM}), _declared(source, srs))


def _declared(source: sqlite3.Connection, srs: int) -> DeclaredCRS | None:
    if srs <= 0 or srs == 99999:
        return None
    row = source.execute(
        "SELECT srs_name, organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?", [srs]
    ).fetchone()
    if row is None or row[3] in {None, "", "undefined"}:
        return None
    name, organisation, number, wkt = row
    if str(organisation).upper() == "EPSG":
        return DeclaredCRS(f"EPSG:{number}", int(number), wkt)
    return DeclaredCRS(str(name), None, wkt)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return f"[{len(value)} bytes]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    # PostgreSQL keeps no null character; half a character at the end is what a table of fixed width has cut off.
    return str(value).replace("\0", "").rstrip("\ufffd")


_ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


def _wkb(blob: bytes | None) -> bytes | None:
    """The WKB of a geometry of a GeoPackage, after its header of 8 bytes and an envelope."""
    if blob is None or len(blob) < 13:
        return None
    return blob[8 + _ENVELOPES.get((blob[3] >> 1) & 7, 0) :]


def _middle(head: bytes) -> tuple[float, float] | None:
    if len(head) < 40 or not (head[3] >> 1) & 7:
        return None
    west, east, south, north = struct.unpack("<4d" if head[3] & 1 else ">4d", head[8:40])
    return (west + east) / 2, (south + north) / 2
