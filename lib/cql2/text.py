"""CQL2 Text: reads an expression into the tree that the JSON encoding would give (annex B of the standard is the grammar).

Own work, because the package cql2 (0.6.0) can't be given what strangers send: its time doubles with each open parenthesis
(20 take a second, with Python locked), and deep nesting overflows the stack and ends the process. Tests compare the two on sound
expressions. This one never goes back: time grows with the length, and the nesting is counted.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from ..parameters import Refusal
from .terms import refusal, shown

Node = Any  # what json.loads gives

MAX_DEPTH = 50
MAX_OPERATORS = 500

_START = (
    ":_A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1ffe\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
# Possessive quantifiers (++, *+): a match that fails is not tried again in another way.
_TOKEN = re.compile(
    rf"""
    \s*+(?:
      (?P<number>(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?+)
    | '(?P<string>(?:[^'\\]++|''|\\.)*+)'
    | "(?P<quoted>[^"]*+)"
    | (?P<name>[{_START}][{_START}.0-9\u0300-\u036f\u203f-\u2040]*+)
    | (?P<symbol><>|<=|>=|!=|[-+*/%^=<>(),])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"''|\\(.)", re.DOTALL)
# A backslash before any other character stays: LIKE reads \% and \_ itself.
_ESCAPED = {"'": "'", "\\": "\\", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}

_POWER = {"OR": 1, "AND": 2, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "DIV": 6, "^": 7}
_POWER |= dict.fromkeys(("=", "<>", "!=", "<", ">", "<=", ">=", "LIKE", "BETWEEN", "IN", "IS", "NOT"), 4)
_NOT, _COMPARISON = 3, 4
_RESERVED = {"AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "DIV"}

# Names of functions in JSON, where upper and lower case differ.
_FUNCTIONS = {
    name.upper(): name
    for name in (
        *("casei", "accenti", "a_equals", "a_contains", "a_containedBy", "a_overlaps"),
        *("s_intersects", "s_equals", "s_disjoint", "s_touches", "s_within", "s_overlaps", "s_crosses", "s_contains"),
        *("t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals", "t_finishedBy", "t_finishes"),
        *("t_intersects", "t_meets", "t_metBy", "t_overlappedBy", "t_overlaps", "t_startedBy", "t_starts"),
    )
}
_GEOMETRIES = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "POLYGON": "Polygon",
    "MULTIPOINT": "MultiPoint",
    "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
    "GEOMETRYCOLLECTION": "GeometryCollection",
}


def parsed(text: str) -> Node:
    """The tree of an expression. Errors: Refusal that says where the text can't be read."""
    reader = _Reader(text)
    tree = reader.expression(0)
    if reader.token.kind != "end":
        raise reader.unexpected()
    return tree


class _Token(NamedTuple):
    kind: str
    value: str
    word: str  # a symbol, or a name in capitals: how keywords are known
    position: int


def _negated(negative: bool, node: Node) -> Node:
    return {"op": "not", "args": [node]} if negative else node


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _unreadable(text, position)
        kind, value = match.lastgroup, match[match.lastgroup]
        word = value.upper() if kind in {"name", "symbol"} and value.isascii() else ""
        yield _Token(kind, value, word, match.start(kind))
        if kind == "end":
            return
        position = match.end()


def _unreadable(text: str, position: int) -> Refusal:
    part = shown(text[position : position + 40].strip())
    if not part:
        return refusal(_("The filter ends too early."))
    sentence = _("The filter can't be read from character %(position)s on: %(part)s")
    return refusal(sentence % {"position": position + 1, "part": part})


