"""GeoPackage and DXF: written by Debian's ogr2ogr, which reads PostgreSQL itself, in the snapshot of the export."""

import os
import subprocess
from pathlib import Path
from typing import Any

from ..layer import FieldType
from ..relation import quoted
from .job import SHAPE, TIMEOUT_S, Job, literal, too_long


def run(job: Job, driver: str, path: Path, statement: str, *options: str) -> None:
    """Writes the rows of the statement. Errors: NotNow when it took too long, RuntimeError for all else."""
    with job.database.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
    prelude = (
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
        f"SET TRANSACTION SNAPSHOT '{snapshot}';SET LOCAL statement_timeout = '{TIMEOUT_S}s'"
    )
    command = ["ogr2ogr", "-f", driver, str(path), "PG:", "-oo", f"PRELUDE_STATEMENTS={prelude}", "-sql", statement, *options]
    said = job.folder / "ogr2ogr.log"
    with said.open("wb") as log:
        try:
            done = subprocess.run(  # noqa: S603
                command,
                env=_environment(job),
                cwd=job.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=TIMEOUT_S,
            )
        except subprocess.TimeoutExpired as error:
            raise too_long() from error
    with said.open(encoding="utf-8", errors="replace") as lines:
        # It may end with 0 although the rows broke off: what it said counts too.
        complaints = [line for line in lines if line.startswith(("ERROR", "FAILURE"))]
    if any("canceling statement due to" in line for line in complaints):
        raise too_long()
    if done.returncode or complaints:
        raise RuntimeError(f"ogr2ogr ended with {done.returncode}: {' '.join(complaints)[:2000]}")


def _environment(job: Job) -> dict[str, str]:
    """The connection of the export for libpq: in the environment, because all users of a machine can read command lines."""
    connection: Any = job.database.connection
    names = {"dbname": "PGDATABASE", "application_name": "PGAPPNAME"}
    parameters = connection.info.dsn_parameters
    libpq = {names.get(name, "PG" + name.replace("_", "").upper()): value for name, value in parameters.items()}
    return os.environ | libpq | {"PGPASSWORD": connection.info.password or "", "PROJ_NETWORK": "OFF", "LC_ALL": "C.UTF-8"}


def write_geopackage(job: Job) -> Path:
    """Lists of texts are JSON, as GDAL has them in a GeoPackage."""
    path = job.folder / "rows.gpkg"
    # Casts take the length of a column away, and that it must not be null: both are rules of our tables, not of the file.
    casts = {FieldType.TEXT: "{}::text", FieldType.TEXTS: "array_to_json({})::text"}
    columns = {field.name: casts.get(field.type, "{}").format(sql) for field, sql in job.fields()}
    statement = job.select(columns | {"geom": SHAPE})
    layer = ["-nln", job.layer.id, "-nlt", _geometry_type(job), "-a_srs", job.system.name, "-forceNullable"]
    about = ["-lco", f"IDENTIFIER={job.layer.title}", "-lco", f"DESCRIPTION={job.layer.source_note}"]
    # The file is new: what a power cut would do to it does not matter.
    run(job, "GPKG", path, statement, *layer, *about, "--config", "OGR_SQLITE_SYNCHRONOUS", "OFF")
    return path


def _geometry_type(job: Job) -> str:
    """The one type that all geometries have, GEOMETRY where there are several."""
    rows: Any = job.layer.queryset
    declared = str(getattr(rows.model._meta.get_field(job.layer.geometry_field), "geom_type", "GEOMETRY"))
    if declared != "GEOMETRY":
        return declared
    columns = {"type": "DISTINCT GeometryType(f.geom)"}
    found = [str(kind) for (kind,) in job.rows(columns, "f.geom IS NOT NULL")]
    return found[0] if len(found) == 1 else declared


def write_dxf(job: Job) -> Path:
    """Shapes on CAD layers by symbol, and the names on one more; DXF has no fields, no CRS and no record without a place."""
    path = job.folder / "rows.dxf"
    symbol = f"coalesce('-' || f.{quoted(job.layer.symbol_field)}, '')" if job.layer.symbol_field else "''"
    # The names of CAD layers are ASCII: the file's code page is that of Western Europe.
    layer = f"{literal(job.layer.id)} || regexp_replace({symbol}, '[^A-Za-z0-9_-]', '_', 'g')"
    shapes = {"Layer": layer, "OGR_STYLE": "NULL::text", "geom": SHAPE}
    # \U+xxxx, all that DXF has for Chinese, ends at four digits.
    name = r"""replace(replace(regexp_replace(f.name, '[^\u0001-\uffff]', '〓', 'g'), '\', '\\'), '"', '\"')"""
    height = "0.0005" if job.system.is_geographic else "50"
    labels = {
        "Layer": literal(f"{job.layer.id}-names"),
        "OGR_STYLE": f"""'LABEL(s:{height}g,t:"' || {name} || '")'""",
        "geom": f"ST_PointOnSurface({SHAPE})",
    }
    with_place = "f.geom IS NOT NULL"
    statement = f"{job.select(shapes, with_place)} UNION ALL {job.select(labels, with_place)}"
    # Outlines, not areas filled with black.
    run(job, "DXF", path, statement, "--config", "DXF_WRITE_HATCH", "NO")
    return path
