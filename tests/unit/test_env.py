from pathlib import Path

import pytest

from lib.env import BadSetting, database_from_url, env_bool, env_list, secret_from


def test_a_database_url_becomes_a_databases_entry() -> None:
    entry = database_from_url("postgres://portal:p%40ss@127.0.0.1:54320/portal?sslmode=require")
    assert entry == {
        "ENGINE": "lib.postgis",
        "NAME": "portal",
        "USER": "portal",
        "PASSWORD": "p@ss",
        "HOST": "127.0.0.1",
        "PORT": "54320",
        "OPTIONS": {"sslmode": "require"},
    }


@pytest.mark.parametrize(
    "url", ["mysql://a@b/c", "postgres://a@b", "postgres://a@b/", "postgres://a:secret@b:seven/c", "postgres://a@b:99999/c", ""]
)
def test_a_database_url_that_cannot_be_used_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(BadSetting) as caught:
        database_from_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("raw", "value"), [("true", True), ("1", True), ("ON", True), ("no", False), ("0", False)])
def test_a_switch_is_read(monkeypatch: pytest.MonkeyPatch, raw: str, value: bool) -> None:
    monkeypatch.setenv("SWITCH", raw)
    assert env_bool("SWITCH", not value) is value


def test_an_unclear_switch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCH", "maybe")
    with pytest.raises(BadSetting, match="SWITCH"):
        env_bool("SWITCH", False)


def test_a_switch_and_a_list_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SWITCH", raising=False)
    assert env_bool("SWITCH", True) is True
    assert env_list("SWITCH", ["a"]) == ["a"]
    monkeypatch.setenv("SWITCH", " a.example , b.example ,")
    assert env_list("SWITCH", []) == ["a.example", "b.example"]


def test_a_secret_comes_from_the_environment_or_a_file_or_is_missed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET", raising=False)
    with pytest.raises(BadSetting, match="make setup"):
        secret_from(tmp_path / "secret", "SECRET")
    (tmp_path / "secret").write_text("from-file\n")
    assert secret_from(tmp_path / "secret", "SECRET") == "from-file"
    monkeypatch.setenv("SECRET", "from-environment")
    assert secret_from(tmp_path / "secret", "SECRET") == "from-environment"
