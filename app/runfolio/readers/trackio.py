"""Trackio's stores: a SQLite file for each project, a row of JSON for each log call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar

from runfolio.errors import FolderUnreadable
from runfolio.model.display import storable
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.model.times import NO_TIME, from_iso
from runfolio.readers.contract import Budget, Claim, Strength, warning
from runfolio.readers.documents import Document, params_of, parse_json
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import load_json
from runfolio.readers.series_builder import SeriesBuilder, as_step, numbers_in
from runfolio.readers.sqlite_file import COMPANIONS, Cell, mentions, opened

_TABLES = ("metrics", "configs")
_FIRST_COLUMNS = ("run_name TEXT NOT NULL", "step INTEGER NOT NULL", "metrics TEXT NOT NULL")
_SPELLED = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class Trackio:
    """Files with Trackio's tables."""

    name: ClassVar[str] = "trackio"
    title: ClassVar[str] = "Trackio"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """SQLite files with the tables `metrics` and `configs`, or with the `metrics` of the first versions alone."""
        found = [name for name in folder.files if name not in taken and _is_store(folder, name)]
        if not found:
            return None
        files = {n + suffix for n in found for suffix in ("", *COMPANIONS)} & {*folder.files}
        files |= {n.removesuffix(".db") + ".lock" for n in found} & {*folder.files}
        return Claim(self.name, folder.path, Strength.IDENTITY, "a store of Trackio", frozenset(files))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """The runs of each store."""
        for name in sorted(claim.files):
            if not name.endswith((*COMPANIONS, ".lock")):
                yield from _runs(folder, name, budget)


def _is_store(folder: Folder, name: str) -> bool:
    if name.endswith(COMPANIONS) or folder.files[name].size < 512:
        return False
    try:
        # Before 0.4 there were no configs: its one table is known by how its columns are written.
        return mentions(folder, name, _TABLES) or all(mentions(folder, name, _TABLES[:1], c) for c in _FIRST_COLUMNS)
    except FolderUnreadable:
        return False


def _runs(folder: Folder, name: str, budget: Budget) -> Iterator[Recording | Problem]:
    where = folder.where(name)
    project = storable(name.removesuffix(".db"))
    with opened(folder, name, budget) as store:
        has_ids = "run_id" in store.tables.get("configs", ())
        names: dict[str, str] = {}
        configs: dict[str, Document] = {}
        for run_id, run_name, config in store.rows("configs", ("run_id", "run_name", "config")):
            key = _text(run_id) if has_ids else _text(run_name)
            names[key] = _text(run_name)
            configs[key] = parse_json(_text(config).encode("utf-8", "surrogateescape"), where, budget)
        points: defaultdict[str, SeriesBuilder] = defaultdict(SeriesBuilder)
        first: dict[str, int] = {}
        last: dict[str, str] = {}
        odd: defaultdict[str, int] = defaultdict(int)
        order = ("run_id", "run_name", "timestamp", "step", "metrics")
        for number, (run_id, run_name, stamp, step, data) in enumerate(store.rows("metrics", order)):
            if number % 1024 == 0:
                budget.check(where)
            key = _text(run_id) if has_ids else _text(run_name)
            names.setdefault(key, _text(run_name))
            try:
                row = load_json(_text(data))
            except ValueError:
                row = None
            if not isinstance(row, dict):
                odd[key] += 1
                continue
            last[key] = _text(stamp)
            at, time_us = as_step(step if isinstance(step, int | float) else None), _time(_text(stamp))
            if time_us != NO_TIME:
                first.setdefault(key, time_us)
            for metric, value in numbers_in(unspelled(row), "."):
                points[key].add(metric, at, value, time_us)
        system: defaultdict[str, SeriesBuilder] = defaultdict(SeriesBuilder)
        for run_id, run_name, stamp, data in store.rows(
            "system_metrics", ("run_id", "run_name", "timestamp", "metrics")
        ):
            key = _text(run_id) if has_ids else _text(run_name)
            row = parse_json(_text(data).encode("utf-8", "surrogateescape"), where, budget).mapping
            for metric, value in numbers_in(unspelled(row), "."):
                system[key].add(f"system/{metric}", None, value, _time(_text(stamp)))
        problems = [*store.problems]
    for key, title in names.items():
        given = configs.get(key, Document(None))
        own = given.mapping
        group = own.get("_Group")
        # A run that is resumed has its config, and the time in it, written anew.
        created = _time(own_time) if isinstance(own_time := own.get("_Created"), str) else NO_TIME
        began = [time for time in (created, first.get(key, NO_TIME)) if time != NO_TIME]
        told: list[Problem] = [*given.problems]
        if odd[key]:
            message = f"{odd[key]} rows of the run {title[:80]!r} are no JSON objects, and are left out"
            told.append(warning("bad-row", where, message))
        user = own.get("_Username")
        yield Recording(
            format=Trackio.name,
            path=where,
            id=storable(key),
            identity=f"trackio:{storable(key)}" if has_ids and len(key) == 32 else "",
            name=storable(title) or None,
            started_us=min(began, default=None),
            experiment=project,
            params=tuple(p for p in params_of(given) if not p.path[0].startswith("_")),
            metrics=(*points[key].series(where), *system[key].series(where)),
            facts={"user": user} if isinstance(user, str) else {},
            extra={"group": group, "last_log_at": last.get(key), "project": project},
            problems=tuple(told),
        )
    yield from problems


def unspelled(row: dict[str, Json]) -> dict[str, Json]:
    """The row with NaN and infinities, which Trackio spells as text, as numbers."""
    found: dict[str, Json] = {}
    for key, value in row.items():
        if isinstance(value, str) and value in _SPELLED:
            found[key] = _SPELLED[value]
        else:
            found[key] = unspelled(value) if isinstance(value, dict) else value
    return found


def _text(value: Cell) -> str:
    if value is None:
        return ""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _time(text: str) -> int:
    found = from_iso(text)
    return NO_TIME if found is None else found
