"""Text on A4 pages: what the font can draw, lines that fit, tables that break over pages. Lengths are in points.

Nothing of the day or the machine goes into a document, so that the same content is the same bytes.
"""

import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import RLock

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
LEFT, RIGHT = 18.0 * mm, WIDTH - 18.0 * mm
TOP, BOTTOM = HEIGHT - 22.0 * mm, 22.0 * mm
MEASURE: float = RIGHT - LEFT

# TrueType outlines: those of Noto Sans CJK are of another kind, which can't be embedded in parts.
FONT_FILES = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),  # Debian and Ubuntu: fonts-wqy-microhei
    Path("/usr/share/fonts/wqy-microhei/wqy-microhei.ttc"),  # Fedora: wqy-microhei-fonts
)
FONT = "WenQuanYiMicroHei"

INK, SOFT, FAINT = HexColor("#1f2328"), HexColor("#4d545c"), HexColor("#6b7078")
HAIRLINE, WASH, ACCENT = HexColor("#cfc8ba"), HexColor("#f3efe6"), HexColor("#9c3d23")

Draw = Callable[[Canvas], None]


class FontMissing(Exception):
    """The machine lacks the font that sheets are set in; without it Chinese would be a row of boxes."""


# Of a font two threads would load two copies, and one document would be set in both; and the library reads the file of a font
# at a place that it keeps in the font.
_one_at_a_time = RLock()


def font() -> TTFont:
    """Errors: FontMissing."""
    with _one_at_a_time:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> TTFont:
    for path in FONT_FILES:
        if path.is_file():
            loaded = TTFont(FONT, str(path))
            pdfmetrics.registerFont(loaded)
            return loaded
    raise FontMissing


@dataclass(frozen=True)
class Style:
    size: float = 8.5
    color: Color = INK
    is_bold: bool = False

    @property
    def leading(self) -> float:
        return self.size * 1.5


@dataclass(frozen=True)
class Line:
    """A line that fits. ``chip`` is the colour of a patch behind it, ``gap`` the room above it."""

    text: str
    style: Style
    chip: Color | None = None
    gap: float = 0.0

    @property
    def height(self) -> float:
        return self.style.leading + self.gap


def printable(text: str) -> str:
    """The text with white space as one space, and what the font lacks or nobody would see by its number: 〔U+20BB7〕."""
    glyphs = font().face.charToGlyph
    return "".join(_seen(character, glyphs) for character in " ".join(text.split()))


def _seen(character: str, glyphs: dict[int, int]) -> str:
    if ord(character) in glyphs and unicodedata.category(character)[0] != "C":
        return character
    return f"〔U+{ord(character):04X}〕"


# A run of letters stays together, a Chinese character stands for itself.
_TOKENS = re.compile(r"\s+|[^\s\u2e80-\U0010ffff]+|.", re.DOTALL)
_NEVER_FIRST = frozenset("，。、；：？！）〕】》」』”’…—％·～%,.;:?!)]}°")
_NEVER_LAST = frozenset("（〔【《「『“‘([{§")


def lines_of(text: str, style: Style, width: float) -> list[str]:
    """The lines of a text, none wider than ``width``; closing marks begin no line and opening ones end none."""
    lines, line, used = [], "", 0.0
    for unit in _units(printable(text)):
        for part in [unit] if width_of(unit, style.size) <= width else _pieces(unit, style.size, width):
            wide = width_of(part, style.size)
            if line and used + width_of(part.rstrip(), style.size) > width:
                lines.append(line.rstrip())
                line, used = "", 0.0
            if line or not part.isspace():
                line, used = line + part, used + wide
    return [*lines, line.rstrip()] if line else lines


def _units(text: str) -> list[str]:
    units: list[str] = []
    for token in _TOKENS.findall(text):
        if units and (token[0] in _NEVER_FIRST or units[-1][-1] in _NEVER_LAST) and len(units[-1]) < 40:
            units[-1] += token
        else:
            units.append(token)
    return units


def _pieces(unit: str, size: float, width: float) -> Iterable[str]:
    piece, used = "", 0.0
    for character in unit:
        wide = width_of(character, size)
        if piece and used + wide > width:
            yield piece
            piece, used = "", 0.0
        piece, used = piece + character, used + wide
    yield piece


def width_of(text: str, size: float) -> float:
    face = font().face
    widths, default = face.charWidths, face.defaultWidth
    return float(sum(widths.get(ord(character), default) for character in text)) * size / 1000


def paragraph(text: str, style: Style, width: float, gap: float = 0.0) -> list[Line]:
    return [Line(line, style, gap=0.0 if number else gap) for number, line in enumerate(lines_of(text, style, width))]


def draw_text(canvas: Canvas, x: float, y: float, text: str, style: Style) -> None:
    """At the left end of its base line. The font has one weight; bold is the same letters with an outline."""
    words = canvas.beginText(x, y)
    words.setFont(FONT, style.size)
    words.setFillColor(style.color)
    if style.is_bold:
        canvas.setStrokeColor(style.color)
        canvas.setLineWidth(style.size / 32)
        words.setTextRenderMode(2)
    words.textOut(text)
    if style.is_bold:
        words.setTextRenderMode(0)
    canvas.drawText(words)


@dataclass(frozen=True)
class Row:
    """Cells of lines, side by side. ``bar`` is the colour of a stripe at its left."""

    cells: Sequence[Sequence[Line]]
    bar: Color | None = None


