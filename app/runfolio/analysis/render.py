"""A diff of runs as Markdown, TSV, LaTeX and JSON, with every foreign text made harmless for where it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from runfolio.analysis.cells import markdown, tsv
from runfolio.analysis.diff import DiffCell, DiffRow, DiffSection, RunDiff, SectionId, Verdict
from runfolio.analysis.reasons import headline
from runfolio.model.direction import Direction
from runfolio.model.display import number, plain
from runfolio.model.params import Json

ARROWS = {Verdict.BETTER: "▲", Verdict.WORSE: "▼"}
"""Better and worse beside the colour, which is never the only signal."""


def delta_text(cell: DiffCell) -> str:
    """A metric's difference for people: `+0.0055 (+0.6 %) ▲`; "" where there is none.

    The percentage is left out where the baseline is 0; the arrow says better (▲) or worse (▼), not up or down.
    """
    if cell.delta is None or cell.delta == 0:
        return ""
    parts = [_signed(number(abs(cell.delta), 3), negative=cell.delta < 0)]
    if cell.relative is not None:
        parts.append(f"({_signed(_percent(abs(cell.relative)), negative=cell.relative < 0)})")
    if cell.verdict in ARROWS:
        parts.append(ARROWS[cell.verdict])
    return " ".join(parts)


def _percent(share: float) -> str:
    percent = share * 100
    # A difference that there is must not read 0.0.
    return f"{percent:.1f} %" if 0.05 <= percent < 1000 else f"{number(percent, 2)} %"


def _signed(text: str, *, negative: bool) -> str:
    return f"{'−' if negative else '+'}{text}"


def title_of(section: DiffSection) -> str:
    """The section's title; that of metrics says which figure is compared, as each of its rows does."""
    if section.id is not SectionId.METRICS or not section.rows:
        return section.title
    unknown = any(row.direction is Direction.UNKNOWN for row in section.rows)
    return f"{section.title} ({'best, or last without a direction' if unknown else 'best'})"


def as_markdown(diff: RunDiff) -> str:
    """A table for each section that has rows, with the reasons above; nothing in it can act as Markdown or HTML."""
    names = [_name(diff, i) for i in range(len(diff.runs))]
    blocks = [f"# {_title(diff)}", ""]
    blocks += [f"- {reason.kind}: {markdown(reason.text)}" for reason in headline(diff)]
    for section in _filled(diff):
        blocks += ["", f"## {markdown(title_of(section))}", ""]
        blocks.append("| | " + " | ".join(markdown(n) for n in names) + " |")
        blocks.append("|---|" + "---|" * len(names))
        blocks += [
            "| " + " | ".join([markdown(row.key), *(_cell(c, markdown) for c in row.cells)]) + " |"
            for row in section.rows
        ]
    return "\n".join(blocks) + "\n"


def as_tsv(diff: RunDiff) -> str:
    """One table: section, key, then each run's value and, for metrics, a column with its difference as a number.

    A cell that a spreadsheet would take for a formula gets a leading apostrophe, which it does not show.
    Metric values and differences stand at full precision.
    """
    others = [i for i in range(len(diff.runs)) if i != diff.baseline]
    header = ["section", "key", *(_name(diff, i) for i in range(len(diff.runs)))]
    header += [f"Δ {_name(diff, i)}" for i in others]
    lines = [header]
    for section, row in _rows(diff):
        cells = [section.id.value, row.key, *(_whole(section, c) for c in row.cells)]
        cells += ["" if row.cells[i].delta is None else repr(row.cells[i].delta) for i in others]
        lines.append(cells)
    return "".join("\t".join(tsv(c) for c in line) + "\n" for line in lines)


def as_latex(diff: RunDiff) -> str:
    """A tabular with booktabs rules, ready for a document that says `\\usepackage{booktabs}`."""
    names = [_name(diff, i) for i in range(len(diff.runs))]
    lines = ["\\begin{tabular}{l" + "l" * len(names) + "}", "\\toprule"]
    lines.append(" & ".join(["", *map(latex, names)]) + " \\\\")
    for section in _filled(diff):
        lines += ["\\midrule", f"\\multicolumn{{{len(names) + 1}}}{{l}}{{\\textbf{{{latex(section.title)}}}}} \\\\"]
        lines += [" & ".join([latex(r.key), *(_cell(c, latex) for c in r.cells)]) + " \\\\" for r in section.rows]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


