"""What the Charts workspace shows, as plain data: it can be kept, compared and brought back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runfolio.analysis.axis import XKind
from runfolio.analysis.derived import Derivation
from runfolio.analysis.drawing import SINGLE_RUNS, Drawing, Groups
from runfolio.analysis.scales import YKind
from runfolio.analysis.smooth import Smoother
from runfolio.desktop.kinds.names import KIND_TITLES
from runfolio.desktop.panel_pages import FIRST_PAGE, Page, Torn, pages_from, texts, torn_from
from runfolio.desktop.panel_settings import MOST_COLUMNS, PLAIN_PANEL, PanelSettings, member
from runfolio.desktop.plot_style import PLAIN_WIDTH, WIDTHS
from runfolio.model.params import Json
from runfolio.model.run import RunKey
from runfolio.model.statistics import LEVEL, SPREADS_OF, Centre, Spread

MOST_SMOOTHING = 0.99
_BY_HAND = "\x1f"
"""Begins the key of a panel that was made by hand; the key of any other is its metric."""


@dataclass(frozen=True, slots=True)
class ChartSettings:
    """Panels and how they are drawn.

    metrics     keys of the panels of the page on show, in order; None while they follow the selected runs. The key of
                a panel is its metric, or a number for one that was made by hand (`is_by_hand`).
    smoothing   place of the slider, 0 (none) to 0.99; see `smooth.amount_for`.
    x_metric    the metric that is the x axis, where `x` is METRIC.
    large       the panel that has the whole room.
    panels      what is set for single metrics.
    hidden      runs that are selected and not drawn.
    width, antialias   of lines.
    pages, page   all pages in order, and which of them is on show; what it holds is in `metrics` and `large`.
    torn        panels in windows of their own.
    sections    whether panels stand under the first part of their names; None for by themselves, when there are many.
    folded      sections of which only the heading is on show.
    """

    metrics: tuple[str, ...] | None = None
    columns: int = 3
    smoothing: float = 0.0
    smoother: Smoother = Smoother.TIME_EMA
    x: XKind = XKind.STEP
    x_metric: str = ""
    large: str | None = None
    panels: tuple[tuple[str, PanelSettings], ...] = ()
    groups: Groups = SINGLE_RUNS
    hidden: frozenset[RunKey] = frozenset()
    width: float = PLAIN_WIDTH
    antialias: bool = True
    pages: tuple[Page, ...] = (Page(FIRST_PAGE),)
    page: int = 0
    torn: tuple[Torn, ...] = ()
    sections: bool | None = None
    folded: frozenset[str] = frozenset()
    _by_key: Mapping[str, PanelSettings] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Of hundreds of panels each is asked for several times a turn.
        object.__setattr__(self, "_by_key", dict(self.panels))

    def metrics_of(self, key: str) -> tuple[str, ...]:
        """What a panel draws as curves."""
        return self.panel(key).metrics or ((key,) if not is_by_hand(key) else ())

    def name_of(self, key: str) -> str:
        """What a panel is called where its title is not seen."""
        own = self.panel(key)
        return own.title or (KIND_TITLES[own.kind] if own.chart is not None else ", ".join(self.metrics_of(key)))

    def has_room(self, key: str, known: Collection[str]) -> bool:
        """Whether a panel is on show while the selected runs have these metrics."""
        return self.panel(key).chart is not None or any(metric in known for metric in self.metrics_of(key))

    @property
    def has_charts(self) -> bool:
        """Whether any page has a chart of all runs in scope."""
        placed = {key for page in self.pages for key in page.panels or ()}.union(self.metrics or ())
        return any(panel.chart is not None and key in placed for key, panel in self.panels)

    def lines(self, keys: Sequence[str]) -> tuple[str, ...]:
        """Those of the panels that draw curves."""
        return tuple(key for key in keys if self.panel(key).chart is None)

    @property
    def torn_off(self) -> frozenset[str]:
        """The panels that are in windows of their own."""
        return frozenset(key for torn in self.torn for key in torn.panels)

    def panel(self, metric: str) -> PanelSettings:
        """What is set for a metric."""
        return self._by_key.get(metric, PLAIN_PANEL)

    def with_panel(self, metric: str, panel: PanelSettings) -> ChartSettings:
        """The same with other settings for a metric."""
        return self.with_panels({metric: panel})

    def with_panels(self, panels: Mapping[str, PanelSettings]) -> ChartSettings:
        """The same with other settings for several metrics."""
        panels = {**self._by_key, **panels}
        return replace(self, panels=tuple(sorted((m, p) for m, p in panels.items() if p != PLAIN_PANEL)))

    def drawings(self, key: str, baseline: RunKey | None) -> tuple[Drawing, ...]:
        """What a panel draws of each of its metrics."""
        return tuple(self.drawing(metric, baseline, key) for metric in self.metrics_of(key))

    def drawing(self, metric: str, baseline: RunKey | None, key: str | None = None) -> Drawing:
        """What a panel draws of a metric; `key` where it is not the panel of that metric alone."""
        own = self.panel(metric if key is None else key)
        return Drawing(
            metric=metric,
            x=self.x,
            x_metric=self.x_metric if self.x is XKind.METRIC else "",
            y=own.y,
            smoother=self.smoother if self.smoothing else Smoother.TIME_EMA,
            smoothing=self.smoothing,
            derived=own.derived,
            baseline=baseline if own.derived.kind is Derivation.BASELINE else None,
            groups=self.groups,
            y_range=own.y_range,
            clip=own.clip,
        )

    def saved(self) -> dict[str, Json]:
        """For a session."""
        metrics: Json = None if self.metrics is None else [*self.metrics]
        return {
            "metrics": metrics,
            "columns": self.columns,
            "smoothing": self.smoothing,
            "smoother": self.smoother.value,
            "x": self.x.value,
            "x_metric": self.x_metric,
            "large": self.large,
            "panels": {metric: panel.saved() for metric, panel in self.panels},
            "groups": self.groups.by,
            "centre": self.groups.centre.value,
            "spread": self.groups.spread.value,
            "level": self.groups.level,
            "hidden": [*sorted(self.hidden)],
            "width": self.width,
            "antialias": self.antialias,
            "pages": [page.saved() for page in self.pages],
            "page": self.page,
            "torn": [torn.saved() for torn in self.torn],
            "sections": self.sections,
            "folded": [*sorted(self.folded)],
        }

    @classmethod
    def from_saved(cls, kept: Mapping[str, Json]) -> ChartSettings:
        """The inverse; what is ill-formed is left at its default."""
        plain = cls()
        columns, smoothing, width = kept.get("columns"), kept.get("smoothing"), kept.get("width")
        metrics, large, x_metric = texts(kept.get("metrics")), kept.get("large"), kept.get("x_metric")
        panels, sections = kept.get("panels"), kept.get("sections")
        pages, page = pages_from(kept.get("pages"), kept.get("page"))
        made = cls(
            pages=pages,
            page=page,
            torn=torn_from(kept.get("torn")),
            sections=sections if isinstance(sections, bool) else None,
            folded=frozenset(texts(kept.get("folded")) or ()),
            metrics=None if metrics is None else tuple(dict.fromkeys(metrics)),
            columns=columns if isinstance(columns, int) and 1 <= columns <= MOST_COLUMNS else plain.columns,
            smoothing=float(smoothing)
            if isinstance(smoothing, int | float) and 0 <= smoothing <= MOST_SMOOTHING
            else plain.smoothing,
            smoother=member(Smoother, kept.get("smoother"), plain.smoother),
            x=member(XKind, kept.get("x"), plain.x),
            x_metric=x_metric if isinstance(x_metric, str) else "",
            large=large if isinstance(large, str) else None,
            groups=_groups(kept),
            hidden=frozenset(RunKey(key) for key in texts(kept.get("hidden")) or ()),
            width=float(width) if isinstance(width, int | float) and width in WIDTHS else plain.width,
            antialias=kept.get("antialias") is not False,
        )
        for metric, panel in panels.items() if isinstance(panels, dict) else ():
            if isinstance(panel, dict):
                made = made.with_panel(metric, PanelSettings.from_saved(panel))
        # What an older version kept of logarithmic axes.
        for metric in texts(kept.get("log")) or ():
            made = made.with_panel(metric, replace(made.panel(metric), y=YKind.LOG))
        return made


def _groups(kept: Mapping[str, Json]) -> Groups:
    by, level = kept.get("groups"), kept.get("level")
    centre = member(Centre, kept.get("centre"), Centre.MEAN)
    spread = member(Spread, kept.get("spread"), Spread.T)
    return Groups(
        by if isinstance(by, str) else "",
        centre,
        spread if spread in SPREADS_OF[centre] else SPREADS_OF[centre][0],
        float(level) if isinstance(level, int | float) and 0 < level < 1 else LEVEL,
    )


def without_stale_zooms(before: ChartSettings, after: ChartSettings) -> ChartSettings:
    """The settings after a change, all in view again where it has given the places of an axis another meaning."""
    other_x = (before.x, before.x_metric) != (after.x, after.x_metric)
    for key, panel in after.panels:
        was = before.panel(key)
        if panel.zoom is not None and panel.zoom == was.zoom:
            axes, axes_before = (replace(p, notes=(), title="", size=(1, 1)) for p in (panel, was))
            if other_x or axes != axes_before:
                after = after.with_panel(key, replace(panel, zoom=None))
    return after


def is_by_hand(key: str) -> bool:
    """Whether the panel of that key was made by hand."""
    return key.startswith(_BY_HAND)


def key_by_hand(number: int) -> str:
    """The key of a panel that is made by hand."""
    return f"{_BY_HAND}{number}"


def section_of(metric: str) -> str:
    """The part of a metric's name before the first `/`; "" without one."""
    return metric.partition("/")[0] if "/" in metric else ""


def grouped(metrics: tuple[str, ...]) -> tuple[str, ...]:
    """Metrics with those of one group (the part before the first `/`) beside each other, groups as they first come.

    >>> grouped(("val/acc", "loss", "train/loss", "val/loss"))
    ('val/acc', 'val/loss', 'loss', 'train/loss')
    """
    groups: dict[str, list[str]] = {}
    for metric in metrics:
        groups.setdefault(section_of(metric), []).append(metric)
    return tuple(metric for group in groups.values() for metric in group)
