"""DuckDB without the package around it: importing that takes four times as long, and queries need none of it.

The package holds relations, expressions and the version, and teaches the engine to read Arrow streams; `take_frames`
imports it for the first frame that goes in.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import polars as pl
else:
    try:
        import _duckdb as duckdb
    except ImportError:
        # The engine's name is no promise of DuckDB's; with another one everything works, and the start takes longer.
        import duckdb

__all__ = ["Stream", "duckdb", "take_frames"]


def take_frames() -> None:
    """Make the engine able to read frames; it costs once."""
    import_module("duckdb")


class Stream:
    """Shows of a frame or a query nothing but its Arrow stream; given the frame itself DuckDB would ask for pyarrow."""

    def __init__(self, frame: pl.DataFrame | duckdb.DuckDBPyRelation) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)
