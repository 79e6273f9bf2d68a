"""A comparison of groups as texts for people, as Markdown, LaTeX and TSV, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runfolio.analysis.cells import markdown, tsv
from runfolio.analysis.render import json_number, latex
from runfolio.model.comparison import Comparison
from runfolio.model.direction import Direction
from runfolio.model.display import number
from runfolio.model.groups import GroupRow, GroupTable
from runfolio.model.params import Json
from runfolio.model.statistics import Standing

ARROWS = {Standing.BETTER: "▲", Standing.WORSE: "▼"}
"""Better and worse beside the colour, which is never the only signal."""


def metric_title(table: GroupTable) -> str:
    """`val/acc (best, higher is better)`."""
    known = table.direction is not Direction.UNKNOWN
    return f"{table.metric.name} ({table.figure}{f', {table.direction} is better' if known else ''})"


def header(table: GroupTable) -> list[str]:
    """Titles of the columns that `cells` fills."""
    percent = number(table.level * 100)
    return ["group", "n", "mean", "std", "difference", f"{percent} % interval", "effect", "p", "p (Holm)", "verdict"]


def cells(row: GroupRow) -> list[str]:
    """A group's row for people; `–` for what there is not, "" where a baseline has no such thing."""
    figures, compared = row.figures, row.comparison
    n = f"{figures.n}" + (f" of {figures.n + figures.excluded}" if figures.excluded else "")
    own = [row.name, n, number(figures.mean), number(figures.std, 3)]
    if compared is None:
        return [*own, "", "", "", "", "", "baseline"]
    return [
        *own,
        signed(compared.difference),
        interval_text(compared),
        effect_text(compared),
        p_text(compared.p),
        p_text(compared.p_holm),
        verdict_text(compared),
    ]


def verdict_text(compared: Comparison) -> str:
    """The verdict in words, with an arrow for better and worse."""
    arrow = ARROWS.get(compared.standing, "")
    return f"{arrow} {compared.words}".strip()


def signed(value: float | None, digits: int = 3) -> str:
    """A difference with its sign: `+0.055`, `−2`, `0`."""
    if value is None or value == 0:
        return number(value, digits)
    return f"{'−' if value < 0 else '+'}{number(abs(value), digits)}"


def interval_text(compared: Comparison, digits: int = 3) -> str:
    """`[−0.01, +0.07]`."""
    if compared.low is None or compared.high is None:
        return "–"
    return f"[{signed(compared.low, digits)}, {signed(compared.high, digits)}]"


def effect_text(compared: Comparison) -> str:
    """`g = 2.39`."""
    return (
        "–" if compared.effect is None else f"{compared.effect.kind} = {signed(compared.effect.value, 2).lstrip('+')}"
    )


