"""PyTorch Lightning: `metrics.csv` of its CSV logger, `hparams.yaml` of any logger, checkpoints by name only.

Event files of its TensorBoard logger are read by the TensorBoard reader and linked into the same run. Checkpoints
hold pickles and are never opened; epoch and step come from their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from runfolio.errors import RunfolioError
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, problem_from
from runfolio.readers.files import artifacts_below, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.table import header_of
from runfolio.readers.tabular import Logged, read_metrics, span_of

_METRICS, _HPARAMS, _CHECKPOINTS = "metrics.csv", "hparams.yaml", "checkpoints"
_CHECKPOINT_NAME = re.compile(r"epoch=(?P<epoch>\d+)-step=(?P<step>\d+)")


class Lightning:
    """A version folder of a Lightning logger."""

    name: ClassVar[str] = "lightning"
    title: ClassVar[str] = "Lightning"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with `hparams.yaml`, or with a `metrics.csv` whose columns are Lightning's: sorted, with `step`."""
        files = {n for n in (_METRICS, _HPARAMS) if n in folder.files and n not in taken}
        if not files:
            return None
        has_checkpoints = _CHECKPOINTS in folder.folders
        if _METRICS in files and not (_HPARAMS in files or has_checkpoints):
            names = header_of(folder.head(_METRICS, 1 << 16))
            if "step" not in names or names != sorted(names):
                return None
        reason = "hparams.yaml of a Lightning logger" if _HPARAMS in files else "metrics.csv with Lightning's columns"
        prune = frozenset({_CHECKPOINTS} & {*folder.folders})
        return Claim(self.name, folder.path, Strength.LAYOUT, reason, frozenset(files), prune, deep=bool(prune))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording; without metrics when a TensorBoard logger wrote those."""
        problems: list[Problem] = []
        params: tuple[Param, ...] = ()
        logged = Logged()
        if _HPARAMS in claim.files:
            params, problems = read_params(folder, _HPARAMS, budget)
        if _METRICS in claim.files:
            try:
                data = folder.read(_METRICS, budget.metric_bytes)
                logged = read_metrics(data, _METRICS, folder.where(_METRICS), budget)
            except RunfolioError as failure:
                problems.append(problem_from(failure, "unreadable", folder.where(_METRICS)))
        problems += logged.problems
        artifacts, odd = artifacts_below(folder, budget)
        problems += odd
        checkpoints = tuple(a for a in artifacts if a.path.startswith(f"{_CHECKPOINTS}/"))
        started, ended = span_of(logged.metrics)
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            params=params,
            metrics=tuple(logged.metrics),
            artifacts=checkpoints,
            started_us=started,
            ended_us=ended,
            extra=_checkpoint_facts([a.path for a in checkpoints]),
            problems=tuple(problems),
        )


def _checkpoint_facts(paths: list[str]) -> dict[str, Json]:
    facts: dict[str, Json] = {}
    for path in paths:
        found = _CHECKPOINT_NAME.search(path)
        if found:
            facts[path] = {"epoch": int(found["epoch"]), "global_step": int(found["step"])}
    return {"checkpoints": facts} if facts else {}
