"""Charts of all runs in scope among the panels of the Charts workspace: adding them, and what a page holds then."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QMenu

from runfolio.desktop.chart_pages import free_key
from runfolio.desktop.chart_settings import ChartSettings
from runfolio.desktop.kinds.names import KIND_TITLES
from runfolio.desktop.kinds.settings import SETTINGS, KindSettings, ParallelSettings
from runfolio.desktop.panel_pages import FOLLOWING


def with_new_chart(settings: ChartSettings, chart: KindSettings) -> tuple[ChartSettings, str]:
    """A chart more at the end of the page on show, and its key; panels that follow the selected runs still do."""
    metrics = (FOLLOWING,) if settings.metrics is None else settings.metrics
    key = free_key(settings)
    size = (min(2, settings.columns), 1) if isinstance(chart, ParallelSettings) else (1, 1)
    settings = settings.with_panel(key, replace(settings.panel(key), chart=chart, size=size))
    return replace(settings, metrics=(*metrics, key), large=None), key


def wanted_panels(settings: ChartSettings, known: Collection[str], follows: Sequence[str]) -> tuple[str, ...]:
    """The panels there should be on the page while the selected runs have metrics `known`.

    follows   the panels of a page that follows the selected runs.
    """
    if settings.metrics is None:
        return tuple(follows)
    own = [key for key in settings.metrics if key != FOLLOWING]
    found: list[str] = []
    for key in settings.metrics:
        if key == FOLLOWING:
            found += [one for one in follows if one not in own]
        elif settings.has_room(key, known):
            found.append(key)
    return tuple(found)


def following_again(settings: ChartSettings, wanted: Sequence[str]) -> tuple[str, ...] | None:
    """A page whose curves follow the selected runs, with the charts of all runs that it has now."""
    charts = tuple(key for key in wanted if settings.panel(key).chart is not None)
    return (FOLLOWING, *charts) if charts else None


def kept_panels(
    settings: ChartSettings, chosen: tuple[str, ...] | None, wanted: Sequence[str], in_grid: Sequence[str]
) -> tuple[str, ...] | None:
    """The panels chosen, when those of `settings` are to be on show: with those that only other runs have.

    chosen    the panels chosen before; `wanted` are those of them on show.
    in_grid   of these those that are in no window of their own.
    """
    metrics = settings.metrics
    if metrics is None:
        return following_again(settings, wanted)
    if metrics in (tuple(wanted), tuple(in_grid)):
        # Panels that follow the selection still do when nothing was said about them.
        return chosen
    if FOLLOWING in metrics:
        return metrics
    torn = settings.torn_off
    order = [*metrics]
    for place, key in enumerate(wanted):
        # Those in windows of their own keep their places.
        if key in torn and key not in order:
            order.insert(place, key)
    return (*order, *(m for m in chosen or () if m not in wanted and m not in order and m != FOLLOWING))


def fill_charts(menu: QMenu, call: Callable[[str], None]) -> None:
    """An entry for each kind of chart."""
    for kind, title in KIND_TITLES.items():
        menu.addAction(title, partial(call, kind))


def usual(kind: str) -> KindSettings:
    """What a chart shows by itself. Raises KeyError for a kind that there is not."""
    return SETTINGS[kind]()
