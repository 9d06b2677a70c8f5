"""Search: the records of all layers by a part of a name, by its sound or initials in pinyin, or by code; the best first.

The keys of the records (lib.naming) give the likely ones, patterns tell the true ones and how well they match. Each layer
gives at most MOST_LIKELY, so that no query costs more, and beside them those that have exactly that name or code.
"""

import re
from functools import lru_cache
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib.http import refusable
from lib.naming import CODE, MOST_TEXTS, NAME, OTHER, SOUND, Query, folded, heard_as, query_of
from lib.openapi import one_path, parameter, record_of, several, whole
from lib.parameters import Refusal, read, some_of, whole_number
from lib.prepared import execute

from . import layers
from .layer import Layer
from .relation import Relation, relation

MOST_CHARACTERS = 100
DEFAULT_LIMIT, MOST_RESULTS = 10, 50
MOST_LIKELY, MOST_EXACT = 300, 50

_FIELDS = ("name_en", "aliases", "county", "counties", "location_precision")
_MATCHES = {NAME: "name", OTHER: "other_name", SOUND: "pinyin", CODE: "code"}


@require_safe
@refusable
def search(request: HttpRequest) -> HttpResponse:
    given = read(request.GET, {"q", "layers", "limit"})
    query = _query(given)
    published = {layer.id: layer for layer in layers.published()}
    wanted = [published[name] for name in some_of(given, "layers", published)]
    limit = whole_number(given, "limit", DEFAULT_LIMIT, 1, MOST_RESULTS)
    relations = tuple(relation(layer, request.user, _FIELDS, ("search_keys",)) for layer in wanted)
    results, truncated = [], False
    if query:
        rows = _rows(query, relations, limit + 1, keep=request.user.is_anonymous)
        results, truncated = [_result(wanted[row["layer"]], row, query) for row in rows[:limit]], len(rows) > limit
    body = {"results": results, "truncated": truncated}
    return JsonResponse(body, json_dumps_params={"ensure_ascii": False})


def _query(given: dict[str, str]) -> Query | None:
    text = given.get("q")
    if text is None:
        raise Refusal({"q": _("The parameter %(name)s is missing.") % {"name": "q"}})
    # Some characters unfold to many.
    if len(text) > MOST_CHARACTERS or len(folded(text)) > MOST_CHARACTERS:
        raise Refusal({"q": _("Give at most %(count)s characters.") % {"count": MOST_CHARACTERS}})
    return query_of(text)


def _rows(query: Query, relations: tuple[Relation, ...], limit: int, *, keep: bool) -> list[dict[str, Any]]:
    likely = [list(keys) for keys in query.likely]
    patterns = [f"(?n){pattern}" for pattern in query.patterns]
    statement = _statement(relations, len(likely), len(patterns))
    with connection.cursor() as cursor:
        execute(cursor, statement, [limit, list(query.exact), *likely, *patterns], keep=keep)
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


@lru_cache(maxsize=256)
def _statement(relations: tuple[Relation, ...], ways: int, patterns: int) -> str:
    """The statement with $1 for the limit, $2 for the keys of exact matches, then each way to be likely and each pattern."""
    with connection.cursor() as cursor:
        parts = [
            cursor.mogrify(_likely(number, found, ways), found.params * 2).decode() for number, found in enumerate(relations)
        ]
    ranks = " ".join(f"WHEN texts ~ ${3 + ways + rank} THEN {rank}" for rank in range(patterns))
    # Of two that match as well, the shorter name comes first, then what is further down in the layer control: the place
    # before what is in it.
    order = "rank, length(name), layer DESC, code"
    return f"""
    WITH best AS (
        SELECT * FROM ({" UNION ALL ".join(parts)}) AS likely,
            LATERAL (SELECT array_to_string(search_keys[:{MOST_TEXTS}], E'\\n') AS texts OFFSET 0) AS t,
            LATERAL (SELECT CASE {ranks} END AS rank OFFSET 0) AS r
        WHERE rank IS NOT NULL ORDER BY {order} LIMIT $1
    )
    SELECT layer, code, name, name_en, aliases, counties, location_precision, rank, texts, ST_X(point) AS lon, ST_Y(point) AS lat
    FROM best, LATERAL (SELECT ST_PointOnSurface(geom) AS point OFFSET 0) AS p ORDER BY {order}
    """


