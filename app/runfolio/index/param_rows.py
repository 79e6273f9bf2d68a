"""Params of a batch as rows of the index, sorted by key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter

import numpy as np
import polars as pl

from runfolio.index.rows import as_json, json_texts, path_json, storable_texts
from runfolio.model.display import storable
from runfolio.model.params import Param, kind_and_number, kinds_and_numbers
from runfolio.model.run import Recording
from runfolio.model.text_params import TextParams

_ORDER = ("key", "recording", "ordinal")


def param_rows(recordings: Sequence[Recording]) -> pl.DataFrame:
    """Rows of the table `params`; recordings count from 0."""
    alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    other: list[int] = []
    for number, recording in enumerate(recordings):
        if isinstance(recording.params, TextParams) and recording.params.names:
            alike[recording.params.names].append(number)
        else:
            other.append(number)
    frames = [_text_rows(names, numbers, recordings) for names, numbers in alike.items()]
    if other or not frames:
        frames.append(_rows([(n, recordings[n].params) for n in other]))
    if len(frames) == 1:
        return frames[0]
    return pl.concat(frames).sort(_ORDER)


def _text_rows(names: tuple[str, ...], numbers: Sequence[int], recordings: Sequence[Recording]) -> pl.DataFrame:
    """The rows of some recordings that have text under these names, name by name: so they are sorted already."""
    order = _sorted_places(names)
    rows = [recordings[n].params for n in numbers]
    columns = [*zip(*(row.texts for row in rows if isinstance(row, TextParams)), strict=True)]
    texts: list[str] = []
    kinds: list[str] = []
    values: list[float | None] = []
    for place in order:
        column_kinds, column_values = kinds_and_numbers(columns[place])
        texts += columns[place]
        kinds += column_kinds
        values += column_values
    counts = np.repeat(np.arange(len(names)), len(rows))
    keys = pl.Series([storable(names[place]) for place in order], dtype=pl.String)
    paths = pl.Series([path_json((names[place],)) for place in order], dtype=pl.String)
    return pl.DataFrame(
        {
            "recording": np.tile(np.array(numbers, dtype=np.int64), len(names)),
            "ordinal": np.repeat(np.array(order, dtype=np.int64), len(rows)),
            "key": keys.gather(counts),
            "path": paths.gather(counts),
            "text": storable_texts(texts),
            "value": json_texts(texts),
            "num": pl.Series(values, dtype=pl.Float64),
            "kind": kinds,
            "file": pl.repeat("", len(texts), eager=True),
        }
    )


@lru_cache(maxsize=16)
def _sorted_places(names: tuple[str, ...]) -> list[int]:
    """Cached because the runs of an experiment have the same params."""
    return sorted(range(len(names)), key=lambda place: storable(names[place]))


def _rows(params: Sequence[tuple[int, Sequence[Param]]]) -> pl.DataFrame:
    rows = [(storable(p.key), n, i, p) for n, own in params for i, p in enumerate(own)]
    rows.sort(key=itemgetter(0))
    kinds = [kind_and_number(p.value) for *_, p in rows]
    return pl.DataFrame(
        {
            "recording": [n for _, n, _, _ in rows],
            "ordinal": [i for _, _, i, _ in rows],
            "key": [key for key, _, _, _ in rows],
            "path": [path_json(p.path) for _, _, _, p in rows],
            "text": [storable(p.text) for _, _, _, p in rows],
            "value": [as_json(p.value) for _, _, _, p in rows],
            "num": [number for _, number in kinds],
            "kind": [kind for kind, _ in kinds],
            "file": [storable(p.source) for _, _, _, p in rows],
        },
        schema={
            "recording": pl.Int64, "ordinal": pl.Int64, "key": pl.String, "path": pl.String, "text": pl.String,
            "value": pl.String, "num": pl.Float64, "kind": pl.String, "file": pl.String,
        },
    )  # fmt: skip
