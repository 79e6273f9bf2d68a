"""What the Charts workspace says where it has nothing to draw, and what is to be done then."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runfolio.desktop.chart_settings import ChartSettings
from runfolio.desktop.panel_pages import FOLLOWING
from runfolio.desktop.widgets import EmptyState

Call = Callable[[], None]


def say_nothing_selected(empty: EmptyState, pick_best: Call) -> None:
    """No run is selected."""
    empty.set(
        "No run is selected",
        "Select runs in the table with Space, or start with the five best of the scope: those that lead by "
        "the metric most runs share. Charts of all runs in scope are in Explore, and can be sent here.",
        action="Chart the 5 best runs in scope",
        call=pick_best,
    )


def say_no_metrics(empty: EmptyState, show_runs: Call) -> None:
    """The selected runs have no series."""
    empty.set(
        "The selected runs have no metrics",
        "Their recordings hold params and files, but no series to draw. Select other runs in the table.",
        action="Show the runs",
        call=show_runs,
    )


def say_no_panels(
    empty: EmptyState, settings: ChartSettings, wanted: Sequence[str], *, selected: bool, put_back: Call, follow: Call
) -> None:
    """The page on show has no panel in the grid.

    wanted     the panels of the page, all of them in windows of their own.
    selected   whether any run is.
    """
    chosen = tuple(key for key in settings.metrics or () if key != FOLLOWING)
    if wanted:
        empty.set(
            "All panels of this page are in windows of their own",
            "They come back to their places when their windows are closed.",
            action="Put them back",
            call=put_back,
        )
    elif not selected:
        empty.set("No run is selected", "Select runs in the table with Space to see their curves on this page.")
    elif not chosen and settings.metrics is not None and len(settings.pages) > 1:
        text = "Tick metrics at the right, drag panels of other pages to this page's tab, or add a panel."
        empty.set("This page is empty", text, action="Chart what the runs share", call=follow)
    else:
        text = "Tick metrics at the right, or let the selected runs choose them."
        if chosen:
            text = f"None of the selected runs has {', '.join(chosen[:3])}{' …' if len(chosen) > 3 else ''}. {text}"
        empty.set("No panel to show", text, action="Chart what the runs share", call=follow)
