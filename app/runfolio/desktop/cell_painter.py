"""What cells are drawn with: texts cut to their room, pills and chips, in the fonts of the table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from runfolio.desktop import fonts
from runfolio.desktop.context import Context

KNOWN_WIDTHS = 20_000
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
# Worked out once: flags are enums of Python, and joining two of them takes a fifth of what drawing a text does.
_LEFT, _RIGHT, _CENTER = (
    int(side | _MIDDLE)
    for side in (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter)
)
_NO_PEN = QPen(Qt.PenStyle.NoPen)


class CellPainter:
    """Fonts, colours and pieces; widths of texts are measured once, and pens made once for a theme."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.font = fonts.ui(13)
        self.strong = fonts.ui(13, QFont.Weight.Medium)
        self.small = fonts.ui(12)
        self.figures = fonts.ui(13, figures=True)
        self.tiny = fonts.ui(9, QFont.Weight.Bold)
        own = (self.font, self.strong, self.small, self.figures, self.tiny)
        self._metrics = {id(font): QFontMetricsF(font) for font in own}
        self._widths: dict[tuple[str, int], float] = {}
        self._tokens = context.theme.tokens
        self._colors: dict[str, QColor] = {}
        self._pens: dict[str, QPen] = {}

    def color(self, token: str) -> QColor:
        """A colour of the theme, not to be changed."""
        tokens = self._context.theme.tokens
        if tokens is not self._tokens:
            self._tokens = tokens
            self._colors.clear()
            self._pens.clear()
        found = self._colors.get(token)
        if found is None:
            found = self._colors[token] = self._context.theme.color(token)
            self._pens[token] = QPen(found)
        return found

    def pen(self, token: str) -> QPen:
        """A line of one pixel in it."""
        self.color(token)
        return self._pens[token]

    def write(
        self,
        painter: QPainter,
        area: QRectF,
        text: str,
        font: QFont,
        token: str,
        *,
        right: bool = False,
        center: bool = False,
    ) -> None:
        """Draw a text in one line in the colour of a token, cut with “…” where it has no room."""
        painter.setFont(font)
        painter.setPen(self.pen(token))
        shown = text
        if self.width(text, font) > area.width() + 0.5:
            metrics = self._metrics[id(font)]
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() + 0.5)
        painter.drawText(area, _CENTER if center else _RIGHT if right else _LEFT, shown)

    def width(self, text: str, font: QFont) -> float:
        """How wide a text is."""
        # Measuring is half of what drawing a text costs, and most cells are drawn many times.
        known = self._widths.get((text, id(font)))
        if known is None:
            if len(self._widths) > KNOWN_WIDTHS:
                self._widths.clear()
            metrics = self._metrics[id(font)]
            known = self._widths[text, id(font)] = metrics.horizontalAdvance(text)
        return known

    def pill_width(self, text: str) -> float:
        """How wide a pill with a text is."""
        return self.width(text, self.small) + 22

    def pill(self, painter: QPainter, area: QRectF, text: str, tone: str) -> None:
        """Draw a text on a rounded ground of a tone."""
        width = min(self.pill_width(text), area.width())
        shape = QRectF(area.left(), area.center().y() - 9, width, 19)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_NO_PEN)
        painter.setBrush(self.color("accent_soft" if tone == "accent" else f"{tone}_soft"))
        painter.drawRoundedRect(shape, 9.5, 9.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        token = "muted" if tone == "neutral" else tone
        self.write(painter, shape.adjusted(4, 0, -4, -1), text, self.small, token, center=True)

    def chips(self, painter: QPainter, area: QRectF, tags: Sequence[str]) -> None:
        """Draw tags side by side, and how many there is no room for."""
        left = area.left()
        for position, tag in enumerate(tags):
            width = self.pill_width(tag)
            if left + width > area.right() and position:
                rest = QRectF(left, area.top(), area.right() - left, area.height())
                self.write(painter, rest, f"+{len(tags) - position}", self.small, "muted")
                return
            room = min(width, area.right() - left)
            self.pill(painter, QRectF(left, area.top(), room, area.height()), tag, "neutral")
            left += width + 4
