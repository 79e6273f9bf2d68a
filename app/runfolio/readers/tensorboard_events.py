"""What the event files of one folder add up to: points by tag, params, and a count of everything else.

Plain records come in blocks from `tensorboard_bulk`, all others one by one; the points of a tag stand in the order in
which they were written. Which plugin a tag belongs to is told by its first metadata, as in TensorBoard.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np

from runfolio.model.metrics import Floats, Ints
from runfolio.readers.framing import Frames
from runfolio.readers.protobuf import BadMessage, text
from runfolio.readers.tensorboard_bulk import Block, Layouts
from runfolio.readers.tensorboard_hparams import PLUGIN, Session
from runfolio.readers.tensorboard_proto import Event, Value, read_event
from runfolio.readers.tensorboard_tensor import WIDER_THAN_FLOAT32, Tensor

LATEST_S = 253_402_300_799.0
"""The end of year 9999, as a Unix time: later wall times, and those up to 1970, come from a broken clock."""

_LAYOUTS = Layouts()

_MOST_TEXTS, _LONGEST_TEXT = 100, 10_000


@dataclass(slots=True)
class Points:
    """The points of one tag: pieces of steps int64, wall times float64 in seconds, values float64, in written order.

    source   the file that has the first of them.
    """

    source: str
    pieces: list[tuple[Ints, Floats, Floats]] = field(default_factory=list)


@dataclass(slots=True)
class Other:
    """How often a tag holds something that is no scalar, under its plugin's name; `texts` of its first event."""

    plugin: str
    count: int
    texts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _OneByOne:
    """Points of one tag in one piece of a file that were decoded record by record; `position` of the first's value."""

    position: int
    records: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def arrays(self) -> tuple[Ints, Ints, Floats, Floats]:
        return (
            np.array(self.records, dtype=np.int64),
            np.array(self.steps, dtype=np.int64),
            np.array(self.walls, dtype=np.float64),
            np.array(self.values, dtype=np.float64),
        )


