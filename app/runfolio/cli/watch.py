"""`runfolio watch`: follows folders that are being written, until it is interrupted."""

from __future__ import annotations

import argparse
import json

from runfolio.api import CancelToken
from runfolio.cli.commands import workspace
from runfolio.cli.output import say, write
from runfolio.model.display import count, counted, plain
from runfolio.model.reports import WatchReport


def watch_library(args: argparse.Namespace) -> int:
    """A line for each round that found something; with --json one object each. Ends after --for seconds, or Ctrl+C."""
    with workspace(args) as ws:
        ws.add_sources(args.paths)
        token = CancelToken()
        names: dict[str, str] = {}

        def tell(report: WatchReport) -> None:
            if not report.grown and not report.read:
                return
            names.update({run.key: run.name for run in ws.runs([k for k in report.live if k not in names])})
            live = sorted(names[key] for key in report.live)
            if args.json:
                write(json.dumps({"live": live, "grown": report.grown, "read": report.read}, ensure_ascii=False))
            else:
                points = counted(ws.facts().points, "point")
                shown = ", ".join(plain(name, 40) for name in live[:8]) or "none"
                write(f"{count(report.grown)} grown, {count(report.read)} read, {points}; live: {shown}")

        if args.seconds is not None:
            import threading

            timer = threading.Timer(args.seconds, token.cancel)
            timer.daemon = True
            timer.start()
        say("Watching; Ctrl+C ends it.")
        ws.watch(token, on_round=tell, every_s=args.every)
    return 0
