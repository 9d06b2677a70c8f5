"""The sheet of a kept check as PDF: the same row, language and revision are the same bytes.

Only what the row holds goes in, beside the county lines of the map and two settings (PUBLIC_URL, MAP_APPROVAL_NUMBER): no date of
today, nothing of the reader.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from lib.units import UNITS
from zones.models import Overruling, SiteCheck, Source

from .document import CASCADE_TEXT
from .engine import VERDICTS, Verdict, verdict_of
from .rule import ACTIVITIES, EFFECTS, Activity, Effect, Result
from .sheet_map import COUNTY_COLOR, SITE_COLOR, Piece, frame_of, legend, length_in_words, map_of, scale_bar_m
from .typeset import (
    ACCENT,
    BOTTOM,
    FAINT,
    HAIRLINE,
    HEIGHT,
    LEFT,
    MEASURE,
    RIGHT,
    SOFT,
    WIDTH,
    FontMissing,
    Line,
    Pages,
    Row,
    Style,
    cell_width,
    draw_text,
    fitting,
    lines_of,
    paragraph,
    width_of,
)

MOST_NAMES = 8
_BELOW_MAP = 48.0
LEAST_MAP, LARGEST_MAP = 92 * mm, 128 * mm

BODY, SMALL, STRONG = Style(8.5), Style(7.5, SOFT), Style(8.5, is_bold=True)
_RED, _AMBER, _GREY, _GREEN, _BLUE = (HexColor(code) for code in ("#a1191f", "#9a6200", "#5f646c", "#1f6b3a", "#2a5a8a"))
EFFECT_COLORS = {
    Effect.PROHIBITS: _RED,
    Effect.RESTRICTS: _AMBER,
    Effect.UNKNOWN: _GREY,
    Effect.COMPLIES: _GREEN,
    Effect.INFORMS: _BLUE,
}
VERDICT_COLORS = {
    Verdict.CONFLICT: _RED,
    Verdict.CONDITIONAL: _AMBER,
    Verdict.INCOMPLETE: _GREY,
    Verdict.CLEAR: _GREEN,
}


def sheet_pdf(kept: SiteCheck, language: str, revision: int) -> bytes:
    """The sheet with the first ``revision`` overrulings. Errors: FontMissing."""
    with translation.override(language):
        overrulings = list(kept.overrulings.order_by("id")[:revision]) if revision else []
        return _Sheet(kept, language, overrulings).made()


def sheets_of(kept: SiteCheck, revision: int) -> dict[str, str]:
    """The SHA-256 of the sheets of a revision by language; empty where the font for them is missing."""
    try:
        return {language: sha256(sheet_pdf(kept, language, revision)).hexdigest() for language, _name in settings.LANGUAGES}
    except FontMissing:
        return {}


def record_sheets(overruling: Overruling) -> None:
    """Writes down the hashes of the sheet that shows this overruling and those before it.

    Within a transaction that locked the check before the overruling was made: else two at once would miss each other.
    """
    kept = overruling.site_check
    overruling.sheets = sheets_of(kept, kept.overrulings.filter(id__lte=overruling.pk).count())
    overruling.save(update_fields=["sheets"])


@dataclass(frozen=True)
class Mark:
    """What a sheet says of itself in its properties."""

    key: str
    language: str
    revision: int

    def __str__(self) -> str:
        return f"site-check {self.key} {self.language} revision {self.revision}"


def mark_of(pdf: bytes) -> Mark | None:
    """What a file claims to be; it may lie."""
    found = re.search(rb"site-check ([0-9a-f]{64}) ([a-z-]{2,7}) revision ([0-9]{1,6})\b", pdf)
    return Mark(found[1].decode(), found[2].decode(), int(found[3])) if found else None


def verify_address(kept: SiteCheck) -> str:
    return f"{settings.PUBLIC_URL}/site-checks/{kept.key}/verify/"


class _Sheet:
    def __init__(self, kept: SiteCheck, language: str, overrulings: Sequence[Overruling]) -> None:
        self.kept, self.language, self.overrulings = kept, language, overrulings
        self.answer: dict[str, Any] = kept.answer[language]
        self.releases = {release["code"]: release for release in self.answer["releases"]}
        self.pages = Pages()

    def made(self) -> bytes:
        self._head()
        self._verdict()
        self._figures()
        self._map()
        self._findings()
        self._overrulings()
        self._notes()
        self._releases()
        self._cascade()
        name, mark = _("Site check sheet"), Mark(self.kept.key, self.language, len(self.overrulings))
        return self.pages.write(self._furniture, f"{name} {self.kept.key[:12]}", str(mark), self.language)

    def _head(self) -> None:
        self.pages.text(_("Site check sheet"), Style(20, is_bold=True))
        self.pages.skip(2)
        self.pages.text(_("Taiyuan-Xinzhou Integrated Economic Zone: what applies at this site by the plan"), Style(9.5, SOFT))
        if self.kept.question.get("label"):
            self.pages.skip(3)
            self.pages.text(self.kept.question["label"], Style(12, is_bold=True))
        self.pages.skip(6)
        self.pages.rule(ACCENT, 1.2)
        self.pages.skip(4)
        self._pairs(
            [
                (_("As of"), self.answer["as_of"]),
                (_("Sheet"), self._revision_in_words()),
                (_("SHA-256 of the answer"), self.kept.key),
                (_("Verify at"), verify_address(self.kept)),
            ]
        )

    def _revision_in_words(self) -> str:
        if not self.overrulings:
            return _("Revision 0, without overrulings")
        count = len(self.overrulings)
        words = ngettext("Revision %(count)s, with %(count)s overruling", "Revision %(count)s, with %(count)s overrulings", count)
        return words % {"count": count}

    def _pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        label, left = Style(8, FAINT), 96.0
        for name, value in pairs:
            lines = paragraph(value, BODY, MEASURE - left)
            names = paragraph(name, label, left - 8)
            self.pages.need(max(len(lines) * BODY.leading, len(names) * label.leading))
            if len(lines) <= 3:
                top = self.pages.y
                self.pages.lines(names)
                bottom, self.pages.y = self.pages.y, top
                self.pages.lines(lines, LEFT + left)
                self.pages.y = min(bottom, self.pages.y)
            else:
                self.pages.lines(names)
                self.pages.lines(paragraph(value, BODY, MEASURE))

    def _verdict(self) -> None:
        color = VERDICT_COLORS[Verdict(self.answer["verdict"])]
        style = Style(15, white, is_bold=True)
        lines = lines_of(self.answer["verdict_text"], style, MEASURE - 260)
        small = lines_of(self._verdict_beside(), Style(8, white), 230)
        height = max(len(lines) * style.leading, len(small) * 12) + 12
        self.pages.skip(8)
        self.pages.need(height)
        top = self.pages.y

        def box(canvas: Canvas) -> None:
            canvas.setFillColor(color)
            canvas.roundRect(LEFT, top - height, MEASURE, height, 4, stroke=0, fill=1)
            for number, line in enumerate(lines):
                draw_text(canvas, LEFT + 12, top - 6 - style.leading * (number + 0.76), line, style)
            for number, line in enumerate(small):
                at = RIGHT - 12 - width_of(line, 8)
                draw_text(canvas, at, top - height / 2 + len(small) * 6 - 12 * (number + 0.75), line, Style(8, white))

        self.pages.draw(box)
        self.pages.skip(height + 4)
        counted = [(effect, sum(one["effect"] == effect for one in self.answer["findings"])) for effect in Effect]
        parts = (f"{EFFECTS[effect]} {count}" for effect, count in counted if count)
        self.pages.text(_("Findings by effect: %(parts)s") % {"parts": _comma().join(parts)}, SMALL)
        if self.answer["is_demo"]:
            demo = _("Demonstration data took part. This sheet shows how the check works and is no basis for any decision.")
            self.pages.text(demo, Style(8.5, _RED, is_bold=True))

    def _verdict_beside(self) -> str:
        if not self.overrulings:
            return _("As the rules have it")
        set_beside = {one.rule: one.effect for one in self.overrulings}
        verdict = verdict_of(Effect(set_beside.get(one["rule"], one["effect"])) for one in self.answer["findings"])
        return _("As the rules have it. With the overrulings: %(verdict)s") % {"verdict": VERDICTS[verdict]}

    def _figures(self) -> None:
        answer, question = self.answer, self.kept.question
        pairs = [(_("Size"), _size_in_words(answer))]
        counties = [
            f"{county['name']} {_amount(county['overlap_m2'])} m² ({_percent(county['share'])})"
            if county["overlap_m2"] is not None
            else county["name"]
            for county in answer["counties"]
        ]
        pairs.append((_("Counties"), _comma().join(counties) or _("none of the twelve")))
        pairs.append((_("Wanted for"), str(ACTIVITIES[Activity(question.get("activity", ""))])))
        if question.get("industry"):
            pairs.append((_("Industry, by its code"), question["industry"]))
        pairs.append((_("System of the question"), str(question["crs"])))
        self.pages.heading(_("The site"))
        self._pairs(pairs)

    def _map(self) -> None:
        pieces = self._pieces()
        self.pages.skip(6)
        self.pages.need(LEAST_MAP + _BELOW_MAP)
        height = min(self.pages.room - _BELOW_MAP, LARGEST_MAP)
        frame = frame_of(self.answer["geometry"], LEFT, self.pages.y - height, MEASURE, height)
        self.pages.draw(map_of(frame, self.answer["geometry"], pieces, self.language))
        self.pages.skip(height + 12)
        entries = [("site", SITE_COLOR, _("The site"))]
        for effect, color in EFFECT_COLORS.items():
            numbers = [str(piece.number) for piece in pieces if piece.color is color]
            if numbers:
                entries.append(("piece", color, f"{EFFECTS[effect]} ({', '.join(numbers)})"))
        entries.append(("county", COUNTY_COLOR, _("County line, for display only")))
        self._legend(entries)
        words = _(
            "Scale 1 : %(scale)s; the bar is %(length)s long. North is up. Grid: CGCS2000. Numbers are those of the findings."
        )
        said = words % {"scale": f"{frame.denominator:,.0f}", "length": length_in_words(scale_bar_m(frame.denominator))}
        self.pages.text(f"{said} {settings.MAP_APPROVAL_NUMBER}".strip(), SMALL)

    def _pieces(self) -> list[Piece]:
        """The gravest last, so that they lie on top."""
        order = list(EFFECT_COLORS)
        findings = [(number, one) for number, one in enumerate(self.answer["findings"], start=1) if one["geometry"]]
        findings.sort(key=lambda found: (-order.index(Effect(found[1]["effect"])), found[0]))
        return [Piece(number, one["geometry"], EFFECT_COLORS[Effect(one["effect"])]) for number, one in findings]

    def _legend(self, entries: Sequence[tuple[str, Color, str]]) -> None:
        x, style = LEFT, Style(7.5, SOFT)
        for kind, color, words in entries:
            lines = lines_of(words, style, MEASURE / 2)
            wide = 18 + max(width_of(line, style.size) for line in lines) + 14
            if x + wide > RIGHT and x > LEFT:
                x = LEFT
                self.pages.skip(12)
            self._legend_entry(x, self.pages.y, kind, color, lines, style)
            self.pages.skip(11 * (len(lines) - 1))
            x += wide
        self.pages.skip(8)

    def _legend_entry(self, x: float, y: float, kind: str, color: Color, lines: Sequence[str], style: Style) -> None:
        def draw(canvas: Canvas) -> None:
            legend(canvas, x, y, kind, color)
            for number, line in enumerate(lines):
                draw_text(canvas, x + 18, y - 11 * number, line, style)

        self.pages.draw(draw)

    def _findings(self) -> None:
        self.pages.heading(_("Findings"), room=120)
        widths = fitting([31, 26, 25, 57, 35])
        heads = (_("Theme"), _("Result"), _("Overlap"), _("Rule, clause and what is needed"), _("Release"))
        rows = (self._finding(number, one, widths) for number, one in enumerate(self.answer["findings"], start=1))
        self.pages.table(widths, heads, rows)

    def _finding(self, number: int, finding: dict[str, Any], widths: Sequence[float]) -> Row:
        theme, result, overlap, words, release = (cell_width(width) for width in widths)
        color = EFFECT_COLORS[Effect(finding["effect"])]
        title = paragraph(finding["rule_title"], SMALL, theme)
        if finding["is_approximate"]:
            title += paragraph(_("by name or approximate place"), Style(7, FAINT), theme, gap=2)
        outcome = [
            *(
                Line(line, Style(8.5, white, is_bold=True), chip=color)
                for line in lines_of(finding["result_text"], BODY, result - 8)
            ),
            *paragraph(finding["effect_text"], Style(8, color), result, gap=3),
        ]
        for one in self.overrulings:
            if one.rule == finding["rule"]:
                outcome += paragraph(_("Overruled:"), Style(7, FAINT), result, gap=4)
                outcome += paragraph(
                    str(EFFECTS[Effect(one.effect)]), Style(8, EFFECT_COLORS[Effect(one.effect)], is_bold=True), result
                )
        clause = finding["clause"] or _("no clause at hand")
        said = paragraph(finding["text"], BODY, words)
        said += paragraph(_("Rule: %(rule)s") % {"rule": finding["rule_text"]}, SMALL, words, gap=3)
        said += paragraph(_("Clause: %(clause)s") % {"clause": clause}, SMALL, words, gap=1)
        if names := _names(finding["names"]):
            said += paragraph(_("Named: %(names)s") % {"names": names}, SMALL, words, gap=1)
        if finding["needed"]:
            said += paragraph(_("Needed: %(needed)s") % {"needed": finding["needed"]}, Style(8), words, gap=3)
        cells = [
            [*paragraph(f"{number}  {finding['theme_text']}", STRONG, theme), *title],
            outcome,
            [line for part in _overlap_in_words(finding) for line in paragraph(part, BODY, overlap)],
            said,
            self._release_of(finding, release),
        ]
        return Row(cells, bar=color)

    def _release_of(self, finding: dict[str, Any], width: float) -> list[Line]:
        found = self.releases.get(finding["release"])
        if found is None:
            return paragraph(_("no release in force"), Style(8, FAINT), width)
        lines = paragraph(found["title"], Style(8), width)
        if found["is_demo"]:
            lines += paragraph(pgettext("watermark", "DEMONSTRATION"), Style(7.5, _RED, is_bold=True), width)
        lines += paragraph(found["issued_by"], SMALL, width)
        return lines + paragraph(_("state of %(day)s") % {"day": found["data_date"]}, SMALL, width)

    def _overrulings(self) -> None:
        if not self.overrulings:
            return
        findings = {one["rule"]: (number, one) for number, one in enumerate(self.answer["findings"], start=1)}
        self.pages.heading(_("Overrulings"))
        self.pages.text(_("An official sets these beside the result of the rules. They never take its place."), SMALL)
        self.pages.skip(4)
        widths = fitting([34, 28, 28, 54, 30])
        heads = (_("Finding"), _("Result of the rules"), _("Overruled to"), _("Reason"), _("By and when"))
        self.pages.table(widths, heads, (self._overruling(one, findings.get(one.rule), widths) for one in self.overrulings))

    def _overruling(self, one: Overruling, found: tuple[int, dict[str, Any]] | None, widths: Sequence[float]) -> Row:
        name, machine, effect, reason, by = (cell_width(width) for width in widths)
        color = EFFECT_COLORS[Effect(one.effect)]
        number, finding = found or (0, {})
        title = f"{number}  {finding['theme_text']} · {finding['rule_title']}" if found else one.rule
        result = f"{finding['result_text']} · {finding['effect_text']}" if found else ""
        when = timezone.localtime(one.made_at).strftime("%Y-%m-%d %H:%M")
        cells = [
            paragraph(title, BODY, name),
            paragraph(result, BODY, machine),
            paragraph(str(EFFECTS[Effect(one.effect)]), Style(8.5, color, is_bold=True), effect),
            paragraph(one.reason, BODY, reason),
            [*paragraph(one.made_by, BODY, by), *paragraph(when, SMALL, by)],
        ]
        return Row(cells, bar=color)

    def _notes(self) -> None:
        if self.answer["notes"]:
            self.pages.heading(_("Notes on the site"), room=20)
            for note in self.answer["notes"]:
                self.pages.text(f"· {note['text']}", BODY)

    def _releases(self) -> None:
        self.pages.heading(_("Data releases that were asked"))
        if not self.answer["releases"]:
            self.pages.text(_("None was in force on that day."), BODY)
            return
        widths = fitting([52, 40, 36, 23, 23])
        heads = (_("Release"), _("Issued by"), _("Document"), _("State of the data"), _("In force from"))
        self.pages.table(widths, heads, (self._release(one, widths) for one in self.answer["releases"]))

    def _release(self, release: dict[str, Any], widths: Sequence[float]) -> Row:
        title, issuer, paper, state, begins = (cell_width(width) for width in widths)
        names = [*paragraph(release["title"], BODY, title), *paragraph(release["code"], SMALL, title)]
        if release["is_demo"]:
            names += paragraph(pgettext("watermark", "DEMONSTRATION"), Style(7.5, _RED, is_bold=True), title)
        if release["counties"]:
            names += paragraph(_("Covers: %(counties)s") % {"counties": ", ".join(release["counties"])}, SMALL, title)
        cells = [
            names,
            paragraph(release["issued_by"], BODY, issuer),
            paragraph(release["document"], BODY, paper),
            paragraph(release["data_date"], BODY, state),
            paragraph(release["active_from"] or _("draft"), BODY, begins),
        ]
        return Row(cells)

    def _cascade(self) -> None:
        self.pages.heading(_("How the verdict follows"), room=70)
        sources = {finding["clause"].split(" ")[0] for finding in self.answer["findings"] if finding["clause"]}
        self.pages.text(_("The first of these effects that a finding has decides; unknown never reads as clear."), SMALL)
        for number, (effect, verdict) in enumerate(CASCADE_TEXT, start=1):
            self.pages.text(f"{number}  {effect} → {verdict}", BODY)
        self.pages.skip(6)
        for source in Source.objects.filter(code__in=sources).order_by("code"):
            self.pages.text(f"{source.code}  {source.in_language('name')} {source.document_number}", SMALL)
        for sentence in (
            _("Areas and overlaps are measured on the ellipsoid of CGCS2000; 1 mu is 10,000/15 m²."),
            _("County lines are generalised and for display only; near to them a survey decides which county a site belongs to."),
            _("The check compares the site with the data releases named here. It takes the place of no approval."),
            _("A character that the font lacks is shown by its number, as 〔U+20BB7〕."),
        ):
            self.pages.text(sentence, SMALL)

    def _furniture(self, canvas: Canvas, number: int, total: int) -> None:
        style = Style(7, FAINT)
        if self.answer["is_demo"]:
            _watermark(canvas, pgettext("watermark", "DEMONSTRATION"))
        top = HEIGHT - 14 * mm
        name = _("Site check sheet")
        draw_text(canvas, LEFT, top, f"{name}  {self.kept.key[:16]}", style)
        beside = _("As of %(day)s") % {"day": self.answer["as_of"]}
        if self.answer["is_demo"]:
            demo = _("Demonstration data: no basis for decisions")
            beside = f"{demo}  {beside}"
        draw_text(canvas, RIGHT - width_of(beside, style.size), top, beside, style)
        canvas.setStrokeColor(HAIRLINE)
        canvas.setLineWidth(0.5)
        canvas.line(LEFT, top - 4, RIGHT, top - 4)
        canvas.line(LEFT, BOTTOM - 10, RIGHT, BOTTOM - 10)
        draw_text(canvas, LEFT, BOTTOM - 20, _("County lines are for display only, not for compliance."), style)
        count = _("Page %(number)s of %(total)s") % {"number": number, "total": total}
        draw_text(canvas, RIGHT - width_of(count, style.size), BOTTOM - 20, count, style)


def _watermark(canvas: Canvas, text: str) -> None:
    size = min(110.0, WIDTH * 0.95 / width_of(text, 1))
    canvas.saveState()
    canvas.translate(WIDTH / 2, HEIGHT / 2)
    canvas.rotate(45)
    faint = Color(_RED.red, _RED.green, _RED.blue, alpha=0.1)
    draw_text(canvas, -width_of(text, size) / 2, -size / 3, text, Style(size, faint))
    canvas.restoreState()


def _comma() -> str:
    return pgettext("between the items of a list", ", ")


def _names(names: Sequence[str]) -> str:
    there = [name for name in names if name]
    said = _comma().join(there[:MOST_NAMES])
    more = len(there) - MOST_NAMES
    return (
        said
        if more <= 0
        else ngettext("%(names)s and %(count)s more", "%(names)s and %(count)s more", more)
        % {
            "names": said,
            "count": more,
        }
    )


def _amount(value: float) -> str:
    """Two decimals; what is there and rounds to nothing is said to be less, never zero."""
    return "< 0.01" if 0 < value < 0.005 else f"{value:,.2f}"


def _percent(share: float | None) -> str:
    if share is None:
        return ""
    return "< 0.01 %" if 0 < share < 0.00005 else f"{share * 100:.2f} %"


def _size_in_words(answer: dict[str, Any]) -> str:
    if answer["area_m2"] is not None:
        return f"{_amount(answer['area_m2'])} m² = {_amount(answer['area_mu'])} {UNITS['mu'].label}"
    if answer["length_m"] is not None:
        return f"{_amount(answer['length_m'])} m"
    return _("a point, without extent")


def _overlap_in_words(finding: dict[str, Any]) -> list[str]:
    if finding["overlap_m2"] is not None:
        parts = [f"{_amount(finding['overlap_m2'])} m²", f"{_amount(finding['overlap_mu'])} {UNITS['mu'].label}"]
    elif finding["overlap_m"] is not None:
        parts = [f"{_amount(finding['overlap_m'])} m"]
    else:
        return ["—"]
    if finding["result"] == Result.TOUCHING and finding["overlap_m2"] == 0:
        parts[0] = "< 0.01 m²"
    return [*parts, _percent(finding["share"])]
