"""`runfolio` and `python -m runfolio`: a command when one is named, else the window."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    multiprocessing.freeze_support()
    arguments = [*sys.argv[1:]] if argv is None else [*argv]
    from runfolio.cli import main as run_command

    return run_command(arguments)


if __name__ == "__main__":
    sys.exit(main())
