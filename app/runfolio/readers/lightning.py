"""PyTorch Lightning: `metrics.csv` of its CSV logger, `hparams.yaml` of any logger, checkpoints by name only.

Event files of its TensorBoard logger are read by the TensorBoard reader and linked into the same run. Checkpoints
hold pickles and are never opened; epoch and step come from their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Appended, Budget, Claim, Strength, Work
from runfolio.readers.csv_bulk import ReadFile, read_together
from runfolio.readers.csv_table import header_of
from runfolio.readers.files import artifacts_below, odd_entries, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.generic import PARAM_FILE
from runfolio.readers.tabular import Logged, read_file, span_of

_METRICS, _HPARAMS, _CHECKPOINTS = "metrics.csv", "hparams.yaml", "checkpoints"
_VERSION = re.compile(r"version_\d+")
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
        if _HPARAMS not in files and not _is_lightning(folder):
            return None
        reason = "hparams.yaml of a Lightning logger" if _HPARAMS in files else "metrics.csv with Lightning's columns"
        prune = frozenset({_CHECKPOINTS} & {*folder.folders})
        return Claim(self.name, folder.path, Strength.LAYOUT, reason, frozenset(files), prune, deep=bool(prune))

    def appended(self, name: str) -> Appended | None:
        """The metrics; their header changes only when the file is written anew."""
        return Appended.TABLE if name == _METRICS else None

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording; without metrics when a TensorBoard logger wrote those."""
        yield from self._read(folder, claim, budget, read_file)

    def read_batch(self, work: Sequence[Work]) -> Iterator[list[Recording | Problem] | RunfolioError]:
        """The same for many folders, whose tables are read together."""
        yield from read_together(work, self._read)

    def _read(
        self, folder: Folder, claim: Claim, budget: Budget, read_table: ReadFile
    ) -> Iterator[Recording | Problem]:
        problems: list[Problem] = []
        params: tuple[Param, ...] = ()
        logged = Logged()
        if _HPARAMS in claim.files:
            params, problems = read_params(folder, _HPARAMS, budget)
        if _METRICS in claim.files:
            logged = read_table(folder, _METRICS, budget)
        problems += logged.problems
        problems += odd_entries(folder)
        checkpoints: tuple[ArtifactRef, ...] = ()
        if _CHECKPOINTS in folder.folders:
            below, odd = artifacts_below(folder.sub(_CHECKPOINTS), budget)
            checkpoints = tuple(ArtifactRef(f"{_CHECKPOINTS}/{a.path}", a.size_bytes) for a in below)
            problems += odd
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


def _is_lightning(folder: Folder) -> bool:
    """Whether the header of metrics.csv is Lightning's. Beside params of another name it may be anybody's."""
    if any(PARAM_FILE.fullmatch(name) for name in folder.files) and not _VERSION.fullmatch(folder.name):
        return False
    try:
        names = header_of(folder.head(_METRICS, 1 << 16))
    except FolderUnreadable:
        return False
    # Before 2.0 the columns were in the order in which they were first logged.
    is_named_so = _VERSION.fullmatch(folder.name) is not None and "epoch" in names
    return "step" in names and (names == sorted(names) or is_named_so)


def _checkpoint_facts(paths: list[str]) -> dict[str, Json]:
    facts: dict[str, Json] = {}
    for path in paths:
        found = _CHECKPOINT_NAME.search(path)
        if found:
            facts[path] = {"epoch": int(found["epoch"]), "global_step": int(found["step"])}
    return {"checkpoints": facts} if facts else {}
