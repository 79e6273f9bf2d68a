"""What a chart says of itself: places on its x axis, and what is to be known of its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runfolio.analysis.axis import XKind
from runfolio.analysis.drawing import beyond_text
from runfolio.analysis.scales import YKind, YScale
from runfolio.desktop.plot_axis import clock_text
from runfolio.desktop.plot_style import Curve
from runfolio.model.display import duration, number

SCALE_WORDS = {YKind.LINEAR: "", YKind.LOG: " · log", YKind.SYMLOG: " · symlog"}
"""What a title says of the y axis."""


def x_words(kind: XKind, name: str, x: float) -> str:
    """An x: "step 24", "12 min 4 s", a local time; `name` of the metric that it is, where it is one."""
    if kind is XKind.STEP:
        return f"step {number(x, 9)}"
    if kind.joins:
        return f"{name or 'epoch'} {number(x, 6)}"
    return duration(x) if kind is XKind.RELATIVE else clock_text(x)


def about(curves: Sequence[Curve], scale: YScale, missing: Iterable[str], more: Iterable[str]) -> list[str]:
    """What is said below a chart: what has no place on it, how the axis bends, values that go beyond, and `more`."""
    bent = f"linear up to ±{number(scale.linear, 2)}, logarithmic beyond" if scale.kind is YKind.SYMLOG else ""
    first, *rest = more
    beyond = beyond_text([c.series.raw.y_bounds for c in curves])
    return [text for text in (*missing, bent, first, beyond, *rest) if text]
