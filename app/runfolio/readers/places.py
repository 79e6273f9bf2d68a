"""Finds the place of a shown value in the files of a recording, by looking for it where its reader looked.

Nothing is kept of places when folders are read: that would cost more than the values. A place is found when somebody
asks, by the value itself, so that it is right or not told at all: a file that has changed since no longer holds it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from runfolio.errors import FolderUnreadable, RunfolioError, UsageError
from runfolio.model.display import plain
from runfolio.model.layout import layout_from
from runfolio.model.origin import Place, Wanted
from runfolio.model.secrets import MASK, mask_text
from runfolio.readers.contract import Budget, Claim
from runfolio.readers.cut_zip import opened_zip_or_rest
from runfolio.readers.documents import decode
from runfolio.readers.dvc_recordings import IN_COMMIT
from runfolio.readers.folder import Folder
from runfolio.readers.layout_files import saved_layouts
from runfolio.readers.place_aim import find_in_aim
from runfolio.readers.place_binary import find_in_events, find_in_parquet
from runfolio.readers.place_board import slices_of
from runfolio.readers.place_catboost import find_in_model
from runfolio.readers.place_export import find_in_export
from runfolio.readers.place_journal import find_in_journal
from runfolio.readers.place_json import find_json
from runfolio.readers.place_log import find_in_log
from runfolio.readers.place_monitor import find_in_monitors
from runfolio.readers.place_pickle import find_in_content, find_in_torch
from runfolio.readers.place_python import find_packed_python, find_python
from runfolio.readers.place_queue import find_in_queue
from runfolio.readers.place_store import find_in_store
from runfolio.readers.place_text import Found, find_in_history, find_in_lines, find_in_table, find_key, find_text
from runfolio.readers.place_yaml import find_yaml
from runfolio.readers.registry import claims, readers_with
from runfolio.readers.taught import Taught

_EXCERPT = 200
_MASKED = 20_000
"""Characters around a place that are looked through for secrets: those of a key are not longer."""
_MOST_FILES = 400
_SQLITE = b"SQLite format 3\0"
_TEXT_BYTES = 1 << 30
_OBJECTS = re.compile(r"\s*(?:\{|\[\s*[\[{\"\]])")
_CONTENT = re.compile(r"/[0-9a-f]{2}/[0-9a-f]{40}$")
"""Names in which Metaflow keeps what a flow's variables held."""
_NO_YAML = (".ini", ".cfg", ".conf", ".toml", ".py", ".txt", ".json")
_WRAPPING = ("wandb", "swanlab")
"""Readers whose config files keep each value below a key `value`."""
_STEPS = {"ray_tune": "training_iteration", "swanlab": "index", "clearml": "iter", "comet": "step", "neptune": "step"}
"""Under which key readers find the step, where it is not the first of the usual names."""
_DOCUMENTS = (".yaml", ".yml", ".json", ".jsonl", ".toml", ".ini", ".cfg", ".conf", ".txt", ".py", ".log")


def find_place(root: Path, unit: str, reader: str, file: str, wanted: Wanted, seconds: float) -> Place | None:
    """Where the wanted value lies; None when no file of the recording holds it as it was read.

    unit     folder that the reader claimed, relative to the root.
    file     the file that the reader named, relative to the root; "" to look through those it claimed.
    Raises   LimitReached after `seconds`.
    """
    if IN_COMMIT in file:
        # What lies in the folder under that name today is another state.
        name, _, commit = file.partition(IN_COMMIT)
        return Place(name, part=f"as it is in commit {commit}, read from Git's history")
    budget = Budget(seconds=seconds)
    folder = Folder(root, unit)
    wanted = _as_read(folder, reader, file, wanted)
    named = [(file, wanted)] if file else []
    if reader == "swanlab" and file:
        named += slices_of(Folder(root), file, wanted)
    for name, inside in named:
        place = _in_file(Folder(root), name, reader, inside, budget, is_own=True)
        if place is not None:
            return place
    names = [*_claimed(folder, reader, wanted)]
    for name in names:
        place = _in_file(folder, name, reader, wanted, budget, is_own=False)
        if place is not None:
            return place
    if wanted.point is not None and wanted.point.repeat:
        # Points that a resumed writer logged again are in a later file, where nothing equal stands before them.
        again = replace(wanted, point=replace(wanted.point, repeat=0, ordinal=None))
        return next(
            (p for n in reversed(names) if (p := _in_file(folder, n, reader, again, budget, is_own=False))), None
        )
    return None


