"""Colours of the window: a table of tokens, a palette and a style sheet made from them.

Charts, icons and delegates ask here too, so that one table colours everything. Qt's own dark mode is not used:
`QStyleHints.setColorScheme` does nothing on bare xcb and offscreen.
"""

from __future__ import annotations

import string
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from runfolio import locate
from runfolio.desktop.theme_tokens import TOKENS, Tokens

UNPICKED = -1
"""The colour index of a run that is not selected."""


class ThemeMode(StrEnum):
    """What the user chose; SYSTEM follows the desktop's light or dark setting while the window is open."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """The theme now shown. `changed` is emitted after the application has taken on new colours."""

    changed = Signal()

    def __init__(self, mode: ThemeMode = ThemeMode.SYSTEM, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # The sheet is read once, at start-up: the GUI thread opens no file later.
        self._sheet = string.Template((locate.resources() / "themes" / "window.qss").read_text(encoding="utf-8"))
        self._mode = mode
        self._tokens = TOKENS[self._wanted()]
        self._colors = {token: QColor(color) for token, color in self._tokens.colors.items()}
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_changed)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            # It may be finer than those there were, and want icons of more pixels.
            app.screenAdded.connect(self.changed)

    @property
    def mode(self) -> ThemeMode:
        """What the user chose."""
        return self._mode

    @property
    def name(self) -> str:
        """What is shown: "light" or "dark"."""
        return self._tokens.name

    @property
    def tokens(self) -> Tokens:
        """The tables behind `color` and `run_color`, for what draws without Qt (exports)."""
        return self._tokens

    def color(self, token: str) -> QColor:
        """The colour of a token such as "text" or "accent_soft". Raises KeyError for an unknown one."""
        # A copy, since colours can be changed in place.
        return QColor(self._colors[token])

    def run_color(self, index: int) -> QColor:
        """The colour of the selection slot `index`, ten in turn; `UNPICKED` gives the grey of all other runs."""
        if index == UNPICKED:
            return self.color("dot_off")
        return QColor(self._tokens.runs[index % len(self._tokens.runs)])

    def set_mode(self, mode: ThemeMode) -> None:
        """Show another theme from now on."""
        self._mode = mode
        self._show(self._wanted())

    def apply(self) -> None:
        """Give the application this theme's palette and style sheet."""
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            raise RuntimeError("A theme needs a QApplication to colour")
        app.setPalette(self.palette())
        sheet = self.style_sheet()
        if app.styleSheet() != sheet:
            # Qt works every widget out anew, also for the same sheet.
            app.setStyleSheet(sheet)

    def style_sheet(self) -> str:
        """The window's style sheet in this theme's colours."""
        folder = (locate.resources() / "themes").as_posix()
        return self._sheet.substitute(self._tokens.colors, folder=folder, theme=self.name)

    def palette(self) -> QPalette:
        """The same colours for what Qt paints without a style sheet."""
        palette = QPalette()
        for role, token in _ROLES.items():
            palette.setColor(role, self.color(token))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("placeholder"))
        return palette

    def _wanted(self) -> str:
        if self._mode is not ThemeMode.SYSTEM:
            return self._mode.value
        dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return "dark" if dark else "light"

    def _on_system_changed(self) -> None:
        if self._mode is ThemeMode.SYSTEM:
            self._show(self._wanted())

    def _show(self, name: str) -> None:
        if name == self._tokens.name:
            return
        self._tokens = TOKENS[name]
        self._colors = {token: QColor(color) for token, color in self._tokens.colors.items()}
        self.apply()
        self.changed.emit()


_ROLES = {
    QPalette.ColorRole.Window: "panel",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "panel",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "placeholder",
    QPalette.ColorRole.Button: "raised",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "bad",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.Highlight: "accent_soft",
    QPalette.ColorRole.HighlightedText: "text",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.LinkVisited: "accent",
    QPalette.ColorRole.Light: "raised",
    QPalette.ColorRole.Midlight: "line",
    QPalette.ColorRole.Mid: "line_strong",
    QPalette.ColorRole.Dark: "line_strong",
    QPalette.ColorRole.Shadow: "line_strong",
}
