"""A guess at the layout of one sample folder: what its files are by content, which columns are step and time.

The guess is shown to somebody who changes it, so it may be wrong, but it must never make a run of nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError, UsageError
from runfolio.model.display import count
from runfolio.model.file_pattern import fits, parse_file_pattern
from runfolio.model.layout import NAME_FIELD, Layout, Role, is_layout_name
from runfolio.model.layout_answers import LayoutSuggestion, SampleFile
from runfolio.model.path_pattern import parse_pattern
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, problem_from, warning
from runfolio.readers.csv_table import head_rows
from runfolio.readers.files import DATA_FILE, DOCUMENT_SUFFIXES, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.table import Table, TableColumn, number_in
from runfolio.readers.tabular import (
    STEP_NAMES,
    TIME_NAMES,
    is_index,
    is_whole,
    iso_times,
    load_table,
    plain_name,
    unix_scale,
    unpacked,
)

MOST_FILES = 500
_LARGEST_TABLE = 64 << 20
_LARGEST_DOCUMENT = 1 << 20
_TABLES = frozenset({"csv", "tsv", "jsonl", "ndjson", "parquet", "pq"})
_PLAIN_TEXT = frozenset({"txt", "log", "dat", "out", "tab"})
_FIGURES = re.compile(r"(?:metrics?|results?|scores?|summary|eval\w*|final\w*)", re.IGNORECASE)
_KEYS = frozenset({"seed", "lr", "bs", "fold", "rep", "trial", "split", "wd", "epochs", "layers", "dim"})
_PAIR = re.compile(r"([A-Za-z][A-Za-z0-9.]{0,30})=([^=,/]{1,60})")
_KEY_NUMBER = re.compile(r"([A-Za-z]{1,12})([-.]?)([0-9]{1,12}(?:\.[0-9]{1,12})?)")


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found in one file; `single`: figures without a step."""

    role: Role
    what: str = ""
    columns: tuple[str, ...] = ()
    step: str | None = None
    time: str | None = None
    single: bool = False


def guess_layout(folder: Folder, budget: Budget) -> LayoutSuggestion:
    """The layout that the files of a folder suggest. Raises FolderUnreadable when it cannot be listed."""
    files: list[SampleFile] = []
    problems: list[Problem] = []
    steps: list[str | None] = []
    times: list[str | None] = []
    chosen: dict[Role, list[str]] = {Role.PARAMS: [], Role.METRICS: []}
    for name, size in sample_files(folder):
        budget.check(folder.where(name))
        try:
            looked = _look(folder, name, size, budget)
        except RunfolioError as failure:
            problems.append(problem_from(failure, "unreadable", folder.where(name)))
            looked = _Looked(Role.ARTIFACT)
        role = looked.role if looked.role in chosen and _is_pattern(name) else Role.ARTIFACT
        files.append(SampleFile(name, size, role, looked.what, looked.columns))
        if role in chosen and len(chosen[role]) < 16:
            chosen[role].append(name)
        if role is Role.METRICS and not looked.single:
            steps.append(looked.step)
            times.append(looked.time)
    if _holds_runs([*chosen[Role.PARAMS], *chosen[Role.METRICS]]):
        message = "This folder seems to hold several runs, one in each folder below"
        problems.append(warning("several-runs", folder.shown, message, "Choose the folder of one of them."))
        files = [replace(f, role=Role.ARTIFACT) for f in files]
        chosen = {Role.PARAMS: [], Role.METRICS: []}
    layout = Layout(
        name=_layout_name(folder.name),
        path=guess_path(folder.name),
        params=tuple(chosen[Role.PARAMS]),
        metrics=tuple(chosen[Role.METRICS]),
        step=_common(steps, STEP_NAMES),
        time=_common(times, TIME_NAMES),
    )
    return LayoutSuggestion(layout, bool(layout.params or layout.metrics), tuple(files), tuple(problems))


