"""Questions about files and folders that need neither index nor ledger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runfolio.analysis.datachange import DataDiff
    from runfolio.api.cancelling import CancelToken
    from runfolio.index.inspect import Seen
    from runfolio.model.params import Json
    from runfolio.readers.pool import Limits


def data_diff(
    before: str | Path, after: str | Path, *, key: Sequence[str] = (), cancel: CancelToken | None = None
) -> DataDiff:
    """Compare two data files (CSV, TSV, Parquet) without a workspace, in a worker process with limits."""
    from runfolio.analysis.datadiff import data_diff as compare

    return compare(before, after, key, cancel)


def inspect(paths: Sequence[str | Path], *, points: bool = False, limits: Limits | None = None) -> dict[str, Json]:
    """What the readers see in folders, without an index: `{"schema": 1, "recordings", "runs", "problems"}`."""
    from runfolio.index.inspect import inspect as look

    return look([Path(p) for p in paths], points=points, limits=limits)


def look(paths: Sequence[str | Path], *, limits: Limits | None = None) -> Seen:
    """The same before it is put into a document; its `write` gives the JSON piece by piece."""
    from runfolio.index.inspect import look as see

    return see([Path(p) for p in paths], limits)
