"""`runfolio mark`: star, colour, hide and archive runs, many at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from runfolio.cli.commands import show_entry, workspace
from runfolio.errors import UsageError
from runfolio.model.marks import COLORS, MarkChange
from runfolio.model.query import RunQuery

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def mark_runs(args: argparse.Namespace) -> int:
    """Change the marks of the runs that are named, and of those that --where selects."""
    change = MarkChange(
        tuple(args.add),
        tuple(args.remove),
        args.starred,
        args.color,
        args.hidden,
        args.archived,
        append_note=args.append_note,
    )
    if not change.does_something:
        raise UsageError("Say what to do: --star, --color 3, --hide, --archive, --add TAG or --append-note TEXT")
    with workspace(args) as ws:
        keys = [ws.resolve_run(text) for text in args.runs]
        if args.where:
            # Marks are also taken off runs that are out of the way.
            keys += ws.run_keys(RunQuery(args.where, with_hidden=True))
        if not keys:
            raise UsageError("No run is named", hint="Name runs, or select them with --where EXPR.")
        return show_entry(ws.mark([*dict.fromkeys(keys)], change, reason=args.reason), args)


def add_parser(verbs: Verbs, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """Make `mark` known; `common` adds the options that all commands on an index have."""
    mark = verbs.add_parser("mark", help="star, colour, hide, archive and tag many runs; one undo takes it back")
    mark.add_argument("runs", nargs="*", metavar="RUN")
    mark.add_argument("--where", default="", metavar="EXPR", help="runs by a filter, hidden ones too")
    for name, on, off in (("starred", "star", "unstar"), ("hidden", "hide", "unhide"), ("archived", "archive", "")):
        flag = mark.add_mutually_exclusive_group()
        flag.add_argument(f"--{on}", dest=name, action="store_const", const=True)
        flag.add_argument(f"--{off or 'unarchive'}", dest=name, action="store_const", const=False)
    mark.add_argument("--color", type=int, metavar="N", help=f"1 to {COLORS}; 0 takes the colour away")
    mark.add_argument("--add", action="append", default=[], metavar="TAG")
    mark.add_argument("--remove", action="append", default=[], metavar="TAG")
    mark.add_argument("--append-note", default="", metavar="TEXT", help="a paragraph below what each note says")
    mark.add_argument("--reason", default="")
    common(mark)
    mark.set_defaults(call=mark_runs)
