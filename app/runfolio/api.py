"""Workspace: the one façade that the window, the command line and a notebook share.

    from runfolio.api import Workspace

    with Workspace.open() as ws:
        ws.index(["~/cluster-copy"])
        for run in ws.find_runs("val/acc > 0.9", sort="-val/acc", limit=5):
            print(run.name, run.status)

All methods may be called from any thread but the window's own: they open files and run SQL. Results are immutable.
Errors are members of `runfolio.errors`. What is heavy is imported when it is first needed, so that a window or a
short command starts at once.
"""

from __future__ import annotations

import contextlib
import getpass
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from runfolio import locate
from runfolio.errors import GateNotMet, IndexLocked, NotFound, UsageError
from runfolio.index.database import Database
from runfolio.index.detail import details
from runfolio.index.marks import put_marks, whole_runs
from runfolio.index.queries import Queries
from runfolio.ledger import actions, align_actions
from runfolio.ledger.events import Action, Entry, Event, Witness
from runfolio.ledger.state import LedgerState, fold
from runfolio.ledger.store import Ledger
from runfolio.model.alignment import (
    AlignedName,
    AlignmentFacts,
    AlignmentPreview,
    Dismissal,
    Evidence,
    NameFacts,
    Suggestion,
)
from runfolio.model.answers import (
    Change,
    Column,
    DatasetUse,
    FieldInfo,
    FolderReport,
    IndexFacts,
    IndexReport,
    LibraryNode,
    PlacedProblem,
    Progress,
    RecordingFacts,
    RunDetail,
    Source,
    Touched,
    WatchReport,
)
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.display import storable
from runfolio.model.filter_text import parse_name
from runfolio.model.links import LinkChoices, LinkKind, RecordingName
from runfolio.model.promotion import Gate, GateResult, LedgerEntry, ModelVersion, Outcome, RunMarks, Stage
from runfolio.model.query import FieldRef, RunQuery, SortKey
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.analysis.datachange import DataDiff
    from runfolio.analysis.diff import RunDiff
    from runfolio.export.recipe import ChartRecipe
    from runfolio.index.pipeline import Indexer
    from runfolio.model.layout import Layout, SavedLayout
    from runfolio.model.layout_answers import LayoutPreview, LayoutSuggestion
    from runfolio.model.metrics import MetricSeries
    from runfolio.model.origin import Origin
    from runfolio.model.params import Json
    from runfolio.model.registered import RegisteredVersion
    from runfolio.readers.layout_bench import LayoutBench
    from runfolio.readers.pool import Limits

_log = logging.getLogger("runfolio.api")


class CancelToken:
    """Asked between batches of a long call; `cancel` may be called from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the call to stop soon."""
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Sleep until somebody asks, at most so long; whether somebody did."""
        return self._event.wait(seconds)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()


# --- layouts: they need neither index nor ledger ---------------------------------------------------------------------


def layouts() -> tuple[SavedLayout, ...]:
    """The layouts that the user taught, by file; those that cannot be used with the reason."""
    from runfolio.readers.layout_files import saved_layouts

    return saved_layouts()


def saved_layout(name: str) -> tuple[Path, Layout]:
    """The layout of that name and its file. Raises NotFound."""
    from runfolio.readers.layout_files import saved_layout as find

    return find(name)


def read_layout(path: str | Path) -> Layout:
    """A layout from any file. Raises NotFound, and UsageError naming file, key and what is allowed."""
    from runfolio.readers.layout_files import read_layout as read

    return read(Path(path).expanduser())


def save_layout(layout: Layout) -> Path:
    """Keep a layout, in place of the one of that name; its file. The next index run reads what fits by it.

    Raises UsageError when it makes no sense, FolderUnreadable when it cannot be written.
    """
    from runfolio.readers.layout_files import save_layout as save

    return save(layout)


def remove_layout(name: str) -> Path:
    """Take a layout away; the file that was. The next index run reads its folders without it. Raises NotFound."""
    from runfolio.readers.layout_files import remove_layout as remove

    return remove(name)


def toml_of(layout: Layout) -> str:
    """The text of a layout's file."""
    from runfolio.readers.layout_files import layout_text

    return layout_text(layout)


def suggest_layout(folder: str | Path) -> LayoutSuggestion:
    """A guess at the layout of one run folder, by what its files hold. Raises FolderUnreadable, LimitReached."""
    from runfolio.readers.layout_bench import LayoutBench

    with LayoutBench() as bench:
        return bench.suggest(Path(folder))


