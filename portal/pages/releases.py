"""Data releases in the browser: what applies, what was loaded, and putting it in force or taking it back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.contrib.gis.db.models.functions import Transform
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.db.models import FloatField, Func, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from lib.crs import STORAGE_SRID, EllipsoidalArea
from lib.geojson import MEDIA_TYPE, AsGeoJSON, feature, feature_collection, to_json
from portal import uploads
from portal.layers import LAYERS
from zones import importing
from zones import releases as service
from zones.delivery.repairs import in_words
from zones.forms import MOST_MB, ActivationForm, ReleaseForm, RollBackForm
from zones.models import Activation, ControlLine, County, Release, Theme

View = Callable[..., HttpResponse]

# Of a form with the largest file, all its parts included.
MOST_BYTES = MOST_MB * 1_000_000 + 100_000
MOST_REPAIRS = 200
QUERY_CANCELED = "57014"  # what PostgreSQL calls a statement that took too long
MOST_DRAWN, MOST_CHARACTERS = 2000, 8_000_000
COMPARISON_KEPT_S = 300
# The classes that rules tell apart (zones.importing.CLASSES); others are in the words of their authority.
CLASSES = {"core": gettext_lazy("core area")}
COUNTIES = next(layer for layer in LAYERS if layer.id == "counties")


def with_right(permission: str) -> Callable[[View], View]:
    """A page for those with a permission; who has not signed in is asked to, who may not is told so."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def visible_to(user: Any) -> QuerySet[Release]:
    """All for those who may inspect; for others what is or was in force."""
    if user.has_perm("zones.inspect_release"):
        return Release.objects.all()
    begun = Activation.objects.filter(cancelled_at=None, begins__lte=timezone.localdate())
    return Release.objects.filter(pk__in=begun.values("release_id"))


@dataclass(frozen=True)
class Use:
    """A time for which a release applied, applies or is to apply; ``state`` is current, scheduled, ended or cancelled."""

    activation: Activation
    state: str

    @property
    def release(self) -> Release:
        return self.activation.release


def _use(activation: Activation, today: date) -> Use:
    if activation.cancelled_at:
        return Use(activation, "cancelled")
    if activation.begins > today:
        return Use(activation, "scheduled")
    return Use(activation, "ended" if activation.ends and activation.ends <= today else "current")


@dataclass(frozen=True)
class ThemeReleases:
    """The releases of a theme that a reader may see; ``history`` begins with the latest."""

    theme: Theme
    history: list[Use]
    drafts: list[Release]

    @property
    def current(self) -> Use | None:
        return next((use for use in self.history if use.state == "current"), None)

    @property
    def scheduled(self) -> list[Use]:
        return [use for use in self.history if use.state == "scheduled"]


