"""The chart kinds there are; the one way to make a panel of one."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runfolio.desktop.context import Context
from runfolio.desktop.kinds.names import KIND_TITLES
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.settings import SETTINGS, KindSettings
from runfolio.model.params import Json
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind: `factory` is "module:class" beside this module."""

    id: str
    settings: type[KindSettings]
    factory: str

    @property
    def title(self) -> str:
        """What it is called."""
        return KIND_TITLES[self.id]

    @property
    def module(self) -> str:
        """The module to import, which may be done ahead on another thread."""
        return f"{__package__}.{self.factory.partition(':')[0]}"


_FACTORIES = {
    "scatter": "scatter:ScatterPanel",
    "parallel": "parallel:ParallelPanel",
    "importance": "importance:ImportancePanel",
    "groups": "groups:GroupsPanel",
    "grid": "grid:GridPanel",
    "histogram": "histogram:HistogramPanel",
    "classifier": "classifier:ClassifierPanel",
    "recorded": "recorded:RecordedPanel",
}

KINDS = tuple(KindRow(kind, SETTINGS[kind], factory) for kind, factory in _FACTORIES.items())

Panel = KindPanel[Any, Any]


def make_panel(kind: str, settings: Json, context: Context) -> Panel:
    """A panel of the kind with the settings that its `settings.saved()` gave; None for the usual ones.

    Raises KeyError for an unknown kind.
    """
    row = {row.id: row for row in KINDS}[kind]
    return _class_of(row)(context, row.settings.from_saved(settings))


def fill(kind: str, settings: KindSettings, workspace: Workspace, keys: Sequence[RunKey]) -> KindSettings:
    """Settings with what a panel of the kind would choose by itself for these runs; on a query thread."""
    from runfolio.desktop.kinds.offer import Offer

    made = _class_of({row.id: row for row in KINDS}[kind])
    offer = Offer(workspace.fields(), workspace.default_columns(40), workspace, keys)
    filled: KindSettings = made.fill(settings, offer)
    return filled


def _class_of(row: KindRow) -> type[Panel]:
    made = getattr(importlib.import_module(row.module), row.factory.partition(":")[2])
    if not (isinstance(made, type) and issubclass(made, KindPanel)):
        raise TypeError(f"{row.factory} is no panel")
    return made
