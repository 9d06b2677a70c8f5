"""What the OpenAPI document of the REST API says of the addresses that plain views answer."""

from typing import Any

from lib.openapi import refusal

from . import export, find_land, identify, search, site_check

PATHS = search.PATHS | identify.PATHS | export.PATHS | site_check.PATHS | find_land.PATHS


def add_plain_views(result: Any, **kwargs: Any) -> Any:
    """drf-spectacular's hook: it sees REST views only."""
    result["paths"] = dict(sorted((result["paths"] | PATHS).items()))
    result["components"]["responses"]["503"] = refusal("503")
    return result
