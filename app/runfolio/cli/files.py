"""`runfolio files`: the files of a run, or what one of them holds, as the window shows it."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from runfolio.cli.commands import workspace
from runfolio.cli.output import write, write_json
from runfolio.cli.tables import table
from runfolio.errors import NotFound
from runfolio.model.display import counted, plain, size
from runfolio.model.previews import (
    Ask,
    FileKind,
    Picture,
    Preview,
    RunFile,
    Sheet,
    Sound,
    TablePage,
    TextPage,
    TreePage,
)


def show_files(args: argparse.Namespace) -> int:
    """The list; with a path a page of that file."""
    with workspace(args) as ws:
        key = ws.resolve_run(args.run)
        listed = ws.run_files(key)
        preview = None
        if args.path:
            file = _named(listed.files, args.path)
            if file.place is None:
                raise NotFound("The run recorded this file, and its folder does not hold it", where=file.shown)
            preview = ws.preview(file.place, Ask(FileKind.TEXT if args.text else None, at=args.at))
    if preview is not None:
        _show(preview, as_json=args.json)
    elif args.json:
        write_json({"files": [_facts(file) for file in listed.files], "notes": listed.notes})
    else:
        rows = [
            (file.shown, "–" if file.size_bytes is None else size(file.size_bytes), file.kind.value, _standing(file))
            for file in listed.files
        ]
        write(table(("file", "size", "kind", ""), rows, right=frozenset({1})))
        for note in listed.notes:
            write(plain(note))
    return 0


def _named(files: tuple[RunFile, ...], path: str) -> RunFile:
    found = [file for file in files if file.shown == path] or [f for f in files if f.shown.endswith(f"/{path}")]
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(file.shown for file in found[:4])
        raise NotFound(
            f"{len(found):,} files of the run are called so: {plain(some, 300)}", hint="Give more of the path."
        )
    raise NotFound(f"The run has no file {path!r}", hint="`runfolio files RUN` lists those it has.")


def _standing(file: RunFile) -> str:
    return "not here" if file.place is None else "artifact" if file.recorded else ""


def _facts(file: RunFile) -> dict[str, object]:
    return {
        "path": file.shown,
        "size": file.size_bytes,
        "kind": file.kind.value,
        "artifact": file.recorded,
        "here": file.place is not None,
        "step": file.step,
    }


def _show(preview: Preview, *, as_json: bool) -> None:
    content = preview.content
    if as_json:
        body = asdict(content)
        body.pop("rgba", None)
        write_json({"kind": preview.kind.value, "size": preview.size, "notes": preview.notes, **body})
        return
    if isinstance(content, TextPage):
        write(content.text.rstrip("\n"))
        if content.end < content.size:
            write(
                f"({size(content.start)} to {size(content.end)} of {size(content.size)}; go on with --at {content.end})"
            )
    elif isinstance(content, TablePage):
        write(table(content.columns, [[cell or "–" for cell in row] for row in content.rows]))
    elif isinstance(content, TreePage):
        rows = [(str(node.key), node.text or _entries(node.children), node.kind) for node in content.nodes]
        write(table(("key", "value", "type"), rows))
    elif isinstance(content, Picture):
        write(f"{content.format}, {content.width:,} x {content.height:,} pixels, {content.mode}")
    elif isinstance(content, Sound):
        write(table(("fact", "value"), content.facts))
    elif isinstance(content, Sheet):
        for warning in content.warnings:
            write(plain(warning))
        write(table((content.title, ""), content.facts))
        if content.rows:
            write("")
            write(table(content.header, content.rows))
    for note in preview.notes:
        write(f"({plain(note)})")


def _entries(number: int) -> str:
    return counted(number, "entry", "entries")
