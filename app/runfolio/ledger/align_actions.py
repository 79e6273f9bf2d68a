"""Decisions about metric names as events: shown as one, no longer, under another name; or not one metric at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from runfolio.errors import UsageError
from runfolio.ledger.events import Action, Event
from runfolio.ledger.state import LedgerState, aligned_names
from runfolio.model.alignment import AlignedName, Alignment, is_scale
from runfolio.model.display import plain
from runfolio.model.params import Json


def align(
    state: LedgerState,
    changes: Mapping[str, Sequence[AlignedName]],
    *,
    time_us: int,
    actor: str,
    reason: str,
) -> Event:
    """Show names as one metric, by the name they are shown under; no names end what stands under it.

    A target may be among its own names with scale 1, which says nothing. Raises UsageError for a scale that is none,
    for a name that another alignment has, and when nothing would change.
    """
    after = {target: _checked(target, names) for target, names in changes.items()}
    before = {target: _standing(state, target) for target in after}
    if after == before:
        raise UsageError("Nothing to do: the names are aligned like that already")
    if lacking := [target for target in after if not after[target] and not before[target]]:
        raise UsageError(f"No names are shown as {plain(lacking[0], 80)!r}")
    _check_overlaps(state, after)
    made: list[Json] = [
        {"target": target, "before": _written(before[target]), "after": _written(after[target])}
        for target in after
        if after[target] != before[target]
    ]
    return Event(time_us, actor, Action.ALIGN, (), {"changes": made}, reason)


def keep_apart(state: LedgerState, names: Sequence[str], *, time_us: int, actor: str, reason: str) -> Event:
    """Say that names are not one metric, so that they are not suggested together. Raises UsageError."""
    different = sorted(set(names))
    if len(different) < 2:
        raise UsageError("It takes two names to say that they are not one metric")
    if any(set(different) <= set(d.names) for d in state.dismissals.values()):
        raise UsageError("These names are kept apart already")
    named: list[Json] = [*different]
    return Event(time_us, actor, Action.APART, (), {"names": named, "stands": True}, reason)


def inverse_payload(payload: Mapping[str, Json]) -> dict[str, Json]:
    """What takes an ALIGN event back."""
    made: list[Json] = [{"target": c["target"], "before": c["after"], "after": c["before"]} for c in _changes(payload)]
    return {"changes": made}


def check_inverse(state: LedgerState, payload: Mapping[str, Json], number: int) -> None:
    """Raises UsageError when later decisions stand on the entry that `payload` takes back."""
    after: dict[str, tuple[AlignedName, ...]] = {}
    for change in _changes(payload):
        target = str(change["target"])
        if _standing(state, target) != aligned_names(change["before"]):
            raise UsageError(
                f"What is shown as {plain(target, 80)} was changed since entry {number}",
                hint="Take the later decision back first, or make a new one.",
            )
        after[target] = aligned_names(change["after"])
    _check_overlaps(state, after)


def subject(event: Event) -> str:
    """What the event is about."""
    if event.action is Action.APART:
        return f"{len(cast('list[str]', event.payload['names']))} metrics"
    return f"metric {plain(str(_changes(event.payload)[-1]['target']), 80)}"


def summary(event: Event) -> str:
    """The event in words."""
    if event.action is Action.APART:
        names = ", ".join(plain(name, 80) for name in cast("list[str]", event.payload["names"]))
        return f"{names} are not one metric"
    told = []
    for change in _changes(event.payload):
        target = plain(str(change["target"]), 80)
        shown = ", ".join(n.words for n in aligned_names(change["after"]))
        told.append(f"{shown} shown as {target}" if shown else f"nothing else is shown as {target}")
    return "; ".join(told)


def _checked(target: str, names: Sequence[AlignedName]) -> tuple[AlignedName, ...]:
    if not target.strip():
        raise UsageError("The name to show metrics under is empty")
    found: dict[str, AlignedName] = {}
    for aligned in names:
        if not is_scale(aligned.scale):
            raise UsageError(
                f"{aligned.scale} is no scale for {plain(aligned.name, 80)}", hint="It is a number above 0."
            )
        if aligned.name == target and aligned.scale != 1.0:
            raise UsageError(
                f"{plain(target, 80)} cannot be shown as itself times {aligned.scale}",
                hint="Choose another name to show all of them under.",
            )
        if found.setdefault(aligned.name, aligned) != aligned:
            raise UsageError(f"{plain(aligned.name, 80)} is named with two scales")
    found.pop(target, None)
    if names and not found:
        raise UsageError(f"No other name than {plain(target, 80)} is given")
    return tuple(found.values())


def _check_overlaps(state: LedgerState, after: Mapping[str, Sequence[AlignedName]]) -> None:
    """Each name is shown under one other at most, and what is shown under another is no target itself."""
    standing = {target: a.names for target, a in state.alignments.items()} | dict(after)
    shown_as: dict[str, str] = {}
    for target, names in standing.items():
        for aligned in names:
            other = shown_as.setdefault(aligned.name, target)
            if other != target:
                raise UsageError(
                    f"{plain(aligned.name, 80)} is shown as {plain(other, 80)} already",
                    hint="Take it out of there first.",
                )
    for target, names in standing.items():
        if names and target in shown_as:
            raise UsageError(
                f"{plain(target, 80)} is itself shown as {plain(shown_as[target], 80)}",
                hint="Show all names under one of them.",
            )


def _standing(state: LedgerState, target: str) -> tuple[AlignedName, ...]:
    return state.alignments.get(target, Alignment(target, ())).names


def _written(names: Sequence[AlignedName]) -> list[Json]:
    return [{"name": n.name, "scale": n.scale} for n in names]


def _changes(payload: Mapping[str, Json]) -> list[dict[str, Json]]:
    return cast("list[dict[str, Json]]", payload["changes"])
