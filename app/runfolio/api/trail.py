"""The audit trail: every decision there was, taken back or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runfolio.api.stores import Stores
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.model.promotion import LedgerEntry


class Trail:
    """The ledger as the user reads it."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def history(self, run: RunKey | None = None) -> tuple[LedgerEntry, ...]:
        """The audit trail, newest first; only what is about `run` when one is given."""
        from runfolio.ledger import actions

        self._stores.refresh_ledger()
        return tuple(
            actions.describe(entry, self._stores.state.undone.get(entry.number))
            for entry in reversed(self._stores.ledger.entries)
            if run is None or any(self._stores.state.now(w.key, entry.number) == run for w in entry.event.runs)
        )

    def undo(self, entry: int | None = None, *, reason: str = "") -> LedgerEntry:
        """Take back an entry (the last that still stands when None) by appending its inverse."""
        from runfolio.ledger import actions

        return self._stores.commit(
            lambda state, now: actions.inverse(
                self._stores.ledger.entries, state, entry, time_us=now, actor=self._stores.actor, reason=reason
            )
        )

    def verify_ledger(self) -> int:
        """How many entries verify, read again from both files. Raises LedgerDamaged when the chain is broken."""
        return self._stores.ledger.verify()

    def ledger_notes(self) -> tuple[str, ...]:
        """Copies of the ledger that were found altered or cut, and were replaced by the other one."""
        return tuple(
            f"A copy of the ledger was found altered or cut, and was replaced by the other; it is kept as {path}"
            for path in self._stores.ledger.replaced
        )
