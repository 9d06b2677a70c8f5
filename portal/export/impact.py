"""The impact of a release as XLSX: a row for each finding that changes, and a second sheet that says what it is."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from projects.impact import Change, Impact, Said
from projects.sites import KINDS
from zones.sitecheck.engine import VERDICTS
from zones.sitecheck.rule import EFFECTS, RESULTS

from .text import DANGEROUS
from .workbook import MOST_CHARACTERS

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def kind_name(kind: str) -> str:
    return capfirst(str(KINDS[kind]._meta.verbose_name))


def impact_xlsx(impact: Impact) -> bytes:
    """Texts are in the language of the request; none is run as a formula."""
    out = BytesIO()
    with Workbook(out, {"in_memory": True, "nan_inf_to_errors": True}) as workbook:
        bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        # Without it a text that looks like a formula would become one when someone edits the cell.
        quoted = workbook.add_format({"quote_prefix": True})
        changes, about = workbook.add_worksheet(_("Changes")), workbook.add_worksheet(_("About"))
        for column, (title, width) in enumerate(_columns()):
            changes.set_column(column, column, width)
            changes.write_string(0, column, title, bold)
        changes.freeze_panes(1, 0)
        for number, row in enumerate(_rows(impact), start=1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    changes.write_string(number, column, value[:MOST_CHARACTERS], _style(value, quoted))
                elif value is not None:
                    changes.write_number(number, column, value)
        about.set_column(0, 0, 36)
        about.set_column(1, 1, 60)
        for number, (label, text) in enumerate(_about(impact)):
            about.write_string(number, 0, label, bold)
            about.write_string(number, 1, text[:MOST_CHARACTERS], _style(text, quoted))
    return out.getvalue()


def _style(text: str, quoted: Any) -> Any:
    return quoted if text[:1] and text[:1] in DANGEROUS else None


def _columns() -> list[tuple[str, int]]:
    return [
        (_("Kind"), 10),
        (_("Code"), 16),
        (_("Name"), 32),
        (_("Verdict before"), 22),
        (_("Verdict after"), 22),
        (_("Rule"), 32),
        (_("Result before"), 12),
        (_("Result after"), 12),
        (_("Effect before"), 14),
        (_("Effect after"), 14),
        (_("Overlap before, m²"), 14),
        (_("Overlap after, m²"), 14),
        (_("Overlap before, mu"), 14),
        (_("Overlap after, mu"), 14),
    ]


def _rows(impact: Impact) -> Iterator[list[str | float | None]]:
    for change in impact.changes:
        for finding in change.findings:
            before, after = _cells(finding.before), _cells(finding.after)
            pairs = [cell for pair in zip(before, after, strict=True) for cell in pair]
            yield [*_subject(change), str(finding.rule.title), *pairs]


def _subject(change: Change) -> list[str | float | None]:
    verdicts = str(VERDICTS[change.before]), str(VERDICTS[change.after])
    return [kind_name(change.kind), change.code, change.in_language("name"), *verdicts]


def _cells(said: Said | None) -> list[str | float | None]:
    if said is None:
        return [None] * 4
    return [str(RESULTS[said.result]), str(EFFECTS[said.effect]), said.overlap_m2, said.overlap_mu]


def _about(impact: Impact) -> Iterator[tuple[str, str]]:
    release = impact.release
    yield _("Impact of"), f"{release.title} ({release.code})"
    yield _("Theme"), str(release.get_theme_display())
    if release.is_demo:
        yield _("Demonstration data"), _("Made up to try the check; nothing may be decided by them.")
    yield _("If activated on"), date_format(impact.on, "Y-m-d")
    yield _("In place of"), f"{impact.current.title} ({impact.current.code})" if impact.current else _("no release")
    yield _("Records that change"), str(len(impact.changes))
    yield _("Of them with another verdict"), str(sum(change.changes_verdict for change in impact.changes))
    for kind, count in impact.judged.items():
        yield _("Judged, where the releases differ: %(kind)s") % {"kind": kind_name(kind)}, str(count)
    for kind, count in impact.untold.items():
        if count:
            yield _("Can't be told, without a surveyed site: %(kind)s") % {"kind": kind_name(kind)}, str(count)
