"""Site checks over the API: what applies at a site, as JSON; kept under an address of its own where that is asked for."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib.gis.db.models.functions import AsGeoJSON
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lib.geojson import to_json
from lib.http import refusable
from lib.openapi import GEOMETRY, one_path, record_of, refusal
from lib.parameters import Refusal
from projects.models import Parcel, Project
from zones.models import Industry, LocationPrecision, SiteCheck, Theme
from zones.sitecheck.document import document
from zones.sitecheck.engine import Verdict, check
from zones.sitecheck.kept import in_language, keep
from zones.sitecheck.rule import Activity, Effect, Result
from zones.sitecheck.site import SYSTEMS, Site, parse_json, read_site

MOST_BYTES = 2_000_000
_MEMBERS = {"geometry", "crs", "parcel", "project", "as_of", "activity", "industry", "keep"}


@require_http_methods(["POST"])
@refusable
def site_checks(request: HttpRequest) -> HttpResponse:
    asked = _read(request)
    site, question = site_of(asked, request.user)
    found = check(site, _day(asked), activity=question["activity"], industry=question["industry"])
    if not asked.get("keep", False):
        return _answer(document(found, site.crs))
    kept = keep(found, question, request.user.get_username())
    response = _answer(in_language(kept) | {"key": kept.key}, 201)
    response.headers["Location"] = request.build_absolute_uri(f"{request.path}{kept.key}/")
    return response


@require_safe
@refusable
def site_check(request: HttpRequest, key: str) -> HttpResponse:
    kept = SiteCheck.objects.filter(key=key).defer("geom").first()
    if kept is None:
        raise Refusal(status=404, detail=_("There is no site check with this key."))
    return _answer(in_language(kept) | {"key": kept.key})


def _answer(body: Mapping[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(to_json(body), content_type="application/json", status=status)


def _read(request: HttpRequest) -> dict[str, Any]:
    if request.content_type not in {"application/json", "application/geo+json"}:
        raise Refusal(status=415, detail=_("Send application/json."))
    if request.GET:
        raise Refusal(dict.fromkeys(request.GET, _("A site check has no parameters; all is in its body.")))
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise Refusal(status=413, detail=_("A site may have at most 2 MB. Simplify it."))
    asked = parse_json(request.body)
    if not isinstance(asked, dict):
        raise Refusal(detail=_("The body is not an object."))
    if unknown := asked.keys() - _MEMBERS:
        raise Refusal({str(name)[:80]: _("There is no such member.") for name in sorted(unknown)})
    if not isinstance(asked.get("keep", False), bool):
        raise Refusal({"keep": _("This is true or false.")})
    return asked


def site_of(asked: Mapping[str, Any], user: Any) -> tuple[Site, dict[str, Any]]:
    """The site of a geometry, a parcel or a project, and the question as it is kept. Errors: Refusal."""
    given = [name for name in ("geometry", "parcel", "project") if name in asked]
    if len(given) != 1:
        raise Refusal({"geometry": _("Give one of geometry, parcel and project.")})
    question = {"activity": _activity(asked), "industry": _industry(asked), "label": ""}
    if given == ["geometry"]:
        site = read_site(asked["geometry"], asked.get("crs"))
    else:
        if "crs" in asked:
            raise Refusal({"crs": _("A crs belongs to a geometry.")})
        site, own = _site_of_record(given[0], asked[given[0]], user)
        question |= {name: value for name, value in own.items() if not question[name]}
    return site, question | {"geometry": site.geojson, "srid": site.srid, "crs": site.crs}


def _site_of_record(kind: str, code: Any, user: Any) -> tuple[Site, dict[str, str]]:
    model: Any = {"parcel": Parcel, "project": Project}[kind]
    rows = model.objects.visible_to(user).annotate(geojson=AsGeoJSON("geom", precision=12)).defer("geom")
    record = rows.filter(code=code).first() if isinstance(code, str) and "\0" not in code else None
    if record is None:
        raise Refusal({kind: _("There is no such record.")})
    if record.geojson is None or getattr(record, "location_precision", LocationPrecision.SITE) != LocationPrecision.SITE:
        raise Refusal({kind: _("Only an approximate place of it is known. Draw its site instead.")})
    industry = record.industry.code if kind == "project" and record.industry_id else ""
    return read_site(parse_json(record.geojson.encode())), {"label": f"{record.name} ({record.code})", "industry": industry}


def _activity(asked: Mapping[str, Any]) -> str:
    try:
        return Activity(asked.get("activity", "")).value
    except ValueError as error:
        known = ", ".join(filter(None, Activity))
        raise Refusal({"activity": _("The activity is one of %(known)s.") % {"known": known}}) from error


def _industry(asked: Mapping[str, Any]) -> str:
    code = asked.get("industry", "")
    if code == "":
        return ""
    if not isinstance(code, str) or "\0" in code or not Industry.objects.filter(code=code).exists():
        raise Refusal({"industry": _("There is no such industry.")})
    return code


def _day(asked: Mapping[str, Any]) -> date:
    text = asked.get("as_of")
    if text is None:
        return timezone.localdate()
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Refusal({"as_of": _("Give a day as 2026-11-24.")}) from error


_TEXT, _FLAG = {"type": "string"}, {"type": "boolean"}
_DAY = {"type": "string", "format": "date"}
_M2 = {"type": ["number", "null"], "description": "On the ellipsoid; null where there is no area."}
_M = {"type": ["number", "null"], "description": "On the ellipsoid; null where there is no line."}
_SHARE = {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "Of the site."}
_NAMES = {"type": "array", "items": _TEXT}


def _maybe(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


_RELEASE = record_of(
    {
        "theme": {"type": "string", "enum": Theme.values},
        "code": _TEXT,
        "title": _TEXT,
        "issued_by": _TEXT,
        "document": _TEXT,
        "data_date": _DAY,
        "active_from": _maybe(_DAY),
        "is_demo": _FLAG,
        "counties": {**_NAMES, "description": "Codes of those that it covers; empty for all twelve."},
    }
)
_FINDING = record_of(
    {
        "theme": {"type": "string", "enum": Theme.values},
        "theme_text": _TEXT,
        "rule": _TEXT,
        "rule_title": _TEXT,
        "rule_text": {"type": "string", "description": "The rule in our words."},
        "clause": {"type": ["string", "null"], "description": "Source and place in it; null where no document has a rule."},
        "result": {"type": "string", "enum": list(Result)},
        "result_text": _TEXT,
        "effect": {"type": "string", "enum": list(Effect)},
        "effect_text": _TEXT,
        "text": {"type": "string", "description": "What this means here."},
        "needed": {"type": ["string", "null"], "description": "What would be needed to go ahead."},
        "overlap_m2": _M2,
        "overlap_mu": _M2,
        "overlap_m": _M,
        "share": _SHARE,
        "release": {"type": ["string", "null"], "description": "The release that it was judged by."},
        "is_demo": _FLAG,
        "is_approximate": {"type": "boolean", "description": "Whether it was judged by a name or an approximate place."},
        "names": _NAMES,
        "geometry": {"type": ["object", "null"], "additionalProperties": True, "description": "GeoJSON of the piece."},
    }
)
_NOTE = record_of({"code": _TEXT, "text": _TEXT})
_COUNTY = record_of({"code": _TEXT, "name": _TEXT, "overlap_m2": _M2, "share": _SHARE})
_MEMBERS_OF_ANSWER = {
    "as_of": _DAY,
    "crs": {"type": "string", "enum": list(SYSTEMS), "description": "That of the question; geometry here is CGCS2000."},
    "verdict": {"type": "string", "enum": list(Verdict)},
    "verdict_text": _TEXT,
    "is_demo": {"type": "boolean", "description": "Whether demonstration data took part."},
    "area_m2": _M2,
    "area_mu": _M2,
    "length_m": _M,
    "geometry": {"type": "object", "additionalProperties": True, "description": "The site as it was judged, in CGCS2000."},
    "notes": {"type": "array", "items": _NOTE},
    "counties": {"type": "array", "items": _COUNTY},
    "releases": {"type": "array", "items": _RELEASE},
    "findings": {"type": "array", "items": _FINDING},
}
_ANSWER = record_of(_MEMBERS_OF_ANSWER)
_KEPT = record_of(_MEMBERS_OF_ANSWER | {"key": {"type": "string", "description": "SHA-256 of question and answer."}})
_QUESTION = {
    "type": "object",
    "additionalProperties": False,
    "description": "One of geometry, parcel and project.",
    "properties": {
        "geometry": GEOMETRY | {"type": "object", "description": "GeoJSON in crs, east or longitude first whatever it declares."},
        "crs": {"type": "string", "enum": list(SYSTEMS), "default": "EPSG:4490"},
        "parcel": {"type": "string", "description": "The code of a parcel."},
        "project": {"type": "string", "description": "The code of a project with a surveyed site."},
        "as_of": _DAY,
        "activity": {"type": "string", "enum": list(Activity), "description": "What the site is wanted for."},
        "industry": {"type": "string", "description": "The code of an industry."},
        "keep": {"type": "boolean", "default": False, "description": "Whether to keep the check under an address of its own."},
    },
}


def _json(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


PATHS = {
    "/api/v1/site-checks/": {
        "post": {
            "operationId": "site_checks_create",
            "summary": "What applies at a site",
            "description": "Every theme with occupied, clear, touching or missing, the rule, the release it was judged by, and a "
            "verdict. Nothing is written unless keep is true.",
            "tags": ["site-checks"],
            "security": [{}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _QUESTION}}},
            "responses": {
                "200": _json(_ANSWER, "The answer."),
                "201": _json(_KEPT, "The answer, kept at the address in Location."),
                **{status: {"$ref": f"#/components/responses/{status}"} for status in ("400", "503")},
                "413": refusal("400") | {"description": "The body is larger than 2 MB."},
                "415": refusal("400") | {"description": "The body is not application/json."},
            },
        }
    },
    "/api/v1/site-checks/{key}/": one_path(
        "site_checks_retrieve",
        "site-checks",
        "A site check that was kept",
        "The answer as it was given, in the language of the request.",
        [{"in": "path", "name": "key", "required": True, "schema": {"type": "string"}}],
        {"application/json": _KEPT},
        "404",
    ),
}
