"""Statements that PostgreSQL plans once a connection: where a plan takes longer than the answer.

psycopg2 prepares nothing by itself, so it is said in SQL. The plan has to be good for any values; the settings ask for such
(plan_cache_mode). What a connection does not know, as behind a pool that lends it by transaction, is sent as it is.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError

_TYPES: dict[type, str] = {float: "double precision", int: "integer", str: "text", list: "text[]"}
_UNKNOWN, _THERE_ALREADY = "26000", "42P05"  # SQLSTATE: invalid_sql_statement_name, duplicate_prepared_statement
_PLACES = re.compile(r"'[^']*'|\$(\d+)")  # and texts, where $1 is no place
MOST_PREPARED = 50  # a connection; a plan of ten layers takes some 100 kB

_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def execute(cursor: Any, sql: str, values: Sequence[Any], *, keep: bool = True) -> None:
    """Runs ``sql``, a complete statement with $1, $2 … where the values go; the rows are the cursor's.

    Not to ``keep`` is for a statement that hardly comes again.
    """
    known = _prepared.setdefault(cursor.connection, set())
    name = _name(sql)
    call = f"EXECUTE {name}({', '.join(['%s'] * len(values))})"
    if name not in known:
        if not keep or len(known) == MOST_PREPARED:
            cursor.execute(plain(cursor, sql, values))
            return
        types = ", ".join(_TYPES[type(value)] for value in values)
        call = f"PREPARE {name}({types}) AS {sql.replace('%', '%%')}; {call}"
    try:
        cursor.execute(call, values)
    except DatabaseError as error:
        state = getattr(error.__cause__, "pgcode", None)
        if state not in {_UNKNOWN, _THERE_ALREADY}:
            raise
        (known.discard if state == _UNKNOWN else known.add)(name)
        cursor.execute(plain(cursor, sql, values))
    else:
        known.add(name)


@lru_cache(maxsize=256)
def _name(sql: str) -> str:
    return "s" + blake2b(sql.encode(), digest_size=12).hexdigest()


def plain(cursor: Any, sql: str, values: Sequence[Any]) -> str:
    """The statement with the values in it."""
    literals = [cursor.mogrify("%s", [value]).decode() for value in values]
    return _PLACES.sub(lambda found: str(literals[int(found[1]) - 1]) if found[1] else found[0], sql)
