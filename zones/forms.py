"""Forms for data releases: what must be said with a file, and what an activation and a roll-back need."""

import re
import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.crs import BY_NAME

from .models import County, Theme

MOST_MB = 200
SUFFIXES = (".zip", ".gpkg", ".kml", ".dxf", ".geojson", ".json")
# Chinese offices deliver one of these two; GB18030 holds GBK and GB 2312.
ENCODINGS = [("", gettext_lazy("as the file says")), ("UTF-8", "UTF-8"), ("GB18030", "GBK / GB18030")]
_FARTHEST = timedelta(days=366 * 5)


def _new_token() -> str:
    return uuid.uuid4().hex


class _Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **options: Any) -> None:
        wrong = {"invalid": gettext_lazy("This is no date. Write it as 2026-03-31.")}
        super().__init__(input_formats=["%Y-%m-%d"], error_messages=wrong, **options)


class ReleaseForm(forms.Form):
    """A file with what its authority says of it.

    ``token`` is of one form that was opened: sent twice it makes one release. ``kept`` names a file that was sent before and
    is still here.
    """

    token = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput, initial=_new_token)
    kept = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput, required=False)
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        max_length=255,
        error_messages={"empty": gettext_lazy("The file is empty.")},
    )
    layer = forms.CharField(
        label=gettext_lazy("Layer in the file"),
        max_length=128,
        required=False,
        help_text=gettext_lazy("Only where it holds several."),
    )
    theme = forms.ChoiceField(label=gettext_lazy("Theme"))
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    issued_by = forms.CharField(label=gettext_lazy("Issued by"), max_length=200)
    document = forms.CharField(label=gettext_lazy("Document number"), max_length=200, required=False)
    data_date = _Day(label=gettext_lazy("State of the data"), help_text=gettext_lazy("The day that the data describe."))
    counties = forms.MultipleChoiceField(
        label=gettext_lazy("Counties that it covers"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked means all twelve. In a county that it does not cover, it tells nothing."),
    )
    crs = forms.ChoiceField(label=gettext_lazy("Reference system"), required=False)
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding of the attributes"), required=False, choices=ENCODINGS)
    name_field = forms.CharField(label=gettext_lazy("Field with the name"), max_length=64, required=False)
    class_field = forms.CharField(
        label=gettext_lazy("Field with the class"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("Such as core and other area of the red line."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = ",".join(SUFFIXES)
        self.fields["file"].help_text = _("GeoPackage, zipped Shapefile, KML, DXF or GeoJSON; at most %(most)s MB.") % {
            "most": MOST_MB
        }
        self._choices("theme").choices = [("", _("Choose a theme")), *Theme.choices]
        self._choices("counties").choices = [
            (county.code, str(county)) for county in County.objects.only("code", "name", "name_en")
        ]
        systems = [(name, f"{name} · {system.label}") for name, system in BY_NAME.items() if name != "OGC:CRS84"]
        self._choices("crs").choices = [("", _("as the file says")), *systems]

    def _choices(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # for the type checker; the class above says so
        return field

    def ask_for_crs(self, candidates: Iterable[str]) -> None:
        """Offers the systems that fit the coordinates of the file, and no other."""
        known = {name: f"{name} · {BY_NAME[name].label}" for name in candidates if name in BY_NAME}
        if known:
            self._choices("crs").choices = list(known.items())
            self._choices("crs").widget = forms.RadioSelect(choices=list(known.items()))
            self._choices("crs").required = True  # as the page shows it

    @property
    def of_the_file(self) -> list[forms.BoundField]:
        return [self[name] for name in ("file", "crs", "encoding", "layer", "name_field", "class_field")]

    @property
    def of_the_authority(self) -> list[forms.BoundField]:
        return [self[name] for name in ("theme", "title", "issued_by", "document", "data_date", "counties")]

    def clean_file(self) -> "UploadedFile[Any] | None":
        file: UploadedFile[Any] | None = self.cleaned_data.get("file")
        if file is None:
            return None
        if file.size is not None and file.size > MOST_MB * 1_000_000:
            raise ValidationError(_("The file is larger than %(most)s MB.") % {"most": MOST_MB})
        if PurePath(file.name or "").suffix.lower() not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise ValidationError(
                _("The name of the file ends in one of %(known)s. Pack a Shapefile with its parts as .zip.") % {"known": known}
            )
        return file

    def clean_data_date(self) -> date:
        day: date = self.cleaned_data["data_date"]
        if day > timezone.localdate():
            raise ValidationError(_("The data can't describe a day that is to come."))
        if day.year < 1949:
            raise ValidationError(_("There are no such data from before 1949."))
        return day

    def clean(self) -> dict[str, Any]:
        if not self.cleaned_data.get("file") and not self.cleaned_data.get("kept") and "file" not in self.errors:
            self.add_error("file", _("Choose a file."))
        return self.cleaned_data

    @property
    def code(self) -> str:
        """Of the release: its theme, the state of its data, and a part of the token, which another form does not share."""
        given = self.cleaned_data
        return re.sub(r"[^A-Za-z0-9.-]", "", f"{given['theme']}-{given['data_date']:%Y%m%d}-{given['token'][:8]}")


class ActivationForm(forms.Form):
    on = _Day(label=gettext_lazy("In force from"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if abs(day - timezone.localdate()) > _FARTHEST:
            raise ValidationError(_("This day is more than five years away."))
        return day


class RollBackForm(ActivationForm):
    on = _Day(label=gettext_lazy("The release before applies again from"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