def _as_read(folder: Folder, reader: str, file: str, wanted: Wanted) -> Wanted:
    """What is looked for, as this reader finds it in its files: under which name, and beside which step."""
    point = wanted.point
    if point is None:
        # Where several files give one name other values, that of the file is put before it.
        before = wanted.path[0] if len(wanted.path) > 1 else ""
        return replace(wanted, path=wanted.path[1:]) if before and f"/{file}".endswith(f"/{before}") else wanted
    before, _, name = wanted.name.rpartition(":")
    if before and (file == before or file.endswith(f"/{before}")):
        wanted = replace(wanted, name=name)  # DVC puts the file before names that several files have
    if reader == "mmcv":
        return replace(wanted, point=replace(point, step=None))  # which it counts of epochs and iterations
    step = _STEPS.get(reader)
    if reader == Taught.name:
        with contextlib.suppress(FolderUnreadable, UsageError):
            claim = _claim_on(folder, reader)
            step = None if claim is None else layout_from(claim.recipe).step
    return wanted if step is None else replace(wanted, step=step)


def _claim_on(folder: Folder, reader: str) -> Claim | None:
    """What the reader would claim today, by the layouts of today. Raises FolderUnreadable."""
    layouts = saved_layouts() if reader == Taught.name else ()
    asked = readers_with(tuple(s.layout for s in layouts if s.layout is not None))
    return next((c for c in claims(folder, asked) if c.reader == reader), None)


def _claimed(folder: Folder, reader: str, wanted: Wanted) -> Iterator[str]:
    """Names of files that may hold the value: those that name it first, then those of the claim, then below."""
    try:
        claim = _claim_on(folder, reader)
        if claim is None:
            return
        names = sorted(claim.files & {*folder.files})
        if claim.deep or not names:
            pending = [("", folder)]
            while pending and len(names) < _MOST_FILES:
                prefix, here = pending.pop(0)
                names += [prefix + name for name in here.files if prefix + name not in claim.files]
                pending += [(f"{prefix}{below}/", here.sub(below)) for below in here.folders]
    except FolderUnreadable:
        return
    key = wanted.name if wanted.point is not None else ".".join(wanted.path) or wanted.name
    if wanted.point is None:
        # Pages, pictures and tables may hold the same words, and are never what a param was read from.
        likely = (*_DOCUMENTS, ".zip", ".wandb", ".swanlab", f"params/{key}", f"tags/{key}")
        names = [n for n in names if n.lower().endswith(likely) or n.endswith(likely) or _is_bare(n)]
    names = names[:_MOST_FILES]
    names.sort(key=lambda name: (not name.endswith(f"/{key}"), wanted.point is not None and name.endswith(".yaml")))
    yield from names


def _is_bare(name: str) -> bool:
    """Whether a name has no suffix that tells what is in it."""
    last = name.rpartition("/")[2]
    return "." not in last or "tfevents" in last or last.endswith(".db")


def _in_file(folder: Folder, name: str, reader: str, wanted: Wanted, budget: Budget, *, is_own: bool) -> Place | None:
    """The place in one file; None also for a file that cannot be read: the folder's problems tell of it."""
    try:
        if ".zip/" in name or name.endswith(".zip"):
            return _in_zip(folder, name, reader, wanted, budget)
        if reader == "hf_trainer" and name.endswith(".bin"):
            return find_in_torch(folder, name, wanted) if wanted.path else None
        if reader == "metaflow" and _CONTENT.search(name):
            return find_in_content(folder.read(name, budget.text_bytes), folder.where(name), wanted)
        if reader == "neptune_export":
            return find_in_export(folder, name, wanted, budget)
        if reader == "sb3" and name.endswith("monitor.csv"):
            return find_in_monitors(folder, name, wanted, budget)
        if reader == "catboost" and wanted.path:
            return _in_model(folder.read(name, budget.text_bytes), folder.where(name), wanted, budget)
        if reader == "aim":
            return find_in_aim(folder, name, wanted, budget) if wanted.path or wanted.point else None
        head = folder.head(name, 64)
        if head.startswith(_SQLITE):
            return find_in_store(folder, name, reader, wanted, budget)
        if reader == "optuna" and (wanted.path or wanted.point):
            where = folder.where(name)
            return _told(where, find_in_journal(folder.read(name, budget.metric_bytes), where, wanted, budget), wanted)
        if head.startswith(b"PAR1"):
            return find_in_parquet(folder.read(name, budget.metric_bytes), folder.where(name), wanted)
        if name.endswith((".wandb", ".swanlab")):
            return find_in_log(folder, name, wanted, budget)
        if "tfevents" in name.rpartition("/")[2]:
            return find_in_events(folder.read(name, budget.metric_bytes), folder.where(name), wanted, budget)
        if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return None
        limit = _TEXT_BYTES if wanted.point is not None else budget.text_bytes
        return _in_text(folder.read(name, limit), folder.where(name), reader, wanted, budget, is_own=is_own)
    except FolderUnreadable:
        return None
    except RunfolioError:
        budget.check(name)  # the time is over, or this one file is too large
        return None


