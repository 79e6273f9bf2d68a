"""Labels and tooltips show foreign text as the characters it is made of."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.theme import Theme, ThemeMode
from runfolio.desktop.widgets import ElidedLabel, EmptyState, Pill, PlainLabel, TextButton, tooltip

HOSTILE = "<img src='/dev/zero'><b>bold</b>"


@pytest.fixture
def theme(qapp: object) -> Theme:
    return Theme(ThemeMode.LIGHT)


@pytest.mark.parametrize("kind", [PlainLabel, Pill])
def test_a_label_never_takes_text_for_markup(qtbot: QtBot, kind: type[PlainLabel]) -> None:
    label = kind(HOSTILE)
    qtbot.addWidget(label)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.text() == HOSTILE
    label.setText("a\x1b[31mb")
    assert label.text() == "a\\x1b[31mb"


def test_a_tooltip_shows_tags_as_characters() -> None:
    shown = QTextDocument()
    shown.setHtml(tooltip(HOSTILE + "\nnext & last"))
    assert shown.toPlainText() == HOSTILE + "\nnext & last"
    assert tooltip("val/acc 0.9433") == "val/acc 0.9433"


def test_a_long_name_is_cut_where_there_is_no_room_and_whole_in_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("a-very-long-run-name-" * 5)
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.text().endswith("…")
    assert label.toolTip() == "a-very-long-run-name-" * 5


def test_an_ampersand_on_a_button_is_an_ampersand(qtbot: QtBot, theme: Theme) -> None:
    button = TextButton("Q&A", theme)
    qtbot.addWidget(button)
    assert button.text() == "Q&&A"
    assert button.accessibleName() == "Q&A"


def test_an_empty_state_offers_the_next_step(qtbot: QtBot, theme: Theme) -> None:
    pressed: list[str] = []
    state = EmptyState(theme, "No runs", "Open a folder.", action="Open", call=lambda: pressed.append("open"))
    qtbot.addWidget(state)
    state.show()
    button = state.findChild(TextButton)
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert pressed == ["open"]
    state.set("No match", "Nothing fits the filter.")
    assert not button.isVisible()


def test_tab_goes_through_a_table_and_out_of_it_again(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    parts = QPushButton("before"), PlainTable(["a", "b"], "some-table"), QPushButton("behind")
    parts[1].setRowCount(2)
    for place in range(4):
        parts[1].put(place // 2, place % 2, str(place))
    row = QHBoxLayout(page)
    for part in parts:
        row.addWidget(part)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    parts[0].setFocus()
    for part in parts[1:]:
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
        assert part.hasFocus()
    qtbot.keyClick(parts[2], Qt.Key.Key_Backtab)
    assert parts[1].hasFocus()
