"""The menu of a chart: its axes, what is made of the metric, notes, export, and its place in a grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from runfolio.analysis.derived import Derivation, Derived
from runfolio.analysis.scales import YKind
from runfolio.desktop.panel_settings import Note, PanelSettings
from runfolio.model.display import plain

Y_NAMES = {YKind.LINEAR: "Linear y axis", YKind.LOG: "Logarithmic y axis", YKind.SYMLOG: "Symmetric log y axis"}
DERIVED_NAMES = {
    Derivation.NONE: "The metric itself",
    Derivation.CUMULATIVE: "Running sum",
    Derivation.DERIVATIVE: "Change per step",
    Derivation.PER_SECOND: "Change per second",
    Derivation.BASELINE: "Difference to the baseline run",
    Derivation.RATIO: "Ratio to another metric",
    Derivation.DIFFERENCE: "Difference to another metric",
}
EXPORTS = ("png", "svg", "pdf", "csv")
_MOST_METRICS = 60


class Charted(Protocol):
    """What a menu asks of its chart."""

    settings: PanelSettings

    def ask_for(self, label: str, settings: PanelSettings) -> None:
        """The user wants other settings."""

    def ask_for_export(self, suffix: str) -> None:
        """The user wants the chart as a file."""

    def show_all(self) -> None:
        """Everything into view."""

    def copy_image(self) -> None:
        """A picture to the clipboard."""

    def edit_note(self, x: float, note: Note | None) -> None:
        """Write a note."""

    def edit_ranges(self) -> None:
        """Ask for the ends of the axes."""

    def x_text(self, x: float) -> str:
        """An x in words."""


def fill(menu: QMenu, chart: Charted, x: float | None, note: Note | None, metrics: Sequence[str]) -> None:
    """The entries for a chart. `x` is where the menu was asked for, `note` what stands there."""
    settings = chart.settings

    def ask(label: str, wanted: PanelSettings) -> Callable[[], None]:
        return lambda: chart.ask_for(label, wanted)

    scales = QActionGroup(menu)
    for kind, name in Y_NAMES.items():
        _choice(menu, name, ask("Scale", replace(settings, y=kind, y_range=None)), on=settings.y is kind, group=scales)
    _derived(menu, chart, metrics)
    menu.addSeparator()
    menu.addAction("Show all points (double click)", chart.show_all)
    menu.addAction("Ends of the axes…", chart.edit_ranges)
    if settings.x_range or settings.y_range:
        menu.addAction("Free the ends of the axes", ask("Ranges", replace(settings, x_range=None, y_range=None)))
    _choice(menu, "Leave outliers out of view", ask("Outliers", replace(settings, clip=not settings.clip)),
            on=settings.clip)  # fmt: skip
    menu.addSeparator()
    if note is not None:
        rest = tuple(n for n in settings.notes if n != note)
        menu.addAction("Edit note…", lambda: chart.edit_note(note.x, note))
        menu.addAction("Remove note", ask("Remove note", replace(settings, notes=rest)))
    elif x is not None:
        menu.addAction(f"Add a note at {chart.x_text(x)}… (N)", lambda: chart.edit_note(x, None))
    menu.addSeparator()
    menu.addAction("Copy image", chart.copy_image)
    for suffix in EXPORTS:
        menu.addAction(f"Export {suffix.upper()}…", _exporting(chart, suffix))


def _exporting(chart: Charted, suffix: str) -> Callable[[], None]:
    return lambda: chart.ask_for_export(suffix)


def _derived(menu: QMenu, chart: Charted, metrics: Sequence[str]) -> None:
    settings = chart.settings
    derived = menu.addMenu("Draw")
    derived.setObjectName("derived-menu")
    group = QActionGroup(derived)

    def ask(wanted: Derived) -> Callable[[], None]:
        return lambda: chart.ask_for("Derived series", replace(settings, derived=wanted, y_range=None))

    for kind, name in DERIVED_NAMES.items():
        if not kind.needs_metric:
            _choice(derived, name, ask(Derived(kind)), on=settings.derived.kind is kind, group=group)
            continue
        others = derived.addMenu(name)
        for metric in metrics[:_MOST_METRICS]:
            on = settings.derived == Derived(kind, metric)
            _choice(others, plain(metric, 60).replace("&", "&&"), ask(Derived(kind, metric)), on=on, group=group)
        others.setEnabled(bool(metrics))


def _choice(menu: QMenu, name: str, call: Callable[[], None], *, on: bool, group: QActionGroup | None = None) -> None:
    action = QAction(name, menu)
    action.setCheckable(True)
    action.setChecked(on)
    action.triggered.connect(lambda _checked: call())
    if group is not None:
        group.addAction(action)
    menu.addAction(action)
