"""Points of a series as blocks, and blocks as fewer and larger ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from runfolio.model.long_series import COLUMNS, Blocks
from runfolio.model.metrics import Floats, Ints

FIRST_BLOCK, GROWTH = 32, 8
MOST_OVERVIEW = 8192

_VALUES = frozenset({"first", "low", "high", "above"})


def sizes_for(n: int) -> list[int]:
    """The sizes of the blocks that a series of n points is kept in, finest first."""
    sizes = [FIRST_BLOCK]
    while -(-n // sizes[-1]) > MOST_OVERVIEW:
        sizes.append(sizes[-1] * GROWTH)
    return sizes


def finer_size(size: int) -> int:
    """The next smaller size; 1 for points."""
    return size // GROWTH if size > FIRST_BLOCK else 1


def blocks_of(step: Ints, wall: Ints, value: Floats, size: int) -> Blocks:
    """Points in blocks of `size`, the last one shorter. At size 1 each is a block by itself."""
    nan, rise, fall = np.isnan(value), value == np.inf, value == -np.inf
    odd = nan | rise | fall
    low, high = value, value
    if odd.any():
        low, high = np.where(odd, np.inf, value), np.where(odd, -np.inf, value)
    above = np.where(low > 0, low, np.inf)
    if size == 1:
        ones = np.ones(len(value), dtype=np.int64)
        counts = [flags.astype(np.int64) for flags in (nan, rise, fall)]
        return Blocks(ones, step, wall, value, low, high, above, *counts)
    starts = np.arange(0, len(value), size)
    counts = [np.add.reduceat(flags.astype(np.int64), starts) for flags in (nan, rise, fall)]
    return Blocks(
        np.diff(starts, append=len(value)), step[starts], wall[starts], value[starts],
        np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts), np.minimum.reduceat(above, starts),
        *counts,
    )  # fmt: skip


def coarser(blocks: Blocks) -> Blocks:
    """`GROWTH` blocks after each other as one."""
    starts = np.arange(0, len(blocks), GROWTH)
    return Blocks(
        np.add.reduceat(blocks.size, starts), blocks.step[starts], blocks.wall[starts], blocks.first[starts],
        np.minimum.reduceat(blocks.low, starts), np.maximum.reduceat(blocks.high, starts),
        np.minimum.reduceat(blocks.above, starts),
        *(np.add.reduceat(counts, starts) for counts in (blocks.nans, blocks.rises, blocks.falls)),
    )  # fmt: skip


def concatenated(parts: Sequence[Blocks]) -> Blocks:
    """One after another."""
    if len(parts) == 1:
        return parts[0]
    return Blocks(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("size", *COLUMNS)))


def columns_as_blocks(columns: Mapping[str, Any], size: int, begin: int, end: int, scale: float) -> Blocks:
    """Rows of the table as blocks, which begin at point `begin` and stop at point `end`; values times `scale`."""
    own = {name: columns[name].astype(np.float64 if name in _VALUES else np.int64, copy=True) for name in COLUMNS}
    sizes = np.full(len(own["step"]), size, dtype=np.int64)
    if len(sizes):
        sizes[-1] = min(size, end - begin - size * (len(sizes) - 1))
    if scale != 1.0:
        # A scale is above 0; infinities stay where they are.
        for name in _VALUES:
            own[name] *= scale
    return Blocks(sizes, *(own[name] for name in COLUMNS))
