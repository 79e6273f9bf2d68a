"""A small form over a chart for the ends of its axes: four fields, each of which may stay empty."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLineEdit, QWidget

from runfolio.analysis.drawing import Range
from runfolio.desktop.panel_settings import PanelSettings
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import PlainLabel, TextButton


class RangeForm(QFrame):
    """Asks for the ranges of x and y; what is no range is said to be none."""

    def __init__(
        self,
        theme: Theme,
        settings: PanelSettings,
        seen: tuple[Range, Range],
        ask: Callable[[str, PanelSettings], None],
        parent: QWidget,
    ) -> None:
        """`seen` are the ranges in view, offered where none is fixed."""
        super().__init__(parent)
        self.setObjectName("range-form")
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._settings, self._ask = settings, ask
        self._fields: dict[str, QLineEdit] = {}
        self._wrong = PlainLabel("", role="bad")
        self._wrong.setObjectName("range-wrong")
        self._wrong.hide()
        form = QFormLayout(self)
        form.setContentsMargins(12, 12, 12, 12)
        form.setSpacing(8)
        for axis, fixed, now in (("x", settings.x_range, seen[0]), ("y", settings.y_range, seen[1])):
            row = QHBoxLayout()
            for end, place in (("from", 0), ("to", 1)):
                field = QLineEdit("" if fixed is None else f"{fixed[place]:.10g}")
                field.setObjectName(f"range-{axis}-{end}")
                field.setAccessibleName(f"{axis} {end}")
                field.setPlaceholderText(f"{now[place]:.6g}")
                field.setFixedWidth(110)
                field.returnPressed.connect(self._apply)
                self._fields[f"{axis}{place}"] = field
                row.addWidget(field)
            form.addRow(f"{axis} from, to", row)
        form.addRow(self._wrong)
        buttons = QHBoxLayout()
        apply, cancel = TextButton("Fix the ends", theme, kind="primary"), TextButton("Cancel", theme)
        apply.setObjectName("range-apply")
        apply.clicked.connect(self._apply)
        cancel.clicked.connect(self.close)
        buttons.addStretch()
        buttons.addWidget(cancel)
        buttons.addWidget(apply)
        form.addRow(buttons)

    def open(self) -> None:
        """Show it in the middle of what it belongs to."""
        self.adjustSize()
        room = self.parentWidget()
        if room is not None:
            self.move((room.width() - self.width()) // 2, max(0, (room.height() - self.height()) // 2))
        self.show()
        self.raise_()
        self._fields["x0"].setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves all as it was."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)

    def _apply(self) -> None:
        ranges: dict[str, Range | None] = {}
        for axis in ("x", "y"):
            texts = [self._fields[f"{axis}{place}"].text().strip() for place in (0, 1)]
            if not any(texts):
                ranges[axis] = None
                continue
            ends = [_number(text) for text in texts]
            if None in ends or not (ends[0] or 0.0) < (ends[1] or 0.0):
                self._wrong.setText(f"{axis} needs two numbers, the smaller one first")
                self._wrong.show()
                self.adjustSize()
                return
            ranges[axis] = (float(ends[0] or 0.0), float(ends[1] or 0.0))
        wanted = replace(self._settings, x_range=ranges["x"], y_range=ranges["y"])
        self.close()
        self._ask("Ranges", wanted)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
