"""The chart kinds there are; the one way to make a panel of one."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from runfolio.desktop.context import Context
from runfolio.desktop.kinds import settings as kept
from runfolio.desktop.kinds.names import KIND_TITLES
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.settings import KindSettings
from runfolio.model.params import Json


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


KINDS = (
    KindRow("scatter", kept.ScatterSettings, "scatter:ScatterPanel"),
    KindRow("parallel", kept.ParallelSettings, "parallel:ParallelPanel"),
    KindRow("importance", kept.ImportanceSettings, "importance:ImportancePanel"),
    KindRow("groups", kept.GroupsSettings, "groups:GroupsPanel"),
    KindRow("grid", kept.GridSettings, "grid:GridPanel"),
    KindRow("histogram", kept.HistogramSettings, "histogram:HistogramPanel"),
    KindRow("classifier", kept.ClassifierSettings, "classifier:ClassifierPanel"),
)

Panel = KindPanel[Any, Any]


def make_panel(kind: str, settings: Json, context: Context) -> Panel:
    """A panel of the kind with the settings that its `settings.saved()` gave; None for the usual ones.

    Raises KeyError for an unknown kind.
    """
    row = {row.id: row for row in KINDS}[kind]
    module, _, name = row.factory.partition(":")
    made = getattr(importlib.import_module(f"{__package__}.{module}"), name)(context, row.settings.from_saved(settings))
    if not isinstance(made, KindPanel):
        raise TypeError(f"{row.factory} makes a {type(made).__name__}, which is no panel")
    return made
