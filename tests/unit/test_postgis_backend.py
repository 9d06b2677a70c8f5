"""lib.postgis: the health check of a kept connection asks the socket, not the server."""

import select
from collections.abc import Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, DataError, connection, connections

from lib.postgis.base import DatabaseWrapper


@pytest.fixture
def kept(db: None) -> Iterator[DatabaseWrapper]:
    """A connection of its own: it is going to be ended."""
    wrapper = connections.create_connection(DEFAULT_DB_ALIAS)
    assert isinstance(wrapper, DatabaseWrapper)
    wrapper.inc_thread_sharing()
    wrapper.ensure_connection()
    yield wrapper
    wrapper.close()


def test_a_connection_at_rest_is_usable_without_a_statement(kept: DatabaseWrapper) -> None:
    kept.force_debug_cursor = True
    assert kept.is_usable()
    assert kept.queries == []


def test_a_connection_that_the_server_ended_is_not_usable(kept: DatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [kept.connection.info.backend_pid])
    select.select([kept.connection], [], [], 10)  # until the farewell is here
    assert not kept.is_usable()


def test_what_the_server_says_unasked_is_no_farewell(kept: DatabaseWrapper) -> None:
    with kept.cursor() as cursor:
        cursor.execute("LISTEN news")
    with connections.create_connection(DEFAULT_DB_ALIAS).cursor() as cursor:
        cursor.execute("NOTIFY news")
        cursor.connection.close()
    select.select([kept.connection], [], [], 10)
    assert kept.is_usable()


def test_a_closed_connection_is_not_usable(kept: DatabaseWrapper) -> None:
    kept.connection.close()
    assert not kept.is_usable()


def test_a_transaction_that_failed_is_not_usable(kept: DatabaseWrapper) -> None:
    kept.set_autocommit(False)
    with pytest.raises(DataError), kept.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    assert not kept.is_usable()
    kept.rollback()
    assert kept.is_usable()
