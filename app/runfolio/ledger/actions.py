"""What a user does, as events, and for each event the one that takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from runfolio.errors import NotFound, UsageError
from runfolio.ledger import align_actions, mark_actions, names
from runfolio.ledger.events import Action, Entry, Event, Witness
from runfolio.ledger.state import LedgerState
from runfolio.model.display import plain
from runfolio.model.links import LinkKind, RecordingName
from runfolio.model.params import Json
from runfolio.model.promotion import GateResult, LedgerEntry
from runfolio.model.stage import Stage

_LONGEST_NAME = mark_actions.LONGEST_TAG


def tag(
    state: LedgerState,
    runs: Sequence[Witness],
    add: Sequence[str],
    remove: Sequence[str],
    *,
    time_us: int,
    actor: str,
    reason: str,
) -> Event:
    """Put tags on runs and take others off; only runs that really change are named. Raises UsageError."""
    mark_actions.check_tags(add, remove)
    each: dict[str, Json] = {}
    for run in runs:
        has = state.tags.get(run.key, [])
        adding: list[Json] = [t for t in dict.fromkeys(add) if t not in has]
        removing: list[Json] = [t for t in dict.fromkeys(remove) if t in has]
        if adding or removing:
            each[run.key] = {"add": adding, "remove": removing}
    if not each:
        raise UsageError("Nothing to do: the runs already have these tags" if add else "No run has these tags")
    changed = tuple(w for w in runs if w.key in each)
    payload: dict[str, Json] = {"each": each}
    return Event(time_us, actor, Action.TAG, changed, payload, reason)


def note(state: LedgerState, run: Witness, text: str, *, time_us: int, actor: str) -> Event:
    """Set a run's note; empty text takes it away. Raises UsageError when nothing changes."""
    before = state.notes.get(run.key, "")
    if before == text:
        raise UsageError("The note already says that")
    return Event(time_us, actor, Action.NOTE, (run,), {"text": text, "before": before})


def promote(
    state: LedgerState,
    run: Witness,
    model: str,
    stage: Stage,
    gates: Sequence[GateResult],
    *,
    forced: bool,
    time_us: int,
    actor: str,
    reason: str,
) -> Event:
    """Move the newest version of `model` made from `run` to `stage`, registering one if there is none.

    What stood in production moves to archived when something else takes its place. Raises UsageError.
    """
    if not model.strip() or len(model) > _LONGEST_NAME or "\n" in model:
        raise UsageError(f"A model's name is 1 to {_LONGEST_NAME} characters on one line")
    mine = [v for v in state.versions.values() if v.model == model and v.run == run.key]
    registers: list[Json] = []
    if mine:
        version, current = max((v.version, v.stage) for v in mine)
    else:
        version, current = state.highest.get(model, 0) + 1, Stage.NONE
        registers.append({"model": model, "version": version, "run": run.key})
    if current is stage and not registers:
        raise UsageError(f"{model} version {version} already stands at {stage}")
    moves: list[Json] = []
    if current is not stage:
        moves.append({"model": model, "version": version, "from": current.value, "to": stage.value})
    if stage is Stage.PRODUCTION:
        for other in state.in_stage(model, Stage.PRODUCTION):
            moves.append({"model": model, "version": other.version, "from": "production", "to": "archived"})
    payload: dict[str, Json] = {
        "moves": moves,
        "registers": registers,
        "unregisters": [],
        "gates": [
            {
                "gate": g.gate,
                "outcome": g.outcome.value,
                "observed": g.observed,
                "wanted": g.wanted,
                "evidence": g.evidence,
            }
            for g in gates
        ],
        "forced": forced,
    }
    return Event(time_us, actor, Action.PROMOTE, (run,), payload, reason)


def alias(
    state: LedgerState, model: str, name: str, version: int | None, *, time_us: int, actor: str, reason: str
) -> Event:
    """Point an alias such as `champion` at a version of a model, or take it away (None). Raises NotFound."""
    if version is not None and (model, version) not in state.versions:
        raise NotFound(f"There is no version {version} of {model!r}")
    before = next((v.version for v in state.versions.values() if v.model == model and name in v.aliases), None)
    if before == version:
        raise UsageError("The alias already points there")
    payload: dict[str, Json] = {"model": model, "alias": name, "version": version, "before": before}
    return Event(time_us, actor, Action.ALIAS, (), payload, reason)


