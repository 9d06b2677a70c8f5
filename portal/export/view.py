"""The address of the exports: what is asked for, and the file that answers it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote

from django.db.models import Model
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lib.crs import BY_NAME, CGCS2000, CRS, CRS84, SYSTEMS
from lib.geojson import MEDIA_TYPE
from lib.http import problem_json, refusable
from lib.parameters import Refusal, one_of, read

from .. import layers
from ..layer import Layer
from ..relation import Relation, relation, relation_of
from .gdal import write_dxf, write_geopackage
from .job import Job, NotNow, snapshot
from .shapefile import ENCODINGS, write_shapefile
from .text import write_csv, write_geojson, write_kml
from .workbook import write_xlsx

RETRY_AFTER_S = 20


@dataclass(frozen=True)
class Format:
    media_type: str
    ending: str
    write: Callable[[Job], Path]
    any_crs: bool = True


FORMATS = {
    "gpkg": Format("application/geopackage+sqlite3", ".gpkg", write_geopackage),
    "shp": Format("application/zip", ".zip", write_shapefile),
    "kml": Format("application/vnd.google-earth.kml+xml", ".kml", write_kml, any_crs=False),
    "geojson": Format(MEDIA_TYPE, ".geojson", write_geojson, any_crs=False),
    "csv": Format("text/csv; charset=utf-8", ".csv", write_csv),
    "xlsx": Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", write_xlsx),
    "dxf": Format("image/vnd.dxf", ".dxf", write_dxf),
}
CRS_NAMES = tuple(system.name for system in SYSTEMS if system is not CRS84)
DEFAULT_FORMAT, DEFAULT_ENCODING = "gpkg", "utf-8"
PARAMETERS = ("f", "crs", "encoding")


class Download(FileResponse):
    block_size = 256 * 1024


# Of the four threads of a process (bin/serve): a reader holds one until the last byte is sent, however slowly.
_DOWNLOADS = BoundedSemaphore(2)


class _Held(FileIO):
    """A finished file; closing it, which the response does at its end, makes room for another download."""

    def close(self) -> None:
        if not self.closed:
            super().close()
            _DOWNLOADS.release()


@never_cache
@require_safe
@refusable
def download(request: HttpRequest, layer_id: str) -> HttpResponse:
    """The rows of a layer that the reader may know of and that fit the filters, as a file."""
    layer = layers.find(layer_id)
    if layer is None:
        raise Http404
    asked = _read(request, layer)
    if request.method == "HEAD":
        # A stream, because the length of a file that is not written is not 0 but unknown.
        return _named(StreamingHttpResponse(content_type=asked.format.media_type), layer, asked.format)
    try:
        file = _held(layer, asked)
    except NotNow as refusal:
        answer = problem_json(request, refusal.status, refusal.detail)
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    return _named(Download(file, content_type=asked.format.media_type), layer, asked.format)


@dataclass(frozen=True)
class _Asked:
    format: Format
    system: CRS
    encoding: str
    found: Relation
    filters: tuple[tuple[str, str], ...]


def _read(request: HttpRequest, layer: Layer) -> _Asked:
    """Errors: Refusal that names each parameter that is wrong."""
    names = layer.filterset.base_filters if layer.filterset else {}
    given = read(request.GET, {*PARAMETERS, *names})
    errors: dict[str, str] = {}
    options: dict[str, str] = {}
    for name, values, default in (
        ("f", FORMATS, DEFAULT_FORMAT),
        ("crs", CRS_NAMES, CGCS2000.name),
        ("encoding", ENCODINGS, DEFAULT_ENCODING),
    ):
        try:
            options[name] = one_of(given, name, values, default)
        except Refusal as refusal:
            errors |= refusal.errors
    if not errors:
        errors |= _impossible(given, options["f"])
    filters = {name: given[name] for name in names if name in given}
    rows = layer.visible_to(request.user)
    words: tuple[tuple[str, str], ...] = ()
    if filters:
        chosen = layer.filterset(filters, rows)
        if not chosen.is_valid():
            errors |= {name: " ".join(messages) for name, messages in chosen.errors.items()}
        elif not errors:
            rows, words = chosen.qs, _in_words(chosen, filters)
    if errors:
        raise Refusal(errors)
    system = CRS84 if not FORMATS[options["f"]].any_crs else replace(BY_NAME[options["crs"]], north_first=False)
    found = relation_of(layer, rows, ordered="ordering" in filters) if filters else relation(layer, request.user)
    return _Asked(FORMATS[options["f"]], system, options["encoding"], found, words)


def _impossible(given: dict[str, str], wanted: str) -> dict[str, str]:
    errors = {}
    if "crs" in given and not FORMATS[wanted].any_crs:
        errors["crs"] = _("This format is always WGS 84, longitude first: leave crs out.")
    if "encoding" in given and wanted != "shp":
        errors["encoding"] = _("Only Shapefiles come in another encoding: leave encoding out.")
    return errors


def _in_words(filters: Any, given: dict[str, str]) -> tuple[tuple[str, str], ...]:
    words = []
    for name, text in given.items():
        value, choices = filters.form.cleaned_data[name], dict(filters.filters[name].extra.get("choices") or ())
        shown = f"{value} ({text})" if isinstance(value, Model) else str(choices.get(text, text))
        words.append((str(filters.filters[name].label or name), shown))
    return tuple(words)


def _held(layer: Layer, asked: _Asked) -> _Held:
    """The finished file, with one of the downloads that this process allows. Errors: NotNow."""
    if not _DOWNLOADS.acquire(blocking=False):
        raise NotNow(_("Other exports are under way. Try again in a moment."))
    try:
        return _written(layer, asked)
    except BaseException:
        _DOWNLOADS.release()
        raise


def _written(layer: Layer, asked: _Asked) -> _Held:
    """It has no name on the disk any more: it is gone when the last reader closes it, come what may."""
    with TemporaryDirectory(prefix="export-") as folder, snapshot() as database:
        job = Job(layer, asked.found, asked.system, asked.encoding, asked.filters, database, Path(folder))
        return _Held(asked.format.write(job), "rb")


def _named(answer: Any, layer: Layer, chosen: Format) -> HttpResponse:
    """The answer with the names of the file: a plain one for old programs, for all others the one in the reader's language."""
    day = timezone.localdate().strftime("%Y%m%d")
    title = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]+', " ", str(layer.title)).strip()
    own = quote(f"{title}-{day}{chosen.ending}", safe="")
    plain = f"{layer.id}-{day}{chosen.ending}"
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{own}"  # RFC 6266
    named: HttpResponse = answer
    return named
