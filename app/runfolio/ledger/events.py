"""One event of the ledger, its line of JSON, and the chain that holds the lines together.

Each line is a JSON object in UTF-8 with sorted keys. `prev` is the SHA-256 of the line before it (64 zeros for the
first), so a line that was changed, dropped or moved breaks the chain at that place and shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runfolio.model import times
from runfolio.model.params import Json
from runfolio.model.run import RunKey

FORMAT = 1
GENESIS = "0" * 64


class Action(StrEnum):
    """What an event does. Every action can be taken back by one of the same set."""

    TAG = "tag"
    NOTE = "note"
    MARK = "mark"
    PROMOTE = "promote"
    ALIAS = "alias"
    SIGN_OFF = "sign-off"
    LINK = "link"
    ALIGN = "align"
    APART = "apart"
    KNOWN_AS = "known-as"


@dataclass(frozen=True, slots=True)
class Witness:
    """Enough of a run to say which one was meant after its folder moved or vanished."""

    key: RunKey
    name: str
    format: str = ""
    tracker_id: str = ""
    started_us: int | None = None
    params_digest: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what to which runs, when and why.

    payload   by action:
              TAG      each: {run key: {add: [tag], remove: [tag]}}; only what really changed
              NOTE     text, before
              MARK     each: {run key: {add: [tag], remove: [tag], starred, hidden, archived, color, note: [before,
                       after]}}; only what really changed. A color is 1 to 10, 0 is none.
              PROMOTE  moves: [{model, version, from, to}], registers: [{model, version}], unregisters: [same],
                       gates: [{gate, outcome, observed, wanted, evidence}], forced: bool
              ALIAS    model, alias, version (null takes it away), before (null when it is new)
              SIGN_OFF model, stage, who, approved: bool
              LINK     kind: split, join or chain; recordings: [{identity, path}]; stands: bool (False takes it back)
              ALIGN    changes: [{target, before: [{name, scale}], after: [same]}]; [] where none stood or stands
              APART    names: [metric name] that are not one metric; stands: bool (False takes it back)
              KNOWN_AS each: [{from, to, why}], keys of runs or identities of recordings: what was said of the first
                       until then is said of the second; stands: bool (False takes it back). Written by Runfolio itself.
    undoes    number of the entry that this one takes back.
    """

    time_us: int
    actor: str
    action: Action
    runs: tuple[Witness, ...]
    payload: Mapping[str, Json]
    reason: str = ""
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in the chain: its 1-based number, the line's digest and the line itself."""

    number: int
    event: Event
    digest: str
    line: bytes = field(repr=False)


class BrokenLine(ValueError):
    """A line that is no event, or does not follow the one before; the message says which."""


def encode(event: Event, number: int, previous: str) -> bytes:
    """The line of an event, without the line end."""
    record: dict[str, Json] = {
        "format": FORMAT,
        "number": number,
        "prev": previous,
        "time": times.to_iso(event.time_us),
        "time_us": event.time_us,
        "actor": event.actor,
        "action": event.action.value,
        "runs": [
            {
                "key": w.key,
                "name": w.name,
                "format": w.format,
                "tracker_id": w.tracker_id,
                "started_us": w.started_us,
                "params_digest": w.params_digest,
            }
            for w in event.runs
        ],
        "payload": dict(event.payload),
        "reason": event.reason,
        "undoes": event.undoes,
    }
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def decode(line: bytes, number: int, previous: str) -> Entry:
    """The entry of a line that should have this number and follow `previous`. Raises BrokenLine."""
    # OpenSSL comes with it.
    import hashlib

    try:
        record = json.loads(line)
        event = Event(
            time_us=int(record["time_us"]),
            actor=str(record["actor"]),
            action=Action(record["action"]),
            runs=tuple(
                Witness(RunKey(w["key"]), w["name"], w["format"], w["tracker_id"], w["started_us"], w["params_digest"])
                for w in record["runs"]
            ),
            payload=record["payload"],
            reason=str(record["reason"]),
            undoes=record["undoes"],
        )
        stated, before = record["number"], record["prev"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenLine(f"line {number} is not an event: {error}") from error
    if before != previous:
        raise BrokenLine(f"line {number} does not follow the line before it")
    if stated != number:
        raise BrokenLine(f"line {number} says it is number {stated}")
    return Entry(number, event, hashlib.sha256(line).hexdigest(), line)
