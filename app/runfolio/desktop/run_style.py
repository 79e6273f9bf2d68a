"""How a run is drawn wherever it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from runfolio.desktop.theme import UNPICKED

COLORS = 10
DASHES = 4


@dataclass(frozen=True, slots=True)
class RunStyle:
    """How a run is drawn everywhere. Past ten runs the dash and the marker change, so that colour is not all.

    color_index   0 to 9 for `theme.run_color`, UNPICKED for a run that is not selected.
    dash          0 solid, 1 dashed, 2 dotted, 3 dash-dotted.
    marker        0 upwards; a chart picks its shapes.
    """

    color_index: int
    dash: int = 0
    marker: int = 0

    @property
    def picked(self) -> bool:
        """Whether the run is selected."""
        return self.color_index != UNPICKED


PLAIN_STYLE = RunStyle(UNPICKED)