def _likely(number: int, found: Relation, ways: int) -> str:
    columns = f"""
        SELECT {number} AS layer, f.code::text, f.name::text, {_column(found.layer, "name_en")} AS name_en,
            {_column(found.layer, "aliases", "text[]")} AS aliases, {_counties(found.layer)} AS counties,
            {_column(found.layer, "location_precision")} AS location_precision, f.geom, f.search_keys
        FROM {found.sql}
    """
    conditions = " OR ".join(f"f.search_keys @> ${3 + way}" for way in range(ways))
    return f"""
        (SELECT * FROM ({columns} WHERE f.search_keys && $2 LIMIT {MOST_EXACT}) AS exact) UNION ALL
        SELECT * FROM ({columns} WHERE {conditions} LIMIT {MOST_LIKELY}) AS likely WHERE NOT search_keys && $2
    """


def _column(layer: Layer, name: str, kind: str = "text") -> str:
    return f"f.{name}::{kind}" if layer.field(name) else f"NULL::{kind}"


def _counties(layer: Layer) -> str:
    return "array_remove(ARRAY[f.county::text], NULL)" if layer.field("county") else _column(layer, "counties", "text[]")


def _result(layer: Layer, row: dict[str, Any], query: Query) -> dict[str, Any]:
    pattern = query.patterns[row["rank"]]
    mark, text = next((line[0], line[1:]) for line in row["texts"].split("\n") if re.search(pattern, line))
    return {
        "layer": layer.id,
        "layer_title": str(layer.title),
        "code": row["code"],
        "name": row["name"],
        "name_en": row["name_en"] or "",
        "match": _MATCHES[mark],
        "matched": _matched(mark, text, row),
        "counties": row["counties"] or [],
        "location_precision": row["location_precision"],
        "point": None if row["lon"] is None else [round(row["lon"], 6), round(row["lat"], 6)],
        "url": _page(layer, row["code"]),
    }


def _matched(mark: str, text: str, row: dict[str, Any]) -> str:
    """The name that was hit, as the record writes it."""
    if mark == CODE:
        return str(row["code"])
    names = [row["name"], *filter(None, [row["name_en"]]), *(row["aliases"] or [])]
    if mark == SOUND:
        return next((name for name in names if text in heard_as(name)), text)
    return next((name for name in names if folded(name) == text), text)


def _page(layer: Layer, code: str) -> str | None:
    """The address of the record's page; a kind that comes by the thousand has none."""
    model: Any = layer.queryset.model if layer.queryset is not None else None
    return model(code=code).get_absolute_url() if hasattr(model, "get_absolute_url") else None


_RESULT = record_of(
    {
        "layer": {"type": "string"},
        "layer_title": {"type": "string", "description": "In the language of the request."},
        "code": {"type": "string"},
        "name": {"type": "string"},
        "name_en": {"type": "string"},
        "match": {"type": "string", "enum": list(_MATCHES.values()), "description": "What was hit; pinyin includes initials."},
        "matched": {"type": "string", "description": "The name that was hit, or the code."},
        "counties": {"type": "array", "items": {"type": "string"}, "description": "Codes of the counties that the record is in."},
        "location_precision": {"type": ["string", "null"]},
        "point": {
            "type": ["array", "null"],
            "items": {"type": "number"},
            "minItems": 2,
            "maxItems": 2,
            "description": "Longitude and latitude of a point on it; null when the location is not known.",
        },
        "url": {"type": ["string", "null"], "description": "The path of its page; null for what has none."},
    }
)
PATHS = {
    "/api/v1/search": one_path(
        "search",
        "search",
        "Records by name, pinyin or code",
        "Finds records of all layers by a part of a name in Chinese, by another name, by pinyin or its initials, or by code. "
        "A name in Latin letters is found by the beginning of any of its words, pinyin by the beginning of any syllable, "
        "with or without tones. The best comes first: the whole name or code, the beginning of a name, a part of it, its sound, "
        "the beginning of a code. "
        f"Of more than {MOST_LIKELY} likely records of a layer, {MOST_LIKELY} are looked at.",
        [
            parameter("q", "What to look for.", {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS}, required=True),
            parameter("layers", "Where to look; all by default.", several(layer.id for layer in layers.published())),
            parameter("limit", "The most results to give.", whole(1, MOST_RESULTS, DEFAULT_LIMIT)),
        ],
        {
            "application/json": record_of(
                {
                    "results": {"type": "array", "items": _RESULT},
                    "truncated": {"type": "boolean", "description": "Whether more records match."},
                }
            )
        },
    )
}
