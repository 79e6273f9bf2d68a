"""Questions about the files of runs: which there are, and what they hold. Worker processes with limits answer them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runfolio.api.stores import Stores
from runfolio.errors import FolderUnreadable, LimitReached, NotFound
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.analysis.kinds.recorded import Recorded
    from runfolio.analysis.preview.bench import PreviewBench
    from runfolio.api.cancelling import CancelToken
    from runfolio.model.previews import (
        Ask,
        BoardTag,
        FilePlace,
        Histograms,
        Picture,
        Preview,
        RunFiles,
        SideBySide,
        SoundPiece,
    )
    from runfolio.model.text_search import Matches, Search

_SEARCH_S = 12.0
"""What was found by then is the answer; an expression that runs for ever is ended later, with its worker."""
_MOST_LOOKED = 100
"""Runs whose files are looked through for histograms."""


class Previewing:
    """What can be seen of files. Nothing is run, no link is followed, and nothing is read beyond what is shown.

    Everything here raises FolderUnreadable for a file that is gone or damaged, LimitReached past the limits, and
    Cancelled once `cancel` was asked.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._bench: PreviewBench | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Stop the worker processes."""
        if self._bench is not None:
            self._bench.close()

    def run_files(self, key: RunKey, *, cancel: CancelToken | None = None) -> RunFiles:
        """The files of a run as they lie on the disk now, and those it recorded that are not there. Raises NotFound."""
        from runfolio.analysis.preview.worker import see_files
        from runfolio.index.run_homes import run_homes

        return self._get_bench().call(cancel, see_files, run_homes(self._stores.db, key))

    def preview(self, place: FilePlace, ask: Ask | None = None, *, cancel: CancelToken | None = None) -> Preview:
        """What a file holds: a page of text or table, children of a node, pixels, or what its header says."""
        from runfolio.analysis.preview.worker import see
        from runfolio.model.previews import Ask

        return self._get_bench().call(cancel, see, place, ask or Ask())

    def thumbnails(
        self, places: Sequence[FilePlace], edge: int = 192, *, cancel: CancelToken | None = None
    ) -> tuple[Picture | str, ...]:
        """Small images in the order of `places`; in place of one that cannot be shown, the reason."""
        from runfolio.analysis.preview.worker import thumbnails

        return self._get_bench().call(cancel, thumbnails, tuple(places), edge)

    def sound_piece(
        self, place: FilePlace, first: int, frames: int, *, cancel: CancelToken | None = None
    ) -> SoundPiece:
        """Frames of a WAV file from `first` on, to be played; fewer than wanted at its end and of very many."""
        from runfolio.analysis.preview.worker import hear

        return self._get_bench().call(cancel, hear, place, max(0, first), frames)

    def search_file(self, place: FilePlace, wanted: Search, *, cancel: CancelToken | None = None) -> Matches:
        """Where a text is found in a file. Raises UsageError for a bad regular expression."""
        from runfolio.analysis.preview.worker import find_text

        return self._get_bench().call(cancel, find_text, place, wanted, _SEARCH_S)

    def board_tags(self, places: Sequence[FilePlace], *, cancel: CancelToken | None = None) -> tuple[BoardTag, ...]:
        """What TensorBoard event files hold besides scalars."""
        from runfolio.analysis.preview.worker import see_tags

        return self._get_bench().call(cancel, see_tags, tuple(places))

    def board_image_steps(
        self, places: Sequence[FilePlace], *, cancel: CancelToken | None = None
    ) -> dict[str, tuple[int, ...]]:
        """The steps at which TensorBoard event files hold images, by tag."""
        from runfolio.analysis.preview.worker import see_image_steps

        return self._get_bench().call(cancel, see_image_steps, tuple(places))

    def board_images(
        self,
        places: Sequence[FilePlace],
        tag: str,
        steps: Sequence[int],
        edge: int = 192,
        *,
        cancel: CancelToken | None = None,
    ) -> tuple[Picture | str, ...]:
        """Small images out of TensorBoard event files, in the order of `steps`; else the reason."""
        from runfolio.analysis.preview.worker import see_board_images

        return self._get_bench().call(cancel, see_board_images, tuple(places), tag, tuple(steps), edge)

    def histograms(self, places: Sequence[FilePlace], tag: str, *, cancel: CancelToken | None = None) -> Histograms:
        """A histogram tag of TensorBoard event files over time."""
        from runfolio.analysis.preview.worker import see_histograms

        return self._get_bench().call(cancel, see_histograms, tuple(places), tag)

    def recorded_histograms(
        self, keys: Sequence[RunKey], tag: str = "", *, cancel: CancelToken | None = None
    ) -> Recorded:
        """A histogram tag of the first of these runs that have it; the tag that most of them have where none is named.

        At most `MOST_BESIDE` runs are read, and the files of `_MOST_LOOKED` are looked through for them. A run whose
        files cannot be read is counted.
        """
        from runfolio.analysis.kinds.recorded import MOST_BESIDE, Recorded, density_maps
        from runfolio.model.previews import FileKind

        tags: dict[str, int] = {}
        events: dict[RunKey, tuple[FilePlace, ...]] = {}
        has: dict[RunKey, set[str]] = {}
        looked = unread = 0
        for key in keys[:_MOST_LOOKED]:
            if sum(1 for own in has.values() if tag in own or not tag) >= MOST_BESIDE:
                break
            looked += 1
            try:
                files = self.run_files(key, cancel=cancel).files
                events[key] = tuple(f.place for f in files if f.kind is FileKind.EVENTS and f.place is not None)
                found = self.board_tags(events[key], cancel=cancel) if events[key] else ()
            except (NotFound, FolderUnreadable, LimitReached):
                unread += 1
                continue
            if own := {one.tag for one in found if one.plugin == "histograms"}:
                has[key] = own
                tags.update({name: tags.get(name, 0) + 1 for name in own})
        named = sorted(tags.items(), key=lambda one: (-one[1], one[0]))
        wanted = tag or (named[0][0] if named else "")
        read = {}
        for key in [key for key, own in has.items() if wanted in own][:MOST_BESIDE]:
            histograms = self.histograms(events[key], wanted, cancel=cancel)
            if histograms.steps:
                read[key] = histograms
        found_in = tuple(read.values())
        return Recorded(tuple(named), wanted, tuple(read), found_in, density_maps(found_in), looked, unread)

    def side_by_side(self, left: FilePlace, right: FilePlace, *, cancel: CancelToken | None = None) -> SideBySide:
        """How two texts differ, line by line."""
        from runfolio.analysis.preview.worker import see_side_by_side

        return self._get_bench().call(cancel, see_side_by_side, left, right)

    def _get_bench(self) -> PreviewBench:
        with self._lock:
            if self._bench is None:
                from runfolio.analysis.preview.bench import PreviewBench
                from runfolio.processes import start_server

                start_server()
                self._bench = PreviewBench()
            return self._bench
