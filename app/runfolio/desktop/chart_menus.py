"""The menus over the charts: what x counts, how curves are smoothed, how runs are grouped, how lines are painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from runfolio.analysis.axis import XKind
from runfolio.analysis.drawing import REPLICATES, Groups
from runfolio.analysis.smooth import Smoother, amount_text
from runfolio.desktop.chart_settings import ChartSettings
from runfolio.desktop.plot_style import WIDTHS
from runfolio.model.display import plain
from runfolio.model.query import FieldRef
from runfolio.model.statistics import CENTRE_TITLES, SPREAD_TITLES, SPREADS_OF, Spread

X_NAMES = {
    XKind.STEP: "step",
    XKind.RELATIVE: "relative time",
    XKind.WALL: "wall time",
    XKind.EPOCH: "epoch",
    XKind.METRIC: "metric",
}
SMOOTHER_NAMES = {
    Smoother.TIME_EMA: "time-weighted average",
    Smoother.EMA: "average by points",
    Smoother.MEAN: "running mean",
    Smoother.MEDIAN: "running median",
    Smoother.GAUSSIAN: "Gaussian",
    Smoother.LOWESS: "LOWESS",
}
_SHORT_NAMES = {
    Smoother.TIME_EMA: "average",
    Smoother.EMA: "average",
    Smoother.MEAN: "mean",
    Smoother.MEDIAN: "median",
    Smoother.GAUSSIAN: "Gaussian",
    Smoother.LOWESS: "LOWESS",
}
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
_WIDTH_NAMES = dict(zip(WIDTHS, ("Hair lines", "Thin lines", "Bold lines", "Thick lines"), strict=True))
_MOST = 40

Ask = Callable[[str, ChartSettings], None]


def smoothing_text(settings: ChartSettings) -> str:
    """How curves are smoothed, in a few words."""
    if not settings.smoothing:
        return "smooth"
    return f"{_SHORT_NAMES[settings.smoother]} {amount_text(settings.smoother, settings.smoothing)}"


def group_title(groups: Groups) -> str:
    """What groups are made by, in a word."""
    if not groups.by:
        return "single runs"
    return "replicates" if groups.by == REPLICATES else plain(FieldRef.from_id(groups.by).name, 24)


def fill_x(menu: QMenu, settings: ChartSettings, metrics: Sequence[str], ask: Ask) -> None:
    """The kinds of x axis, and each metric as one."""
    menu.clear()
    group = QActionGroup(menu)
    for kind, name in X_NAMES.items():
        if kind is not XKind.METRIC:
            _choice(menu, name, _asking(ask, "X axis", replace(settings, x=kind)), on=settings.x is kind, group=group)
    others = menu.addMenu("Another metric")
    others.setEnabled(bool(metrics))
    for metric in metrics[:_MOST]:
        wanted = replace(settings, x=XKind.METRIC, x_metric=metric)
        on = settings.x is XKind.METRIC and settings.x_metric == metric
        _choice(others, _text(metric), _asking(ask, "X axis", wanted), on=on, group=group)


def fill_smoother(menu: QMenu, settings: ChartSettings, ask: Ask) -> None:
    """The kinds of smoothing."""
    menu.clear()
    group = QActionGroup(menu)
    for kind, name in SMOOTHER_NAMES.items():
        # Whoever chooses a kind wants to see it.
        wanted = replace(settings, smoother=kind, smoothing=settings.smoothing or 0.5)
        _choice(menu, name, _asking(ask, "Kind of smoothing", wanted), on=settings.smoother is kind, group=group)
    menu.addSeparator()
    menu.addAction("No smoothing", _asking(ask, "No smoothing", replace(settings, smoothing=0.0)))


def fill_groups(menu: QMenu, settings: ChartSettings, fields: Sequence[FieldRef], ask: Ask) -> None:
    """By what runs are taken together, the centre and the band."""
    menu.clear()
    groups, group = settings.groups, QActionGroup(menu)

    def by(text: str) -> Callable[[], None]:
        return _asking(ask, "Groups", replace(settings, groups=replace(groups, by=text)))

    _choice(menu, "Each run by itself", by(""), on=not groups.by, group=group)
    _choice(menu, "Replicates: all equal but the seed", by(REPLICATES), on=groups.by == REPLICATES, group=group)
    fields_menu = menu.addMenu("By a param")
    fields_menu.setEnabled(bool(fields))
    for field in fields[:_MOST]:
        _choice(fields_menu, _text(field.name), by(field.id), on=groups.by == field.id, group=group)
    menu.addSeparator()
    centres, spreads, levels = menu.addMenu("Centre"), menu.addMenu("Band"), menu.addMenu("Level of the band")
    centre_group, spread_group, level_group = QActionGroup(centres), QActionGroup(spreads), QActionGroup(levels)
    for centre, title in CENTRE_TITLES.items():
        spread = groups.spread if groups.spread in SPREADS_OF[centre] else SPREADS_OF[centre][0]
        wanted = replace(settings, groups=replace(groups, centre=centre, spread=spread))
        _choice(centres, title, _asking(ask, "Centre", wanted), on=groups.centre is centre, group=centre_group)
    for spread in SPREADS_OF[groups.centre]:
        wanted = replace(settings, groups=replace(groups, spread=spread))
        _choice(
            spreads, SPREAD_TITLES[spread], _asking(ask, "Band", wanted), on=groups.spread is spread, group=spread_group
        )
    for level in LEVELS:
        wanted = replace(settings, groups=replace(groups, level=level))
        _choice(levels, f"{level:.0%}", _asking(ask, "Level", wanted), on=groups.level == level, group=level_group)
    levels.setEnabled(groups.spread not in (Spread.STD, Spread.STDERR, Spread.RANGE))


def add_lines(menu: QMenu, settings: ChartSettings, ask: Ask) -> None:
    """How wide lines are, and whether they are antialiased."""
    group = QActionGroup(menu)
    for width, name in _WIDTH_NAMES.items():
        _choice(
            menu,
            name,
            _asking(ask, "Line width", replace(settings, width=width)),
            on=settings.width == width,
            group=group,
        )
    wanted = replace(settings, antialias=not settings.antialias)
    _choice(menu, "Smooth edges of lines", _asking(ask, "Antialiasing", wanted), on=settings.antialias)


def _asking(ask: Ask, label: str, wanted: ChartSettings) -> Callable[[], None]:
    return lambda: ask(label, wanted)


def _text(name: str) -> str:
    return plain(name, 60).replace("&", "&&")


def _choice(menu: QMenu, name: str, call: Callable[[], None], *, on: bool, group: QActionGroup | None = None) -> None:
    action = QAction(name, menu)
    action.setCheckable(True)
    action.setChecked(on)
    action.triggered.connect(lambda _checked: call())
    if group is not None:
        group.addAction(action)
    menu.addAction(action)
