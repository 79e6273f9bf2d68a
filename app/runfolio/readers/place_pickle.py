"""Finds a value in a pickle, which is read and never run: the byte of the opcode that makes it."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace

from runfolio.model.display import plain, storable
from runfolio.model.origin import Place, Point, Wanted
from runfolio.model.params import text_of
from runfolio.readers.folder import Folder
from runfolio.readers.pickle_data import Call, NotReadable, Places, plain_data, read_with_places
from runfolio.readers.series_builder import as_number, as_step
from runfolio.readers.zip_file import DAMAGE

_LARGEST = 1 << 20
_GZIP = b"\x1f\x8b"
UNPACKED = "what is unpacked of it"
_STEP_KEYS = ("step", "global_step", "epoch", "iteration", "iter")


def find_in_torch(folder: Folder, name: str, wanted: Wanted) -> Place | None:
    """The place of a param in the state of an object that torch saved: in the pickle `data.pkl` of a zip."""
    try:
        with folder.open(name) as handle, os.fdopen(os.dup(handle), "rb") as file, zipfile.ZipFile(file) as archive:
            member = next((m for m in archive.infolist() if m.filename.rpartition("/")[2] == "data.pkl"), None)
            if member is None or member.file_size > _LARGEST:
                return None
            with archive.open(member) as packed:
                value, places = read_with_places(packed.read(_LARGEST))
            if isinstance(value, Call) and value.state is not None:
                value = value.state
            at = _of_path(value, wanted.path, wanted, places, places.whole)
    except (NotReadable, *DAMAGE):
        return None
    where = folder.where(name)
    key = plain(".".join(wanted.path), 120)
    return None if at is None else Place(where, offset=at, part=f"key {key}", inside=plain(member.filename, 120))


def find_in_content(data: bytes, where: str, wanted: Wanted) -> Place | None:
    """The place of a param or point in what Metaflow kept of one variable: a pickle, most often packed by gzip.

    The first part of a param's path names the variable, which the content does not.
    """
    try:
        content = zlib.decompressobj(31).decompress(data, _LARGEST) if data.startswith(_GZIP) else data
        value, places = read_with_places(content)
        if wanted.point is not None:
            found = _of_point(value, wanted.name, wanted.point, places)
        else:
            at = _of_path(value, wanted.path[1:], wanted, places, places.whole)
            found = None if at is None else (at, f"key {'.'.join(wanted.path[1:])}" if wanted.path[1:] else "")
    except (NotReadable, zlib.error):
        return None
    if found is None:
        return None
    place = Place(where, offset=found[0], part=plain(found[1], 120))
    return replace(place, inside=UNPACKED) if content is not data else place


def _of_path(value: object, path: tuple[str, ...], wanted: Wanted, places: Places, at: int) -> int | None:
    if not path:
        made = plain_data(value)
        if isinstance(made, Call) or not wanted.means(storable(_text(made))):
            return None
        if isinstance(value, Call):
            # A member of an enumeration, made of its value.
            inner = places.of(value.args, 0)
            return at if inner is None else inner
        return at
    if not isinstance(value, dict):
        return None
    for key, below in value.items():
        place = places.of(value, key)
        if isinstance(key, str) and storable(key) == path[0] and place is not None:
            return _of_path(below, path[1:], wanted, places, place)
    return None


def _text(value: object) -> str:
    if isinstance(value, list | dict | str | int | float) or value is None:
        return text_of(value)
    raise NotReadable("it is no plain value")


def _of_point(value: object, name: str, point: Point, places: Places) -> tuple[int, str] | None:
    """Of a number itself, or of a history: a list of rows, one of which has the step."""
    if isinstance(value, float):
        return (places.whole, "") if point.step is None and point.has(value) else None
    found = [*_rows(value, name, point, places)]
    exact = [f for f in found if f[0] == point.ordinal]
    chosen = exact[0] if exact else found[point.repeat] if point.repeat < len(found) else None
    return None if chosen is None else (chosen[1], f"row {chosen[2] + 1:,}, key {name}")


def _rows(value: object, name: str, point: Point, places: Places) -> Iterator[tuple[int, int, int]]:
    """Of rows with the step and value of a point: how many numbers of that name stand before, the byte, and the row."""
    rows = value if isinstance(value, list) else []
    steps = next(
        (k for k in _STEP_KEYS if all(isinstance(r, dict) and as_step(r.get(k)) is not None for r in rows)), ""
    )
    ordinal = 0
    for number, row in enumerate(rows):
        figure = as_number(row.get(name)) if isinstance(row, dict) and name != steps else None
        if figure is None:
            continue
        step = as_step(row[steps]) if steps else number
        at = places.of(row, name)
        if step == point.step and point.has(figure) and at is not None:
            yield ordinal, at, number
        ordinal += 1
