"""HTTP ground rules: a request id, the content security policy, and one shape of error (RFC 9457 problem details)."""

import logging
import re
import uuid
from collections.abc import Callable
from functools import lru_cache, wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from .parameters import Refusal

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

PROBLEM_JSON = "application/problem+json"

# Everything comes from this server; styles and scripts in the page itself are refused. data: is for the small
# images inside style sheets.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def request_id_middleware(get_response: GetResponse) -> GetResponse:
    """Gives each request an id: the caller's X-Request-ID if it is a plain token, else a new one. Answers carry it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request.META["request_id"] = given if re.fullmatch(r"[A-Za-z0-9._-]{8,64}", given) else uuid.uuid4().hex
        response = get_response(request)
        response["X-Request-ID"] = request.META["request_id"]
        return response

    return middleware


def content_security_policy_middleware(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    return middleware


def language_middleware(get_response: GetResponse) -> GetResponse:
    """Django's LocaleMiddleware where addresses name no language; it remembers what a cookie and a header ask for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        accepted = request.META.get("HTTP_ACCEPT_LANGUAGE", "")
        translation.activate(_language(cookie[:20], accepted[:500]))
        request.LANGUAGE_CODE = translation.get_language()
        response = get_response(request)
        patch_vary_headers(response, ["Accept-Language"])
        response.headers.setdefault("Content-Language", translation.get_language())
        return response

    return middleware


@lru_cache(maxsize=1000)
def _language(cookie: str, accepted: str) -> str:
    asking = HttpRequest()
    asking.COOKIES[settings.LANGUAGE_COOKIE_NAME] = cookie
    asking.META["HTTP_ACCEPT_LANGUAGE"] = accepted
    return translation.get_language_from_request(asking)


# Where other systems ask: every refusal is problem+json.
MACHINE_ROOTS = ("/api/", "/ogc/", "/tiles/")


def problem_middleware(get_response: GetResponse) -> GetResponse:
    """Gives problem+json to what fails where systems ask, outside a REST view: an unknown address, a fault of ours."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code < 400 or not f"{request.path_info}/".startswith(MACHINE_ROOTS):
            return response
        if response.headers.get("Content-Type") == PROBLEM_JSON:
            return response
        refused = problem_json(request, response.status_code, _detail(response.status_code))
        for header in ("Allow", "Vary", "Content-Language", "Retry-After"):
            if header in response.headers:
                refused.headers[header] = response.headers[header]
        return refused

    return middleware


def _detail(status: int) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return _("There is nothing at this address.")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return _("The database can't answer now. Try again in a moment.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _("The portal failed to answer. Its administrator finds the cause by the request id.")
    return _("The portal can't accept this request.")


def problem(request: HttpRequest, status: int, detail: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The body of a problem+json answer. ``errors`` are {"parameter" or "field", "detail"} pairs."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request.META.get("request_id", ""),
    }
    if errors:
        body["errors"] = errors
    return body


def problem_json(request: HttpRequest, status: int, detail: str, errors: list[dict[str, str]] | None = None) -> JsonResponse:
    return JsonResponse(problem(request, status, detail, errors), status=status, content_type=PROBLEM_JSON)


def refusable(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that only reads, whose Refusal is answered with problem+json."""

    @csrf_exempt  # who tries to write is told that it can't be (405), not asked for the token of a form (403)
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refusal as refusal:
            return problem_json(request, refusal.status, refusal.detail, _errors(refusal.errors))

    return answer


def _errors(detail: Any) -> list[dict[str, str]]:
    if not isinstance(detail, dict):
        return []
    return [
        {"parameter": str(field), "detail": str(message)}
        for field, messages in detail.items()
        for message in (messages if isinstance(messages, list) else [messages])
    ]


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refused API request answers with problem+json."""
    if isinstance(error, Refusal):
        error = exceptions.ValidationError(error.errors)
    if isinstance(error, Http404):
        error = exceptions.NotFound(_("There is nothing at this address."))
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    # Whatever the view renders (YAML, the page of the documentation), its refusals are JSON.
    request = context["request"]
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), PROBLEM_JSON
    detail = error.detail
    errors = _errors(detail)
    message = "; ".join(item["detail"] for item in errors) if errors else str(detail[0] if isinstance(detail, list) else detail)
    body = problem(request, error.status_code, message, errors)
    headers = {}
    if wait := getattr(error, "wait", None):  # seconds, where DRF throttled
        headers["Retry-After"] = str(int(wait))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    return Response(body, status=error.status_code, headers=headers, content_type=PROBLEM_JSON)