def p_text(p: float | None) -> str:
    """Three digits behind the point; `< 0.001` below."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def explained(compared: Comparison) -> str:
    """A comparison in some lines: the test, what it says, and what else has to be known."""
    lines = [verdict_text(compared)]
    if compared.p is not None:
        size = f"{compared.pairs} pairs" if compared.pairs else f"n = {compared.n[0]} against {compared.n[1]}"
        freedom = "" if compared.freedom is None else f", {number(compared.freedom, 3)} degrees of freedom"
        lines.append(f"{compared.test} test, {size}{freedom}: p = {compared.p:.3g}, corrected {compared.p_holm:.3g}")
    if compared.low is not None:
        percent = number(compared.level * 100)
        lines.append(f"difference {signed(compared.difference)}, {percent} % interval {interval_text(compared)}")
    elif compared.difference is not None:
        lines.append(f"difference {signed(compared.difference)}")
    if compared.effect is not None:
        effect = compared.effect
        lines.append(f"{effect_text(compared)}, interval [{signed(effect.low)}, {signed(effect.high)}]")
    if compared.standing in (Standing.HIGHER, Standing.LOWER):
        lines.append("which way is better is not known from the metric's name")
    return "\n".join([*lines, *compared.notes])


def all_notes(table: GroupTable) -> list[str]:
    """What has to be known beside the rows, each once, with the group it is of."""
    return [f"{row.name}: {note}" for row in table.rows if row.comparison is not None for note in row.comparison.notes]


def as_markdown(tables: Sequence[GroupTable]) -> str:
    """A table for each metric; nothing in it can act as Markdown or HTML."""
    blocks: list[str] = []
    for table in tables:
        titles = header(table)
        blocks += ["", f"## {markdown(metric_title(table))}", "", _piped(titles), "|---" * len(titles) + "|"]
        blocks += [_piped([markdown(c) for c in cells(row)]) for row in table.rows]
        if notes := all_notes(table):
            blocks += ["", *(f"- {markdown(note)}" for note in notes)]
    return "\n".join(blocks[1:]) + "\n"


def _piped(texts: Sequence[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def as_latex(tables: Sequence[GroupTable]) -> str:
    """A tabular with booktabs rules, ready for a document that says `\\usepackage{booktabs}`."""
    if not tables:
        return ""
    titles = header(tables[0])
    lines = ["\\begin{tabular}{l" + "r" * (len(titles) - 2) + "l}", "\\toprule"]
    lines.append(_joined(titles, latex))
    for table in tables:
        lines += ["\\midrule", f"\\multicolumn{{{len(titles)}}}{{l}}{{\\textbf{{{latex(metric_title(table))}}}}} \\\\"]
        lines += [_joined(cells(row), latex) for row in table.rows]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _joined(texts: Sequence[str], escape: Callable[[str], str]) -> str:
    return " & ".join(map(escape, texts)) + " \\\\"


_WHOLE = (
    "metric", "figure", "group", "n", "excluded", "mean", "std", "mean low", "mean high", "least", "most", "pairs",
    "difference", "low", "high", "effect", "effect value", "effect low", "effect high", "test", "p", "p holm",
    "standing", "verdict",
)  # fmt: skip


def as_tsv(tables: Sequence[GroupTable]) -> str:
    """One table with a row for each metric and group, at full precision, for a spreadsheet."""
    lines: list[Sequence[str]] = [_WHOLE]
    for table in tables:
        for row in table.rows:
            f, c = row.figures, row.comparison
            own: list[object] = [table.metric.name, table.figure, row.name, f.n, f.excluded, f.mean, f.std]
            own += [f.low, f.high, f.least, f.most]
            if c is None:
                own += [None] * 11 + ["baseline", "baseline"]
            else:
                e = c.effect
                own += [c.pairs, c.difference, c.low, c.high]
                own += [e.kind, e.value, e.low, e.high] if e else [None] * 4
                own += [c.test, c.p, c.p_holm, c.standing.value, c.words]
            lines.append(["" if v is None else repr(v) if isinstance(v, float) else str(v) for v in own])
    return "".join("\t".join(tsv(c) for c in line) + "\n" for line in lines)


def as_json(tables: Sequence[GroupTable], runs: Sequence[Sequence[str]]) -> dict[str, Json]:
    """Everything: `{"schema", "tables"}`; `runs` names the runs of each group, in the order of the rows."""
    return {"schema": 1, "tables": [_table_json(table, runs) for table in tables]}


def _table_json(table: GroupTable, runs: Sequence[Sequence[str]]) -> dict[str, Json]:
    rows: list[Json] = []
    for row, keys in zip(table.rows, runs, strict=True):
        f = row.figures
        values: list[Json] = [json_number(v) for v in row.values]
        names: list[Json] = [*keys]
        numbers = {"mean": f.mean, "std": f.std, "low": f.low, "high": f.high, "least": f.least, "most": f.most}
        found: dict[str, Json] = {"group": row.name, "runs": names, "values": values, "n": f.n, "excluded": f.excluded}
        found |= {name: json_number(value) for name, value in numbers.items()}
        found["comparison"] = None if row.comparison is None else _comparison_json(row.comparison)
        rows.append(found)
    return {
        "metric": table.metric.name,
        "figure": table.figure,
        "direction": table.direction.value,
        "level": table.level,
        "method": table.method.value,
        "baseline": table.rows[table.baseline].name,
        "groups": rows,
    }


def _comparison_json(c: Comparison) -> dict[str, Json]:
    effect: dict[str, Json] | None = None
    if c.effect is not None:
        effect = {"kind": c.effect.kind, "value": c.effect.value, "low": c.effect.low, "high": c.effect.high}
    notes: list[Json] = [*c.notes]
    return {
        "standing": c.standing.value,
        "words": c.words,
        "pairs": c.pairs,
        "difference": json_number(c.difference),
        "low": json_number(c.low),
        "high": json_number(c.high),
        "effect": effect,
        "test": c.test,
        "freedom": c.freedom,
        "p": c.p,
        "p_holm": c.p_holm,
        "notes": notes,
    }
