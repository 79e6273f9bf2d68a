"""What a comparison comes to, in plain words."""

from __future__ import annotations

from dataclasses import replace

from runfolio.model.comparison import Comparison
from runfolio.model.direction import Direction
from runfolio.model.display import number
from runfolio.model.statistics import Method, Standing

_TOLD = {Standing.BETTER, Standing.WORSE, Standing.HIGHER, Standing.LOWER}


def untold(baseline: int, group: int, method: Method, level: float) -> Comparison:
    """A comparison of so many values that says nothing yet."""
    return Comparison(Standing.UNTOLD, "", (group, baseline), method, level)


def judged(found: Comparison, direction: Direction) -> Comparison:
    """The comparison with its standing and words, from the corrected p."""
    standing = _standing(found, direction)
    words = standing.value if standing in _TOLD else _words(found, standing)
    return replace(found, standing=standing, words=words)


def _standing(found: Comparison, direction: Direction) -> Standing:
    if found.p_holm is None or found.difference is None:
        equal = found.difference == 0 and min(found.n) >= 2 and found.p is None
        return Standing.SAME if equal else Standing.UNTOLD
    if found.p_holm >= 1 - found.level or found.difference == 0:
        return Standing.ALIKE
    up = found.difference > 0
    if direction is Direction.UNKNOWN:
        return Standing.HIGHER if up else Standing.LOWER
    return Standing.BETTER if up == (direction is Direction.HIGHER) else Standing.WORSE


def _words(found: Comparison, standing: Standing) -> str:
    group, baseline = found.n
    if standing is Standing.ALIKE:
        return f"not distinguishable with {_size(found)}"
    if standing is Standing.SAME:
        return "the same in every pair" if found.pairs else "the same in all runs"
    if not group or not baseline:
        whose = "neither has a" if not group and not baseline else "the baseline has no" if group else "it has no"
        return f"cannot be told: {whose} value"
    if group == 1 or baseline == 1:
        both = "one run each" if group == baseline else "the baseline is one run" if group > 1 else "it is one run"
        return f"cannot be told: {both}"
    what = "every pair differs" if found.pairs else "no run varies, the groups differ"
    return f"cannot be tested: {what} by {number(abs(found.difference or 0.0))}"


def _size(found: Comparison) -> str:
    if found.pairs:
        return f"{found.pairs} pairs"
    group, baseline = found.n
    return f"n = {group}" if group == baseline else f"n = {group} and {baseline}"
