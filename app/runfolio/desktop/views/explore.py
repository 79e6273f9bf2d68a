"""The Explore workspace: charts of the runs in scope that are no curves, one kind at a time."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from runfolio.analysis.kinds.recorded import Recorded
from runfolio.desktop.context import Context
from runfolio.desktop.export_dialog import ExportDialog
from runfolio.desktop.kinds.factory import KINDS, Panel, make_panel
from runfolio.desktop.panel_figures import Part, ask_recipe
from runfolio.desktop.panel_settings import PanelSettings
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.model.answers import Change
from runfolio.model.kinds import JudgedTables
from runfolio.model.params import Json


class ExploreView(QWidget):
    """A tab for each kind; its panel is made when it is first shown."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("explore")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("surface", "surface")
        self._context = context
        self._kept: dict[str, Json] = {}
        self._panels: dict[str, Panel] = {}
        self._shown = 0
        self.tabs = QTabBar()
        self.tabs.setObjectName("explore-kinds")
        self.tabs.setAccessibleName("Chart kinds")
        self.tabs.setExpanding(False)
        for row in KINDS:
            self.tabs.addTab(row.title)
        self.tabs.currentChanged.connect(self._on_tab)
        self._explained = PlainLabel("", role="muted", wrap=True)
        self.send_button = TextButton("Send to charts", context.theme, icon="layout-grid")
        self.send_button.setObjectName("explore-send")
        self.send_button.setToolTip(context.commands.tip("explore.send", "Keep this chart as a panel of Charts"))
        self.send_button.clicked.connect(lambda: context.commands.run("explore.send"))
        self.pages = QStackedWidget()
        head = QHBoxLayout()
        head.addWidget(self._explained, 1)
        head.addWidget(self.send_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 10, 18, 10)
        column.setSpacing(8)
        column.addWidget(self.tabs)
        column.addLayout(head)
        column.addWidget(self.pages, 1)

    @property
    def panel(self) -> Panel:
        """The panel on show."""
        return self._panel_of(KINDS[self._shown].id)

    def show_kind(self, id: str) -> None:
        """Show another kind; Ctrl+Z brings the one before back."""
        self.tabs.setCurrentIndex([row.id for row in KINDS].index(id))

    def _on_tab(self, place: int) -> None:
        before = self._shown
        if place == before:
            return
        self._put(place)
        self._context.state.undo.push(
            f"Show {KINDS[place].title.lower()}", lambda: self._put(before), lambda: self._put(place)
        )

    def _put(self, place: int) -> None:
        self._shown = place
        self.tabs.setCurrentIndex(place)
        panel = self.panel
        self.pages.setCurrentWidget(panel)
        self._explained.setText(panel.explained)
        if self.isVisible():
            panel.activate()

    def _panel_of(self, id: str) -> Panel:
        if id not in self._panels:
            self._panels[id] = panel = make_panel(id, self._kept.get(id), self._context)
            panel.export_asked.connect(self.export)
            self.pages.addWidget(panel)
        return self._panels[id]

    def export(self) -> None:
        """Show what the chart would be as a figure, and write it."""
        panel, window = self.panel, self.window()
        read = panel.answer if isinstance(panel.answer, JudgedTables | Recorded) else None
        part = Part(PanelSettings(chart=panel.drawn_by), title=panel.heading, read=read)
        ask_recipe(
            self._context, [part], lambda recipe: ExportDialog.open_for(self._context, recipe, panel.kind, window)
        )

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: draw the runs in scope."""
        self._put(self._shown)

    def changed(self, change: Change) -> None:
        """Runs were read again."""
        for panel in self._panels.values():
            panel.changed_library(change)

    def saved(self) -> dict[str, Json]:
        """The kind on show, and the settings of each."""
        kinds: dict[str, Json] = {**self._kept, **{id: panel.settings.saved() for id, panel in self._panels.items()}}
        return {"kind": KINDS[self._shown].id, "kinds": kinds}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        kinds = kept.get("kinds")
        self._kept = dict(kinds) if isinstance(kinds, dict) else {}
        for row in KINDS:
            if row.id in self._panels:
                self._panels[row.id].put_settings(row.settings.from_saved(self._kept.get(row.id)))
        ids = [row.id for row in KINDS]
        shown = kept.get("kind")
        if isinstance(shown, str) and shown in ids:
            self._shown = ids.index(shown)
            self.tabs.blockSignals(True)
            self.tabs.setCurrentIndex(self._shown)
            self.tabs.blockSignals(False)
