"""What a figure is made of, run by run, as short digests: a figure that is drawn again can tell what has changed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from runfolio.export.kind_axes import NO_FACTS, Facts
from runfolio.export.lines import SeriesOf
from runfolio.export.recipe import ChartRecipe
from runfolio.model.long_series import SomePoints
from runfolio.model.run import RunKey

_BYTES = 8


class _Series:
    """One run's series of one metric, point after point."""

    def __init__(self, has_step: bool) -> None:
        self._has_step, self._count = has_step, 0
        # A hash for each array: so it does not matter in how many parts the points come.
        self._hashes = [hashlib.blake2b(digest_size=_BYTES) for _ in range(3)]

    def add(self, part: SomePoints) -> None:
        self._count += len(part)
        for taken, values in zip(self._hashes, (part.step, part.wall, part.value), strict=True):
            taken.update(np.ascontiguousarray(values).data)

    def digest(self) -> bytes:
        told = f"{self._count}\0{self._has_step}\0".encode()
        return told + b"".join(taken.digest() for taken in self._hashes)


class Digests:
    """Takes the digests of points as they go by."""

    def __init__(self) -> None:
        self._series: defaultdict[str, dict[str, _Series]] = defaultdict(dict)

    def add(self, part: SomePoints) -> None:
        """The next points of a run's series of a metric."""
        of_run = self._series[part.run]
        if part.metric not in of_run:
            of_run[part.metric] = _Series(part.has_step)
        of_run[part.metric].add(part)

    def watch(self, parts: Iterable[SomePoints]) -> Iterator[SomePoints]:
        """The same parts, each added when it is taken."""
        for part in parts:
            self.add(part)
            yield part

    def written(self, recipe: ChartRecipe, facts: Facts = NO_FACTS) -> ChartRecipe:
        """The recipe with the digest of each run's points and fields written to it."""
        place_of = {run.key: place for place, run in enumerate(recipe.chart_runs)}
        runs = []
        for run in recipe.runs:
            taken = hashlib.blake2b(digest_size=_BYTES)
            for name, series in sorted(self._series[run.key].items()):
                taken.update(f"{name}\0".encode("utf-8", "surrogatepass") + series.digest())
            for id, variable in sorted(facts.variables.items()) if run.key in place_of else ():
                value = float(variable.values[place_of[run.key]])
                named = variable.categories[int(value)] if variable.categories and np.isfinite(value) else repr(value)
                taken.update(f"{id}\0{named}\0".encode("utf-8", "surrogatepass"))
            for place, found in sorted(facts.recorded.items()):
                if run.key in found.runs:
                    taken.update(f"{place}\0{found.tag}\0".encode("utf-8", "surrogatepass"))
                    for one in found.found[found.runs.index(RunKey(run.key))].steps:
                        taken.update(f"{one.step}\0{one.edges}\0{one.counts}\0".encode())
            runs.append(replace(run, points=taken.hexdigest()))
        return replace(recipe, runs=tuple(runs))


def with_digests(recipe: ChartRecipe, series: SeriesOf, facts: Facts) -> ChartRecipe:
    """The recipe with the digest of each run's points and fields written to it."""
    digests = Digests()
    for metric, of_runs in series.items():
        for key, points in of_runs.items():
            digests.add(SomePoints(key, metric, points.has_step, points.step, points.wall_time_us, points.value))
    return digests.written(recipe, facts)


def changed(before: ChartRecipe, now: ChartRecipe) -> tuple[str, ...]:
    """Names of the runs whose digests differ, in the recipe's order; a digest that was never taken says nothing."""
    digests = {run.key: run.points for run in now.runs}
    return tuple(run.name for run in before.runs if run.points and run.points != digests.get(run.key, ""))
