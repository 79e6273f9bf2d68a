"""A layout that a user taught: which files of a run folder are its params and metrics, and what its path says.

It is kept as one small TOML file that can be handed to others, so everything in it is checked strictly, and every
complaint names the file, the key and what is allowed there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from runfolio.errors import RunfolioError, UsageError
from runfolio.model.file_pattern import fits, parse_file_pattern, part_fits
from runfolio.model.path_pattern import PathPattern, parse_pattern

VERSION = 1
"""Of the file format; a file of a later one is not read."""

NAME_FIELD = "name"
EXPERIMENT_FIELD = "experiment"

_MARK = "runfolio_layout"
_LARGEST_VERSION = 1_000_000
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
"""What no file can be called on Windows, whatever its suffix."""
_MOST_PATTERNS = 32
_MOST_COLUMNS = 1_000
_LONGEST_TEXT = 1_000
_LONGEST_COLUMN = 200
_LONGEST_NAME = 64


class Role(StrEnum):
    """What a file of a run folder is to a layout."""

    PARAMS = "params"
    METRICS = "metrics"
    ARTIFACT = "artifact"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Layout:
    """How runs of one kind lie on disk. `check_layout` says whether it makes sense.

    name         unique among the user's layouts; what its file is called.
    about        a sentence for people.
    path         pattern for the path of a run folder (see `path_pattern`); "" fits every folder. `{name}` is the run's
                 name, `{experiment}` its experiment, every other field a param.
    params, metrics   patterns of the files (see `file_pattern`); at least one of both together.
    artifacts    patterns of what is listed as artifacts, files of params and metrics among it.
    ignore       patterns of what is looked at in no way; goes before all others.
    step         column or key of the step; "" for the number of the row, None to recognise it by its name.
    time         column or key of the wall time; "" for none, None to recognise it.
    columns      names of the metrics, `*` standing for any text; None for every column with numbers.
    file_prefix  whether metrics are called `file/column`.
    incomplete   whether folders without files of params, or without files of metrics, are runs as well.
    beside_trackers   whether it is used, too, in folders of which a tracker's reader has taken files.
    """

    name: str
    about: str = ""
    path: str = ""
    params: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ("**",)
    ignore: tuple[str, ...] = ()
    step: str | None = None
    time: str | None = None
    columns: tuple[str, ...] | None = None
    file_prefix: bool = False
    incomplete: bool = False
    beside_trackers: bool = False

    @cached_property
    def path_pattern(self) -> PathPattern | None:
        """The pattern of the path; None where every folder fits. Raises UsageError."""
        return parse_pattern(self.path) if self.path else None

    @cached_property
    def file_patterns(self) -> Mapping[Role, tuple[tuple[str, ...], ...]]:
        """The parts of the file patterns, in the order in which they are asked. Raises UsageError."""
        return {
            Role.IGNORED: tuple(parse_file_pattern(p, any_depth=True) for p in self.ignore),
            Role.PARAMS: tuple(parse_file_pattern(p, any_depth=False) for p in self.params),
            Role.METRICS: tuple(parse_file_pattern(p, any_depth=False) for p in self.metrics),
            Role.ARTIFACT: tuple(parse_file_pattern(p, any_depth=True) for p in self.artifacts),
        }

    def role_of(self, file: str) -> Role:
        """What a file is, by its path in the run folder; IGNORED where no pattern fits."""
        path = file.split("/")
        for role, patterns in self.file_patterns.items():
            if any(fits(parts, path) for parts in patterns):
                return role
        return Role.IGNORED

    def has(self, role: Role, file: str) -> bool:
        """Whether a file fits a pattern of that role, whatever other patterns it fits."""
        path = file.split("/")
        return any(fits(parts, path) for parts in self.file_patterns[role])

    def is_metric(self, column: str) -> bool:
        """Whether a column or key is one of the metrics."""
        return self.columns is None or any(c == column or part_fits(c, column) for c in self.columns)


@dataclass(frozen=True, slots=True)
class SavedLayout:
    """A file in the user's folder of layouts.

    layout   None when it cannot be used; `trouble` then says why, and what to do.
    """

    file: str
    layout: Layout | None
    trouble: RunfolioError | None = None


# --- reading and checking --------------------------------------------------------------------------------------------

_TOP = (_MARK, "name", "about", "runs", "files", "metrics")
_RUNS = ("path", "incomplete", "beside_trackers")
_FILES = ("params", "metrics", "artifacts", "ignore")
_METRICS = ("step", "time", "columns", "file_prefix")


def layout_of(tree: Mapping[str, object], where: str = "") -> Layout:
    """The layout that a parsed file says. Raises UsageError naming `where`, the key and what is allowed."""
    version = tree.get(_MARK)
    if not isinstance(version, int) or isinstance(version, bool):
        hint = f"The first line of a layout is {_MARK} = {VERSION}."
        raise UsageError(f"This is no layout: it has no {_MARK} with a number", hint=hint, where=where)
    if version != VERSION:
        hint = f"This Runfolio reads version {VERSION}. Use a newer one, or ask for the file in that version."
        # A number of thousands of digits cannot even be written out.
        told = version if abs(version) < _LARGEST_VERSION else "no number of a version"
        raise UsageError(f"{_MARK} is {told}", hint=hint, where=where)
    _only(tree, _TOP, "", where)
    runs, files, metrics = (_table(tree, key, where) for key in ("runs", "files", "metrics"))
    _only(runs, _RUNS, "runs.", where)
    _only(files, _FILES, "files.", where)
    _only(metrics, _METRICS, "metrics.", where)
    layout = Layout(
        name=_text(tree, "name", where) or "",
        about=_text(tree, "about", where) or "",
        path=_text(runs, "path", where, "runs.") or "",
        params=_texts(files, "params", where, "files.") or (),
        metrics=_texts(files, "metrics", where, "files.") or (),
        artifacts=("**",) if "artifacts" not in files else _texts(files, "artifacts", where, "files.") or (),
        ignore=_texts(files, "ignore", where, "files.") or (),
        step=_text(metrics, "step", where, "metrics."),
        time=_text(metrics, "time", where, "metrics."),
        columns=_texts(metrics, "columns", where, "metrics."),
        file_prefix=_flag(metrics, "file_prefix", where, "metrics."),
        incomplete=_flag(runs, "incomplete", where, "runs."),
        beside_trackers=_flag(runs, "beside_trackers", where, "runs."),
    )
    return check_layout(layout, where)


def check_layout(layout: Layout, where: str = "") -> Layout:
    """The layout itself when it makes sense. Raises UsageError naming `where`, the key and what is allowed."""
    name = layout.name
    if not is_layout_name(name):
        hint = f"Use 1 to {_LONGEST_NAME} of a to z, digits, blanks, -, _ and dots; a letter or digit at both ends."
        message = f"name: {name[:80]!r} is not a name for a layout" if name else "name: it is missing"
        raise UsageError(message, hint=hint, where=where)
    if len(layout.about) > _LONGEST_TEXT:
        raise UsageError(f"about: more than {_LONGEST_TEXT:,} characters", where=where)
    for key in _FILES:
        if len(getattr(layout, key)) > _MOST_PATTERNS:
            raise UsageError(f"files.{key}: more than {_MOST_PATTERNS} patterns", where=where)
    if not layout.params and not layout.metrics:
        hint = 'Name at least one file, as in params = ["run.ini"].'
        raise UsageError("files: neither params nor metrics are named", hint=hint, where=where)
    if layout.columns is not None and not 0 < len(layout.columns) <= _MOST_COLUMNS:
        hint = f"Name 1 to {_MOST_COLUMNS:,} columns, or leave it out for every column with numbers."
        raise UsageError(f"metrics.columns: {len(layout.columns):,} names", hint=hint, where=where)
    for key, texts in (("step", [layout.step or ""]), ("time", [layout.time or ""]), ("columns", layout.columns or ())):
        if any(len(text) > _LONGEST_COLUMN or text.count("*") > 8 for text in texts):
            hint = f"A column is named by at most {_LONGEST_COLUMN} characters, with at most 8 stars."
            raise UsageError(f"metrics.{key}: a name is too long", hint=hint, where=where)
    if layout.step and layout.step == layout.time:
        raise UsageError(f"metrics.time: {layout.time!r} is the step already", where=where)
    try:
        layout.path_pattern  # noqa: B018 - parsed when first asked
    except UsageError as error:
        raise UsageError(f"runs.path: {error.message}", hint=error.hint, where=where) from error
    try:
        layout.file_patterns  # noqa: B018
    except UsageError as error:
        raise UsageError(f"files: {error.message}", hint=error.hint, where=where) from error
    return layout


def is_layout_name(name: str) -> bool:
    """Whether a layout may be called so: its file has to have the name on every system."""
    if not 0 < len(name) <= _LONGEST_NAME or not (name[0].isalnum() and name[-1].isalnum()):
        return False
    return all(c.isalnum() or c in " -_." for c in name) and name.isascii() and not _DEVICES.fullmatch(name)


def _only(tree: Mapping[str, object], allowed: Sequence[str], prefix: str, where: str) -> None:
    for key in tree:
        if key not in allowed:
            hint = f"Known here are {', '.join(allowed)}."
            raise UsageError(f"{prefix}{key[:80]!s} is no key of a layout", hint=hint, where=where)


def _table(tree: Mapping[str, object], key: str, where: str) -> Mapping[str, object]:
    value = tree.get(key, {})
    if not isinstance(value, Mapping):
        raise UsageError(f"{key}: it has to be a table", hint=f"Write [{key}] and its keys below.", where=where)
    return value


def _text(tree: Mapping[str, object], key: str, where: str, prefix: str = "") -> str | None:
    value = tree.get(key)
    if value is None or (isinstance(value, str) and _is_plain(value)):
        return value
    raise UsageError(f"{prefix}{key}: it has to be a text of one line", hint=f'As in {key} = "...".', where=where)


def _texts(tree: Mapping[str, object], key: str, where: str, prefix: str) -> tuple[str, ...] | None:
    value = tree.get(key)
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(v, str) and _is_plain(v) for v in value):
        return tuple(value)
    hint = f'As in {key} = ["a", "b"].'
    raise UsageError(f"{prefix}{key}: it has to be a list of texts of one line", hint=hint, where=where)


def _flag(tree: Mapping[str, object], key: str, where: str, prefix: str) -> bool:
    value = tree.get(key, False)
    if isinstance(value, bool):
        return value
    raise UsageError(f"{prefix}{key}: it has to be true or false", where=where)


def _is_plain(text: str) -> bool:
    return len(text) <= 4 * _LONGEST_TEXT and not any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in text)


# --- writing ---------------------------------------------------------------------------------------------------------


def tree_of(layout: Layout) -> dict[str, object]:
    """What a file of the layout says, without what goes without saying; `layout_of` gives the layout back."""
    files: dict[str, object] = {"params": [*layout.params], "metrics": [*layout.metrics]}
    if layout.artifacts != ("**",):
        files["artifacts"] = [*layout.artifacts]
    files["ignore"] = [*layout.ignore]
    metrics: dict[str, object] = {"step": layout.step, "time": layout.time, "file_prefix": layout.file_prefix or None}
    metrics["columns"] = None if layout.columns is None else [*layout.columns]
    runs = {
        "path": layout.path or None,
        "incomplete": layout.incomplete or None,
        "beside_trackers": layout.beside_trackers or None,
    }
    tree: dict[str, object] = {_MARK: VERSION, "name": layout.name, "about": layout.about or None}
    for key, table in (("runs", runs), ("files", files), ("metrics", metrics)):
        said = {k: v for k, v in table.items() if v is not None and (v != [] or k == "artifacts")}
        tree[key] = said or None
    return {key: value for key, value in tree.items() if value is not None}


def recipe_of(layout: Layout) -> str:
    """What decides how folders are read, as one line; equal for layouts that read alike."""
    tree = tree_of(layout)
    tree.pop("about", None)
    return json.dumps(tree, sort_keys=True)


def layout_from(recipe: str) -> Layout:
    """The layout of a recipe. Raises UsageError."""
    tree = json.loads(recipe)
    return layout_of(tree if isinstance(tree, dict) else {})
