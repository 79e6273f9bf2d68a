"""Framing and decoding of event files hold for any bytes, any damage and any mixture of records."""

from __future__ import annotations

import math
import random
import struct
from itertools import islice

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.readers.framing import frames
from runfolio.readers.record_chain import stated_lengths
from runfolio.readers.tensorboard_events import FolderEvents
from support.event_files import event, field, masked, record, scalar, simple, tensor

QUIET = settings(max_examples=150, deadline=None)
Point = tuple[int, float, float]


def taken(data: bytes) -> FolderEvents:
    """Events of one file; the yielded complaints are what `add` says of records that cannot be decoded."""
    events = FolderEvents(names=1000)
    list(events.add(data, frames(data), "file"))
    return events


def points(events: FolderEvents) -> dict[str, list[tuple[int, bytes, bytes]]]:
    """Steps, wall times and values by tag, bit for bit, so that NaN equals itself."""
    out = {}
    counts, *columns = events.columns()
    points = zip(*(column.tolist() for column in columns), strict=True)
    for tag, count in zip(events.points, counts, strict=True):
        rows = islice(points, count)
        out[tag] = [(s, struct.pack("<d", w), struct.pack("<d", v)) for s, w, v in rows]
    return out


@QUIET
@given(st.binary(max_size=400))
def test_any_bytes_can_be_framed(data: bytes) -> None:
    framed = frames(data)
    assert 0 <= framed.size <= len(data)
    assert (framed.stop is None) == (framed.size == len(data))


@QUIET
@given(st.binary(max_size=400))
def test_any_bytes_inside_a_sound_frame_are_read_or_named(data: bytes) -> None:
    events = FolderEvents(names=1000)
    framed = frames(record(data))
    assert len(list(events.add(record(data), framed, "file"))) <= 1
    assert events.records == 1


@QUIET
@given(st.lists(st.binary(max_size=60), max_size=30), st.integers(0, 2**31), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_costs_no_record_before_it(bodies: list[bytes], where: int, noise: bytes) -> None:
    whole = b"".join(map(record, bodies))
    at = where % (len(whole) + 1)
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    before, end = 0, 0
    for body in bodies:
        end += len(record(body))
        before += end <= at
    framed = frames(damaged)
    assert framed.numbers[:before].tolist() == list(range(1, before + 1))


@QUIET
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=40))
def test_records_that_repeat_are_found_as_one_by_one(bodies: list[bytes]) -> None:
    whole = b"".join(map(record, bodies))
    # Enough of them that the next ones are foretold from those before.
    many = whole * (1 + 20_000 // len(whole))
    framed = frames(many)
    repeats = len(many) // len(whole)
    once = [(s, n) for s, n in zip(*_places(bodies), strict=True)]
    expected = [(s + i * len(whole), n) for i in range(repeats) for s, n in once]
    assert list(zip(framed.starts.tolist(), framed.lengths.tolist(), strict=True)) == expected


def _places(bodies: list[bytes]) -> tuple[list[int], list[int]]:
    starts, at = [], 0
    for body in bodies:
        starts.append(at + 12)
        at += 16 + len(body)
    return starts, list(map(len, bodies))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.lists(st.integers(0, 400), min_size=1, max_size=25), st.integers(1, 300)), max_size=12),
    st.binary(max_size=30),
)
def test_lengths_are_those_that_are_stated_one_by_one(pattern: list[tuple[list[int], int]], rest: bytes) -> None:
    lengths = [length for unit, times in pattern for length in unit * times]
    data = b"".join(struct.pack("<Q", n) + bytes(n + 8) for n in lengths) + rest
    one_by_one, at = [], 0
    while at + 16 <= len(data) and (n := int.from_bytes(data[at : at + 8], "little")) <= len(data) - at - 16:
        one_by_one.append(n)
        at += 16 + n
    assert one_by_one[: len(lengths)] == lengths
    assert stated_lengths(data).tolist() == one_by_one


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.lists(st.tuples(st.integers(0, 2**31), st.integers(0, 7)), max_size=12))
def test_damage_in_a_large_file_costs_the_records_it_is_in(seed: int, flips: list[tuple[int, int]]) -> None:
    rng = random.Random(seed)
    bodies = [scalar(i, rng.random(), f"tag/{rng.randrange(12)}") for i in range(3000)]
    whole = bytearray(b"".join(map(record, bodies)))
    for at, bit in flips:
        whole[at % len(whole)] ^= 1 << bit
    # The same by the definition of the format, record by record.
    sound: list[tuple[int, int]] = []
    damaged: list[tuple[int, int]] = []
    at = 0
    for number in range(1, len(bodies) + 1):
        stated, (head_sum,) = whole[at : at + 8], struct.unpack_from("<I", whole, at + 8)
        if masked(bytes(stated)) != head_sum:
            break
        length = int.from_bytes(stated, "little")
        body, (data_sum,) = whole[at + 12 : at + 12 + length], struct.unpack_from("<I", whole, at + 12 + length)
        (sound if masked(bytes(body)) == data_sum else damaged).append((number, at))
        at += 16 + length
    framed = frames(bytes(whole))
    assert list(zip(framed.numbers.tolist(), (framed.starts - 12).tolist(), strict=True)) == sound
    assert [(d.record, d.offset) for d in framed.damaged] == damaged
    assert framed.size == at
    assert (framed.stop is None) == (at == len(whole))


