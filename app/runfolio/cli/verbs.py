"""What each verb of the command line takes.

A verb's parser imports what carries the verb out, so only the one that was asked for is made: `runfolio inspect` needs
no database, and `runfolio --version` nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from runfolio.cli.options import Verbs, common, folder, positive, seconds

Adder: TypeAlias = Callable[[Verbs], None]


def _inspect(verbs: Verbs) -> None:
    from runfolio.cli.inspecting import inspect_folders

    look = verbs.add_parser("inspect", help="read folders without an index, as one JSON document")
    look.add_argument("paths", nargs="+", metavar="PATH", type=folder)
    look.add_argument("--json", action="store_true", help="the whole document; without it a summary")
    look.add_argument("--points", action="store_true", help="with every point of every metric")
    look.set_defaults(call=inspect_folders)


def _index(verbs: Verbs) -> None:
    from runfolio.cli import commands

    index = verbs.add_parser("index", help="add folders to the library and read what is new or changed")
    index.add_argument("paths", nargs="*", metavar="PATH", type=folder, help="none: everything in the library")
    index.add_argument("--deep", action="store_true", help="read everything again, changed or not")
    common(index)
    index.set_defaults(call=commands.index_folders)


def _watch(verbs: Verbs) -> None:
    from runfolio.cli.watch import watch_library

    watch = verbs.add_parser("watch", help="follow folders that are being written, until Ctrl+C")
    watch.add_argument("paths", nargs="*", metavar="PATH", type=folder, help="added to the library")
    watch.add_argument("--every", type=seconds, default=1.0, metavar="SECONDS", help="rest between two looks (1)")
    watch.add_argument("--for", type=seconds, dest="seconds", metavar="SECONDS", help="end by itself after so long")
    common(watch)
    watch.set_defaults(call=watch_library)


def _library(verbs: Verbs) -> None:
    from runfolio.cli import commands

    library = verbs.add_parser("library", help="the folders in the library; --remove takes one out")
    library.add_argument("--remove", metavar="PATH", type=folder, help="the folder itself is not touched")
    common(library)
    library.set_defaults(call=commands.show_library)


def _runs(verbs: Verbs) -> None:
    from runfolio.cli import commands

    runs = verbs.add_parser("runs", help="list runs")
    runs.add_argument("--where", default="", metavar="EXPR", help='filter, e.g. "val/acc > 0.9 and not failed"')
    runs.add_argument("--columns", metavar="NAMES", help="fields with commas between, e.g. name,val/acc.best,lr")
    runs.add_argument("--sort", default="", metavar="NAMES", help="fields with commas between; -name goes down")
    runs.add_argument("--limit", type=positive, metavar="N")
    runs.add_argument("--csv", action="store_true")
    runs.add_argument("--markdown", action="store_true")
    common(runs)
    runs.set_defaults(call=commands.list_runs)


def _diff(verbs: Verbs) -> None:
    from runfolio.cli import compare

    diff = verbs.add_parser("diff", help="what differs between runs")
    diff.add_argument("runs", nargs="+", metavar="RUN", help="name, tracker id, path or key; the first is the baseline")
    diff.add_argument("--all", action="store_true", help="also what is equal")
    diff.add_argument("--exit-code", action="store_true", help="exit 1 when params, data sets or code differ")
    diff.add_argument("--markdown", action="store_true")
    common(diff)
    diff.set_defaults(call=compare.diff_runs)


def _compare(verbs: Verbs) -> None:
    from runfolio.cli import groups

    common(groups.add_parser(verbs))


def _data(verbs: Verbs) -> None:
    from runfolio.cli import commands, compare

    data = verbs.add_parser("data", help="data sets: list those that runs recorded, or compare two files")
    kinds = data.add_subparsers(dest="kind", required=True, metavar="WHAT")
    listing = kinds.add_parser("list", help="data sets by name and digest, and how many runs used each")
    common(listing)
    listing.set_defaults(call=commands.list_datasets)
    files = kinds.add_parser("diff", help="compare two data files (CSV, TSV, Parquet)")
    files.add_argument("before", type=Path)
    files.add_argument("after", type=Path)
    files.add_argument("--key", action="append", default=[], metavar="COLUMN", help="may be given several times")
    files.add_argument("--exit-code", action="store_true", help="exit 1 when they differ")
    files.add_argument("--json", action="store_true")
    files.set_defaults(call=compare.diff_data)


def _tag(verbs: Verbs) -> None:
    from runfolio.cli import commands

    tag = verbs.add_parser("tag", help="put tags on runs, or take them off")
    tag.add_argument("runs", nargs="+", metavar="RUN")
    tag.add_argument("--add", action="append", default=[], metavar="TAG")
    tag.add_argument("--remove", action="append", default=[], metavar="TAG")
    tag.add_argument("--reason", default="")
    common(tag)
    tag.set_defaults(call=commands.tag_runs)


def _mark(verbs: Verbs) -> None:
    from runfolio.cli import marks

    marks.add_parser(verbs, common)


def _note(verbs: Verbs) -> None:
    from runfolio.cli import commands

    note = verbs.add_parser("note", help="set a run's note (Markdown); an empty text removes it")
    note.add_argument("run", metavar="RUN")
    note.add_argument("text")
    common(note)
    note.set_defaults(call=commands.note_run)


def _promote(verbs: Verbs) -> None:
    from runfolio.cli import commands
    from runfolio.model.stage import Stage

    promote = verbs.add_parser("promote", help="check the gates and move a model version to a stage")
    promote.add_argument("run", metavar="RUN")
    promote.add_argument("--to", required=True, choices=[s.value for s in Stage], dest="stage")
    promote.add_argument("--model", metavar="NAME", help="the run's experiment when not given")
    promote.add_argument("--reason", required=True)
    promote.add_argument("--gates", type=Path, metavar="FILE", help="gates.yaml beside the ledger when not given")
    promote.add_argument("--force", action="store_true", help="although gates fail; the audit trail says so")
    promote.add_argument("--check", action="store_true", help="only say what the gates say; exit 1 when one fails")
    common(promote)
    promote.set_defaults(call=commands.promote_run)


def _sign_off(verbs: Verbs) -> None:
    from runfolio.cli import commands
    from runfolio.model.stage import Stage

    sign = verbs.add_parser("sign-off", help="approve that somebody else promotes a run to a stage")
    sign.add_argument("run", metavar="RUN")
    sign.add_argument("--to", required=True, choices=[s.value for s in Stage], dest="stage")
    sign.add_argument("--model", metavar="NAME", help="the run's experiment when not given")
    sign.add_argument("--reason", required=True)
    common(sign)
    sign.set_defaults(call=commands.sign_off)


def _recordings(verbs: Verbs) -> None:
    from runfolio.cli import links

    parts = verbs.add_parser("recordings", help="the recordings of a run, and why each belongs to it")
    parts.add_argument("run", metavar="RUN")
    common(parts)
    parts.set_defaults(call=links.show_recordings)


def _where(verbs: Verbs) -> None:
    from runfolio.cli.origin import show_origin

    where = verbs.add_parser("where", help="where a value comes from: reader, file, and the place in it")
    where.add_argument("run", metavar="RUN")
    where.add_argument("field", metavar="FIELD", help="as in a filter: val/acc.best, param.lr, status")
    where.add_argument("--point", type=positive, metavar="N", help="the Nth point of a metric in written order")
    common(where)
    where.set_defaults(call=show_origin)


def _files(verbs: Verbs) -> None:
    from runfolio.cli.files import show_files

    files = verbs.add_parser("files", help="the files of a run, or what one of them holds")
    files.add_argument("run", metavar="RUN")
    files.add_argument("path", nargs="?", metavar="PATH", help="as the list has it, or the end of it")
    files.add_argument(
        "--at", type=int, default=0, metavar="N", help="the byte of a text, or the row of a table, to begin at"
    )
    files.add_argument("--text", action="store_true", help="its bytes as text, whatever it is")
    common(files)
    files.set_defaults(call=show_files)


def _split(verbs: Verbs) -> None:
    from runfolio.cli import links

    split = verbs.add_parser("split", help="make recordings of a run runs of their own; undo takes it back")
    split.add_argument("run", metavar="RUN")
    split.add_argument("numbers", nargs="+", type=int, metavar="NUMBER", help="as `runfolio recordings` counts them")
    split.add_argument("--reason", default="")
    common(split)
    split.set_defaults(call=links.split_run)


def _join(verbs: Verbs) -> None:
    from runfolio.cli import links

    join = verbs.add_parser("join", help="make several runs one, which keeps the name of the first; undo takes it back")
    join.add_argument("runs", nargs="+", metavar="RUN")
    join.add_argument(
        "--chain", action="store_true", help="they are legs of a resumed run: lay their series end to end"
    )
    join.add_argument("--reason", default="")
    common(join)
    join.set_defaults(call=links.join_runs)


def _align(verbs: Verbs) -> None:
    from runfolio.cli import align

    align.add_parser(verbs)


def _log(verbs: Verbs) -> None:
    from runfolio.cli import commands

    log = verbs.add_parser("log", help="the audit trail: who did what, when, why")
    log.add_argument("run", nargs="?", metavar="RUN")
    log.add_argument("--verify", action="store_true", help="read the chain again; exit 1 when it is broken")
    common(log)
    log.set_defaults(call=commands.show_log)


def _undo(verbs: Verbs) -> None:
    from runfolio.cli import commands

    undo = verbs.add_parser("undo", help="take back a decision by a new entry")
    undo.add_argument("entry", nargs="?", type=int, metavar="NUMBER", help="the last that stands when not given")
    undo.add_argument("--reason", default="")
    common(undo)
    undo.set_defaults(call=commands.undo_entry)


def _problems(verbs: Verbs) -> None:
    from runfolio.cli import commands

    problems = verbs.add_parser("problems", help="what could not be read as it should be, and why")
    problems.add_argument("--all", action="store_true", help="also what costs nothing")
    common(problems)
    problems.set_defaults(call=commands.list_problems)


def _doctor(verbs: Verbs) -> None:
    from runfolio.cli.doctor import show_doctor
    from runfolio.model.reports import Verdict

    doctor = verbs.add_parser("doctor", help="what became of each folder: imported, partial or skipped, and why")
    doctor.add_argument(
        "--only", choices=[v.value for v in Verdict], metavar="VERDICT", help="imported, partial, skipped"
    )
    doctor.add_argument("--where", default="", metavar="TEXT", help="only folders and messages that hold this text")
    doctor.add_argument("--csv", action="store_true", help="every problem as a row")
    common(doctor)
    doctor.set_defaults(call=show_doctor)


def _layout(verbs: Verbs) -> None:
    from runfolio.cli import layouts

    layouts.add_parser(verbs)


def _export(verbs: Verbs) -> None:
    from runfolio.cli import exports

    exports.add_parsers(verbs, common)


def _summary(verbs: Verbs) -> None:
    from runfolio.cli.summary import summarise

    summary = verbs.add_parser("summary", help="what the window would show, as text, charts and a report in a folder")
    summary.add_argument("paths", nargs="+", metavar="PATH")
    summary.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    summary.add_argument("--json", action="store_true", help="machine-readable")
    summary.set_defaults(call=summarise)


VERBS: dict[str, Adder] = {
    "inspect": _inspect,
    "index": _index,
    "watch": _watch,
    "library": _library,
    "runs": _runs,
    "diff": _diff,
    "compare": _compare,
    "data": _data,
    "tag": _tag,
    "mark": _mark,
    "note": _note,
    "promote": _promote,
    "sign-off": _sign_off,
    "recordings": _recordings,
    "where": _where,
    "files": _files,
    "split": _split,
    "join": _join,
    "align": _align,
    "log": _log,
    "undo": _undo,
    "problems": _problems,
    "doctor": _doctor,
    "layout": _layout,
    "export": _export,
    "render": _export,
    "summary": _summary,
}
"""Makes a verb known, in the order in which help lists them; `export` and `render` come together."""
