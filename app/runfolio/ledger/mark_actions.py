"""Stars, colours, tags, notes, hiding and archiving of many runs as one event, which one undo takes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runfolio.errors import UsageError
from runfolio.ledger.events import Action, Event, Witness
from runfolio.ledger.mark_fold import changes
from runfolio.model.display import plain
from runfolio.model.marks import COLORS, FLAGS, MarkChange
from runfolio.model.params import Json
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.ledger.state import LedgerState

LONGEST_TAG = 200
LONGEST_NOTE = 200_000
_SINGLE = (*FLAGS, "color", "note")
"""Parts of which a run has one: an event keeps them as [before, after]."""


def edit(
    state: LedgerState, runs: Sequence[Witness], change: MarkChange, *, time_us: int, actor: str, reason: str
) -> Event:
    """Change the marks of runs; only runs that really change are named, each with what really changes.

    Raises UsageError when nothing would change, and for tags, colours and notes that cannot be.
    """
    check_tags(change.add_tags, change.remove_tags)
    if change.color is not None and not 0 <= change.color <= COLORS:
        raise UsageError(f"There is no colour {change.color}", hint=f"Colours are 1 to {COLORS}; 0 takes it away.")
    each: dict[str, Json] = {}
    for run in runs:
        if changed := _changed(state, run.key, change):
            each[run.key] = changed
    if not each:
        raise UsageError("Nothing to do: the runs are marked so already")
    return Event(time_us, actor, Action.MARK, tuple(w for w in runs if w.key in each), {"each": each}, reason)


def check_tags(add: Sequence[str], remove: Sequence[str]) -> None:
    """Raises UsageError for tags that cannot be, and for those that are both added and removed."""
    if both := set(add) & set(remove):
        raise UsageError(f"The tag {both.pop()!r} is both added and removed")
    for text in add:
        if not text.strip() or len(text) > LONGEST_TAG or "\n" in text:
            raise UsageError(f"A tag is 1 to {LONGEST_TAG} characters on one line")


def _changed(state: LedgerState, key: RunKey, change: MarkChange) -> dict[str, Json]:
    has = state.tags.get(key, [])
    changed: dict[str, Json] = {}
    adding: list[Json] = [t for t in dict.fromkeys(change.add_tags) if t not in has]
    removing: list[Json] = [t for t in dict.fromkeys(change.remove_tags) if t in has]
    if adding or removing:
        changed["add"], changed["remove"] = adding, removing
    for name, wanted in (("starred", change.starred), ("hidden", change.hidden), ("archived", change.archived)):
        before = key in state.flags[name]
        if wanted is not None and wanted != before:
            changed[name] = [before, wanted]
    color = state.colors.get(key, 0)
    if change.color is not None and change.color != color:
        changed["color"] = [color, change.color]
    note = state.notes.get(key, "")
    after = note if change.note is None else change.note
    if change.append_note.strip():
        after = f"{after}\n\n{change.append_note.strip()}" if after else change.append_note.strip()
    if after != note:
        if len(after) > LONGEST_NOTE:
            raise UsageError(f"A note has at most {LONGEST_NOTE:,} characters")
        changed["note"] = [note, after]
    return changed


def inverse_payload(event: Event) -> dict[str, Json]:
    """The payload that takes an event back."""
    back: dict[str, Json] = {}
    for key, change in changes(event).items():
        own: dict[str, Json] = {name: [*reversed(change[name])] for name in _SINGLE if name in change}
        if "add" in change:
            own["add"], own["remove"] = change["remove"], change["add"]
        back[key] = own
    return {"each": back}


_WORDS = {
    "starred": ("no longer starred", "starred"),
    "hidden": ("no longer hidden", "hidden"),
    "archived": ("taken out of the archive", "archived"),
}


def summary(event: Event, subject: str) -> str:
    """An event in one sentence."""
    parts: dict[str, None] = {}
    for change in changes(event).values():
        for tag in change.get("add", ()):
            parts[f"tagged {plain(str(tag), 80)}"] = None
        for tag in change.get("remove", ()):
            parts[f"untagged {plain(str(tag), 80)}"] = None
        for name, words in _WORDS.items():
            if name in change:
                parts[words[bool(change[name][1])]] = None
        if "color" in change:
            parts[f"colour {change['color'][1]}" if change["color"][1] else "colour removed"] = None
        if "note" in change:
            parts["note changed" if change["note"][1] else "note removed"] = None
    shown = [*parts][:_SHOWN]
    more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return f"{subject}: {'; '.join(shown)}{more}"


_SHOWN = 6
