"""Ultralytics (YOLO) training folders: `args.yaml` and `results.csv`; `opt.yaml` and `hyp.yaml` of YOLOv5 and v7.

Column names stay as they are, but for the blanks that versions up to 8.2 pad them with. Weights hold pickles and are
only listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import DatasetRef
from runfolio.model.display import storable
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Appended, Budget, Claim, Strength, Work, info, problem_from
from runfolio.readers.csv_bulk import ReadFile, read_together
from runfolio.readers.files import artifacts_below, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.tabular import Logged, read_file
from runfolio.readers.yolo_results import old_results

_ARGS, _OPTIONS, _HYPER, _RESULTS = "args.yaml", "opt.yaml", "hyp.yaml", "results.csv"
_OLD_RESULTS = "results.txt"
_TASK = re.compile(rb"^task:", re.MULTILINE)
_MODE = re.compile(rb"^mode: *(\w+)", re.MULTILINE)
_V5 = re.compile(rb"^(?:hyp|weights|cfg|imgsz|img_size):", re.MULTILINE)


class Ultralytics:
    """A run of YOLO: train, or another mode that kept its arguments."""

    name: ClassVar[str] = "ultralytics"
    title: ClassVar[str] = "Ultralytics"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """An args.yaml with task and mode; an opt.yaml with YOLOv5's options."""
        for name, marks in ((_ARGS, (_TASK, _MODE)), (_OPTIONS, (_V5,))):
            if name not in folder.files or name in taken:
                continue
            head = _head(folder, name)
            if not all(mark.search(head) for mark in marks):
                continue
            if name == _OPTIONS and _HYPER not in folder.files and _RESULTS not in folder.files:
                continue
            files = frozenset({name, _HYPER, _RESULTS} & {*folder.files}) - taken
            prune = frozenset({"weights"} & {*folder.folders})
            return Claim(self.name, folder.path, Strength.LAYOUT, f"{name} of YOLO", files, prune, deep=bool(prune))
        return None

    def appended(self, name: str) -> Appended | None:
        """The results; what else is claimed is written once."""
        return Appended.TABLE if name == "results.csv" else None

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording."""
        yield from self._read(folder, claim, budget, read_file)

    def read_batch(self, work: Sequence[Work]) -> Iterator[list[Recording | Problem] | RunfolioError]:
        """The same for many folders, whose tables are read together."""
        yield from read_together(work, self._read)

    def _read(
        self, folder: Folder, claim: Claim, budget: Budget, read_table: ReadFile
    ) -> Iterator[Recording | Problem]:
        problems: list[Problem] = []
        params: dict[tuple[str, ...], Param] = {}
        for name, above in ((_ARGS, ()), (_OPTIONS, ()), (_HYPER, ("hyp",))):
            if name in claim.files:
                found, odd = read_params(folder, name, budget)
                problems += odd
                for param in found:
                    path = (*above, *param.path)
                    params.setdefault(path, Param(path, param.text, param.value, param.source))
        logged = Logged()
        if _RESULTS in claim.files:
            logged = read_table(folder, _RESULTS, budget)
            problems += logged.problems
        elif _OLD_RESULTS in folder.files and any("tfevents" in name for name in folder.files):
            pass  # it has four digits of what the event files hold
        elif _OLD_RESULTS in folder.files:
            try:
                data = folder.read(_OLD_RESULTS, budget.text_bytes)
            except RunfolioError as failure:
                problems.append(problem_from(failure, "unreadable-file", folder.where(_OLD_RESULTS)))
            else:
                logged.metrics += old_results(data, folder.where(_OLD_RESULTS), budget, problems)
        elif _OPTIONS in claim.files or _mode(folder, claim) == "train":
            message = "There is no results.csv: the training ended before its first epoch did"
            problems.append(info("no-results", folder.shown, message))
        artifacts, odd_entries = artifacts_below(folder, budget)
        values = {".".join(path): param.value for path, param in params.items()}
        made_of = values.get("data")
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            name=_name(values.get("name"), values.get("save_dir")) or storable(folder.name),
            params=tuple(params.values()),
            metrics=tuple(replace(m, name=m.name.strip()) for m in logged.metrics),
            artifacts=tuple(a for a in artifacts if a.path not in claim.files),
            datasets=(DatasetRef(made_of, None, "train"),) if isinstance(made_of, str) and made_of else (),
            extra={"mode": values.get("mode"), "task": values.get("task")},
            problems=(*problems, *odd_entries),
        )


def _name(given: Json, save_dir: Json) -> str:
    """The name that was given, with the number that YOLO put behind it where a run had it already: `exp`, `exp2`."""
    name = given if isinstance(given, str) else ""
    made = re.split(r"[\\/]+", save_dir.rstrip("\\/"))[-1] if isinstance(save_dir, str) else ""
    return made if name and re.fullmatch(rf"{re.escape(name)}-?\d+", made) else name


def _head(folder: Folder, name: str) -> bytes:
    try:
        return folder.head(name, 1 << 14)
    except FolderUnreadable:
        return b""  # whoever reads the folder tells of it


def _mode(folder: Folder, claim: Claim) -> str:
    found = _MODE.search(_head(folder, _ARGS)) if _ARGS in claim.files else None
    return found[1].decode("ascii", "replace") if found else ""
