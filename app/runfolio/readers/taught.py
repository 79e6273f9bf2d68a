"""Folders of a layout that the user taught: which files are params and metrics, and what the path says.

The layouts come from the user's folder when a walk begins (see `scanner`). A claim carries the layout it was made by as
its recipe: a worker process reads by that and looks at no file of its own, and a layout that changes makes its folders
count as changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from runfolio.errors import FolderUnreadable
from runfolio.model.display import storable
from runfolio.model.file_pattern import part_fits
from runfolio.model.layout import EXPERIMENT_FIELD, NAME_FIELD, Layout, Role, layout_from, recipe_of
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, info, warning
from runfolio.readers.files import artifacts_below, datasets_in, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.generic import add_params, is_apart
from runfolio.readers.tabular import Columns, Logged, merge_files, read_file, span_of
from runfolio.readers.taught_identity import files_identity
from runfolio.readers.yaml_scalars import text_value

_MOST_FOLDERS = 200
"""Sub folders that the patterns of one layout may name in one run folder."""

_MOST_FILES = 2_000
_PACKED = (".parquet", ".pq", ".gz")
_CONTROLS = bytes(n for n in range(32) if chr(n) not in "\t\n\r\f\x1b")
_ODD_COLUMN = ("odd-step-column", "odd-time-column")


@dataclass(frozen=True)
class Taught:
    """Claims folders by layouts; the first that fits, by name."""

    layouts: tuple[Layout, ...] = ()

    name: ClassVar[str] = "taught"
    title: ClassVar[str] = "A layout of yours"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder whose path and files fit one of the layouts."""
        for layout in self.layouts:
            if taken and not layout.beside_trackers:
                continue
            found = fitting_files(layout, folder, taken)
            if found is not None:
                return claim_by(layout, folder, found, taken)
        return None

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording, whatever of its files can be read."""
        layout = layout_from(claim.recipe)
        found = fitting_files(layout, folder, frozenset(folder.files) - claim.files)
        if found is None:  # it changed since the claim; the next walk sees that
            yield warning("changed-meanwhile", folder.shown, f"The folder fits the layout {layout.name!r} no longer")
            return
        params, problems = _params(folder, found, budget)
        logs: list[tuple[str, Logged]] = []
        columns: dict[str, None] = {}
        for name in found.metrics:
            logged = _read_table(folder, name, layout, budget)
            columns.update(dict.fromkeys(m.name for m in logged.metrics))
            logs.append((name, _prefixed(logged, name) if layout.file_prefix else logged))
        problems += _told([logged for _, logged in logs])
        metrics = merge_files(logs)
        problems += _missing(layout, folder, found, [*columns])
        listed, odd = artifacts_below(folder, budget, is_apart=lambda f: _is_apart(f, layout, found, folder))
        artifacts = tuple(a for a in listed if _is_artifact(layout, a.path))
        no_data = {n for n in folder.files if n not in claim.files or layout.role_of(n) is not Role.ARTIFACT}
        datasets, failures = datasets_in(folder, budget, skip=frozenset(no_data))
        fields = found.fields
        started, ended = span_of(metrics)
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            identity=files_identity(folder, found.params, found.metrics, fields, budget),
            name=fields.get(NAME_FIELD),
            experiment=fields.get(EXPERIMENT_FIELD),
            params=params,
            metrics=tuple(metrics),
            artifacts=artifacts,
            datasets=datasets,
            started_us=started,
            ended_us=ended,
            extra=_extra(layout, logs),
            problems=tuple(dict.fromkeys([*problems, *odd, *failures])),
        )


@dataclass(frozen=True, slots=True)
class Fitting:
    """What of a folder fits a layout: files by their path in it, in sorted order, and what its own path says."""

    params: tuple[str, ...]
    metrics: tuple[str, ...]
    fields: Mapping[str, str]

    @property
    def below(self) -> frozenset[str]:
        """Sub folders, directly in the run's, that hold files of the layout."""
        return frozenset(n.partition("/")[0] for n in (*self.params, *self.metrics) if "/" in n)


def path_of(folder: Folder) -> tuple[str, ...]:
    """The names that a pattern is compared with: those of all folders down to this one, whichever was opened."""
    return (*folder.root.parts, *(part for part in folder.path.split("/") if part))


def fitting_files(layout: Layout, folder: Folder, taken: frozenset[str] = frozenset()) -> Fitting | None:
    """What of a folder fits; None when the folder does not. Raises FolderUnreadable when it cannot be listed."""
    fields: Mapping[str, str] = {}
    if layout.path_pattern is not None:
        matched = layout.path_pattern.match(path_of(folder))
        if matched is None:
            return None
        fields = {key: storable(text) for key, text in matched.items()}
    params = _expanded(layout, Role.PARAMS, folder, taken)
    metrics = _expanded(layout, Role.METRICS, folder, taken)
    if not params and not metrics:
        return None
    if not layout.incomplete and ((layout.params and not params) or (layout.metrics and not metrics)):
        return None
    return Fitting(params, metrics, fields)


