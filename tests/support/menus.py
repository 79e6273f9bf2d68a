"""Menus and lists as a user's hand works them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from runfolio.desktop.kinds.field_combo import FieldCombo
from support.driver import Driver


def choose_by_right_click(driver: Driver, widget: QWidget, menu: str, titles: Sequence[str]) -> None:
    """Choose from the menu that a right click on a widget opens: an entry, or one of the menu that the entry opens."""
    at = widget.rect().center()
    QApplication.sendEvent(widget, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, widget.mapToGlobal(at)))
    top = found = driver.find(QMenu, menu)
    for title in titles:
        action = next(action for action in found.actions() if action.text() == title)
        below = action.menu()
        found = below if isinstance(below, QMenu) else found
    action.trigger()
    top.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    driver.settle()


def type_field(driver: Driver, place: QWidget, part: str, title: str) -> None:
    """Type a field's name into the list of that part of a chart's controls, and press Enter."""
    combo = place.findChild(FieldCombo, f"kind-{part}")
    assert combo is not None
    edit = combo.lineEdit()
    assert edit is not None
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, title)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    driver.settle()
