"""What the user puts on runs: tags, notes, stars, colours; and what is hidden or archived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runfolio.api.stores import Stores
from runfolio.model.marks import FLAGS, MarkBoard, MarkChange
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.model.promotion import LedgerEntry, RunMarks


class Marking:
    """Marks of runs, kept in the ledger."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def tag(
        self, keys: Sequence[RunKey], *, add: Sequence[str] = (), remove: Sequence[str] = (), reason: str = ""
    ) -> LedgerEntry:
        """Put tags on runs and take others off. Raises UsageError when nothing would change."""
        from runfolio.ledger import actions

        witnesses = self._stores.witnesses(keys)
        return self._stores.commit(
            lambda state, now: actions.tag(
                state, witnesses, add, remove, time_us=now, actor=self._stores.actor, reason=reason
            )
        )

    def note(self, key: RunKey, text: str) -> LedgerEntry:
        """Set a run's note (Markdown); empty text takes it away."""
        from runfolio.ledger import actions

        (witness,) = self._stores.witnesses([key])
        return self._stores.commit(
            lambda state, now: actions.note(state, witness, text, time_us=now, actor=self._stores.actor)
        )

    def mark(self, keys: Sequence[RunKey], change: MarkChange, *, reason: str = "") -> LedgerEntry:
        """Star, colour, hide, archive, tag runs and write to their notes, as one entry that one undo takes back.

        Raises UsageError when nothing would change, NotFound for runs that are not in the index.
        """
        from runfolio.ledger import mark_actions

        witnesses = self._stores.witnesses(keys)
        return self._stores.commit(
            lambda state, now: mark_actions.edit(
                state, witnesses, change, time_us=now, actor=self._stores.actor, reason=reason
            )
        )

    def mark_board(self) -> MarkBoard:
        """The stars, colours, hidden and archived runs of all there are."""
        state = self._stores.state
        starred, hidden, archived = (frozenset(map(str, state.flags[name])) for name in FLAGS)
        return MarkBoard(starred, hidden, archived, tuple(sorted((str(k), c) for k, c in state.colors.items())))

    def marks(self, key: RunKey) -> RunMarks:
        """What the user has put on a run."""
        return self._stores.marks(key)

    def tags(self) -> tuple[tuple[str, int], ...]:
        """The user's tags with the number of runs that have each, most used first."""
        counts: dict[str, int] = {}
        for own in self._stores.state.tags.values():
            for tag in own:
                counts[tag] = counts.get(tag, 0) + 1
        return tuple(sorted(counts.items(), key=lambda c: (-c[1], c[0])))
