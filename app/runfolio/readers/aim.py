"""Aim's repositories: names and times in a SQLite file, params and points in a RocksDB folder for each run.

Aim itself is not needed, nor is RocksDB: `rocksdb_files` reads the tables and logs, `aim_keys` the trees in them. Aim's
own reader lists no run of a repository that its server never opened (`meta/index` is empty then); here each run's own
folder is read, so all are shown.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeAlias

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model import times
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, flatten
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME
from runfolio.readers.aim_keys import Marked, Part, Path, Value, path_of, tree_of, value_of
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.folder import Folder
from runfolio.readers.rocksdb_files import read_store
from runfolio.readers.series_builder import as_number, as_step
from runfolio.readers.sqlite_file import COMPANIONS, Cell, opened

_NAMES = "run_metadata.sqlite"
_SYSTEM = "__system_params"


class Aim:
    """The folder `.aim`."""

    name: ClassVar[str] = "aim"
    title: ClassVar[str] = "Aim"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with Aim's list of runs, or their stores."""
        inside = {*folder.folders}
        if not {"meta", "seqs"} <= inside or not ("chunks" in folder.sub("meta").folders or _NAMES in folder.files):
            return None
        if "VERSION" not in folder.files and _NAMES not in folder.files:
            return None
        files = {n for n in folder.files if n == "VERSION" or n.startswith(_NAMES) or n.endswith(COMPANIONS)}
        reason = "a repository of Aim"
        return Claim(self.name, folder.path, Strength.IDENTITY, reason, frozenset(files), prune=None, deep=True)

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording for each run that has a name or a store."""
        problems: list[Problem] = []
        named = _named(folder, budget, problems)
        chunks = _chunks(folder, "meta", problems)
        points = _chunks(folder, "seqs", problems)
        writing = _entries(folder, "meta", "progress", problems)
        for run in sorted({*named, *chunks}):
            budget.check(folder.shown)
            facts = named.get(run, _Named())
            yield _recording(folder, run, facts, chunks.get(run), points.get(run), run in writing, budget)
        yield from problems


@dataclass(slots=True)
class _Named:
    """What the SQLite file says of a run."""

    name: str | None = None
    experiment: str | None = None
    description: str = ""
    archived: bool = False
    created_us: int | None = None
    finalized_us: int | None = None
    tags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _chunks(folder: Folder, part: str, problems: list[Problem]) -> dict[str, Folder]:
    try:
        place = folder.sub(part)
        if part not in folder.folders or "chunks" not in place.folders:
            return {}
        return {name: place.sub("chunks").sub(name) for name in place.sub("chunks").folders}
    except FolderUnreadable as failure:
        problems.append(problem_from(failure, "folder-unreadable", folder.where(part), Severity.WARNING))
        return {}


def _entries(folder: Folder, part: str, name: str, problems: list[Problem]) -> set[str]:
    try:
        place = folder.sub(part)
        return {*place.sub(name).files, *place.sub(name).folders} if name in place.folders else set()
    except FolderUnreadable as failure:
        problems.append(problem_from(failure, "folder-unreadable", folder.where(part), Severity.WARNING))
        return set()


def _named(folder: Folder, budget: Budget, problems: list[Problem]) -> dict[str, _Named]:
    if _NAMES not in folder.files:
        text = f"{_NAMES} is missing, so the runs have no names, experiments and tags"
        problems.append(warning("names-missing", folder.shown, text, "Copy the whole folder .aim."))
        return {}
    found: dict[str, _Named] = {}
    try:
        with opened(folder, _NAMES, budget) as store:
            experiments = {key: _text(name) for key, name in store.rows("experiment", ("id", "name"))}
            tags = {key: _text(name) for key, name in store.rows("tag", ("id", "name"))}
            by_id: dict[Cell, _Named] = {}
            columns = (
                "id",
                "hash",
                "name",
                "description",
                "is_archived",
                "created_at",
                "finalized_at",
                "experiment_id",
            )
            for key, run, name, about, archived, created, finalized, experiment in store.rows("run", columns):
                by_id[key] = found[_text(run)] = _Named(
                    _text(name) or None,
                    experiments.get(experiment),
                    _text(about),
                    bool(archived),
                    times.from_iso(_text(created)),
                    times.from_iso(_text(finalized)),
                )
            for run, tag in store.rows("run_tag", ("run_id", "tag_id")):
                if run in by_id and tag in tags:
                    by_id[run].tags.append(tags[tag])
            for run, content in store.rows("note", ("run_id", "content")):
                if run in by_id:
                    by_id[run].notes.append(_text(content))
            problems += store.problems
    except FolderUnreadable as failure:
        problems.append(problem_from(failure, "names-unreadable", folder.where(_NAMES), Severity.WARNING))
    return found


def _text(cell: Cell) -> str:
    return "" if cell is None else cell.decode("utf-8", "surrogateescape") if isinstance(cell, bytes) else str(cell)


def _recording(
    folder: Folder, run: str, named: _Named, meta: Folder | None, seqs: Folder | None, writing: bool, budget: Budget
) -> Recording:
    problems: list[Problem] = []
    own = _leaves(meta, ("meta", "chunks", run), budget, problems)
    attrs = tree_of((path[1:], value) for path, value in own if path[:1] == ("attrs",))
    contexts = tree_of((path[1:], value) for path, value in own if path[:1] == ("contexts",))
    end = next((as_number(v) for p, v in own if p == ("end_time",) and not isinstance(v, Marked)), None)
    ended = times.from_seconds(end) if end is not None else named.finalized_us
    params = {k: v for k, v in attrs.items() if k != _SYSTEM} if isinstance(attrs, dict) else {}
    system = attrs.get(_SYSTEM) if isinstance(attrs, dict) else None
    if meta is None:
        text = f"The folder meta/chunks/{storable(run)} is missing: params and contexts are not known"
        problems.append(warning("store-missing", folder.shown, text, "Copy the whole folder .aim."))
    return Recording(
        format=Aim.name,
        path=folder.shown,
        id=storable(run),
        identity=f"aim:{storable(run)}",
        name=named.name,
        status=RunStatus.FINISHED if ended is not None else RunStatus.RUNNING,
        started_us=named.created_us,
        ended_us=ended,
        experiment=named.experiment,
        params=tuple(replace(p, source=meta.shown if meta is not None else "") for p in flatten(params)),
        tags=dict.fromkeys((storable(t) for t in named.tags), ""),
        metrics=tuple(_metrics(seqs, run, contexts, budget, problems)),
        facts=_facts(system),
        extra={
            "archived": named.archived,
            "active": writing,
            "description": named.description,
            "notes": [*named.notes],
        },
        problems=tuple(problems),
    )


def _leaves(store: Folder | None, below: Path, budget: Budget, problems: list[Problem]) -> list[tuple[Path, Value]]:
    """Paths below a prefix with their values, in the order of their keys."""
    if store is None:
        return []
    try:
        found = read_store(store, budget)
    except RunfolioError as failure:
        problems.append(problem_from(failure, "store-unreadable", store.shown, Severity.WARNING))
        return []
    problems += found.problems
    leaves: list[tuple[Path, Value]] = []
    for key in sorted(found.values):
        path = path_of(key)
        if path is not None and path[: len(below)] == below:
            leaves.append((path[len(below) :], value_of(found.values[key])))
    return leaves


def _metrics(
    store: Folder | None, run: str, contexts: Json, budget: Budget, problems: list[Problem]
) -> Iterator[MetricSeries]:
    """Series of numbers. The second layout keys points by a digest of the step, the first one by the step itself."""
    if store is None:
        return
    for name, _, found in columns_of(_leaves(store, ("seqs",), budget, problems), run, contexts):
        budget.check(store.shown)
        rows = rows_of(found)
        if not rows:
            continue
        yield series(
            name,
            np.array([row[0] for row in rows], dtype=np.int64),
            np.array([row[1] for row in rows], dtype=np.float64),
            np.array([row[2] for row in rows], dtype=np.int64),
            source=store.shown,
        )


Columns: TypeAlias = dict[str, dict[Part, Value]]
"""The values, steps and times of a series by its columns and by what Aim tells its points apart with."""


def columns_of(leaves: Iterable[tuple[Path, Value]], run: str, contexts: Json) -> list[tuple[str, Path, Columns]]:
    """The series of a run in the store of its sequences: by name, the path above its columns, and the columns.

    leaves   as paths below `seqs`.
    """
    columns: dict[Path, Columns] = defaultdict(lambda: defaultdict(dict))
    for path, value in leaves:
        inner = path[1:] if path[:1] == ("v2",) else path
        if inner[:2] == ("chunks", run) and len(inner) == 6:
            column, place = inner[4:]
            columns[path[:-2]][str(column)][place] = value
    ordered = sorted(columns.items(), key=lambda c: (str(c[0][-1]), str(c[0][-2])))
    return [(storable(str(above[-1]) + _context(contexts, above[-2])), above, found) for above, found in ordered]


def rows_of(found: Columns) -> list[tuple[int, float, int, Part]]:
    """Step, value, time and key of each point, by step."""
    rows: list[tuple[int, float, int, Part]] = []
    for place, value in found.get("val", {}).items():
        number = None if isinstance(value, Marked) else as_number(value)
        if number is None:
            continue
        kept = found.get("step", {}).get(place)
        step = as_step(kept) if kept is not None and not isinstance(kept, Marked) else None
        if step is None and isinstance(place, int) and not found.get("step"):
            step = place
        moment = found.get("time", {}).get(place)
        seconds = None if isinstance(moment, Marked) else as_number(moment)
        time_us = times.from_seconds(seconds) if seconds is not None else None
        rows.append((len(rows) if step is None else step, number, NO_TIME if time_us is None else time_us, place))
    rows.sort(key=lambda row: row[0])
    return rows


def _context(contexts: Json, context: Part) -> str:
    """What tells series of one name apart, as JSON: ` {"subset": "val"}`; empty for the empty context."""
    known = contexts.get(str(context)) if isinstance(contexts, dict) else None
    if known is None:
        return f" (context {context})"
    return f" {json.dumps(known, sort_keys=True, ensure_ascii=False)}" if known else ""


def _facts(system: Json) -> dict[str, str]:
    """Code and program as recorded; the environment and the list of packages are left alone."""
    if not isinstance(system, dict):
        return {}
    git = system.get("git_info")
    found: Mapping[str, Json] = git if isinstance(git, dict) else {}
    pairs = (
        ("git.branch", found.get("branch")),
        ("git.repo", found.get("remote_origin_url")),
        ("git.commit", commit.get("hash") if isinstance(commit := found.get("commit"), dict) else None),
        ("python", system.get("executable")),
    )
    facts = {name: storable(str(value)) for name, value in pairs if isinstance(value, str) and value}
    arguments = system.get("arguments")
    if isinstance(arguments, list) and arguments:
        facts["command"] = storable(" ".join(str(a) for a in arguments))
    return facts
