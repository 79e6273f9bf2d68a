"""Commands: one row gives menu, shortcut and tooltip, and is only given when it makes sense."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from runfolio.desktop.commands import Command, Commands


class Place:
    """A window with a field to type in and a list."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.field = QLineEdit()
        self.list = QWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QVBoxLayout(self.window)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.commands = Commands(self.window)
        self.done: list[str] = []
        self.window.show()


@pytest.fixture
def place(qtbot: QtBot) -> Place:
    return Place(qtbot)


def test_a_shortcut_gives_its_command_from_anywhere_in_the_window(place: Place, qtbot: QtBot) -> None:
    place.commands.add(Command("palette.open", "Open the palette", lambda: place.done.append("palette"), ("Ctrl+K",)))
    place.field.setFocus()
    qtbot.keyClick(place.field, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert place.done == ["palette"]
    assert list(place.commands.given) == ["palette.open"]


def test_a_single_letter_is_a_shortcut_in_its_widget_and_a_letter_in_a_field(place: Place, qtbot: QtBot) -> None:
    place.commands.add(Command("runs.baseline", "Set baseline", lambda: place.done.append("b"), ("B",), local=True))
    place.commands.attach(place.list, "runs.baseline")
    place.list.setFocus()
    qtbot.keyClick(place.list, Qt.Key.Key_B)
    assert place.done == ["b"]
    place.field.setFocus()
    qtbot.keyClick(place.field, Qt.Key.Key_B)
    assert place.field.text() == "b"
    assert place.done == ["b"]


def test_a_command_that_makes_no_sense_now_is_not_given(place: Place) -> None:
    place.commands.add(Command("x.y", "Never", lambda: place.done.append("x"), enabled=lambda: False))
    place.commands.run("x.y")
    assert place.done == []


def test_two_commands_of_one_id_are_refused(place: Place) -> None:
    place.commands.add(Command("x.y", "One", lambda: None))
    with pytest.raises(ValueError, match=r"x\.y"):
        place.commands.add(Command("x.y", "Two", lambda: None))


def test_the_tooltip_names_the_shortcut(place: Place) -> None:
    place.commands.add(
        Command("x.y", "Open the palette", lambda: None, ("Ctrl+K", "Ctrl+P")), Command("x.z", "Other", lambda: None)
    )
    assert place.commands.tip("x.y") == "Open the palette  (Ctrl+K)"
    assert place.commands.tip("x.z", "Something") == "Something"
