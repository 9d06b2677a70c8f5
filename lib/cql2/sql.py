"""From the tree of CQL2 JSON to SQL: the operators and functions, with the number and types of their arguments."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby
from typing import Any

from django.utils.translation import gettext as _

from ..crs import CRS
from .geometry import geometry_of
from .terms import Term, alike, day, decimal, instant, instants, label_of, listed, literal, made, refusal, shown, text, timestamp
from .text import MAX_DEPTH, Node

MAX_CONDITIONS = 200
MAX_ITEMS = 1000  # of a list
MAX_OPERATIONS = 50  # of arithmetic
MAX_FOLDINGS = 200  # CASEI and ACCENTI, which are long in SQL
MAX_PATTERN = 500  # characters
MAX_VERTICES = 20_000  # of all geometries, with those that straight lines of a projected CRS are given


@dataclass(frozen=True)
class Column:
    """A property to filter by: ``sql``, declared and never from a request (% doubled), and the type of what it gives.

    The types are text, texts (a list), integer, number, boolean, date, timestamp (with time zone), geometry (storage CRS).
    """

    sql: str
    type: str


_COMPARISONS = {"=", "<>", "<", ">", "<=", ">="}
_SPATIAL = {
    "s_intersects": "ST_Intersects",
    "s_equals": "ST_Equals",
    "s_disjoint": "ST_Disjoint",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
    "s_contains": "ST_Contains",
}
# {0} and {1} are start and end of the first operand, {2} and {3} of the second. After OWL-Time: the table of the standard has
# changed the places of starts and startedBy, its test data has not.
_TEMPORAL = {
    "t_after": "({0} > {3})",
    "t_before": "({1} < {2})",
    "t_disjoint": "({0} > {3} OR {1} < {2})",
    "t_equals": "({0} = {2} AND {1} = {3})",
    "t_intersects": "({0} <= {3} AND {1} >= {2})",
}
_OF_INTERVALS = {
    "t_contains": "({0} < {2} AND {1} > {3})",
    "t_during": "({0} > {2} AND {1} < {3})",
    "t_finishedBy": "({0} < {2} AND {1} = {3})",
    "t_finishes": "({0} > {2} AND {1} = {3})",
    "t_meets": "({1} = {2})",
    "t_metBy": "({0} = {3})",
    "t_overlappedBy": "({0} > {2} AND {0} < {3} AND {1} > {3})",
    "t_overlaps": "({0} < {2} AND {1} > {2} AND {1} < {3})",
    "t_startedBy": "({0} = {2} AND {1} > {3})",
    "t_starts": "({0} = {2} AND {1} < {3})",
}
_ARRAYS = {
    "a_equals": "({0} @> {1} AND {0} <@ {1})",
    "a_contains": "({0} @> {1})",
    "a_containedBy": "({0} <@ {1})",
    "a_overlaps": "({0} && {1})",
}
_SQL_TYPES = {"number": "numeric", "decimal": "numeric", "timestamp": "timestamptz"}
# On decimals, since integers and floats of PostgreSQL can overflow, which is an error and no answer.
_ARITHMETIC = {
    "+": "({0} + {1})",
    "-": "({0} - {1})",
    "*": "({0} * {1})",
    "/": "({0} / NULLIF({1}, 0))",
    "%": "mod({0}, NULLIF({1}, 0))",
    "div": "div({0}, NULLIF({1}, 0))",
    # OFFSET 0 keeps the planner from writing the operands out at each place.
    "^": (
        "(SELECT CASE WHEN e = 0 THEN 1 WHEN b = 0 AND e > 0 THEN 0 WHEN b = 0 OR abs(e) > 1000 THEN NULL"
        " WHEN b < 0 AND e <> trunc(e) THEN NULL WHEN abs(b) > 1e100 OR abs(b) < 1e-100 THEN NULL"
        " WHEN abs(e * ln(abs(b))) > 200 THEN NULL ELSE power(b, e) END"
        " FROM (SELECT {0} AS b, {1} AS e OFFSET 0) AS operands)"
    ),
}
# Full case folding, as the standard asks: by way of upper case, which makes SS of ß. Of all characters only the dotless i (which
# would become i) and the sigma at the end of a word need help. Tests compare it with Python's casefold().
_CASEI = (
    """(translate(lower(upper(lower(translate({0}, 'ı', E'\\uFDD0') COLLATE "und-x-icu"))), E'ς\\uFDD0', 'σı') COLLATE "C")"""
)
_ACCENTI = """(normalize(regexp_replace(normalize({0}, NFD), {1}, '', 'g'), NFC) COLLATE "C")"""

_WILDCARDS = re.compile(r"(\\.)|%+", re.DOTALL)


def translated(tree: Node, columns: Mapping[str, Column], system: CRS) -> tuple[str, list[Any]]:
    """The condition and its parameters. Errors: Refusal."""
    found = _Translator(columns, system).term(tree)
    if found.type != "boolean":
        raise refusal(_("The filter must be a condition, not %(what)s.") % {"what": found})
    return found.sql, list(found.params)


class _Translator:
    def __init__(self, columns: Mapping[str, Column], system: CRS) -> None:
        self.columns = columns
        self.system = system
        self.depth = 0
        self.conditions = 0
        self.operations = 0
        self.foldings = 0
        self.vertices = 0

    def term(self, node: Node) -> Term:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise refusal(_("The filter is nested too deep."))
        found = self.members(node) if isinstance(node, dict) else literal(node)
        self.depth -= 1
        return found

    def terms(self, nodes: Sequence[Node]) -> list[Term]:
        return [self.term(node) for node in nodes]

    def typed(self, name: str, kinds: set[str], nodes: Sequence[Node]) -> list[Term]:
        found = self.terms(nodes)
        for term in found:
            if term.type not in kinds:
                needed = label_of(min(kinds))
                sentence = _("%(operator)s takes %(needed)s, not %(given)s.")
                raise refusal(sentence % {"operator": name.upper(), "needed": needed, "given": term})
        return found

    def members(self, node: dict[str, Node]) -> Term:
        names = node.keys()
        if names == {"op", "args"}:
            return self.operation(node["op"], node["args"])
        if names == {"property"}:
            return self.property(node["property"])
        if names == {"date"}:
            return day(node["date"])
        if names == {"timestamp"}:
            return timestamp(node["timestamp"])
        if names == {"interval"}:
            raise refusal(_("An interval stands in temporal functions only."))
        if names == {"bbox"} or ("type" in names and names <= {"type", "coordinates", "geometries", "bbox"}):
            geometry = geometry_of(node, self.system)
            self.vertices += geometry.num_coords
            if self.vertices > MAX_VERTICES:
                raise refusal(_("The geometries of a filter have %(limit)s vertices at most.") % {"limit": MAX_VERTICES})
            return Term("%s::geometry", (geometry.hexewkb.decode(),), "geometry", geometry)
        raise refusal(_("CQL2 has no object with the members %(names)s.") % {"names": shown(", ".join(names))})

    def property(self, name: Any) -> Term:
        column = self.columns.get(name) if isinstance(name, str) else None
        if column is None:
            raise refusal(_("There is no property %(name)s to filter by.") % {"name": shown(name)})
        if column.type == "texts":  # PostgreSQL compares no list of varchar with a list of text
            return Term(f"{column.sql}::text[]", (), "texts", name=name)
        return Term(column.sql, (), {"integer": "number"}.get(column.type, column.type), name=name)

    def operation(self, name: Any, args: Any) -> Term:
        if not isinstance(name, str) or not isinstance(args, list):
            raise refusal(_("An operation of the filter has a name and a list of arguments."))
        if name in {"and", "or"}:
            if len(args) < 2:
                raise refusal(_("%(operator)s takes two conditions or more.") % {"operator": name.upper()})
            return made("({0})", [listed(self.typed(name, {"boolean"}, args), f" {name.upper()} ")])
        if name == "not":
            return made("(NOT {0})", self.typed(name, {"boolean"}, _counted(name, args, 1)))
        if name in _ARITHMETIC:
            self.operations += 1
            if self.operations > MAX_OPERATIONS:
                raise refusal(_("A filter has %(limit)s operations of arithmetic at most.") % {"limit": MAX_OPERATIONS})
            numbers = self.typed(name, {"number", "decimal"}, _counted(name, args, 2))
            return made(_ARITHMETIC[name], [decimal(term) for term in numbers], "decimal")
        if name in {"casei", "accenti"}:
            return self.folded(name, self.typed(name, {"text"}, _counted(name, args, 1)))
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise refusal(_("A filter has %(limit)s conditions at most.") % {"limit": MAX_CONDITIONS})
        return self.predicate(name, args)

    def predicate(self, name: str, args: list[Node]) -> Term:
        if name == "isNull":
            return made("({0} IS NULL)", self.terms(_counted(name, args, 1)))
        if name in _COMPARISONS:
            return _compared(name, *alike(self.terms(_counted(name, args, 2))))
        if name == "between":
            value, low, high = alike(self.terms(_counted(name, args, 3)))
            return made("({0} AND {1})", [_compared(">=", value, low), _compared("<=", value, high)])
        if name == "in":
            value, items = _counted(name, args, 2)
            value, *items = alike(self.terms([value, *_short(items)]))
            return made("({0} IN ({1}))", [value, listed(items)])
        if name == "like":
            value, pattern = _counted(name, args, 2)
            return made("({0} LIKE {1})", [*self.typed(name, {"text"}, [value]), self.pattern(pattern)])
        if name in _SPATIAL:
            return self.spatial(name, args)
        if name in _TEMPORAL or name in _OF_INTERVALS:
            return self.temporal(name, args)
        if name in _ARRAYS:
            return made(_ARRAYS[name], _same_lists([self.array(node) for node in _counted(name, args, 2)]))
        raise refusal(_("There is no function %(name)s here.") % {"name": shown(name)})

    def pattern(self, node: Node) -> Term:
        foldings: list[str] = []
        while isinstance(node, dict) and node.get("op") in ("casei", "accenti") and isinstance(node.get("args"), list):
            foldings.append(node["op"])
            [node] = _counted(node["op"], node["args"], 1)
        if not isinstance(node, str):
            raise refusal(_("The pattern of LIKE is a text between quotation marks."))
        if len(node) > MAX_PATTERN:
            raise refusal(_("The pattern of LIKE has %(limit)s characters at most.") % {"limit": MAX_PATTERN})
        # %% means the same as %, and each would be a loop inside the other.
        pattern = _WILDCARDS.sub(lambda match: match[1] or "%", node)
        if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
            raise refusal(_("The pattern of LIKE ends with a backslash that escapes nothing."))
        if len(foldings) > MAX_DEPTH:
            raise refusal(_("The filter is nested too deep."))
        found = text(pattern)
        for name in reversed(foldings):
            found = self.folded(name, [found])
        return found

    def folded(self, name: str, terms: Sequence[Term]) -> Term:
        self.foldings += 1
        if self.foldings > MAX_FOLDINGS:
            raise refusal(_("A filter has CASEI and ACCENTI %(limit)s times at most.") % {"limit": MAX_FOLDINGS})
        if name == "casei":
            return made(_CASEI, terms, "text")
        return made(_ACCENTI, [*terms, text(_marks())], "text")

    def spatial(self, name: str, args: list[Node]) -> Term:
        terms = self.typed(name, {"geometry"}, _counted(name, args, 2))
        collected = any(term.value is not None and term.value.geom_type == "GeometryCollection" for term in terms)
        if collected and name not in {"s_intersects", "s_disjoint"}:
            raise refusal(_("%(operator)s is not defined for geometry collections.") % {"operator": name.upper()})
        if name == "s_equals":  # the same both ways, and PostGIS finds an index by the first argument only
            terms.sort(key=lambda term: term.value is not None)
        return made(f"{_SPATIAL[name]}({{0}}, {{1}})", terms)

    def temporal(self, name: str, args: list[Node]) -> Term:
        _counted(name, args, 2)
        if name in _OF_INTERVALS and not all(isinstance(node, dict) and "interval" in node for node in args):
            raise refusal(_("%(operator)s takes two intervals.") % {"operator": name.upper()})
        bounds = instants([bound for node in args for bound in self.bounds(name, node)])
        for start, end in (bounds[:2], bounds[2:]):
            if start.value is not None and end.value is not None and start.value > end.value:
                raise refusal(_("An interval of the filter ends before it starts."))
        kind = "date" if any(bound.type == "date" for bound in bounds) else "timestamptz"
        bounds = [made(f"{{0}}::{kind}", [bound]) if bound.type == "open" else bound for bound in bounds]
        return made(_TEMPORAL.get(name) or _OF_INTERVALS[name], bounds)

    def bounds(self, name: str, node: Node) -> list[Term]:
        """Start and end; those of an instant are the same."""
        if not isinstance(node, dict) or node.keys() != {"interval"}:
            return self.typed(name, {"date", "timestamp"}, [node]) * 2
        nodes = node["interval"]
        if not isinstance(nodes, list) or len(nodes) != 2:
            raise refusal(_("An interval has a start and an end, '..' for one that is open."))
        return [self.bound(name, nodes[0], "-infinity"), self.bound(name, nodes[1], "infinity")]

    def bound(self, name: str, node: Node, infinity: str) -> Term:
        if node == "..":
            return Term(f"'{infinity}'", (), "open")
        return instant(node) if isinstance(node, str) else self.typed(name, {"date", "timestamp"}, [node])[0]

    def array(self, node: Node) -> Term:
        if not isinstance(node, list):
            return self.typed("A_…", {"texts"}, [node])[0]
        if not node:
            return Term("'{}'", (), "empty")
        terms = alike(self.terms(_short(node)))
        kind = _SQL_TYPES.get(terms[0].type, terms[0].type)
        return made(f"ARRAY[{{0}}]::{kind}[]", [listed(terms)], "texts" if kind == "text" else f"{kind}[]")


def _counted(name: str, args: list[Node], count: int) -> list[Node]:
    if len(args) != count:
        raise refusal(_("The number of arguments of %(operator)s is %(count)s.") % {"operator": name.upper(), "count": count})
    return args


def _short(items: Any) -> list[Node]:
    if not isinstance(items, list) or not items:
        raise refusal(_("A list of the filter has no items."))
    if len(items) > MAX_ITEMS:
        raise refusal(_("A list of the filter has %(limit)s items at most.") % {"limit": MAX_ITEMS})
    return items


def _compared(operator: str, left: Term, right: Term) -> Term:
    # Whether two texts are equal doesn't depend on a collation, and an index knows only its own.
    collation = ' COLLATE "C"' if left.type == "text" and operator not in {"=", "<>"} else ""
    return made(f"({{0}}{collation} {operator} {{1}})", [left, right])


def _same_lists(lists: Sequence[Term]) -> Sequence[Term]:
    kinds = {term.type for term in lists} - {"empty"} or {"texts"}
    if len(kinds) > 1:
        raise refusal(_("%(left)s can't be compared with %(right)s.") % {"left": lists[0], "right": lists[1]})
    sql_type = {"texts": "text[]"}.get(min(kinds), min(kinds))
    return [made(f"{{0}}::{sql_type}", [term]) for term in lists]


@lru_cache(maxsize=1)
def _marks() -> str:
    """A regular expression for the marks that stand on letters, without the two that make other letters in Japanese."""
    planes = chain(range(0x300, 0x20000), range(0xE0100, 0xE01F0))  # there are none between
    marks = [point for point in planes if unicodedata.category(chr(point)) == "Mn" and point not in {0x3099, 0x309A}]
    runs = [[point for _place, point in run] for _start, run in groupby(enumerate(marks), lambda pair: pair[1] - pair[0])]
    return "[" + "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs) + "]"
