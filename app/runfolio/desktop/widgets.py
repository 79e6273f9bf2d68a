"""Small building blocks: labels that are plain text by construction, pills, icon buttons, cards, empty states."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts, icons
from runfolio.desktop.theme import Theme
from runfolio.model.display import plain


class PlainLabel(QLabel):
    """A label that shows any string as the characters it is made of.

    QLabel guesses HTML, and `<img src=...>` from a run folder would then open a file; here the format is fixed
    and the text goes through `model.display.plain`. `role`: "muted", "section", "good", "bad", "warn" or "".
    """

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "",
        font: QFont | None = None,
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        if role:
            self.setProperty("role", role)
        if font is not None:
            self.setFont(font)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show `text` made plain, line breaks kept."""
        super().setText(plain(text, lines=True))

    def set_role(self, role: str) -> None:
        """Colour it by another role."""
        self.setProperty("role", role)
        restyle(self)


class ElidedLabel(PlainLabel):
    """A one-line label that is cut with "…" where there is no room; the whole text is its tooltip.

    `both_ends` cuts in the middle: for names that differ at their ends, as those of metrics do.
    """

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "",
        font: QFont | None = None,
        both_ends: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        self._whole = ""
        self._cut = Qt.TextElideMode.ElideMiddle if both_ends else Qt.TextElideMode.ElideRight
        super().__init__(text, role=role, font=font, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        """Show `text` made plain and on one line."""
        self._whole = plain(text)
        self.setToolTip(tooltip(text))
        self._fit()
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the text to the new width."""
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        """Room for the whole text, for layouts that give no more than is wanted."""
        hint = super().sizeHint()
        return QSize(
            hint.width()
            + self.fontMetrics().horizontalAdvance(self._whole)
            - self.fontMetrics().horizontalAdvance(self.text()),
            hint.height(),
        )

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(0, super().minimumSizeHint().height())

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, self._cut, max(0, self.width()))
        QLabel.setText(self, shown)


class Pill(PlainLabel):
    """A short word on a coloured ground. `tone`: "good", "bad", "warn", "accent" or "neutral"."""

    def __init__(self, text: str = "", tone: str = "neutral", parent: QWidget | None = None) -> None:
        super().__init__(text, font=fonts.ui(12), parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setProperty("tone", tone)

    def set(self, text: str, tone: str) -> None:
        """Show another word in another tone."""
        self.setText(text)
        self.setProperty("tone", tone)
        restyle(self)


class SectionTitle(PlainLabel):
    """The small bold heading over a group, in capitals as the reader types them."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        font = fonts.ui(11, QFont.Weight.DemiBold)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.2)
        super().__init__(text.upper(), role="section", font=font, parent=parent)


class IconButton(QToolButton):
    """A button that is an icon; its name for screen readers and its tooltip are one text."""

    def __init__(
        self,
        icon: str,
        label: str,
        theme: Theme,
        *,
        size: int = icons.SIZE,
        token: str = "muted",
        shortcut: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon, self._theme, self._token = icon, theme, token
        self.setIconSize(QSize(size, size))
        self.setAccessibleName(label)
        self.setToolTip(tooltip(f"{label} ({shortcut})" if shortcut else label))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._tint()
        theme.changed.connect(self._tint)

    def set_icon(self, icon: str) -> None:
        """Show another icon."""
        self._icon = icon
        self._tint()

    def _tint(self) -> None:
        self.setIcon(icons.icon(self._icon, self._theme, self._token, size=self.iconSize().width()))


class TextButton(QPushButton):
    """A push button with an optional icon. `kind`: "", "primary" (the one thing to do here) or "link"."""

    def __init__(
        self, text: str, theme: Theme, *, icon: str = "", kind: str = "", tip: str = "", parent: QWidget | None = None
    ) -> None:
        # An ampersand would become a mnemonic.
        super().__init__(plain(text).replace("&", "&&"), parent)
        self._icon, self._theme, self._kind = icon, theme, kind
        self._text, self._compact = plain(text).replace("&", "&&"), False
        if kind:
            self.setProperty(kind, True)
        self.setAccessibleName(plain(text))
        if tip:
            self.setToolTip(tooltip(tip))
        self.setAutoDefault(False)
        self._tint()
        theme.changed.connect(self._tint)

    def set_text(self, text: str) -> None:
        """Show another text, as it is."""
        self._text = plain(text).replace("&", "&&")
        self.setText("" if self._compact else self._text)
        self.setAccessibleName(plain(text))

    def set_compact(self, *, compact: bool) -> None:
        """Show the icon alone, where there is one and little room."""
        self._compact = compact and bool(self._icon)
        self.setText("" if self._compact else self._text)

    def _tint(self) -> None:
        if self._icon:
            token = {"primary": "accent_text", "link": "accent"}.get(self._kind, "muted")
            self.setIcon(icons.icon(self._icon, self._theme, token, size=16))
            self.setIconSize(QSize(16, 16))


class Card(QFrame):
    """A rounded surface with a one-pixel line and a vertical layout, under an optional bold title."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 13, 16, 13)
        self.body.setSpacing(8)
        if title:
            self.body.addWidget(PlainLabel(title, font=fonts.ui(13, QFont.Weight.DemiBold)))


class DockTitle(QWidget):
    """The title bar of a dock: its name, a button that tears it off, one that closes it."""

    def __init__(self, title: str, theme: Theme, dock: QDockWidget) -> None:
        super().__init__(dock)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        tear = IconButton("external-link", f"Tear off or dock the {title.lower()}", theme, size=13)
        tear.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        close = IconButton("x", f"Close the {title.lower()}", theme, size=14)
        close.setObjectName(f"close-{title.lower()}")
        close.clicked.connect(dock.close)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 6, 4)
        row.setSpacing(2)
        row.addWidget(SectionTitle(title))
        row.addStretch()
        row.addWidget(tear)
        row.addWidget(close)


class Rule(QFrame):
    """A one-pixel line between two areas."""

    def __init__(self, *, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("rule", "v" if vertical else "h")


class EmptyState(QWidget):
    """What stands where there is nothing to show: what this is, why it is empty, what to do next."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        text: str,
        *,
        icon: str = "",
        action: str = "",
        call: Callable[[], None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._icon = theme, icon
        self.setProperty("surface", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._picture = QLabel()
        self._title = PlainLabel(title, font=fonts.ui(15, QFont.Weight.DemiBold))
        self._text = PlainLabel(text, role="muted", wrap=True)
        self._text.setMaximumWidth(440)
        self._button = TextButton(action, theme)
        self._call: Callable[[], None] | None = None
        self._button.clicked.connect(self._on_clicked)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(2)
        for widget in (self._picture, self._title, self._text):
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            row = QHBoxLayout()
            row.addStretch()
            row.addWidget(widget, 10 if widget is self._text else 0)
            row.addStretch()
            column.addLayout(row)
        column.addSpacing(6)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self.set(title, text, action=action, call=call)
        self._tint()
        theme.changed.connect(self._tint)

    def set(self, title: str, text: str, *, action: str = "", call: Callable[[], None] | None = None) -> None:
        """Say something else; without `action` there is no button."""
        self.setAccessibleName(plain(title))
        self.setAccessibleDescription(plain(text))
        self._title.setText(title)
        self._text.setText(text)
        self._call = call
        self._button.set_text(action)
        self._button.setVisible(bool(action))

    def _on_clicked(self) -> None:
        if self._call is not None:
            self._call()

    def _tint(self) -> None:
        self._picture.setVisible(bool(self._icon))
        if self._icon:
            ratio = self.devicePixelRatioF()
            self._picture.setPixmap(icons.pixmap(self._icon, self._theme, "placeholder", size=32, ratio=ratio))


def tooltip(text: str) -> str:
    """`text` as a tooltip that is not taken for HTML.

    Qt looks for tags in every tooltip; escaped text inside one `<span>` is shown as it was. Texts that hold
    nothing that could be taken for markup stay as they are, so that they read well to a test and a screen reader.
    """
    shown = plain(text, lines=True)
    if not any(character in shown for character in "<&"):
        return shown
    escaped = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
    return f"<span>{escaped}</span>"


def restyle(widget: QWidget) -> None:
    """Let the style sheet look again after a property it selects on has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
