"""What the records of a W&B log say, gathered into one run.

Source: wandb/proto/wandb_internal.proto of wandb 0.13 to 0.31; field numbers are stable over these versions. Values
are JSON texts; NaN and infinities stand bare in them.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from runfolio.model.params import Json
from runfolio.readers.contract import Budget
from runfolio.readers.documents import Document, parse_json
from runfolio.readers.protobuf import BYTES, FIXED64, VARINT, fields, signed, text

_NAMES = {
    2: "history", 3: "summary", 4: "output", 5: "config", 6: "files", 7: "stats", 8: "artifact", 9: "tbrecord",
    10: "alert", 11: "telemetry", 12: "metric", 13: "output_raw", 17: "run", 18: "exit", 20: "final", 21: "header",
    22: "footer", 23: "preempting", 24: "noop_link_artifact", 25: "use_artifact", 26: "environment",
}  # fmt: skip
Path = tuple[str, ...]


@dataclass(slots=True)
class Series:
    """The points of one metric as they come."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times_us: array[int] = field(default_factory=lambda: array("q"))


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
    started_s, started_ns   the start, UTC; None when there was no run record.
    runtime_s, exit_code    of the exit record; None without one.
    config     by key path: the document of each value.
    history    scalar series by name; `others` names what is in the history and no number.
    summary    the latest value of each key path as W&B shows it.
    stats      system metrics.
    """

    counts: Counter[str] = field(default_factory=Counter)
    texts: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    started_us: int | None = None
    starting_step: int = 0
    resumed: bool = False
    runtime_s: int | None = None
    exit_code: int | None = None
    config: dict[Path, Document] = field(default_factory=dict)
    history: dict[str, Series] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)
    summary: dict[Path, Json] = field(default_factory=dict)
    stats: dict[str, Series] = field(default_factory=dict)
    artifacts: list[LoggedArtifact] = field(default_factory=list)
    environment: dict[str, Json] = field(default_factory=dict)
    last_time_us: int | None = None


class LogReader:
    """Takes the records of one log, one after the other. Raises BadMessage for one that is no message."""

    def __init__(self, where: str, budget: Budget, no_time: int) -> None:
        self.log = Log()
        self._where = where
        self._budget = budget
        self._no_time = no_time
        self._rows = 0
        self._readers: dict[int, Callable[[bytes, int, int], None]] = {
            2: self._history,
            3: self._summary,
            5: self._config,
            7: self._stats,
            8: self._artifact,
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
                    log.started_us = _timestamp_us(data, a, b)
                elif number == 21:
                    log.texts |= _texts(data, a, b, {1: "git_remote", 2: "git_commit"})
            elif kind == VARINT and number == 14:
                log.starting_step = signed(a)
            elif kind == VARINT and number == 18:
                log.resumed = bool(a)
        log.tags = tags or log.tags

    def _exit(self, data: bytes, start: int, end: int) -> None:
        # A message leaves out what is 0: exit code 0 is a record without the field.
        self.log.exit_code, self.log.runtime_s = 0, 0
        for number, kind, a, _ in fields(data, start, end):
            if kind == VARINT and number == 1:
                self.log.exit_code = signed(a)
            elif kind == VARINT and number == 2:
                self.log.runtime_s = signed(a)

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
                for name, value in _texts(data, a, b, {1: "git_remote", 2: "git_commit"}).items():
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
        for number, kind, a, b in fields(data, start, end):
            if kind != BYTES:
                continue
            path, value = self._item(data, a, b)
            if number == 1 and path and value is not None:
                self.log.summary[path] = value.value
            elif number == 2:
                self.log.summary.pop(path, None)

    def _item(self, data: bytes, start: int, end: int) -> tuple[Path, Document | None]:
        path, raw, typed = _parts(data, start, end)
        if raw is not None:
            return path, parse_json(raw, self._where, self._budget)
        return path, Document(typed) if typed is not _ABSENT else None

    def _history(self, data: bytes, start: int, end: int) -> None:
        self._rows += 1
        if self._rows % 1024 == 0:
            self._budget.check(self._where)
        step: int | None = None
        time_us = self._no_time
        found: list[tuple[str, float]] = []
        for number, kind, a, b in fields(data, start, end):
            if kind != BYTES:
                continue
            if number == 2:
                for inner, wire, value, _ in fields(data, a, b):
                    if inner == 1 and wire == VARINT:
                        step = signed(value) if step is None else step
                continue
            if number != 1:
                continue
            path, raw, typed = _parts(data, a, b)
            if not path:
                continue
            name = ".".join(path)
            number_of = _number(raw) if raw is not None else _number_of(typed)
            if name.startswith("_"):
                if name == "_step" and number_of is not None and abs(number_of) < 2**63:
                    step = int(raw) if raw is not None and raw.lstrip(b"-").isdigit() else int(number_of)
                elif name == "_timestamp" and number_of is not None and abs(number_of) < 9e9:
                    time_us = round(number_of * 1e6)
                continue
            if number_of is not None:
                found.append((name, number_of))
            elif raw is not None:
                found += self._nested(name, raw)
            else:
                self.log.others[name] = None
        if step is None:
            step = self._rows - 1
        if time_us != self._no_time:
            self.log.last_time_us = max(time_us, self.log.last_time_us or time_us)
        for name, figure in found:
            _add(self.log.history, name, step, figure, time_us)

    def _nested(self, name: str, raw: bytes) -> Iterator[tuple[str, float]]:
        """The numbers in a JSON object, as wandb before 0.19 wrote nested metrics; anything else is no scalar."""
        value = parse_json(raw, self._where, self._budget).value if raw[:1] == b"{" else None
        if not isinstance(value, dict) or "_type" in value:
            self.log.others[name] = None
            return
        pending: list[tuple[str, Json]] = [(name, value)]
        while pending:
            prefix, here = pending.pop()
            if isinstance(here, dict) and "_type" not in here:
                pending += [(f"{prefix}.{key}", below) for key, below in reversed(here.items())]
            elif (number := _number_of(here)) is not None:
                yield prefix, number
            else:
                self.log.others[prefix] = None

    def _stats(self, data: bytes, start: int, end: int) -> None:
        time_us = self._no_time
        found: list[tuple[str, float]] = []
        for number, kind, a, b in fields(data, start, end):
            if kind == BYTES and number == 2:
                time_us = _timestamp_us(data, a, b)
            elif kind == BYTES and number == 3:
                path, raw, typed = _parts(data, a, b)
                value = _number(raw) if raw is not None else _number_of(typed)
                if path and value is not None:
                    found.append((".".join(path), value))
        for name, value in found:
            series = self.log.stats.get(name)
            _add(self.log.stats, name, 0 if series is None else len(series.values), value, time_us)

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
                made.files += _manifest(data, a, b)
        self.log.artifacts.append(made)


_ABSENT: Json = "\0absent"


def _add(into: dict[str, Series], name: str, step: int, value: float, time_us: int) -> None:
    series = into.get(name)
    if series is None:
        series = into[name] = Series()
    series.steps.append(step)
    series.values.append(value)
    series.times_us.append(time_us)


def _parts(data: bytes, start: int, end: int) -> tuple[Path, bytes | None, Json]:
    """Key path, JSON text and typed value of an item; the text is None, the value _ABSENT where there is none."""
    key = ""
    nested: list[str] = []
    raw: bytes | None = None
    typed: Json = _ABSENT
    for number, kind, a, b in fields(data, start, end):
        if kind == BYTES:
            if number == 1:
                key = text(data, a, b)
            elif number == 2:
                nested.append(text(data, a, b))
            elif number == 16:
                raw = data[a:b]
            elif number == 7:
                typed = text(data, a, b)
            elif number == 8:
                raw = data[a:b]
        elif kind == VARINT and number in (4, 5):
            typed = bool(a) if number == 4 else signed(a)
        elif kind == FIXED64 and number == 6:
            typed = float(struct.unpack_from("<d", data, a)[0])
    return tuple(nested) if nested else ((key,) if key else ()), raw, typed


def _number(raw: bytes) -> float | None:
    """A JSON number, NaN or infinity; None for anything else, truth values included."""
    if raw[:1] not in _NUMBER_STARTS:
        return None
    try:
        return float(raw)
    except ValueError:
        return None


_NUMBER_STARTS = frozenset(bytes([c]) for c in b"-0123456789NI")


def _number_of(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _texts(data: bytes, start: int, end: int, names: dict[int, str]) -> dict[str, str]:
    return {names[n]: text(data, a, b) for n, kind, a, b in fields(data, start, end) if kind == BYTES and n in names}


def _timestamp_us(data: bytes, start: int, end: int) -> int:
    seconds = nanos = 0
    for number, kind, a, _ in fields(data, start, end):
        if kind == VARINT and number == 1:
            seconds = signed(a)
        elif kind == VARINT and number == 2:
            nanos = signed(a)
    return seconds * 1_000_000 + nanos // 1000


def _manifest(data: bytes, start: int, end: int) -> list[Json]:
    found: list[Json] = []
    for number, kind, a, b in fields(data, start, end):
        if number != 4 or kind != BYTES:
            continue
        entry: dict[str, Json] = {}
        for inner, wire, c, d in fields(data, a, b):
            if wire == BYTES and inner in (1, 2, 3):
                entry[{1: "path", 2: "digest", 3: "ref"}[inner]] = text(data, c, d)
            elif wire == VARINT and inner == 4:
                entry["size"] = signed(c)
        found.append(entry)
    return found
