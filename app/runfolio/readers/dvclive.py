"""DVCLive folders of any name, and what `dvc.lock` and `*.dvc` files around them say of data and params.

The history is one TSV file for each metric below `plots/metrics`; `metrics.json` has the latest values. Neither id nor
status nor times are kept in the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from runfolio.errors import FolderUnreadable
from runfolio.model.datasets import DatasetRef
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param, flatten
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.files import artifacts_below, read_document, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.tabular import read_file

_METRICS, _PARAMS, _PLOTS = "metrics.json", "params.yaml", "plots"
_SHOWN = frozenset({"report.md", "report.html", "report.ipynb"})
_STEP_KEY = re.compile(rb'"step"\s*:')
_STEP_COLUMN = re.compile(rb"(?:step|timestamp)\t")
_EMPTY = re.compile(rb"\{\s*\}\s*")
_RULE = "the value in metrics.json"
_DEEPEST = 32
_SPELLED = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf"), "infinity": float("inf")}


class DvcLive:
    """A folder that DVCLive writes to."""

    name: ClassVar[str] = "dvclive"
    title: ClassVar[str] = "DVCLive"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A history in `plots/metrics`, or a metrics.json with a step (or empty, in a folder called dvclive)."""
        has_history = _has_history(folder)
        if not has_history and not _has_metrics(folder, taken):
            return None
        files = frozenset({_METRICS, _PARAMS, "dvc.yaml", *_SHOWN} & {*folder.files}) - taken
        prune = frozenset({_PLOTS, "static", "artifacts"} & {*folder.folders})
        reason = "a history of DVCLive" if has_history else "metrics.json of DVCLive"
        return Claim(self.name, folder.path, Strength.LAYOUT, reason, files, prune, deep=bool(prune))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording."""
        problems: list[Problem] = []
        latest: dict[str, float] = {}
        step: Json = None
        if _METRICS in claim.files:
            document = read_document(folder, _METRICS, budget)
            problems += document.problems
            step = document.mapping.get("step")
            latest = numbers_of({k: v for k, v in document.mapping.items() if k != "step"})
            if document.value is not None and not isinstance(document.value, dict):
                message = "The file is not a mapping of names to values"
                problems.append(warning("odd-metrics", folder.where(_METRICS), message))
        metrics = {m.name: m for m in _history(folder, latest, budget, problems)}
        for name, value in latest.items():
            if name not in metrics:
                where = folder.where(_METRICS)
                metrics[name] = series(storable(name), None, [value], final=value, final_rule=_RULE, source=where)
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
            artifacts=tuple(
                a for a in artifacts if a.path not in skipped and not a.path.startswith(f"{_PLOTS}/metrics/")
            ),
            datasets=datasets,
            extra={"last_step": step if isinstance(step, int | float) else None},
            problems=(*problems, *odd_entries),
        )


def _has_history(folder: Folder) -> bool:
    if _PLOTS not in folder.folders:
        return False
    try:
        plots = folder.sub(_PLOTS)
        return "metrics" in plots.folders and any(_tables(plots.sub("metrics")))
    except FolderUnreadable:
        return False


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


def _tables(folder: Folder, prefix: str = "") -> Iterator[tuple[str, Folder, str]]:
    """Metric, folder and file name of each table of the history, by name."""
    stack = [(prefix, folder)]
    while stack:
        above, here = stack.pop()
        for name in here.files:
            if name.endswith(".tsv") and _is_table(here, name):
                yield above + name.removesuffix(".tsv"), here, name
        if above.count("/") < _DEEPEST:
            stack += [(f"{above}{name}/", here.sub(name)) for name in reversed(here.folders)]


def _no_tables(folder: Folder) -> Iterator[Problem]:
    """Files where only tables of a history are kept, and that are none: empty or damaged."""
    stack = [folder]
    while stack:
        here = stack.pop()
        for name in here.files:
            if name.endswith(".tsv") and not _is_table(here, name):
                message = "The file does not begin as a history of DVCLive does: it is empty or damaged"
                yield warning("odd-history", here.where(name), message, "Check whether the file was copied completely.")
        if here.path.count("/") < folder.path.count("/") + _DEEPEST:
            stack += [here.sub(name) for name in here.folders]


def _is_table(folder: Folder, name: str) -> bool:
    try:
        return bool(_STEP_COLUMN.match(folder.head(name, 256)))
    except FolderUnreadable:
        return True  # reading it tells


def _history(
    folder: Folder, latest: Mapping[str, float], budget: Budget, problems: list[Problem]
) -> Iterator[MetricSeries]:
    if _PLOTS not in folder.folders:
        return
    try:
        tables = [*_tables(folder.sub(_PLOTS).sub("metrics"))]
    except FolderUnreadable as failure:
        problems.append(problem_from(failure, "folder-unreadable", folder.where(_PLOTS)))
        return
    problems += _no_tables(folder.sub(_PLOTS).sub("metrics"))
    for name, place, file in tables:
        budget.check(place.shown)
        logged = read_file(place, file, budget)
        problems += logged.problems
        final = latest.get(name)
        for metric in logged.metrics:
            if len(logged.metrics) > 1 and metric.name != name.rpartition("/")[2]:
                continue
            rule = _RULE if final is not None else ""
            yield replace(metric, name=storable(name), final=final, final_rule=rule)


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
