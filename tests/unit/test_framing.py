"""The record framing of event files: what is whole is kept, what is not is named, and no stated length is believed."""

from __future__ import annotations

import pytest

from runfolio.readers.framing import HEAD, Frames, frames
from support.event_files import head, record, scalar

RECORDS = [record(scalar(i, i / 2)) for i in range(5)]


def data_of(data: bytes, framed: Frames) -> list[bytes]:
    return [data[s : s + n] for s, n in zip(framed.starts.tolist(), framed.lengths.tolist(), strict=True)]


@pytest.mark.parametrize("repeated", [1, 400], ids=["a small file", "a file whose records repeat"])
def test_a_truncated_file_keeps_every_whole_record(repeated: int) -> None:
    records = RECORDS * repeated
    whole = b"".join(records)
    ends = [0]
    for one in records:
        ends.append(ends[-1] + len(one))
    # Every byte of the last few records is a place to be cut at.
    for cut in range(ends[-6] + 1, len(whole)):
        kept = sum(end <= cut for end in ends) - 1
        framed = frames(whole[:cut])
        assert len(framed.starts) == framed.count == kept
        assert framed.size == ends[kept]
        if cut == ends[kept]:
            assert framed.stop is None
        else:
            assert framed.stop is not None
            assert (framed.stop.record, framed.stop.offset) == (kept + 1, ends[kept])
            whole_head = cut - ends[kept] >= HEAD
            assert framed.stop.needs == (len(records[kept]) if whole_head else HEAD)


@pytest.mark.parametrize("repeated", [1, 400])
def test_a_record_whose_data_fails_is_damaged_and_the_next_ones_are_read(repeated: int) -> None:
    records = RECORDS * repeated
    number = len(records) - 2
    broken = bytearray(records[number - 1])
    broken[HEAD + 3] ^= 0x10
    whole = b"".join([*records[: number - 1], bytes(broken), *records[number:]])
    framed = frames(whole)
    assert framed.stop is None
    assert framed.count == len(records)
    (damage,) = framed.damaged
    assert damage.record == number
    assert damage.offset == sum(map(len, records[: number - 1]))
    assert framed.numbers.tolist() == [n for n in range(1, len(records) + 1) if n != number]


@pytest.mark.parametrize("repeated", [1, 400])
@pytest.mark.parametrize("at", range(HEAD))
def test_a_length_that_fails_is_not_followed(repeated: int, at: int) -> None:
    records = RECORDS * repeated
    broken = bytearray(records[-2])
    broken[at] ^= 0x04
    framed = frames(b"".join([*records[:-2], bytes(broken), records[-1]]))
    assert framed.count == len(records) - 2
    assert framed.stop is not None
    assert framed.stop.needs == 0


@pytest.mark.parametrize("claimed", [1 << 20, 1 << 32, 1 << 63, (1 << 64) - 1])
def test_a_record_that_claims_more_than_there_is_says_what_it_needs(claimed: int) -> None:
    framed = frames(RECORDS[0] + head(claimed) + b"x" * 50)
    assert framed.count == 1
    assert framed.stop is not None
    assert framed.stop.needs == HEAD + claimed + 4


def test_a_record_inside_a_record_is_not_taken_for_one() -> None:
    # A text or a model can hold a whole event file; 400 of them are foretold.
    inner = b"".join(RECORDS)
    whole = b"".join(record(inner + bytes([i % 251])) for i in range(400))
    framed = frames(whole)
    assert framed.count == 400
    assert data_of(whole, framed)[0] == inner + b"\0"


def test_empty_and_very_long_records_stand_between_short_ones() -> None:
    bodies = [b"", b"a" * 30, b"b" * 70_000, b"", b"c" * 65_535, b"d" * 65_536, *[b"e" * 40] * 500]
    whole = b"".join(map(record, bodies))
    assert data_of(whole, frames(whole)) == bodies


def test_zeros_end_a_file() -> None:
    framed = frames(b"".join(RECORDS) + bytes(100_000))
    assert framed.count == len(RECORDS)
    assert framed.stop is not None
    assert framed.stop.needs == 0


def test_no_bytes_have_no_records() -> None:
    framed = frames(b"")
    assert (framed.count, framed.size, framed.stop) == (0, 0, None)
