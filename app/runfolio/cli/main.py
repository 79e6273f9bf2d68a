"""Parses the command line, runs one command, and turns its outcome into an exit code.

Exit codes: 0 done; 1 not as wished (a gate not met, a difference found with --exit-code, no run selected where one
is needed); 2 usage or unreadable input; 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from runfolio import __version__
from runfolio.cli import align, commands, compare, exports, groups, layouts, links, marks
from runfolio.cli.doctor import show_doctor
from runfolio.cli.files import show_files
from runfolio.cli.origin import show_origin
from runfolio.cli.output import complain, say
from runfolio.cli.summary import summarise
from runfolio.cli.watch import watch_library
from runfolio.errors import Cancelled, FilterSyntax, GateNotMet, RunfolioError
from runfolio.model.answers import Verdict
from runfolio.model.promotion import Stage


def main(argv: Sequence[str]) -> int:
    """Run `runfolio <command> ...`; the exit code."""
    parser = build_parser()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal of another encoding gets what it can show, and the rest spelled out.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        args = parser.parse_args(_joined(argv))
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        return int(args.call(args))
    except FilterSyntax as failure:
        complain(failure)
        if text := getattr(args, "where", None):
            say(f"  {text}\n  {' ' * failure.position}{'^' * failure.length}")
        return 2
    except GateNotMet as failure:
        complain(failure)
        return 1
    except Cancelled:
        say("Interrupted.")
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more while closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except RunfolioError as failure:
        complain(failure)
        return 2
    except OSError as failure:
        if failure.errno not in (errno.ENOSPC, errno.EIO):
            raise
        say(f"runfolio: The output cannot be written: {failure.strerror}")
        return 2


def _joined(argv: Sequence[str]) -> list[str]:
    """`--sort -val/acc` as `--sort=-val/acc`: argparse would take a value that starts with a minus for an option."""
    found: list[str] = []
    for argument in argv:
        if found and found[-1] == "--sort":
            found[-1] = f"--sort={argument}"
        else:
            found.append(argument)
    return found


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="runfolio",
        description="Open, compare and promote ML runs of any tracker, offline. Without a command: the window.",
        epilog="runfolio [PATH...] opens the window on those folders.",
    )
    parser.add_argument("--version", action="version", version=f"runfolio {__version__}")
    verbs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    look = verbs.add_parser("inspect", help="read folders without an index, as one JSON document")
    look.add_argument("paths", nargs="+", metavar="PATH", type=_folder)
    look.add_argument("--json", action="store_true", help="the whole document; without it a summary")
    look.add_argument("--points", action="store_true", help="with every point of every metric")
    look.set_defaults(call=commands.inspect_folders)

    index = verbs.add_parser("index", help="add folders to the library and read what is new or changed")
    index.add_argument("paths", nargs="*", metavar="PATH", type=_folder, help="none: everything in the library")
    index.add_argument("--deep", action="store_true", help="read everything again, changed or not")
    _common(index)
    index.set_defaults(call=commands.index_folders)

    watch = verbs.add_parser("watch", help="follow folders that are being written, until Ctrl+C")
    watch.add_argument("paths", nargs="*", metavar="PATH", type=_folder, help="added to the library")
    watch.add_argument("--every", type=_seconds, default=1.0, metavar="SECONDS", help="rest between two looks (1)")
    watch.add_argument("--for", type=_seconds, dest="seconds", metavar="SECONDS", help="end by itself after so long")
    _common(watch)
    watch.set_defaults(call=watch_library)

    library = verbs.add_parser("library", help="the folders in the library; --remove takes one out")
    library.add_argument("--remove", metavar="PATH", type=_folder, help="the folder itself is not touched")
    _common(library)
    library.set_defaults(call=commands.show_library)

    runs = verbs.add_parser("runs", help="list runs")
    runs.add_argument("--where", default="", metavar="EXPR", help='filter, e.g. "val/acc > 0.9 and not failed"')
    runs.add_argument("--columns", metavar="NAMES", help="fields with commas between, e.g. name,val/acc.best,lr")
    runs.add_argument("--sort", default="", metavar="NAMES", help="fields with commas between; -name goes down")
    runs.add_argument("--limit", type=_positive, metavar="N")
    runs.add_argument("--csv", action="store_true")
    runs.add_argument("--markdown", action="store_true")
    _common(runs)
    runs.set_defaults(call=commands.list_runs)

    diff = verbs.add_parser("diff", help="what differs between runs")
    diff.add_argument("runs", nargs="+", metavar="RUN", help="name, tracker id, path or key; the first is the baseline")
    diff.add_argument("--all", action="store_true", help="also what is equal")
    diff.add_argument("--exit-code", action="store_true", help="exit 1 when params, data sets or code differ")
    diff.add_argument("--markdown", action="store_true")
    _common(diff)
    diff.set_defaults(call=compare.diff_runs)

    _common(groups.add_parser(verbs))

    data = verbs.add_parser("data", help="data sets: list those that runs recorded, or compare two files")
    kinds = data.add_subparsers(dest="kind", required=True, metavar="WHAT")
    listing = kinds.add_parser("list", help="data sets by name and digest, and how many runs used each")
    _common(listing)
    listing.set_defaults(call=commands.list_datasets)
    files = kinds.add_parser("diff", help="compare two data files (CSV, TSV, Parquet)")
    files.add_argument("before", type=Path)
    files.add_argument("after", type=Path)
    files.add_argument("--key", action="append", default=[], metavar="COLUMN", help="may be given several times")
    files.add_argument("--exit-code", action="store_true", help="exit 1 when they differ")
    files.add_argument("--json", action="store_true")
    files.set_defaults(call=compare.diff_data)

    tag = verbs.add_parser("tag", help="put tags on runs, or take them off")
    tag.add_argument("runs", nargs="+", metavar="RUN")
    tag.add_argument("--add", action="append", default=[], metavar="TAG")
    tag.add_argument("--remove", action="append", default=[], metavar="TAG")
    tag.add_argument("--reason", default="")
    _common(tag)
    tag.set_defaults(call=commands.tag_runs)

    marks.add_parser(verbs, _common)

    note = verbs.add_parser("note", help="set a run's note (Markdown); an empty text removes it")
    note.add_argument("run", metavar="RUN")
    note.add_argument("text")
    _common(note)
    note.set_defaults(call=commands.note_run)

    promote = verbs.add_parser("promote", help="check the gates and move a model version to a stage")
    promote.add_argument("run", metavar="RUN")
    promote.add_argument("--to", required=True, choices=[s.value for s in Stage], dest="stage")
    promote.add_argument("--model", metavar="NAME", help="the run's experiment when not given")
    promote.add_argument("--reason", required=True)
    promote.add_argument("--gates", type=Path, metavar="FILE", help="gates.yaml beside the ledger when not given")
    promote.add_argument("--force", action="store_true", help="although gates fail; the audit trail says so")
    promote.add_argument("--check", action="store_true", help="only say what the gates say; exit 1 when one fails")
    _common(promote)
    promote.set_defaults(call=commands.promote_run)

    sign = verbs.add_parser("sign-off", help="approve that somebody else promotes a run to a stage")
    sign.add_argument("run", metavar="RUN")
    sign.add_argument("--to", required=True, choices=[s.value for s in Stage], dest="stage")
    sign.add_argument("--model", metavar="NAME", help="the run's experiment when not given")
    sign.add_argument("--reason", required=True)
    _common(sign)
    sign.set_defaults(call=commands.sign_off)

    parts = verbs.add_parser("recordings", help="the recordings of a run, and why each belongs to it")
    parts.add_argument("run", metavar="RUN")
    _common(parts)
    parts.set_defaults(call=links.show_recordings)

    where = verbs.add_parser("where", help="where a value comes from: reader, file, and the place in it")
    where.add_argument("run", metavar="RUN")
    where.add_argument("field", metavar="FIELD", help="as in a filter: val/acc.best, param.lr, status")
    where.add_argument("--point", type=_positive, metavar="N", help="the Nth point of a metric in written order")
    _common(where)
    where.set_defaults(call=show_origin)

    files = verbs.add_parser("files", help="the files of a run, or what one of them holds")
    files.add_argument("run", metavar="RUN")
    files.add_argument("path", nargs="?", metavar="PATH", help="as the list has it, or the end of it")
    files.add_argument(
        "--at", type=int, default=0, metavar="N", help="the byte of a text, or the row of a table, to begin at"
    )
    files.add_argument("--text", action="store_true", help="its bytes as text, whatever it is")
    _common(files)
    files.set_defaults(call=show_files)

    split = verbs.add_parser("split", help="make recordings of a run runs of their own; undo takes it back")
    split.add_argument("run", metavar="RUN")
    split.add_argument("numbers", nargs="+", type=int, metavar="NUMBER", help="as `runfolio recordings` counts them")
    split.add_argument("--reason", default="")
    _common(split)
    split.set_defaults(call=links.split_run)

    join = verbs.add_parser("join", help="make several runs one, which keeps the name of the first; undo takes it back")
    join.add_argument("runs", nargs="+", metavar="RUN")
    join.add_argument(
        "--chain", action="store_true", help="they are legs of a resumed run: lay their series end to end"
    )
    join.add_argument("--reason", default="")
    _common(join)
    join.set_defaults(call=links.join_runs)

    _add_align(verbs)

    log = verbs.add_parser("log", help="the audit trail: who did what, when, why")
    log.add_argument("run", nargs="?", metavar="RUN")
    log.add_argument("--verify", action="store_true", help="read the chain again; exit 1 when it is broken")
    _common(log)
    log.set_defaults(call=commands.show_log)

    undo = verbs.add_parser("undo", help="take back a decision by a new entry")
    undo.add_argument("entry", nargs="?", type=int, metavar="NUMBER", help="the last that stands when not given")
    undo.add_argument("--reason", default="")
    _common(undo)
    undo.set_defaults(call=commands.undo_entry)

    problems = verbs.add_parser("problems", help="what could not be read as it should be, and why")
    problems.add_argument("--all", action="store_true", help="also what costs nothing")
    _common(problems)
    problems.set_defaults(call=commands.list_problems)

    doctor = verbs.add_parser("doctor", help="what became of each folder: imported, partial or skipped, and why")
    doctor.add_argument(
        "--only", choices=[v.value for v in Verdict], metavar="VERDICT", help="imported, partial, skipped"
    )
    doctor.add_argument("--where", default="", metavar="TEXT", help="only folders and messages that hold this text")
    doctor.add_argument("--csv", action="store_true", help="every problem as a row")
    _common(doctor)
    doctor.set_defaults(call=show_doctor)

    layouts.add_parser(verbs)

    exports.add_parsers(verbs, _common)

    summary = verbs.add_parser("summary", help="what the window would show, as text, charts and a report in a folder")
    summary.add_argument("paths", nargs="+", metavar="PATH")
    summary.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    summary.add_argument("--json", action="store_true", help="machine-readable")
    summary.set_defaults(call=summarise)
    return parser


def _add_align(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    names = verbs.add_parser("align", help="metric names shown as one: list, suggest, set, remove")
    steps = names.add_subparsers(dest="step", metavar="WHAT")
    _common(names)
    names.set_defaults(call=align.list_alignments)
    every = steps.add_parser("list", help="what is shown as one, and for how many runs")
    _common(every, again=True)
    every.set_defaults(call=align.list_alignments)
    ideas = steps.add_parser("suggest", help="names that are probably one metric, with reasons; decides nothing")
    _common(ideas, again=True)
    ideas.set_defaults(call=align.suggest_alignments)
    put = steps.add_parser("set", help="show metrics under one name; undo takes it back")
    put.add_argument("target", metavar="TARGET", help="the name; runs that have a metric of it keep theirs")
    put.add_argument("names", nargs="+", metavar="NAME[*SCALE]", help="e.g. val_acc top1*0.01; the first a run has")
    put.add_argument("--add", action="store_true", help="beside those that are shown as TARGET already")
    put.add_argument("--instead-of", default="", metavar="TARGET", help="rename: what was shown as that name")
    put.add_argument("--reason", default="")
    _common(put, again=True)
    put.set_defaults(call=align.set_alignment)
    end = steps.add_parser("remove", help="show only its own metric under a name again")
    end.add_argument("target", metavar="TARGET")
    end.add_argument("--reason", default="")
    _common(end, again=True)
    end.set_defaults(call=align.remove_alignment)
    apart = steps.add_parser("dismiss", help="say that names are not one metric: no longer suggested together")
    apart.add_argument("names", nargs="+", metavar="NAME")
    apart.add_argument("--reason", default="")
    _common(apart, again=True)
    apart.set_defaults(call=align.keep_apart)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it has to be 1 or more")
    return number


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError("it has to be a number of seconds")
    return seconds


def _folder(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _common(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """The options that all commands on an index have. `again`: a command above has them too, and keeps its values."""
    before = len(parser._actions)
    parser.add_argument("--index", type=Path, metavar="FILE", help="another index than the user's own")
    parser.add_argument("--ledger", type=Path, metavar="FOLDER", help="another ledger than the user's own")
    parser.add_argument("--wait", type=_seconds, default=0.0, metavar="SECONDS", help="for a locked index")
    if "--json" not in {o for a in parser._actions for o in a.option_strings}:
        parser.add_argument("--json", action="store_true", help="machine-readable")
    for action in parser._actions[before:] if again else ():
        action.default = argparse.SUPPRESS
