"""The checksum of event files, one by one and of thousands of records at once."""

from __future__ import annotations

import random
import struct

import google_crc32c
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.model.metrics import Ints
from runfolio.readers.checksums import all_sound, mask, masked_crc
from support.event_files import masked


def test_the_checksum_is_crc_32c_rotated_and_shifted() -> None:
    # RFC 3720, B.4: 32 bytes of zeros, of ones, and 0 to 31.
    assert google_crc32c.value(bytes(32)) == 0x8A9136AA
    assert google_crc32c.value(b"\xff" * 32) == 0x62A8AB43
    assert google_crc32c.value(bytes(range(32))) == 0x46DD794E
    # Worked by hand: 0x8A9136AA rotated right by 15 is 0x6D551522, plus 0xA282EAD8 modulo 2**32.
    assert mask(0x8A9136AA) == (0x6D551522 + 0xA282EAD8) % 2**32
    assert masked_crc(bytes(32)) == mask(0x8A9136AA)


def _with_sums(parts: list[bytes]) -> tuple[bytearray, Ints]:
    """Each part with its masked CRC behind it, and the places of the sums."""
    data = bytearray()
    places = []
    for part in parts:
        places.append(len(data) + len(part))
        data += part + struct.pack("<I", masked(part))
    return data, np.array(places, dtype=np.int64)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=70), max_size=40), st.binary(max_size=20), st.binary(max_size=20))
def test_right_sums_are_sound_wherever_they_begin_and_end(parts: list[bytes], before: bytes, after: bytes) -> None:
    data, places = _with_sums(parts)
    assert all_sound(before + bytes(data) + after, len(before), places + len(before))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=70), min_size=1, max_size=40), st.data())
def test_one_wrong_bit_anywhere_is_seen(parts: list[bytes], draw: st.DataObject) -> None:
    data, places = _with_sums(parts)
    data[draw.draw(st.integers(0, len(data) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    assert not all_sound(bytes(data), 0, places)


@pytest.mark.parametrize("apart", [1, 2, 7, 4096])
@pytest.mark.parametrize("at", [0, 20, 39, 40, 43])
def test_records_that_are_wrong_in_the_same_place_do_not_hide_each_other(apart: int, at: int) -> None:
    data, places = _with_sums([random.Random(i).randbytes(40) for i in range(5000)])
    for wrong in (300, 300 + apart):
        data[44 * wrong + at] ^= 0x08
    assert not all_sound(bytes(data), 0, places)
    data[44 * 300 + at] ^= 0x08
    assert not all_sound(bytes(data), 0, places)
    data[44 * (300 + apart) + at] ^= 0x08
    assert all_sound(bytes(data), 0, places)
