"""The errors that CatBoost's `catboost_training.json` repeats, by the names that its tables have for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step


def logged_metrics(log: Mapping[str, Json], part: str, where: str) -> Iterator[MetricSeries]:
    """The metrics of `part` ("learn" or "test"), over the iteration.

    With several sets the last one has the plain name and the others their number after it, as in the tables.
    """
    meta = log.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    metrics = [_name(entry) for entry in _list(meta.get(f"{part}_metrics"))]
    sets = [name for name in _list(meta.get(f"{part}_sets")) if isinstance(name, str)]
    points = SeriesBuilder()
    for row in _list(log.get("iterations")):
        step = as_step(row.get("iteration")) if isinstance(row, dict) else None
        if not isinstance(row, dict) or step is None:
            continue
        for place, name in enumerate(sets):
            suffix = "" if place == len(sets) - 1 else f":{place}"
            for metric, value in zip(metrics, _list(row.get(name)), strict=False):
                number = as_number(value)
                if metric and number is not None:
                    points.add(f"{metric}{suffix}", step, number)
    yield from points.series(where)


def _name(entry: Json) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
