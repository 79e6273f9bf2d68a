"""`runfolio layout`: teach Runfolio folders of another layout, try it, keep it, hand it on.

None of it needs the index, so that it works while a window holds that.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from runfolio.api import (
    layouts,
    preview_layout,
    read_layout,
    remove_layout,
    save_layout,
    saved_layout,
    suggest_layout,
    toml_of,
)
from runfolio.cli.output import complain, say, write, write_json
from runfolio.cli.tables import table
from runfolio.errors import UsageError
from runfolio.model.display import count, number, plain
from runfolio.model.layout import tree_of
from runfolio.model.layout_answers import LayoutPreview
from runfolio.model.problem import Problem, Severity

_SHOWN = 20


def suggest(args: argparse.Namespace) -> int:
    """`runfolio layout suggest`: a layout file on standard output; exit code 1 when nothing in the folder tells."""
    found = suggest_layout(args.folder)
    if args.json:
        files = [
            {"path": f.path, "size": f.size_bytes, "role": f.role, "what": f.what, "columns": [*f.columns]}
            for f in found.files
        ]
        write_json({"found": found.found, "layout": tree_of(found.layout), "files": files})
        return 0 if found.found else 1
    rows = [[f.role, f.path, f.what] for f in found.files[:_SHOWN]]
    say(table(["role", "file", ""], rows))
    if len(found.files) > _SHOWN:
        say(f"and {count(len(found.files) - _SHOWN)} more")
    _tell(found.problems)
    if not found.found:
        say("Nothing in this folder looks like params or metrics. Write a layout by hand; the help shows how.")
        return 1
    write(toml_of(found.layout).rstrip("\n"))
    return 0


def check(args: argparse.Namespace) -> int:
    """`runfolio layout check`: what the layout makes of a folder; exit code 1 when the folder does not fit."""
    layout = read_layout(args.file)
    found = preview_layout(layout, args.folder)
    if args.json:
        write_json(_preview_json(found))
        return 0 if found.fits else 1
    told = [["name", found.name], ["experiment", found.experiment or "–"], ["artifacts", count(found.artifacts)]]
    write(table(["run", ""], told))
    params = [[p.key, p.text] for p in found.params]
    metrics = [
        [m.name, count(m.points), _step(m.first_step), _step(m.last_step), number(m.last)] for m in found.metrics
    ]
    _show(["param", "value"], params, frozenset())
    _show(["metric", "points", "first step", "last step", "last"], metrics, frozenset({1, 2, 3, 4}))
    _tell(found.problems)
    if found.fits:
        say(f"The folder fits the layout {layout.name}.")
        return 0
    say(f"The folder does not fit: {plain(found.why_not, 400)}")
    return 1


def _step(step: int | None) -> str:
    return "–" if step is None else str(step)


def _show(header: list[str], rows: list[list[str]], right: frozenset[int]) -> None:
    write("")
    write(table(header, rows[:_SHOWN], right=right))
    if len(rows) > _SHOWN:
        write(f"and {count(len(rows) - _SHOWN)} more")


def _tell(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        if problem.severity is not Severity.INFO:
            say(f"{problem.severity}  {plain(problem.path, 200)}: {plain(problem.message, 400)}")


def _preview_json(found: LayoutPreview) -> dict[str, object]:
    names = ("name", "points", "first_step", "last_step", "last")
    return {
        "fits": found.fits,
        "why_not": found.why_not,
        "name": found.name,
        "experiment": found.experiment,
        "fields": dict(found.fields),
        "params": {p.key: p.value for p in found.params},
        "metrics": [{n: getattr(m, n) for n in names} for m in found.metrics],
        "artifacts": found.artifacts,
        "files": [{"path": f.path, "role": f.role} for f in found.files],
        "problems": [
            {"severity": p.severity, "code": p.code, "path": p.path, "message": p.message, "hint": p.hint}
            for p in found.problems
        ],
    }


def add(args: argparse.Namespace) -> int:
    """`runfolio layout add`: keep a layout, in place of one of that name only when asked."""
    layout = read_layout(args.file)
    there = any(s.layout is not None and s.layout.name.casefold() == layout.name.casefold() for s in layouts())
    if there and not args.replace:
        raise UsageError(
            f"There is a layout {layout.name!r} already", hint="Use --replace, or give this one another name."
        )
    path = save_layout(layout)
    if args.json:
        write_json({"name": layout.name, "file": str(path), "replaced": there})
    else:
        write(f"{layout.name}  {path}")
        say("Folders that fit are read by it from the next `runfolio index` on.")
    return 0


def show(args: argparse.Namespace) -> int:
    """`runfolio layout list`: exit code 1 when a file cannot be used."""
    saved = layouts()
    broken = [s for s in saved if s.trouble is not None]
    if args.json:
        write_json(
            [
                {
                    "name": s.layout.name if s.layout else None,
                    "about": s.layout.about if s.layout else "",
                    "file": s.file,
                    "layout": tree_of(s.layout) if s.layout else None,
                    "trouble": None if s.trouble is None else str(s.trouble),
                }
                for s in saved
            ]
        )
    elif saved:
        usable = [s.layout for s in saved if s.layout is not None]
        rows = [[x.name, x.path or "any folder", " ".join([*x.params, *x.metrics]), x.about] for x in usable]
        write(table(["layout", "path", "files", "about"], rows))
        for each in broken:
            if each.trouble is not None:
                complain(each.trouble)
    else:
        say("No layout was taught yet. `runfolio layout suggest FOLDER` makes one from a sample.")
    return 1 if broken else 0


def remove(args: argparse.Namespace) -> int:
    """`runfolio layout remove`."""
    path = remove_layout(args.name)
    if args.json:
        write_json({"removed": str(path)})
    else:
        write(f"Removed {path}")
    return 0


def export(args: argparse.Namespace) -> int:
    """`runfolio layout export`: the layout's file on standard output, comments and all."""
    path, layout = saved_layout(args.name)
    if args.json:
        write_json(tree_of(layout))
    else:
        write(Path(path).read_text("utf-8-sig").rstrip("\n"))
    return 0


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Make `layout` and what it can do known."""
    layout = verbs.add_parser("layout", help="teach Runfolio folders of another layout")
    what = layout.add_subparsers(dest="kind", required=True, metavar="WHAT")
    rows = (
        ("suggest", "guess the layout of a sample run folder, as a file to save", suggest, ("folder",)),
        ("check", "what a layout file makes of a run folder; exit 1 when it does not fit", check, ("file", "folder")),
        ("add", "keep a layout file; the next `runfolio index` uses it", add, ("file",)),
        ("list", "the layouts that are kept", show, ()),
        ("remove", "take a layout away; its folders are read without it again", remove, ("name",)),
        ("export", "print a layout, to hand it to somebody", export, ("name",)),
    )
    for verb, help_text, call, arguments in rows:
        parser = what.add_parser(verb, help=help_text)
        for argument in arguments:
            parser.add_argument(argument, type=str if argument == "name" else Path, metavar=argument.upper())
        parser.add_argument("--json", action="store_true", help="machine-readable")
        if verb == "add":
            parser.add_argument("--replace", action="store_true", help="in place of the one of that name")
        parser.set_defaults(call=call)