STEPS = st.one_of(st.integers(0, 300), st.integers(-(2**63), 2**63 - 1))
WALLS = st.one_of(st.floats(1e9, 2e9), st.floats(allow_nan=True))
VALUES = st.floats(width=32)
TAGS = st.sampled_from(["a", "b", "loss", "train/loss", "größe", "x" * 200])


@st.composite
def summaries(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, Point]]]:
    """An event of one to three values, old and new style, and what it says."""
    step, wall = draw(STEPS), draw(WALLS)
    values, said = [], []
    for _ in range(draw(st.integers(1, 3))):
        tag, value = draw(TAGS), draw(VALUES)
        style = draw(st.sampled_from(["simple", "content", "float_val", "double", "unpacked", "int"]))
        packed = struct.pack("<f", value)
        if style == "simple":
            values.append(simple(tag, value))
        elif style == "content":
            values.append(tensor(tag, 1, field(4, packed)))
        elif style == "float_val":
            values.append(tensor(tag, 1, field(5, packed), plugin="scalars"))
        elif style == "double":
            values.append(tensor(tag, 2, field(6, struct.pack("<d", value))))
        elif style == "unpacked":
            values.append(tensor(tag, 1, b"\x2d" + packed))
        else:
            value = float(draw(st.integers(0, 1000)))
            values.append(tensor(tag, 3, field(7, _varint(int(value)))))
        said.append((tag, (step, wall, value)))
    return event(step, *values, wall=wall), said


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80, number >> 7])


@QUIET
@given(st.lists(summaries(), min_size=1, max_size=12), st.integers(1, 40))
def test_records_taken_at_once_and_one_by_one_say_the_same(
    kinds: list[tuple[bytes, list[tuple[str, Point]]]], times: int
) -> None:
    events = taken(b"".join(record(data) for _ in range(times) for data, _ in kinds))
    expected: dict[str, list[tuple[int, bytes, bytes]]] = {}
    for _ in range(times):
        for _, said in kinds:
            for tag, (step, wall, value) in said:
                expected.setdefault(tag, []).append((step, struct.pack("<d", wall), _widened(value)))
    assert {t: [(s, _quiet(w), _quiet(v)) for s, w, v in p] for t, p in points(events).items()} == {
        t: [(s, _quiet(w), _quiet(v)) for s, w, v in p] for t, p in expected.items()
    }
    assert list(events.points) == list(expected)


def _widened(value: float) -> bytes:
    return struct.pack("<d", float(np.float64(value)))


def _quiet(packed: bytes) -> bytes:
    """NaN has many forms; which of them arithmetic hands on is the processor's choice."""
    return b"nan" if math.isnan(struct.unpack("<d", packed)[0]) else packed


@QUIET
@given(st.lists(st.tuples(STEPS, WALLS, VALUES, TAGS), min_size=1, max_size=60))
def test_scalars_are_read_as_they_were_written(said: list[tuple[int, float, float, str]]) -> None:
    events = taken(b"".join(record(scalar(s, v, t, wall=w)) for s, w, v, t in said))
    for tag, rows in points(events).items():
        mine = [(s, struct.pack("<d", w), struct.pack("<d", v)) for s, w, v, t in said if t == tag]
        assert [(s, _quiet(w), _quiet(v)) for s, w, v in rows] == [(s, _quiet(w), _quiet(v)) for s, w, v in mine]
