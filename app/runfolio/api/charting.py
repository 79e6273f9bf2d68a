"""Series as charts ask for them: whole where they are short, in blocks and stretches where they are long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runfolio.api.stores import Stores
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.model.long_series import LongSeries, SomePoints, Stretch
    from runfolio.model.metrics import MetricSeries

WHOLE_POINTS = 5_000_000
"""So many points of a question's answer are given as they are; beyond it long series come in blocks."""

LEAST_LONG = 1 << 17
"""Shorter series always come as a whole."""

MOST_POINTS = 40_000_000
"""The same where every point is needed, as for smoothing: 40 million take about 2 GB until they are drawn."""


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """The series of one metric: those that came as a whole, and those that are too long for that."""

    whole: Mapping[RunKey, MetricSeries]
    long: Mapping[RunKey, LongSeries]


class Charting:
    """What charts ask of the index."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def chart_series(
        self, keys: Sequence[RunKey], metric: str, *, by_wall: bool = False, most: int = WHOLE_POINTS
    ) -> ChartSeries:
        """The shown series of a metric; runs without it are left out.

        by_wall   they are drawn over time: a series without times, or whose times go back, then comes as a whole.
        most      with more points than that together long series come in blocks.
        A series that was never looked at gets its blocks now, which takes about 0.1 s for a million points.
        """
        from runfolio.index import points, pyramid_making, pyramids

        database = self._stores.db
        with database.snapshot():
            known = pyramids.heads(database, keys, metric)
            many = sum(head.n for head in known.values()) > most
            wanted = {key: head for key, head in known.items() if many and head.n >= LEAST_LONG}
            found = pyramids.of_heads(database, wanted, metric)
        if not many:
            return ChartSeries(points.series_for(database, keys, metric), {})
        if len(found) < len(wanted):
            pyramid_making.keep_pyramids(database, [head.number for head in wanted.values()])
            found = pyramids.long_series(database, [*wanted], metric)
        long = {key: series for key, series in found.items() if series.drawable(by_wall=by_wall)}
        rest = [key for key in known if key not in long]
        return ChartSeries(points.series_for(database, rest, metric) if rest else {}, long)

    @contextmanager
    def streamed(self, keys: Sequence[RunKey], metrics: Sequence[str]) -> Iterator[tuple[int, Iterator[SomePoints]]]:
        """How many points the shown series of metrics have, and all of them, about a million at a time.

        Metric after metric, and in it run after run. All are of one state of the index.
        """
        from runfolio.index.point_stream import count_points, points_of

        database = self._stores.db
        with database.snapshot():
            total = count_points(database, keys, metrics)
            yield total, (part for metric in metrics for part in points_of(database, keys, metric))

    def epoch_series(self, keys: Sequence[RunKey]) -> Mapping[RunKey, MetricSeries]:
        """By which metric each run counts its epochs: one called `epoch`, with or without a group before it."""
        from runfolio.index import points, pyramids

        database = self._stores.db
        found: dict[RunKey, MetricSeries] = {}
        for name in pyramids.epoch_names(database):
            missing = [key for key in keys if key not in found]
            if missing:
                found |= points.series_for(database, missing, name)
        return found

    def stretch(
        self, long: LongSeries, low: float, high: float, columns: int, *, by_wall: bool = False
    ) -> Stretch | None:
        """What lies between two steps (or times in microseconds), fine enough for so many pixel columns.

        None when the overview of the series is as fine.
        """
        from runfolio.index.stretches import stretch

        return stretch(self._stores.db, long, low, high, columns, by_wall=by_wall)
