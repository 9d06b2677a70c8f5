"""Filters that page, map, API and export share. Each is strict: what it can't read it refuses.

``openapi`` is the schema of the parameter, ``description`` what the API's document says of it (in English only).
"""

from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from django.contrib.gis.geos import Polygon
from django.core.exceptions import ValidationError
from django.db.models import Choices, F, Func, Model, OrderBy, Q, QuerySet, TextField, Value
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .geojson import parse_bbox

Label = str | Promise


class CodeFilter(django_filters.ModelChoiceFilter):
    """Another record by its code. A code that does not exist is an error, not an empty list."""

    openapi = {"type": "string"}

    def __init__(self, model: type[Model], field_name: str | None = None) -> None:
        kind = model._meta.verbose_name or ""
        super().__init__(
            field_name=field_name,
            label=kind,
            # No geometry: the field reads whole records to find one.
            queryset=model._default_manager.only("code", "name", "name_en"),
            to_field_name="code",
            error_messages={"invalid_choice": format_lazy(_("There is no {kind} with this code."), kind=kind)},
        )

    @property
    def description(self) -> str:
        return f"The {self.label} by its code."


class OneOf(django_filters.ChoiceFilter):
    """One of the declared values of a field."""

    def __init__(self, choices: type[Choices] | Sequence[tuple[str, Label]], label: Label, field_name: str | None = None) -> None:
        pairs = choices.choices if isinstance(choices, type) else choices
        self.values = [str(value) for value, _label in pairs]
        self.openapi = {"type": "string", "enum": self.values}
        message = format_lazy(_("Use one of: {values}."), values=", ".join(self.values))
        super().__init__(field_name=field_name, label=label, choices=pairs, error_messages={"invalid_choice": message})

    @property
    def description(self) -> str:
        meanings = "\n".join(f"* `{value}`: {label}" for value, label in self.extra["choices"])
        return f"{str(self.label).capitalize()}\n\n{meanings}"


class YesNo(django_filters.TypedChoiceFilter):
    """``true`` or ``false``; django-filter's own takes anything else for "no filter"."""

    openapi = {"type": "boolean"}

    def __init__(self, label: Label, field_name: str | None = None) -> None:
        super().__init__(
            field_name=field_name,
            label=label,
            choices=[("true", _("yes")), ("false", _("no"))],
            coerce=lambda value: value == "true",
            error_messages={"invalid_choice": format_lazy(_("Use one of: {values}."), values="true, false")},
        )

    @property
    def description(self) -> str:
        return str(self.label).capitalize()


class Search(django_filters.CharFilter):
    """Part of a name, of another name or of the code, upper or lower case; % and _ are ordinary characters."""

    openapi = {"type": "string", "maxLength": 100}
    description = "Part of the name in Chinese or English, of another name, or of the code."

    def __init__(self) -> None:
        super().__init__(label=_("search"), max_length=100)

    def filter(self, queryset: QuerySet[Any], value: str | None) -> QuerySet[Any]:
        if not value:
            return queryset
        named = Q(name__icontains=value) | Q(name_en__icontains=value) | Q(code__icontains=value)
        if any(field.name == "aliases" for field in queryset.model._meta.concrete_fields):
            # A line break parts the names, so that no match runs from one into the next.
            names = Func("aliases", Value("\n"), function="array_to_string", output_field=TextField())
            queryset, named = queryset.alias(other_names=names), named | Q(other_names__icontains=value)
        found: QuerySet[Any] = queryset.filter(named)
        return found


class BBoxField(forms.CharField):
    def clean(self, value: Any) -> Polygon | None:
        text = super().clean(value)
        try:
            return parse_bbox(text) if text else None
        except ValueError as error:
            raise ValidationError(str(error)) from error


class BBox(django_filters.Filter):
    """Records whose geometry meets the box. ST_Intersects, since && alone compares rounded index boxes."""

    field_class = BBoxField
    openapi = {"type": "string", "pattern": r"^-?[0-9.]+(,-?[0-9.]+){3}$"}
    description = "minlon,minlat,maxlon,maxlat in degrees (CGCS2000); records whose geometry meets the box."

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name=field_name, lookup_expr="intersects", label=_("map extent"))


class OrderingField(forms.CharField):
    def __init__(self, names: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.names = names

    def clean(self, value: Any) -> list[str]:
        wanted = super().clean(value)
        items: list[str] = wanted.split(",") if wanted else []
        fields = [item.removeprefix("-") for item in items]
        if not set(fields) <= set(self.names) or len(set(fields)) < len(fields):
            message = _("Order by these, each at most once: %(names)s; a minus sign turns the order round.")
            raise ValidationError(message, params={"names": ", ".join(self.names)})
        return items


class Ordering(django_filters.Filter):
    """Order by declared fields; the code comes last, so that no two records change places between pages."""

    field_class = OrderingField
    description = "Fields to order by, with commas between; a minus sign turns the order round. Unknown values come last."

    def __init__(self, *names: str) -> None:
        both = [sign + name for name in names for sign in ("", "-")]
        self.openapi = {"type": "array", "items": {"type": "string", "enum": both}}
        super().__init__(label=_("order"), names=names)

    def filter(self, queryset: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        if not value:
            return queryset
        order = [OrderBy(F(item.removeprefix("-")), descending=item[0] == "-", nulls_last=True) for item in value]
        return queryset.order_by(*order, "code")
