"""By which keys runs go: a run whose identity is made of its content gets another key when that content changes.

The ledger keeps what was said under the key of the day. An entry of KNOWN_AS says that a run has another key from there
on; what was said before it follows, and what is said after it of the old key is said of whoever has that key by then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from runfolio.ledger.events import Action, Entry, Event, Witness
from runfolio.model.display import plain
from runfolio.model.params import Json

WRITER = "runfolio"
"""Who such an entry is by: nobody has decided it."""
_SHOWN = 24
"""Characters of a key in words: a digest says nothing to people, and its beginning is enough to compare."""


class NewName(NamedTuple):
    """A run that is known by another key: `why` in words, `witness` of the run as it is now."""

    old: str
    new: str
    why: str
    witness: Witness


class Names:
    """The entries that say so and stand, looked up by key."""

    def __init__(self, standing: Mapping[int, Mapping[str, str]] | None = None) -> None:
        """standing   new keys by old ones, by number of the entry."""
        self._after: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for number, each in sorted((standing or {}).items()):
            for old, new in each.items():
                self._after[old].append((number, new))

    def today(self, key: str, number: int) -> str:
        """The key today of what had `key` when entry `number` was written."""
        # Each step goes to a later entry, so a run that got its old key back ends there.
        while later := next((pair for pair in self._after.get(key, ()) if pair[0] > number), None):
            number, key = later
        return key


def known_names(entries: Iterable[Entry]) -> Names:
    """The names that stand after all entries."""
    standing: dict[int, dict[str, str]] = {}
    for entry in entries:
        event = entry.event
        if event.action is not Action.KNOWN_AS:
            continue
        if event.undoes is not None:
            standing.pop(event.undoes, None)
        if event.payload["stands"]:
            standing[entry.number] = {str(item["from"]): str(item["to"]) for item in _each(event)}
    return Names(standing)


def known_as(names: Sequence[NewName], *, time_us: int) -> Event:
    """Say that runs are known by other keys from here on; at least one."""
    each: list[Json] = [{"from": n.old, "to": n.new, "why": n.why} for n in names]
    reason = "; ".join(dict.fromkeys(n.why for n in names))
    witnesses = tuple({n.new: n.witness for n in names}.values())
    return Event(time_us, WRITER, Action.KNOWN_AS, witnesses, {"each": each, "stands": True}, reason)


def summary(event: Event, subject: str) -> str:
    """The event in words."""
    each = _each(event)
    if len(each) > 1:
        return f"{subject}: go on under new keys, with all that was said of them"
    keys = " → ".join(plain(str(each[0][name]), _SHOWN) for name in ("from", "to"))
    return f"{subject}: goes on under a new key, with all that was said of it ({keys})"


def _each(event: Event) -> list[dict[str, Json]]:
    return cast("list[dict[str, Json]]", event.payload["each"])
