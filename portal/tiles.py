"""Vector tiles (MVT 2.1) of one published layer or several, and their TileJSON 3.0.0.

A tile is one statement, which also reads how often the tables behind it have changed; a reader who holds that state already
costs a look-up of that count alone. The validator is a hash of the statement with that count, so a change of a record or of
one that it refers to, another filter, another right and another declaration each give another.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import count
from typing import Any

from django.contrib.gis.db.models import Extent
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from lib.http import refusable
from lib.mvt import MAX_ZOOM, Tile
from lib.parameters import Refusal, read
from lib.prepared import execute
from lib.units import UNITS
from zones.boundaries import CREDIT
from zones.models import County, TableChange

from . import layers
from .layer import Field, Layer
from .relation import Relation, relation, relation_of
from .tile_sql import FULL_DETAIL_ZOOM, MAX_FEATURES, is_kept, tile_fields, tile_sql

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
MAX_LAYERS = 8

_TAG = re.compile(r'(?:W/)?"([0-9a-f]{16})-([0-9]{1,18})"')

# With the number of the day, because what is in force changes at midnight without a row being touched.
_VERSION = f"""
SELECT coalesce(sum(changes), 0)::bigint + ((now() AT TIME ZONE 'Asia/Shanghai')::date - date '2026-01-01')
FROM {TableChange._meta.db_table} WHERE table_name = ANY(%s)
"""


@require_safe
@refusable
def tile(request: HttpRequest, ids: str, z: str, x: str, y: str) -> HttpResponse:
    chosen = _chosen(ids)
    return tile_response(request, chosen, z, x, y, read(request.GET, _filter_names(chosen)))


@require_safe
@refusable
def tile_json(request: HttpRequest, ids: str) -> HttpResponse:
    chosen = _chosen(ids)
    filters = read(request.GET, _filter_names(chosen))
    _relations(request, chosen, filters)  # refuses a value now, not tile by tile
    template = request.build_absolute_uri(request.path.removesuffix(".json")) + "/{z}/{x}/{y}.mvt"
    body = {
        "tilejson": "3.0.0",
        "name": pgettext("between the items of a list", ", ").join(str(layer.title) for layer in chosen),
        "description": " ".join(str(layer.source_note) for layer in chosen),
        "attribution": CREDIT,
        "scheme": "xyz",
        "tiles": [f"{template}?{request.GET.urlencode()}" if filters else template],
        "minzoom": min(_first_zoom(layer) for layer in chosen),
        "maxzoom": FULL_DETAIL_ZOOM,
        "vector_layers": [_vector_layer(layer) for layer in chosen],
    }
    if bounds := County.objects.aggregate(extent=Extent("boundary"))["extent"]:
        body["bounds"] = list(bounds)
    return JsonResponse(body, json_dumps_params={"ensure_ascii": False})


def tile_response(
    request: HttpRequest, chosen: Sequence[Layer], z: str, x: str, y: str, filters: Mapping[str, str] | None = None
) -> HttpResponse:
    """The tile of these layers as the reader may see them, 304 when it is the one that the request names.

    ``filters`` are parameters of the filter set of a single layer. Errors: Refusal, 404 for an address that is none.
    """
    address = Tile.parse(z, x, y)
    if address is None:
        detail = _("There is no tile at this address: z is a whole number from 0 to %(zoom)s, x and y from 0 to 2^z - 1.")
        raise Refusal(status=404, detail=detail % {"zoom": MAX_ZOOM})
    found = _relations(request, chosen, filters or {})
    tag, content = _read(found, address, request.headers.get("If-None-Match", ""))
    response = HttpResponseNotModified() if content is None else HttpResponse(content, content_type=MEDIA_TYPE)
    response.headers["ETag"] = tag
    # no-cache: a cache may keep it and asks each time, because the next answer may be another.
    response.headers["Cache-Control"] = "public, no-cache" if request.user.is_anonymous else "private, no-cache"
    patch_vary_headers(response, ["Cookie"])
    return response


def _chosen(ids: str) -> list[Layer]:
    names = ids.split(",")
    if len(names) > MAX_LAYERS or len(set(names)) < len(names):
        detail = _("Name each layer once, and at most %(count)s of them.") % {"count": MAX_LAYERS}
        raise Refusal(status=404, detail=detail)
    chosen = []
    for name in names:
        layer = layers.find(name)
        if layer is None:
            raise Refusal(status=404, detail=_("There is no layer %(name)s.") % {"name": name[:80]})
        chosen.append(layer)
    return chosen


def _filter_names(chosen: Sequence[Layer]) -> set[str]:
    """A tile has no order, and its box is its own. What filters one layer means nothing for the other."""
    return set(chosen[0].filterset.base_filters) - {"bbox", "ordering"} if len(chosen) == 1 else set()


def _relations(request: HttpRequest, chosen: Sequence[Layer], filters: Mapping[str, str]) -> tuple[Relation, ...]:
    return tuple(_relation(request, layer, filters) for layer in chosen)


def _relation(request: HttpRequest, layer: Layer, filters: Mapping[str, str]) -> Relation:
    sums = layer.aggregate.sums if layer.aggregate else ()
    names = (*layer.tile_fields, *sums)
    if not filters:
        return relation(layer, request.user, names)
    chosen = layer.filterset(filters, layer.visible_to(request.user))
    if not chosen.is_valid():
        raise Refusal({name: " ".join(messages) for name, messages in chosen.errors.items()})
    return relation_of(layer, chosen.qs, names)


@dataclass(frozen=True)
class _Statement:
    """SQL for the version of a tile and its bytes. With ``values`` it is one that PostgreSQL plans once (lib.prepared)."""

    sql: str
    values: tuple[Any, ...]
    digest: str


def _read(found: tuple[Relation, ...], address: Tile, held: str) -> tuple[str, bytes | None]:
    """The validator of the tile and its bytes, None for the bytes that the header If-None-Match says the reader holds."""
    made = _statement(found, address)
    known = {int(version) for start, version in _TAG.findall(held) if start == made.digest}
    if known or held.strip() == "*":
        version = _version(_tables(found))
        if version in known or not known:
            return f'"{made.digest}-{version}"', None
    with connection.cursor() as cursor:
        version, content = _made(cursor, made)
        if content is None:
            made = _statement(found, address, is_crowded=True)
            version, content = _made(cursor, made)
    return f'"{made.digest}-{version}"', bytes(content)


@lru_cache(maxsize=2048)
def _statement(found: tuple[Relation, ...], address: Tile, *, is_crowded: bool = False) -> _Statement:
    parts = [tile_sql(one, address, is_crowded=is_crowded) for one in found]
    sql = f"SELECT ({_VERSION}), {' || '.join(text for text, _params in parts)}"
    values = [_tables(found), *(value for _text, params in parts for value in params)]
    with connection.cursor() as cursor:
        # As PostgreSQL gets it, because not every parameter has a repr that tells its value.
        text = cursor.mogrify(sql, values).decode()
    digest = blake2b(text.encode(), digest_size=8).hexdigest()
    if all(is_kept(one, address) for one in found):
        numbers = count(1)
        numbered = re.sub("%[s%]", lambda place: f"${next(numbers)}" if place[0] == "%s" else "%", sql)
        return _Statement(numbered, tuple(values), digest)
    return _Statement(text, (), digest)


def _tables(found: tuple[Relation, ...]) -> list[str]:
    return sorted(frozenset[str]().union(*(one.tables for one in found)))


def _made(cursor: Any, statement: _Statement) -> tuple[int, Any]:
    if statement.values:
        execute(cursor, statement.sql, statement.values)
    else:
        cursor.execute(statement.sql)
    version, content = cursor.fetchone()
    return version, content


def _version(tables: list[str]) -> int:
    """How often the tables have changed, for a reader who may hold the tile already."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, [tables])
        return int(cursor.fetchone()[0])


def _first_zoom(layer: Layer) -> int:
    return min(math.ceil(layer.min_zoom), FULL_DETAIL_ZOOM)


def _vector_layer(layer: Layer) -> dict[str, Any]:
    fields = {field.name: _description(field) for field in tile_fields(layer)}
    counted = _("where a tile would hold more than %(most)s features: how many there are in a cell")
    if layer.aggregate:
        counted = _("below zoom %(zoom)s, and where a tile would hold more than %(most)s features: how many there are in a cell")
        for field in layer.chosen(layer.aggregate.sums):
            fields[field.name] = _("%(field)s; where there is a count: the sum in the cell") % {"field": _description(field)}
    fields["count"] = counted % {"most": MAX_FEATURES, "zoom": layer.aggregate.below_zoom if layer.aggregate else 0}
    return {
        "id": layer.id,
        "description": str(layer.title),
        "minzoom": _first_zoom(layer),
        "maxzoom": FULL_DETAIL_ZOOM,
        "fields": fields,
    }


def _description(field: Field) -> str:
    return f"{field.label}, {UNITS[field.unit].label}" if field.unit else str(field.label)