class Pages:
    """Content laid out downwards, page after page; drawn when all is laid out, so that each page can say how many there are."""

    def __init__(self) -> None:
        self._pages: list[list[Draw]] = [[]]
        self.y: float = TOP

    @property
    def room(self) -> float:
        return float(self.y - BOTTOM)

    def turn(self) -> None:
        self._pages.append([])
        self.y = TOP

    def need(self, height: float) -> None:
        """Goes to the next page unless so much fits here."""
        if self.room < height:
            self.turn()

    def draw(self, draw: Draw) -> None:
        self._pages[-1].append(draw)

    def skip(self, height: float) -> None:
        self.y -= height

    def lines(self, lines: Iterable[Line], x: float = LEFT) -> None:
        for line in lines:
            self.need(line.height)
            self.y -= line.height
            self._line(line, x, self.y)

    def text(self, text: str, style: Style, x: float = LEFT, width: float = MEASURE) -> None:
        self.lines(paragraph(text, style, width), x)

    def heading(self, text: str, room: float = 60) -> None:
        """With ``room`` left for what it is the heading of."""
        style = Style(11, ACCENT, is_bold=True)
        self.need(style.leading + 14 + room)
        self.skip(12)
        self.text(text, style)
        self.skip(4)

    def _line(self, line: Line, x: float, y: float) -> None:
        base = y + line.style.leading * 0.3
        if line.chip is None:
            self.draw(lambda canvas: draw_text(canvas, x, base, line.text, line.style))
            return
        wide = width_of(line.text, line.style.size)

        def chip(canvas: Canvas) -> None:
            canvas.setFillColor(line.chip)
            canvas.roundRect(x, base - line.style.size * 0.32, wide + 8, line.style.size * 1.42, 2, stroke=0, fill=1)
            draw_text(canvas, x + 4, base, line.text, line.style)

        self.draw(chip)

    def rule(self, color: Color = HAIRLINE, width: float = 0.5) -> None:
        y = self.y

        def line(canvas: Canvas) -> None:
            canvas.setStrokeColor(color)
            canvas.setLineWidth(width)
            canvas.line(LEFT, y, RIGHT, y)

        self.draw(line)

    def table(self, widths: Sequence[float], head: Sequence[str], rows: Iterable[Row]) -> None:
        """The head is repeated on each page. A row stays together unless it takes more than a third of one."""
        style = Style(7.5, SOFT)
        top = Row([paragraph(text, style, width - _PAD) for text, width in zip(head, widths, strict=True)])
        self.need(_height(top) + 40)
        self._head(top, widths)
        for row in rows:
            if _height(row) > self.room and (_height(row) < (TOP - BOTTOM) / 3 or self.room < 80):
                self.turn()
                self._head(top, widths)
            while (rest := self._row(row, widths)) is not None:
                row = rest
                self.turn()
                self._head(top, widths)

    def _head(self, top: Row, widths: Sequence[float]) -> None:
        y, height = self.y, _height(top)

        def wash(canvas: Canvas) -> None:
            canvas.setFillColor(WASH)
            canvas.rect(LEFT, y - height, MEASURE, height, stroke=0, fill=1)

        self.draw(wash)
        self._row(top, widths)

    def _row(self, row: Row, widths: Sequence[float]) -> Row | None:
        """Sets what fits on the page and gives the rest, None when it is whole."""
        rest, depth, x, top = [], 0.0, LEFT + _PAD / 2, self.y
        for cell, width in zip(row.cells, widths, strict=True):
            y = self.y - _PAD / 2
            taken = 0
            for line in cell:
                if y - line.height < BOTTOM:
                    break
                y -= line.height
                self._line(line, x, y)
                taken += 1
            depth = max(depth, self.y - y + _PAD / 2)
            rest.append(list(cell[taken:]))
            x += width
        self.y -= depth
        bottom = self.y

        def frame(canvas: Canvas) -> None:
            canvas.setStrokeColor(HAIRLINE)
            canvas.setLineWidth(0.4)
            canvas.line(LEFT, bottom, RIGHT, bottom)
            if row.bar is not None:
                canvas.setFillColor(row.bar)
                canvas.rect(LEFT, bottom + 0.6, 2.2, top - bottom - 1.2, stroke=0, fill=1)

        self.draw(frame)
        return Row(rest, row.bar) if any(rest) else None

    def write(self, furniture: Callable[[Canvas, int, int], None], title: str, keywords: str, language: str) -> bytes:
        """The document; ``furniture`` draws head and foot of a page from its number and how many there are."""
        with _one_at_a_time:
            font()
            written = io.BytesIO()
            canvas = Canvas(written, pagesize=A4, invariant=True, pageCompression=1, lang=language)
            canvas.setTitle(title)
            canvas.setKeywords(keywords)
            canvas.setAuthor("")
            canvas.setCreator("")
            for number, page in enumerate(self._pages, start=1):
                for draw in page:
                    draw(canvas)
                furniture(canvas, number, len(self._pages))
                canvas.showPage()
            canvas.save()
        return written.getvalue()


_PAD = 8.0  # of a cell, left and right together, above and below together


def _height(row: Row) -> float:
    return max(sum(line.height for line in cell) for cell in row.cells) + _PAD


def fitting(widths: Sequence[float]) -> list[float]:
    """Widths of cells in proportion, together as wide as the page's text."""
    return [MEASURE * width / sum(widths) for width in widths]


def cell_width(width: float) -> float:
    """What a cell of this width has for its text."""
    return width - _PAD