def sign_off(
    state: LedgerState, run: Witness, model: str, stage: Stage, *, time_us: int, actor: str, reason: str
) -> Event:
    """Approve that `run` may go to `stage` as a version of `model`. Raises UsageError when this person already did."""
    if actor in state.approvals.get((run.key, model, stage), ()):
        raise UsageError(f"{actor} has signed that off already")
    payload: dict[str, Json] = {"model": model, "stage": stage.value, "who": actor, "approved": True}
    return Event(time_us, actor, Action.SIGN_OFF, (run,), payload, reason)


def link(
    runs: Sequence[Witness],
    kind: LinkKind,
    recordings: Sequence[RecordingName],
    *,
    time_us: int,
    actor: str,
    reason: str,
) -> Event:
    """Split recordings off their run, or join the runs of recordings into one (the first keeps its key)."""
    named: list[Json] = [
        {"identity": r.identity, "path": r.path} | ({} if r.others is None else {"others": [*r.others]})
        for r in recordings
    ]
    payload: dict[str, Json] = {"kind": kind.value, "recordings": named, "stands": True}
    return Event(time_us, actor, Action.LINK, tuple(runs), payload, reason)


def inverse(
    entries: Sequence[Entry], state: LedgerState, number: int | None, *, time_us: int, actor: str, reason: str
) -> Event:
    """The event that takes an entry back; the newest decision that still stands when `number` is None.

    What Runfolio wrote itself (KNOWN_AS) is no decision: it is taken back by its number only.

    Raises  NotFound when there is none, UsageError when it was taken back already or later events stand on it.
    """
    if number is None:
        decided = (e for e in entries if e.event.action is not Action.KNOWN_AS)
        standing = [e for e in decided if e.event.undoes is None and e.number not in state.undone]
        if not standing:
            raise NotFound("There is nothing to undo")
        entry = standing[-1]
    elif 1 <= number <= len(entries):
        entry = entries[number - 1]
    else:
        raise NotFound(f"There is no entry {number}")
    if entry.number in state.undone:
        raise UsageError(f"Entry {entry.number} was taken back by entry {state.undone[entry.number]}")
    event = entry.event
    payload = _inverse_payload(event)
    if event.action is Action.PROMOTE:
        _check_stage_still_stands(state, payload, entry.number)
        if not reason.strip():
            raise UsageError("Taking back a stage needs a reason", hint="Say why; it is kept in the audit trail.")
    if event.action is Action.ALIGN:
        align_actions.check_inverse(state, payload, entry.number)
    return Event(time_us, actor, event.action, event.runs, payload, reason, undoes=entry.number)


def _inverse_payload(event: Event) -> dict[str, Json]:
    payload = event.payload
    if event.action is Action.TAG:
        each = cast("dict[str, dict[str, Json]]", payload["each"])
        return {"each": {key: {"add": change["remove"], "remove": change["add"]} for key, change in each.items()}}
    if event.action is Action.NOTE:
        return {"text": payload["before"], "before": payload["text"]}
    if event.action is Action.MARK:
        return mark_actions.inverse_payload(event)
    if event.action is Action.SIGN_OFF:
        return {**payload, "approved": not payload["approved"]}
    if event.action in (Action.LINK, Action.APART, Action.KNOWN_AS):
        return {**payload, "stands": not payload["stands"]}
    if event.action is Action.ALIGN:
        return align_actions.inverse_payload(payload)
    if event.action is Action.ALIAS:
        return {**payload, "version": payload["before"], "before": payload["version"]}
    moves = cast("list[dict[str, Json]]", payload["moves"])
    back: list[Json] = [{**move, "from": move["to"], "to": move["from"]} for move in reversed(moves)]
    return {
        "moves": back,
        "registers": payload["unregisters"],
        "unregisters": payload["registers"],
        "gates": [],
        "forced": False,
    }


