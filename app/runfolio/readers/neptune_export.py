"""What neptune-exporter saved of a Neptune project: Parquet files of attributes, some for each run.

A row is an attribute, or a point of a series. A run is whole once its first part has its name: it is given last.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json, Param, text_of
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME, from_iso
from runfolio.readers.contract import Budget, Claim, Strength, info, problem_from, warning
from runfolio.readers.folder import Folder

if TYPE_CHECKING:
    import polars as pl

PART = re.compile(r"(?P<run>.+)_part_(?P<number>\d{1,6})\.parquet(?P<unfinished>\.tmp)?")
_COLUMNS = ("project_id", "run_id", "attribute_path", "attribute_type")
TYPED = {
    "int": "int_value", "float": "float_value", "string": "string_value", "bool": "bool_value",
    "datetime": "datetime_value", "string_set": "string_set_value",
}  # fmt: skip
_FILES = ("file", "artifact", "file_series", "file_set")
PARAMS = ("parameters", "params", "hyperparameters")
_SYSTEM = ("sys", "monitoring", "source_code", "scripts")
_FOOTER = 1 << 16
_LARGEST_PART = 1 << 30
_MOST_ROWS = 50_000_000


class NeptuneExport:
    """A folder of a project, with a Parquet file or some for each of its runs."""

    name: ClassVar[str] = "neptune_export"
    title: ClassVar[str] = "Neptune export"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """Parquet files named as parts, the first of which says that it holds attributes of runs."""
        parts = [n for n in folder.files if PART.fullmatch(n) and n not in taken]
        if not parts or not _holds_attributes(folder, parts):
            return None
        return Claim(self.name, folder.path, Strength.IDENTITY, "an export of Neptune runs", frozenset(parts))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """A recording for each run, in the order of their names."""
        runs: dict[str, dict[int, str]] = {}
        for name in claim.files:
            match = PART.fullmatch(name)
            if match is not None:
                known = runs.setdefault(match["run"], {})
                # A part that was begun anew beside a whole one: the whole one counts.
                if not match["unfinished"] or int(match["number"]) not in known:
                    known[int(match["number"])] = name
        for run, parts in sorted(runs.items()):
            budget.check(folder.shown)
            reading = _Run(folder)
            if 0 not in parts or any(name.endswith(".tmp") for name in parts.values()):
                message = f"The export of {storable(run)} was not finished: what there is of it is shown"
                hint = "Export this run again."
                reading.problems.append(warning("export-unfinished", folder.where(min(parts.values())), message, hint))
            for _, name in sorted(parts.items()):
                reading.take(name, budget)
            made = reading.recording()
            if made is None:
                yield from reading.problems
            else:
                yield made


def _holds_attributes(folder: Folder, parts: list[str]) -> bool:
    """Whether the end of some part, where Parquet names its columns, names those of an export."""
    for name in parts[:3]:
        size = folder.files[name].size
        try:
            footer = folder.part(name, max(0, size - _FOOTER), _FOOTER)
        except FolderUnreadable:
            continue
        if all(column.encode() in footer for column in _COLUMNS):
            return True
    return False


@dataclass(slots=True)
class _Run:
    """What the parts of a run add up to."""

    folder: Folder
    problems: list[Problem] = field(default_factory=list)
    run_id: str = ""
    project: str = ""
    values: dict[str, Json] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[MetricSeries]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    left_out: dict[str, int] = field(default_factory=dict)

    def take(self, name: str, budget: Budget) -> None:
        """Add a part; what cannot be read of it is a Problem."""
        import polars as pl  # see csv_table

        where = self.folder.where(name)
        try:
            frame = frame_of(self.folder.read(name, min(_LARGEST_PART, budget.metric_bytes)), where)
        except RunfolioError as failure:
            self.problems.append(problem_from(failure, "unreadable-file", where))
            return
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as failure:
            reason = storable(str(failure).partition("\n")[0][:200])
            message = f"Not a Parquet file that can be read: {reason}"
            self.problems.append(warning("bad-parquet", where, message, "Export this run again."))
            return
        for path, kind, rows in _attributes(frame):
            budget.check(where)
            self._add(path, kind, rows, where)
        for column in ("run_id", "project_id"):
            found = frame[column].drop_nulls()
            if column == "run_id":
                self.run_id = self.run_id or (storable(found[0]) if len(found) else "")
            else:
                self.project = self.project or (storable(found[0]) if len(found) else "")

    def _add(self, path: str, kind: str, rows: pl.DataFrame, where: str) -> None:
        if kind == "float_series":
            made = _series(path, rows, where, self.problems)
            self.metrics.setdefault(path, []).append(made)
        elif kind in _FILES:
            for value in rows["file_value"].to_list() if "file_value" in rows.columns else ():
                name = value.get("path") if isinstance(value, dict) else None
                if isinstance(name, str):
                    self.files.add(storable(name.replace("\\", "/")))
        elif kind in TYPED and TYPED[kind] in rows.columns:
            value = plain_value(rows[TYPED[kind]].to_list()[-1])
            self.values[path], self.sources[path] = value, where
        else:
            self.left_out[kind] = self.left_out.get(kind, 0) + rows.height

    def recording(self) -> Recording | None:
        """The run; None when nothing at all could be read of it."""
        if not self.run_id:
            return None
        system = {path[4:]: value for path, value in self.values.items() if path.startswith("sys/")}
        named = [p for p in self.values if p.partition("/")[0] in PARAMS and "/" in p]
        # Neptune 2 has a habit of names for params, Neptune 3 has none: there all that is no figure of its own is one.
        chosen = named or [p for p in self.values if p.partition("/")[0] not in _SYSTEM]
        others = {p: v for p, v in self.values.items() if p not in {*chosen} and not p.startswith("sys/")}
        failed, tags, created = system.get("failed"), system.get("tags"), system.get("creation_time")
        parent, name = system.get("forking/parent"), system.get("name")
        state = system.get("state")
        facts = {"host": system.get("hostname"), "user": system.get("owner")}
        artifacts = [ArtifactRef(path, self._size(path)) for path in sorted(self.files)]
        return Recording(
            format=NeptuneExport.name,
            path=self.folder.shown,
            id=self.run_id,
            identity=f"neptune:{self.project}/{self.run_id}",
            name=name if isinstance(name, str) and name else self.run_id,
            status=RunStatus.FAILED if failed is True else RunStatus.UNKNOWN,
            status_raw=state if isinstance(state, str) else None if failed is None else f"sys/failed={failed}",
            started_us=from_iso(created) if isinstance(created, str) else None,
            experiment=self.project or None,
            parent_id=parent if isinstance(parent, str) and parent else None,
            params=tuple(
                _param(p.partition("/")[2] if named else p, self.values[p], self.sources[p]) for p in sorted(chosen)
            ),
            tags=dict.fromkeys([t for t in tags if isinstance(t, str)] if isinstance(tags, list) else [], ""),
            metrics=tuple(_joined(self.metrics[path]) for path in sorted(self.metrics)),
            artifacts=tuple(artifacts),
            facts={key: value for key, value in facts.items() if isinstance(value, str) and value},
            extra={"sys": {**system}, "other": {**others}, "not_shown": {**self.left_out}},
            problems=tuple(dict.fromkeys(self.problems)),
        )

    def _size(self, path: str) -> int | None:
        """The size of a file in `files` beside `data`, where the tool puts them unless told otherwise."""
        above = self.folder.parent()
        beside = above.parent() if above is not None else None
        home, _, name = f"files/{self.folder.name}/{path}".rpartition("/")
        if beside is None:
            return None
        try:
            entry = beside.sub(home).files.get(name)
        except FolderUnreadable:
            return None
        return entry.size if entry is not None else None


def frame_of(data: bytes, where: str) -> pl.DataFrame:
    """The rows of a part. Raises FolderUnreadable, and what Polars raises."""
    import polars as pl

    lazy = pl.scan_parquet(io.BytesIO(data))
    schema = lazy.collect_schema()
    missing = [column for column in _COLUMNS if schema.get(column) != pl.String]
    if missing:
        raise FolderUnreadable(f"The file has no column {missing[0]} of text: it is no export", where=where)
    usable: dict[str, Callable[[pl.DataType], bool]] = {
        "step": lambda kind: kind.is_numeric(),
        "timestamp": lambda kind: isinstance(kind, pl.Datetime),
        "int_value": lambda kind: kind.is_integer(),
        "float_value": lambda kind: kind.is_float(),
        "string_value": lambda kind: kind == pl.String,
        "bool_value": lambda kind: kind == pl.Boolean,
        "datetime_value": lambda kind: isinstance(kind, pl.Datetime),
        "string_set_value": lambda kind: kind == pl.List(pl.String),
        "file_value": lambda kind: isinstance(kind, pl.Struct),
    }
    odd = [n for n, fits in usable.items() if n in schema and not fits(schema[n])]
    if odd:
        raise FolderUnreadable(f"The column {odd[0]} is of another type than in an export", where=where)
    rows = int(lazy.select(pl.len()).collect().item())
    if rows > _MOST_ROWS:
        raise FolderUnreadable(f"{rows:,} rows are more than is read of one file", where=where)
    return lazy.select([n for n in (*_COLUMNS, *usable) if n in schema]).collect()


def _attributes(frame: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """The rows of each attribute, in written order."""
    for (path, kind), rows in frame.group_by(["attribute_path", "attribute_type"], maintain_order=True):
        if isinstance(path, str) and isinstance(kind, str):
            yield storable(path), kind, rows


def _series(path: str, rows: pl.DataFrame, where: str, problems: list[Problem]) -> MetricSeries:
    """A series as written. Steps are decimal numbers: where some have fractions, the points are counted instead."""
    import polars as pl

    rows = rows.filter(pl.col("float_value").is_not_null()) if "float_value" in rows.columns else rows.clear()
    count = rows.height
    values = rows["float_value"].cast(pl.Float64).to_numpy() if count else np.empty(0)
    step = np.arange(count, dtype=np.int64)
    has_step = False
    if count and "step" in rows.columns and not rows["step"].has_nulls():
        exact = rows["step"].cast(pl.Float64).to_numpy()
        has_step = bool((exact == np.floor(exact)).all())
        if has_step:
            step = rows["step"].cast(pl.Int64).to_numpy()
        else:
            message = f"{path[:80]!r} has steps with fractions: its points are numbered instead"
            problems.append(info("fractional-steps", where, message))
    wall = np.full(count, NO_TIME, dtype=np.int64)
    if count and "timestamp" in rows.columns:
        stamps = rows["timestamp"].dt.replace_time_zone(None).dt.cast_time_unit("us").cast(pl.Int64)
        wall = stamps.fill_null(NO_TIME).to_numpy()
    return MetricSeries(path, np.array(step), np.array(values), np.array(wall), has_step, None, "", where)


def _joined(parts: list[MetricSeries]) -> MetricSeries:
    """A series whose points several parts hold."""
    if len(parts) == 1:
        return parts[0]
    has_step = all(part.has_step for part in parts)
    count = sum(len(part) for part in parts)
    return MetricSeries(
        parts[0].name,
        np.concatenate([p.step for p in parts]) if has_step else np.arange(count, dtype=np.int64),
        np.concatenate([p.value for p in parts]),
        np.concatenate([p.wall_time_us for p in parts]),
        has_step,
        None,
        "",
        parts[0].source,
    )


def _param(path: str, value: Json, where: str) -> Param:
    return Param((path,), text_of(value), value, where)


def plain_value(value: object) -> Json:
    """A cell of an attribute's column as JSON: times as ISO text, sets of texts as lists."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [storable(str(v)) for v in value]
    if isinstance(value, str):
        return storable(value)
    return value if isinstance(value, int | float) else None
