"""Takes events about marks into what is said of runs so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from runfolio.ledger.events import Event
from runfolio.model.marks import FLAGS
from runfolio.model.params import Json
from runfolio.model.run import RunKey

Value = TypeVar("Value")


@dataclass(slots=True)
class MarkState:
    """What was put on runs.

    tags     in the order they were put on.
    colors   1 to 10, of runs that were given one.
    flags    runs that are starred, hidden and archived, by that word.
    """

    tags: dict[RunKey, list[str]] = field(default_factory=dict)
    notes: dict[RunKey, str] = field(default_factory=dict)
    colors: dict[RunKey, int] = field(default_factory=dict)
    flags: dict[str, set[RunKey]] = field(default_factory=lambda: {name: set() for name in FLAGS})

    def apply_marks(self, event: Event, now: Callable[[str], RunKey]) -> None:
        """Take an event in; `now` gives the key that a run has today."""
        for key, change in changes(event).items():
            run = now(key)
            if "add" in change:
                self.put_tags(run, cast("list[str]", change["add"]), cast("list[str]", change["remove"]))
            for name in FLAGS:
                if name in change:
                    (self.flags[name].add if change[name][1] else self.flags[name].discard)(run)
            if "color" in change:
                _put(self.colors, run, cast(int, change["color"][1]))
            if "note" in change:
                _put(self.notes, run, str(change["note"][1]))

    def put_tags(self, run: RunKey, add: Sequence[str], remove: Sequence[str]) -> None:
        """Take tags off a run and put others on."""
        tags = [t for t in self.tags.get(run, ()) if t not in remove]
        tags += [t for t in add if t not in tags]
        _put(self.tags, run, tags)

    def marked(self) -> frozenset[RunKey]:
        """The runs of which something is said."""
        return frozenset({*self.tags, *self.notes, *self.colors}).union(*self.flags.values())


def changes(event: Event) -> dict[str, dict[str, list[Json]]]:
    """What an event does to each run, by key."""
    return cast("dict[str, dict[str, list[Json]]]", event.payload["each"])


def _put(kept: dict[RunKey, Value], run: RunKey, value: Value) -> None:
    if value:
        kept[run] = value
    else:
        kept.pop(run, None)