def _check_stage_still_stands(state: LedgerState, payload: dict[str, Json], number: int) -> None:
    for move in cast("list[dict[str, Json]]", payload["moves"]):
        place = (str(move["model"]), cast(int, move["version"]))
        version = state.versions.get(place)
        if version is None or version.stage.value != move["from"]:
            raise UsageError(
                f"{place[0]} version {place[1]} has moved on since entry {number}",
                hint="Take the later decision back first, or make a new one.",
            )


def describe(entry: Entry, undone: int | None) -> LedgerEntry:
    """An entry in words, for the audit trail."""
    event = entry.event
    named = [plain(w.name, 80) for w in event.runs]
    subject = f"run {named[0]}" if len(named) == 1 else f"{len(named)} runs" if named else _subject(event)
    summary = _summary(event, subject)
    action: str = event.action.value
    if event.undoes is not None:
        action, summary = "undo", f"took back entry {event.undoes}: {summary}"
    return LedgerEntry(
        entry.number,
        event.time_us,
        event.actor,
        action,
        subject,
        summary,
        event.reason,
        entry.digest,
        dict(event.payload),
        undone,
    )


def _subject(event: Event) -> str:
    """What an event that names no run is about."""
    if event.action in (Action.ALIGN, Action.APART):
        return align_actions.subject(event)
    return str(event.payload["model"])


def _summary(event: Event, subject: str) -> str:
    payload = event.payload
    if event.action in (Action.ALIGN, Action.APART):
        return align_actions.summary(event)
    if event.action is Action.KNOWN_AS:
        return names.summary(event, subject)
    if event.action is Action.MARK:
        return mark_actions.summary(event, subject)
    if event.action is Action.TAG:
        parts = [f"{word} {', '.join(plain(t, 80) for t in tags)}" for word, tags in _tag_words(event) if tags]
        return f"{subject}: {'; '.join(parts)}"
    if event.action is Action.NOTE:
        text = plain(str(payload["text"]), 120)
        return f"{subject}: note “{text}”" if text else f"{subject}: note removed"
    if event.action is Action.SIGN_OFF:
        words = "approved" if payload["approved"] else "no longer approved"
        where = f"{plain(str(payload['model']), 80)} → {payload['stage']}"
        return f"{subject}: {where} {words} by {plain(str(payload['who']), 80)}"
    if event.action is Action.LINK:
        return _link_summary(event, subject)
    if event.action is Action.ALIAS:
        version = payload["version"]
        where = f"now points at version {version}" if version is not None else "removed"
        return f"{plain(str(payload['model']), 80)}: alias {plain(str(payload['alias']), 80)} {where}"
    parts = [f"registered {plain(str(i['model']), 80)} version {i['version']}" for i in _list(event, "registers")]
    parts += [f"withdrew {plain(str(i['model']), 80)} version {i['version']}" for i in _list(event, "unregisters")]
    parts += [
        f"{plain(str(m['model']), 80)} version {m['version']}: {m['from']} → {m['to']}" for m in _list(event, "moves")
    ]
    gates = _list(event, "gates")
    if gates:
        passed = sum(g["outcome"] == "pass" for g in gates)
        parts.append(f"gates {passed}/{len(gates)}" + (", against the gates" if payload.get("forced") else ""))
    return f"{subject}: {'; '.join(parts)}"


_LINK_WORDS = {
    LinkKind.SPLIT: "split off",
    LinkKind.JOIN: "joined into one run",
    LinkKind.CHAIN: "joined as the legs of one run",
}


def _link_summary(event: Event, subject: str) -> str:
    named = _list(event, "recordings")
    paths = ", ".join(plain(str(item["path"]) or ".", 80) for item in named[:3])
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return f"{subject}: {paths}{more} {_LINK_WORDS[LinkKind(str(event.payload['kind']))]}"


def _tag_words(event: Event) -> tuple[tuple[str, list[str]], ...]:
    each = cast("dict[str, dict[str, list[str]]]", event.payload["each"]).values()
    added = dict.fromkeys(t for change in each for t in change["add"])
    removed = dict.fromkeys(t for change in each for t in change["remove"])
    return (("tagged", [*added]), ("untagged", [*removed]))


def _list(event: Event, name: str) -> list[dict[str, Json]]:
    return cast("list[dict[str, Json]]", event.payload.get(name) or [])