class _Reader:
    """Precedence climbing: an expression goes on as long as operators bind tighter than ``floor``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.token = next(self.tokens)
        self.depth = 0
        self.operators = 0

    def take(self) -> _Token:
        token = self.token
        self.token = next(self.tokens, token)  # the end stays
        return token

    def accept(self, word: str) -> bool:
        found = self.token.word == word
        if found:
            self.take()
        return found

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise self.unexpected()

    def unexpected(self, token: _Token | None = None) -> Refusal:
        return _unreadable(self.text, (token or self.token).position)

    def expression(self, floor: int) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise refusal(_("The filter is nested too deep."))
        left = self.prefix()
        while (power := _POWER.get(self.token.word, 0)) > floor:
            left = self.infix(left, power)
        self.depth -= 1
        return left

    def prefix(self) -> Node:
        if self.accept("NOT"):
            return _negated(True, self.expression(_NOT))
        negative = self.sign()
        operand = self.primary()
        if not negative:
            return operand
        if isinstance(operand, int | float) and not isinstance(operand, bool):
            return -operand
        return {"op": "*", "args": [-1, operand]}

    def sign(self) -> bool:
        negative = False
        while self.token.word in {"-", "+"}:
            negative ^= self.take().word == "-"
        return negative

    def infix(self, left: Node, power: int) -> Node:
        self.operators += 1
        if self.operators > MAX_OPERATORS:
            raise refusal(_("A filter has %(limit)s operators at most.") % {"limit": MAX_OPERATORS})
        negative = self.accept("NOT")
        word = self.token.word
        if negative and word not in {"LIKE", "BETWEEN", "IN"}:
            raise self.unexpected()
        self.take()
        if word == "IS":
            negative = self.accept("NOT")
            self.expect("NULL")
            return _negated(negative, {"op": "isNull", "args": [left]})
        if word == "BETWEEN":
            low = self.expression(_COMPARISON)
            self.expect("AND")
            return _negated(negative, {"op": "between", "args": [left, low, self.expression(_COMPARISON)]})
        if word == "IN":
            return _negated(negative, {"op": "in", "args": [left, self.items()]})
        right = self.expression(power)
        if word in {"AND", "OR"} and isinstance(left, dict) and left.get("op") == word.lower():
            left["args"].append(right)
            return left
        if word == "^" == self.token.word:
            raise self.unexpected()  # the grammar has no a^b^c, which can be read in two ways
        return _negated(negative, {"op": {"!=": "<>"}.get(word, word.lower()), "args": [left, right]})

    def items(self) -> list[Node]:
        self.expect("(")
        if self.accept(")"):
            return []
        items = [self.expression(0)]
        while self.accept(","):
            items.append(self.expression(0))
        self.expect(")")
        return items

    def primary(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return _number(token.value)
        if token.kind == "string":
            return _ESCAPE.sub(_unescaped, token.value)
        if token.kind == "quoted":
            return {"property": token.value}
        if token.word == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if token.kind != "name" or token.word in _RESERVED:
            raise self.unexpected(token)
        if token.word in {"TRUE", "FALSE"}:
            return token.word == "TRUE"
        if token.word in _GEOMETRIES and self.token.word in {"(", "Z"}:
            return self.geometry(token.word)
        if self.token.word == "(":
            return self.call(token)
        return {"property": token.value}

    def call(self, name: _Token) -> Node:
        if name.word == "BBOX":
            return {"bbox": self.several(self.coordinate)}
        if name.word.startswith("A_"):
            return {"op": _FUNCTIONS.get(name.word, name.value), "args": self.several(self.array)}
        arguments = self.items()
        if name.word in {"DATE", "TIMESTAMP"} and len(arguments) == 1:
            return {name.word.lower(): arguments[0]}
        if name.word == "INTERVAL":
            return {"interval": arguments}
        return {"op": _FUNCTIONS.get(name.word, name.value), "args": arguments}

    def several(self, one: Callable[[], Node]) -> list[Node]:
        """One or more in parentheses."""
        self.expect("(")
        found = [one()]
        while self.accept(","):
            found.append(one())
        self.expect(")")
        return found

    def array(self) -> Node:
        return self.items() if self.token.word == "(" else self.expression(0)

    def geometry(self, word: str) -> Node:
        self.accept("Z")
        kind = _GEOMETRIES[word]
        if kind == "GeometryCollection":
            return {"type": kind, "geometries": self.several(self.member)}
        return {"type": kind, "coordinates": self.coordinates(kind)}

    def member(self) -> Node:
        token = self.take()
        if token.word not in _GEOMETRIES or token.word == "GEOMETRYCOLLECTION":
            raise self.unexpected(token)
        return self.geometry(token.word)

    def coordinates(self, kind: str) -> Node:
        if kind == "Point":
            self.expect("(")
            position = self.position()
            self.expect(")")
            return position
        if kind == "MultiPoint":
            return self.several(self.point)
        if kind == "LineString":
            return self.line()
        if kind == "MultiPolygon":
            return self.several(self.lines)
        return self.lines()

    def lines(self) -> Node:
        return self.several(self.line)

    def line(self) -> Node:
        return self.several(self.position)

    def point(self) -> Node:
        """Of a MULTIPOINT: in parentheses of its own or not, both are about."""
        return self.coordinates("Point") if self.token.word == "(" else self.position()

    def position(self) -> Node:
        position = [self.coordinate(), self.coordinate()]
        if self.token.kind == "number" or self.token.word in {"-", "+"}:
            position.append(self.coordinate())
        return position

    def coordinate(self) -> Node:
        negative = self.sign()
        if self.token.kind != "number":
            raise self.unexpected()
        number = _number(self.take().value)
        return -number if negative else number


def _number(digits: str) -> int | float:
    return int(digits) if digits.isdigit() and len(digits) < 100 else float(digits)


def _unescaped(match: re.Match[str]) -> str:
    return "'" if match[1] is None else _ESCAPED.get(match[1], match[0])
