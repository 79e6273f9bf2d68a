"""Plays a sound file: a worker decodes it in pieces, and what is decoded is handed on as the output takes it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from runfolio.desktop.context import Context
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.sound_output import CannotPlayError, SoundOutput, open_output
from runfolio.errors import RunfolioError
from runfolio.model.previews import FilePlace, SoundPiece

_EVERY_MS = 40
_FIRST_FRAMES = 1 << 17
_AHEAD_S = 4.0
"""Seconds that are decoded before they are heard."""
_SAMPLE = 2


class SoundPlayer(QObject):
    """One sound at a time.

    moved   the share of the sound that has been heard, 0 to 1.
    ended   it plays no longer: "" at its end or when it was stopped, else why.
    """

    moved = Signal(float)
    ended = Signal(str)

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._looker = Looker(context, "Decode a sound")
        self.output: Callable[[int, int, QObject], SoundOutput] = open_output
        """Opens the way to be heard, for a rate and one or two channels."""
        self._output: SoundOutput | None = None
        self._place: FilePlace | None = None
        self._piece: SoundPiece | None = None
        self._waiting = bytearray()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._feed)

    @property
    def playing(self) -> bool:
        """Whether a sound is heard or about to be."""
        return self._place is not None

    def play(self, place: FilePlace) -> None:
        """Play a file from its beginning."""
        self._end()
        self._place = place
        self._ask(place, 0, _FIRST_FRAMES)

    def stop(self, why: str = "") -> None:
        """Play no longer."""
        if self._place is not None:
            self._end()
            self.ended.emit(why)

    def _end(self) -> None:
        self._looker.forget()
        self._timer.stop()
        if self._output is not None:
            self._output.stop()
        self._output = self._place = self._piece = None
        self._waiting.clear()

    def _ask(self, place: FilePlace, first: int, frames: int) -> None:
        self._looker.ask(
            lambda workspace, token: workspace.sound_piece(place, first, frames, cancel=token),
            self._take,
            self._fail,
        )

    def _fail(self, error: RunfolioError) -> None:
        self.stop(error.message)

    def _take(self, piece: SoundPiece) -> None:
        if self._output is None:
            try:
                self._output = self.output(piece.rate, piece.channels, self)
            except CannotPlayError as error:
                self.stop(str(error))
                return
        self._piece = piece
        self._waiting += piece.data
        self._timer.start()
        self._feed()

    def _feed(self) -> None:
        output, piece = self._output, self._piece
        if output is None or piece is None:
            return
        size = min(len(self._waiting), output.free())
        if size > 0:
            del self._waiting[: output.write(bytes(self._waiting[:size]))]
        frame = _SAMPLE * piece.channels
        decoded = piece.first + len(piece.data) // frame
        # A file that is being shortened gives less than it said.
        is_whole = decoded >= piece.frames or not piece.data
        is_short = len(self._waiting) < _AHEAD_S * piece.rate * frame
        if self._place is not None and is_short and not is_whole and not self._looker.busy:
            self._ask(self._place, decoded, round(_AHEAD_S * piece.rate))
        self.moved.emit(min(1.0, output.seconds() * piece.rate / max(1, piece.frames)))
        if is_whole and not self._waiting and output.is_drained():
            self.stop()
