"""The index and the ledger of a workspace, kept in step: what its parts share."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from runfolio.errors import LedgerDamaged
from runfolio.index.database import Database
from runfolio.index.marks import put_marks, whole_runs, witnessed
from runfolio.index.queries import Queries
from runfolio.ledger.events import Action, Entry, Event, Witness
from runfolio.ledger.names import NewName, known_as
from runfolio.ledger.state import LedgerState, fold
from runfolio.ledger.store import Ledger
from runfolio.model.answers import Change, Touched
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.index.pipeline import Indexer
    from runfolio.model.promotion import LedgerEntry, RunMarks
    from runfolio.model.run_detail import RunDetail
    from runfolio.readers.pool import Limits

_log = logging.getLogger("runfolio.index")


class Stores:
    """The index, the ledger with its state, and who is told when either changes.

    What the ledger says of runs is mirrored in the index: marks to filter by, decisions on links and names to show by.

    indexing   held while folders are read or recordings are linked, by one thread at a time.
    """

    def __init__(
        self, database: Database, ledger: Ledger, actor: str, limits: Limits | None, preferred: Sequence[str]
    ) -> None:
        """actor, limits, preferred: as in `Workspace.open`."""
        self.db = database
        self.queries = Queries(database)
        self.ledger = ledger
        self.actor = actor
        self.state = fold(ledger.entries)
        self.indexing = threading.Lock()
        self._limits = limits
        self._preferred = tuple(preferred)
        self._indexer: Indexer | None = None
        self._making = threading.Lock()
        self._link_asked = False
        self._listeners: list[Callable[[Change], None]] = []
        self._follow_links()
        self._mirror_marks()
        self._align_again()

    def end(self) -> None:
        """Let reading and linking end soon."""
        if self._indexer is not None:
            self._indexer.end()

    def close(self) -> None:
        """Stop the worker processes and close the index."""
        if self._indexer is not None:
            self._indexer.close()
        self.db.close()

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` after each commit, on the thread that committed. Returns what ends it."""
        self._listeners.append(listener)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return end

    def announce(self, touched: Touched, runs: Iterable[RunKey] = ()) -> None:
        """Tell the listeners what has changed."""
        change = Change(touched, frozenset(runs))
        for listener in [*self._listeners]:
            listener(change)

    # --- the index ---------------------------------------------------------------------------------------------

    def indexer(self) -> Indexer:
        """What reads folders into the index; its worker processes start with the first folder that has to be read."""
        # Reading and watching may both be the first to ask.
        with self._making:
            if self._indexer is None:
                from runfolio.index.pipeline import Indexer
                from runfolio.model.links import LinkChoices

                self._indexer = Indexer(
                    self.db,
                    self._limits,
                    lambda: LinkChoices(tuple(self.state.links.values()), self._preferred),
                    lambda: tuple(self.state.alignments.values()),
                )
        return self._indexer

    def runs(self, keys: Sequence[RunKey]) -> tuple[RunDetail, ...]:
        """Everything that is known of runs but their points, in the order of `keys`. Raises NotFound."""
        from runfolio.index.detail import details

        return details(self.db, keys, self.marks)

    def marks(self, key: RunKey) -> RunMarks:
        """What the user has put on a run."""
        return self.state.marks(key)

    def runs_changed(self) -> None:
        """Bring the ledger's state up to what was read, and tell."""
        if self._follow_links():
            self._mirror_marks()
        # A decision made while linking was under way may have come too late for it.
        self._align_again()
        self.announce(Touched.RUNS | Touched.SOURCES | Touched.PROBLEMS)

    def follow_new_keys(self) -> None:
        """Say in the ledger which runs have another key since their folders were read again; with `indexing` held.

        Where the ledger cannot be written it is tried again after the next round.
        """
        from runfolio.index.replaced import forget_replaced, has_replaced, renamed_runs

        if not has_replaced(self.db):
            return
        # What was said of a part is its own here: it is the part that has another key.
        renamed = renamed_runs(self.db, fold(self.ledger.entries).spoken_of())
        if renamed:
            names = [
                NewName(
                    r.old,
                    r.new,
                    r.why,
                    Witness(RunKey(r.new), r.name, r.format, r.tracker_id, r.started_us, r.params_digest),
                )
                for r in renamed
            ]
            try:
                self.commit(lambda _, now: known_as(names, time_us=now))
            except LedgerDamaged:
                _log.warning("%d runs have another key, and the ledger cannot be written", len(renamed))
                return
        forget_replaced(self.db)

    def link_if_asked(self) -> None:
        """Apply the decisions about recordings that were made while folders were being read."""
        if self._link_asked:
            self._link_again()

    # --- the ledger --------------------------------------------------------------------------------------------

    def witnesses(self, keys: Sequence[RunKey]) -> tuple[Witness, ...]:
        """What the ledger keeps of runs, to know them again. Raises NotFound."""
        return tuple(
            Witness(RunKey(key), name, format, tracker_id, started_us, digest)
            for key, name, format, tracker_id, started_us, digest in witnessed(self.db, keys)
        )

    def commit(self, make: Callable[[LedgerState, int], Event]) -> LedgerEntry:
        """Append the event that `make` gives for the state and the time in µs, show what follows from it, and tell.

        Raises what `make` raises, and LedgerDamaged when the chain is broken or cannot be written.
        """
        from runfolio.ledger import actions

        def build(entries: tuple[Entry, ...]) -> Event:
            # Another process may have appended; what it decided counts before ours is made.
            if len(entries) != known:
                self.state = fold(entries, self.state.stands_for)
            return make(self.state, time.time_ns() // 1000)

        known = len(self.ledger.entries)
        entry = self.ledger.append(build)
        links = self.state.links
        if entry.event.action is Action.KNOWN_AS:
            # It says under which keys all that was said before is meant.
            self.state = fold(self.ledger.entries, self.state.stands_for)
            self._follow_links()
        else:
            self.state.apply(entry)
        if entry.event.action is Action.LINK or self.state.links != links:
            self._link_again()
        if entry.event.action is Action.ALIGN:
            self._align_again()
        self._mirror_marks()
        self.announce(Touched.MARKS, (w.key for w in entry.event.runs))
        return actions.describe(entry, None)

    def refresh_ledger(self) -> None:
        """Take in what another process has decided since."""
        if self.ledger.refresh():
            links = self.state.links
            self.state = fold(self.ledger.entries, self.state.stands_for)
            if self.state.links != links:
                self._link_again()
            self._align_again()
            self._mirror_marks()
            self.announce(Touched.MARKS)

    # --- keeping them in step ----------------------------------------------------------------------------------

    def _link_again(self) -> None:
        """Apply the decisions about recordings now; where folders are being read, when that is done."""
        self._link_asked = True
        if self.indexing.acquire(blocking=False):
            try:
                self._link_asked = False
                self.indexer().link_by_choices()
            finally:
                self.indexing.release()
            self._follow_links()
            self.announce(Touched.RUNS | Touched.PROBLEMS)

    def _align_again(self) -> None:
        """Show metrics under the names decided on, where the index does not do so yet."""
        from runfolio.index.alignments import align_again

        if align_again(self.db, tuple(self.state.alignments.values())):
            self.announce(Touched.RUNS)

    def _follow_links(self) -> bool:
        """Find the runs that the ledger's runs are part of today; whether that is others than before."""
        keys = {w.key for entry in self.ledger.entries for w in entry.event.runs}
        stands_for = whole_runs(self.db, sorted(keys)) if keys else {}
        if stands_for == self.state.stands_for:
            return False
        self.state = fold(self.ledger.entries, stands_for)
        return True

    def _mirror_marks(self) -> None:
        state = self.state
        put_marks(self.db, state.tags, state.notes, state.versions.values(), state.colors, state.flags)
