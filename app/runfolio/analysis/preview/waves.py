"""WAV files: their outline, and their samples in pieces as they are played.

Source: the RIFF/WAVE specification. Decoded here and not by the module `wave`, which knows neither floats nor a header
that claims more samples than there are.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from runfolio.analysis.preview.reading import read_at
from runfolio.errors import FolderUnreadable
from runfolio.model.previews import SoundPiece
from runfolio.readers.folder import Folder

PARTS = 4_096
"""Parts of an outline: more than a screen has columns of pixels."""
MOST_FRAMES = 1 << 20
"""Of one piece."""
_MOST_CHUNKS = 1_000
_PIECE = 8 << 20
_MOST_SAMPLES = 1 << 30
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_KINDS = {
    (_PCM, 1): "u1",
    (_PCM, 2): "<i2",
    (_PCM, 3): "u1",
    (_PCM, 4): "<i4",
    (_FLOAT, 4): "<f4",
    (_FLOAT, 8): "<f8",
}
_SLOWEST, _FASTEST = 1_000, 768_000
"""Samples a second that are played."""

Samples = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Wave:
    """Where the samples lie in a file, and what they are.

    start, length   bytes; `stated` as the header says, which may be more than there are.
    block           bytes of a frame, which is a sample of each channel.
    """

    code: int
    channels: int
    rate: int
    block: int
    bits: int
    start: int
    length: int
    stated: int

    @property
    def frames(self) -> int:
        """Frames that are there."""
        return self.length // self.block

    @property
    def title(self) -> str:
        """What a sample is."""
        names = {_PCM: f"{self.bits} bit PCM", _FLOAT: f"{self.bits} bit float", 6: "A-law", 7: "µ-law"}
        return names.get(self.code, f"format {self.code}")

    @property
    def kind(self) -> str | None:
        """As NumPy names them; None for what is not decoded."""
        width = self.bits // 8
        kind = _KINDS.get((self.code, width))
        return kind if self.block == width * self.channels else None

    @property
    def why_silent(self) -> str:
        """Why it is not played; "" where it is."""
        if self.kind is None:
            return f"Samples of this kind ({self.title}) are not decoded: PCM of 8, 16, 24 and 32 bit and floats are."
        if not self.frames:
            return "There are no samples in it."
        if not _SLOWEST <= self.rate <= _FASTEST:
            return f"No device plays {self.rate:,} samples a second."
        return ""


def wave_of(handle: int) -> Wave:
    """The format of an open RIFF/WAVE file. Raises ValueError and struct.error for what is none."""
    size = os.fstat(handle).st_size
    at, form, data = 12, None, None
    for _ in range(_MOST_CHUNKS):
        head = read_at(handle, 8, at)
        if len(head) < 8 or data is not None:
            break
        name, length = struct.unpack("<4sI", head)
        if name == b"fmt ":
            form = read_at(handle, min(length, 64), at + 8)
        elif name == b"data":
            data = at + 8, length
        at += 8 + length + length % 2
    if form is None or data is None:
        raise ValueError("it has no format or no samples")
    code, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", form)
    if code == _EXTENSIBLE and len(form) >= 26:
        code = struct.unpack_from("<H", form, 24)[0]
    if not block or not rate or not channels:
        raise ValueError("its format makes no sense")
    start, stated = data
    return Wave(code, channels, rate, block, bits, start, max(0, min(stated, size - start)), stated)


def outline(handle: int, wave: Wave) -> tuple[tuple[float, float], ...]:
    """The lowest and the highest sample of all channels, -1 to 1, in each of up to PARTS parts of equal length."""
    blocks = wave.frames
    if wave.kind is None or not blocks or wave.length > _MOST_SAMPLES:
        return ()
    parts = min(PARTS, blocks)
    low, high = np.full(parts, np.inf), np.full(parts, -np.inf)
    step = max(1, _PIECE // wave.block)
    for first in range(0, blocks, step):
        values = _frames(handle, wave, first, min(step, blocks - first))
        places = (np.arange(first, first + len(values)) * parts) // blocks
        cuts = np.flatnonzero(np.diff(places, prepend=places[0] - 1)) if len(values) else np.empty(0, dtype=np.int64)
        if not len(cuts):
            continue
        here = places[cuts]
        low[here] = np.minimum(low[here], np.minimum.reduceat(values.min(axis=1), cuts))
        high[here] = np.maximum(high[here], np.maximum.reduceat(values.max(axis=1), cuts))
    low, high = (np.clip(np.nan_to_num(side, posinf=0.0, neginf=0.0), -1, 1) for side in (low, high))
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def sound_piece(folder: Folder, name: str, first: int, frames: int) -> SoundPiece:
    """Frames from `first` on, up to MOST_FRAMES of them, as 16 bit samples. Raises FolderUnreadable.

    More than two channels are mixed to one, each with the same weight; NaN is silence.
    """
    with folder.open(name) as handle:
        try:
            wave = wave_of(handle)
        except (struct.error, ValueError) as failure:
            raise FolderUnreadable(f"Not a sound that can be played: {failure}", where=folder.where(name)) from failure
        if wave.why_silent:
            raise FolderUnreadable(wave.why_silent, where=folder.where(name))
        values = _frames(handle, wave, first, min(MOST_FRAMES, frames, max(0, wave.frames - first)))
    values = np.clip(np.nan_to_num(values), -1.0, 1.0 - 2.0**-15)
    if wave.channels > 2:
        values = values.mean(axis=1, keepdims=True)
    data = np.rint(values * 2.0**15).astype("<i2").tobytes()
    return SoundPiece(wave.rate, wave.channels if wave.channels <= 2 else 1, wave.frames, first, data)


def _frames(handle: int, wave: Wave, first: int, frames: int) -> Samples:
    """Samples from -1 to 1, float32 (frames, channels); fewer where the file is being shortened."""
    data = read_at(handle, frames * wave.block, wave.start + first * wave.block)
    rows = len(data) // wave.block
    return _samples(data[: rows * wave.block], wave).reshape(rows, wave.channels)


def _samples(data: bytes, wave: Wave) -> Samples:
    width = wave.bits // 8
    if wave.code == _PCM and width == 3:
        raw = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
        wide = np.zeros((len(raw), 4), dtype=np.uint8)
        wide[:, 1:] = raw
        return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)
    values = np.frombuffer(data, dtype=wave.kind)
    if wave.code == _FLOAT:
        return values.astype(np.float32)
    if width == 1:
        return ((values.astype(np.float32) - 128) / 128).astype(np.float32)
    return (values / 2.0 ** (8 * width - 1)).astype(np.float32)
