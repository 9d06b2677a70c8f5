"""Features as pages of the portal: what HTML shows of an answer that is made already."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from lib.figures import number, quantity
from portal.layer import Field, Layer

from .answers import HTML, Document, answer


def items_page(request: HttpRequest, layer: Layer, document: Document, fields: Iterable[Field]) -> HttpResponse:
    # What a tile carries is short and tells most.
    columns = [field for field in fields if field.name in layer.tile_fields and field.name != "name_en"]
    rows = [
        (
            f"{request.path}/{feature['id']}?f=html",
            _name_of(feature),
            feature["id"],
            [words_for(field, feature["properties"][field.name]) for field in columns],
        )
        for feature in document["features"]
    ]
    context = {
        "headings": [_("Name"), *(capfirst(str(field.label)) for field in columns)],
        "rows": rows,
        "matched": document.get("numberMatched"),
        "next": next((made["href"] for made in document["links"] if made["rel"] == "next"), ""),
    }
    return answer(request, HTML, {"title": layer.title, **document}, "items.html", layer=layer, **context)


def item_page(request: HttpRequest, layer: Layer, document: Document, fields: Iterable[Field]) -> HttpResponse:
    properties = document["properties"]
    rows = [(capfirst(str(field.label)), words_for(field, properties[field.name])) for field in fields]
    geometry = document["geometry"]
    rows.append((_("Geometry"), geometry["type"] if geometry else ""))
    return answer(request, HTML, {"title": _name_of(document), "links": document["links"]}, "item.html", layer=layer, rows=rows)


def _name_of(feature: Document) -> str:
    """In the language of the request as far as the feature has it; ``properties`` may have left names out."""
    properties = feature["properties"]
    english = properties.get("name_en") if (get_language() or "").startswith("en") else ""
    return str(english or properties.get("name") or feature["id"])


def words_for(field: Field, value: Any) -> str:
    """A property as people read it; empty when it is not known."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return pgettext("between the items of a list", ", ").join(value)
    if field.choices:
        return str(dict(field.choices).get(value, value))
    if isinstance(value, int | float):
        return quantity(Decimal(str(value)), field.unit) if field.unit else number(value)
    return str(value)
