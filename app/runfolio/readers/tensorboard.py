"""TensorBoard event files, by any writer, without TensorBoard, TensorFlow or protobuf.

A recording is a folder that directly holds event files, as in TensorBoard itself; all its files are read in name
order and every point is kept in written order. Points that TensorBoard would purge after a restart are kept.

Source: the formats named in `framing`, `protobuf` and `tensorboard_events`; the rule for run folders is
tensorboard.backend.event_processing.io_wrapper.IsTensorFlowEventsFile.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from runfolio.errors import RunfolioError
from runfolio.model import times
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.params import Json, Param, text_of
from runfolio.model.problem import Problem
from runfolio.model.run import Precision, Recording, RunStatus
from runfolio.readers.contract import Budget, Claim, Strength, error, info, problem_from, warning
from runfolio.readers.folder import Folder
from runfolio.readers.framing import Fault, frames
from runfolio.readers.tensorboard_events import FileEvents, decode, sound_walls

_CHUNK = 64 << 20
_LARGEST_RECORD = 1 << 30
_HOST = re.compile(r"events\.out\.tfevents\.\d+\.(?P<host>[A-Za-z0-9][A-Za-z0-9_-]{0,62})")
_STATUSES = {1: RunStatus.FINISHED, 2: RunStatus.FAILED, 3: RunStatus.RUNNING}
_LAST_RULE = "last value in the event files"


@dataclass(slots=True)
class _Collected:
    """What the files of one folder add up to."""

    parts: dict[str, list[tuple[Ints, Ints, Floats]]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    plugins: dict[str, str] = field(default_factory=dict)
    non_scalar: dict[str, Counter[str]] = field(default_factory=dict)
    hparams: dict[str, Json] = field(default_factory=dict)
    doubles: set[str] = field(default_factory=set)
    end_status: int | None = None
    first_wall: float | None = None
    span: tuple[float, float] | None = None
    restarts: list[int] = field(default_factory=list)
    records: int = 0
    odd_times: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, events: FileEvents, source: str) -> None:
        for tag, (_, steps, walls, values) in events.columns.items():
            wall_us, odd = _microseconds(walls)
            self.odd_times += odd
            self.parts.setdefault(tag, []).append((steps, wall_us, values))
            self.sources.setdefault(tag, source)
        for kind, counts in events.non_scalar.items():
            self.non_scalar.setdefault(kind, Counter()).update(counts)
        self.hparams.update(events.hparams)
        self.doubles |= events.doubles
        self.end_status = events.end_status if events.end_status is not None else self.end_status
        self.first_wall = self.first_wall if self.first_wall is not None else events.first_wall
        if events.span:
            low, high = self.span or events.span
            self.span = (min(low, events.span[0]), max(high, events.span[1]))
        self.restarts += events.restarts
        self.records += events.records


class TensorBoard:
    """Scalars old and new style, hparams, and a count of everything else."""

    name: ClassVar[str] = "tensorboard"
    title: ClassVar[str] = "TensorBoard"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder that directly holds a file with `tfevents` in its name."""
        files = frozenset(n for n in folder.files if _is_event_file(n) and n not in taken)
        odd = [o for o in folder.listing.odd if _is_event_file(o.name)]
        if not files and not odd:
            return None
        return Claim(self.name, folder.path, Strength.FORMAT, "event files of TensorBoard", files)

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording for the folder; problems alone when no file of it holds a single record."""
        found = _Collected()
        for odd in folder.listing.odd:
            if _is_event_file(odd.name):
                message = f"A {odd.kind}, not a regular file: it was not opened"
                found.problems.append(error("not-a-file", folder.where(odd.name), message))
        for name in sorted(claim.files):
            budget.check(folder.where(name))
            self._read_file(folder, name, found, budget)
        if found.odd_times:
            found.problems.append(
                warning(
                    "odd-wall-time",
                    folder.where(min(claim.files)),
                    f"{found.odd_times:,} points have a wall time that no clock can have shown; it was left out",
                    "The points themselves are kept; they are missing on a wall time axis.",
                )
            )
        if not found.records:
            yield from found.problems
            if not found.problems:
                where = folder.where(min(claim.files))
                yield error("empty-file", where, "The event file is empty", "The run ended before it wrote anything.")
            return
        yield _recording(folder, claim, found)

    def _read_file(self, folder: Folder, name: str, found: _Collected, budget: Budget) -> None:
        where = folder.where(name)
        size = folder.files[name].size
        offset, chunk, number = 0, _CHUNK, 0
        if size == 0:
            found.problems.append(
                error("empty-file", where, "The event file is empty", "The run ended before it wrote anything.")
            )
        while offset < size:
            budget.check(where)
            try:
                data = folder.part(name, offset, chunk)
            except RunfolioError as failure:
                found.problems.append(problem_from(failure, "unreadable", where))
                return
            framed = frames(data)
            events = decode(data, framed.spans, found.plugins)
            found.add(events, where)
            for record, at, why in events.bad:
                found.problems.append(
                    warning("bad-record", where, f"Record {number + record} cannot be decoded: {why}", "", offset + at)
                )
            more = offset + len(data) < size and len(data) == chunk
            fault = framed.faults[-1] if framed.faults else None
            for skipped in framed.faults:
                if not skipped.fatal:
                    found.problems.append(_fault_problem(where, skipped, number, offset, size))
            if fault is not None and fault.cut and more:
                # The record goes on past what was read: read again from its start, with room for all of it.
                number += fault.record - 1
                offset += framed.sound_bytes
                if framed.sound_bytes == 0:
                    chunk *= 4
                    if chunk > _LARGEST_RECORD:
                        found.problems.append(_fault_problem(where, fault, number, offset, size))
                        return
                continue
            if fault is not None and fault.fatal:
                found.problems.append(_fault_problem(where, fault, number, offset, size))
                return
            number += len(framed.spans) + len(framed.faults)
            offset += len(data)


def _is_event_file(name: str) -> bool:
    return "tfevents" in name and not name.endswith(".profile-empty")


def _fault_problem(where: str, fault: Fault, before: int, offset: int, size: int) -> Problem:
    at = offset + fault.offset
    if not fault.fatal:
        hint = "That record was left out; the others are shown. Copy the file again if the original is sound."
        return warning("bad-checksum", where, f"{fault.message[0].upper()}{fault.message[1:]}", hint, at)
    kept = before + fault.record - 1
    message = f"{fault.message[0].upper()}{fault.message[1:]}; the {kept:,} before it are shown"
    if fault.cut:
        hint = "Normal for a run that was killed or is still being written; else copy the file again."
        return warning("cut-record", where, message, hint, at)
    lost = size - at
    return warning("bad-length", where, f"{message}, {lost:,} bytes after it are not", "Copy the file again.", at)


def _microseconds(walls: Floats) -> tuple[Ints, int]:
    sound = sound_walls(walls)
    micros = np.full(len(walls), times.NO_TIME, dtype=np.int64)
    micros[sound] = np.round(walls[sound] * 1e6).astype(np.int64)
    return micros, len(walls) - int(sound.sum())


def _recording(folder: Folder, claim: Claim, found: _Collected) -> Recording:
    metrics = []
    for tag, parts in found.parts.items():
        steps = np.concatenate([p[0] for p in parts])
        walls = np.concatenate([p[1] for p in parts])
        values = np.concatenate([p[2] for p in parts])
        final = float(values[-1])
        metrics.append(MetricSeries(tag, steps, values, walls, True, final, _LAST_RULE, found.sources[tag]))
    low, high = found.span or (None, None)
    host = next((m["host"] for n in sorted(claim.files) if (m := _HOST.match(n))), None)
    problems = found.problems
    if not metrics and not found.hparams:
        problems.append(info("no-scalars", folder.where(min(claim.files)), "The event files hold no scalars"))
    return Recording(
        format=TensorBoard.name,
        path=folder.shown,
        id=folder.shown,
        status=_STATUSES.get(found.end_status or 0, RunStatus.UNKNOWN),
        status_raw=found.end_status,
        started_us=_instant(low),
        ended_us=_instant(high),
        params=tuple(Param((key,), text_of(value), value) for key, value in found.hparams.items()),
        metrics=tuple(metrics),
        facts={"host": host} if host else {},
        extra=_extra(claim, found),
        problems=tuple(problems),
        precision=Precision.FLOAT32 if found.parts.keys() - found.doubles else Precision.TEXT,
    )


def _instant(seconds: float | None) -> int | None:
    return None if seconds is None or seconds <= 0 else times.from_seconds(seconds)


def _extra(claim: Claim, found: _Collected) -> dict[str, Json]:
    extra: dict[str, Json] = {
        "event_files": [*sorted(claim.files)],
        "first_event": times.to_iso(_instant(found.first_wall)),
        "non_scalar": {
            tag: {"count": count, "plugin": kind}
            for kind, counts in sorted(found.non_scalar.items())
            for tag, count in sorted(counts.items())
        },
    }
    if found.restarts:
        extra["restarts_at"] = [*found.restarts]
    return extra
