"""Keras: files of its CSVLogger, under any name; the epoch is the step.

Event files of its TensorBoard callback (`train/` and `validation/`) are read by the TensorBoard reader and linked
into the same run. A log that was appended to after a restart repeats epochs; all of them are kept. Of `.keras` model
files only the JSON is read: Keras' version, and how the model was compiled.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Appended, Budget, Claim, Strength, Work
from runfolio.readers.csv_bulk import ReadFile, read_together
from runfolio.readers.csv_table import header_of
from runfolio.readers.files import artifacts_below
from runfolio.readers.folder import Folder
from runfolio.readers.generic import PARAM_FILE, is_apart
from runfolio.readers.json_text import load_json
from runfolio.readers.tabular import Logged, merge_files, read_file, span_of
from runfolio.readers.zip_file import DAMAGE

_SUFFIXES = (".log", ".csv")
_MOST_LOGS = 64
_LARGEST_METADATA = 4 << 20


class Keras:
    """A folder with a CSVLogger file, and what else the run left there."""

    name: ClassVar[str] = "keras"
    title: ClassVar[str] = "Keras"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with a `.log` or `.csv` file whose first column is `epoch` and whose others are sorted.

        Beside a params file only `.log` files are claimed, and `metrics.csv` never: Keras writes no such files, and
        their tables are read all the same.
        """
        files = folder.files
        suffixes = _SUFFIXES[:1] if any(PARAM_FILE.fullmatch(n) for n in files) else _SUFFIXES
        likely = [n for n, entry in files.items() if n.lower().endswith(suffixes) and entry.size and n not in taken]
        if not likely or len(likely) > _MOST_LOGS or "metrics.csv" in files:
            return None
        logs = frozenset(n for n in likely if _is_log(folder, n))
        if not logs:
            return None
        return Claim(self.name, folder.path, Strength.LAYOUT, "a log of Keras' CSVLogger", logs)

    def appended(self, name: str) -> Appended | None:
        """What the CSVLogger writes."""
        return Appended.TABLE if name.endswith((".csv", ".log")) else None

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording with the series of all logs of the folder."""
        yield from self._read(folder, claim, budget, partial(read_file, epoch_first=True))

    def read_batch(self, work: Sequence[Work]) -> Iterator[list[Recording | Problem] | RunfolioError]:
        """The same for many folders, whose logs are read together."""
        yield from read_together(work, self._read, epoch_first=True)

    def _read(
        self, folder: Folder, claim: Claim, budget: Budget, read_table: ReadFile
    ) -> Iterator[Recording | Problem]:
        files: list[tuple[str, Logged]] = [(name, read_table(folder, name, budget)) for name in sorted(claim.files)]
        artifacts, odd = artifacts_below(folder, budget, is_apart=is_apart)
        metrics = merge_files(files)
        started, ended = span_of(metrics)
        models = {n: told for n in folder.files if n.endswith(".keras") and (told := _model(folder, n))}
        version = next((v for told in models.values() if isinstance(v := told.get("keras_version"), str)), None)
        told_of: dict[str, Json] = {**models}
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            metrics=tuple(metrics),
            artifacts=artifacts,
            started_us=started,
            ended_us=ended,
            facts={"keras.version": version} if version else {},
            extra={"models": told_of} if told_of else {},
            problems=(*(p for _, logged in files for p in logged.problems), *odd),
        )


def _is_log(folder: Folder, name: str) -> bool:
    try:
        names = header_of(folder.head(name, 1 << 16))
    except FolderUnreadable:
        return False
    return len(names) > 1 and names[0] == "epoch" and names[1:] == sorted(names[1:]) and all(names)


def _model(folder: Folder, name: str) -> dict[str, Json]:
    """What the JSON files in a `.keras` file (a zip of them and of weights) say; {} when it cannot be read."""
    try:
        with folder.open(name) as handle, os.fdopen(os.dup(handle), "rb") as file, zipfile.ZipFile(file) as archive:
            metadata, config = _member(archive, "metadata.json"), _member(archive, "config.json")
    except (FolderUnreadable, *DAMAGE):
        # A nicety: a model file that is cut off or of another kind is still listed as an artifact.
        return {}
    compiled = config.get("compile_config")
    compiled = compiled if isinstance(compiled, dict) else {}
    optimizer = compiled.get("optimizer")
    optimizer = optimizer if isinstance(optimizer, dict) else {}
    settings = optimizer.get("config")
    settings = settings if isinstance(settings, dict) else {}
    told = {
        "keras_version": metadata.get("keras_version"),
        "date_saved": metadata.get("date_saved"),
        "class_name": config.get("class_name"),
        "optimizer": optimizer.get("class_name"),
        "learning_rate": settings.get("learning_rate"),
        "loss": compiled.get("loss"),
    }
    return {key: value for key, value in told.items() if value is not None}


def _member(archive: zipfile.ZipFile, name: str) -> dict[str, Json]:
    try:
        found = archive.getinfo(name)
    except KeyError:
        return {}
    if found.file_size > _LARGEST_METADATA or found.flag_bits & 1:  # encrypted
        return {}
    try:
        value = load_json(archive.read(found))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
