"""Hugging Face data sets in the folder of a run: saved to disk, or as `load_dataset` prepared them.

A saved set has a `state.json` with its fingerprint beside `dataset_info.json`, a dictionary of splits has a
`dataset_dict.json` above them. A prepared one has the sizes of its splits in `dataset_info.json`, older ones in
`dataset_infos.json`. The fingerprint depends on how a set was made and not only on its content.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace

from runfolio.errors import FolderUnreadable
from runfolio.model.datasets import DatasetRef
from runfolio.model.display import storable
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget
from runfolio.readers.documents import Document
from runfolio.readers.files import read_document
from runfolio.readers.folder import Folder

STATE, INFO, INFOS, DICT = "state.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json"
USERS_OWN = frozenset(
    {
        "hf_trainer",
        "lightning",
        "keras",
        "hydra",
        "tensorboard",
        "dvclive",
        "gbm",
        "catboost",
        "ultralytics",
        "sb3",
        "generic",
    }
)
"""Formats whose folder is the run's own output folder, into which a script may save its data, too."""

_PREPARED = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_FOLDERS = 200
_MOST_SETS = 1_000
_MOST_FILES = 1_000
_MOST_BATCHES = 20_000
_LARGEST_HEADER = 1 << 20
_RECORD_BATCH = 3  # in the union of Arrow's message headers


def datasets_below(folder: Folder, budget: Budget) -> tuple[list[DatasetRef], list[Problem]]:
    """The data sets in a folder's folders and those in them, by path relative to it. Hidden folders are left out."""
    found: list[DatasetRef] = []
    problems: list[Problem] = []
    pending = [(name, folder.sub(name), True) for name in _candidates(folder)]
    # Grows on the way; a folder of a thousand runs is not one that somebody saved data into.
    for looked_at, (name, here, outer) in enumerate(pending):
        if looked_at >= _MOST_FOLDERS:
            break
        sets = [*_sets_in(here, name, budget, problems)]
        found += sets
        if outer and not sets:
            pending += [(f"{name}/{below}", here.sub(below), False) for below in _candidates(here)]
    return found[:_MOST_SETS], problems


def with_datasets(recording: Recording, folder: Folder, budget: Budget) -> Recording:
    """A recording with the data sets that lie in its folder, beside those that its tracker names."""
    found, problems = datasets_below(folder, budget)
    known = {ref.name for ref in recording.datasets}
    more = tuple(ref for ref in found if ref.name not in known)
    if not more and not problems:
        return recording
    return replace(recording, datasets=(*recording.datasets, *more), problems=(*recording.problems, *problems))


def _candidates(folder: Folder) -> list[str]:
    try:
        return [name for name in folder.folders if not name.startswith(".")][:_MOST_FOLDERS]
    except FolderUnreadable:
        return []  # the list of artifacts tells of it


