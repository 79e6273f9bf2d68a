"""Model versions, their stages, the gates before a promotion, and the decisions that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from runfolio.model.run import RunKey
from runfolio.model.stage import Stage


class Outcome(StrEnum):
    """The result of a gate; SIGN_OFF waits for a person."""

    PASS = "pass"
    FAIL = "fail"
    SIGN_OFF = "needs sign-off"


@dataclass(frozen=True, slots=True)
class Gate:
    """One check before a promotion.

    kind        "metric" (a metric of the run against a bound), "not_worse" (against the version now in
                production), "status", "dataset" (a digest is recorded), "sign_off" (a second person).
    metric      its name for the kinds that look at one.
    aggregate   which figure of the series: last, min, max.
    operator    one of >=, >, <=, <, ==.
    threshold   the bound, or for "not_worse" how much worse is still allowed (0 or more).
    stages      the target stages it guards; empty means all of them.
    """

    name: str
    kind: str
    metric: str = ""
    aggregate: str = "last"
    operator: str = ""
    threshold: float = 0.0
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate saw. `observed` is the figure as text, `evidence` says where it comes from."""

    gate: str
    outcome: Outcome
    observed: str
    wanted: str
    evidence: str


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A numbered version of a named model, made from a run. `version` counts from 1 within `model`."""

    model: str
    version: int
    run: RunKey
    run_name: str
    stage: Stage
    aliases: tuple[str, ...]
    created_us: int
    created_by: str


@dataclass(frozen=True, slots=True)
class RunMarks:
    """What the user has put on one run; from the ledger, never from the folder. `color` is 1 to 10, 0 for none."""

    tags: tuple[str, ...] = ()
    note: str = ""
    versions: tuple[ModelVersion, ...] = ()
    starred: bool = False
    color: int = 0
    hidden: bool = False
    archived: bool = False

    @property
    def stage(self) -> Stage:
        """The furthest stage that any version of a model made from this run has reached."""
        order = (Stage.NONE, Stage.ARCHIVED, Stage.CANDIDATE, Stage.STAGING, Stage.PRODUCTION)
        return max((v.stage for v in self.versions), key=order.index, default=Stage.NONE)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of the audit trail.

    number    1-based position in the chain.
    action    "tag", "note", "mark", "promote", "alias", "sign-off", "link", "align", "apart", "known-as", or "undo".
    subject   what it was about, in words ("run amber-heron", "resnet-cifar version 7").
    summary   one sentence for people.
    reason    why, as the user gave it; may be empty where none is asked for.
    digest    SHA-256 of the line, 64 hex digits.
    undone    number of the entry that took it back, or None.
    """

    number: int
    time_us: int
    actor: str
    action: str
    subject: str
    summary: str
    reason: str
    digest: str
    details: Mapping[str, object]
    undone: int | None = None
