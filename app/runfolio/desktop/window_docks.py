"""Panels at the sides of the window, which the user moves, tears off and closes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

_MOVABLE = (
    QDockWidget.DockWidgetFeature.DockWidgetMovable
    | QDockWidget.DockWidgetFeature.DockWidgetFloatable
    | QDockWidget.DockWidgetFeature.DockWidgetClosable
)


def add_dock(
    window: QMainWindow, title: str, name: str, widget: QWidget | None, area: Qt.DockWidgetArea
) -> QDockWidget:
    """A panel at a side of the window; without `widget` it is empty until it gets one. Layouts know it by `name`."""
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setAccessibleName(title)
    dock.setFeatures(_MOVABLE)
    if widget is not None:
        dock.setWidget(widget)
    window.addDockWidget(area, dock)
    return dock