def _sets_in(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> Iterator[DatasetRef]:
    """The data sets that a folder is; none where it is none."""
    try:
        files, folders = folder.files, folder.folders
    except FolderUnreadable:
        return
    shown = storable(name)
    if STATE in files and INFO in files:
        yield _saved(folder, shown, None, budget, problems)
    elif DICT in files:
        for split in folders:
            try:
                if STATE in folder.sub(split).files:
                    yield _saved(folder.sub(split), f"{shown}/{storable(split)}", storable(split), budget, problems)
            except FolderUnreadable:
                continue
    elif INFO in files:
        info = _read(folder, INFO, budget, problems).mapping
        digest = folder.name if _PREPARED.fullmatch(folder.name) else None
        yield from _prepared(info, shown, digest)
    elif INFOS in files:
        for config, own in _read(folder, INFOS, budget, problems).mapping.items():
            if isinstance(own, dict):
                yield from _prepared(own, f"{shown}/{storable(config)}", None)


def _read(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> Document:
    document = read_document(folder, name, budget)
    problems += document.problems
    return document


def _saved(folder: Folder, name: str, context: str | None, budget: Budget, problems: list[Problem]) -> DatasetRef:
    state = _read(folder, STATE, budget, problems).mapping
    info = _read(folder, INFO, budget, problems).mapping if INFO in folder.files else {}
    fingerprint = state.get("_fingerprint")
    digest = storable(fingerprint) if isinstance(fingerprint, str) else None
    return DatasetRef(name, digest, context, "fingerprint", _rows(folder, state), _origin(info))


def _prepared(info: dict[str, Json], name: str, digest: str | None) -> Iterator[DatasetRef]:
    """A set for each split that the file gives the size of; those of other programs have none."""
    splits = info.get("splits")
    for split, facts in splits.items() if isinstance(splits, dict) else ():
        rows = facts.get("num_examples") if isinstance(facts, dict) else None
        plain = rows if isinstance(rows, int) and not isinstance(rows, bool) and 0 <= rows < 2**63 else None
        context = storable(split)
        yield DatasetRef(f"{name}/{context}", digest, context, "builder" if digest else "", plain, _origin(info))


def _origin(info: dict[str, Json]) -> str:
    """The set's own name, its configuration and version, where they are written."""
    named = info.get("dataset_name") or info.get("builder_name")
    config, version = info.get("config_name"), info.get("version")
    number = version.get("version_str") if isinstance(version, dict) else None
    parts = [part for part in (named, config, number) if isinstance(part, str) and part]
    return storable(" ".join(parts))


# --- rows ------------------------------------------------------------------------------------------------------------


def _rows(folder: Folder, state: dict[str, Json]) -> int | None:
    """The rows of the Arrow files that a state names; None where that cannot be told.

    The sizes in `dataset_info.json` are those of the set before it was filtered, so they are not asked.
    """
    files = state.get("_data_files")
    names = [f.get("filename") for f in files if isinstance(f, dict)] if isinstance(files, list) else []
    total = 0
    for name in names[: _MOST_FILES + 1]:
        rows = _rows_in(folder, name) if isinstance(name, str) and name in folder.files else None
        if rows is None:
            return None
        total += rows
    return total if names and len(names) <= _MOST_FILES else None


def _rows_in(folder: Folder, name: str) -> int | None:
    """The rows of an Arrow stream, by the headers of its batches; the data itself is not read."""
    place = total = 0
    size = folder.files[name].size
    try:
        for _ in range(_MOST_BATCHES):
            prefix = folder.part(name, place, 8)
            if (place == size and place) or prefix == b"\xff\xff\xff\xff\0\0\0\0":
                return total
            if len(prefix) < 8 or prefix[:4] != b"\xff\xff\xff\xff":
                return None
            (length,) = struct.unpack_from("<i", prefix, 4)
            if not 0 < length <= _LARGEST_HEADER:
                return None
            kind, rows, body = _message(folder.part(name, place + 8, length))
            if body < 0 or rows < 0:
                return None
            total += rows if kind == _RECORD_BATCH else 0
            place += 8 + length + body
            if place > size:
                return None  # cut off
    except (FolderUnreadable, struct.error, OverflowError):
        return None
    return None


def _message(data: bytes) -> tuple[int, int, int]:
    """Kind, rows and length of the body of an Arrow message, which is a FlatBuffer. Raises struct.error."""
    (root,) = struct.unpack_from("<I", data)
    kind_at, header_at, body_at = (_field(data, root, number) for number in (1, 2, 3))
    kind = data[kind_at] if 0 < kind_at < len(data) else 0
    (body,) = struct.unpack_from("<q", data, body_at) if body_at else (0,)
    rows = 0
    if kind == _RECORD_BATCH and header_at:
        (ahead,) = struct.unpack_from("<I", data, header_at)
        rows_at = _field(data, header_at + ahead, 0)
        (rows,) = struct.unpack_from("<q", data, rows_at) if rows_at else (0,)
    return kind, int(rows), int(body)


def _field(data: bytes, table: int, number: int) -> int:
    """Where a field of a table lies; 0 for one that is left at its default. Raises struct.error."""
    (back,) = struct.unpack_from("<i", data, table)
    listing = table - back
    if listing < 0:
        raise struct.error("a table of fields before the message")
    (size,) = struct.unpack_from("<H", data, listing)
    if 4 + 2 * number >= size:
        return 0
    (offset,) = struct.unpack_from("<H", data, listing + 4 + 2 * number)
    return table + int(offset) if offset else 0
