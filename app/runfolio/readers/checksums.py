"""Masked CRC-32C, as event files store it, of one record or of thousands at once.

A CRC is affine over bits: what a byte adds to it depends on that byte and on how many bytes follow, and on nothing
else. So records of one length need a table lookup only for the bytes in which they differ.

Source: CRC-32C by google-crc32c (RFC 3720, B.4); the mask is `((crc >> 15 | crc << 17) + 0xa282ead8) mod 2**32`
(tensorflow/core/lib/hash/crc32c.h).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from runfolio.model.metrics import Ints

Bytes: TypeAlias = NDArray[np.uint8]
Words: TypeAlias = NDArray[np.uint32]

_MASK_DELTA = 0xA282EAD8
_FEWEST_ROWS, _LONGEST_ROW = 512, 256
"""Fewer rows, or longer ones, are quicker one by one."""
_MOST_COLUMNS = 64
"""A lookup for each row in so many columns costs as much as the CRC of each row."""


def masked_crc(data: bytes) -> int:
    """The masked CRC-32C of data."""
    return mask(int(google_crc32c.value(data)))


def mask(crc: int) -> int:
    """The form in which a CRC is stored, so that a CRC over data that holds CRCs stays useful."""
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def masked_crcs(rows: Bytes) -> Words:
    """The masked CRC-32C of each row; `rows` uint8 (n, length), the result uint32 (n,)."""
    count, length = rows.shape
    if count >= _FEWEST_ROWS and length <= _LONGEST_ROW:
        columns = np.ascontiguousarray(rows.T)
        differing = np.flatnonzero((columns != columns[:, :1]).any(axis=1)).tolist()
        if len(differing) <= _MOST_COLUMNS:
            return _masked(_by_columns(columns, differing))
    records: list[bytes] = rows.view(f"V{length}")[:, 0].tolist() if length else [b""] * count
    return _masked(np.fromiter(map(google_crc32c.value, records), dtype=np.uint32, count=count))


def masked_crcs_of_lengths(lengths: Ints) -> Words:
    """The masked CRC-32C of numbers below 65,536 (n,), each written as eight bytes."""
    sums = _terms(7)[lengths & 0xFF] ^ _terms(6)[lengths >> 8]
    return _masked(sums ^ np.uint32(google_crc32c.value(bytes(8))))


def _by_columns(columns: Bytes, differing: list[int]) -> Words:
    """The CRC of each record, from that of the first and the columns (length, n) in which records differ."""
    length, count = columns.shape
    sums = np.full(count, google_crc32c.value(columns[:, 0].tobytes()), dtype=np.uint32)
    for place in differing:
        terms = _terms(length - 1 - place)
        sums ^= terms[columns[place]] ^ terms[columns[place, 0]]
    return sums


@lru_cache(maxsize=_LONGEST_ROW)
def _terms(following: int) -> Words:
    """What each byte adds to a CRC when so many bytes follow it, uint32 (256,)."""
    rest = bytes(following)
    zero = google_crc32c.value(b"\0" + rest)
    return np.array([google_crc32c.value(bytes([byte]) + rest) ^ zero for byte in range(256)], dtype=np.uint32)


def _masked(sums: Words) -> Words:
    return (sums >> np.uint32(15) | sums << np.uint32(17)) + np.uint32(_MASK_DELTA)