def claim_by(layout: Layout, folder: Folder, found: Fitting, taken: frozenset[str] = frozenset()) -> Claim:
    """The claim on a folder that fits: all its files are the run's, but for those that trackers have."""
    return Claim(
        Taught.name,
        folder.path,
        Strength.LAYOUT,
        f"the layout {layout.name}: {' and '.join([*found.params[:1], *found.metrics[:1]])}",
        frozenset(folder.files) - taken,
        prune=found.below,
        deep=bool(found.below),
        recipe=recipe_of(layout),
    )


def _expanded(layout: Layout, role: Role, folder: Folder, taken: frozenset[str]) -> tuple[str, ...]:
    """The files that have this role, by their path in the folder."""
    found: set[str] = set()
    for *above, last in layout.file_patterns[role]:
        places = [("", folder)]
        for part in above:
            places = [*_below(places, part)]
        for prefix, here in places:
            names = here.files if not prefix else _files_of(here)
            found |= {prefix + name for name in names if part_fits(last, name) and (prefix or name not in taken)}
    return tuple(sorted(name for name in found if layout.role_of(name) is role))[:_MOST_FILES]


def _below(places: Sequence[tuple[str, Folder]], part: str) -> Iterator[tuple[str, Folder]]:
    left = _MOST_FOLDERS
    for prefix, folder in places:
        try:
            names = folder.folders
        except FolderUnreadable:
            continue  # reading tells of it, with the list of artifacts
        for name in names:
            if part_fits(part, name) and left:
                left -= 1
                yield f"{prefix}{name}/", folder.sub(name)


def _files_of(folder: Folder) -> Sequence[str]:
    try:
        return [*folder.files]
    except FolderUnreadable:
        return ()  # as above


def _is_apart(folder: Folder, layout: Layout, found: Fitting, run: Folder) -> bool:
    name = folder.path.removeprefix(run.path).strip("/")
    if name.partition("/")[0] in found.below:
        return False
    return is_apart(folder) or fitting_files(layout, folder) is not None


def _is_artifact(layout: Layout, file: str) -> bool:
    return layout.has(Role.ARTIFACT, file) and not layout.has(Role.IGNORED, file)


def _read_table(folder: Folder, name: str, layout: Layout, budget: Budget) -> Logged:
    """The series of a file; a pattern such as `*` may fit what is no table at all."""
    if not name.lower().endswith(_PACKED) and _is_binary(folder, name):
        message = "The file is no text table: it was not read as metrics"
        hint = "Name the files more closely in the layout, as in *.csv."
        return Logged(problems=[info("not-a-table", folder.where(name), message, hint)])
    return read_file(folder, name, budget, columns=Columns(layout.step, layout.time, layout.is_metric))


def _is_binary(folder: Folder, name: str) -> bool:
    try:
        head = folder.head(name)
    except FolderUnreadable:
        return False  # reading it tells why
    # UTF-16 is full of NUL bytes, too; a few of them among text are damage.
    odd = len(head) - len(head.translate(None, _CONTROLS))
    return 20 * odd > len(head) and not head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _params(folder: Folder, found: Fitting, budget: Budget) -> tuple[tuple[Param, ...], list[Problem]]:
    """Params of the files and of the path; where they differ, those of the path are told as `folder.name`."""
    params: dict[tuple[str, ...], Param] = {}
    problems: list[Problem] = []
    for name in found.params:
        budget.check(folder.where(name))
        read, odd = read_params(folder, name, budget, by_content=True)
        problems += odd
        add_params(params, read, storable(name))
    own = (NAME_FIELD, EXPERIMENT_FIELD)
    said = [Param((key,), text, text_value(text)) for key, text in found.fields.items() if key not in own]
    add_params(params, said, "folder")
    return tuple(params.values()), problems


def _prefixed(logged: Logged, file: str) -> Logged:
    stem = file.removesuffix(".gz")
    stem = storable(stem[: stem.rindex(".")] if "." in stem.rpartition("/")[2][1:] else stem)
    logged.metrics = [replace(m, name=f"{stem}/{m.name}") for m in logged.metrics]
    return logged


def _told(logs: Sequence[Logged]) -> Iterator[Problem]:
    """What was wrong with the tables. A step or time that one of them has need not be in the others."""
    somewhere = [
        code for code in _ODD_COLUMN if any(all(p.code != code for p in log.problems) for log in logs if log.metrics)
    ]
    for log in logs:
        yield from (problem for problem in log.problems if problem.code not in somewhere)


def _missing(layout: Layout, folder: Folder, found: Fitting, names: Sequence[str]) -> Iterator[Problem]:
    """What the layout names and the folder does not have."""
    hint = "Change the layout, or look whether the folder was copied completely."
    for what, wanted, there in (("params", layout.params, found.params), ("metrics", layout.metrics, found.metrics)):
        if wanted and not there:
            message = f"No file of {what} is here ({', '.join(wanted[:5])})"
            yield info("layout-file-missing", folder.shown, message, hint)
    lost = [c for c in layout.columns or () if not any(c == n or part_fits(c, n) for n in names)]
    if lost and found.metrics:
        message = f"No column with numbers is called {', '.join(lost[:5])}"
        yield info("layout-column-missing", folder.shown, message, hint)


def _extra(layout: Layout, logs: Sequence[tuple[str, Logged]]) -> dict[str, Json]:
    extra: dict[str, Json] = {"layout": layout.name}
    for name, logged in logs:
        if logged.metrics:
            return {**extra, "metrics_file": storable(name), "step_column": logged.step_column}
    return extra
