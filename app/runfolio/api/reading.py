"""Reading the folders of a library into the index, once or for as long as somebody watches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.api.cancelling import CancelToken
from runfolio.api.library import Library
from runfolio.api.stores import Stores
from runfolio.model.answers import Progress

if TYPE_CHECKING:
    from runfolio.model.reports import FolderReport, IndexFacts, IndexReport, PlacedProblem, WatchReport


class Reading:
    """Import rounds, and what came of them."""

    def __init__(self, stores: Stores, library: Library) -> None:
        self._stores = stores
        self._library = library

    def prepare_reading(self) -> None:
        """Import what reading takes, which is half a second, before it is wanted."""
        import_module("runfolio.index.pipeline")
        import_module("runfolio.index.watch")
        import_module("runfolio.processes")

    def index(
        self,
        paths: Iterable[str | Path] | None = None,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        cancel: CancelToken | None = None,
        deep: bool = False,
    ) -> IndexReport:
        """Read what is new or changed below `paths` (added to the library first), or below every source when None.

        deep   read everything again, changed or not.
        Raises NotFound when a path is not a folder.
        """
        from runfolio.index.pyramid_making import keep_pyramids
        from runfolio.processes import start_server
        from runfolio.readers.spelled import root_at

        started = time.monotonic()
        added = None if paths is None else [source.id for source in self._library.add_sources(paths)]
        chosen = [source for source in self._library.sources() if added is None or source.id in added]
        sources = [(source.id, root_at(source.path)) for source in chosen]
        if deep or any(source.scanned_us is None for source in chosen):
            # It gets ready on another core while this process imports what it needs itself. A look at what is known
            # already mostly finds nothing to read, and then needs none.
            start_server()
        with self._stores.indexing:
            counts = self._stores.indexer().run(
                sources,
                deep=deep,
                on_progress=on_progress or (lambda _: None),
                cancelled=lambda: cancel is not None and cancel.cancelled,
                on_commit=self._stores.runs_changed,
            )
            if not counts.cancelled:
                self._stores.follow_new_keys()
        self._stores.link_if_asked()
        if not counts.cancelled and counts.read:
            keep_pyramids(self._stores.db, cancelled=lambda: cancel is not None and cancel.cancelled)
        from runfolio.model.reports import IndexReport

        facts = self.facts()
        return IndexReport(
            counts.read,
            counts.unchanged,
            counts.gone,
            facts.runs,
            facts.recordings,
            facts.points,
            facts.problems,
            time.monotonic() - started,
            counts.cancelled,
        )

    def watch(
        self,
        cancel: CancelToken,
        *,
        on_round: Callable[[WatchReport], None] = lambda _: None,
        every_s: float = 1.0,
    ) -> None:
        """Follow the library until cancelled: read what is written to its folders while it is written.

        on_round   told after each round what is live and what was read, on this thread.
        every_s    rest between two rounds; at least as long as half a round took.
        """
        from runfolio.index.watch import Watcher
        from runfolio.model.reports import WatchReport
        from runfolio.readers.spelled import root_at

        watcher = Watcher(
            self._stores.db, self._stores.indexer(), lambda: [(s.id, root_at(s.path)) for s in self._library.sources()]
        )
        while not cancel.cancelled:
            started = time.monotonic()
            with self._stores.indexing:
                done = watcher.round(lambda: cancel.cancelled)
                if done.changed and not cancel.cancelled:
                    self._stores.follow_new_keys()
            self._stores.link_if_asked()
            live = watcher.live_runs()
            if done.changed:
                self._stores.runs_changed()
            on_round(WatchReport(live, done.grown, done.read, time.monotonic() - started))
            cancel.wait(max(every_s, (time.monotonic() - started) / 2))

    def facts(self) -> IndexFacts:
        """Counts for the status bar."""
        return self._stores.queries.facts()

    def problems(self) -> tuple[PlacedProblem, ...]:
        """What could not be read as it should be, and why."""
        return self._stores.queries.problems()

    def doctor(self) -> tuple[FolderReport, ...]:
        """What became of each folder: imported, partial or skipped, and why; the worst first."""
        from runfolio.index.doctor import reports

        return reports(self._stores.db)