_LATEX = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
    "▲": "$\\blacktriangle$", "▼": "$\\blacktriangledown$", "−": "$-$", "→": "$\\to$", "∞": "$\\infty$",
    "<": "\\textless{}", ">": "\\textgreater{}", "\u2009": "\\,", "—": "---", "–": "--", "…": "\\dots{}",
}  # fmt: skip


def latex(text: str) -> str:
    """`text` with every character that TeX acts on replaced by what prints it."""
    printed = "".join(_LATEX.get(c, c) for c in plain(text))
    # After the \\ of the row before, these would be taken for its argument.
    return f"{{{printed[0]}}}{printed[1:]}" if printed[:1] in ("[", "*") else printed


def as_json(diff: RunDiff) -> dict[str, Json]:
    """The whole diff: `{"schema", "runs", "baseline", "reasons", "sections"}`; NaN and infinities as texts."""
    return {
        "schema": 1,
        "runs": [{"key": r.key, "name": r.name} for r in diff.runs],
        "baseline": diff.baseline,
        "reasons": [{"kind": r.kind, "key": r.key, "text": r.text} for r in headline(diff)],
        "sections": [_section_json(s) for s in diff.sections],
    }


def _section_json(section: DiffSection) -> dict[str, Json]:
    return {"id": section.id.value, "title": section.title, "rows": [_row_json(section, r) for r in section.rows]}


def _row_json(section: DiffSection, row: DiffRow) -> dict[str, Json]:
    found: dict[str, Json] = {"key": row.key, "path": list(row.path), "differs": row.differs}
    if section.id is SectionId.METRICS:
        found |= {"figure": row.figure, "direction": row.direction.value}
    cells: list[Json] = [_cell_json(section, c) for c in row.cells]
    return found | {"cells": cells}


def _cell_json(section: DiffSection, cell: DiffCell) -> dict[str, Json]:
    found: dict[str, Json] = {"text": cell.text, "value": json_number(cell.value), "missing": cell.missing}
    if section.id is SectionId.METRICS:
        verdict = cell.verdict.value if cell.verdict else None
        found |= {"delta": json_number(cell.delta), "relative": json_number(cell.relative), "verdict": verdict}
        if cell.origin:
            found["origin"] = cell.origin
    return found


def json_number(value: Json) -> Json:
    """`value` as strict JSON holds it: NaN and infinities become the texts "NaN", "Infinity", "-Infinity"."""
    if isinstance(value, float) and value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value == float("inf") else "-Infinity"
    if isinstance(value, list):
        return [json_number(v) for v in value]
    if isinstance(value, dict):
        return {k: json_number(v) for k, v in value.items()}
    return value


def _title(diff: RunDiff) -> str:
    if len(diff.runs) == 2:
        return f"{markdown(diff.runs[diff.baseline].name)} and {markdown(diff.runs[1 - diff.baseline].name)}"
    return f"{len(diff.runs)} runs"


def _name(diff: RunDiff, index: int) -> str:
    return diff.runs[index].name + (" (baseline)" if index == diff.baseline and len(diff.runs) > 1 else "")


def _filled(diff: RunDiff) -> Iterator[DiffSection]:
    return (s for s in diff.sections if s.rows)


def _rows(diff: RunDiff) -> Iterator[tuple[DiffSection, DiffRow]]:
    return ((s, r) for s in diff.sections for r in s.rows)


def _cell(cell: DiffCell, escape: Callable[[str], str]) -> str:
    parts = [cell.text, delta_text(cell), f"(from {cell.origin})" if cell.origin else ""]
    return escape(" ".join(part for part in parts if part))


def _whole(section: DiffSection, cell: DiffCell) -> str:
    if section.id is SectionId.METRICS and isinstance(cell.value, float):
        return repr(cell.value)
    return cell.text
