"""TensorBoard event files, by any writer, without TensorBoard, TensorFlow or protobuf.

A recording is a folder that directly holds event files, as in TensorBoard itself; all its files are read in name
order and every point is kept in written order. Points that TensorBoard would purge after a restart are kept.

Source: the formats named in `framing`, `protobuf` and `tensorboard_proto`; the rule for run folders is
tensorboard.backend.event_processing.io_wrapper.IsTensorFlowEventsFile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from runfolio.model import times
from runfolio.model.display import storable
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.params import Json, Param, text_of
from runfolio.model.problem import Problem
from runfolio.model.run import CONTENT, Precision, Recording, RunStatus, content_digest
from runfolio.readers.contract import Appended, Budget, Claim, Strength, error, info, warning
from runfolio.readers.folder import Folder
from runfolio.readers.tensorboard_events import FolderEvents, sound_walls
from runfolio.readers.tensorboard_files import read_file

# `events.out.tfevents.<seconds>.<host>`, by most writers with `.<process>.<number>` and a suffix behind it.
_NAME = re.compile(r"events\.out\.tfevents\.\d+\.(?P<rest>.+)", re.DOTALL)
_ADDRESS = re.compile(r"(?P<host>\d{1,3}(?:\.\d{1,3}){3})(?:\.|$)")
_HOST = re.compile(
    r"(?P<host>[A-Za-z][A-Za-z0-9_-]{0,62}(?:\.[A-Za-z0-9_-]{1,63})*?)(?:\.\d+\.\d+(?:\..*)?|\.v2)?", re.DOTALL
)
_STATUSES = {1: RunStatus.FINISHED, 2: RunStatus.FAILED, 3: RunStatus.RUNNING}
_LAST_RULE = "last value in the event files"


class TensorBoard:
    """Scalars old and new style, params and status of the hparams plugin, and a count of everything else."""

    name: ClassVar[str] = "tensorboard"
    title: ClassVar[str] = "TensorBoard"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder that directly holds a file with `tfevents` in its name."""
        files = frozenset(n for n in folder.files if _is_event_file(n) and n not in taken)
        odd = [o for o in folder.listing.odd if _is_event_file(o.name)]
        if not files and not odd:
            return None
        return Claim(self.name, folder.path, Strength.FORMAT, "event files of TensorBoard", files)

    def appended(self, name: str) -> Appended | None:
        """All that is claimed."""
        return Appended.RECORDS

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording for the folder; problems alone when no file of it holds a single record."""
        problems = [
            error("not-a-file", folder.where(odd.name), f"A {odd.kind}, not a regular file: it was not opened")
            for odd in folder.listing.odd
            if _is_event_file(odd.name)
        ]
        events = FolderEvents(budget.names)
        for name in sorted(claim.files):
            problems += read_file(folder, name, events, budget)
        if not events.records:
            yield from problems
            return
        yield _recording(folder, claim, events, problems)


def _is_event_file(name: str) -> bool:
    return "tfevents" in name and not name.endswith(".profile-empty")


def _recording(folder: Folder, claim: Claim, events: FolderEvents, problems: list[Problem]) -> Recording:
    metrics: list[MetricSeries] = []
    span = _Span()
    counts, steps, walls, values = events.columns()
    wall_us = span.take(walls)
    begin = 0
    for (tag, points), count in zip(events.points.items(), counts, strict=True):
        own = slice(begin, begin := begin + count)
        last = float(values[begin - 1])
        metrics.append(MetricSeries(tag, steps[own], values[own], wall_us[own], True, last, _LAST_RULE, points.source))
    if events.other_walls:
        span.take(np.array(events.other_walls))
    first_file = folder.where(min(claim.files))
    session = events.session
    if not metrics and not session.params:
        problems.append(info("no-scalars", first_file, "The event files hold no scalars"))
    problems += _doubts(events, span, first_file)
    return Recording(
        format=TensorBoard.name,
        path=folder.shown,
        id=folder.shown,
        identity="" if metrics else _identity(claim, events),
        status=_STATUSES.get(session.status or 0, RunStatus.UNKNOWN),
        status_raw=session.status,
        started_us=span.first_us,
        ended_us=span.last_us,
        params=tuple(Param((key,), text_of(value), value) for key, value in session.params.items()),
        metrics=tuple(metrics),
        facts=_facts(claim),
        extra=_extra(claim, events),
        problems=tuple(problems),
        precision=Precision.FLOAT32 if events.points.keys() - events.wider else Precision.TEXT,
    )


def _identity(claim: Claim, events: FolderEvents) -> str:
    """What tells writers without scalars apart, whose folders are often called alike (`runs`, `tb`): the first file."""
    params = [part for key, value in sorted(events.session.params.items()) for part in (key, text_of(value))]
    first = [storable(min(claim.files)), repr(events.first_wall)]
    return f"{CONTENT}{content_digest([TensorBoard.name, *first, *params])}"


class _Span:
    """Earliest and latest wall time in microseconds, and how many wall times no clock can have shown."""

    def __init__(self) -> None:
        self.first_us: int | None = None
        self.last_us: int | None = None
        self.odd = 0

    def take(self, walls: Floats) -> Ints:
        """The wall times (seconds) in microseconds, NO_TIME for those that cannot be."""
        sound = sound_walls(walls)
        known = walls if sound.all() else walls[sound]
        micros = known = np.rint(known * 1e6).astype(np.int64)
        if len(known) < len(walls):
            micros = np.full(len(walls), times.NO_TIME, dtype=np.int64)
            micros[sound] = known
            self.odd += len(walls) - len(known)
        if len(known):
            low, high = int(known.min()), int(known.max())
            self.first_us = low if self.first_us is None else min(low, self.first_us)
            self.last_us = high if self.last_us is None else max(high, self.last_us)
        return micros


def _doubts(events: FolderEvents, span: _Span, first_file: str) -> Iterator[Problem]:
    if span.odd:
        message = f"{span.odd:,} points have a wall time that no clock can have shown; it was left out"
        hint = "The points themselves are kept; they are missing on a wall time axis."
        yield warning("odd-wall-time", first_file, message, hint)
    if events.dropped:
        message = f"{events.dropped:,} values were left out: their names came after the most that are kept"
        yield warning("too-many-metrics", first_file, message)
    for key, value in list(events.session.changed.items())[:5]:
        kept = text_of(events.session.params[key])
        message = f"The param {key} is {kept} in one session and {text_of(value)} in a later one; the first is shown"
        yield info("params-changed", first_file, message, "TensorBoard shows the first as well.")


def _facts(claim: Claim) -> dict[str, str]:
    hosts = (_host(name) for name in sorted(claim.files))
    host = next((h for h in hosts if h), None)
    return {"host": host} if host else {}


def _host(file_name: str) -> str | None:
    """The machine that a file name tells of; None where it does not tell plainly."""
    named = _NAME.fullmatch(file_name)
    if not named:
        return None
    found = _ADDRESS.match(named["rest"]) or _HOST.fullmatch(named["rest"])
    return found["host"] if found else None


def _extra(claim: Claim, events: FolderEvents) -> dict[str, Json]:
    others: dict[str, Json] = {}
    for tag, other in sorted(events.others.items()):
        shown: dict[str, Json] = {"count": other.count, "plugin": other.plugin}
        others[tag] = {**shown, "first_text": [*other.texts]} if other.texts else shown
    extra: dict[str, Json] = {
        "event_files": [*sorted(claim.files)],
        "first_event": _iso(events.first_wall),
        "non_scalar": others,
    }
    session = events.session
    if session.group is not None:
        extra |= {"hparams_group": session.group, "hparams_start_s": session.start_s}
    if session.status is not None:
        extra["hparams_status"] = session.status
    if events.restarts:
        extra["restarts_at"] = [*events.restarts]
    return extra


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None or seconds <= 0 else times.to_iso(times.from_seconds(seconds))
