"""What could not be read, and why: a row beside the run, never an exception that ends an import."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much was lost: nothing (info), a part (warning), the whole thing (error)."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be.

    code      stable, kebab-case, looked up in the help ("cut-record", "not-utf8", "too-large").
    path      the file or folder, relative to the import root, `/` between parts.
    message   what happened, in one sentence that names the figures ("record 10 of 20 fails its checksum").
    hint      what the user can do; empty when nothing helps.
    offset    byte offset in the file, where one is known.
    """

    severity: Severity
    code: str
    path: str
    message: str
    hint: str = ""
    offset: int | None = None
