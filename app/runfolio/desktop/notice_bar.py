"""The notice that floats above the status bar: what was done, with a way to take it back; what went wrong."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from runfolio.desktop import fonts, icons
from runfolio.desktop.notices import Level, Notice, Notices
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import IconButton, PlainLabel, TextButton

SHOWN_MS = 7_000
_LOOK = {
    Level.INFO: ("circle-check", "good"),
    Level.WARNING: ("triangle-alert", "warn"),
    Level.ERROR: ("circle-alert", "bad"),
}


class NoticeBar(QFrame):
    """Shows the latest notice over `host`. Information goes by itself, errors stay until they are dismissed."""

    def __init__(self, host: QWidget, notices: Notices, theme: Theme, below: int) -> None:
        super().__init__(host)
        self.setObjectName("notice")
        self._host = host
        self._below = below
        self._theme = theme
        self._notice: Notice | None = None
        self._parts: _Parts | None = None
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(SHOWN_MS)
        self._clock.timeout.connect(self._fade)
        self.hide()
        notices.said.connect(self._show_notice)

    @property
    def text(self) -> str:
        """What it says now; "" when it is hidden."""
        return self._parts.text.text() if self._parts is not None and self.isVisible() else ""

    def dismiss(self) -> None:
        """Hide it."""
        self._clock.stop()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay where it belongs when the window is resized."""
        if watched is self._host and event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _show_notice(self, notice: Notice) -> None:
        self._notice = notice
        if self._parts is None:
            # Most starts have nothing to say.
            self._parts = self._make_parts()
            self._host.installEventFilter(self)
        self._parts.show_notice(notice, self._theme)
        self.setAccessibleName(f"{notice.level.value}: {notice.text} {notice.hint}".strip())
        self._place()
        self.show()
        self.raise_()
        if notice.level is Level.ERROR:
            self._clock.stop()
        else:
            self._clock.start()

    def _make_parts(self) -> _Parts:
        parts = _Parts(self._theme)
        parts.button.clicked.connect(self._act)
        parts.close_button.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(parts)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(24)
        shadow.setOffset(0, 6)
        shadow.setColor(QColor(0, 0, 0, 60))
        self.setGraphicsEffect(shadow)
        return parts

    def _place(self) -> None:
        width = min(620, self._host.width() - 40)
        self.setFixedWidth(width)
        layout = self.layout()
        # A layout in which nothing wraps knows no height for a width: it says -1.
        height = layout.heightForWidth(width) if layout is not None else -1
        height = height if height >= 0 else self.sizeHint().height()
        self.setFixedHeight(height)
        self.move((self._host.width() - width) // 2, self._host.height() - self._below - height - 14)

    def _fade(self) -> None:
        # Not while somebody is about to press its button.
        if self.underMouse():
            self._clock.start()
        else:
            self.hide()

    def _act(self) -> None:
        notice = self._notice
        self.dismiss()
        if notice is not None and notice.call is not None:
            notice.call()


class _Parts(QWidget):
    """What stands in a notice: a picture, the text over a hint, something to press, and a way to dismiss it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._picture = QLabel()
        self.text = PlainLabel(wrap=True, font=fonts.ui(13, fonts.DEMI_BOLD))
        self._hint = PlainLabel(wrap=True, role="muted")
        self.button = TextButton("", theme, kind="link")
        self.button.setObjectName("notice-action")
        self.close_button = IconButton("x", "Dismiss", theme, size=14)
        self.close_button.setObjectName("notice-close")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.text)
        words.addWidget(self._hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 9, 8, 9)
        row.setSpacing(10)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.button)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)

    def show_notice(self, notice: Notice, theme: Theme) -> None:
        """Say another one."""
        icon, token = _LOOK[notice.level]
        self._picture.setPixmap(icons.pixmap(icon, theme, token, ratio=self.devicePixelRatioF()))
        self.text.setText(notice.text)
        self._hint.setText(notice.hint)
        self._hint.setVisible(bool(notice.hint))
        self.button.set_text(notice.action)
        self.button.setVisible(bool(notice.action))
