"""Panels in windows of their own, on a second screen for example; closing one puts its panels back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from runfolio.desktop.chart_settings import ChartSettings
from runfolio.desktop.context import Context
from runfolio.desktop.panel_grid import PanelGrid
from runfolio.desktop.panel_pages import Torn
from runfolio.model.display import plain

_SIZE = (760, 520)


class TearOff(QWidget):
    """One window with panels; `left` tells that the user closed it."""

    left = Signal()

    def __init__(self, context: Context, torn: Torn, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName(f"torn-{torn.number}")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("surface", "surface")
        self.grid = PanelGrid(context)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self.grid)
        # Undo belongs to the whole program, wherever the keys are.
        for id in ("edit.undo", "edit.redo"):
            self.addAction(context.commands.action(id))
        if torn.place is None:
            self.resize(*_SIZE)
        else:
            self.setGeometry(*torn.place)

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Where it is on the screen."""
        rect = self.geometry()
        return rect.left(), rect.top(), rect.width(), rect.height()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Put the panels back."""
        super().closeEvent(event)
        self.left.emit()


class TornWindows(QObject):
    """The windows of `ChartSettings.torn`.

    made      a window has been made: its grid is to be connected.
    asked     its panels are wanted otherwise: a label, and settings whose `torn` says what is in which window.
    closed    the number of a window that the user closed.
    """

    made = Signal(object)
    asked = Signal(str, object)
    closed = Signal(int)

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._parent = context, parent
        self._settings = ChartSettings()
        self.windows: dict[int, TearOff] = {}

    def show_settings(self, settings: ChartSettings, known: frozenset[str], *, anew: bool) -> None:
        """Have exactly the windows that are wanted, with the panels that there are while `known` are the metrics."""
        self._settings = settings
        wanted = {torn.number: torn for torn in settings.torn}
        for number in [number for number in self.windows if number not in wanted]:
            window = self.windows.pop(number)
            window.left.disconnect()
            window.close()
            window.deleteLater()
        for number, torn in wanted.items():
            window = self.windows.get(number) or self._make(torn)
            window.setWindowTitle(f"{plain(torn.name, 60)} – Runfolio")
            keys = tuple(key for key in torn.panels if settings.has_room(key, known))
            window.grid.show_settings(self._of(torn, keys), anew=anew)
            if not window.isVisible():
                window.show()

    def _of(self, torn: Torn, keys: tuple[str, ...]) -> ChartSettings:
        return replace(self._settings, metrics=keys, large=torn.large, sections=False)

    def _make(self, torn: Torn) -> TearOff:
        window = TearOff(self._context, torn, self._parent.window())
        number = torn.number
        window.left.connect(lambda: self.closed.emit(number))
        window.grid.asked.connect(lambda label, wanted: self._ask(number, label, wanted))
        self.windows[number] = window
        self.made.emit(window)
        return window

    def _ask(self, number: int, label: str, wanted: ChartSettings) -> None:
        settings = self._settings
        # What is taken out of a window goes back to its page.
        label = "Put panel back" if label == "Remove panel" else label
        kept: list[Torn] = []
        for torn in settings.torn:
            if torn.number != number:
                kept.append(torn)
            elif wanted.metrics:
                known = set(self.windows[number].grid.all_keys)
                # Panels whose metrics the selected runs do not have stay where they are.
                unseen = tuple(key for key in torn.panels if key not in known)
                kept.append(replace(torn, panels=(*wanted.metrics, *unseen), large=wanted.large))
        self.asked.emit(label, replace(settings, panels=wanted.panels, torn=tuple(kept)))

    def torn(self, settings: ChartSettings) -> tuple[Torn, ...]:
        """What a session keeps of the windows: where they are now, too."""
        return tuple(
            replace(torn, place=self.windows[torn.number].place) if torn.number in self.windows else torn
            for torn in settings.torn
        )

    def holding(self, grid: PanelGrid) -> int | None:
        """The number of the window that a grid is in."""
        return next((number for number, window in self.windows.items() if window.grid is grid), None)

    def offer(self, metrics: Sequence[str]) -> None:
        """Metrics that derived series may be made with."""
        for window in self.windows.values():
            window.grid.offer(metrics)

    def forget(self) -> None:
        """The index has changed."""
        for window in self.windows.values():
            window.grid.forget()
