"""Reads one claimed folder into recordings and problems; whatever goes wrong stays with that folder.

This is what runs inside a worker process. It is also the last line of defence: an exception that a reader did not
expect is a bug, but the user's other folders must not pay for it, so it becomes a Problem that names the reader.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from runfolio.errors import RunfolioError
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, error, problem_from
from runfolio.readers.folder import Folder
from runfolio.readers.masking import mask_problem, masked
from runfolio.readers.registry import reader_named

_log = logging.getLogger("runfolio.readers")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What came out of one claimed folder. `failed` when nothing could be made of it."""

    claim: Claim
    recordings: tuple[Recording, ...]
    problems: tuple[Problem, ...]
    failed: bool


def parse(root: Path, claim: Claim, budget: Budget) -> Parsed:
    """Everything that the claiming reader finds in the folder. Never raises for what a folder holds."""
    folder = Folder(root, claim.path)
    recordings: list[Recording] = []
    problems: list[Problem] = []
    failed = False
    try:
        for piece in reader_named(claim.reader).read(folder, claim, budget):
            if isinstance(piece, Problem):
                problems.append(mask_problem(piece))
            else:
                recordings.append(masked(piece))
    except RunfolioError as failure:
        failed = True
        problems.append(problem_from(failure, "folder-unreadable", folder.shown, Severity.ERROR))
    except MemoryError:
        failed = True
        problems.append(
            error(
                "out-of-memory",
                folder.shown,
                "Reading this folder needs more memory than one folder may take",
                "Raise the limit in the settings, or open the folder by itself.",
            )
        )
    except Exception as bug:  # noqa: BLE001 - see the module's docstring: a bug may cost one folder, not the import
        failed = True
        _log.exception("reader %s failed on %s", claim.reader, folder.shown)
        problems.append(
            error(
                "reader-failed",
                folder.shown,
                f"The {claim.reader} reader stopped: {type(bug).__name__}: {bug}",
                "This is a mistake in Runfolio; the log has the details. Other folders are not affected.",
            )
        )
    return Parsed(claim, tuple(recordings), tuple(problems), failed and not recordings)