def sample_files(folder: Folder) -> Iterator[tuple[str, int]]:
    """Files of a folder and of those directly below, by path and size; hidden ones left out, some hundred at most."""
    left = MOST_FILES
    for prefix, here in _places(folder):
        for name, entry in here.files.items():
            if name.startswith(".") or not left:
                continue
            left -= 1
            yield prefix + name, entry.size


def _places(folder: Folder) -> Iterator[tuple[str, Folder]]:
    yield "", folder
    for name in folder.folders[:MOST_FILES]:
        below = folder.sub(name)
        try:
            below.listing  # noqa: B018
        except FolderUnreadable:
            continue  # the preview tells of it
        if not name.startswith("."):
            yield f"{name}/", below


def _holds_runs(names: Sequence[str]) -> bool:
    """Whether files of one name lie in several folders below, and none directly in this one."""
    return all("/" in n for n in names) and len({n.rpartition("/")[2] for n in names}) < len(names)


def _is_pattern(name: str) -> bool:
    """Whether the name can stand in a layout and means the file itself."""
    try:
        return name.isprintable() and fits(parse_file_pattern(name, any_depth=False), name.split("/"))
    except UsageError:
        return False


# --- what a file is --------------------------------------------------------------------------------------------------


def _look(folder: Folder, name: str, size: int, budget: Budget) -> _Looked:
    base = name.rpartition("/")[2].lower().removesuffix(".gz")
    suffix = base.rpartition(".")[2]
    if not size:
        return _Looked(Role.ARTIFACT, "empty")
    if suffix in DOCUMENT_SUFFIXES:
        return _document(folder, name, base, size, budget)
    if suffix in _TABLES:
        return _Looked(Role.ARTIFACT) if size > _LARGEST_TABLE else _table(folder, name, base, budget)
    if suffix in _PLAIN_TEXT and size <= _LARGEST_TABLE and _looks_like_table(folder, name):
        return _table(folder, name, base, budget)
    return _Looked(Role.ARTIFACT)


def _looks_like_table(folder: Folder, name: str) -> bool:
    rows = head_rows(folder.head(name, 1 << 14))
    if len(rows) < 2 or len(rows[0]) < 2 or any(len(row) != len(rows[0]) for row in rows[1:2]):
        return False
    return any(number_in(cell) is not None for cell in rows[1]) and any(number_in(c) is None for c in rows[0])


def _document(folder: Folder, name: str, base: str, size: int, budget: Budget) -> _Looked:
    if size > _LARGEST_DOCUMENT:
        return _Looked(Role.ARTIFACT)
    numeric: list[str] = []
    if base.endswith(".json"):
        table, single = load_table(folder.read(name, _LARGEST_DOCUMENT), base, folder.where(name), budget)
        numeric = [n for n, column in table.columns.items() if len(column.rows)]
        if numeric and (not single or (_FIGURES.match(base) and 2 * len(numeric) > len(table.columns))):
            return _of_table(table, single=single)
    params, _ = read_params(folder, name, budget)
    return _Looked(Role.PARAMS if params else Role.ARTIFACT, _counted(len(params), "param"), tuple(numeric))


def _table(folder: Folder, name: str, base: str, budget: Budget) -> _Looked:
    data = folder.read(name, _LARGEST_TABLE)
    if name.lower().endswith(".gz"):
        data, _ = unpacked(data, folder.where(name))
    table, _ = load_table(data, base, folder.where(name), budget)
    looked = _of_table(table, single=False)
    # A table without a step and with text beside its numbers is data, as is one of a usual name for data.
    texts = sum(1 for column in table.columns.values() if column.bad and not len(column.rows))
    is_data = texts > 1 or DATA_FILE.fullmatch(base) is not None
    if not looked.columns or (looked.step is None and is_data):
        return replace(looked, role=Role.ARTIFACT)
    return looked


