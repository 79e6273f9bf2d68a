"""`runfolio doctor`: what became of each folder, and why."""

from __future__ import annotations

import argparse
from collections import Counter

from runfolio.cli.commands import workspace
from runfolio.cli.output import say, write, write_csv, write_json
from runfolio.cli.tables import table
from runfolio.export.table import DOCTOR_HEADER, doctor_rows
from runfolio.model.reports import FolderReport


def show_doctor(args: argparse.Namespace) -> int:
    """Folders with their verdicts; those read completely are counted only, unless asked for."""
    with workspace(args) as ws:
        everything = ws.doctor()
    shown = [r for r in everything if args.only in (None, r.verdict) and r.mentions(args.where)]
    if args.json:
        write_json([_as_json(report) for report in shown])
    elif args.csv:
        write_csv(DOCTOR_HEADER, doctor_rows(shown))
    else:
        told = [r for r in shown if args.only or r.problems]
        rows = [[r.verdict, r.reader, str(r.recordings), r.path or ".", r.why, r.hint] for r in told]
        write(table(["", "reader", "recordings", "folder", "why", "what to do"], rows, right=frozenset({2})))
        counts = Counter(r.verdict.value for r in everything)
        say(", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items())) or "No folder was read yet")
    return 0


def _as_json(report: FolderReport) -> dict[str, object]:
    return {
        "source": report.source_path,
        "path": report.path,
        "reader": report.reader,
        "verdict": report.verdict.value,
        "recordings": report.recordings,
        "points": report.points,
        "problems": [
            {"severity": p.severity.value, "code": p.code, "path": p.path, "message": p.message, "hint": p.hint}
            for p in report.problems
        ],
    }
