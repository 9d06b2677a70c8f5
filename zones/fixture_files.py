"""Reads the files of fixtures/ as text: YAML and CSV rows, partial dates, numbers, the digest of the whole folder."""

import csv
import hashlib
import re
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from .models import DatePrecision

Row = dict[str, Any]

PARTIAL_DATE = re.compile(r"[0-9]{4}(-(H[12]|Q[1-4]|[0-9]{2}(-[0-9]{2})?))?")


class FixtureError(ValueError):
    """A row of fixtures/ that can't be loaded; the message names file, row and field."""


class _TextLoader(yaml.BaseLoader):
    """YAML with every scalar as text; a key given twice is an error, not a silent overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _value in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise FixtureError(f"{node.start_mark}: key given twice: {', '.join(sorted(twice))}")
        return super().construct_mapping(node, deep)


def digest_of(directory: Path, *readers: Path) -> str:
    """SHA-256 over the names and bytes of every file in fixtures/, and over the code that gives them their meaning."""
    total = hashlib.sha256()
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    for name, path in [*((str(path.relative_to(directory)), path) for path in files), *((path.name, path) for path in readers)]:
        total.update(name.encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def read_rows(path: Path) -> list[Row]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            return [dict(row) for row in csv.DictReader(stream)]
    try:
        rows = yaml.load(path.read_text(encoding="utf-8"), Loader=_TextLoader)  # noqa: S506 — a BaseLoader makes text only
    except yaml.YAMLError as error:
        raise FixtureError(f"{path.name}: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FixtureError(f"{path.name}: must be a list of rows")
    return rows


def parse_date(text: str) -> tuple[date, DatePrecision]:
    """The first day and the precision of 2021, 2021-H1, 2021-Q4, 2021-12 or 2021-12-08. Errors: FixtureError."""
    if not PARTIAL_DATE.fullmatch(text):  # int() and fromisoformat() alone would take +2021, ２０２１ and 2021-W01-1
        raise FixtureError(f"{text!r} is not a date")
    year, _dash, rest = text.partition("-")
    try:
        if not rest:
            return date(int(year), 1, 1), DatePrecision.YEAR
        if rest[0] == "H":
            return date(int(year), {"1": 1, "2": 7}[rest[1:]], 1), DatePrecision.HALF
        if rest[0] == "Q":
            return date(int(year), {"1": 1, "2": 4, "3": 7, "4": 10}[rest[1:]], 1), DatePrecision.QUARTER
        if "-" not in rest:
            return date(int(year), int(rest), 1), DatePrecision.MONTH
        return date.fromisoformat(text), DatePrecision.DAY
    except (ValueError, KeyError) as error:
        raise FixtureError(f"{text!r} is not a date") from error


def parse_number(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise FixtureError(f"{text!r} is not a number") from error


def parse_bool(text: str) -> bool:
    if text not in {"true", "false"}:
        raise FixtureError(f"{text!r} is neither true nor false")
    return text == "true"


def words(value: str | list[str]) -> list[str]:
    """A list as YAML gives it, or the words of a CSV cell."""
    return value.split() if isinstance(value, str) else list(value)
