"""Where DVCLive keeps the history of a run, in each of its layouts, and its series.

One TSV file for each metric, named by the metric: below `plots/metrics` since 1.0, below `scalars` from 0.5 on, and
before that in the folder itself. The two old layouts keep the latest values beside the folder, in a JSON file of its
name, and the name of the metric in the header of its table: the file `a.tsv` may be that of `a.b`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from runfolio.errors import FolderUnreadable
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, problem_from, warning
from runfolio.readers.folder import Folder
from runfolio.readers.tabular import read_file

_TABLE = ".tsv"
_STEP_COLUMN = re.compile(rb"(?:step|timestamp)\t")
_OLD_HEADER = b"timestamp\tstep\t"
_STEP_KEY = re.compile(rb'"step"\s*:')
_DEEPEST = 32
_BESIDE = frozenset({"params.yaml", "dvc.yaml"})


@dataclass(frozen=True, slots=True)
class History:
    """The folder that the tables lie in, and its path below that of the run: "" where it is that itself."""

    folder: Folder
    below: str

    @property
    def is_old(self) -> bool:
        """Whether it is laid out as before 1.0."""
        return self.below in ("", "scalars")

    @property
    def is_folder_itself(self) -> bool:
        """Whether the tables lie in the folder of the run."""
        return not self.below

    def has(self, path: str) -> bool:
        """Whether a file of the run is one of the tables; its path is below the folder of the run."""
        if self.below:
            return path.startswith(f"{self.below}/")
        return path.endswith(_TABLE)


def find_history(folder: Folder) -> History | None:
    """The history of a run in this folder, None where there is none."""
    try:
        for below in ("plots/metrics", "scalars"):
            place = folder
            for name in below.split("/"):
                if name not in place.folders:
                    break
                place = place.sub(name)
            else:
                if any(_tables(place, is_old=below == "scalars")):
                    return History(place, below)
        if own_tables(folder) or (_holds_folders(folder) and summary_beside(folder) and holds_tables(folder)):
            return History(folder, "")
    except FolderUnreadable:
        return None
    return None


def own_tables(folder: Folder) -> tuple[str, ...]:
    """The names of the files in this folder that are tables of the oldest layout."""
    return tuple(name for name in folder.files if name.endswith(_TABLE) and _old_metric(folder, name))


def _holds_folders(folder: Folder) -> bool:
    """Whether it may be of the oldest layout with no metric but those of groups: a folder for each, and no other file.

    Only of such a folder the one above is looked at. What hangs on that is asked for again with each run that comes.
    """
    return bool(folder.folders) and all(name in _BESIDE or name.endswith(".html") for name in folder.files)


def holds_tables(folder: Folder) -> bool:
    """Whether tables of an old layout lie in or below this folder."""
    return any(_tables(folder, is_old=True))


def summary_beside(folder: Folder) -> str:
    """The name of the file with the latest values in the folder above this one; "" where there is none."""
    above, name = folder.parent(), f"{folder.name}.json"
    if above is None or name not in above.files:
        return ""
    try:
        return name if _STEP_KEY.search(above.head(name, 1 << 16)) else ""
    except FolderUnreadable:
        return ""


def read_history(
    history: History, latest: Mapping[str, float], rule: str, budget: Budget, problems: list[Problem]
) -> Iterator[MetricSeries]:
    """The series of each table; `rule` says where their last values, in `latest`, are from."""
    try:
        tables = [*_tables(history.folder, is_old=history.is_old)]
    except FolderUnreadable as failure:
        problems.append(problem_from(failure, "folder-unreadable", history.folder.shown))
        return
    if not history.is_old:
        problems += _no_tables(history.folder)
    for name, place, file in tables:
        budget.check(place.shown)
        logged = read_file(place, file, budget)
        problems += logged.problems
        final = latest.get(name)
        for metric in logged.metrics:
            if len(logged.metrics) > 1 and metric.name != name.rpartition("/")[2]:
                continue
            yield replace(metric, name=storable(name), final=final, final_rule=rule if final is not None else "")


def _tables(folder: Folder, *, is_old: bool) -> Iterator[tuple[str, Folder, str]]:
    """Metric, folder and file name of each table of the history, by name."""
    stack = [("", folder)]
    while stack:
        above, here = stack.pop()
        for name in here.files:
            if name.endswith(_TABLE):
                if not is_old and _is_table(here, name):
                    yield above + name.removesuffix(_TABLE), here, name
                elif is_old and (metric := _old_metric(here, name)):
                    yield metric, here, name
        if above.count("/") < _DEEPEST:
            stack += [(f"{above}{name}/", here.sub(name)) for name in reversed(here.folders)]


def _no_tables(folder: Folder) -> Iterator[Problem]:
    """Files where only tables of a history are kept, and that are none: empty or damaged."""
    stack = [folder]
    while stack:
        here = stack.pop()
        for name in here.files:
            if name.endswith(_TABLE) and not _is_table(here, name):
                message = "The file does not begin as a history of DVCLive does: it is empty or damaged"
                yield warning("odd-history", here.where(name), message, "Check whether the file was copied completely.")
        if here.path.count("/") < folder.path.count("/") + _DEEPEST:
            stack += [here.sub(name) for name in here.folders]


def _is_table(folder: Folder, name: str) -> bool:
    try:
        return bool(_STEP_COLUMN.match(folder.head(name, 256)))
    except FolderUnreadable:
        return True  # reading it tells


def _old_metric(folder: Folder, name: str) -> str:
    """The metric of a table of the old layouts, by its header; "" for a file that is none of them.

    Folders tell nothing there, so a table has exactly their three columns, and the file the name of the last one.
    """
    try:
        line = folder.head(name, 4096).partition(b"\n")[0].rstrip(b"\r")
    except FolderUnreadable:
        return ""
    if not line.startswith(_OLD_HEADER) or line.count(b"\t") != 2:
        return ""
    metric = line[len(_OLD_HEADER) :].decode("utf-8", "surrogateescape")
    last, stem = metric.rpartition("/")[2], name.removesuffix(_TABLE)
    return metric if stem in (last, last.rpartition(".")[0]) else ""
