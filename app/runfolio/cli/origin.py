"""`runfolio where`: where a value comes from, down to the place in its file."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from runfolio.cli.commands import workspace
from runfolio.cli.output import write, write_json
from runfolio.model.display import plain


def show_origin(args: argparse.Namespace) -> int:
    """The origin of one field of one run."""
    with workspace(args) as ws:
        point = None if args.point is None else args.point - 1
        origin = ws.origin(ws.resolve_run(args.run), ws.field_named(args.field), point)
    if args.json:
        write_json({**asdict(origin), "file": origin.file, "words": origin.place.words if origin.place else ""})
    else:
        # Paths and lines of files are wanted whole, so this is no table.
        for title, text in (("", origin.title), *origin.lines):
            write(f"{title:14}{plain(text)}")
    return 0
