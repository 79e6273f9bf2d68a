"""Histograms of both fields of a scatter, above and to the right of its points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from runfolio.analysis.kinds.planar import margin_counts
from runfolio.export.kind_axes import INK, KindAxes
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.transforms import Bbox

HEIGHT = 18.0
"""Points that the tallest bar has."""
_GAP = 3.0


def draw_margins(chart: KindAxes, x: Variable, y: Variable, values: tuple[Floats, Floats]) -> None:
    """A bar for each category, or forty over the length of an axis; `values` (m,) of the points that are drawn."""
    for variable, own, side in ((x, values[0], "x"), (y, values[1], "y")):
        axes, upright = chart.axes, side == "y"
        if variable.categories:
            (axes.set_ylim if upright else axes.set_xlim)(-0.5, len(variable.categories) - 0.5)
        # From here on the axis ends where it ends, or the bars would be of another one.
        ends = axes.get_ylim() if upright else axes.get_xlim()
        (axes.set_ylim if upright else axes.set_xlim)(*ends)
        scale = (axes.yaxis if upright else axes.xaxis).get_transform()
        low, high = (float(scale.transform(end)) for end in ends)
        places = (np.asarray(scale.transform(own), dtype=np.float64) - low) / (high - low)
        counts, edges = margin_counts(places, len(variable.categories))
        beside = _beside(axes, upright=upright)
        slim = 0.2 / len(counts) if variable.categories else 0.0
        bars = beside.barh if upright else beside.bar
        bars(edges[:-1] + slim, counts, np.diff(edges) - 2 * slim, align="edge", color=INK, alpha=0.35, linewidth=0)
        (beside.set_ylim if upright else beside.set_xlim)(0.0, 1.0)
        (beside.set_xlim if upright else beside.set_ylim)(0.0, max(1, int(counts.max())))


def _beside(axes: Axes, *, upright: bool) -> Axes:
    """Bare axes as long as those of the points, and HEIGHT points high."""
    inner = axes.inset_axes((0.0, 1.0, 1.0, 0.1))
    inner.set_axis_off()

    def place(_inner: object, _renderer: RendererBase | None) -> Bbox:
        from matplotlib.transforms import Bbox

        figure = axes.get_figure(root=True)
        assert figure is not None
        point, area = figure.dpi / 72.0, axes.bbox
        if upright:
            room = Bbox.from_bounds(area.x1 + _GAP * point, area.y0, HEIGHT * point, area.height)
        else:
            room = Bbox.from_bounds(area.x0, area.y1 + _GAP * point, area.width, HEIGHT * point)
        return room.transformed(figure.transFigure.inverted())

    inner.set_axes_locator(place)
    return inner
