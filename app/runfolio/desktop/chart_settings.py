"""What the Charts workspace shows, as plain data: it can be kept, compared and brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runfolio.analysis.axis import XKind
from runfolio.model.params import Json

MOST_COLUMNS = 4
MOST_SMOOTHING = 0.99


@dataclass(frozen=True, slots=True)
class ChartSettings:
    """Panels and how they are drawn.

    metrics    the panels in order; None while they follow the selected runs.
    smoothing  weight of the time-weighted EMA, 0 (none) to 0.99.
    log        metrics on a logarithmic y axis.
    large      the panel that has the whole room.
    """

    metrics: tuple[str, ...] | None = None
    columns: int = 3
    smoothing: float = 0.0
    x: XKind = XKind.STEP
    log: frozenset[str] = frozenset()
    large: str | None = None

    def saved(self) -> dict[str, Json]:
        """For a session."""
        metrics: Json = None if self.metrics is None else [*self.metrics]
        return {
            "metrics": metrics,
            "columns": self.columns,
            "smoothing": self.smoothing,
            "x": self.x.value,
            "log": [*sorted(self.log)],
            "large": self.large,
        }

    @classmethod
    def from_saved(cls, kept: Mapping[str, Json]) -> ChartSettings:
        """The inverse; what is ill-formed is left at its default."""
        plain = cls()
        columns, smoothing, x = kept.get("columns"), kept.get("smoothing"), kept.get("x")
        metrics, large = _texts(kept.get("metrics")), kept.get("large")
        return cls(
            metrics=None if metrics is None else tuple(dict.fromkeys(metrics)),
            columns=columns if isinstance(columns, int) and 1 <= columns <= MOST_COLUMNS else plain.columns,
            smoothing=float(smoothing)
            if isinstance(smoothing, int | float) and 0 <= smoothing <= MOST_SMOOTHING
            else plain.smoothing,
            x=XKind(x) if isinstance(x, str) and x in [*XKind] else plain.x,
            log=frozenset(_texts(kept.get("log")) or ()),
            large=large if isinstance(large, str) else None,
        )


def _texts(kept: Json) -> list[str] | None:
    return [text for text in kept if isinstance(text, str)] if isinstance(kept, list) else None


def grouped(metrics: tuple[str, ...]) -> tuple[str, ...]:
    """Metrics with those of one group (the part before the first `/`) beside each other, groups as they first come.

    >>> grouped(("val/acc", "loss", "train/loss", "val/loss"))
    ('val/acc', 'val/loss', 'loss', 'train/loss')
    """
    groups: dict[str, list[str]] = {}
    for metric in metrics:
        groups.setdefault(metric.partition("/")[0] if "/" in metric else "", []).append(metric)
    return tuple(metric for group in groups.values() for metric in group)
