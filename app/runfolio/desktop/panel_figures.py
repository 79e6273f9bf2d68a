"""The figure of panels of any kind: what a chart has chosen by itself is asked off the GUI thread first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.analysis.drawing import Drawing
from runfolio.analysis.kinds.recorded import Recorded
from runfolio.desktop.cells import field_title
from runfolio.desktop.context import Context
from runfolio.desktop.kinds.names import KIND_TITLES
from runfolio.desktop.kinds.settings import AUTO, ClassifierSettings, KindSettings, RecordedSettings, kind_of
from runfolio.desktop.panel_recipe import panel_recipe, recipe_of
from runfolio.desktop.panel_settings import PanelSettings
from runfolio.desktop.plot_style import PLAIN_WIDTH
from runfolio.errors import LimitReached
from runfolio.export.panel_recipe import KINDS, Option, PanelRecipe
from runfolio.export.recipe import CHARTS, LEGENDS, LINES, ChartRecipe, RunStyleRecipe
from runfolio.model.display import count, counted
from runfolio.model.kinds import JudgedTable, JudgedTables
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

MOST_RUNS = 20_000
"""Of a figure of many runs: each is named in its recipe."""

_NAME = FieldRef(FieldKind.BUILTIN, "name")


@dataclass(frozen=True, slots=True)
class Part:
    """A panel of a figure: curves where there are drawings, else the chart of its settings.

    title   what is written over a chart that was given no title.
    read    the table or the histograms that a chart shows, where they have been read out of files.
    """

    settings: PanelSettings
    drawings: tuple[Drawing, ...] = ()
    title: str = ""
    read: JudgedTables | Recorded | None = None


def ask_recipe(
    context: Context,
    parts: Sequence[Part],
    then: Callable[[ChartRecipe], object],
    *,
    columns: int = 1,
    hidden: Set[RunKey] = frozenset(),
    width: float = PLAIN_WIDTH,
) -> None:
    """The figure of these panels, for the selected runs and all runs in scope; `then` gets it on the GUI thread.

    What cannot be drawn is said by the window. See `panel_recipe.recipe_of` for `hidden` and `width`.
    """
    lines = [(part.drawings, part.settings) for part in parts if part.drawings]
    of_lines = recipe_of(context, lines, columns, hidden=hidden, width=width) if lines else None
    if len(lines) == len(parts) and of_lines is not None:
        then(of_lines)
        return
    keys = tuple(context.state.scope_keys)
    styles = {key: context.state.style_of(key) for key in context.state.selection}
    colors = {key: style.color_index for key, style in styles.items() if style.picked}
    query = context.state.scope.where

    def make(workspace: Workspace) -> ChartRecipe:
        own = of_lines.runs if of_lines is not None else ()
        panels = tuple(
            panel_recipe(part.drawings, part.settings) if part.drawings else _chart(workspace, part, keys)
            for part in parts
        )
        if any(_reads_runs(part) for part in parts):
            runs = _runs(workspace, keys, colors, own)
        else:
            named = {key for panel in panels for key in panel.texts("runs")}
            runs = _runs(workspace, [key for key in keys if str(key) in named], colors, own) if named else own
        if of_lines is not None:
            return replace(of_lines, runs=runs, panels=panels)
        wide = 140.0 if len(panels) == 1 else 180.0
        return ChartRecipe(runs, panels, columns=columns, width_mm=wide, query=query, legend=LEGENDS[1])

    context.jobs.query("panel-figure", make, lambda recipe: _hand_on(then, recipe))


def _hand_on(then: Callable[[ChartRecipe], object], recipe: ChartRecipe) -> None:
    then(recipe)


def _reads_runs(part: Part) -> bool:
    """Whether it is of all runs in scope, and not of a table or of runs that it names."""
    return not part.drawings and not isinstance(part.settings.chart, ClassifierSettings | RecordedSettings)


def _runs(
    workspace: Workspace, keys: Sequence[RunKey], colors: Mapping[RunKey, int], own: Sequence[RunStyleRecipe]
) -> tuple[RunStyleRecipe, ...]:
    """The runs of both sorts of panels, first those of curves. Raises LimitReached."""
    if len(keys) > MOST_RUNS:
        raise LimitReached(
            f"A figure holds at most {counted(MOST_RUNS, 'run')}, and {count(len(keys))} are in scope",
            hint="Filter to fewer.",
        )
    names = [str(name or "") for name in workspace.column(_NAME, keys).values]
    in_scope = {str(key): place for place, key in enumerate(keys)}
    curves = [run if run.key in in_scope else replace(run, part=LINES) for run in own]
    told = {run.key for run in own}
    rest = [
        RunStyleRecipe(str(key), name, max(0, colors.get(key, 0)), part=CHARTS if own else "")
        for key, name in zip(keys, names, strict=True)
        if str(key) not in told
    ]
    return (*curves, *rest)


def _chart(workspace: Workspace, part: Part, keys: Sequence[RunKey]) -> PanelRecipe:
    """A chart with what it has chosen by itself, and the names of its fields; a judged table instead of its path."""
    from runfolio.desktop.kinds.factory import fill

    chart = part.settings.chart
    if chart is None:
        raise ValueError("a panel without curves is a chart")
    kind = kind_of(chart)
    filled = fill(kind, chart, workspace, keys)
    title = part.settings.title or part.title or KIND_TITLES[kind]
    options = _options(filled)
    if isinstance(filled, ClassifierSettings):
        options = _judged(workspace, filled, part.read if isinstance(part.read, JudgedTables) else None, keys)
    elif isinstance(filled, RecordedSettings):
        options = _recorded(workspace, filled, part.read if isinstance(part.read, Recorded) else None, keys)
    columns, rows = part.settings.size
    panel = PanelRecipe("", title=title, kind=kind, options=options, columns=columns, rows=rows)
    named = [(option, field_title(FieldRef.from_id(id))) for option in KINDS[kind] if (id := panel.text(option))]
    named += [(id, field_title(FieldRef.from_id(id))) for id in panel.fields]
    return replace(panel, titles=tuple(named))


def _options(settings: KindSettings) -> tuple[tuple[str, Option], ...]:
    return tuple(
        (name, tuple(map(str, value)) if isinstance(value, list) else value)
        for name, value in settings.saved().items()
        if isinstance(value, str | bool | list)
    )


def _recorded(
    workspace: Workspace, settings: RecordedSettings, found: Recorded | None, keys: Sequence[RunKey]
) -> tuple[tuple[str, Option], ...]:
    """The tag that is shown, and of which runs."""
    if found is None:
        found = workspace.recorded_histograms(keys, "" if settings.tag == AUTO else settings.tag)
    runs = tuple(str(key) for key in found.runs)
    return (("tag", found.tag), ("look", settings.look), ("step", settings.step), ("runs", runs))


def _judged(
    workspace: Workspace, settings: ClassifierSettings, found: JudgedTables | None, keys: Sequence[RunKey]
) -> tuple[tuple[str, Option], ...]:
    """What is drawn of the tables, so that the figure needs none of them."""
    from runfolio.export.judged import options_of

    if found is None:
        truth, predicted, score = settings.truth, settings.predicted, settings.score
        if settings.path:
            path = Path(settings.path)
            judged = workspace.classified(path, truth=truth, predicted=predicted, score=score)
            found = JudgedTables((JudgedTable(path.name, None, judged),))
        else:
            table = "" if settings.table == AUTO else settings.table
            found = workspace.judged_tables(keys, table, truth=truth, predicted=predicted, score=score)
    return options_of(found.tables, settings.look, settings.of_class) if found.tables else (("look", settings.look),)
