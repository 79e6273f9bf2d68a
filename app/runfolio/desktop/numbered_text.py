"""Read-only text in the fixed face, with line numbers at the left where they are known."""

from __future__ import annotations

import time

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.painting_turns import ROWS, TURN_MS, PaintingTurns, is_on_screen
from runfolio.model.display import count
from runfolio.model.previews import FOLD, TextPage


class NumberedText(QPlainTextEdit):
    """A page of a text. Lines are painted in turns: glyphs that were not seen before take a while each."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._numbers: list[int | None] = []
        self._gutter = _Gutter(self)
        self._is_slow = self._owes_numbers = False
        self._turns = PaintingTurns(self)
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("bare", True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(fonts.mono(12))
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.updateRequest.connect(self._on_update)
        context.theme.changed.connect(self._gutter.update)

    def put(self, page: TextPage, line: int | None) -> None:
        """Show a page whose first line has that number."""
        text = page.text.removesuffix("\n")
        self.setExtraSelections([])
        self._take_face(is_slow=page.fold < FOLD)
        self._numbers = _numbers(text.count("\n") + 1, page.folds, line)
        self.setPlainText(text)
        self._fit()

    def _take_face(self, *, is_slow: bool) -> None:
        """The fixed face, without hints where most characters come for the first time: hints take most of a glyph.

        A line of a hundred characters that were not seen before is laid out and painted in 4 ms with them and in 1 ms
        without; letters are as wide, and hardly look another.
        """
        if is_slow == self._is_slow:
            return
        self._is_slow = is_slow
        # Else all lines of the text before would be laid out again.
        self.setPlainText("")
        font = fonts.mono(12)
        if is_slow:
            font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        self.setFont(font)

    def mark(self, place: tuple[int, int, int] | None) -> None:
        """Go to a block and column and mark so many characters; None: no mark."""
        if place is None:
            self.setExtraSelections([])
            return
        block, column, length = place
        found = self.document().findBlockByNumber(block)
        if not found.isValid():
            return
        start = found.position() + min(column, max(0, found.length() - 1))
        cursor = self.textCursor()
        cursor.setPosition(start)
        self.setTextCursor(cursor)
        end = min(start + length, self.document().characterCount() - 1)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        selection = QTextEdit.ExtraSelection()
        look = QTextCharFormat()
        look.setBackground(self._context.theme.color("warn_soft"))
        look.setForeground(self._context.theme.color("warn"))
        look.setFontUnderline(True)
        selection.format = look
        selection.cursor = cursor
        self.setExtraSelections([selection])
        self.centerCursor()

    def gutter_width(self) -> int:
        """Room for the largest line number; 0 where there are none."""
        largest = next((number for number in reversed(self._numbers) if number is not None), None)
        if largest is None:
            return 0
        return 22 + self.fontMetrics().horizontalAdvance("9") * max(2, len(count(largest)))

    def paint_gutter(self, event: QPaintEvent) -> None:
        """Draw the numbers of the lines in view."""
        painter = QPainter(self._gutter)
        theme = self._context.theme
        painter.fillRect(event.rect(), theme.color("panel"))
        painter.setFont(fonts.mono(11))
        painter.setPen(QColor(theme.color("placeholder")))
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        width = self._gutter.width() - 10
        while block.isValid() and top <= event.rect().bottom():
            if not block.layout().lineCount():
                # Its line waits for the next turn, and where the next number goes is known after that.
                self._owes_numbers = True
                break
            height = self.blockBoundingRect(block).height()
            number = self._numbers[block.blockNumber()] if block.blockNumber() < len(self._numbers) else None
            text = "·" if number is None else count(number)
            painter.drawText(QRect(0, round(top), width, round(height)), int(Qt.AlignmentFlag.AlignRight), text)
            top += height
            block = block.next()
        painter.end()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines that the event asks for, some of them in the next turn where they take long."""
        if self._is_slow and is_on_screen(self.viewport()) and not self._lay_out_some():
            self._turns.wait(event.region())
            return
        rows = 1 if self._is_slow else ROWS
        self._turns.paint_rows(event, self.fontMetrics().lineSpacing(), self._paint, rows)
        if self._owes_numbers:
            self._owes_numbers = False
            self._gutter.update()

    def _lay_out_some(self) -> bool:
        """Lay out lines in view for a turn: the painting of one asks for all of them. Whether all are now."""
        until = time.perf_counter() + TURN_MS / 1000
        block, bottom = self.firstVisibleBlock(), float(self.viewport().height())
        top = self.contentOffset().y()
        while block.isValid() and top <= bottom:
            top += self.blockBoundingRect(block).height()
            if time.perf_counter() > until:
                return False
            block = block.next()
        return True

    def _paint(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._context.theme.color("surface"))
        painter.end()
        super().paintEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the numbers at the left edge."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = self.gutter_width()
        self.setViewportMargins(width, 0, 0, 0)
        area = self.contentsRect()
        self._gutter.setGeometry(area.left(), area.top(), width, area.height())
        self._gutter.update()

    def _on_update(self, area: QRect, moved: int) -> None:
        if moved:
            self._gutter.scroll(0, moved)
        else:
            self._gutter.update(0, area.y(), self._gutter.width(), area.height())


class _Gutter(QWidget):
    def __init__(self, text: NumberedText) -> None:
        super().__init__(text)
        self._text = text

    def paintEvent(self, event: QPaintEvent) -> None:
        self._text.paint_gutter(event)


def _numbers(lines: int, folds: tuple[int, ...], first: int | None) -> list[int | None]:
    """The number of each shown line; None for one that goes on with the one before, or where none is known."""
    if first is None:
        return [None] * lines
    found: list[int | None] = []
    folded, number = frozenset(folds), first
    for line in range(lines):
        if line in folded:
            found.append(None)
        else:
            found.append(number)
            number += 1
    return found
