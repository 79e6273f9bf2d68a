"""The way to the loudspeakers, through the part of Qt that an installation may lack."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, Protocol

from PySide6.QtCore import QObject

HOW_TO_INSTALL = (
    "To play sounds, install the audio part of Qt: pip install 'runfolio[sound]', or PySide6-Addons of the version of "
    "PySide6-Essentials that is here."
)


class CannotPlayError(Exception):
    """Why there is no output, in words."""


class SoundOutput(Protocol):
    """Takes 16 bit samples as they are played."""

    def free(self) -> int:
        """Bytes that it takes now."""

    def write(self, data: bytes) -> int:
        """Hand bytes over; how many were taken."""

    def seconds(self) -> float:
        """How much has been heard."""

    def is_drained(self) -> bool:
        """Whether all that was handed over has been heard."""

    def stop(self) -> None:
        """Play no longer; what was handed over is dropped."""


def is_there() -> bool:
    """Whether sounds can be played here."""
    return importlib.util.find_spec("PySide6.QtMultimedia") is not None


def open_output(rate: int, channels: int, parent: QObject) -> SoundOutput:
    """The output that the desktop has chosen. Raises CannotPlayError."""
    try:
        # By name: it is no part of what Runfolio needs, and its types are not known where it is not installed.
        audio: Any = importlib.import_module("PySide6.QtMultimedia")
    except ImportError as error:
        raise CannotPlayError(f"The audio part of Qt cannot be loaded: {error}") from error
    device = audio.QMediaDevices.defaultAudioOutput()
    if device.isNull():
        raise CannotPlayError("This machine has no device that plays sounds.")
    form = audio.QAudioFormat()
    form.setSampleRate(rate)
    form.setChannelCount(channels)
    form.setSampleFormat(audio.QAudioFormat.SampleFormat.Int16)
    if not device.isFormatSupported(form):
        raise CannotPlayError(f"{device.description()} does not play {rate:,} samples a second.")
    return _QtOutput(audio.QAudioSink(device, form, parent))


class _QtOutput:
    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._pipe = sink.start()
        if self._pipe is None:
            raise CannotPlayError(f"The sound device does not start: {sink.error().name}")

    def free(self) -> int:
        return int(self._sink.bytesFree())

    def write(self, data: bytes) -> int:
        return max(0, int(self._pipe.write(data)))

    def seconds(self) -> float:
        return float(self._sink.processedUSecs()) / 1e6

    def is_drained(self) -> bool:
        # By name: the states of a sink and those of QAudio are different enums, of the same names.
        idle = self._sink.state().name == "IdleState"
        return bool(idle and self._sink.bytesFree() >= self._sink.bufferSize())

    def stop(self) -> None:
        self._sink.reset()
        self._sink.deleteLater()
