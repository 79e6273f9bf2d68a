"""What the worker process is asked: each function takes plain values, opens files by descriptor, and returns values."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from runfolio.analysis.preview import boards, graphs, packed, weights
from runfolio.analysis.preview.hiding import hide, hide_matches
from runfolio.analysis.preview.kinds import kind_of
from runfolio.analysis.preview.listing import list_files
from runfolio.analysis.preview.search import search
from runfolio.analysis.preview.side import side_by_side
from runfolio.analysis.preview.text import text_page
from runfolio.analysis.preview.trees import LARGEST, tree_page
from runfolio.errors import FolderUnreadable, LimitReached, RunfolioError
from runfolio.model.previews import (
    Ask,
    BoardTag,
    Content,
    FileKind,
    FilePlace,
    Histogram,
    Histograms,
    Picture,
    Preview,
    RunFiles,
    Sheet,
    SideBySide,
    SoundPiece,
)
from runfolio.model.run_homes import RunHome
from runfolio.model.text_search import Matches, Search
from runfolio.readers.folder import Folder

_HEAD = 4096


def open_place(place: FilePlace) -> tuple[Folder, str]:
    """The folder that a file lies in, and its name there. Raises FolderUnreadable for a path that climbs out."""
    above, _, name = place.path.rpartition("/")
    root = Folder(Path(place.root))
    return (root.at(above) if above else root), name


def see_files(homes: Sequence[RunHome]) -> RunFiles:
    """The files of a run."""
    return list_files(homes)


def see(place: FilePlace, ask: Ask) -> Preview:
    """What a file holds. Raises FolderUnreadable, LimitReached, NotFound."""
    folder, name = open_place(place)
    with folder.open(name) as handle:
        size = os.fstat(handle).st_size
    kind = ask.as_kind or kind_of(name, folder.head(name, _HEAD))
    if kind is FileKind.TREE and size > LARGEST and ask.as_kind is None:
        kind = FileKind.TEXT
    if size == 0:
        kind = FileKind.TEXT
    try:
        content, notes = _content(folder, name, kind, ask)
    except OSError as failure:
        message = f"The file cannot be read: {failure.strerror or failure}"
        raise FolderUnreadable(message, where=folder.where(name)) from failure
    shown, hidden = hide(content)
    return Preview(kind, size, shown, (*notes, *hidden))


def _content(folder: Folder, name: str, kind: FileKind, ask: Ask) -> tuple[Content, tuple[str, ...]]:
    if kind is FileKind.IMAGE:
        from runfolio.analysis.preview.pictures import picture

        return picture(folder, name, ask.edge)
    if kind is FileKind.TABLE:
        from runfolio.analysis.preview.tables import table_page

        return table_page(folder, name, ask.at, whole=ask.whole)
    if kind is FileKind.AUDIO:
        from runfolio.analysis.preview.sound import sound

        return sound(folder, name)
    if kind is FileKind.TREE:
        return tree_page(folder, name, ask.inside, ask.at)
    if kind is FileKind.MODEL:
        return _model(folder, name)
    if kind is FileKind.EVENTS:
        return boards.events_sheet(folder, name)
    return text_page(folder, name, ask.at, backwards=ask.backwards), ()


def _model(folder: Folder, name: str) -> tuple[Sheet, tuple[str, ...]]:
    head, low = folder.head(name, 64), name.lower()
    if head.startswith(b"PK\x03\x04"):
        return packed.zipped(folder, name)
    if head.startswith(b"GGUF"):
        return weights.sheet_of(folder, name, weights.gguf)
    if head.startswith(b"\x93NUMPY"):
        return weights.sheet_of(folder, name, weights.npy)
    if head.startswith(b"\x89HDF"):
        return weights.sheet_of(folder, name, graphs.hdf5)
    if head[4:8] == b"TFL3":
        return weights.sheet_of(folder, name, graphs.tflite)
    if low.endswith(".safetensors"):
        return weights.sheet_of(folder, name, weights.safetensors)
    if low.endswith(".onnx"):
        return weights.sheet_of(folder, name, graphs.onnx)
    return weights.sheet_of(folder, name, packed.pickled)


def thumbnails(places: Sequence[FilePlace], edge: int) -> tuple[Picture | str, ...]:
    """Small images, or why there is none, in the order of `places`."""
    from runfolio.analysis.preview.pictures import picture

    found: list[Picture | str] = []
    for place in places:
        try:
            folder, name = open_place(place)
            found.append(picture(folder, name, edge)[0])
        except RunfolioError as failure:
            found.append(failure.message)
    return tuple(found)


def find_text(place: FilePlace, wanted: Search, seconds: float) -> Matches:
    """Where a text is found in a file. Raises UsageError, FolderUnreadable."""
    folder, name = open_place(place)
    return hide_matches(search(folder, name, wanted, seconds))


def see_tags(places: Sequence[FilePlace]) -> tuple[BoardTag, ...]:
    """The tags of event files that are no scalars, with the events of all files together."""
    counts: dict[tuple[str, str], int] = {}
    for place in places:
        folder, name = open_place(place)
        for tag in boards.board_tags(folder, name):
            counts[tag.tag, tag.plugin] = counts.get((tag.tag, tag.plugin), 0) + tag.count
    return tuple(BoardTag(tag, plugin, times) for (tag, plugin), times in counts.items())


def see_histograms(places: Sequence[FilePlace], tag: str) -> Histograms:
    """A histogram tag over time."""
    steps: list[Histogram] = []
    total = 0
    for place in places:
        folder, name = open_place(place)
        some = boards.histograms(folder, (name,), tag)
        steps += some.steps
        total += some.total
    return boards.in_steps(tag, steps, total)


def hear(place: FilePlace, first: int, frames: int) -> SoundPiece:
    """Frames of a sound to be played. Raises FolderUnreadable for what is not decoded."""
    from runfolio.analysis.preview.waves import sound_piece

    folder, name = open_place(place)
    return sound_piece(folder, name, first, frames)


def see_image_steps(places: Sequence[FilePlace]) -> dict[str, tuple[int, ...]]:
    """The steps at which event files hold images, by tag."""
    found: dict[str, set[int]] = {}
    for place in places:
        folder, name = open_place(place)
        for tag, steps in boards.image_steps(folder, (name,)).items():
            found.setdefault(tag, set()).update(steps)
    return {tag: tuple(sorted(steps)) for tag, steps in found.items()}


def see_board_images(
    places: Sequence[FilePlace], tag: str, steps: Sequence[int], edge: int
) -> tuple[Picture | str, ...]:
    """Images out of event files in the order of `steps`; in place of one that cannot be shown, the reason."""
    from runfolio.analysis.preview.pictures import decoded

    encoded: dict[int, bytes] = {}
    for place in places:
        folder, name = open_place(place)
        encoded |= boards.board_images(folder, name, tag, frozenset(steps))
    found: list[Picture | str] = []
    for step in steps:
        try:
            found.append(decoded(encoded[step], edge, "")[0] if step in encoded else "There is no image at this step")
        except RunfolioError as failure:
            found.append(failure.message)
    return tuple(found)


def see_side_by_side(left: FilePlace, right: FilePlace) -> SideBySide:
    """How two texts differ. Raises FolderUnreadable, LimitReached."""
    try:
        return side_by_side(open_place(left), open_place(right))
    except MemoryError as failure:
        raise LimitReached("Comparing these texts needs more memory than it may take") from failure
