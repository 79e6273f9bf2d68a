"""What each command does: asks the façade, writes the answer, and says how it went."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from runfolio.api import Workspace
from runfolio.cli.cells import aligned_notes, exact, exact_text, human, right_aligned, title
from runfolio.cli.inspecting import show_problem
from runfolio.cli.output import json_safe, say, write, write_csv, write_json
from runfolio.cli.tables import Colour, table
from runfolio.errors import LedgerDamaged, NotFound, UsageError
from runfolio.model import display, times
from runfolio.model.answers import Progress
from runfolio.model.filter_terms import split_names
from runfolio.model.promotion import GateResult, LedgerEntry, Outcome
from runfolio.model.query import RunQuery
from runfolio.model.run import RunKey
from runfolio.model.stage import Stage

_ROW_COLOURS = {"failed": Colour.BAD, "killed": Colour.BAD, "running": Colour.WARN}
_OUTCOME_COLOURS = {Outcome.PASS: Colour.GOOD, Outcome.FAIL: Colour.BAD, Outcome.SIGN_OFF: Colour.WARN}


def workspace(args: argparse.Namespace) -> AbstractContextManager[Workspace]:
    """The workspace that the common options name."""
    return Workspace.open(args.index, args.ledger, wait_s=args.wait)


def index_folders(args: argparse.Namespace) -> int:
    """`runfolio index`."""
    with workspace(args) as ws:
        report = ws.index(args.paths or None, deep=args.deep, on_progress=_progress_line())
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
        if args.json:
            fields = ("read", "unchanged", "gone", "runs", "recordings", "points", "problems", "seconds")
            write_json({name: getattr(report, name) for name in fields})
        else:
            write(
                f"{display.counted(report.read, 'folder')} read, {display.count(report.unchanged)} unchanged, "
                f"{display.count(report.gone)} gone in {display.duration(report.seconds)}: "
                f"{display.counted(report.runs, 'run')}, {display.counted(report.points, 'point')}, "
                f"{display.counted(report.problems, 'problem')}"
            )
    return 0


def _progress_line() -> Callable[[Progress], None]:
    """Shows progress on one line of a terminal, at most ten times a second; nothing elsewhere."""
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if sys.stderr.isatty() and now - last > 0.1:
            last = now
            total = "" if progress.total is None else f" / {display.count(progress.total)}"
            folder = display.plain(progress.folder, 60)
            sys.stderr.write(f"\r\x1b[K{progress.phase} {display.count(progress.done)}{total}  {folder}")

    return show


def show_library(args: argparse.Namespace) -> int:
    """`runfolio library`."""
    with workspace(args) as ws:
        if args.remove is not None:
            wanted = display.storable(str(Path(args.remove).expanduser().absolute()))
            source = next((s for s in ws.sources() if wanted == s.path or args.remove == s.name), None)
            if source is None:
                raise NotFound(f"{args.remove} is not in the library", hint="`runfolio library` lists what is.")
            ws.remove_source(source.id)
        sources = ws.sources()
    if args.json:
        write_json([{"path": s.path, "name": s.name, "present": s.present} for s in sources])
    elif sources:
        write(table(["folder", ""], [[s.path, "" if s.present else "not there"] for s in sources]))
    else:
        say("The library is empty. `runfolio index PATH` adds a folder.")
    return 0


def list_runs(args: argparse.Namespace) -> int:
    """`runfolio runs`."""
    with workspace(args) as ws:
        keys = ws.run_keys(RunQuery(args.where, ws.sort_keys(args.sort)))[: args.limit]
        names = split_names(args.columns or "")
        fields = [ws.field_named(n) for n in names] if names else [*ws.default_columns()]
        columns = [ws.column(f, keys) for f in fields]
        hints = () if keys else ws.filter_hints(args.where)
    header = [title(f) for f in fields]
    if args.json:
        write_json(
            [
                {"key": key} | {h: exact(c, i) for h, c in zip(header, columns, strict=True)}
                for i, key in enumerate(keys)
            ]
        )
    elif args.csv:
        write_csv(header, [[exact_text(c, i) for c in columns] for i in range(len(keys))])
    else:
        rows = [[human(c, i) for c in columns] for i in range(len(keys))]
        status = next((c for c in columns if c.field.name == "status"), None)
        colours = [_ROW_COLOURS.get(str(status.values[i]), Colour.NONE) for i in range(len(keys))] if status else []
        if args.markdown:
            from runfolio.export.table import as_markdown

            write(as_markdown(header, rows))
        else:
            write(table(header, rows, right=right_aligned(columns), colours=colours))
        for note in aligned_notes(columns):
            say(note)
        if not keys:
            say("No run fits." if args.where else "The index is empty. Add folders: runfolio index PATH")
            for hint in hints:
                say(hint)
    return 0


def list_datasets(args: argparse.Namespace) -> int:
    """`runfolio data list`."""
    with workspace(args) as ws:
        found = ws.datasets()
    if args.json:
        names = ("name", "digest", "contexts", "rows", "source", "runs")
        write_json([{n: getattr(d, n) for n in names} for d in found])
    else:
        rows = [
            [d.name, d.digest or "–", ", ".join(d.contexts), "–" if d.rows is None else str(d.rows), str(len(d.runs))]
            for d in found
        ]
        write(table(["data set", "digest", "used for", "rows", "runs"], rows, right=frozenset({3, 4})))
    return 0


def tag_runs(args: argparse.Namespace) -> int:
    """`runfolio tag`."""
    if not args.add and not args.remove:
        raise UsageError("Say which tags: --add TAG or --remove TAG")
    with workspace(args) as ws:
        keys = [*dict.fromkeys(ws.resolve_run(text) for text in args.runs)]
        return show_entry(ws.tag(keys, add=args.add, remove=args.remove, reason=args.reason), args)


def note_run(args: argparse.Namespace) -> int:
    """`runfolio note`."""
    with workspace(args) as ws:
        return show_entry(ws.note(ws.resolve_run(args.run), args.text), args)


def promote_run(args: argparse.Namespace) -> int:
    """`runfolio promote`: exit code 1 when a gate is not met."""
    with workspace(args) as ws:
        run = ws.resolve_run(args.run)
        gates = ws.load_gates(args.gates)
        stage = Stage(args.stage)
        model = args.model or ws.run(run).experiment or "model"
        results = ws.check_gates(run, stage, gates, model)
        met = all(r.outcome is Outcome.PASS for r in results)
        version = None
        if not args.check and (met or args.force):
            version, _ = ws.promote(run, stage, reason=args.reason, model=model, gates=gates, force=args.force)
    if args.json:
        gate_rows = [{n: getattr(r, n) for n in ("gate", "outcome", "observed", "wanted", "evidence")} for r in results]
        made = None if version is None else {"model": version.model, "version": version.version, "stage": version.stage}
        write_json({"met": met, "gates": gate_rows, "promoted": made})
    else:
        _show_gates(results)
        if version is not None:
            against = "" if met else " against its gates"
            write(f"{display.plain(version.model)} version {version.version} now stands at {version.stage}{against}")
        elif not args.check:
            say("Not promoted: a gate is not met. Mend it, or use --force, which the audit trail will say.")
    return 0 if met or version is not None else 1


def sign_off(args: argparse.Namespace) -> int:
    """`runfolio sign-off`."""
    with workspace(args) as ws:
        run = ws.resolve_run(args.run)
        return show_entry(ws.sign_off(run, Stage(args.stage), reason=args.reason, model=args.model), args)


def _show_gates(results: tuple[GateResult, ...]) -> None:
    if not results:
        say("No gates guard this stage.")
        return
    rows = [[r.outcome.value, r.gate, r.observed, r.wanted, r.evidence] for r in results]
    colours = [_OUTCOME_COLOURS[r.outcome] for r in results]
    write(table(["gate", "", "observed", "wanted", "evidence"], rows, colours=colours))


def _verify(ws: Workspace, args: argparse.Namespace) -> int:
    notes = ws.ledger_notes()
    try:
        count, fault = ws.verify_ledger(), None
    except LedgerDamaged as damage:
        count, fault = damage.good_events, str(damage)
    if args.json:
        write_json({"whole": fault is None, "entries": count, "fault": fault, "notes": [*notes]})
    else:
        for note in notes:
            say(note)
        write(f"{display.counted(count, 'entry', 'entries')}, the chain is whole") if fault is None else say(fault)
    return 0 if fault is None else 1


def show_log(args: argparse.Namespace) -> int:
    """`runfolio log`."""
    with workspace(args) as ws:
        if args.verify:
            return _verify(ws, args)
        entries = ws.history(_resolve(ws, args.run))
    if args.json:
        write_json([_entry_json(e) for e in entries])
        return 0
    rows = [
        [
            str(e.number),
            (times.to_iso(e.time_us) or "")[:16].replace("T", " "),
            e.actor,
            e.summary + (f"  (taken back by {e.undone})" if e.undone else ""),
            e.reason,
            e.digest[:8],
        ]
        for e in entries
    ]
    colours = [Colour.DIM if e.undone else Colour.NONE for e in entries]
    write(table(["no", "time (UTC)", "who", "what", "why", "digest"], rows, right=frozenset({0}), colours=colours))
    return 0


def undo_entry(args: argparse.Namespace) -> int:
    """`runfolio undo`."""
    with workspace(args) as ws:
        return show_entry(ws.undo(args.entry, reason=args.reason), args)


def list_problems(args: argparse.Namespace) -> int:
    """`runfolio problems`."""
    with workspace(args) as ws:
        placed = [p for p in ws.problems() if args.all or p.problem.severity != "info"]
    if args.json:
        write_json(
            [
                {
                    "source": p.source_path,
                    "severity": p.problem.severity,
                    "code": p.problem.code,
                    "path": p.problem.path,
                    "message": p.problem.message,
                    "hint": p.problem.hint,
                    "offset": p.problem.offset,
                    "run": p.run,
                }
                for p in placed
            ]
        )
        return 0
    for p in placed:
        show_problem(p.problem.severity, p.problem.path, p.problem.message, p.problem.hint)
    say(display.counted(len(placed), "problem") if placed else "No problems.")
    return 0


def _resolve(ws: Workspace, text: str | None) -> RunKey | None:
    return None if text is None else ws.resolve_run(text)


def show_entry(entry: LedgerEntry, args: argparse.Namespace) -> int:
    """Say what was written into the ledger."""
    if args.json:
        write_json(_entry_json(entry))
    else:
        write(f"{entry.number}  {entry.summary}")
    return 0


def _entry_json(entry: LedgerEntry) -> dict[str, object]:
    return {
        "number": entry.number,
        "time": times.to_iso(entry.time_us),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "summary": entry.summary,
        "reason": entry.reason,
        "digest": entry.digest,
        "undone": entry.undone,
        "details": json_safe(dict(entry.details)),
    }
