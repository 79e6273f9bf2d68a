"""Viewports that are made here instead of by Qt, where the first rows of a start need one."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

_QTS_OWN = "qt_scrollarea_viewport"
"""The name by which style sheets take a widget for the viewport of its area."""


def give_viewport(area: QAbstractScrollArea, ground: QPalette.ColorRole = QPalette.ColorRole.Base) -> QWidget:
    """Put a new viewport in place of Qt's own; before anything else is set on it.

    Asked for a widget that Qt made, Qt for Python looks for its type among all kinds of widgets there are, and makes
    every one of them, wizards and colour dialogs and their enums, known to Python. Once, but that took a tenth of what
    the window takes. `ground` is Base, and Button for a header.
    """
    viewport = QWidget()
    viewport.setObjectName(_QTS_OWN)
    viewport.setBackgroundRole(ground)
    viewport.setAutoFillBackground(True)
    area.setViewport(viewport)
    return viewport
