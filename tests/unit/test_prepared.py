"""Statements that are planned once a connection: the same answer as without, whatever the connection knows."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection

from lib.prepared import MOST_PREPARED, _prepared, execute, plain

pytestmark = pytest.mark.django_db

SQL = "SELECT $1 || '%s %', $2 + 1, $3 * 2, $4, $1"
VALUES = ["it's 100 % $2", 41, -1.5, ["a", "b'c", "é\\"]]
ROW = ("it's 100 % $2%s %", 42, -3.0, ["a", "b'c", "é\\"], "it's 100 % $2")


@pytest.fixture
def cursor() -> Iterator[Any]:
    """Of a connection of its own, outside of the test's transaction, as it is with requests."""
    own = connection.copy()
    with own.cursor() as cursor:
        yield cursor
    own.close()


def prepared(cursor: Any) -> list[str]:
    cursor.execute("SELECT name FROM pg_prepared_statements ORDER BY prepare_time")
    return [name for (name,) in cursor.fetchall()]


def test_it_is_prepared_once_and_answers_each_time(cursor: Any) -> None:
    for _ in range(3):
        execute(cursor, SQL, VALUES)
        assert cursor.fetchall() == [ROW]
    assert len(prepared(cursor)) == 1
    execute(cursor, "SELECT $1", [1])
    assert len(prepared(cursor)) == 2


def test_one_plan_serves_all_values(cursor: Any) -> None:
    for number in range(8):
        execute(cursor, "SELECT $1", [number])
    cursor.execute("SELECT generic_plans, custom_plans FROM pg_prepared_statements")
    assert cursor.fetchone() == (8, 0)
    assert "plan_cache_mode" in settings.DATABASES["default"]["OPTIONS"]["options"]


def test_what_hardly_comes_again_is_not_kept(cursor: Any) -> None:
    execute(cursor, SQL, VALUES, keep=False)
    assert cursor.fetchall() == [ROW]
    assert prepared(cursor) == []


def test_a_connection_keeps_so_many_and_no_more(cursor: Any) -> None:
    for number in range(MOST_PREPARED + 5):
        execute(cursor, f"SELECT $1 + {number}", [1])
        assert cursor.fetchall() == [(number + 1,)]
    assert len(prepared(cursor)) == MOST_PREPARED


def test_a_pool_that_lends_another_connection_does_no_harm(cursor: Any) -> None:
    execute(cursor, SQL, VALUES)
    cursor.execute("DEALLOCATE ALL")
    for _ in range(2):
        execute(cursor, SQL, VALUES)
        assert cursor.fetchall() == [ROW]
    assert len(prepared(cursor)) == 1
    del _prepared[cursor.connection]
    for _ in range(2):
        execute(cursor, SQL, VALUES)
        assert cursor.fetchall() == [ROW]


def test_an_error_of_the_statement_stays_one(cursor: Any) -> None:
    for sql in ("SELECT nothing_there + $1", "SELEC $1"):
        for _ in range(2):
            with pytest.raises(ProgrammingError):
                execute(cursor, sql, [1])


def test_the_plain_statement_has_the_values_in_it(cursor: Any) -> None:
    cursor.execute(plain(cursor, SQL.replace("$4", "$4::text[]"), VALUES))
    assert cursor.fetchall() == [ROW]


@pytest.mark.parametrize("keep", [True, False])
def test_a_dollar_in_a_text_of_the_statement_stays(cursor: Any, keep: bool) -> None:
    execute(cursor, "SELECT 'it''s $1', E'\\\\''$1', $1", ["x' || 'y"], keep=keep)
    assert cursor.fetchall() == [("it's $1", "\\'$1", "x' || 'y")]
