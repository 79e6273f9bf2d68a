"""The first page of an empty library: open a folder, open the sample, open a recent folder."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from runfolio.desktop import fonts, icons
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import Card, PlainLabel, SectionTitle, TextButton
from runfolio.model.display import plain

WIDTH = 620


class WelcomeView(QWidget):
    """Three choices, and what this program does not do: change the folders, use the network."""

    def __init__(
        self,
        theme: Theme,
        open_folder: Callable[[], None],
        open_sample: Callable[[], None] | None,
        open_recent: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setAccessibleName("Welcome")
        self.setProperty("surface", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._open_recent = open_recent
        self._pictures: list[tuple[QLabel, str]] = []
        middle = QWidget()
        middle.setMaximumWidth(WIDTH)
        column = QVBoxLayout(middle)
        column.setSpacing(10)
        column.addWidget(PlainLabel("Open a folder of ML runs", font=fonts.ui(24, QFont.Weight.DemiBold)))
        intro = PlainLabel(
            "Whoever's tracker wrote them: see what changed, what it did to the metrics and the data, and decide "
            "which model ships. Offline, on this machine; nothing in your run folders is ever modified.",
            role="muted",
            font=fonts.ui(14),
            wrap=True,
        )
        column.addWidget(intro)
        column.addSpacing(10)
        cards = QHBoxLayout()
        cards.setSpacing(14)
        column.addLayout(cards)
        folder = TextButton("Open a folder…", theme, icon="folder-open", kind="primary")
        folder.setObjectName("welcome-open")
        folder.clicked.connect(open_folder)
        cards.addWidget(
            self._card("folder-open", "Your runs", "Choose a folder, or drop one anywhere on this window.", folder)
        )
        if open_sample is not None:
            sample = TextButton("Open the sample", theme, icon="flask-conical")
            sample.setObjectName("welcome-sample")
            sample.clicked.connect(open_sample)
            cards.addWidget(
                self._card("flask-conical", "A sample", "Real runs of several trackers that come with the app.", sample)
            )
        self._recent_title = SectionTitle("Recent folders")
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column.addSpacing(10)
        column.addWidget(self._recent_title)
        column.addLayout(self._recent)
        self._trouble = Card()
        self._trouble.setObjectName("welcome-trouble")
        self._trouble_text = PlainLabel(wrap=True, font=fonts.ui(13, QFont.Weight.DemiBold))
        self._trouble_hint = PlainLabel(wrap=True, role="muted")
        self._again = TextButton("Try again", theme, icon="refresh-cw")
        self._again.setObjectName("try-again")
        self._again_call: Callable[[], None] | None = None
        self._again.clicked.connect(self._on_again)
        for widget in (self._trouble_text, self._trouble_hint):
            self._trouble.body.addWidget(widget)
        self._trouble.body.addWidget(self._again, 0, Qt.AlignmentFlag.AlignLeft)
        self._trouble.hide()
        column.addWidget(self._trouble)
        across = QHBoxLayout()
        across.addStretch()
        across.addWidget(middle, 10)
        across.addStretch()
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addLayout(across)
        outer.addStretch(3)
        self.set_recent(())
        self._tint()
        theme.changed.connect(self._tint)

    def set_recent(self, paths: tuple[str, ...]) -> None:
        """The folders opened lately."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._recent_title.setVisible(bool(paths))
        for path in paths:
            button = TextButton(plain(path), self._theme, icon="history", kind="link")
            button.clicked.connect(lambda _checked=False, path=path: self._open_recent(path))
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_trouble(self, text: str, hint: str, again: Callable[[], None]) -> None:
        """Say why the library cannot be opened, and let the user try again."""
        self._trouble_text.setText(text)
        self._trouble_hint.setText(hint)
        self._trouble_hint.setVisible(bool(hint))
        self._again_call = again
        self._trouble.show()

    def _on_again(self) -> None:
        self._trouble.hide()
        if self._again_call is not None:
            self._again_call()

    def _card(self, icon: str, title: str, text: str, button: TextButton) -> Card:
        card = Card()
        picture = QLabel()
        self._pictures.append((picture, icon))
        card.body.addWidget(picture)
        card.body.addWidget(PlainLabel(title, font=fonts.ui(15, QFont.Weight.DemiBold)))
        label = PlainLabel(text, role="muted", wrap=True)
        label.setMinimumHeight(38)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        card.body.addWidget(label, 1)
        card.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _tint(self) -> None:
        for picture, icon in self._pictures:
            picture.setPixmap(icons.pixmap(icon, self._theme, "accent", size=26, ratio=self.devicePixelRatioF()))
