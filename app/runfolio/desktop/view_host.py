"""The centre of the window: the views, made when they are first shown, and what a session keeps of them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QStackedWidget, QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.views.registry import INSPECTOR, VIEWS, View
from runfolio.model.answers import Change
from runfolio.model.params import Json

SMALLEST = (320, 240)


class ViewHost(QStackedWidget):
    """A stack of views. The inspector is made here too, but lives in its dock."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("workspaces")
        # Said outright, or the widest view would decide how small the window can get at 200 % scale.
        self.setMinimumSize(*SMALLEST)
        self._context = context
        self._rows = {row.id: row for row in (*VIEWS, INSPECTOR)}
        self._made: dict[str, tuple[QWidget, View]] = {}
        self._kept: dict[str, dict[str, Json]] = {}

    def knows(self, id: str) -> bool:
        """Whether there is a view of that id."""
        return id in self._rows

    def title(self, id: str) -> str:
        """What a view is called."""
        return self._rows[id].title

    def widget_of(self, id: str) -> QWidget:
        """The view's widget, made now if it was never shown. Raises KeyError for an unknown id."""
        return self._get(id)[0]

    def activate(self, id: str) -> None:
        """A view is shown: let it ask for what is stale."""
        self._get(id)[1].activate()

    def activate_all(self) -> None:
        """The workspace has been opened: every view that was made can ask now."""
        for _, view in self._made.values():
            view.activate()

    def changed(self, change: Change) -> None:
        """Tell the views of a change."""
        for _, view in self._made.values():
            view.changed(change)

    def saved(self) -> dict[str, dict[str, Json]]:
        """What a session keeps, by view; of views that were not shown, what was kept before."""
        return {**self._kept, **{id: view.saved() for id, (_, view) in self._made.items()}}

    def restore(self, kept: Mapping[str, dict[str, Json]]) -> None:
        """Take over what a session kept; views that are made later get theirs then."""
        self._kept = dict(kept)
        for id, (_, view) in self._made.items():
            view.restore(self._kept.get(id, {}))

    def bring(self, kept: Mapping[str, dict[str, Json]]) -> None:
        """Let some views show something else; the others stay as they are."""
        self._kept.update(kept)
        for id, state in kept.items():
            if id in self._made:
                self._made[id][1].restore(state)
                self._made[id][1].activate()

    def _get(self, id: str) -> tuple[QWidget, View]:
        if id not in self._made:
            widget, view = self._rows[id].make(self._context)
            self._made[id] = (widget, view)
            if id != INSPECTOR.id:
                self.addWidget(widget)
            view.restore(self._kept.get(id, {}))
        return self._made[id]
