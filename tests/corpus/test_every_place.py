"""Every value of every corpus leads to a file, and to a place in it where a parser that is not ours finds the value."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.model.metrics import MetricSeries
from runfolio.model.origin import Place, Point, Wanted
from runfolio.model.params import Param
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim
from runfolio.readers.parse import parse
from runfolio.readers.places import find_place
from support.inspected import CORPUS, claims_on
from support.place_checks import fault

FORMATS = sorted(folder.name for folder in CORPUS.iterdir() if (folder / "runs").is_dir())

WITHOUT_PLACE: dict[str, str] = {}
"""Values by format, reader and name that have a file and no place in it, each with the reason."""


def points_of(metric: MetricSeries) -> Iterator[Point]:
    """The first point, the last, and the one between them."""
    count = len(metric)
    seen: Counter[tuple[int, str]] = Counter()
    chosen = {0, count // 2, count - 1}
    for n, (step, value) in enumerate(zip(metric.step.tolist(), metric.value.tolist(), strict=True)):
        key = (step if metric.has_step else 0, "nan" if math.isnan(value) else repr(value))
        if n in chosen:
            yield Point(step if metric.has_step else None, value, None, n, seen[key], n)
        seen[key] += 1


def values_of(recording: Recording) -> Iterator[tuple[str, str, Param | Point, Wanted]]:
    """Name, file that the reader named, value, and what is looked for."""
    for param in recording.params:
        yield param.path[-1], param.source, param, Wanted(param.key, param.path, param.text, run=recording.id)
    for metric in recording.metrics:
        for point in points_of(metric):
            yield metric.name, metric.source, point, Wanted(metric.name, point=point, run=recording.id)


def place_of(root: Path, claim: Claim, recording: Recording, file: str, wanted: Wanted) -> Place | None:
    own = recording.path if recording.path != claim.path else ""
    return find_place(root, claim.path, claim.reader, file or own, wanted, 20.0)


@pytest.mark.parametrize("format", FORMATS)
def test_every_value_stands_where_it_is_told_to(format: str) -> None:
    root = CORPUS / format / "runs"
    faults: list[str] = []
    checked = 0
    for claim in claims_on(root):
        for recording in parse(root, claim, Budget()).recordings:
            for name, file, shown, wanted in values_of(recording):
                checked += 1
                place = place_of(root, claim, recording, file, wanted)
                if place is None:
                    if f"{format}/{claim.reader}/{name}" not in WITHOUT_PLACE or not file:
                        faults.append(f"{recording.path} {name}: no place")
                elif told := fault(root, place, name, shown):
                    faults.append(f"{recording.path} {name} {shown}: {told} at {place}")
    assert not faults, f"{len(faults)} of {checked}:\n" + "\n".join(faults[:20])
    assert checked
