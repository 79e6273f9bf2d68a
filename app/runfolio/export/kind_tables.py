"""Charts of many runs as tables: what `export.kinds` draws, and what a CSV or Parquet file of a figure holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from runfolio.analysis.kinds.boxes import boxes
from runfolio.analysis.kinds.histograms import Histogram, histogram
from runfolio.analysis.kinds.planar import pareto_front
from runfolio.analysis.kinds.planes import cells, facets
from runfolio.export.judged import tables_of
from runfolio.export.kind_axes import Facts
from runfolio.export.kind_recorded import step_of
from runfolio.export.kind_rows import (
    Named,
    Rows,
    cell_rows,
    field_rows,
    group_rows,
    histogram_rows,
    importance_rows,
    judged_rows,
    over_time_rows,
    recorded_rows,
    scatter_rows,
)
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.export.recipe import ChartRecipe
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Ints


class _Maker:
    """The table of one panel."""

    def __init__(self, panel: PanelRecipe, recipe: ChartRecipe, facts: Facts, place: int) -> None:
        self.panel, self.facts, self.place = panel, facts, place
        self.names = [run.name for run in recipe.chart_runs]
        self.keys = [run.key for run in recipe.chart_runs]

    def named(self, part: str) -> Named | None:
        id = self.panel.text(part)
        found = self.facts.variables.get(id) if id else None
        return None if found is None else (dict(self.panel.titles).get(part, id), found)

    def scatter(self) -> Rows:
        x, y = self.named("x"), self.named("y")
        if x is None or y is None:
            return []
        log = self.panel.flag("log_x"), self.panel.flag("log_y")
        shown = placed(x[1], log=log[0]) & placed(y[1], log=log[1])
        fields = [field for part in ("x", "y", "color", "size") if (field := self.named(part)) is not None]
        return scatter_rows(self.names, self.keys, fields, shown, front_of(self.panel, x[1], y[1]))

    def parallel(self) -> Rows:
        titles = dict(self.panel.titles)
        ids = [id for id in self.panel.texts("axes") if id in self.facts.variables]
        fields = [(titles.get(id, id), self.facts.variables[id]) for id in ids]
        return field_rows(self.names, self.keys, fields, np.ones(len(self.keys), dtype=bool))

    def groups(self) -> Rows:
        value, group = self.named("value"), self.named("group")
        if value is None or group is None:
            return []
        return group_rows(boxes(value[1], group[1], log=self.panel.flag("log")))

    def grid(self) -> Rows:
        x, y, value, z = (self.named(part) for part in ("x", "y", "value", "z"))
        if x is None or y is None:
            return []
        title, values = ("", np.full(len(x[1].values), np.nan)) if value is None else (value[0], value[1].values)
        log = {"log_x": self.panel.flag("log_x"), "log_y": self.panel.flag("log_y")}
        if z is None or self.panel.text("look") == "contour":
            return cell_rows((x[0], y[0]), title, [("", cells(x[1], y[1], values, **log))])
        found = facets(x[1], y[1], z[1], values, **log)
        return cell_rows((x[0], y[0], z[0]), title, [*zip(found.names, found.tables, strict=True)])

    def histogram(self) -> Rows:
        found = self.facts.over_time.get(self.place)
        if found is not None:
            return over_time_rows(found)
        value = self.named("value")
        made = None if value is None else bins(value[1], log=self.panel.flag("log"))
        return [] if value is None or made is None else histogram_rows(value[1], made)

    def importance(self) -> Rows:
        found = self.facts.importance.get(self.place)
        return [] if found is None else importance_rows(found)

    def classifier(self) -> Rows:
        found = tables_of(self.panel)
        return judged_rows(found, self.panel.text("look"), self.panel.text("of_class")) if found else []

    def recorded(self) -> Rows:
        found = self.facts.recorded.get(self.place)
        if found is None:
            return []
        names = dict(zip(self.keys, self.names, strict=True))
        return recorded_rows(found, [names[str(key)] for key in found.runs], step_of(self.panel))


def table_of(panel: PanelRecipe, recipe: ChartRecipe, facts: Facts, place: int) -> Rows:
    """What a panel that is of no curves is made of, the head first; () where there is nothing. `place`: its own."""
    return _MADE[panel.kind](_Maker(panel, recipe, facts, place))


_MADE: Mapping[str, Callable[[_Maker], Rows]] = {
    "scatter": _Maker.scatter,
    "parallel": _Maker.parallel,
    "groups": _Maker.groups,
    "grid": _Maker.grid,
    "histogram": _Maker.histogram,
    "importance": _Maker.importance,
    "classifier": _Maker.classifier,
    "recorded": _Maker.recorded,
}


def placed(variable: Variable, *, log: bool) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which runs have a place on an axis; bool (runs,)."""
    on: np.ndarray[tuple[int], np.dtype[np.bool_]] = variable.finite
    return on & (variable.values > 0) if log and not variable.categories else on


def front_of(panel: PanelRecipe, x: Variable, y: Variable) -> Ints:
    """Places of the runs on the Pareto front; () where none is wanted, or a direction is not known."""
    ways = panel.text("x_better"), panel.text("y_better")
    if not panel.flag("front") or not all(ways):
        return np.empty(0, dtype=np.int64)
    shown = placed(x, log=panel.flag("log_x")) & placed(y, log=panel.flag("log_y"))
    held = [np.where(shown, one.values, np.nan) for one in (x, y)]
    return pareto_front(*held, x_higher=ways[0] == "higher", y_higher=ways[1] == "higher")


def bins(variable: Variable, *, log: bool) -> Histogram | None:
    """How values are distributed; None where none can be shown."""
    if variable.categories:
        of = np.where(variable.finite, np.nan_to_num(variable.values), -1).astype(np.int64)
        counts = np.bincount(of[of >= 0], minlength=len(variable.categories)).astype(np.int64)
        return Histogram(np.arange(len(counts) + 1).astype(np.float64) - 0.5, counts, of)
    try:
        return histogram(variable.values, log=log)
    except ValueError:
        return None
