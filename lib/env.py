"""Settings from the environment. A bad value stops the start with a sentence; nothing is guessed."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


class BadSetting(ValueError):
    """A setting in the environment that cannot be used; the message names it and says what is accepted."""


def env_str(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, default: bool) -> bool:
    raw = os.environ.get(name, "").strip().lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise BadSetting(f"{name} must be true or false, not {raw!r}")


def env_list(name: str, default: list[str]) -> list[str]:
    raw = os.environ.get(name, "").strip()
    return [item.strip() for item in raw.split(",") if item.strip()] if raw else default


def database_from_url(url: str) -> dict[str, Any]:
    """The DATABASES entry of ``postgres://user:password@host:port/name?option=value``.

    The scheme may be postgres, postgresql or postgis; query options go to libpq (``sslmode=require``).
    Errors: BadSetting on another scheme or a missing database name. The password is never repeated in a message.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql", "postgis"}:
        raise BadSetting("DATABASE_URL must begin with postgres://, postgresql:// or postgis://")
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise BadSetting("DATABASE_URL must end with the name of a database: postgres://user@host/name")
    try:
        port = str(parts.port or "")
    except ValueError as error:
        raise BadSetting("DATABASE_URL has a port that is not a number from 1 to 65535") from error
    return {
        "ENGINE": "lib.postgis",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": port,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def secret_from(path: Path, name: str) -> str:
    """The secret in the variable ``name``, else in the file that set-up wrote at ``path``."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise BadSetting(f"{name} is not set and {path} does not exist: run `make setup`, or set {name}") from error
