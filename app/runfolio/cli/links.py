"""What commands do with the recordings of runs: show them with reasons, split them off, join runs."""

from __future__ import annotations

import argparse

from runfolio.cli.commands import show_entry, workspace
from runfolio.cli.output import write, write_json
from runfolio.cli.tables import table


def show_recordings(args: argparse.Namespace) -> int:
    """`runfolio recordings`."""
    with workspace(args) as ws:
        run = ws.run(ws.resolve_run(args.run))
    if args.json:
        rows = [
            {
                "number": number,
                "format": r.format,
                "path": r.path,
                "source": r.source_path,
                "id": r.id,
                "leg": r.leg + 1,
                "primary": r.primary,
                "reason": r.reason,
            }
            for number, r in enumerate(run.recordings, 1)
        ]
        write_json({"key": run.key, "name": run.name, "recordings": rows})
        return 0
    lines = [[str(n), r.format, r.path or ".", r.reason] for n, r in enumerate(run.recordings, 1)]
    write(table(["", "tracker", "path", "why it belongs to the run"], lines, right=frozenset({0})))
    return 0


def split_run(args: argparse.Namespace) -> int:
    """`runfolio split`: numbers count from 1."""
    with workspace(args) as ws:
        entry = ws.split(ws.resolve_run(args.run), [n - 1 for n in args.numbers], reason=args.reason)
        return show_entry(entry, args)


def join_runs(args: argparse.Namespace) -> int:
    """`runfolio join`."""
    with workspace(args) as ws:
        keys = [ws.resolve_run(text) for text in args.runs]
        return show_entry(ws.join(keys, chain=args.chain, reason=args.reason), args)
