from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import translation

from portal.relation import _public_relation
from tests.guards import refuse_network


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """One database a worker for the whole session, with the zone in it: tests read it or roll back."""
    assert connection.settings_dict["NAME"].startswith("test_")
    with django_db_blocker.unblock():
        call_command("load_zone", verbosity=0)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_network(monkeypatch)


@pytest.fixture(autouse=True)
def _default_language() -> None:
    """A request leaves its language behind in the thread."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _no_kept_statement() -> None:
    """What anonymous readers may see is compiled once a process; a test may have changed it."""
    _public_relation.cache_clear()
