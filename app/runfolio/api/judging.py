"""Tables of predictions in the folders of runs: which there are, and what they say of each run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runfolio.api.asking import Asking
from runfolio.api.previews import Previewing
from runfolio.errors import FolderUnreadable, LimitReached, NotFound
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api.cancelling import CancelToken
    from runfolio.model.kinds import JudgedTables
    from runfolio.model.previews import RunFile

MOST_BESIDE = 8
"""Runs whose tables are judged together."""
_MOST_LOOKED = 100
_SECONDS = 300.0
_TABLES = (".csv", ".tsv", ".parquet", ".pq", ".table.json")
_TELLING = re.compile(r"pred|roc|pr_?curve|precision.?recall|confusion|classif|y_true|proba|eval_results|eval.?table")
_MOST_TRIED = 6
"""Tables that are tried to see which holds predictions."""
_MOST_STEPS = 24
"""The last of tables of a run that differ in a number, which are offered one by one."""


class Judging:
    """Nothing is changed: files are read by worker processes with limits."""

    def __init__(self, previews: Previewing, asking: Asking) -> None:
        self._previews = previews
        self._asking = asking

    def judged_tables(
        self,
        keys: Sequence[RunKey],
        table: str = "",
        *,
        truth: str = "",
        predicted: str = "",
        score: str = "",
        cancel: CancelToken | None = None,
    ) -> JudgedTables:
        """A table of predictions of the first of these runs that have it, judged.

        table   as `offered` names it; "" takes the first that holds predictions, of those whose names speak of them.

        At most `MOST_BESIDE` runs are judged, and the files of 100 are looked through for them. Of a table that was
        written at several steps, or of several folds, the last is taken unless one is named. Raises LimitReached and
        Cancelled.
        """
        from runfolio.analysis.kinds.classified import TableOfRun, classify_first
        from runfolio.analysis.kinds.variables import natural
        from runfolio.analysis.working import in_a_worker
        from runfolio.model.kinds import Classified, JudgedTable, JudgedTables

        having_some, looked = self._tables(keys, table, cancel)
        of_runs = {key: own.by_name for key, own in having_some.items()}
        steps = {name for own in having_some.values() for name in own.steps}
        # Where no run has several of them, what its name says of a step tells nothing apart.
        told = {name for own in having_some.values() for name in own.tell_apart}
        counts: dict[str, int] = {}
        for names_of_one in of_runs.values():
            counts.update({name: counts.get(name, 0) + 1 for name in names_of_one if name in told or name not in steps})
        offered = tuple(sorted(counts.items(), key=lambda one: (not _telling(one[0]), -one[1], natural(one[0]))))
        tried = (
            [table] if table else [name for name, _ in offered if _telling(name) and name not in steps][:_MOST_TRIED]
        )
        runs = {name: [key for key, own in of_runs.items() if name in own][:MOST_BESIDE] for name in tried}
        asked = [
            [
                TableOfRun(place, truth, predicted, score)
                for key in runs[name]
                if (place := of_runs[key][name].place) is not None
            ]
            for name in tried
        ]
        if not any(asked):
            return JudgedTables((), offered, table, looked)
        taken, answers = in_a_worker(classify_first, asked, "Judging the predictions", cancel, _SECONDS)
        wanted, having = tried[taken], runs[tried[taken]]
        column = self._asking.column(FieldRef(FieldKind.BUILTIN, "name"), having)
        names = [str(name or key) for name, key in zip(column.values, having, strict=True)]
        shown: list[JudgedTable] = []
        failed: list[tuple[str, str]] = []
        for key, name, found in zip(having, names, answers, strict=True):
            if isinstance(found, Classified):
                shown.append(JudgedTable(name, key, found))
            else:
                failed.append((name, found.message))
        return JudgedTables(tuple(shown), offered, wanted, looked, tuple(failed))

    def _tables(
        self, keys: Sequence[RunKey], wanted: str, cancel: CancelToken | None
    ) -> tuple[dict[RunKey, _Tables], int]:
        """The tables in the folders of runs that have any; and how many runs were looked through."""
        found: dict[RunKey, _Tables] = {}
        looked = 0
        for key in keys[:_MOST_LOOKED]:
            having = sum(wanted in own.by_name if wanted else any(map(_telling, own.by_name)) for own in found.values())
            if having >= MOST_BESIDE:
                break
            looked += 1
            try:
                files = self._previews.run_files(key, cancel=cancel).files
            except (NotFound, FolderUnreadable, LimitReached):
                continue
            own = _tables_in(files)
            if own.by_name:
                found[key] = own
        return found, looked


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tables of one run.

    by_name      of those that differ in a number of their names, such as steps or folds, the last by the name without
                 it, and each by its own.
    steps        names of single ones of these; `tell_apart` where there are several.
    """

    by_name: dict[str, RunFile]
    steps: frozenset[str]
    tell_apart: frozenset[str]


def _tables_in(files: Sequence[RunFile]) -> _Tables:
    series: dict[str, list[RunFile]] = {}
    by_name: dict[str, RunFile] = {}
    for file in files:
        if file.place is not None and file.shown.lower().endswith(_TABLES):
            if file.series and file.series != file.shown:
                series.setdefault(file.series, []).append(file)
            else:
                by_name[file.shown] = file
    steps: set[str] = set()
    tell_apart: set[str] = set()
    for name, alike in series.items():
        alike.sort(key=lambda file: file.step or 0)
        by_name[name] = alike[-1]
        single = {file.shown: file for file in alike[-_MOST_STEPS:] if file.shown not in by_name}
        by_name |= single
        steps.update(single)
        if len(alike) > 1:
            tell_apart.update(single)
    return _Tables(by_name, frozenset(steps), frozenset(tell_apart))


def _telling(name: str) -> bool:
    return _TELLING.search(name.rpartition("/")[2].lower()) is not None
