"""Masked CRC-32C, as event files store it: of one record, or checked for thousands at once.

Source: CRC-32C by google-crc32c (RFC 3720, B.4); the mask is `((crc >> 15 | crc << 17) + 0xa282ead8) mod 2**32`
(tensorflow/core/lib/hash/crc32c.h).
"""

from __future__ import annotations

from typing import TypeAlias

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from runfolio.model.metrics import Ints

Bytes: TypeAlias = NDArray[np.uint8]

_MASK_DELTA = 0xA282EAD8
_TO_NONE = 0x9BE09BAB
"""The number whose four bytes have a CRC of 0, as no bytes have."""


def masked_crc(data: bytes) -> int:
    """The masked CRC-32C of data."""
    return mask(int(google_crc32c.value(data)))


def mask(crc: int) -> int:
    """The form in which a CRC is stored, so that a CRC over data that holds CRCs stays useful."""
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def all_sound(data: bytes, begin: int, places: Ints) -> bool:
    """Whether each sum in `data` is the masked CRC of the bytes between it and the sum before it.

    places   of the sums, int64 (n,), ascending; `begin` is where the bytes of the first begin.

    All are checked as one: bytes that take the place of a sum bring the CRC back to that of no bytes when the sum is
    right, so that the CRC of everything tells. One wrong sum always shows, as when each is checked alone; that several
    hide each other is as unlikely as that damaged bytes have the sum of the sound ones, one in four milliards.
    """
    if not len(places):
        return True
    parts = np.frombuffer(data, dtype=np.uint8, count=int(places[-1]) + 4 - begin, offset=begin).copy()
    words = np.ndarray((len(parts) - 3,), dtype="<u4", buffer=parts.data, strides=(1,))
    places = places - begin
    sums = words[places] - np.uint32(_MASK_DELTA)
    words[places] = (sums >> np.uint32(17) | sums << np.uint32(15)) ^ np.uint32(_TO_NONE)
    parts.flags.writeable = False  # the library takes nothing else
    return int(google_crc32c.value(parts)) == 0
