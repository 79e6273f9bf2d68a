"""Two texts beside each other, line by line."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator

from runfolio.analysis.preview.hiding import hide_lines
from runfolio.analysis.preview.text import text_page
from runfolio.model.previews import DiffLine, SideBySide
from runfolio.readers.folder import Folder

_BYTES = 1 << 20
_LINES = 6_000
"""More lines would take the matcher minutes."""
_SHOWN = 400


def side_by_side(left: tuple[Folder, str], right: tuple[Folder, str]) -> SideBySide:
    """How the beginnings of two texts differ. Raises FolderUnreadable."""
    pages = [text_page(folder, name, 0, page=_BYTES) for folder, name in (left, right)]
    texts = [hide_lines(page.text).split("\n") for page in pages]
    for lines in texts:
        if lines and not lines[-1]:
            lines.pop()
    cut = any(page.end < page.size for page in pages) or any(len(lines) > _LINES for lines in texts)
    before, after = (lines[:_LINES] for lines in texts)
    beside = tuple(_lines(before, after))
    counts = Counter(line.change for line in beside)
    return SideBySide(beside, counts["right"], counts["left"], counts["both"], cut)


def _lines(before: list[str], after: list[str]) -> Iterator[DiffLine]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=len(before) + len(after) > 2_000)
    for kind, a, b, c, d in matcher.get_opcodes():
        for place in range(max(b - a, d - c)):
            left, right = (a + place if a + place < b else None), (c + place if c + place < d else None)
            change = "same" if kind == "equal" else "left" if right is None else "right" if left is None else "both"
            yield DiffLine(
                None if left is None else before[left][:_SHOWN],
                None if right is None else after[right][:_SHOWN],
                None if left is None else left + 1,
                None if right is None else right + 1,
                change,
            )
