"""Runs in nested groups, and figures of every group at once: arrays from end to end, nothing per run in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GroupTree:
    """Groups in the order in which they are shown: each before those inside of it.

    order    positions of the runs in the list that was grouped, group after group.
    start, stop   where each group's runs lie in `order`.
    depth    0 for the outermost.
    parent   number of the group around each, -1 for the outermost.
    levels   depth of the innermost, plus one.
    """

    order: Ints
    start: Ints
    stop: Ints
    depth: Ints
    parent: Ints
    levels: int

    @property
    def sizes(self) -> Ints:
        """How many runs each group holds."""
        return self.stop - self.start

    @property
    def inner(self) -> NDArray[np.bool_]:
        """The groups that hold runs and no further groups."""
        return np.asarray(self.depth == self.levels - 1)

    def at_depth(self, depth: int) -> Ints:
        """Numbers of the groups of one depth."""
        return np.flatnonzero(self.depth == depth)

    def group_of(self, depth: int) -> Ints:
        """For each place in `order`, the number of the group of that depth that holds it."""
        there = self.at_depth(depth)
        return np.repeat(there, self.sizes[there])


def make_tree(levels: Sequence[Ints]) -> GroupTree:
    """Groups from a code for each run on every level, from the outside in; runs of equal codes are a group.

    Groups are ordered by their codes, runs within a group as they came in.
    """
    count = len(levels[0])
    # The last key of lexsort counts most; it is stable, so that runs stay in the order they have.
    ordered = np.lexsort([*reversed(levels)])
    change = np.zeros(count, dtype=bool)
    pieces: list[tuple[Ints, Ints, int]] = []
    for depth, codes in enumerate(levels):
        sorted_codes = codes[ordered]
        if count:
            change[0] = True
            change[1:] |= sorted_codes[1:] != sorted_codes[:-1]
        starts = np.flatnonzero(change)
        pieces.append((starts, np.append(starts[1:], count), depth))
    start = np.concatenate([piece[0] for piece in pieces]) if count else np.zeros(0, np.int64)
    stop = np.concatenate([piece[1] for piece in pieces]) if count else np.zeros(0, np.int64)
    depths = np.concatenate([np.full(len(piece[0]), piece[2], np.int64) for piece in pieces])
    shown = np.lexsort((depths, start))
    start, stop, depths = start[shown], stop[shown], depths[shown]
    return GroupTree(ordered, start, stop, depths, _parents(start, depths, len(levels)), len(levels))


def _parents(start: Ints, depth: Ints, levels: int) -> Ints:
    parent = np.full(len(start), -1, dtype=np.int64)
    for level in range(1, levels):
        above, own = np.flatnonzero(depth == level - 1), np.flatnonzero(depth == level)
        parent[own] = above[np.searchsorted(start[above], start[own], side="right") - 1]
    return parent


def arranged(tree: GroupTree, keys: Sequence[Sequence[Floats]]) -> GroupTree:
    """The same groups in another order, each kept inside the one it belongs to.

    keys   for every depth the sort keys of all groups, most important first; NaN comes last. Ties stay as they are.
    """
    ranks: list[Ints] = []
    for depth in range(tree.levels):
        there = tree.at_depth(depth)
        by_key = [key[there] for key in keys[depth]]
        place = np.lexsort([there, *reversed(by_key)]) if by_key else np.arange(len(there))
        rank = np.empty(len(tree.start), dtype=np.int64)
        rank[there[place]] = np.arange(len(there))
        of_run = np.empty(len(tree.order), dtype=np.int64)
        of_run[tree.order] = rank[tree.group_of(depth)]
        ranks.append(of_run)
    return make_tree(ranks)


@dataclass(frozen=True, slots=True, eq=False)
class GroupFigures:
    """Figures of the finite values in each group.

    n      how many there are; a group's size says how many there might be.
    mean, std, low, high   NaN where n is 0; `std` (of a sample, n - 1) also where n is 1.
    half   half the width of the 95 % confidence interval of the mean by Student's t; NaN where n < 2.
    """

    n: Ints
    mean: Floats
    std: Floats
    half: Floats
    low: Floats
    high: Floats


def figures(tree: GroupTree, values: Floats) -> GroupFigures:
    """Figures of every group from a value for each run, in the order of the list that was grouped."""
    ordered = values[tree.order]
    finite = np.isfinite(ordered)
    groups = len(tree.start)
    n = np.zeros(groups, dtype=np.int64)
    mean, squares = np.full(groups, np.nan), np.full(groups, np.nan)
    low, high = np.full(groups, np.nan), np.full(groups, np.nan)
    plain, lows, highs = (np.where(finite, ordered, other) for other in (0.0, np.inf, -np.inf))
    for depth in range(tree.levels):
        there = tree.at_depth(depth)
        starts = tree.start[there]
        if not len(starts):
            continue
        n[there] = np.add.reduceat(finite.astype(np.int64), starts)
        some = n[there] > 0
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            # About a first guess, so that large values that lie close together lose no digits.
            guess = np.where(some, np.minimum.reduceat(lows, starts), 0.0)
            off = np.where(finite, plain - np.repeat(guess, tree.sizes[there]), 0.0)
            shift = np.add.reduceat(off, starts) / n[there]
            mean[there] = np.where(some, guess + shift, np.nan)
            away = np.where(finite, off - np.repeat(shift, tree.sizes[there]), 0.0)
            squares[there] = np.add.reduceat(away * away, starts)
        low[there] = np.where(some, np.minimum.reduceat(lows, starts), np.nan)
        high[there] = np.where(some, np.maximum.reduceat(highs, starts), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        std = np.where(n > 1, np.sqrt(squares / (n - 1)), np.nan)
        half = std / np.sqrt(n) * _t_quantiles(n)
    return GroupFigures(n, mean, std, half, low, high)


def _t_quantiles(n: Ints) -> Floats:
    # Imported here: only what has replicates needs it, and `scipy.stats` would take four times as long.
    from scipy.special import stdtrit

    freedom = np.where(n > 1, n - 1, np.nan).astype(np.float64)
    kinds, place = np.unique(freedom, return_inverse=True)
    quantiles: Floats = np.asarray(stdtrit(kinds, 0.5 + CONFIDENCE / 2), dtype=np.float64)[place]
    return quantiles


def per_group(tree: GroupTree, values: Ints, reduce: np.ufunc) -> Ints:
    """`reduce` (np.minimum, np.maximum) over each group's values; `values` in the order of the list grouped."""
    ordered = values[tree.order]
    found = np.zeros(len(tree.start), dtype=np.int64)
    for depth in range(tree.levels):
        there = tree.at_depth(depth)
        if len(there):
            found[there] = reduce.reduceat(ordered, tree.start[there])
    return found


def distinct(tree: GroupTree, codes: Ints) -> Ints:
    """How many different codes each group holds; code -1, no value, counts as one."""
    ordered = codes[tree.order] + 1
    found = np.zeros(len(tree.start), dtype=np.int64)
    if not len(ordered):
        return found
    width = int(ordered.max()) + 1
    for depth in range(tree.levels):
        pairs = np.unique(tree.group_of(depth) * width + ordered)
        found += np.bincount(pairs // width, minlength=len(found))
    return found
