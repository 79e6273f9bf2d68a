"""What the records of a W&B log say, gathered into one run.

Source: wandb/proto/wandb_internal.proto of wandb 0.13 to 0.31; field numbers are stable over these versions. Values
are JSON texts; NaN and infinities stand bare in them. A row of history is followed by a summary of the same keys, so
the time goes into items: their keys are decoded once, and a summary is only read when all of it is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget
from runfolio.readers.documents import Document, parse_json
from runfolio.readers.protobuf import BYTES, VARINT, fields, signed, timestamp_us
from runfolio.readers.wandb_history import History, Series
from runfolio.readers.wandb_values import (
    ABSENT,
    Path,
    key_path,
    manifest,
    number_in,
    number_of,
    parts,
    split_item,
    text,
    texts,
)

_NAMES = {
    2: "history", 3: "summary", 4: "output", 5: "config", 6: "files", 7: "stats", 8: "artifact", 9: "tbrecord",
    10: "alert", 11: "telemetry", 12: "metric", 13: "output_raw", 17: "run", 18: "exit", 20: "final", 21: "header",
    22: "footer", 23: "preempting", 24: "noop_link_artifact", 25: "use_artifact", 26: "environment",
}  # fmt: skip
_NOT_COMPLETE = 3
"""In the exit record of a process that leaves the run to others."""
_SUMMARIES = {1: "min", 2: "max", 3: "mean", 4: "best", 5: "last", 6: "none", 7: "copy", 8: "first"}
_PROBLEMS = 20
_GOALS = {1: "minimize", 2: "maximize"}


@dataclass(slots=True)
class LoggedArtifact:
    """An artifact that the run logged."""

    kind: str = ""
    name: str = ""
    digest: str = ""
    metadata: str = ""
    aliases: list[str] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Log:
    """Everything that a log told.

    texts      single facts by name (run_id, project, display_name, ...).
    started_us   the start, UTC; None when there was no run record.
    runtime_s, exit_code    of the exit record; None without one.
    config     by key path: the document of each value.
    summary    the latest value of each key path as W&B shows it.
    stats      system metrics.
    problems   of the first values that could not be read whole.
    defined    what `define_metric` said of a metric or a pattern of names.
    """

    history: History
    counts: Counter[str] = field(default_factory=Counter)
    texts: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    started_us: int | None = None
    starting_step: int = 0
    resumed: bool = False
    runtime_s: int | None = None
    exit_code: int | None = None
    config: dict[Path, Document] = field(default_factory=dict)
    summary: dict[Path, Json] = field(default_factory=dict)
    stats: dict[str, Series] = field(default_factory=dict)
    artifacts: list[LoggedArtifact] = field(default_factory=list)
    defined: dict[str, Json] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    environment: dict[str, Json] = field(default_factory=dict)


class LogReader:
    """Takes the records of one log, one after the other. Raises BadMessage for one that is no message."""

    def __init__(self, where: str, budget: Budget) -> None:
        self.log = Log(History(where, budget))
        self._where = where
        self._budget = budget
        self._pending: dict[bytes, bytes] = {}
        self._readers: dict[int, Callable[[bytes, int, int], None]] = {
            2: self.log.history.take,
            3: self._summary,
            5: self._config,
            7: self._stats,
            8: self._artifact,
            12: self._metric,
            17: self._run,
            18: self._exit,
            26: self._environment,
        }

    def take(self, data: bytes) -> None:
        """One record."""
        for number, kind, a, b in fields(data, 0, len(data)):
            name = _NAMES.get(number)
            if name is None or kind != BYTES:
                continue
            self.log.counts[name] += 1
            reader = self._readers.get(number)
            if reader is not None:
                reader(data, a, b)

    def finish(self) -> Log:
        """The log, when its last record has been taken."""
        self._settle()
        return self.log

    def _parsed(self, raw: bytes) -> Document:
        document = parse_json(raw, self._where, self._budget)
        if len(self.log.problems) < _PROBLEMS:
            self.log.problems += document.problems
        return document

    # --- the run -----------------------------------------------------------------------------------------------

    def _run(self, data: bytes, start: int, end: int) -> None:
        log = self.log
        names = {
            1: "run_id", 2: "entity", 3: "project", 6: "group", 7: "job_type", 8: "display_name", 9: "notes",
            12: "sweep_id", 13: "host",
        }  # fmt: skip
        tags: list[str] = []
        for number, kind, a, b in fields(data, start, end):
            if kind == BYTES:
                if number in names:
                    log.texts[names[number]] = text(data, a, b)
                elif number == 4:
                    self._config(data, a, b)
                elif number == 5:
                    self._summary(data, a, b)
                elif number == 10:
                    tags.append(text(data, a, b))
                elif number == 17:
                    log.started_us = log.history.started_us = timestamp_us(data, a, b)
                elif number == 21:
                    log.texts |= texts(data, a, b, {1: "git_remote", 2: "git_commit"})
            elif kind == VARINT and number == 14:
                log.starting_step = signed(a)
            elif kind == VARINT and number == 18:
                log.resumed = bool(a)
        log.tags = tags or log.tags

    def _exit(self, data: bytes, start: int, end: int) -> None:
        # A message leaves out what is 0: exit code 0 is a record without the field.
        given = {number: signed(a) for number, kind, a, _ in fields(data, start, end) if kind == VARINT}
        self.log.runtime_s = given.get(2, 0)
        if not given.get(_NOT_COMPLETE):
            self.log.exit_code = given.get(1, 0)

    def _metric(self, data: bytes, start: int, end: int) -> None:
        """What `define_metric` said: the axis of a metric, what its summary keeps, and which way is better."""
        name = ""
        said: dict[str, Json] = {}
        for number, kind, a, b in fields(data, start, end):
            if kind == BYTES and number in (1, 2):
                name = text(data, a, b)
            elif kind == BYTES and number == 4:
                said["step_metric"] = text(data, a, b)
            elif kind == BYTES and number == 7:
                kept = [n for n, wire, value, _ in fields(data, a, b) if wire == VARINT and value]
                said["summary"] = [_SUMMARIES[n] for n in kept if n in _SUMMARIES]
            elif kind == VARINT and number == 8 and a in _GOALS:
                said["goal"] = _GOALS[a]
        if name and said:
            self.log.defined[name] = said

    def _environment(self, data: bytes, start: int, end: int) -> None:
        names = {1: "os", 2: "python", 6: "program", 7: "code_path", 11: "root", 12: "host", 14: "executable"}
        found = self.log.environment
        args: list[Json] = []
        for number, kind, a, b in fields(data, start, end):
            if kind == BYTES and number in names:
                found[names[number]] = text(data, a, b)
            elif kind == BYTES and number == 5:
                args.append(text(data, a, b))
            elif kind == BYTES and number == 9:
                for name, value in texts(data, a, b, {1: "git_remote", 2: "git_commit"}).items():
                    self.log.texts.setdefault(name, value)
            elif kind == VARINT and number in (16, 19):
                found["cpu_count" if number == 16 else "gpu_count"] = signed(a)
        if args:
            found["args"] = args

    # --- values ------------------------------------------------------------------------------------------------

    def _config(self, data: bytes, start: int, end: int) -> None:
        for number, kind, a, b in fields(data, start, end):
            if kind != BYTES:
                continue
            path, value = self._item(data, a, b)
            if not path:
                continue
            if number == 1:
                if value is not None:
                    self.log.config[path] = value
            elif number == 2:
                self.log.config.pop(path, None)

    def _summary(self, data: bytes, start: int, end: int) -> None:
        pending = self._pending
        for number, kind, a, b in fields(data, start, end):
            if kind != BYTES:
                continue
            if number == 1:
                split = split_item(data[a:b])
                if split is not None:
                    pending[split[0]] = split[1]
                    continue
            # Removals, and items made otherwise, take effect in the order they were written.
            self._settle()
            path, value = self._item(data, a, b)
            if number == 1 and path and value is not None:
                self.log.summary[path] = value.value
            elif number == 2:
                self.log.summary.pop(path, None)

    def _settle(self) -> None:
        """Read the summary as it stands."""
        for key, raw in self._pending.items():
            path = key_path(key)
            if path is not None:
                self.log.summary[path] = self._parsed(raw).value
        self._pending.clear()

    def _item(self, data: bytes, start: int, end: int) -> tuple[Path, Document | None]:
        path, raw, typed = parts(data, start, end)
        if raw is not None:
            return path, self._parsed(raw)
        return path, Document(typed) if typed is not ABSENT else None

    def _stats(self, data: bytes, start: int, end: int) -> None:
        time_us: int | None = None
        found: list[tuple[str, float]] = []
        for number, kind, a, b in fields(data, start, end):
            if kind == BYTES and number == 2:
                time_us = timestamp_us(data, a, b)
            elif kind == BYTES and number == 3:
                path, raw, typed = parts(data, a, b)
                value = number_in(raw) if raw is not None else number_of(typed)
                if path and value is not None:
                    found.append((".".join(path), value))
        for name, value in found:
            self.log.stats.setdefault(name, Series()).add(0, value, NO_TIME if time_us is None else time_us)

    def _artifact(self, data: bytes, start: int, end: int) -> None:
        made = LoggedArtifact()
        for number, kind, a, b in fields(data, start, end):
            if kind != BYTES:
                continue
            if number == 4:
                made.kind = text(data, a, b)
            elif number == 5:
                made.name = text(data, a, b)
            elif number == 6:
                made.digest = text(data, a, b)
            elif number == 8:
                made.metadata = text(data, a, b)
            elif number == 11:
                made.aliases.append(text(data, a, b))
            elif number == 12:
                made.files += manifest(data, a, b)
        self.log.artifacts.append(made)
