"""Sounds told from their headers, and the outline of WAV files.

Sources: RFC 9639 (FLAC), RFC 3533 and RFC 7845 (Ogg, Opus), ISO/IEC 11172-3 (MP3).
"""

from __future__ import annotations

import os
import struct

from runfolio.analysis.preview.reading import read_at
from runfolio.analysis.preview.waves import outline, wave_of
from runfolio.errors import FolderUnreadable
from runfolio.model.display import count, duration
from runfolio.model.previews import Sound
from runfolio.readers.folder import Folder

_HEAD = 64 << 10


def sound(folder: Folder, name: str) -> tuple[Sound, tuple[str, ...]]:
    """What a sound file says of itself, and its outline where it is WAV. Raises FolderUnreadable."""
    with folder.open(name) as handle:
        size = os.fstat(handle).st_size
        head = read_at(handle, _HEAD)
        try:
            if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
                return _wave(handle)
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


def _wave(handle: int) -> tuple[Sound, tuple[str, ...]]:
    wave = wave_of(handle)
    notes: tuple[str, ...] = ()
    if wave.length < wave.stated:
        notes = (f"The header says {wave.stated:,} bytes of samples, {wave.length:,} are there",)
    facts = _facts("WAV", wave.rate, wave.channels, wave.title, wave.length / wave.block / wave.rate)
    return Sound(facts, outline(handle, wave), wave.why_silent), notes


def _silent(kind: str, facts: tuple[tuple[str, str], ...]) -> Sound:
    return Sound(facts, (), f"{kind} is compressed, and Runfolio decodes WAV alone: open the file in a player.")


def _flac(head: bytes) -> Sound:
    packed = int.from_bytes(head[18:26], "big")
    rate, channels, bits, total = packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1, packed & (1 << 36) - 1
    if len(head) < 42 or not rate:
        raise ValueError("its header makes no sense")
    return _silent("FLAC", _facts("FLAC", rate, channels, f"{bits} bit", total / rate if total else None))


def _ogg(head: bytes, tail: bytes) -> Sound:
    last = tail.rfind(b"OggS")
    samples = struct.unpack_from("<q", tail, last + 6)[0] if last >= 0 else -1
    place = head.find(b"\x01vorbis")
    if 0 <= place < 4096:
        channels, rate = struct.unpack_from("<BI", head, place + 11)
        seconds = samples / rate if rate and samples >= 0 else None
        return _silent("Ogg Vorbis", _facts("Ogg Vorbis", rate, channels, "lossy", seconds))
    place = head.find(b"OpusHead")
    if 0 <= place < 4096:
        channels, skip, rate = struct.unpack_from("<BHI", head, place + 9)
        seconds = max(0, samples - skip) / 48_000 if samples >= 0 else None
        return _silent("Ogg Opus", _facts("Ogg Opus", rate, channels, "lossy", seconds))
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
            return _silent("MP3", _facts("MP3", _RATES[rate], channels, f"{kbit} kbit/s in its first frame", seconds))
    raise ValueError("there is no MPEG frame near its start")
