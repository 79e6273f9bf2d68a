"""An identity for a taught run that stays when its layout changes: of its files as they lie, not as they are read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from runfolio.errors import RunfolioError
from runfolio.model.run import CONTENT
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder

_HEAD = 1 << 16
_LINES = 2
"""A header and a row; of them files of `_ROWS_ONLY` have the row only."""
_ROWS_ONLY = (".jsonl", ".ndjson")
_REWRITTEN = (".json", ".parquet", ".pq", ".gz")
"""Of files that are written anew as they grow, so that their first bytes do not stay."""


def files_identity(
    folder: Folder, params: Sequence[str], metrics: Sequence[str], fields: Mapping[str, str], budget: Budget
) -> str:
    """A digest of the params files, of header and first row of each metrics file, and of what the path says.

    A run that goes on growing keeps it, as does one whose folder is moved or copied, and one whose layout gives other
    columns or another step. "" where no metrics file begins with lines that stay, or a file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for name in params:
            _add(digest, name.encode("utf-8", "surrogateescape"), folder.read(name, budget.text_bytes))
        started = False
        for name in metrics:
            if name.lower().endswith(_REWRITTEN):
                continue
            count = 1 if name.lower().endswith(_ROWS_ONLY) else _LINES
            *lines, _ = folder.head(name, _HEAD).split(b"\n")
            # Comments above a header are those of many runs.
            kept = [line for line in lines if not line.startswith(b"#")][:count]
            if len(kept) == count:
                started = True
                _add(digest, name.encode("utf-8", "surrogateescape"), *kept)
    except RunfolioError:
        return ""  # reading the file itself tells of it
    for key, text in sorted(fields.items()):
        _add(digest, key.encode(), text.encode("utf-8", "surrogatepass"))
    return f"{CONTENT}{digest.hexdigest()[:32]}" if started else ""


def _add(digest: hashlib._Hash, *parts: bytes) -> None:
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
