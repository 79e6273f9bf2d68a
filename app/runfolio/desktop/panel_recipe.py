"""Panels of the window as the recipe of a figure, so that a file shows what the window does."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from runfolio.analysis.drawing import Drawing
from runfolio.desktop.context import Context
from runfolio.desktop.panel_settings import PanelSettings
from runfolio.desktop.plot_style import PLAIN_WIDTH
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.export.recipe import ChartRecipe, RunStyleRecipe
from runfolio.model.answers import Progress
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

_POINTS_WIDE = 1.1
"""How wide a line of the plain width is on paper, in points."""


def panel_recipe(drawings: Sequence[Drawing], settings: PanelSettings) -> PanelRecipe:
    """One panel as it is set; it draws one metric or several."""
    return PanelRecipe.of(
        drawings[0],
        others=tuple(drawing.metric for drawing in drawings[1:]),
        title=settings.title,
        columns=settings.size[0],
        rows=settings.size[1],
        x_range=settings.x_range,
        notes=tuple((note.x, note.text) for note in settings.notes),
    )


def recipe_of(
    context: Context,
    panels: Sequence[tuple[Sequence[Drawing], PanelSettings]],
    columns: int = 1,
    *,
    hidden: Set[RunKey] = frozenset(),
    width: float = PLAIN_WIDTH,
) -> ChartRecipe:
    """The figure of several panels, with the runs in the colours and names of the window.

    hidden   runs that are switched off; they still count in the groups that they are in.
    width    of lines in pixels.
    """
    state = context.state
    runs = tuple(
        RunStyleRecipe(str(key), state.name_of(key), style.color_index, style.dash, shown=key not in hidden)
        for key in state.selection
        if (style := state.style_of(key)).picked
    )
    drawn = tuple(panel_recipe(drawings, settings) for drawings, settings in panels)
    return ChartRecipe(
        runs=runs,
        panels=drawn,
        columns=columns,
        line_width=round(_POINTS_WIDE * width / PLAIN_WIDTH, 2),
        query=state.scope.where,
    )


def file_name(name: str) -> str:
    """A metric's name as that of a file."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name).strip("-") or "chart"


def ask_and_export(context: Context, parent: QWidget, recipe: ChartRecipe, name: str, suffix: str) -> None:
    """Ask where to, without blocking, and write the figure off the GUI thread."""
    ask_where(context, parent, file_name(name), suffix, recipe)


def ask_where(
    context: Context, parent: QWidget, name: str, suffix: str, recipe: ChartRecipe, *, drawn: bool = False
) -> None:
    """Ask for a file, `name` with that suffix being offered, and have the figure written to it.

    drawn   CSV and Parquet: what the lines go through instead of all points.
    """
    dialog = QFileDialog(parent, f"Export {suffix.upper()}", str(Path.home() / f"{name}.{suffix}"))
    dialog.setObjectName("export-chart")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix)
    dialog.setNameFilter(f"{suffix.upper()} (*.{suffix})")

    def chosen(text: str) -> None:
        path = Path(text)

        def write(workspace: Workspace, token: CancelToken, report: Callable[[Progress], None]) -> Path:
            return workspace.export_chart(recipe, path, drawn=drawn, on_progress=report, cancel=token)

        context.writing.asked.emit(path.name, write, lambda written: context.say.info(f"Exported {written}"))

    dialog.fileSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
