"""What an export is made from: the chosen rows of a layer, read by a connection of its own in one snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.crs import CRS
from lib.parameters import Refusal

from ..layer import Field, FieldType, Geometry, Layer
from ..relation import Relation, geometry_sql, quoted

AT_ONCE = 2  # so that planners at their maps always find the database free
TIMEOUT_S = 300  # for each statement, and for a program that writes
_QUERY_CANCELED = "57014"  # PostgreSQL's code for a timeout
_LOCKS = 0x65787074  # the first key of our advisory locks in PostgreSQL, "expt"

# The column with the geometry in the CRS of the export; ``geom`` beside it is as it is stored.
SHAPE = "shape_in_crs"

# A list of texts in one cell. One whose texts would be taken apart wrongly is a JSON list instead.
SEPARATOR = "；"


class NotNow(Refusal):
    """An export that is not written because of others, or because it takes too long."""

    def __init__(self, detail: str) -> None:
        super().__init__(status=503, detail=detail)


def too_long() -> NotNow:
    return NotNow(_("This export takes too long. Filter the records, or take another format."))


@contextmanager
def snapshot() -> Iterator[Any]:
    """A database connection in a read-only transaction that sees one state, while one of AT_ONCE slots is ours.

    Not the connection of the request's thread: that one is kept, with a shorter timeout, and must not wait in a
    transaction. The slot is a lock of the transaction; whatever ends that frees it. Errors: NotNow.
    """
    own = connection.copy()
    try:
        own.ensure_connection()
        own.connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{TIMEOUT_S}s'")
            # It waits while ogr2ogr reads.
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{TIMEOUT_S * 2}s'")
            if not any(_is_free(cursor, slot) for slot in range(AT_ONCE)):
                raise NotNow(_("Other exports are under way. Try again in a moment."))
        yield own
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") == _QUERY_CANCELED:
            raise too_long() from error
        raise
    finally:
        own.close()


def _is_free(cursor: Any, slot: int) -> bool:
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCKS, slot])
    return bool(cursor.fetchone()[0])


@dataclass(frozen=True)
class Job:
    """``system`` has east or longitude first, as all file formats do. ``filters`` are what was asked for, in words.

    ``folder`` goes away when the export is over.
    """

    layer: Layer
    found: Relation
    system: CRS
    encoding: str
    filters: tuple[tuple[str, str], ...]
    database: Any
    folder: Path

    @property
    def point_columns(self) -> dict[str, str]:
        """SQL by name for the coordinates of what is a point; none for layers without points."""
        if self.layer.geometry not in {Geometry.POINT, Geometry.MIXED}:
            return {}
        names = ("longitude", "latitude") if self.system.is_geographic else ("easting", "northing")
        return {
            name: f"CASE WHEN GeometryType(f.geom) = 'POINT' THEN ST_{axis}({SHAPE}) END"
            for name, axis in zip(names, "XY", strict=True)
        }

    def select(self, columns: dict[str, str], condition: str = "TRUE") -> str:
        """The statement for these columns (SQL by name, of ``f`` and SHAPE) of all rows, its values filled in."""
        chosen = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
        # OFFSET 0 keeps PostgreSQL from putting the expression of a field, perhaps a subquery, in every place that names it.
        rows = f"SELECT f.*, {geometry_sql(self.layer, self.system)} AS {SHAPE} FROM {self.found.sql} OFFSET 0"
        with self.database.cursor() as cursor:
            statement: bytes = cursor.mogrify(f"SELECT {chosen} FROM ({rows}) AS f WHERE {condition}", self.found.params)
        return statement.decode()

    def rows(self, columns: dict[str, str], condition: str = "TRUE") -> Iterator[tuple[Any, ...]]:
        """The rows, some thousand at a time in memory."""
        with self.database.chunked_cursor() as cursor:
            cursor.execute(self.select(columns, condition))
            yield from cursor

    def copy(self, statement: str, file: IO[bytes], options: str) -> None:
        """PostgreSQL's COPY of a statement into the file."""
        with self.database.cursor() as cursor, self.database.wrap_database_errors:
            cursor.copy_expert(f"COPY ({statement}) TO STDOUT WITH ({options})", file)

    def columns(self) -> dict[str, str]:
        """SQL by name for the fields, lists joined to one text."""
        return {field.name: _one_text(sql) if field.type is FieldType.TEXTS else sql for field, sql in self.fields()}

    def fields(self) -> Iterator[tuple[Field, str]]:
        """The fields, each with its SQL."""
        return ((field, f"f.{quoted(field.name)}") for field in self.found.fields)

    def about(self) -> list[tuple[str, str]]:
        """What a reader of the file must know, as titles and texts in the language of the request."""
        asked = "; ".join(f"{label}: {value}" for label, value in self.filters)
        return [
            (_("Layer"), f"{self.layer.title} ({self.layer.id})"),
            (_("Date"), timezone.localtime().strftime("%Y-%m-%d %H:%M")),
            (_("Source"), str(self.layer.source_note)),
            (_("Filter"), asked or _("none: all records")),
            (_("Coordinates"), _("%(name)s; east or longitude comes first") % {"name": self.system.name}),
        ]


def _one_text(sql: str) -> str:
    """SQL for a list of texts as one text."""
    plain = f"array_to_string({sql}, '{SEPARATOR}')"
    is_ambiguous = rf"array_to_string({sql}, '') ~ '{SEPARATOR}|^\[' OR '' = ANY({sql})"
    return f"CASE WHEN cardinality({sql}) = 0 THEN NULL WHEN {is_ambiguous} THEN array_to_json({sql})::text ELSE {plain} END"


def literal(text: str) -> str:
    """A declared text in SQL, with % doubled for psycopg2."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"
