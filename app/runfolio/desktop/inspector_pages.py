"""The sections of the inspector, each made when it is first looked at and told of the run from then on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.deferred import Deferred
from runfolio.desktop.inspector_facts import RowsSection, code_rows, dataset_rows, problem_rows
from runfolio.desktop.inspector_log import LogSection
from runfolio.desktop.inspector_metrics import MetricsSection
from runfolio.desktop.inspector_notes import NotesSection
from runfolio.desktop.inspector_overview import OverviewSection
from runfolio.desktop.inspector_params import ParamsSection
from runfolio.desktop.preview_files import FileTree
from runfolio.model.previews import RunFile
from runfolio.model.run_detail import RunDetail


class InspectorPages:
    """Attributes are named as the ids in `inspector_sections.SECTIONS`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._run: RunDetail | None = None
        self.overview = Deferred(lambda: OverviewSection(context), self._tell)
        self.params = Deferred(lambda: ParamsSection(context), self._tell)
        self.metrics = Deferred(lambda: MetricsSection(context), self._tell)
        self.datasets = Deferred(
            lambda: RowsSection(
                context,
                "run-datasets",
                "Data sets",
                (
                    "No data set was recorded",
                    "What a tracker logs as input shows up here by name and digest.",
                    "database",
                ),
                (120, 80, 110, 60),
            ),
            self._tell,
        )
        self.files = Deferred(self._make_files)
        self.code = Deferred(
            lambda: RowsSection(
                context,
                "facts",
                "Code and environment",
                ("Nothing was recorded", "Commit, command line, packages and machine show up here.", "git-compare"),
                (150,),
            ),
            self._tell,
        )
        self.log = Deferred(lambda: LogSection(context), self._tell)
        self.notes = Deferred(lambda: NotesSection(context), self._tell)
        self.problems = Deferred(
            lambda: RowsSection(
                context,
                "run-problems",
                "Problems",
                ("No problems", "Everything that this run's files hold was read.", "circle-check"),
                (66, 250, 160),
            ),
            self._tell,
        )

    def _make_files(self) -> FileTree:
        files = FileTree(self._context, "inspector-files")
        files.opened.connect(self._open_file)
        files.tree.setToolTip("Enter or a double click opens a file in the Files workspace")
        return files

    def _open_file(self, file: RunFile) -> None:
        self._context.state.file_asked.emit(file.shown)

    def page(self, id: str) -> QWidget:
        """What a section's tab shows. Raises KeyError for an unknown id."""
        return self._pages[id]

    @property
    def _pages(self) -> dict[str, Deferred[Any]]:
        return {
            "overview": self.overview, "params": self.params, "metrics": self.metrics, "datasets": self.datasets,
            "files": self.files, "code": self.code, "log": self.log, "notes": self.notes, "problems": self.problems,
        }  # fmt: skip

    def focus(self, id: str) -> None:
        """Put the keyboard into a section."""
        goals: dict[str, Callable[[], QWidget]] = {
            "params": lambda: self.params.body.search,
            "metrics": lambda: self.metrics.body.search,
            "datasets": lambda: self.datasets.body.table,
            "files": lambda: self.files.body.search,
            "code": lambda: self.code.body.search,
            "log": lambda: self.log.body.pane.search.field,
            "notes": lambda: self.notes.body.edit,
            "problems": lambda: self.problems.body.table,
            "overview": lambda: self.overview.body.recordings,
        }
        goals[id]().setFocus()

    def show_run(self, run: RunDetail) -> None:
        """Show another run, or the same as it is now; its files are listed by who sees whether they are looked at."""
        self._run = run
        for page in self._pages.values():
            if page.made is not None:
                self._tell(page.made)

    def _tell(self, section: QWidget) -> None:
        run = self._run
        if run is None:
            return
        if isinstance(section, OverviewSection | ParamsSection | MetricsSection | NotesSection | LogSection):
            section.show_run(run)
        elif section is self.datasets.made:
            self.datasets.body.put(dataset_rows(run))
        elif section is self.code.made:
            self.code.body.put(code_rows(run))
        elif section is self.problems.made:
            self.problems.body.put(problem_rows(run))