def _of_table(table: Table, *, single: bool) -> _Looked:
    numeric = tuple(n for n, column in table.columns.items() if len(column.rows) and not is_index(n))
    size = f"{_counted(len(numeric), 'column')}, {_counted(table.rows, 'row')}"
    what = _counted(len(numeric), "figure") if single else size
    if single:
        return _Looked(Role.METRICS, what, numeric, single=True)
    time = _time_column(table)
    return _Looked(Role.METRICS, what, numeric, _step_column(table, time), time)


def _counted(number: int, what: str) -> str:
    return f"{count(number)} {what}{'' if number == 1 else 's'}"


def _step_column(table: Table, time: str | None) -> str | None:
    """The column of a usual name, else the first that counts upwards in whole numbers."""
    named = {plain_name(n): n for n in reversed([*table.columns])}
    for wanted in STEP_NAMES:
        if wanted in named and is_whole(table.columns[named[wanted]]):
            return named[wanted]
    for name, column in table.columns.items():
        if name != time and table.rows > 1 and _counts_up(column) and len(column.rows) == table.rows:
            return name
    return None


def _counts_up(column: TableColumn) -> bool:
    return is_whole(column) and not column.bad and bool((np.diff(column.numbers) > 0).all())


def _time_column(table: Table) -> str | None:
    """The first column of points in time, those of a usual name before the others."""
    names = sorted(table.columns, key=lambda n: plain_name(n) not in TIME_NAMES)
    return next((name for name in names if _is_time(table.columns[name])), None)


def _is_time(column: TableColumn) -> bool:
    if len(column.rows):
        forward = bool((np.diff(column.numbers) >= 0).all()) and not column.bad
        return forward and unix_scale(column.numbers) is not None
    return bool(column.words) and len(iso_times(column.words)) == len(column.words)


def _common(names: list[str | None], usual: Collection[str]) -> str | None:
    """The name that all files give, else the first that no rule would find; None, which leaves it to the rules."""
    if names and all(n == names[0] for n in names):
        return names[0]
    return next((n for n in names if n is not None and plain_name(n) not in usual), None)


# --- what the names say ----------------------------------------------------------------------------------------------


def _layout_name(name: str) -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c in " -_.") else " " for c in name).strip(" -_.")[:40]
    kept = kept.strip(" -_.")
    return kept if is_layout_name(kept) else "my layout"


def guess_path(name: str) -> str:
    """A pattern for folders called like this one: `net_seed3` gives `{name}_seed{seed:int}`; "" when nothing tells."""
    fields: set[str] = set()
    made = [_part_pattern(part, fields) or part for part in re.split(r"([_,]|-(?![0-9]))", name[:200])]
    if not fields or any(c in name for c in "{}*"):
        return ""
    # The text before the first field, else that after the last one, is the name: it differs from run to run.
    first = next(i for i, part in enumerate(made) if "{" in part)
    before = "".join(made[:first])
    if before.strip("_,-") and NAME_FIELD not in fields:
        made = ["{name}", before[len(before.rstrip("_,-")) :], *made[first:]]
    elif NAME_FIELD not in fields:
        last = max(i for i, part in enumerate(made) if "{" in part) + 1
        after = "".join(made[last:])
        made[last:] = [after[: -len(after.lstrip("_,-"))], "{name}"] if after.strip("_,-") else [after]
    text = "".join(made)
    try:
        return text if parse_pattern(text).match([name]) is not None else ""
    except UsageError:
        return ""


def _part_pattern(part: str, fields: set[str]) -> str:
    """A pattern for `lr=0.1` or `seed3`; "" for anything else."""
    if pair := _PAIR.fullmatch(part):
        key, between, value = pair[1], "=", pair[2]
    elif (pair := _KEY_NUMBER.fullmatch(part)) and pair[1].lower() in _KEYS:
        key, between, value = pair[1], pair[2], pair[3]
    else:
        return ""
    if key in fields:
        return ""
    fields.add(key)
    kind = ":int" if value.isascii() and value.isdigit() else ":number" if number_in(value) is not None else ""
    return f"{key}{between}{{{key}{kind}}}"
