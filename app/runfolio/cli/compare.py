"""`runfolio diff` and `runfolio data diff`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from runfolio.analysis import datarender, render
from runfolio.analysis.datachange import DataDiff
from runfolio.analysis.diff import DiffCell, RunDiff, SectionId, Verdict
from runfolio.analysis.reasons import headline
from runfolio.api import data_diff
from runfolio.cli.commands import workspace
from runfolio.cli.output import say, write, write_json
from runfolio.cli.tables import Colour, paint, table
from runfolio.model import display

_CAUSES = (SectionId.PARAMS, SectionId.DATASETS, SectionId.CODE)
_SHOWN_ROWS = 20


def diff_runs(args: argparse.Namespace) -> int:
    """`runfolio diff`: the first run is the baseline."""
    with workspace(args) as ws:
        keys = [ws.resolve_run(text) for text in args.runs]
        diff = ws.diff(keys)
    shown = diff if args.all else diff.only_differences()
    if args.json:
        write_json(render.as_json(shown))
    elif args.markdown:
        write(render.as_markdown(shown))
    else:
        write(diff_text(shown, diff))
    caused = any(diff.section(section).differing for section in _CAUSES)
    return 1 if args.exit_code and caused else 0


def diff_text(shown: RunDiff, whole: RunDiff) -> str:
    """A comparison for a terminal: why the runs differ, then the rows of `shown`."""
    lines = [f"{reason.kind}: {display.plain(reason.text, 200)}".removeprefix("more: ") for reason in headline(whole)]
    header = ["", *(r.name + (" (baseline)" if i == shown.baseline else "") for i, r in enumerate(shown.runs))]
    rows: list[Sequence[str]] = []
    colours: list[Colour] = []
    for section in shown.sections:
        if not section.rows:
            continue
        rows.append([render.title_of(section).upper(), *("" for _ in shown.runs)])
        colours.append(Colour.BOLD)
        for row in section.rows:
            rows.append([row.key, *(_cell(c) for c in row.cells)])
            colours.append(_row_colour(row.cells) if len(shown.runs) == 2 else Colour.NONE)
    text = table(header, rows, colours=colours) if rows else "Nothing differs."
    return "\n".join([*lines, "", text]) if lines else text


def _cell(cell: DiffCell) -> str:
    parts = [cell.text, render.delta_text(cell), f"(from {cell.origin})" if cell.origin else ""]
    return "  ".join(part for part in parts if part)


def _row_colour(cells: Sequence[DiffCell]) -> Colour:
    verdicts = {c.verdict for c in cells}
    if Verdict.BETTER in verdicts:
        return Colour.GOOD
    return Colour.BAD if Verdict.WORSE in verdicts else Colour.NONE


def diff_data(args: argparse.Namespace) -> int:
    """`runfolio data diff`: exit code 1 with --exit-code when the files differ."""
    diff = data_diff(args.before, args.after, key=args.key)
    if args.json:
        write_json(datarender.as_json(diff))
    else:
        write(_data_text(diff))
        for problem in diff.problems:
            say(f"{problem.severity}: {problem.path}: {display.plain(problem.message, 300)}")
    return 1 if args.exit_code and diff.differs else 0


def _data_text(diff: DataDiff) -> str:
    changed = "–" if diff.rows_changed is None else display.count(diff.rows_changed)
    lines = [
        f"{display.count(diff.before.rows)} → {display.counted(diff.after.rows, 'row')}, {datarender.key_text(diff)}",
        f"{paint(f'{display.count(diff.rows_added)} added', Colour.GOOD)}, "
        f"{paint(f'{display.count(diff.rows_removed)} removed', Colour.BAD)}, "
        f"{paint(f'{changed} changed', Colour.WARN)}, {display.count(diff.rows_same)} the same",
        "",
    ]
    rows = [
        [c.name, datarender.type_text(c), c.schema.value, c.moved, "–" if c.psi is None else f"{c.psi:.3f}"]
        for c in diff.columns
    ]
    lines.append(table(["column", "type", "schema", "what moved", "PSI"], rows, right=frozenset({4})))
    if diff.rows:
        some = diff.rows[:_SHOWN_ROWS]
        cells = [[*(datarender.cell_text(c, r.kind) for c in r.cells), r.kind.value] for r in some]
        total = diff.rows_added + diff.rows_removed + (diff.rows_changed or 0)
        lines += ["", table([*diff.row_columns, "change"], cells)]
        if total > len(some):
            lines.append(f"… and {display.count(total - len(some))} more")
    return "\n".join(lines)
