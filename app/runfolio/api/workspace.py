"""The façade itself: a workspace opened from its files, and what its parts can be asked and told."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from runfolio import locate
from runfolio.api.aligning import Aligning
from runfolio.api.asking import Asking
from runfolio.api.charting import Charting
from runfolio.api.comparing import Comparing
from runfolio.api.directing import Directing
from runfolio.api.exploring import Exploring
from runfolio.api.exporting import Exporting
from runfolio.api.files import data_diff
from runfolio.api.group_tables import GroupTables
from runfolio.api.grouping import Grouping
from runfolio.api.judging import Judging
from runfolio.api.library import Library
from runfolio.api.linking import Linking
from runfolio.api.marking import Marking
from runfolio.api.previews import Previewing
from runfolio.api.promoting import Promoting
from runfolio.api.reading import Reading
from runfolio.api.stores import Stores
from runfolio.api.tabling import Tabling
from runfolio.api.teaching import Teaching
from runfolio.api.trail import Trail
from runfolio.errors import IndexLocked
from runfolio.index.database import Database
from runfolio.ledger.store import Ledger
from runfolio.model.answers import Change

if TYPE_CHECKING:
    from runfolio.analysis.datachange import DataDiff
    from runfolio.api.cancelling import CancelToken
    from runfolio.readers.pool import Limits

Part = TypeVar("Part")
Answer = TypeVar("Answer")
Asked = ParamSpec("Asked")


def _of(
    part: Callable[[Workspace], Part], method: Callable[Concatenate[Part, Asked], Answer]
) -> Callable[Concatenate[Workspace, Asked], Answer]:
    """A method of a part as one of the workspace, with the signature and the docstring that it has there."""

    @functools.wraps(method)
    def of_workspace(workspace: Workspace, /, *args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        return method(part(workspace), *args, **kwargs)

    return of_workspace


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
        self._stores = Stores(database, ledger, actor, limits, preferred)
        self._library = Library(self._stores, library)
        self._reading = Reading(self._stores, self._library)
        self._teaching = Teaching(self._library, limits)
        self._asking = Asking(self._stores)
        self._directing = Directing(self._stores, library.with_name(library.name.replace("library", "directions")))
        self._grouping = Grouping(self._stores)
        self._charting = Charting(self._stores)
        self._comparing = Comparing(self._stores)
        self._previewing = Previewing(self._stores)
        self._exploring = Exploring(self._asking)
        self._judging = Judging(self._previewing, self._asking)
        self._marking = Marking(self._stores)
        self._promoting = Promoting(self._stores)
        self._linking = Linking(self._stores)
        self._aligning = Aligning(self._stores)
        self._trail = Trail(self._stores)
        self._tabling = Tabling(self._library, self._asking, self._grouping)
        self._group_tables = GroupTables(self._library, self._asking, self._grouping)
        self._exporting = Exporting(
            self._library, self._asking, self._charting, self._comparing, self._exploring, self._previewing,
            self._trail, self._marking,
        )  # fmt: skip

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

    def end(self) -> None:
        """Let calls on other threads that wait for worker processes raise Cancelled, so that `close` need not wait.

        What was read until then stays in the index; what of it is not linked yet is at the next round.
        """
        self._teaching.end()
        self._stores.end()

    def close(self) -> None:
        """Stop the worker processes and close the index."""
        self._teaching.close()
        self._previewing.close()
        self._stores.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` after each commit, on the thread that committed. Returns what ends it."""
        return self._stores.subscribe(listener)

    # --- library.py: the folders

    sources = _of(lambda ws: ws._library, Library.sources)
    add_source = _of(lambda ws: ws._library, Library.add_source)
    add_sources = _of(lambda ws: ws._library, Library.add_sources)
    remove_source = _of(lambda ws: ws._library, Library.remove_source)
    library = _of(lambda ws: ws._library, Library.library)
    check_target = _of(lambda ws: ws._library, Library.check_target)

    # --- reading.py: from the folders into the index

    prepare_reading = _of(lambda ws: ws._reading, Reading.prepare_reading)
    index = _of(lambda ws: ws._reading, Reading.index)
    watch = _of(lambda ws: ws._reading, Reading.watch)
    facts = _of(lambda ws: ws._reading, Reading.facts)
    problems = _of(lambda ws: ws._reading, Reading.problems)
    doctor = _of(lambda ws: ws._reading, Reading.doctor)

    # --- teaching.py: layouts

    layouts = _of(lambda ws: ws._teaching, Teaching.layouts)
    read_layout = _of(lambda ws: ws._teaching, Teaching.read_layout)
    save_layout = _of(lambda ws: ws._teaching, Teaching.save_layout)
    remove_layout = _of(lambda ws: ws._teaching, Teaching.remove_layout)
    export_layout = _of(lambda ws: ws._teaching, Teaching.export_layout)
    suggest_layout = _of(lambda ws: ws._teaching, Teaching.suggest_layout)
    preview_layout = _of(lambda ws: ws._teaching, Teaching.preview_layout)

    # --- asking.py: runs

    fields = _of(lambda ws: ws._asking, Asking.fields)
    values = _of(lambda ws: ws._asking, Asking.values)
    default_columns = _of(lambda ws: ws._asking, Asking.default_columns)
    higher_is_better = _of(lambda ws: ws._asking, Asking.higher_is_better)
    run_order = _of(lambda ws: ws._asking, Asking.run_order)
    left_out = _of(lambda ws: ws._asking, Asking.left_out)
    run_keys = _of(lambda ws: ws._asking, Asking.run_keys)
    column = _of(lambda ws: ws._asking, Asking.column)
    columns = _of(lambda ws: ws._asking, Asking.columns)
    check_filter = _of(lambda ws: ws._asking, Asking.check_filter)
    filter_hints = _of(lambda ws: ws._asking, Asking.filter_hints)
    field_named = _of(lambda ws: ws._asking, Asking.field_named)
    facet = _of(lambda ws: ws._asking, Asking.facet)
    filter_name = _of(lambda ws: ws._asking, Asking.filter_name)
    derived = _of(lambda ws: ws._asking, Asking.derived)
    sort_keys = _of(lambda ws: ws._asking, Asking.sort_keys)
    find_runs = _of(lambda ws: ws._asking, Asking.find_runs)
    resolve_run = _of(lambda ws: ws._asking, Asking.resolve_run)
    run = _of(lambda ws: ws._asking, Asking.run)
    runs = _of(lambda ws: ws._asking, Asking.runs)
    series = _of(lambda ws: ws._asking, Asking.series)
    series_for = _of(lambda ws: ws._asking, Asking.series_for)
    origin = _of(lambda ws: ws._asking, Asking.origin)
    datasets = _of(lambda ws: ws._asking, Asking.datasets)
    diff = _of(lambda ws: ws._asking, Asking.diff)

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

    # --- grouping.py: runs in groups

    group_runs = _of(lambda ws: ws._grouping, Grouping.group_runs)
    group_column = _of(lambda ws: ws._grouping, Grouping.group_column)
    varying_params = _of(lambda ws: ws._grouping, Grouping.varying_params)
    column_span = _of(lambda ws: ws._grouping, Grouping.column_span)
    replicate_rule = _of(lambda ws: ws._grouping, Grouping.replicate_rule)

    # --- directing.py: which way is better

    directions = _of(lambda ws: ws._directing, Directing.directions)
    set_direction = _of(lambda ws: ws._directing, Directing.set_direction)

    # --- charting.py: series for charts

    chart_series = _of(lambda ws: ws._charting, Charting.chart_series)
    epoch_series = _of(lambda ws: ws._charting, Charting.epoch_series)
    stretch = _of(lambda ws: ws._charting, Charting.stretch)

    # --- comparing.py: groups of runs

    replicate_groups = _of(lambda ws: ws._comparing, Comparing.replicate_groups)
    replicates_of = _of(lambda ws: ws._comparing, Comparing.replicates_of)
    field_groups = _of(lambda ws: ws._comparing, Comparing.field_groups)
    figure_of = _of(lambda ws: ws._comparing, Comparing.figure_of)
    compare_groups = _of(lambda ws: ws._comparing, Comparing.compare_groups)
    significance = _of(lambda ws: ws._comparing, Comparing.significance)

    # --- previews.py: the files of runs

    run_files = _of(lambda ws: ws._previewing, Previewing.run_files)
    preview = _of(lambda ws: ws._previewing, Previewing.preview)
    thumbnails = _of(lambda ws: ws._previewing, Previewing.thumbnails)
    sound_piece = _of(lambda ws: ws._previewing, Previewing.sound_piece)
    search_file = _of(lambda ws: ws._previewing, Previewing.search_file)
    board_tags = _of(lambda ws: ws._previewing, Previewing.board_tags)
    board_image_steps = _of(lambda ws: ws._previewing, Previewing.board_image_steps)
    board_images = _of(lambda ws: ws._previewing, Previewing.board_images)
    histograms = _of(lambda ws: ws._previewing, Previewing.histograms)
    recorded_histograms = _of(lambda ws: ws._previewing, Previewing.recorded_histograms)
    side_by_side = _of(lambda ws: ws._previewing, Previewing.side_by_side)

    # --- exploring.py: chart kinds beside curves

    variables = _of(lambda ws: ws._exploring, Exploring.variables)
    importance = _of(lambda ws: ws._exploring, Exploring.importance)
    classified = _of(lambda ws: ws._exploring, Exploring.classified)
    judged_tables = _of(lambda ws: ws._judging, Judging.judged_tables)

    # --- marking.py: tags and notes

    tag = _of(lambda ws: ws._marking, Marking.tag)
    note = _of(lambda ws: ws._marking, Marking.note)
    mark = _of(lambda ws: ws._marking, Marking.mark)
    mark_board = _of(lambda ws: ws._marking, Marking.mark_board)
    marks = _of(lambda ws: ws._marking, Marking.marks)
    tags = _of(lambda ws: ws._marking, Marking.tags)

    # --- promoting.py: models

    models = _of(lambda ws: ws._promoting, Promoting.models)
    registered = _of(lambda ws: ws._promoting, Promoting.registered)
    register = _of(lambda ws: ws._promoting, Promoting.register)
    set_alias = _of(lambda ws: ws._promoting, Promoting.set_alias)
    promote = _of(lambda ws: ws._promoting, Promoting.promote)
    sign_off = _of(lambda ws: ws._promoting, Promoting.sign_off)
    check_gates = _of(lambda ws: ws._promoting, Promoting.check_gates)
    load_gates = _of(lambda ws: ws._promoting, Promoting.load_gates)

    # --- linking.py: recordings of one run

    split = _of(lambda ws: ws._linking, Linking.split)
    join = _of(lambda ws: ws._linking, Linking.join)

    # --- aligning.py: names of one metric

    alignments = _of(lambda ws: ws._aligning, Aligning.alignments)
    metric_names = _of(lambda ws: ws._aligning, Aligning.metric_names)
    suggest_alignments = _of(lambda ws: ws._aligning, Aligning.suggest_alignments)
    preview_alignment = _of(lambda ws: ws._aligning, Aligning.preview_alignment)
    align = _of(lambda ws: ws._aligning, Aligning.align)
    unalign = _of(lambda ws: ws._aligning, Aligning.unalign)
    keep_apart = _of(lambda ws: ws._aligning, Aligning.keep_apart)
    kept_apart = _of(lambda ws: ws._aligning, Aligning.kept_apart)

    # --- trail.py: the audit trail

    history = _of(lambda ws: ws._trail, Trail.history)
    undo = _of(lambda ws: ws._trail, Trail.undo)
    verify_ledger = _of(lambda ws: ws._trail, Trail.verify_ledger)
    ledger_notes = _of(lambda ws: ws._trail, Trail.ledger_notes)

    # --- tabling.py: the table as text and as a file

    all_columns = _of(lambda ws: ws._tabling, Tabling.all_columns)
    sheet = _of(lambda ws: ws._tabling, Tabling.sheet)
    export_table = _of(lambda ws: ws._tabling, Tabling.export_table)
    group_sheet = _of(lambda ws: ws._group_tables, GroupTables.group_sheet)
    export_groups = _of(lambda ws: ws._group_tables, GroupTables.export_groups)

    # --- exporting.py: figures and reports

    export_chart = _of(lambda ws: ws._exporting, Exporting.export_chart)
    draw_chart = _of(lambda ws: ws._exporting, Exporting.draw_chart)
    render = _of(lambda ws: ws._exporting, Exporting.render)
    export_report = _of(lambda ws: ws._exporting, Exporting.export_report)


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


def _login_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"