def preview_layout(layout: Layout, folder: str | Path) -> LayoutPreview:
    """What a layout would make of a run folder. Raises UsageError, FolderUnreadable, LimitReached."""
    from runfolio.readers.layout_bench import LayoutBench

    with LayoutBench() as bench:
        return bench.preview(layout, Path(folder))


class Workspace:
    """An index, a ledger, and what can be asked of them and done with them."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        actor: str,
        library: Path,
        limits: Limits | None = None,
        preferred: Sequence[str] = (),
    ) -> None:
        """Use `Workspace.open`."""
        self._db = database
        self._queries = Queries(database)
        self._ledger = ledger
        self._actor = actor
        self._limits = limits
        self._indexer: Indexer | None = None
        self._bench: LayoutBench | None = None
        self._bench_lock = threading.Lock()
        self._index_lock = threading.Lock()
        self._link_asked = False
        self._listeners: list[Callable[[Change], None]] = []
        self._state = fold(ledger.entries)
        self._preferred = tuple(preferred)
        self._library = library
        self._follow_links()
        self._mirror_marks()
        self._align_again()
        self._restore_library()

    # --- opening -----------------------------------------------------------------------------------------------

    @classmethod
    def open(
        cls,
        index: Path | None = None,
        ledger: Path | None = None,
        *,
        wait_s: float = 0.0,
        actor: str | None = None,
        limits: Limits | None = None,
        preferred: Sequence[str] = (),
    ) -> Workspace:
        """Open or make the index and the ledger; the user's own ones when none are named.

        ledger   folder of the ledger; its mirror then lies in `mirror` inside of it.
        wait_s   how long to wait for another process that holds the index before IndexLocked is raised.
        actor    who is written into the ledger; the login name when None.
        limits   what the worker processes that read folders may use.
        preferred   formats whose series and params are shown first where several recordings of a run have them.
        """
        database = _open_index(index or locate.default_index(), wait_s, ours=index is None)
        library = locate.data_folder() / "library.json" if index is None else index.with_name(f"{index.name}.library")
        folder = ledger or locate.data_folder()
        mirror = folder / "mirror" if ledger else locate.mirror_folder()
        try:
            return cls(database, Ledger(folder, mirror), actor or _login_name(), library, limits, preferred)
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Stop the worker processes and close the index."""
        if self._indexer is not None:
            self._indexer.close()
        if self._bench is not None:
            self._bench.close()
        self._db.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` after each commit, on the thread that committed. Returns what ends it."""
        self._listeners.append(listener)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return end

    def _announce(self, touched: Touched, runs: Iterable[RunKey] = ()) -> None:
        change = Change(touched, frozenset(runs))
        for listener in [*self._listeners]:
            listener(change)

    # --- library and index -------------------------------------------------------------------------------------

    def sources(self) -> tuple[Source, ...]:
        """The folders in the library."""
        return self._queries.sources()

    def add_source(self, path: str | Path) -> Source:
        """Put a folder into the library without reading it yet; folders inside of it that are there already leave it.

        One that is there under another name (a link, another spelling) is that one.
        Raises NotFound when there is no such folder, UsageError when it lies inside one that is in the library.
        """
        folder = Path(path).expanduser().absolute()
        folder = folder.resolve() if ".." in folder.parts else folder
        if not folder.is_dir():
            what = "is a file, not a folder" if folder.exists() else "does not exist"
            raise NotFound(f"{folder} {what}", hint="Give the folder that holds the runs.", where=str(folder))
        from runfolio.index.writer import Writer

        for other in self.sources():
            known = Path(other.path)
            if known != folder and _is_same(folder, known):
                return other
            if known != folder and _lies_in(folder, known):
                raise UsageError(
                    f"{folder} is in the library already, as a part of {known}",
                    hint="Filter by its path, or take the outer folder out of the library first.",
                    where=str(folder),
                )
            if known != folder and _lies_in(known, folder):
                self.remove_source(other.id)
        number = Writer(self._db).add_source(folder)
        self._keep_library()
        self._announce(Touched.SOURCES)
        return next(s for s in self.sources() if s.id == number)

    def remove_source(self, source: int) -> None:
        """Take a folder out of the library. The folder, and what the ledger says of its runs, are not touched."""
        with self._index_lock:
            self._get_indexer().forget(source)
        self._keep_library()
        self._announce(Touched.SOURCES | Touched.RUNS | Touched.PROBLEMS)

    def _keep_library(self) -> None:
        from runfolio.index.library_file import write_library

        try:
            write_library(self._library, [source.path for source in self.sources()])
        except OSError as error:
            raise UsageError(
                f"The list of folders cannot be kept: {error.strerror or error}", where=str(self._library)
            ) from error

    def _restore_library(self) -> None:
        """Put the folders that were added back into an index that was made anew."""
        if self.sources():
            return
        from runfolio.index.library_file import read_library
        from runfolio.index.writer import Writer

        for folder in read_library(self._library):
            Writer(self._db).add_source(folder)

    def check_target(self, path: Path) -> Path:
        """The path, when writing there changes no run folder. Raises UsageError when it lies inside the library."""
        for source in self.sources():
            if _lies_in(path.expanduser().absolute(), Path(source.path)):
                raise UsageError(
                    "That place is inside a folder of runs, which are only read",
                    hint="Choose a place outside of the folders in the library.",
                    where=str(path),
                )
        return path

    def library(self) -> tuple[LibraryNode, ...]:
        """Experiments below the sources."""
        return self._queries.library()

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
        started = time.monotonic()
        chosen = None if paths is None else [self.add_source(path).id for path in paths]
        sources = [(s.id, Path(s.path)) for s in self.sources() if chosen is None or s.id in chosen]
        with self._index_lock:
            counts = self._get_indexer().run(
                sources,
                deep=deep,
                on_progress=on_progress or (lambda _: None),
                cancelled=lambda: cancel is not None and cancel.cancelled,
                on_commit=self._runs_changed,
            )
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

        watcher = Watcher(self._db, self._get_indexer(), lambda: [(s.id, Path(s.path)) for s in self.sources()])
        while not cancel.cancelled:
            started = time.monotonic()
            with self._index_lock:
                done = watcher.round(lambda: cancel.cancelled)
            if self._link_asked:
                self._link_again()
            live = watcher.live_runs()
            if done.changed:
                self._runs_changed()
            on_round(WatchReport(live, done.grown, done.read, time.monotonic() - started))
            cancel.wait(max(every_s, (time.monotonic() - started) / 2))

    def facts(self) -> IndexFacts:
        """Counts for the status bar."""
        return self._queries.facts()

    def problems(self) -> tuple[PlacedProblem, ...]:
        """What could not be read as it should be, and why."""
        return self._queries.problems()

    def doctor(self) -> tuple[FolderReport, ...]:
        """What became of each folder: imported, partial or skipped, and why; the worst first."""
        from runfolio.index.doctor import reports

        return reports(self._db)

    # --- layouts -----------------------------------------------------------------------------------------------

    def layouts(self) -> tuple[SavedLayout, ...]:
        """The layouts that the user taught, by file; those that cannot be used with the reason."""
        return layouts()

    def read_layout(self, path: str | Path) -> Layout:
        """A layout from any file. Raises NotFound, and UsageError naming file, key and what is allowed."""
        return read_layout(path)

    def save_layout(self, layout: Layout, *, instead_of: str = "") -> Path:
        """Keep a layout, in place of the one of that name, and of the one that is called `instead_of`; its file.

        The next index run reads what fits by it. Raises UsageError, FolderUnreadable.
        """
        path = save_layout(layout)
        if instead_of and instead_of.casefold() != layout.name.casefold():
            with contextlib.suppress(NotFound):  # somebody else took it away meanwhile
                remove_layout(instead_of)
        return path

    def remove_layout(self, name: str) -> Path:
        """Take a layout away; the next index run reads its folders without it. Raises NotFound."""
        return remove_layout(name)

    def export_layout(self, name: str, path: Path) -> Path:
        """Write the file of a layout to a place outside of the library. Raises NotFound, UsageError."""
        saved, _ = saved_layout(name)
        try:
            self.check_target(path).write_bytes(saved.read_bytes())
        except OSError as error:
            raise UsageError(f"The layout cannot be written: {error.strerror or error}", where=str(path)) from error
        return path

    def suggest_layout(self, folder: str | Path) -> LayoutSuggestion:
        """A guess at the layout of one run folder. Raises FolderUnreadable, LimitReached."""
        return self._get_bench().suggest(Path(folder))

    def preview_layout(self, layout: Layout, folder: str | Path) -> LayoutPreview:
        """What a layout would make of a run folder. Raises UsageError, FolderUnreadable, LimitReached."""
        return self._get_bench().preview(layout, Path(folder))

    def _get_bench(self) -> LayoutBench:
        """The bench, whose worker stays for the next question: a preview follows each change in a dialog."""
        with self._bench_lock:
            if self._bench is None:
                from runfolio.readers.layout_bench import LayoutBench

                self._bench = LayoutBench(self._limits)
            return self._bench

    def _get_indexer(self) -> Indexer:
        if self._indexer is None:
            from runfolio.index.pipeline import Indexer

            self._indexer = Indexer(
                self._db,
                self._limits,
                lambda: LinkChoices(tuple(self._state.links.values()), self._preferred),
                lambda: tuple(self._state.alignments.values()),
            )
        return self._indexer

    def _runs_changed(self) -> None:
        if self._follow_links():
            self._mirror_marks()
        # A decision made while linking was under way may have come too late for it.
        self._align_again()
        self._announce(Touched.RUNS | Touched.SOURCES | Touched.PROBLEMS)

    # --- asking ------------------------------------------------------------------------------------------------

    def fields(self) -> tuple[FieldInfo, ...]:
        """Every field there is, builtins first, then by how many runs have it."""
        return self._queries.fields()

    def values(self, field: FieldRef, limit: int = 50) -> tuple[tuple[str, int], ...]:
        """The most frequent texts of a field, each with the number of runs that have it."""
        return self._queries.values(field, limit)

    def default_columns(self, limit: int = 13) -> tuple[FieldRef, ...]:
        """Useful columns without a click: the metrics that most runs share, the params that vary, and what is fixed."""
        return self._queries.default_columns(limit)

    def higher_is_better(self, field: FieldRef) -> bool:
        """Whether the runs with the highest figure of a metric come first; False for what has no direction."""
        return guess_direction(field.name) is Direction.HIGHER

    def run_keys(self, query: RunQuery | None = None) -> tuple[RunKey, ...]:
        """Keys of the runs that a query selects, in its order. Raises FilterSyntax."""
        return self._queries.run_keys(query or RunQuery())

    def column(self, field: FieldRef, keys: Sequence[RunKey]) -> Column:
        """A field's values for runs, in the order of `keys`."""
        return self._queries.column(field, keys)

    def check_filter(self, text: str) -> None:
        """Raises FilterSyntax with the position when the text is no filter, or names an unknown field."""
        self._queries.check_filter(text)

    def field_named(self, text: str) -> FieldRef:
        """The field that a typed name means, as in a filter: `val/acc.best`, `param.lr`. Raises FilterSyntax."""
        return self._queries.known().resolve(parse_name(text))

    def sort_keys(self, text: str) -> tuple[SortKey, ...]:
        """Sort keys from `-val/acc,name`: names with commas between, a minus before those that go down."""
        keys: list[SortKey] = []
        for part in text.split(","):
            name = part.strip()
            if name:
                keys.append(SortKey(self.field_named(name.removeprefix("-")), name.startswith("-")))
        return tuple(keys)

    def find_runs(self, where: str = "", *, sort: str = "", limit: int | None = None) -> tuple[RunDetail, ...]:
        """Runs that a filter selects, with everything known of them but their points. Raises FilterSyntax."""
        keys = self.run_keys(RunQuery(where, self.sort_keys(sort)))
        return self.runs(keys[:limit])

    def resolve_run(self, text: str) -> RunKey:
        """The run that a name, tracker id, path or start of a key means. Raises NotFound, also when several fit."""
        return self._queries.resolve_run(text)

    def run(self, key: RunKey) -> RunDetail:
        """Everything that is known of a run but its points. Raises NotFound."""
        return self.runs([key])[0]

    def runs(self, keys: Sequence[RunKey]) -> tuple[RunDetail, ...]:
        """The same for many runs at once, in the order of `keys`."""
        return details(self._db, keys, self.marks)

    def series(self, key: RunKey, metric: str) -> MetricSeries:
        """All points of a run's metric, in written order. Raises NotFound."""
        found = self.series_for([key], metric)
        if key not in found:
            raise NotFound(f"The run has no metric {metric!r}")
        return found[key]

    def series_for(self, keys: Sequence[RunKey], metric: str) -> Mapping[RunKey, MetricSeries]:
        """The shown series of one metric for many runs; runs without it are left out."""
        return self._queries.series_for(keys, metric)

    def origin(self, key: RunKey, field: FieldRef, point: int | None = None) -> Origin:
        """Where the value of a field comes from: reader, recording, file and the place in it.

        point   index of a point in the metric's series; the one that the field's aggregate chooses when None.
        The file is read again for it, by a worker process; a file that has changed since says so in the note.
        Raises NotFound when the run has no such value, LimitReached when the file takes too long.
        """
        from runfolio.index.origins import origin

        return origin(self._db, key, field, self._get_indexer().find_place, point)

    def datasets(self) -> tuple[DatasetUse, ...]:
        """Data sets by name and digest, with the runs that used each."""
        return self._queries.datasets()

    # --- comparing ---------------------------------------------------------------------------------------------

    def diff(self, keys: Sequence[RunKey], baseline: RunKey | None = None) -> RunDiff:
        """What differs between runs, against `baseline` (the first of them when None)."""
        from runfolio.analysis.diff import diff_runs

        chosen = keys if baseline is None or baseline in keys else (baseline, *keys)
        return diff_runs(self.runs(chosen), chosen.index(baseline) if baseline is not None else 0)

    def data_diff(
        self,
        before: str | Path,
        after: str | Path,
        *,
        key: Sequence[str] = (),
        cancel: CancelToken | None = None,
    ) -> DataDiff:
        """Compare two data files (CSV, TSV, Parquet); they are parsed in a worker process with limits."""
        return data_diff(before, after, key=key, cancel=cancel)

    # --- the ledger --------------------------------------------------------------------------------------------

    def tag(
        self, keys: Sequence[RunKey], *, add: Sequence[str] = (), remove: Sequence[str] = (), reason: str = ""
    ) -> LedgerEntry:
        """Put tags on runs and take others off. Raises UsageError when nothing would change."""
        witnesses = self._witnesses(keys)
        return self._commit(
            lambda state, now: actions.tag(state, witnesses, add, remove, time_us=now, actor=self._actor, reason=reason)
        )

    def note(self, key: RunKey, text: str) -> LedgerEntry:
        """Set a run's note (Markdown); empty text takes it away."""
        (witness,) = self._witnesses([key])
        return self._commit(lambda state, now: actions.note(state, witness, text, time_us=now, actor=self._actor))

    def marks(self, key: RunKey) -> RunMarks:
        """What the user has put on a run."""
        return self._state.marks(key)

    def tags(self) -> tuple[tuple[str, int], ...]:
        """The user's tags with the number of runs that have each, most used first."""
        counts: dict[str, int] = {}
        for own in self._state.tags.values():
            for tag in own:
                counts[tag] = counts.get(tag, 0) + 1
        return tuple(sorted(counts.items(), key=lambda c: (-c[1], c[0])))

    def models(self) -> tuple[ModelVersion, ...]:
        """All versions of all models, by name, newest first."""
        return tuple(sorted(self._state.versions.values(), key=lambda v: (v.model, -v.version)))

    def registered(self, runs: Sequence[RunKey] | None = None) -> tuple[RegisteredVersion, ...]:
        """Versions in the model registries of trackers, by name, newest first; of some runs, or of all."""
        from runfolio.index.registered import registered_versions

        return registered_versions(self._db, runs)

    def register(self, model: str, run: RunKey, *, reason: str = "") -> ModelVersion:
        """Make a new version of `model` from a run, at no stage yet. Raises UsageError when there is one already."""
        return self._decide(run, model, Stage.NONE, (), forced=False, reason=reason)

    def set_alias(self, model: str, alias: str, version: int | None, *, reason: str = "") -> LedgerEntry:
        """Point a free alias such as `champion` at a version; None takes it away."""
        return self._commit(
            lambda state, now: actions.alias(
                state, model, alias, version, time_us=now, actor=self._actor, reason=reason
            )
        )

    def promote(
        self,
        run: RunKey,
        stage: Stage,
        *,
        reason: str,
        model: str | None = None,
        gates: Sequence[Gate] = (),
        force: bool = False,
    ) -> tuple[ModelVersion, tuple[GateResult, ...]]:
        """Move a version of `model` made from `run` (registered now if there is none) to `stage`.

        model   its experiment's name when None. A version in production of the same model moves to archived.
        Raises  GateNotMet when a gate fails or waits for sign-off, unless `force`; UsageError without a reason. The
                gates are kept in the ledger with the decision as they were.
        """
        if not reason.strip():
            raise UsageError("A promotion needs a reason", hint="Say why; it is kept in the audit trail.")
        name = model or self.run(run).experiment or "model"
        results = self.check_gates(run, stage, gates, name)
        short = [r for r in results if r.outcome is not Outcome.PASS]
        if short and not force:
            raise GateNotMet(
                f"{len(short)} of {len(results)} gates not met: "
                + "; ".join(f"{r.gate} ({r.outcome.value}: {r.observed}, wanted {r.wanted})" for r in short),
                hint="Mend what fails, or promote against the gates with --force; the audit trail will say so.",
            )
        return self._decide(run, name, stage, results, forced=bool(short), reason=reason), results

    def sign_off(self, run: RunKey, stage: Stage, *, reason: str, model: str | None = None) -> LedgerEntry:
        """Approve that a run may go to `stage`; it counts when somebody else promotes it. Raises UsageError.

        model   its experiment's name when None, as in `promote`.
        """
        if not reason.strip():
            raise UsageError("A sign-off needs a reason", hint="Say what you looked at; it is kept in the audit trail.")
        name = model or self.run(run).experiment or "model"
        (witness,) = self._witnesses([run])
        return self._commit(
            lambda state, now: actions.sign_off(
                state, witness, name, stage, time_us=now, actor=self._actor, reason=reason
            )
        )

    def check_gates(self, run: RunKey, stage: Stage, gates: Sequence[Gate], model: str = "") -> tuple[GateResult, ...]:
        """What each gate that guards `stage` says of a run, compared with the model's version in production."""
        if not gates:
            return ()
        from runfolio.analysis.gates import evaluate

        champions = self._state.in_stage(model, Stage.PRODUCTION)
        champion: RunDetail | None = None
        if champions and champions[0].run != run:
            with contextlib.suppress(NotFound):
                champion = self.run(champions[0].run)
        # Who promotes cannot be the second person.
        signers = self._state.approvals.get((run, model, stage), set()) - {self._actor}
        return evaluate(gates, self.run(run), stage, champion, signers)

    def load_gates(self, path: Path | None = None) -> tuple[Gate, ...]:
        """Gates from a YAML file; the one beside the ledger (`gates.yaml`) when None, () when there is none.

        Raises NotFound when a named file is not there, UsageError with the line when it makes no sense.
        """
        from runfolio.analysis.gates import load_gates

        file = path or self._ledger.path.with_name("gates.yaml")
        try:
            data = file.read_bytes()
        except FileNotFoundError as error:
            if path is None:
                return ()
            raise NotFound(f"There is no gates file {path}", where=str(path)) from error
        except OSError as error:
            raise NotFound(f"The gates file cannot be read: {error.strerror}", where=str(file)) from error
        return load_gates(data, str(file))

    def split(self, run: RunKey, recordings: Sequence[int], *, reason: str = "") -> LedgerEntry:
        """Make recordings of a run (their places in `RunDetail.recordings`) runs of their own. Raises UsageError."""
        detail = self.run(run)
        chosen = sorted(set(recordings))
        if not chosen or not 0 <= chosen[0] <= chosen[-1] < len(detail.recordings):
            raise UsageError(f"The run has {len(detail.recordings)} recordings", hint="Name some of them by number.")
        if len(chosen) == len(detail.recordings):
            raise UsageError("At least one recording stays with the run", hint="Leave one of them out.")
        names = [_name_of(detail.recordings[n]) for n in chosen]
        return self._decide_link([run], LinkKind.SPLIT, names, reason)

    def join(self, runs: Sequence[RunKey], *, chain: bool = False, reason: str = "") -> LedgerEntry:
        """Make several runs one; the first gives it its key, name and place. Raises UsageError.

        chain   they are legs of a run that was resumed: their series are laid end to end, by their starts. Otherwise
                they are recordings of one execution, and each metric is shown from one of them.
        """
        keys = [*dict.fromkeys(runs)]
        if len(keys) < 2:
            raise UsageError("Joining takes two runs or more")
        names = [_name_of(next(r for r in detail.recordings if r.primary)) for detail in self.runs(keys)]
        return self._decide_link(keys, LinkKind.CHAIN if chain else LinkKind.JOIN, names, reason)

    def _decide_link(
        self, runs: Sequence[RunKey], kind: LinkKind, names: Sequence[RecordingName], reason: str
    ) -> LedgerEntry:
        witnesses = self._witnesses(runs)
        return self._commit(
            lambda _, now: actions.link(witnesses, kind, names, time_us=now, actor=self._actor, reason=reason)
        )

    def alignments(self) -> tuple[AlignmentFacts, ...]:
        """Which metric names are shown as one, and what that does in this index, by the name they are shown under."""
        from runfolio.index.alignments import alignment_facts

        return alignment_facts(self._db, tuple(self._state.alignments.values()))

    def metric_names(self) -> tuple[NameFacts, ...]:
        """The names that runs have for their metrics, with the range of their values; aligned names are none."""
        from runfolio.index.alignments import name_facts

        return name_facts(self._db)

    def suggest_alignments(self) -> tuple[Suggestion, ...]:
        """Metric names that are probably one metric, each with the reason; what matters most first."""
        from runfolio.analysis.align import families, held_out_parts, suggest
        from runfolio.index.alignments import name_facts, parts_together, together

        with self._db.snapshot():
            facts = name_facts(self._db)
            names = [f.name for f in facts]
            own = families(names)
            in_families = [name for family in own for name in family]
            # Whether val and eval are one in a library shows in any of its runs, but matters where both name a figure.
            parts = held_out_parts(names) if held_out_parts(in_families) else {}
            evidence = Evidence(facts, together(self._db, own), parts_together(self._db, parts))
        return suggest(evidence, tuple(self._state.alignments.values()), tuple(self._state.dismissals.values()))

    def preview_alignment(self, target: str, names: Sequence[AlignedName]) -> AlignmentPreview:
        """How many runs would get values, by `names` in order and the target itself left out; nothing is changed."""
        from runfolio.index.alignments import preview

        return preview(self._db, storable(target), [replace(n, name=storable(n.name)) for n in names])

    def align(
        self, target: str, names: Sequence[AlignedName], *, instead_of: str = "", reason: str = ""
    ) -> LedgerEntry:
        """Show metrics under one name; runs that have a metric `target` keep it, others show the first they have.

        names        all that are shown as `target` from now on, in place of those that were.
        instead_of   an alignment that this one replaces, under another name.
        Raises UsageError for a scale that is none, a name that is shown under another already, and no change at all.
        """
        others = [replace(n, name=storable(n.name)) for n in names]
        changes: dict[str, Sequence[AlignedName]] = {storable(target): others}
        if instead_of and instead_of != target:
            changes = {storable(instead_of): (), **changes}
        return self._decide_names(changes, reason)

    def unalign(self, target: str, *, reason: str = "") -> LedgerEntry:
        """Show nothing but its own metric under a name again. Raises UsageError when no names are shown as it."""
        return self._decide_names({storable(target): ()}, reason)

    def keep_apart(self, names: Sequence[str], *, reason: str = "") -> LedgerEntry:
        """Say that names are not one metric: they are not suggested together again. Raises UsageError."""
        different = [storable(name) for name in names]
        return self._commit(
            lambda state, now: align_actions.keep_apart(state, different, time_us=now, actor=self._actor, reason=reason)
        )

    def kept_apart(self) -> tuple[Dismissal, ...]:
        """The names that the user said are not one metric, oldest first; `undo` of an entry ends it."""
        return tuple(self._state.dismissals.values())

    def _decide_names(self, changes: Mapping[str, Sequence[AlignedName]], reason: str) -> LedgerEntry:
        return self._commit(
            lambda state, now: align_actions.align(state, changes, time_us=now, actor=self._actor, reason=reason)
        )

    def history(self, run: RunKey | None = None) -> tuple[LedgerEntry, ...]:
        """The audit trail, newest first; only what is about `run` when one is given."""
        self._refresh_ledger()
        return tuple(
            actions.describe(entry, self._state.undone.get(entry.number))
            for entry in reversed(self._ledger.entries)
            if run is None or any(self._state.now(w.key) == run for w in entry.event.runs)
        )

    def undo(self, entry: int | None = None, *, reason: str = "") -> LedgerEntry:
        """Take back an entry (the last that still stands when None) by appending its inverse."""
        return self._commit(
            lambda state, now: actions.inverse(
                self._ledger.entries, state, entry, time_us=now, actor=self._actor, reason=reason
            )
        )

    def verify_ledger(self) -> int:
        """How many entries verify, read again from both files. Raises LedgerDamaged when the chain is broken."""
        return self._ledger.verify()

    def ledger_notes(self) -> tuple[str, ...]:
        """Copies of the ledger that were found altered or cut, and were replaced by the other one."""
        return tuple(
            f"A copy of the ledger was found altered or cut, and was replaced by the other; it is kept as {path}"
            for path in self._ledger.replaced
        )

    # --- exporting ---------------------------------------------------------------------------------------------

    def export_chart(self, recipe: ChartRecipe, path: Path) -> Path:
        """Draw a figure to PNG, SVG or PDF, or write all its points as CSV, by the path's suffix."""
        from runfolio.export.chart import export_chart

        self.check_target(path)
        keys = [RunKey(r.key) for r in recipe.runs]
        metrics = dict.fromkeys(p.metric for p in recipe.panels)
        return export_chart(recipe, {m: self.series_for(keys, m) for m in metrics}, path)

    def export_report(
        self, keys: Sequence[RunKey], path: Path, *, title: str = "", baseline: RunKey | None = None
    ) -> Path:
        """One HTML file with the runs' table, charts, differences, data sets, decisions and problems."""
        from runfolio.export.recipe import recipe_for
        from runfolio.export.report import ReportContent, write_report

        self.check_target(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise UsageError("A report is one HTML file", hint="Let the name end in .html.", where=str(path))
        runs = self.runs(keys)
        recipe = recipe_for(runs)
        metrics = dict.fromkeys(p.metric for p in recipe.panels) if recipe else {}
        decisions = {entry.number: entry for key in keys for entry in self.history(key)}
        content = ReportContent(
            title=title or "Runs compared",
            runs=runs,
            diff=self.diff(keys, baseline),
            recipe=recipe,
            series={m: self.series_for(keys, m) for m in metrics},
            decisions=tuple(decisions[number] for number in sorted(decisions, reverse=True)),
            made_us=time.time_ns() // 1000,
        )
        return write_report(path, content)

    def _witnesses(self, keys: Sequence[RunKey]) -> tuple[Witness, ...]:
        from runfolio.model.run import params_digest

        return tuple(
            Witness(
                run.key,
                run.name,
                run.format,
                next((r.id for r in run.recordings if r.primary), ""),
                run.started_us,
                params_digest(run.params),
            )
            for run in self.runs(keys)
        )

    def _decide(
        self, run: RunKey, model: str, stage: Stage, gates: tuple[GateResult, ...], *, forced: bool, reason: str
    ) -> ModelVersion:
        (witness,) = self._witnesses([run])
        self._commit(
            lambda state, now: actions.promote(
                state,
                witness,
                model,
                stage,
                gates,
                forced=forced,
                time_us=now,
                actor=self._actor,
                reason=reason,
            )
        )
        return max((v for v in self._state.versions.values() if v.model == model and v.run == run), key=_number)

    def _commit(self, make: Callable[[LedgerState, int], Event]) -> LedgerEntry:
        def build(entries: tuple[Entry, ...]) -> Event:
            # Another process may have appended; what it decided counts before ours is made.
            if len(entries) != known:
                self._state = fold(entries, self._state.stands_for)
            return make(self._state, time.time_ns() // 1000)

        known = len(self._ledger.entries)
        entry = self._ledger.append(build)
        self._state.apply(entry)
        if entry.event.action is Action.LINK:
            self._link_again()
        if entry.event.action is Action.ALIGN:
            self._align_again()
        self._mirror_marks()
        self._announce(Touched.MARKS, (w.key for w in entry.event.runs))
        return actions.describe(entry, None)

    def _link_again(self) -> None:
        """Apply the decisions about recordings now; where folders are being read, when that is done."""
        self._link_asked = True
        if self._index_lock.acquire(blocking=False):
            try:
                self._link_asked = False
                self._get_indexer().link()
            finally:
                self._index_lock.release()
            self._follow_links()
            self._announce(Touched.RUNS | Touched.PROBLEMS)

    def _align_again(self) -> None:
        """Show metrics under the names decided on, where the index does not do so yet."""
        from runfolio.index.alignments import align_again

        if align_again(self._db, tuple(self._state.alignments.values())):
            self._announce(Touched.RUNS)

    def _follow_links(self) -> bool:
        """Find the runs that the ledger's runs are part of today; whether that is others than before."""
        keys = {w.key for entry in self._ledger.entries for w in entry.event.runs}
        stands_for = whole_runs(self._db, sorted(keys)) if keys else {}
        if stands_for == self._state.stands_for:
            return False
        self._state = fold(self._ledger.entries, stands_for)
        return True

    def _refresh_ledger(self) -> None:
        if self._ledger.refresh():
            links = self._state.links
            self._state = fold(self._ledger.entries, self._state.stands_for)
            if self._state.links != links:
                self._link_again()
            self._align_again()
            self._mirror_marks()
            self._announce(Touched.MARKS)

    def _mirror_marks(self) -> None:
        put_marks(self._db, self._state.tags, self._state.notes, self._state.versions.values())


def data_diff(
    before: str | Path, after: str | Path, *, key: Sequence[str] = (), cancel: CancelToken | None = None
) -> DataDiff:
    """Compare two data files (CSV, TSV, Parquet) without a workspace, in a worker process with limits."""
    from runfolio.analysis.datadiff import data_diff as compare

    return compare(before, after, key, cancel)


def inspect(paths: Sequence[str | Path], *, points: bool = False, limits: Limits | None = None) -> dict[str, Json]:
    """What the readers see in folders, without an index: `{"schema": 1, "recordings", "runs", "problems"}`."""
    from runfolio.index.inspect import inspect as look

    return look([Path(p) for p in paths], points=points, limits=limits)


def _open_index(path: Path, wait_s: float, *, ours: bool) -> Database:
    until = time.monotonic() + wait_s
    pause = threading.Event()
    while True:
        try:
            return Database.open_or_rebuild(path, ours=ours)
        except IndexLocked:
            if time.monotonic() >= until:
                raise
            pause.wait(0.2)


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a path leads to a place inside a folder, links and all; a folder lies in itself."""
    try:
        return path.is_relative_to(folder) or path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False  # nothing can be written there either


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False  # one of them is not there


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def _name_of(recording: RecordingFacts) -> RecordingName:
    return RecordingName(recording.identity, recording.path)


def _number(version: ModelVersion) -> int:
    return version.version
