"""Sounds told from their headers, and the outline of WAV files; nothing is played.

Sources: the RIFF/WAVE specification, RFC 9639 (FLAC), RFC 3533 and RFC 7845 (Ogg, Opus), ISO/IEC 11172-3 (MP3).
"""

from __future__ import annotations

import os
import struct
from typing import Any

import numpy as np

from runfolio.analysis.preview.reading import read_at
from runfolio.errors import FolderUnreadable
from runfolio.model.display import count, duration
from runfolio.model.previews import Sound
from runfolio.readers.folder import Folder

PARTS = 600
_HEAD = 64 << 10
_MOST_CHUNKS = 1_000
_PIECE = 8 << 20
_MOST_SAMPLES = 1 << 30
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


def sound(folder: Folder, name: str) -> tuple[Sound, tuple[str, ...]]:
    """What a sound file says of itself, and its outline where it is WAV. Raises FolderUnreadable."""
    with folder.open(name) as handle:
        size = os.fstat(handle).st_size
        head = read_at(handle, _HEAD)
        try:
            if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
                return _wave(handle, size)
            if head[:4] == b"fLaC":
                return _flac(head), ()
            if head[:4] == b"OggS":
                return _ogg(head, read_at(handle, _HEAD, max(0, size - _HEAD))), ()
            return _mp3(head, size), ()
        except (struct.error, IndexError, ValueError) as failure:
            raise FolderUnreadable(
                f"Not a sound file that can be read: {failure}", hint="Copy the file again.", where=folder.where(name)
            ) from failure


def _facts(kind: str, rate: int, channels: int, bits: str, seconds: float | None) -> tuple[tuple[str, str], ...]:
    return (
        ("Format", kind),
        ("Duration", "not told" if seconds is None else duration(seconds)),
        ("Sample rate", f"{count(rate)} Hz"),
        ("Channels", {1: "1 (mono)", 2: "2 (stereo)"}.get(channels, str(channels))),
        ("Samples", bits),
    )


def _wave(handle: int, size: int) -> tuple[Sound, tuple[str, ...]]:
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
    there = max(0, min(stated, size - start))
    notes = (f"The header says {stated:,} bytes of samples, {there:,} are there",) if there < stated else ()
    title = {_PCM: f"{bits} bit PCM", _FLOAT: f"{bits} bit float", 6: "A-law", 7: "µ-law"}.get(code, f"format {code}")
    facts = _facts("WAV", rate, channels, title, there / block / rate)
    return Sound(facts, _outline(handle, start, there, block, channels, code, bits)), notes


def _outline(
    handle: int, start: int, length: int, block: int, channels: int, code: int, bits: int
) -> tuple[tuple[float, float], ...]:
    width = bits // 8
    kinds = {
        (_PCM, 1): "u1",
        (_PCM, 2): "<i2",
        (_PCM, 3): "u1",
        (_PCM, 4): "<i4",
        (_FLOAT, 4): "<f4",
        (_FLOAT, 8): "<f8",
    }
    kind = kinds.get((code, width))
    blocks = length // block
    if kind is None or block != width * channels or not blocks or length > _MOST_SAMPLES:
        return ()
    parts = min(PARTS, blocks)
    low, high = np.full(parts, np.inf), np.full(parts, -np.inf)
    step = max(1, _PIECE // block)
    for first in range(0, blocks, step):
        data = read_at(handle, min(step, blocks - first) * block, start + first * block)
        rows = len(data) // block
        values = _samples(data[: rows * block], kind, code, width).reshape(rows, channels)
        places = (np.arange(first, first + rows) * parts) // blocks
        cuts = np.flatnonzero(np.diff(places, prepend=places[0] - 1)) if rows else np.empty(0, dtype=np.int64)
        if not len(cuts):
            continue
        here = places[cuts]
        low[here] = np.minimum(low[here], np.minimum.reduceat(values.min(axis=1), cuts))
        high[here] = np.maximum(high[here], np.maximum.reduceat(values.max(axis=1), cuts))
    low, high = (np.clip(np.nan_to_num(side, posinf=0.0, neginf=0.0), -1, 1) for side in (low, high))
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def _samples(data: bytes, kind: str, code: int, width: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Samples from -1 to 1."""
    if code == _PCM and width == 3:
        raw = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
        wide = np.zeros((len(raw), 4), dtype=np.uint8)
        wide[:, 1:] = raw
        return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)
    values = np.frombuffer(data, dtype=kind)
    if code == _FLOAT:
        return values.astype(np.float32)
    if width == 1:
        return ((values.astype(np.float32) - 128) / 128).astype(np.float32)
    return (values / 2.0 ** (8 * width - 1)).astype(np.float32)


def _flac(head: bytes) -> Sound:
    packed = int.from_bytes(head[18:26], "big")
    rate, channels, bits, total = packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1, packed & (1 << 36) - 1
    if len(head) < 42 or not rate:
        raise ValueError("its header makes no sense")
    return Sound(_facts("FLAC", rate, channels, f"{bits} bit", total / rate if total else None))


def _ogg(head: bytes, tail: bytes) -> Sound:
    last = tail.rfind(b"OggS")
    samples = struct.unpack_from("<q", tail, last + 6)[0] if last >= 0 else -1
    place = head.find(b"\x01vorbis")
    if 0 <= place < 4096:
        channels, rate = struct.unpack_from("<BI", head, place + 11)
        return Sound(_facts("Ogg Vorbis", rate, channels, "lossy", samples / rate if rate and samples >= 0 else None))
    place = head.find(b"OpusHead")
    if 0 <= place < 4096:
        channels, skip, rate = struct.unpack_from("<BHI", head, place + 9)
        return Sound(
            _facts("Ogg Opus", rate, channels, "lossy", max(0, samples - skip) / 48_000 if samples >= 0 else None)
        )
    raise ValueError("its first packet is neither Vorbis nor Opus")


_RATES = (44_100, 48_000, 32_000)
_KBIT = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)


def _mp3(head: bytes, size: int) -> Sound:
    at = 0
    if head[:3] == b"ID3":
        at = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    for place in range(at, min(len(head) - 4, at + 8192)):
        word = int.from_bytes(head[place : place + 4], "big")
        version, layer, bitrate, rate = word >> 19 & 3, word >> 17 & 3, word >> 12 & 15, word >> 10 & 3
        if word >> 21 == 0x7FF and version == 3 and layer == 1 and 0 < bitrate < 15 and rate < 3:
            kbit, channels = _KBIT[bitrate], 1 if word >> 6 & 3 == 3 else 2
            seconds = (size - place) * 8 / (kbit * 1000)
            return Sound(_facts("MP3", _RATES[rate], channels, f"{kbit} kbit/s in its first frame", seconds))
    raise ValueError("there is no MPEG frame near its start")
