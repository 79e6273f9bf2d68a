"""The views there are, in the order of the rail; each is imported when it is first shown."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PySide6.QtWidgets import QWidget

from runfolio.desktop.context import Context
from runfolio.model.answers import Change
from runfolio.model.params import Json


@runtime_checkable
class View(Protocol):
    """What the window asks of a view beside being a QWidget built from a Context."""

    def activate(self) -> None:
        """It becomes visible: ask for what is stale."""

    def changed(self, change: Change) -> None:
        """Index or ledger have changed; called for hidden views too, which only note it."""

    def saved(self) -> dict[str, Json]:
        """What a session keeps of it."""

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what `saved` gave, perhaps by an older version: unknown and ill-formed parts are left out."""


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view in the registry.

    factory    "module:class" below runfolio.desktop.views.
    on_rail    False for views that are reached in another way (problems by the status bar).
    """

    id: str
    title: str
    icon: str
    shortcut: str
    factory: str
    on_rail: bool = True

    @property
    def module(self) -> str:
        """The module to import, which may be done ahead on another thread."""
        return f"{__package__}.{self.factory.partition(':')[0]}"

    def make(self, context: Context) -> tuple[QWidget, View]:
        """The view, twice: as the widget to place and as the view to speak to."""
        made = getattr(importlib.import_module(self.module), self.factory.partition(":")[2])(context)
        if not isinstance(made, QWidget) or not isinstance(made, View):
            raise TypeError(f"{self.factory} makes a {type(made).__name__}, which is no view")
        return made, made


VIEWS = (
    ViewRow("runs", "Runs", "table-2", "Ctrl+1", "runs:RunsView"),
    ViewRow("charts", "Charts", "chart-line", "Ctrl+2", "charts:ChartsView"),
    ViewRow("compare", "Compare", "git-compare", "Ctrl+3", "compare:CompareView"),
    ViewRow("data", "Data", "database", "Ctrl+4", "data:DataView"),
    ViewRow("models", "Models", "rocket", "Ctrl+5", "models:ModelsView"),
    ViewRow("audit", "Audit", "history", "Ctrl+6", "audit:AuditView"),
    ViewRow("files", "Files", "files", "Ctrl+8", "files:FilesView"),
    ViewRow("explore", "Explore", "chart-scatter", "Ctrl+9", "explore:ExploreView"),
    ViewRow("problems", "Needs attention", "triangle-alert", "Ctrl+7", "problems:ProblemsView", on_rail=False),
)

INSPECTOR = ViewRow("inspector", "Inspector", "panel-right", "Ctrl+I", "inspector:InspectorView", on_rail=False)
