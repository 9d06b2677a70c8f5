import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django.fixtures import Settings

from zones.models import FixtureLoad


def test_the_process_is_alive_without_a_database(client: Client) -> None:
    # No database mark: a query would fail the test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer.headers["Cache-Control"]


def test_health_is_asked_without_tls(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/api/v1/").status_code == 301


@pytest.mark.django_db
def test_it_is_ready(client: Client) -> None:
    assert client.get("/readyz").json() == {"status": "ready"}
    assert client.head("/readyz").status_code == 200
    assert client.post("/readyz").status_code == 405


def _refusal(client: Client) -> str:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    return answer.json()["detail"]


@pytest.mark.django_db
def test_it_is_not_ready_without_the_zone(client: Client) -> None:
    FixtureLoad.objects.all().delete()
    assert _refusal(client) == "The zone is not loaded."


@pytest.mark.django_db
def test_it_is_not_ready_with_a_migration_to_come(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'projects'")
    assert _refusal(client) == "The database is not migrated."


@pytest.mark.django_db
def test_it_is_not_ready_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise OperationalError("password of secret")

    monkeypatch.setattr("portal.health.MigrationExecutor", fail)
    assert _refusal(client) == "The database can't be reached."
