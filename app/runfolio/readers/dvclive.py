"""DVCLive folders of any name, and what `dvc.lock` and `*.dvc` files around them say of data and params.

The history is one TSV file for each metric; `metrics.json` has the latest values, before 1.0 a file beside the folder.
Neither id nor status nor times are kept in the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from runfolio.errors import FolderUnreadable
from runfolio.model.datasets import DatasetRef
from runfolio.model.display import plain, storable
from runfolio.model.metrics import series
from runfolio.model.params import Json, Param, flatten
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, warning
from runfolio.readers.dvclive_history import (
    History,
    find_history,
    holds_tables,
    own_tables,
    read_history,
    summary_beside,
)
from runfolio.readers.files import artifacts_below, read_document, read_params
from runfolio.readers.folder import Folder

_METRICS, _PARAMS = "metrics.json", "params.yaml"
_SHOWN = frozenset({"report.md", "report.html", "report.ipynb"})
_STEP_KEY = re.compile(rb'"step"\s*:')
_EMPTY = re.compile(rb"\{\s*\}\s*")
_RULE = "the value in metrics.json"
_SPELLED = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf"), "infinity": float("inf")}


class DvcLive:
    """A folder that DVCLive writes to."""

    name: ClassVar[str] = "dvclive"
    title: ClassVar[str] = "DVCLive"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A history in `plots/metrics`, or a metrics.json with a step (or empty, in a folder called dvclive)."""
        history = find_history(folder)
        has_history = history is not None
        if not has_history and not _has_metrics(folder, taken):
            return None
        own = own_tables(folder) if history is not None and history.is_folder_itself else ()
        files = frozenset({_METRICS, _PARAMS, "dvc.yaml", *_SHOWN, *own} & {*folder.files}) - taken
        prune = frozenset({"plots", "scalars", "static", "artifacts"} & {*folder.folders})
        if history is not None and history.is_folder_itself:
            prune |= {name for name in folder.folders if holds_tables(folder.sub(name))}
        reason = "a history of DVCLive" if has_history else "metrics.json of DVCLive"
        return Claim(self.name, folder.path, Strength.LAYOUT, reason, files, prune, deep=bool(prune))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording."""
        problems: list[Problem] = []
        latest: dict[str, float] = {}
        step: Json = None
        history = find_history(folder)
        place, file = _summary_of(folder, claim, history)
        if place is not None:
            document = read_document(place, file, budget)
            problems += document.problems
            step = document.mapping.get("step")
            latest = numbers_of({k: v for k, v in document.mapping.items() if k != "step"})
            if document.value is not None and not isinstance(document.value, dict):
                message = "The file is not a mapping of names to values"
                problems.append(warning("odd-metrics", place.where(file), message))
        rule = _RULE if file == _METRICS else f"the value in {plain(file, 60)}"
        metrics = {m.name: m for m in read_history(history, latest, rule, budget, problems)} if history else {}
        for name, value in latest.items():
            if place is not None and name not in metrics:
                where = place.where(file)
                metrics[name] = series(storable(name), None, [value], final=value, final_rule=rule, source=where)
        params: tuple[Param, ...] = ()
        if _PARAMS in claim.files:
            params, odd = read_params(folder, _PARAMS, budget)
            problems += odd
            if not folder.files[_PARAMS].size:
                # DVCLive writes `{}` where there are none.
                problems.append(warning("empty-file", folder.where(_PARAMS), "The file is empty: its params are lost"))
        artifacts, odd_entries = artifacts_below(folder, budget)
        skipped = {_METRICS, _PARAMS, "dvc.yaml"}
        datasets = tuple(_datasets(folder, budget, problems))
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            params=params,
            metrics=tuple(metrics[name] for name in sorted(metrics)),
            artifacts=tuple(a for a in artifacts if a.path not in skipped and not (history and history.has(a.path))),
            datasets=datasets,
            extra={"last_step": step if isinstance(step, int | float) else None},
            problems=(*problems, *odd_entries),
        )


def _summary_of(folder: Folder, claim: Claim, history: History | None) -> tuple[Folder | None, str]:
    """The folder and name of the file with the latest values: in the folder, else beside it as before 1.0."""
    if _METRICS in claim.files:
        return folder, _METRICS
    beside = summary_beside(folder) if history is not None and history.is_old else ""
    return (folder.parent(), beside) if beside else (None, "")


def _has_metrics(folder: Folder, taken: frozenset[str]) -> bool:
    if _METRICS not in folder.files or _METRICS in taken:
        return False
    named = folder.name == "dvclive"
    if not named and _PARAMS not in folder.files:
        return False
    try:
        head = folder.head(_METRICS, 1 << 16)
    except FolderUnreadable:
        return False
    return bool(_STEP_KEY.search(head)) or (named and bool(_EMPTY.fullmatch(head) or not head))


def numbers_of(tree: Mapping[str, Json], joint: str = "/") -> dict[str, float]:
    """Numbers by their path, DVCLive's with slashes; NaN and infinities may be spelled as text."""
    found: dict[str, float] = {}
    for leaf in flatten({**tree}):
        value = leaf.value
        if isinstance(value, str):
            value = _SPELLED.get(value.lower())
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        try:
            found[joint.join(leaf.path)] = float(value)
        except OverflowError:
            continue
    return found


# --- the repository around it ---------------------------------------------------------------------------------------


def _datasets(folder: Folder, budget: Budget, problems: list[Problem]) -> Iterator[DatasetRef]:
    """Dependencies of the stages in `dvc.lock` beside or above the folder that are data: with their digest."""
    for place in (folder, folder.parent()):
        if place is None or "dvc.lock" not in place.files:
            continue
        document = read_document(place, "dvc.lock", budget)
        problems += document.problems
        stages = document.mapping.get("stages")
        seen: set[str] = set()
        for stage in stages.values() if isinstance(stages, dict) else ():
            deps = stage.get("deps") if isinstance(stage, dict) else None
            for dep in deps if isinstance(deps, list) else ():
                path = dep.get("path") if isinstance(dep, dict) else None
                digest = dep.get("md5") if isinstance(dep, dict) else None
                if not isinstance(path, str) or not isinstance(digest, str) or path in seen or path.endswith(".py"):
                    continue
                seen.add(path)
                yield DatasetRef(storable(path), f"md5:{digest}", algorithm="md5")
        return
