"""Pages of a list by limit and offset. A number out of range is refused: a client that is clipped in silence loses rows."""

from collections.abc import Mapping
from typing import Any

from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

from .parameters import whole_number

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_OFFSET = 1_000_000


class Pages(LimitOffsetPagination):
    default_limit = DEFAULT_LIMIT
    max_limit = MAX_LIMIT

    def get_limit(self, request: Request) -> int:
        return whole_number(request.query_params, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)

    def get_offset(self, request: Request) -> int:
        return whole_number(request.query_params, "offset", 0, 0, MAX_OFFSET)

    def links(self) -> dict[str, Any]:
        """What stands beside the rows of a page."""
        return {"count": self.count, "next": self.get_next_link(), "previous": self.get_previous_link()}

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "required": [*LINKS_SCHEMA, "results"], "properties": {**LINKS_SCHEMA, "results": schema}}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            _parameter("limit", "How many records a page has.", 1, MAX_LIMIT, DEFAULT_LIMIT),
            _parameter("offset", "How many records come before the page.", 0, MAX_OFFSET, 0),
        ]


def _parameter(name: str, description: str, low: int, high: int, default: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": low, "maximum": high, "default": default}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


LINKS_SCHEMA: Mapping[str, dict[str, Any]] = {
    "count": {"type": "integer", "minimum": 0, "description": "How many records fit the filters, on all pages."},
    "next": {"type": ["string", "null"], "format": "uri", "description": "The next page; null on the last."},
    "previous": {"type": ["string", "null"], "format": "uri", "description": "The page before; null on the first."},
}
