"""The sheet of a kept site check as PDF, and the page that tells whether a PDF is one."""

import re
from collections.abc import Iterator
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import condition, require_http_methods, require_safe

from zones.models import SiteCheck
from zones.sitecheck.sheet import sheet_pdf
from zones.sitecheck.typeset import FontMissing
from zones.sitecheck.verify import Verified, recorded, verify_digest, verify_file

MOST_MB = 5


def _kept(key: str) -> SiteCheck:
    return get_object_or_404(SiteCheck.objects.defer("geom"), key=key)


def _wanted(request: HttpRequest, kept: SiteCheck) -> tuple[str, int]:
    """The language and the revision that are asked for: those of the reader and the latest, unless the address names others."""
    language = request.GET.get("language", translation.get_language() or settings.LANGUAGE_CODE)
    if language not in dict(settings.LANGUAGES):
        raise BadRequest("unknown language")
    latest = kept.overrulings.count()
    asked = request.GET.get("revision", str(latest))
    if not re.fullmatch(r"[0-9]{1,6}", asked):
        raise BadRequest("revision is no number")
    if int(asked) > latest:
        raise Http404
    return language, int(asked)


def _etag(request: HttpRequest, key: str) -> str | None:
    """By the hash that was recorded, so that who holds the sheet is told so without its being made."""
    kept = _kept(key)
    wanted = _wanted(request, kept)
    return next((f'"{one.digest}"' for one in recorded(kept) if (one.language, one.revision) == wanted), None)


@require_safe
@condition(etag_func=_etag)
def site_check_pdf(request: HttpRequest, key: str) -> HttpResponse:
    kept = _kept(key)
    language, revision = _wanted(request, kept)
    try:
        pdf = sheet_pdf(kept, language, revision)
    except FontMissing:
        return _font_missing(request)
    response = HttpResponse(pdf, content_type="application/pdf")
    name = _("site-check-sheet-%(key)s-%(language)s-revision-%(revision)s")
    values = {"key": key[:12], "language": language, "revision": revision}
    response.headers["Content-Disposition"] = str(content_disposition_header(True, f"{name % values}.pdf"))
    response.headers["ETag"] = f'"{sha256(pdf).hexdigest()}"'
    response.headers["Content-Language"] = language
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _font_missing(request: HttpRequest) -> HttpResponse:
    context = {
        "status": HTTPStatus.SERVICE_UNAVAILABLE.value,
        "title": _("No PDF can be made now: this server lacks a Chinese font."),
        "advice": _("Its administrator installs the package fonts-wqy-microhei. The page of the check shows the same content."),
        "request_id": request.META.get("request_id", ""),
    }
    return render(request, "error.html", context, status=HTTPStatus.SERVICE_UNAVAILABLE)


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt  # until it is known how much is sent: the token stands behind the file
def site_check_verify(request: HttpRequest, key: str) -> HttpResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_MB * 1_000_000 + 100_000:
        return _page(request, _kept(key), refused=_too_large(), status=413)
    return _verify(request, key)


@csrf_protect
def _verify(request: HttpRequest, key: str) -> HttpResponse:
    kept = _kept(key)
    if request.method != "POST":
        return _page(request, kept)
    file, pasted = request.FILES.get("file"), "".join(request.POST.get("sha256", "").split()).lower()
    if file is not None:
        if (file.size or 0) > MOST_MB * 1_000_000:
            return _page(request, kept, refused=_too_large(), status=413)
        return _page(request, kept, verify_file(kept, file.read()))
    if re.fullmatch(r"[0-9a-f]{64}", pasted):
        return _page(request, kept, verify_digest(kept, pasted), pasted=pasted)
    refused = _("A SHA-256 is 64 digits from 0 to f.") if pasted else _("Choose a PDF or paste a SHA-256.")
    return _page(request, kept, pasted=pasted[:200], refused=refused, status=400)


def _too_large() -> str:
    return _("The file is larger than %(most)s MB; no sheet is.") % {"most": MOST_MB}


def _page(
    request: HttpRequest,
    kept: SiteCheck,
    verified: Verified | None = None,
    *,
    pasted: str = "",
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "kept": kept,
        "label": kept.question.get("label", ""),
        "verified": verified,
        "verified_language": _languages().get(verified.language, "") if verified else "",
        "pasted": pasted,
        "refused": refused,
        "most_mb": MOST_MB,
        "revisions": list(_revisions(kept)),
    }
    return render(request, "zones/site_check_verify.html", context, status=status)


def _languages() -> dict[str, str]:
    return {code: str(name) for code, name in settings.LANGUAGES}


def _revisions(kept: SiteCheck) -> Iterator[dict[str, Any]]:
    """The latest first, each with its hash and address by language; what was not recorded has none."""
    overrulings = list(kept.overrulings.order_by("id"))
    digests = {(one.language, one.revision): one.digest for one in recorded(kept)}
    address = reverse("site-check-pdf", args=[kept.key])
    for revision in range(len(overrulings), -1, -1):
        yield {
            "number": revision,
            "overruling": overrulings[revision - 1] if revision else None,
            "is_latest": revision == len(overrulings),
            "sheets": [
                (name, digests.get((code, revision), ""), f"{address}?language={code}&revision={revision}", code)
                for code, name in _languages().items()
            ],
        }