def _in_model(data: bytes, where: str, wanted: Wanted, budget: Budget) -> Place | None:
    found = find_in_model(data, where, wanted, budget)
    if found is None:
        return None
    at, key = found
    if where.endswith(".json"):
        return _at(decode(data, where)[0], at, where, key, wanted)
    return Place(where, offset=at, part=plain(key, 120))


def _in_zip(folder: Folder, name: str, reader: str, wanted: Wanted, budget: Budget) -> Place | None:
    archive, _, member = name.partition(".zip/")
    archive = archive.removesuffix(".zip") + ".zip"
    with opened_zip_or_rest(folder, archive) as packed:
        for inside in [member] if member else sorted(n for n in packed.sizes if n.endswith(_DOCUMENTS)):
            where = f"{folder.where(archive)}/{inside}"
            data = packed.read(inside, budget.text_bytes)
            place = _in_text(data, where, reader, wanted, budget, is_own=bool(member))
            if place is not None:
                return place
    return None


def _in_text(data: bytes, where: str, reader: str, wanted: Wanted, budget: Budget, *, is_own: bool) -> Place | None:
    text, _ = decode(data, where)
    if wanted.path and where.lower().endswith(".py"):
        return _told(where, find_python(text, wanted), wanted)
    if wanted.path and reader == "mmcv" and (packed := find_packed_python(text, "config", wanted, budget)) is not None:
        at, inner = packed
        return replace(_at(text, at, where, inner.part, wanted), excerpt=_cut(inner.excerpt, wanted))
    if text.lstrip()[:1] in ("{", "["):
        found_at = find_in_queue(text, wanted, budget) if reader == "neptune" and wanted.path else None
        found_at = found_at or find_json(text, wanted, budget, is_own=is_own)
        if found_at is not None:
            return _at(text, found_at[0], where, found_at[1], wanted)
        if wanted.point is not None and _OBJECTS.match(text):
            return None
    if wanted.path and where.endswith(f"params/{'.'.join(wanted.path)}"):
        # A file for each param, named as it is.
        return Place(where, 1, excerpt=_cut(text, wanted)) if text.strip("\n") == wanted.text.strip("\n") else None
    if wanted.point is not None and reader == "mlflow_file" and is_own:
        found = find_in_history(text, wanted, budget)
    elif wanted.point is not None:
        found = find_in_table(text, wanted, budget) or find_in_lines(text, wanted, budget, is_own=is_own)
    elif wanted.path and not where.lower().endswith((".log", ".jsonl")):
        found = None
        if not where.lower().endswith(_NO_YAML):
            found = find_yaml(text, wanted, budget, wrapped=reader in _WRAPPING)
        found = found or find_key(text, wanted, budget) or find_text(text, wanted, budget)
    else:
        found = find_text(text, wanted, budget)
    return _told(where, found, wanted)


def _at(text: str, at: int, where: str, part: str, wanted: Wanted) -> Place:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return Place(where, line, part=plain(part, 120), excerpt=_around(text, at, wanted), column=column)


def _told(where: str, found: Found | None, wanted: Wanted) -> Place | None:
    if found is None:
        return None
    excerpt = _cut(found.excerpt, wanted)
    return Place(where, found.line, part=plain(found.part, 120), excerpt=excerpt, column=found.column)


def _around(text: str, at: int, wanted: Wanted) -> str:
    """What stands around a place: one long line would say little."""
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    before = mask_text(text[max(start, at - _MASKED) : at])
    after = text[at : min(end if end >= 0 else len(text), at + _MASKED)]
    return _cut(before[-_EXCERPT // 2 :] + mask_text(after), wanted)


def _cut(text: str, wanted: Wanted) -> str:
    """The first line of a text without secrets, shortened; nothing where the value itself is one."""
    if MASK in wanted.text:
        return ""
    return plain(mask_text(text.strip("\r\n").partition("\n")[0][:_MASKED]), _EXCERPT)
