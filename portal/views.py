"""The map page, what only it needs, and the pages of errors."""

import sys
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.gis.db.models import Extent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from zones.boundaries import CREDIT
from zones.models import County

from . import layers

RETRY_AFTER_S = 10
RIVERS_MAX_AGE_S = 24 * 60 * 60
# Named in the page, so that the browser asks for all at once instead of following imports one after the other.
MAP_MODULES = tuple(f"js/map/{path.name}" for path in sorted((settings.BASE_DIR / "static" / "js" / "map").glob("*.js")))


def _map_config() -> dict[str, Any]:
    """What the scripts of the map page start from; west, south, east, north of the counties, null without any."""
    return {
        "language": get_language(),
        "bounds": County.objects.aggregate(extent=Extent("boundary"))["extent"],
        "panelUrl": reverse("panel", kwargs={"kind": "KIND", "code": "CODE"}),
        "layers": [layer.for_scripts() for layer in layers.LAYERS],
    }


@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    context = {
        "groups": layers.layer_groups(),
        "layers": layers.LAYERS,
        "map_config": _map_config(),
        "modules": MAP_MODULES,
        "boundary_credit": CREDIT,
        "approval_number": settings.MAP_APPROVAL_NUMBER,
    }
    return render(request, "portal/map.html", context)


@require_safe
@cache_control(public=True, max_age=RIVERS_MAX_AGE_S)
def rivers(request: HttpRequest) -> HttpResponse:
    """The rivers of the base map: a fixture that is drawn and never asked about, so it has no table."""
    return HttpResponse((settings.BASE_DIR / "fixtures" / "rivers.geojson").read_bytes(), content_type="application/geo+json")


def _error(request: HttpRequest, status: HTTPStatus, title: str, advice: str) -> HttpResponse:
    context = {"status": status.value, "title": title, "advice": advice, "request_id": request.META.get("request_id", "")}
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(
        request,
        HTTPStatus.BAD_REQUEST,
        _("The request can't be understood."),
        _("Check the address, or start again from the map."),
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(
        request, HTTPStatus.FORBIDDEN, _("You may not see or do this."), _("Ask the office that keeps the record for access.")
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _error(
        request,
        HTTPStatus.FORBIDDEN,
        _("The form can't be accepted."),
        _("Go back, load the page anew and try again. The browser must allow cookies for this site."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is nothing at this address."),
        _("The record may have another code now. Look for it in the lists or on the map."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls it while it handles the error: a database that is gone or too slow is no fault of the page."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        response = _error(
            request,
            HTTPStatus.SERVICE_UNAVAILABLE,
            _("The database can't answer now."),
            _("Try again in a moment; if it stays, tell the administrator the number below."),
        )
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response
    return _error(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Something went wrong on our side."),
        _("Nothing was changed. Try again; if it stays, tell the administrator the number below."),
    )
