"""A panel of a grid that shows a chart of all runs in scope: scatter, groups, importance and the other kinds."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from runfolio.analysis.kinds.recorded import Recorded
from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.kinds.canvas import Canvas
from runfolio.desktop.kinds.factory import make_panel
from runfolio.desktop.kinds.settings import KindSettings
from runfolio.desktop.panel_choices import ChoicesPopup
from runfolio.desktop.panel_head import PanelHead
from runfolio.desktop.panel_menu import fill_place, panel_menu
from runfolio.desktop.panel_settings import PanelSettings
from runfolio.desktop.widgets import ElidedLabel
from runfolio.model.kinds import JudgedTables


class ChartPanel(QWidget):
    """The chart of `settings.chart` under a title; who has it keeps what is set.

    shown        an answer, or why there is none, has arrived.
    outdated     what it shows is stale: it is to be refreshed once it is in sight.
    set_asked    the user wants other settings of this panel: a label for undo, and a PanelSettings.
    closed, maximised, moved, wanted, pointed   as of `LinePanel`.
    """

    shown = Signal()
    outdated = Signal()
    set_asked = Signal(str, object)
    closed = Signal()
    maximised = Signal()
    moved = Signal(int)
    wanted = Signal(str)
    pointed = Signal()

    def __init__(self, context: Context, settings: PanelSettings, parent: QWidget | None = None) -> None:
        """Raises ValueError for the settings of a panel of curves."""
        super().__init__(parent)
        if settings.chart is None:
            raise ValueError("The panel draws curves")
        self._context, self._large = context, False
        self._popup: ChoicesPopup | None = None
        self.settings = settings
        self.kind = settings.kind
        self.offered: tuple[str, ...] = ()
        self.pages: tuple[str, ...] = ()
        """Other pages that it may be moved to."""
        self.setObjectName(f"panel-{self.kind}")
        self.body = make_panel(self.kind, settings.chart.saved(), context)
        self.body.owner = self._ask_for_chart
        self.body.shown.connect(self._on_shown)
        self.body.changed.connect(self._show_title)
        self.body.outdated.connect(self.outdated)
        self.body.export_asked.connect(lambda: self.wanted.emit("export"))
        self.body.set_compact(compact=True)
        self.head = PanelHead(context.theme, closable=True, choosable=True)
        self.head.maximised.connect(self.maximised)
        self.head.closed.connect(self.closed)
        self.head.choices.connect(self.open_choices)
        self.said = ElidedLabel("", role="muted", font=fonts.ui(11))
        self.said.setObjectName("panel-said")
        self.said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 4, 8, 4)
        column.setSpacing(2)
        column.addWidget(self.head)
        column.addWidget(self.body, 1)
        column.addWidget(self.said)
        self._show_title()

    @property
    def plot(self) -> Canvas:
        """What the keys go to."""
        return self.body.canvas

    @property
    def metrics(self) -> tuple[str, ...]:
        """It draws no curves."""
        return ()

    @property
    def filled(self) -> KindSettings:
        """What is drawn, with what the chart has chosen by itself once it has drawn."""
        filled: KindSettings = self.body.filled
        return filled

    @property
    def read(self) -> JudgedTables | Recorded | None:
        """The table of predictions, or the histograms, that it has read out of files."""
        answer: object = self.body.answer
        return answer if isinstance(answer, JudgedTables | Recorded) else None

    # --- what is shown -----------------------------------------------------------------------------------------

    def set_panel(self, settings: PanelSettings) -> None:
        """Draw by other settings of the same kind."""
        self.settings = settings
        self.body.put_settings(settings.chart)
        self._show_title()

    def set_large(self, *, large: bool) -> None:
        """With the whole room there is room for the controls and for all that is said."""
        if large != self._large:
            self._large = large
            self.body.set_compact(compact=not large)
            layout = self.layout()
            if layout is not None:
                side = 14 if large else 2
                layout.setContentsMargins(side, 4, side if large else 8, 8 if large else 4)
            self._on_shown()

    def refresh(self) -> None:
        """Ask for what it shows."""
        self.body.refresh()

    def forget(self) -> None:
        """The index has changed."""
        self.outdated.emit()

    def leave(self) -> None:
        """It goes away."""
        if self._popup is not None:
            self._popup.close()
        self.body.leave()

    def _show_title(self) -> None:
        title = self.settings.title or self.body.heading
        self.head.set_title(title)
        self.setAccessibleName(f"{self.body.title}: {self.head.title}")

    def _on_shown(self) -> None:
        self._show_title()
        caveat = self.body.caveat
        words = "\n".join(filter(None, (caveat, self.body.note.text())))
        text = "" if self.body.message or self._large else words
        self.said.set_role("warn" if caveat else "muted")
        self.said.setText(text)
        self.said.setVisible(bool(text))
        self.shown.emit()

    # --- the user's hand ---------------------------------------------------------------------------------------

    def _ask_for_chart(self, label: str, chart: KindSettings) -> None:
        self.ask_for(label, replace(self.settings, chart=chart))

    def ask_for(self, label: str, settings: PanelSettings) -> None:
        """The user wants other settings of this panel."""
        self.set_asked.emit(label, settings)

    def open_choices(self) -> None:
        """Show the controls: in a popup, where the panel has no room for them."""
        if self._large:
            self.body.controls.setFocus()
            self.body.controls.focusNextChild()
            return
        self._popup = ChoicesPopup(self.body.title, self.body.controls, self._take_controls, self.window())
        self._popup.open_below(self.head)

    def _take_controls(self) -> None:
        self._popup = None
        self.body.take_controls()

    def copy_image(self) -> None:
        """Put a picture of the chart on the clipboard."""
        QApplication.clipboard().setPixmap(self.body.canvas.grab())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the chart."""
        menu = panel_menu(self)
        menu.addAction("What the chart shows…", self.open_choices)
        menu.addAction("Copy image", self.copy_image)
        fill_place(menu, self, curves=False)
        menu.popup(event.globalPos() if not event.globalPos().isNull() else self.mapToGlobal(QPoint(0, 0)))

    def enterEvent(self, event: QEnterEvent) -> None:
        """The pointer comes."""
        super().enterEvent(event)
        self.pointed.emit()
