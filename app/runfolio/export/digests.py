"""What a figure is made of, run by run, as short digests: a figure that is drawn again can tell what has changed."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from runfolio.export.kind_axes import Facts
from runfolio.export.lines import SeriesOf
from runfolio.export.recipe import ChartRecipe
from runfolio.model.run import RunKey

_BYTES = 8


def with_digests(recipe: ChartRecipe, series: SeriesOf, facts: Facts) -> ChartRecipe:
    """The recipe with the digest of each run's points and fields written to it."""
    names = sorted(series)
    fields = sorted(facts.variables)
    runs = []
    for place, run in enumerate(recipe.runs):
        taken = hashlib.blake2b(digest_size=_BYTES)
        for name in names:
            points = series[name].get(RunKey(run.key))
            if points is None:
                continue
            taken.update(f"{name}\0{len(points)}\0{points.has_step}\0".encode("utf-8", "surrogatepass"))
            for part in (points.step, points.wall_time_us, points.value):
                taken.update(np.ascontiguousarray(part).data)
        for id in fields:
            variable = facts.variables[id]
            value = float(variable.values[place])
            named = variable.categories[int(value)] if variable.categories and np.isfinite(value) else repr(value)
            taken.update(f"{id}\0{named}\0".encode("utf-8", "surrogatepass"))
        runs.append(replace(run, points=taken.hexdigest()))
    return replace(recipe, runs=tuple(runs))


def changed(before: ChartRecipe, now: ChartRecipe) -> tuple[str, ...]:
    """Names of the runs whose digests differ, in the recipe's order; a digest that was never taken says nothing."""
    digests = {run.key: run.points for run in now.runs}
    return tuple(run.name for run in before.runs if run.points and run.points != digests.get(run.key, ""))
