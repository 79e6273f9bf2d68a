"""What `runfolio inspect` does. It needs neither index nor ledger, and imports neither."""

from __future__ import annotations

import argparse
import gc
import sys
from typing import cast

from runfolio.api import look
from runfolio.cli.output import say, write
from runfolio.cli.tables import Colour, paint, table
from runfolio.model import display

_SEVERITY_COLOURS = {"error": Colour.BAD, "warning": Colour.WARN, "info": Colour.DIM}


def inspect_folders(args: argparse.Namespace) -> int:
    """`runfolio inspect`."""
    # What is read lives until the end and has no cycles: looking for some among millions of objects took seconds.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    seen = look(args.paths)
    recordings, problems = seen.recordings, seen.problems
    if args.json:
        # One line for each run would be longer than any reader wants; indented, the document can be looked at.
        seen.write(sys.stdout.write, points=args.points)
        write("")
    else:
        runs = cast("list[dict[str, object]]", seen.document()["runs"])
        rows = [
            [
                str(r["name"] or ""),
                str(r["status"]),
                str(r["format"]),
                str(len(cast("dict[str, object]", r["params"]))),
                str(len(cast("dict[str, object]", r["metrics"]))),
                str(r["path"]),
            ]
            for r in runs
        ]
        write(table(["run", "status", "format", "params", "metrics", "path"], rows, right=frozenset({3, 4})))
        for problem in problems:
            show_problem(problem.severity.value, *map(display.storable, (problem.path, problem.message, problem.hint)))
        counted = display.counted
        say(
            f"{counted(len(runs), 'run')} from {counted(len(recordings), 'recording')}, "
            f"{counted(len(problems), 'problem')}"
        )
    return 0 if recordings else 2


def show_problem(severity: str, path: str, message: str, hint: str) -> None:
    """A line for what could not be read, and one for what to do."""
    mark = paint(severity, _SEVERITY_COLOURS.get(severity, Colour.NONE))
    write(f"{mark}  {display.plain(path, 200)}: {display.plain(message, 400)}")
    if hint:
        write(f"    {display.plain(hint, 400)}")
