"""Keras: files of its CSVLogger, under any name; the epoch is the step.

Event files of its TensorBoard callback (`train/` and `validation/`) are read by the TensorBoard reader and linked
into the same run. A log that was appended to after a restart repeats epochs; all of them are kept.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import ClassVar

from runfolio.errors import RunfolioError
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, problem_from
from runfolio.readers.files import artifacts_below
from runfolio.readers.folder import Folder
from runfolio.readers.generic import PARAM_FILE
from runfolio.readers.table import header_of
from runfolio.readers.tabular import Logged, merge_files, read_metrics, span_of

_SUFFIXES = (".log", ".csv")
_LARGEST_MODEL = 64 << 20
_LARGEST_METADATA = 1 << 20


class Keras:
    """A folder with a CSVLogger file, and what else the run left there."""

    name: ClassVar[str] = "keras"
    title: ClassVar[str] = "Keras"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with a `.log` or `.csv` file whose first column is `epoch` and whose others are sorted."""
        listing = folder.files
        if any(PARAM_FILE.fullmatch(n) for n in listing) or "metrics.csv" in listing:
            return None
        likely = [n for n in listing if n.lower().endswith(_SUFFIXES) and n not in taken and listing[n].size]
        if not likely or len(likely) > 64:
            return None
        logs = {n for n in likely if _is_log(header_of(folder.head(n, 1 << 16)))}
        if not logs:
            return None
        return Claim(self.name, folder.path, Strength.LAYOUT, "a log of Keras' CSVLogger", frozenset(logs))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording with the series of all logs of the folder."""
        problems: list[Problem] = []
        files: list[tuple[str, Logged]] = []
        for name in sorted(claim.files):
            try:
                data = folder.read(name, budget.metric_bytes)
            except RunfolioError as failure:
                problems.append(problem_from(failure, "unreadable", folder.where(name)))
                continue
            logged = read_metrics(data, name, folder.where(name), budget, epoch_first=True)
            problems += logged.problems
            files.append((name, logged))
        artifacts, odd = artifacts_below(folder, budget)
        metrics = merge_files(files, budget)
        started, ended = span_of(metrics)
        version = next((v for a in artifacts if (v := _keras_version(folder, a.path))), None)
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            metrics=tuple(metrics),
            artifacts=artifacts,
            started_us=started,
            ended_us=ended,
            facts={"keras.version": version} if version else {},
            problems=(*problems, *odd),
        )


def _is_log(names: list[str]) -> bool:
    return len(names) > 1 and names[0] == "epoch" and names[1:] == sorted(names[1:]) and all(names)


def _keras_version(folder: Folder, path: str) -> str | None:
    """What `metadata.json` inside a `.keras` file says; the file is a zip of JSON and weights, no code is run."""
    if not path.endswith(".keras"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(folder.read(path, _LARGEST_MODEL))) as archive:
            if archive.getinfo("metadata.json").file_size > _LARGEST_METADATA:
                return None
            version = json.loads(archive.read("metadata.json")).get("keras_version")
    except (RunfolioError, zipfile.BadZipFile, KeyError, ValueError, AttributeError, RuntimeError, NotImplementedError):
        # The version is a nicety; a model file that is cut off or of an older kind is still listed as an artifact.
        return None
    return version if isinstance(version, str) else None