class FolderEvents:
    """Takes in the files of one folder, piece by piece, in order.

    points        tag -> its points, in the order in which tags first appear.
    others        tag -> what it holds besides scalars.
    wider         tags with values that a float32 cannot hold.
    session       of the hparams plugin.
    restarts      steps at which a writer says that it began again.
    first_wall    wall time of the very first record, None before there is one.
    other_walls   earliest and latest sound wall time of tensors that are no scalars.
    records       records that were taken in.
    dropped       points and others past the limit of `names` tags.
    """

    def __init__(self, names: int) -> None:
        self.points: dict[str, Points] = {}
        self.others: dict[str, Other] = {}
        self.wider: set[str] = set()
        self.session = Session()
        self.restarts: list[int] = []
        self.first_wall: float | None = None
        self.other_walls: tuple[float, float] | None = None
        self.records = 0
        self.dropped = 0
        self._names = names
        self._plugins: dict[str, str] = {}
        self._one_by_one: dict[str, _OneByOne] = {}

    def add(self, data: bytes, framed: Frames, source: str) -> Iterator[tuple[int, str]]:
        """Takes in records; yields the index of each that cannot be decoded, and why."""
        self.records += len(framed.starts)
        blocks, rest = _LAYOUTS.blocks(data, framed)
        self._one_by_one = {}
        declaring = sorted(((int(b.records[0]), b) for b in blocks if b.slot.plugin is not None), key=itemgetter(0))
        single = ((index, None) for index in rest.tolist())
        for index, block in heapq.merge(single, declaring, key=itemgetter(0)):
            if block is not None:
                self._plugins.setdefault(block.slot.tag, block.slot.plugin or "")
                continue
            start = int(framed.starts[index])
            try:
                event = read_event(data, start, start + int(framed.lengths[index]))
                self._take(event, data, index)
            except BadMessage as bad:
                yield index, str(bad)
        if self.first_wall is None and len(framed.starts):
            self.first_wall = _first_wall(data, framed)
        self._join(blocks, source)

    def columns(self) -> tuple[list[int], Ints, Floats, Floats]:
        """How many points each tag has; steps, wall times and values of all tags, one after the other, (n,) each."""
        pieces = [piece for points in self.points.values() for piece in points.pieces]
        counts = [sum(len(steps) for steps, _, _ in points.pieces) for points in self.points.values()]
        if not pieces:
            return counts, np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)
        steps, walls, values = zip(*pieces, strict=True)
        return counts, np.concatenate(steps), np.concatenate(walls), np.concatenate(values)

    def _take(self, event: Event, data: bytes, index: int) -> None:
        if event.restart:
            self.restarts.append(event.step)
        for position, value in enumerate(event.values):
            if value.plugin is not None:
                self._declare(value, data)
            if value.simple is not None:
                self._point(value.tag, (index, position), event, value.simple.read(data))
            elif value.other:
                self._other(value.tag, value.other)
            elif value.tensor is not None:
                self._tensor(value.tag, value.tensor, data, (index, position), event)

    def _declare(self, value: Value, data: bytes) -> None:
        self._plugins.setdefault(value.tag, value.plugin or "")
        if value.plugin == PLUGIN:
            self.session.read(data, *value.content)

    def _tensor(self, tag: str, tensor: Tensor, data: bytes, at: tuple[int, int], event: Event) -> None:
        if not self._is_scalar(tag, tensor):
            plugin = self._plugins.get(tag, "")
            if self._other(tag, plugin) and plugin == "text":
                self.others[tag].texts = _texts(data, tensor)
            self._widen(np.array([event.wall]))
            return
        number = tensor.number if tensor.place is None else tensor.place.read(data)
        assert number is not None
        self._point(tag, at, event, number)
        if tensor.kind in WIDER_THAN_FLOAT32:
            self.wider.add(tag)

    def _is_scalar(self, tag: str, tensor: Tensor) -> bool:
        """TensorBoard shows one number of any rank under `scalars`; without metadata only rank 0 is surely a scalar."""
        plugin = self._plugins.get(tag, "")
        return tensor.is_number and (plugin == "scalars" or (plugin == "" and tensor.rank == 0))

    def _point(self, tag: str, at: tuple[int, int], event: Event, value: float) -> None:
        """`at` is the index of the record, and the position of the value in it."""
        part = self._one_by_one.get(tag)
        if part is None:
            part = self._one_by_one[tag] = _OneByOne(at[1])
        part.records.append(at[0])
        part.steps.append(event.step)
        part.walls.append(event.wall)
        part.values.append(value)

    def _other(self, tag: str, plugin: str, count: int = 1) -> bool:
        """Counts what is no scalar; True for the first of its tag."""
        other = self.others.get(tag)
        if other is not None:
            other.count += count
            return False
        if len(self.others) >= self._names:
            self.dropped += count
            return False
        self.others[tag] = Other(plugin, count)
        return True

    def _widen(self, walls: Floats) -> None:
        sound = walls[sound_walls(walls)]
        if len(sound):
            low, high = float(sound.min()), float(sound.max())
            before = self.other_walls or (low, high)
            self.other_walls = (min(low, before[0]), max(high, before[1]))

    def _join(self, blocks: list[Block], source: str) -> None:
        """Brings the points of both ways into written order."""
        pieces: dict[str, list[tuple[Ints, Ints, Floats, Floats]]] = {}
        first: dict[str, tuple[int, int]] = {}
        for block in blocks:
            slot = block.slot
            if slot.tensor is not None:
                if not self._is_scalar(slot.tag, slot.tensor):
                    self._other(slot.tag, self._plugins.get(slot.tag, ""), len(block.records))
                    self._widen(block.walls)
                    continue
                if slot.tensor.kind in WIDER_THAN_FLOAT32:
                    self.wider.add(slot.tag)
            pieces.setdefault(slot.tag, []).append((block.records, block.steps, block.walls, block.values))
            at = (int(block.records[0]), slot.position)
            first[slot.tag] = min(at, first.get(slot.tag, at))
        for tag, part in self._one_by_one.items():
            pieces.setdefault(tag, []).append(part.arrays())
            at = (part.records[0], part.position)
            first[tag] = min(at, first.get(tag, at))
        for tag in sorted(pieces, key=first.__getitem__):
            self._add_points(tag, pieces[tag], source)

    def _add_points(self, tag: str, pieces: list[tuple[Ints, Ints, Floats, Floats]], source: str) -> None:
        records, steps, walls, values = pieces[0]
        if len(pieces) > 1:
            records, steps, walls, values = (np.concatenate(columns) for columns in zip(*pieces, strict=True))
            # Stable, because one record may hold a tag twice.
            by = np.argsort(records, kind="stable")
            steps, walls, values = steps[by], walls[by], values[by]
        held = self.points.get(tag)
        if held is None:
            if len(self.points) >= self._names:
                self.dropped += len(steps)
                return
            held = self.points[tag] = Points(source)
        held.pieces.append((steps, walls, values))


def sound_walls(walls: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which wall times (seconds) a clock can have shown; NaN and infinities are none of them."""
    with np.errstate(invalid="ignore"):
        sound: np.ndarray[tuple[int], np.dtype[np.bool_]] = (walls > 0) & (walls <= LATEST_S)
    return sound


def _texts(data: bytes, tensor: Tensor) -> list[str]:
    return [text(data, a, min(b, a + _LONGEST_TEXT)) for a, b in tensor.strings[:_MOST_TEXTS]]


def _first_wall(data: bytes, framed: Frames) -> float:
    start = int(framed.starts[0])
    try:
        return read_event(data, start, start + int(framed.lengths[0])).wall
    except BadMessage:
        return math.nan
