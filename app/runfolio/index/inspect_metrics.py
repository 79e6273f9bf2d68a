"""Metrics of the `runfolio inspect` document, as values and as the text of indented JSON."""

from __future__ import annotations

import math

import numpy as np

from runfolio.index.json_text import Inline, indented
from runfolio.model.metrics import Ints, MetricSeries, summarise
from runfolio.model.params import Json

_KEPT_CHARACTERS = 1 << 28
"""Texts are kept up to so many characters: most metrics stand in the document twice."""


def metric_json(metric: MetricSeries, *, points: bool) -> dict[str, Json]:
    """What the document says of a metric; with every point when asked."""
    facts = summarise(metric)
    shown: dict[str, Json] = {
        "count": facts.count,
        "first": None if facts.first is None else [facts.first[0], number(facts.first[1])],
        "last": None if facts.last is None else [facts.last[0], number(facts.last[1])],
        "min": number(facts.min),
        "max": number(facts.max),
        "has_nan": facts.has_nan,
        "final": number(facts.final),
    }
    if points:
        steps: list[int | None] = metric.step.tolist() if metric.has_step else [None] * len(metric)
        shown["points"] = [[s, number(v)] for s, v in zip(steps, metric.value.tolist(), strict=True)]
    return shown


def number(value: float | None) -> Json:
    """The same, or the word for what JSON cannot hold."""
    if value is None or math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


class MetricTexts:
    """`metric_json` as text, made when it is written: a metric of a recording and of its run only once."""

    def __init__(self, *, points: bool) -> None:
        self._points = points
        self._texts: dict[tuple[int, str], tuple[MetricSeries, str]] = {}
        self._kept = 0
        self._heads: tuple[Ints, str, list[str]] | None = None

    def of(self, metric: MetricSeries) -> Inline:
        """The leaf of the document that writes the metric."""
        return lambda end: self._text(metric, end)

    def _text(self, metric: MetricSeries, end: str) -> str:
        kept = self._texts.get((id(metric), end))
        if kept is not None:
            return kept[1]
        text = indented(metric_json(metric, points=False), end)
        if self._points:
            text = f'{text.removesuffix(end + "}")},{end} "points": {self._points_text(metric, end + " ")}{end}}}'
        if self._kept + len(text) <= _KEPT_CHARACTERS:
            self._kept += len(text)
            self._texts[id(metric), end] = metric, text  # with the metric, so that no other one gets its id
        return text

    def _points_text(self, metric: MetricSeries, end: str) -> str:
        if not len(metric):
            return "[]"
        texts = [*map(repr, metric.value.tolist())]
        if not bool(np.isfinite(metric.value).all()):
            texts = [_WORDS.get(text, text) for text in texts]
        heads = self._heads_of(metric, end)
        parts = [""] * (2 * len(texts))
        parts[::2] = heads
        parts[1::2] = texts
        return f"[{''.join(parts)[len(end) + 3 :]}{end} ]{end}]"

    def _heads_of(self, metric: MetricSeries, end: str) -> list[str]:
        """What stands before each value: the end of the point before it, and the step."""
        if self._heads is not None and self._heads[0] is metric.step and self._heads[1] == end:
            return self._heads[2]
        before, after = f"{end} ],{end} [{end}  ", f",{end}  "
        if not metric.has_step:
            return [f"{before}null{after}"] * len(metric)
        heads = [f"{before}{step}{after}" for step in metric.step.tolist()]
        self._heads = metric.step, end, heads
        return heads


_WORDS = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
