"""Tables of predictions in the folders of runs: which there are, and what they say of each run."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
        written at several steps the last is taken. Raises LimitReached and Cancelled.
        """
        from runfolio.analysis.kinds.classified import TableOfRun, classify_first
        from runfolio.analysis.working import in_a_worker
        from runfolio.model.kinds import Classified, JudgedTable, JudgedTables

        of_runs, looked = self._tables(keys, table, cancel)
        counts: dict[str, int] = {}
        for own in of_runs.values():
            counts.update({name: counts.get(name, 0) + 1 for name in own})
        offered = tuple(sorted(counts.items(), key=lambda one: (not _telling(one[0]), -one[1], one[0])))
        tried = [table] if table else [name for name, _ in offered if _telling(name)][:_MOST_TRIED]
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
    ) -> tuple[dict[RunKey, dict[str, RunFile]], int]:
        """The tables in the folders of runs that have any, by name; and how many runs were looked through."""
        found: dict[RunKey, dict[str, RunFile]] = {}
        looked = 0
        for key in keys[:_MOST_LOOKED]:
            if sum(wanted in own if wanted else any(map(_telling, own)) for own in found.values()) >= MOST_BESIDE:
                break
            looked += 1
            try:
                files = self._previews.run_files(key, cancel=cancel).files
            except (NotFound, FolderUnreadable, LimitReached):
                continue
            own: dict[str, RunFile] = {}
            for file in files:
                if file.place is None or not file.shown.lower().endswith(_TABLES):
                    continue
                name = file.series or file.shown
                if name not in own or (file.step or 0) >= (own[name].step or 0):
                    own[name] = file
            if own:
                found[key] = own
        return found, looked


def _telling(name: str) -> bool:
    return _TELLING.search(name.rpartition("/")[2].lower()) is not None
