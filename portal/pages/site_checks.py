"""Where a site check is asked for: a site is drawn, pasted, sent as a file or named, and what is found is kept."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib.gis.db.models import Extent
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from lib.parameters import Refusal
from portal import layers
from portal.site_check import site_of
from projects.models import Parcel, Project
from zones.boundaries import CREDIT
from zones.models import County, Industry
from zones.sitecheck.coordinates import first_position, geometry_of, kind_of, swapped, text_of
from zones.sitecheck.engine import check as check_site
from zones.sitecheck.kept import keep
from zones.sitecheck.proposals import Proposal, proposals
from zones.sitecheck.rule import ACTIVITIES
from zones.sitecheck.site import SYSTEMS
from zones.sitecheck.site_file import MOST_FILE_BYTES, SUFFIXES, read_site_file

# The file, and the text of a site beside it.
MOST_BYTES = MOST_FILE_BYTES + 3_000_000
WAYS = {"draw": gettext_lazy("Draw or paste"), "file": gettext_lazy("File"), "record": gettext_lazy("Parcel or project")}
RECORDS: Mapping[str, tuple[Any, Promise]] = {
    "parcel": (Parcel, gettext_lazy("Parcel")),
    "project": (Project, gettext_lazy("Project")),
}
KINDS = {"area": gettext_lazy("Polygon"), "line": gettext_lazy("Line"), "point": gettext_lazy("Point")}
# As people know them here; the first is that of a drawn site.
SYSTEM_NAMES: Mapping[str, Promise] = {
    "EPSG:4490": gettext_lazy("CGCS2000, longitude and latitude"),
    "EPSG:4326": gettext_lazy("WGS 84, longitude and latitude"),
    "EPSG:4525": gettext_lazy("CGCS2000 3-degree zone 37 (easting of 8 digits, 37…)"),
    "EPSG:4526": gettext_lazy("CGCS2000 3-degree zone 38 (easting of 8 digits, 38…)"),
    "EPSG:4546": gettext_lazy("CGCS2000 central meridian 111°E (easting of 6 digits)"),
    "EPSG:4547": gettext_lazy("CGCS2000 central meridian 114°E (easting of 6 digits)"),
    "EPSG:3857": gettext_lazy("Web Mercator"),
}
if set(SYSTEM_NAMES) != set(SYSTEMS):
    raise ValueError("A system that sites may be given in has no name on the page.")


@dataclass
class Entered:
    """What stands in the form; kept whatever becomes of it."""

    way: str = "draw"
    kind: str = "area"
    geometry: str = ""
    crs: str = "EPSG:4490"
    layer: str = ""
    record_kind: str = "project"
    record: str = ""
    activity: str = ""
    industry: str = ""
    as_of: str = ""

    @classmethod
    def of(cls, posted: Mapping[str, str]) -> "Entered":
        return cls(**{name: str(posted.get(name, default)) for name, default in vars(cls()).items()})


@dataclass
class Said:
    """What the page answers: sentences by field, what may have been meant, and where the map looks."""

    errors: dict[str, str] = field(default_factory=dict)
    proposals: list[Proposal] = field(default_factory=list)
    notice: str = ""
    near: Any = None  # GeoJSON of a place
    status: int = 200


@csrf_exempt  # looked at below, once it is known that the body is not beyond measure: the check itself reads all of it
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        sentence = _("The file is larger than %(most)s MB.") % {"most": MOST_FILE_BYTES // 1_000_000}
        return _page(request, Entered(way="file"), Said({"file": sentence}, status=413))
    return _ask(request)


@csrf_protect
def _ask(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        entered = Entered(as_of=timezone.localdate().isoformat())
        return _page(request, entered, _named_in_address(request, entered))
    entered = Entered.of(request.POST)
    try:
        if meant := request.POST.get("meant"):
            return _page(request, entered, _take(meant, entered))
        return _checked(request, entered)
    except Refusal as refusal:
        said = Said(_by_field(refusal, entered), status=refusal.status)
        said.proposals = _proposals(entered) if {"geometry", "crs"} & refusal.errors.keys() else []
        return _page(request, entered, said)


def _checked(request: HttpRequest, entered: Entered) -> HttpResponse:
    """Errors: Refusal; nothing is kept then."""
    day = _day(entered.as_of)
    asked: dict[str, Any] = {"activity": entered.activity, "industry": entered.industry}
    if entered.way == "record":
        asked |= _record(entered)
    else:
        if entered.way == "file":
            _read_file(request.FILES.get("file"), entered)
        asked |= {"geometry": geometry_of(entered.geometry, entered.kind), "crs": entered.crs}
    site, question = site_of(asked, request.user)
    found = check_site(site, day, activity=question["activity"], industry=question["industry"])
    return HttpResponseRedirect(keep(found, question, request.user.get_username()).get_absolute_url())


def _record(entered: Entered) -> dict[str, str]:
    if entered.record_kind not in RECORDS:
        raise Refusal({"record_kind": _("Choose parcel or project.")})
    if not entered.record.strip():
        raise Refusal({"record": _("Give the code of the record.")})
    return {entered.record_kind: entered.record.strip()}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else timezone.localdate()
    except ValueError as error:
        raise Refusal({"as_of": _("Give a day as 2026-11-24.")}) from error


def _read_file(sent: "UploadedFile[Any] | None", entered: Entered) -> None:
    """Puts the site of the file where a drawn one stands, so that what it read can be seen and is not lost."""
    if sent is None or not sent.name:
        raise Refusal({"file": _("Choose a file.")})
    if (sent.size or 0) > MOST_FILE_BYTES:
        raise Refusal({"file": _("The file is larger than %(most)s MB.") % {"most": MOST_FILE_BYTES // 1_000_000}}, status=413)
    suffix = Path(sent.name).suffix.lower()
    if suffix not in SUFFIXES:
        raise Refusal({"file": _("A file is one of %(known)s.") % {"known": ", ".join(SUFFIXES)}})
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"site{suffix}"
        with path.open("wb") as copy:
            copy.writelines(sent.chunks())
        geometry, crs = read_site_file(path, entered.layer.strip()[:100])
    entered.way, entered.kind, entered.geometry = "draw", kind_of(geometry), text_of(geometry)
    if crs is None:
        likely = proposals(geometry, "EPSG:4490")
        entered.crs = likely[0].crs if likely and not likely[0].swap else entered.crs
        raise Refusal({"crs": _("The file does not say its reference system. Choose it, look at the map, then check.")})
    entered.crs = crs


def _take(meant: str, entered: Entered) -> Said:
    """Does what was proposed. The reader looks at the map before anything is checked."""
    crs, _comma, swap = meant.partition(",")
    if crs not in SYSTEMS:
        raise Refusal({"crs": _("The crs is one of %(known)s.") % {"known": ", ".join(SYSTEMS)}})
    if swap:
        geometry = geometry_of(entered.geometry, entered.kind)
        if first_position(geometry) is None:
            raise Refusal({"geometry": _("Send a GeoJSON geometry: an object with type and coordinates.")})
        entered.kind, entered.geometry = kind_of(geometry), text_of(swapped(geometry))
    entered.crs = crs
    return Said(notice=_("Changed as proposed. Look at the map, then check."))


def _proposals(entered: Entered) -> list[Proposal]:
    try:
        return proposals(geometry_of(entered.geometry, entered.kind), entered.crs)
    except Refusal:
        return []


def _by_field(refusal: Refusal, entered: Entered) -> dict[str, str]:
    errors = {("record" if name in RECORDS else name): sentence for name, sentence in refusal.errors.items()}
    if not errors:
        errors = {"geometry": refusal.detail}
    if entered.way == "record" and "geometry" in errors:
        errors["record"] = errors.pop("geometry")
    return errors


def _named_in_address(request: HttpRequest, entered: Entered) -> Said:
    """?project= or ?parcel=: its site where that is surveyed; else the map looks at its place, for the site to be drawn."""
    named = next((name for name in RECORDS if name in request.GET), None)
    if named is None:
        return Said()
    code = request.GET[named][:64]
    entered.way, entered.record_kind, entered.record = "record", named, code
    try:
        site, question = site_of({named: code}, request.user)
    except Refusal as refusal:
        return _place_of_record(request, entered, refusal)
    entered.industry = question["industry"]
    return Said(near=json.loads(site.geojson), notice=question["label"])


def _place_of_record(request: HttpRequest, entered: Entered, refusal: Refusal) -> Said:
    model: Any = RECORDS[entered.record_kind][0]
    found = model.objects.visible_to(request.user).filter(code=entered.record).first() if "\0" not in entered.record else None
    if found is None:
        return Said(_by_field(refusal, entered))
    entered.way = "draw"
    if entered.record_kind == "project" and found.industry_id:
        entered.industry = found.industry.code
    near = {"type": "Point", "coordinates": list(found.geom.centroid.coords)} if found.geom else None
    return Said(notice=f"{found}: {refusal.detail}", near=near)


def _page(request: HttpRequest, entered: Entered, said: Said) -> HttpResponse:
    context = {
        "entered": entered,
        "said": said,
        "errors": dict.fromkeys((*vars(entered), "file"), "") | said.errors,
        "ways": WAYS,
        "kinds": KINDS,
        "systems": SYSTEM_NAMES,
        "records": {name: label for name, (_model, label) in RECORDS.items()},
        "activities": {str(activity): label for activity, label in ACTIVITIES.items() if activity},
        "industries": Industry.objects.all(),
        "proposals": [(_button(one), f"{one.crs},{'swap' if one.swap else ''}") for one in said.proposals],
        "suffixes": SUFFIXES,
        "most_mb": MOST_FILE_BYTES // 1_000_000,
        "boundary_credit": CREDIT,
        "map_config": map_config() | {"near": said.near},
    }
    return render(request, "zones/site_check_ask.html", context, status=said.status)


def _button(proposal: Proposal) -> str:
    name = SYSTEM_NAMES[proposal.crs]
    if proposal.swap:
        return _("Swap the two coordinates and read them as %(crs)s") % {"crs": name}
    return _("Read the coordinates as %(crs)s") % {"crs": name}


def map_config() -> dict[str, Any]:
    """What the maps of a check start from; west, south, east, north of the counties, null without any."""
    counties = layers.find("counties")
    return {
        "bounds": County.objects.aggregate(extent=Extent("boundary"))["extent"],
        "countiesUrl": counties.url if counties else "",
        "riversUrl": reverse("map-rivers"),
    }
