"""Template filters for what the documents give: figures, partial dates, words in the reader's language."""

from datetime import date
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lib import figures
from zones.fields import hint_of
from zones.models import Indicator, InLanguage, Record, Statement

register = template.Library()


@register.filter
def in_language(record: InLanguage, field: str) -> str:
    """The field in the reader's language: ``{{ county|in_language:"summary" }}``."""
    return record.in_language(field)


@register.filter
def other_name(record: object) -> str:
    """The name in the language that the page is not in; empty when there is none."""
    english: str = getattr(record, "name_en", "")
    return getattr(record, "name", "") if english and (get_language() or "").startswith("en") else english


@register.filter
def amount(statement: Statement) -> str:
    """Value and unit with their qualifier (about, over); for a statement in words its words."""
    if statement.value is None:
        return statement.in_language("text")
    shown = figures.quantity(statement.value, statement.unit, statement.value_max)
    if statement.qualifier == Statement.Qualifier.EXACT:
        return shown
    space = " " if (get_language() or "").startswith("en") else ""
    return f"{statement.get_qualifier_display()}{space}{shown}"


@register.filter
def hint(record: Record) -> str:
    return hint_of(record)


@register.filter
def unit_label(record: Indicator) -> str:
    """The unit by name; what is counted has none of its own."""
    return figures.unit_name(record.unit) or _("count") if record.unit else ""


@register.filter
def number(value: Decimal | int | float) -> str:
    return figures.number(value)


@register.filter
def quantity(value: Decimal, unit: str) -> str:
    return figures.quantity(value, unit)


@register.filter
def partial_date(day: date | None, precision: str) -> str:
    return figures.partial_date(day, precision) if day and precision else _("not stated")


@register.filter
def stated(value: object) -> object:
    """The value, or words that say that no source gives one. Never a zero."""
    return value if value not in (None, "") else format_html('<span class="not-stated">{}</span>', _("not stated"))


@register.filter
def as_percent(difference: float) -> SafeString:
    """A signed difference with one decimal: ``+23.8%``."""
    return format_html("{}%", f"{difference:+.1f}".replace("-", "−"))
