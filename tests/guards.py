"""Rules that hold in every test: no undefined template variable, no write on GET, no network but loopback."""

import re
import socket
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse


class Undefined(str):
    """``string_if_invalid``: Django formats it with the name of the missing variable, which fails the test."""

    def __contains__(self, part: object) -> bool:
        return part == "%s"

    def __mod__(self, name: object) -> str:
        raise AssertionError(f"undefined template variable: {name}")


def RefuseWritesOnGet(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:  # noqa: N802
    def read_only(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        prepared = re.sub(r"^PREPARE \w+\([^)]*\) AS ", "", sql)  # what is executed was prepared before
        verb = prepared.lstrip("( \n").split(None, 1)[0].upper()
        if verb not in {
            "SELECT",
            "WITH",
            "SAVEPOINT",
            "RELEASE",
            "ROLLBACK",
            "DECLARE",
            "FETCH",
            "CLOSE",
            "SET",
            "EXPLAIN",
            "EXECUTE",
        }:
            raise AssertionError(f"a GET wrote: {sql}")
        return execute(sql, params, many, context)

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            return get_response(request)
        with connection.execute_wrapper(read_only):
            return get_response(request)

    return middleware


LOOPBACK = ("127.", "::1", "localhost")


def refuse_network(monkeypatch: Any) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test reached out to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
