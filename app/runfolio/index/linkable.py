"""What linking looks at, and what it says: recordings without their points, and the runs made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from runfolio.model.problem import Problem

if TYPE_CHECKING:
    from runfolio.model.metrics import Floats


class SeriesMark(NamedTuple):
    """A series as far as linking compares it. `low` and `high` pass over NaN; None where there is no number."""

    name: str
    n: int
    first_step: int | None
    first: float | None
    last_step: int | None
    last: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Linkable:
    """A recording as far as linking needs to know it.

    id              what the caller calls it: a row id of the index, or a position in a list.
    source          which import root it lies under; paths are compared within one source only.
    identity        as `model.run.content_identity` gives it: never empty.
    has_id          whether the identity is the tracker's own rather than a digest of the content.
    params_digest   equal for recordings with equal params; "" where there are none.
    series          their number is always at hand; reading them may cost a query (see `link_marks`).
    named_folders   output folders that its params name, as written on the machine of the run.
    resumed_from    checkpoints that its params say it went on from, likewise.
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
    series: Sequence[SeriesMark]
    named_folders: tuple[str, ...] = ()
    resumed_from: tuple[str, ...] = ()


FOLDER_PARAMS = (
    "output_dir",
    "save_dir",
    "logging_dir",
    "log_dir",
    "work_dir",
    "default_root_dir",
    "args.output_dir",
    "args.save_dir",
)
"""Params in which trainers write their own output folder: HF `output_dir`, YOLO `save_dir`, MMEngine `work_dir`..."""

RESUME_PARAMS = frozenset(
    {
        "resume", "resume_from", "resume_from_checkpoint", "resume_path", "resume_ckpt", "resume_checkpoint",
        "ckpt_path", "checkpoint_path", "load_checkpoint", "restore", "restore_from", "restore_path",
    }
)  # fmt: skip
"""Last parts of the names of params that say from which checkpoint a run goes on."""

Extends: TypeAlias = Callable[[int, int], bool]
"""Asked for (shorter, longer): whether each series of the first recording is how that of the second begins."""

Values: TypeAlias = "Callable[[Sequence[tuple[int, str]]], Sequence[Floats | None]]"
"""Asked for the values of some series, each given as (recording, name); None where they cannot be had."""


@dataclass(frozen=True, slots=True)
class Member:
    """A recording in a run.

    rank      0 is asked first for a param or metric that several members have.
    reason    why it belongs here, for people.
    prefix    put before its metric names ("train/"); empty for most.
    primary   exactly one member gives the run its identity, name and status.
    leg       0 for the first or only leg of a run; series of one name from several legs are laid end to end.
    """

    recording: int
    rank: int
    reason: str
    prefix: str
    primary: bool
    leg: int = 0


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


@dataclass(frozen=True, slots=True)
class LinkProblem:
    """A Problem met while linking, and the recording that it is about."""

    recording: int
    problem: Problem
