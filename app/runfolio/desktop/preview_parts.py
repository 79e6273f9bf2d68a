"""The parts that can show a file, one for each kind of content, made when the first file of that kind comes."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.deferred import Deferred
from runfolio.desktop.preview_grid import GridPane
from runfolio.desktop.preview_markdown import MarkdownPane
from runfolio.desktop.preview_picture import PicturePane
from runfolio.desktop.preview_sheet import SheetPane
from runfolio.desktop.preview_sound import SoundPane
from runfolio.desktop.preview_text import TextPane
from runfolio.desktop.preview_tree import TreePane


class PreviewParts(QStackedWidget):
    """`empty` is shown until another part is. `name` begins the object names of what is in the parts."""

    def __init__(self, context: Context, name: str, empty: QWidget) -> None:
        super().__init__()
        self.text = Deferred(lambda: TextPane(context, name))
        self.markdown = Deferred(lambda: MarkdownPane(context, f"{name}-markdown"))
        self.tree = Deferred(lambda: TreePane(context, name))
        self.table = Deferred(lambda: GridPane(context, f"{name}-grid"))
        self.picture = Deferred(lambda: PicturePane(context, name))
        self.sheet = Deferred(lambda: SheetPane(context, name))
        self.sound = Deferred(lambda: SoundPane(context, name))
        for part in (
            empty, self.text, self.markdown, self.tree, self.table, self.picture, self.sheet, self.sound,
        ):  # fmt: skip
            self.addWidget(part)

    def silence(self) -> None:
        """Stop a sound that is played."""
        if self.sound.made is not None:
            self.sound.made.player.stop()

    def focus_search(self) -> None:
        """Find in a text; in a list, search that."""
        if self.currentWidget() is self.text:
            self.text.body.focus_search()
        elif self.currentWidget() is self.sheet:
            self.sheet.body.search.setFocus()
