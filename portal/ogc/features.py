"""Items of a collection and one item: one statement each that returns the text of the features.

This is the hot path: no object is made of a feature, and the answer is joined as text once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib.crs import CRS
from lib.geojson import MEDIA_TYPE as GEOJSON
from lib.geojson import to_json
from lib.http import refusable
from lib.paging import DEFAULT_LIMIT, MAX_LIMIT
from lib.parameters import Refusal, one_of, read, some_of, whole_number
from lib.prepared import execute
from portal.layer import Layer
from portal.relation import Relation, feature_sql, relation

from .answers import HTML, JSON, address, known_layer, link, media_type, own_links
from .conditions import OWN_PARAMETERS, Condition, conditions, filterable, system_of
from .html import item_page, items_page
from .paging import Order, order_of

FORMATS = (GEOJSON, JSON, HTML)
# A table up to this size is counted within milliseconds, so that its pages tell how many features match.
COUNTED_UP_TO_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Question:
    """What a page is asked for: rows of ``found``, of them those with all of ``asked``, the fields of ``shown``."""

    found: Relation
    shown: Relation
    system: CRS
    asked: list[Condition]
    order: Order
    after: Condition | None
    limit: int


@dataclass(frozen=True)
class Page:
    """Texts of features; ``key`` is what the last is ordered by if there is a next page; ``matched`` None if not counted."""

    features: list[str]
    key: str | None
    matched: int | None


@lru_cache(maxsize=128)
def known_parameters(layer: Layer) -> frozenset[str]:
    return OWN_PARAMETERS.union(field.name for field in filterable(layer))


@require_safe
@refusable
def items(request: HttpRequest, layer_id: str) -> HttpResponse:
    layer = known_layer(layer_id)
    given = read(request.GET, known_parameters(layer))
    chosen = media_type(request, given, *FORMATS)
    found, order = relation(layer, request.user), order_of(layer, given.get("sortby", ""))
    question = Question(
        found=found,
        shown=_shown(found, given),
        system=system_of(given, "crs"),
        asked=conditions(layer, given),
        order=order,
        after=order.after(given["cursor"]) if "cursor" in given else None,
        limit=whole_number(given, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT),
    )
    page = _read(question, is_counted="count" in given and one_of(given, "count", ("exact",), "") == "exact")

    base = request.build_absolute_uri(request.path)
    links = own_links(base, given, chosen, GEOJSON)
    links.append(link(base.removesuffix("/items"), "collection", JSON, _("Collection")))
    if page.key is not None:
        links.append(link(address(base, given, cursor=order.cursor(page.key)), "next", chosen, _("Next page")))
    members: dict[str, Any] = {
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "numberReturned": len(page.features),
    }
    if page.matched is not None:
        members["numberMatched"] = page.matched
    members["links"] = links
    text = f'{{"type":"FeatureCollection",{to_json(members)[1:-1]},"features":[{",".join(page.features)}]}}'
    if chosen == HTML:
        return items_page(request, layer, json.loads(text), question.shown.fields)
    return _answer(text, chosen, question.system)


@require_safe
@refusable
def item(request: HttpRequest, layer_id: str, code: str) -> HttpResponse:
    layer = known_layer(layer_id)
    given = read(request.GET, {"f", "crs", "properties"})
    chosen = media_type(request, given, *FORMATS)
    system = system_of(given, "crs")
    found = relation(layer, request.user)
    shown = _shown(found, given)
    with connection.cursor() as cursor:
        # To plan it takes seven times as long as to run it.
        statement = cursor.mogrify(f"SELECT {feature_sql(shown, system)} FROM {found.sql}", found.params).decode()
        execute(cursor, f"{statement} WHERE f.code = $1", [code], keep=request.user.is_anonymous and given.keys() <= {"f"})
        row = cursor.fetchone()
    if row is None:
        raise Refusal(status=404, detail=_("There is no feature with this code."))
    base = request.build_absolute_uri(request.path)
    links = own_links(base, given, chosen, GEOJSON)
    links.append(link(base.removesuffix(f"/items/{code}"), "collection", JSON, _("Collection")))
    text = f'{row[0][:-1]},"links":{to_json(links)}}}'
    if chosen == HTML:
        return item_page(request, layer, json.loads(text), shown.fields)
    return _answer(text, chosen, system)


def _answer(text: str, chosen: str, system: CRS) -> HttpResponse:
    response = HttpResponse(text, content_type=chosen)
    response.headers["Content-Crs"] = f"<{system.uri}>"
    patch_vary_headers(response, ["Accept"])
    return response


def _shown(found: Relation, given: Mapping[str, str]) -> Relation:
    """With the fields that ``properties`` names only. Errors: Refusal."""
    if "properties" not in given:
        return found
    names = some_of(given, "properties", [field.name for field in found.layer.fields])
    return replace(found, fields=found.layer.chosen(names))


def _read(question: Question, *, is_counted: bool) -> Page:
    """A page in one statement, with the count of all that match if it is asked for.

    One row more than the page holds tells whether there is a next page. Each feature comes as a row: PostgreSQL takes longer
    to join their texts than psycopg2 to fetch them.
    """
    found, asked, order, limit = question.found, question.asked, question.order, question.limit
    where, where_params = _where([*asked, question.after] if question.after else asked)
    count, count_params = _count_sql(found, asked)
    rows_of: Any = found.layer.queryset
    table = connection.ops.quote_name(rows_of.model._meta.db_table)
    statement = (
        f"SELECT {feature_sql(question.shown, question.system)}, {order.key_sql}, (SELECT pg_relation_size(%s)),"
        f" {count if is_counted else 'NULL'} FROM {found.sql}{where} ORDER BY {order.sql} LIMIT {limit + 1}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [table, *(count_params if is_counted else []), *found.params, *where_params])
        rows = cursor.fetchall()
        features = [row[0] for row in rows[:limit]]
        key = rows[limit - 1][1] if len(rows) > limit else None
        if key is None and question.after is None:
            return Page(features, key, len(features))
        if rows and is_counted:
            return Page(features, key, rows[0][3])
        if is_counted or (rows and rows[0][2] <= COUNTED_UP_TO_BYTES):
            cursor.execute(f"SELECT {count}", count_params)
            return Page(features, key, cursor.fetchone()[0])
    return Page(features, key, None)


def _count_sql(found: Relation, asked: list[Condition]) -> tuple[str, list[Any]]:
    where, params = _where(asked)
    return f"(SELECT count(*) FROM {found.sql}{where})", [*found.params, *params]


def _where(asked: list[Condition]) -> tuple[str, list[Any]]:
    if not asked:
        return "", []
    return " WHERE " + " AND ".join(condition.sql for condition in asked), [
        value for condition in asked for value in condition.params
    ]
