"""Where commands write: human text, JSON and CSV, with results on standard output and talk on standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence

from runfolio.cli.tables import Colour, paint
from runfolio.errors import RunfolioError
from runfolio.model.display import plain


def say(text: str) -> None:
    """Talk about the work, on standard error."""
    print(text, file=sys.stderr)  # noqa: T201


def write(text: str) -> None:
    """A result, on standard output."""
    print(text)  # noqa: T201


def write_json(value: object) -> None:
    """A result as JSON; NaN and infinities are the strings "NaN", "Infinity" and "-Infinity"."""
    write(json.dumps(json_safe(value), ensure_ascii=False, indent=1, allow_nan=False))


def json_safe(value: object) -> object:
    """The same with numbers that JSON can hold and texts that are valid UTF-8."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(k): json_safe(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(v) for v in value]
    return value


def write_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A result as CSV. Cells that a spreadsheet would run as a formula get an apostrophe in front."""
    from runfolio.export.table import as_csv

    write(as_csv(header, rows).rstrip("\n"))


def complain(failure: RunfolioError) -> None:
    """An expected error: what, where, and what to do."""
    where = f"{plain(failure.where)}: " if failure.where else ""
    say(f"{paint('runfolio:', Colour.BAD, sys.stderr)} {where}{plain(failure.message)}")
    if failure.hint:
        say(f"  {plain(failure.hint)}")
