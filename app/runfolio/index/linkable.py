"""What linking looks at, and what it says: recordings without their points, and the runs made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

SeriesMark: TypeAlias = tuple[str, int, int | None, float | None, int | None, float | None]
"""(metric name, number of points, first step, first value, last step, last value)."""


@dataclass(frozen=True, slots=True)
class Linkable:
    """A recording as far as linking needs to know it.

    id              what the caller calls it: a row id of the index, or a position in a list.
    source          which import root it lies under; paths are compared within one source only.
    identity        as `model.run.content_identity` gives it: never empty.
    has_id          whether the identity is the tracker's own rather than a digest of the content.
    params_digest   equal for recordings with equal params; "" where there are none.
    """

    id: int
    source: int
    path: str
    format: str
    identity: str
    has_id: bool
    overlay: bool
    precision: str
    name: str | None
    parent_id: str | None
    tracker_id: str
    experiment: str | None
    status: str
    status_raw: str | None
    started_us: int | None
    ended_us: int | None
    params_digest: str
    series: tuple[SeriesMark, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A recording in a run.

    rank      0 is asked first for a param or metric that several members have.
    reason    why it belongs here, for people.
    prefix    put before its metric names ("train/"); empty for most.
    primary   exactly one member gives the run its identity, name and status.
    """

    recording: int
    rank: int
    reason: str
    prefix: str
    primary: bool


@dataclass(frozen=True, slots=True)
class LinkedRun:
    """One execution, gathered from its recordings."""

    key: str
    source: int
    name: str
    experiment: str | None
    status: str
    status_raw: str | None
    started_us: int | None
    ended_us: int | None
    path: str
    format: str
    parent_key: str | None
    members: tuple[Member, ...]