@require_safe
def releases(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    found = list(visible_to(request.user))
    uses = _history(request.user, today, release__in=found)
    used = {use.release.pk for use in uses if use.state != "cancelled"}
    themes = [
        ThemeReleases(
            theme,
            [use for use in uses if use.activation.theme == theme],
            [release for release in found if release.theme == theme and release.pk not in used],
        )
        for theme in Theme
    ]
    context = {
        "themes": themes,
        "current_count": sum(theme.current is not None for theme in themes),
        "inspects": request.user.has_perm("zones.inspect_release"),
    }
    return render(request, "zones/releases.html", context)


def _history(user: Any, today: date, **which: Any) -> list[Use]:
    """The latest first. Others than those who inspect see the times that began and were not cancelled."""
    rows = Activation.objects.filter(**which).select_related("release").order_by("theme", "-begins", "-id")
    uses = [_use(row, today) for row in rows]
    if user.has_perm("zones.inspect_release"):
        return uses
    return [use for use in uses if use.state in {"current", "ended"}]


@require_safe
@never_cache
def release(request: HttpRequest, code: str) -> HttpResponse:
    record = get_object_or_404(visible_to(request.user), code=code)
    return render(request, "zones/release.html", _facts(request, record) | _compared(record))


def _facts(request: HttpRequest, record: Release) -> dict[str, Any]:
    """What every page of a release shows of it."""
    today = timezone.localdate()
    uses = _history(request.user, today, release=record)
    states = {use.state for use in uses}
    return {
        "release": record,
        "state": next((state for state in ("current", "scheduled", "ended") if state in states), "draft"),
        "uses": uses,
        "counties": County.objects.filter(code__in=record.counties).only("code", "name", "name_en"),
        "repairs": in_words(record.repairs[:MOST_REPAIRS]),
        "current": _current(record.theme),
        "counties_url": COUNTIES.url,
        "inspects": request.user.has_perm("zones.inspect_release"),
        "may_activate": request.user.has_perm("zones.activate_release"),
    }


def _compared(record: Release | None) -> dict[str, Any]:
    """The comparison with what is in force. There is none of what is in force itself, and none of what is too large for it."""
    if record is None or (current := _current(record.theme)) == record:
        return {"comparison": None, "is_too_large": False}
    # What releases hold never changes, so what two of them differ in never does; a page, its map and its form ask the same.
    key = f"comparison-{record.pk}-{current.pk if current else ''}"
    comparison = cache.get(key)
    if comparison is None:
        try:
            with transaction.atomic():
                comparison = service.compare(record)
                comparison.area_km2  # noqa: B018  # reads every vertex too, and is kept with the rest
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") != QUERY_CANCELED:
                raise
            return {"comparison": None, "is_too_large": True}
        cache.set(key, comparison, COMPARISON_KEPT_S)
    return {"comparison": comparison, "is_too_large": False}


def _current(theme: str) -> Release | None:
    in_force = Activation.objects.on(timezone.localdate()).filter(theme=theme).select_related("release").first()
    return in_force.release if in_force else None


@require_safe
@never_cache
def areas(request: HttpRequest, code: str) -> HttpResponse:
    """What the map of a release draws, as GeoJSON: its changes, or its areas while it is in force itself."""
    record = get_object_or_404(visible_to(request.user), code=code)
    comparison = _compared(record)["comparison"]
    text = to_json(comparison.geojson()) if comparison else areas_of(record)
    return HttpResponse(text, content_type=MEDIA_TYPE)


def areas_of(record: Release) -> str:
    """The areas of a release as GeoJSON, the largest first, simplified for display; as many as a browser draws at ease."""
    rows = (
        ControlLine.objects.filter(release=record)
        .annotate(
            size=Func("coarse_3857", function="ST_Area", output_field=FloatField()),
            area_m2=EllipsoidalArea("geom"),
            drawn=Transform("coarse_3857", STORAGE_SRID),
        )
        .annotate(shape=AsGeoJSON("drawn"))
        .order_by("-size", "code")
        .values_list("code", "name", "zone_class", "area_m2", "shape")[:MOST_DRAWN]
    )
    features: list[str] = []
    length = 0
    for code, name, its_class, area_m2, shape in rows.iterator(chunk_size=100):
        length += len(shape)
        if length > MOST_CHARACTERS:
            break
        zone_class = CLASSES.get(its_class, its_class)
        properties = {"change": "unchanged", "code": code, "name": name, "zone_class": zone_class, "area_m2": area_m2}
        features.append(feature(code, shape, properties))
    return feature_collection(features, {"left_out": record.imported_count - len(features)})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csrf_exempt  # until it is known that the sender may send and how much: the token is behind the file
@with_right("zones.add_release")
def new_release(request: HttpRequest) -> HttpResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        form = ReleaseForm()
        context = {"form": form, "refused": _("The file is larger than %(most)s MB.") % {"most": MOST_MB}}
        return render(request, "zones/release_new.html", context, status=413)
    return _new_release(request)


@csrf_protect
def _new_release(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "zones/release_new.html", {"form": ReleaseForm()})
    given = request.POST.copy()
    form = ReleaseForm(given, request.FILES)
    owner = request.user.pk or 0
    path = _file_of(form, given, owner)
    if form.is_valid():
        if Release.objects.filter(code=form.code).exists():  # the same form once more
            return _after_loading(request, form.code)
        if path is None:
            form.add_error("file", _("The file is no longer here. Choose it again."))
        elif _load(form, path, request.user.get_username()):
            uploads.drop(owner)
            messages.success(request, _("The release is loaded as a draft. Nothing applies before it is activated."))
            return _after_loading(request, form.code)
    return render(request, "zones/release_new.html", {"form": form, "kept_file": path.name if path else ""})


def _file_of(form: ReleaseForm, given: QueryDict, owner: int) -> Path | None:
    """The file of the form, now among the kept, so that the next answer need not bring it again; else the one it names."""
    form.full_clean()
    token = form.cleaned_data.get("kept", "")
    if file := form.cleaned_data.get("file"):
        token = uploads.store(owner, file)
        given["kept"] = token  # of the form as it is shown again
    return uploads.kept(owner, token)


def _load(form: ReleaseForm, path: Path, username: str) -> bool:
    given = form.cleaned_data
    try:
        importing.load(
            path,
            code=form.code,
            theme=given["theme"],
            title=given["title"],
            issued_by=given["issued_by"],
            document=given["document"],
            data_date=given["data_date"],
            counties=given["counties"],
            crs=given["crs"] or None,
            encoding=given["encoding"] or None,
            layer=given["layer"] or None,
            class_field=given["class_field"] or None,
            name_field=given["name_field"] or None,
            loaded_by=username,
        )
    except importing.Refused as refused:
        if refused.crs_candidates:
            form.ask_for_crs(refused.crs_candidates)
        form.add_error("crs" if refused.crs_candidates else "file", str(refused))
        return False
    return True


def _after_loading(request: HttpRequest, code: str) -> HttpResponse:
    seen = visible_to(request.user).filter(code=code).exists()
    return redirect("release", code) if seen else redirect("releases")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@with_right("zones.activate_release")
def activation(request: HttpRequest, code: str) -> HttpResponse:
    """What would change, and the date and reason that put it in force."""
    record = get_object_or_404(visible_to(request.user), code=code)
    form = ActivationForm(request.POST or None, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        on, reason = form.cleaned_data["on"], form.cleaned_data["reason"]
        try:
            if not _applies_from(record, on):  # the same form once more does no harm
                service.activate(record, on, request.user.get_username(), reason)
        except service.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The release applies from %(day)s.") % {"day": on.isoformat()})
            return redirect("release", code)
    context = _facts(request, record) | _compared(record) | {"form": form}
    return render(request, "zones/release_activate.html", context)


def _applies_from(record: Release, on: date) -> bool:
    return record.activations.filter(begins=on, cancelled_at=None).exists()


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@with_right("zones.activate_release")
def roll_back(request: HttpRequest, code: str) -> HttpResponse:
    """What would apply again in place of this release, and the date and reason that take it back."""
    record = get_object_or_404(visible_to(request.user), code=code)
    today = timezone.localdate()
    use = record.activations.filter(cancelled_at=None).exclude(ends__lte=today).order_by("begins").first()
    form = RollBackForm(request.POST or None, initial={"on": max(use.begins, today) if use else today})
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, _rolled_back(record, request.user.get_username(), **form.cleaned_data))
        except service.Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("release", code)
    elif use is None:
        messages.info(request, _("The release does not apply, so there is nothing to take back."))
        return redirect("release", code)
    before = service.release_before(use) if use else None
    context = _facts(request, record) | _compared(before) | {"form": form, "again": before}
    return render(request, "zones/release_roll_back.html", context)


@transaction.atomic
def _rolled_back(record: Release, username: str, on: date, reason: str) -> str:
    """Takes the release back, once: who sends the form again finds that it does not apply and changes nothing more."""
    applies = Activation.objects.select_for_update().filter(release=record).on(on)
    if not applies.exists():
        return _("On %(day)s the release does not apply; there is nothing to take back.") % {"day": on.isoformat()}
    again = service.roll_back(record.theme, on, username, reason)
    if again is None:
        return _("From %(day)s no release of the theme applies.") % {"day": on.isoformat()}
    return _("From %(day)s “%(release)s” applies again.") % {"day": on.isoformat(), "release": again.release}
