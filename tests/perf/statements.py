"""The SQL that the portal sends for a request, its parameters put in, as a script for pgbench."""

import re
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

from django.db import connection
from django.test import Client

# lib.prepared sends both in one the first time, and EXECUTE alone from then on.
_PREPARING = re.compile(r"(PREPARE (\w+).*); EXECUTE ", re.DOTALL)
_EXECUTING = re.compile(r"EXECUTE (\w+)")

_prepared: dict[str, str] = {}


def script_of(path: str, headers: dict[str, str], *, prepared: bool) -> str:
    """What one request sends; empty if nothing. What the portal prepares once a connection, so does the script, or not."""
    if prepared:
        return "".join(map(_scripted, _sent(path, headers)))
    with mock.patch.multiple("lib.prepared", MOST_PREPARED=0, _prepared=WeakKeyDictionary()):
        return "".join(f"{statement};\n" for statement in _sent(path, headers))


def switches() -> list[str]:
    """pgbench's variables that tell each connection what it has prepared."""
    return [part for name in _prepared for part in ("-D", f"{name}=0")]


def _sent(address: str, headers: dict[str, str]) -> list[str]:
    path, _space, body = address.partition(" ")
    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(context["cursor"].cursor.mogrify(sql, params).decode())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        client = Client(headers={"host": "127.0.0.1", **headers})
        response = client.post(path, body, content_type="application/json") if body else client.get(path)
        if response.streaming:
            b"".join(response.streaming_content)
    return sent


def _scripted(statement: str) -> str:
    if preparing := _PREPARING.match(statement):
        _prepared[preparing[2]] = preparing[1]
        statement = statement[preparing.end(1) + len("; ") :]
    executing = _EXECUTING.match(statement)
    if executing is None:
        return f"{statement};\n"
    name = executing[1]
    return f"\\if :{name} = 0\n{_prepared[name]};\n\\set {name} 1\n\\endif\n{statement};\n"
