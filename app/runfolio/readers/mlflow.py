"""Reads MLflow file stores (`mlruns/`) as MLflow 1.x, 2.x and 3.x write them, run folder by run folder.

A run is a folder whose `meta.yaml` holds a `run_id` (`run_uuid` before 1.0), whatever lies above it: a single
copied run folder is as good as a whole store. Paths in the files are those of the machine that wrote them and are
never followed; what belongs to a run is looked for where the layout puts it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import ClassVar

from runfolio.errors import RunfolioError
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Appended, Budget, Claim, Strength, Work
from runfolio.readers.documents import parse_yaml
from runfolio.readers.folder import Folder
from runfolio.readers.mlflow_metrics import parse_metrics
from runfolio.readers.mlflow_run import FORMAT, HEX_ID, META, Around, MlflowRun

_RUN_ID = re.compile(rb"^run_(?:id|uuid):", re.MULTILINE)
_NOT_A_RUN = re.compile(rb"^(?:current_stage|model_id|source_run_id|destination_id):", re.MULTILINE)
_EXPERIMENT = re.compile(rb"^artifact_location:", re.MULTILINE)
_BELOW_EXPERIMENT = frozenset({"datasets", "models", "traces", "tags"})
_TOGETHER_BYTES = 4 << 20
"""Runs whose metric files come to more are parsed, so that a batch of long runs does not fill the memory."""


class MlflowFiles:
    """File stores of MLflow: `<experiment>/<run>/` with `meta.yaml`, `params/`, `metrics/`, `tags/`, `artifacts/`.

    Layout: mlflow/store/tracking/file_store.py of MLflow 1.30, 2.22 and 3.17.
    """

    name: ClassVar[str] = FORMAT
    title: ClassVar[str] = "MLflow"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A run by its meta.yaml, or by its name and sub folders where that is damaged; an experiment by its own.

        Experiments give no recording. They are claimed so that what lies beside their runs (logged models with
        configuration files of their own, traces, data sets) is not taken for runs of other trackers.
        """
        head = folder.head(META) if META in folder.files and META not in taken else b""
        if _NOT_A_RUN.search(head):
            return None
        if _RUN_ID.search(head):
            return self._run_claim(folder, "meta.yaml with a run id")
        if _EXPERIMENT.search(head):
            prune = _BELOW_EXPERIMENT & {*folder.folders}
            files = frozenset({META})
            return Claim(self.name, folder.path, Strength.IDENTITY, "meta.yaml of an experiment", files, prune)
        if HEX_ID.fullmatch(folder.name) and not {"params", "metrics"}.isdisjoint(folder.folders):
            return self._run_claim(folder, "a run's folders, without a meta.yaml that says more")
        return None

    def _run_claim(self, folder: Folder, reason: str) -> Claim:
        files = frozenset({META} & {*folder.files})
        above, is_below, _ = folder.path.rpartition("/")
        # What the experiment is called, and whether it was deleted.
        watch = frozenset({f"{above}{is_below}{META}"} if folder.path else ())
        return Claim(self.name, folder.path, Strength.IDENTITY, reason, files, None, True, watch, settles=True)

    def appended(self, name: str) -> Appended | None:
        """Metric files are appended to, a line for each point."""
        return Appended.LINES if name.startswith("metrics/") else None

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """The run of a run folder; problems alone for an experiment, or a run folder without anything in it."""
        if claim.prune is not None:
            yield from _experiment_problems(folder, budget)
            return
        with folder.held():
            run = MlflowRun(folder, budget)
        yield run.result([*parse_metrics(run.files, budget)])

    def read_batch(self, work: Sequence[Work]) -> Iterator[list[Recording | Problem] | RunfolioError]:
        """The same for many folders; the metric files of several runs are parsed together."""
        waiting: list[MlflowRun | list[Problem] | RunfolioError] = []
        around = Around()
        size = 0
        for item in work:
            item.budget.restart()
            try:
                if item.claim.prune is not None:
                    waiting.append([*_experiment_problems(item.folder, item.budget)])
                else:
                    with item.folder.held():
                        run = MlflowRun(item.folder, item.budget, around)
                    waiting.append(run)
                    size += sum(len(file.data) for file in run.files)
            except RunfolioError as failure:
                waiting.append(failure)
            if size > _TOGETHER_BYTES:
                yield from _results(waiting)
                waiting, size = [], 0
        yield from _results(waiting)


def _experiment_problems(folder: Folder, budget: Budget) -> Iterator[Problem]:
    yield from parse_yaml(folder.read(META, budget.text_bytes), folder.where(META), budget).problems


def _results(
    waiting: Sequence[MlflowRun | list[Problem] | RunfolioError],
) -> Iterator[list[Recording | Problem] | RunfolioError]:
    files = [file for run in waiting if isinstance(run, MlflowRun) for file in run.files]
    found = parse_metrics(files, Budget(seconds=math.inf))
    for run in waiting:
        if isinstance(run, MlflowRun):
            yield [run.result([*islice(found, len(run.files))])]
        elif isinstance(run, list):
            yield [*run]
        else:
            yield run
