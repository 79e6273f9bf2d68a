"""The checksum of event files, one by one and of thousands of records at once."""

from __future__ import annotations

import google_crc32c
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.readers.checksums import mask, masked_crc, masked_crcs, masked_crcs_of_lengths
from support.event_files import masked


def test_the_checksum_is_crc_32c_rotated_and_shifted() -> None:
    # RFC 3720, B.4: 32 bytes of zeros, of ones, and 0 to 31.
    assert google_crc32c.value(bytes(32)) == 0x8A9136AA
    assert google_crc32c.value(b"\xff" * 32) == 0x62A8AB43
    assert google_crc32c.value(bytes(range(32))) == 0x46DD794E
    # Worked by hand: 0x8A9136AA rotated right by 15 is 0x6D551522, plus 0xA282EAD8 modulo 2**32.
    assert mask(0x8A9136AA) == (0x6D551522 + 0xA282EAD8) % 2**32
    assert masked_crc(bytes(32)) == mask(0x8A9136AA)


@settings(max_examples=60, deadline=None)
@given(
    count=st.sampled_from([1, 2, 511, 512, 700]),
    length=st.sampled_from([1, 2, 50, 255, 256, 257, 600]),
    differing=st.integers(0, 80),
    seed=st.integers(0, 2**32),
)
def test_many_at_once_have_the_sums_that_each_has_alone(count: int, length: int, differing: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.tile(rng.integers(0, 256, length, dtype=np.uint8), (count, 1))
    places = rng.integers(0, length, differing)
    rows[:, places] = rng.integers(0, 256, (count, differing), dtype=np.uint8)
    assert masked_crcs(rows).tolist() == [masked(row.tobytes()) for row in rows]


@pytest.mark.parametrize("place", range(40))
def test_a_flipped_bit_in_one_of_many_changes_its_sum_alone(place: int) -> None:
    rows = np.random.default_rng(place).integers(0, 4, (1000, 40), dtype=np.uint8)
    sums = masked_crcs(rows)
    rows[617, place] ^= 0x40
    assert np.flatnonzero(masked_crcs(rows) != sums).tolist() == [617]


def test_sums_of_all_short_lengths_are_those_of_their_eight_bytes() -> None:
    lengths = np.arange(1 << 16)
    assert masked_crcs_of_lengths(lengths).tolist() == [masked(n.to_bytes(8, "little")) for n in range(1 << 16)]
