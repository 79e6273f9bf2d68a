"""How groups of runs look in the charts, their legend and their read-out: the same in every panel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runfolio.analysis.drawing import Style, group_styles
from runfolio.desktop.run_style import COLORS, DASHES
from runfolio.desktop.state import WindowState
from runfolio.model.groups import RunGroup


def styles_of(grouping: Sequence[RunGroup], state: WindowState) -> list[Style]:
    """Colour and dash of each group, by those of the runs in it."""
    of_runs: list[tuple[int, Style]] = []
    for group in grouping:
        lead = state.style_of(group.runs[0])
        of_runs.append((len(group.runs), (max(0, lead.color_index), lead.dash)))
    return group_styles(of_runs, COLORS, DASHES)


def newest(groupings: Iterable[tuple[RunGroup, ...]], state: WindowState) -> tuple[RunGroup, ...]:
    """Of those that panels were drawn by the one of the runs that are selected now; () for none."""
    selected = set(state.selection)
    fitting = (found for found in groupings if all(selected.issuperset(group.runs) for group in found))
    return max(fitting, key=lambda found: sum(len(group.runs) for group in found), default=())
