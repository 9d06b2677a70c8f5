"""What every answer of the OGC API has in common: the choice of its format, its links, its page."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from lib.geojson import to_json
from lib.parameters import Refusal, one_of
from portal import layers
from portal.layer import Layer

JSON = "application/json"
HTML = "text/html"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

OGC_REL = "http://www.opengis.net/def/rel/ogc/1.0/"

Document = dict[str, Any]


def media_type(request: HttpRequest, given: Mapping[str, str], *offered: str) -> str:
    """The media type of the answer: ``f`` goes before the Accept header. Errors: Refusal.

    The first that is offered is meant by ``f=json`` and by a caller who doesn't mind.
    """
    if "f" in given:
        return HTML if one_of(given, "f", ("json", "html"), "") == "html" else offered[0]
    if request.headers.get("Accept", "*/*") == "*/*":
        return offered[0]
    found = request.get_preferred_type(offered)
    if found is None:
        raise Refusal(status=406, detail=_("This can be had as: %(formats)s.") % {"formats": ", ".join(offered)})
    return found


def link(href: str, rel: str, kind: str, title: Any = "") -> dict[str, str]:
    made = {"href": href, "rel": rel, "type": kind}
    return made | {"title": str(title)} if title else made


def root_of(request: HttpRequest) -> str:
    """The absolute address of the landing page, with a slash at its end."""
    return request.build_absolute_uri(reverse("ogc-landing"))


def address(base: str, given: Mapping[str, str], **changes: str) -> str:
    parameters = {**given, **changes}
    return f"{base}?{urlencode(parameters)}" if parameters else base


def own_links(base: str, given: Mapping[str, str], chosen: str, *offered: str) -> list[dict[str, str]]:
    """The links of an answer to itself and to its other format; all parameters are kept."""
    other, name = (offered[0], "json") if chosen == HTML else (HTML, "html")
    return [
        link(address(base, given), "self", chosen, _("This document")),
        link(address(base, given, f=name), "alternate", other, _("The same as %(format)s") % {"format": name.upper()}),
    ]


def answer(request: HttpRequest, chosen: str, document: Document, template: str = "document.html", **more: Any) -> HttpResponse:
    """The document as JSON of the chosen type, or as a page of the portal."""
    if chosen == HTML:
        response = render(request, f"ogc/{template}", {"document": document, **more})
    else:
        response = HttpResponse(to_json(document), content_type=chosen)
    patch_vary_headers(response, ["Accept"])
    return response


def known_layer(layer_id: str) -> Layer:
    """Errors: Refusal with 404."""
    layer = layers.find(layer_id)
    if layer is None:
        raise Refusal(status=404, detail=_("There is no collection with this id."))
    return layer
