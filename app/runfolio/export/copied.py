"""Runs as text to paste: TSV, Markdown, LaTeX, JSON, Python, each with every number in full precision."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from runfolio.analysis.render import latex
from runfolio.export.sheet import Block, Cell, plain_cell
from runfolio.export.table import as_markdown, as_tsv
from runfolio.model.answers import CellKind

_RIGHT = frozenset({CellKind.NUMBER, CellKind.DURATION})


def _rows(block: Block) -> list[list[str]]:
    return [[*row] for row in zip(*block.texts, strict=True)]


def tsv_of(titles: Sequence[str], block: Block) -> str:
    """Tabs between cells, one run a line."""
    return as_tsv(titles, _rows(block))


def markdown_of(titles: Sequence[str], block: Block) -> str:
    """A pipe table."""
    return as_markdown(titles, _rows(block))


def latex_of(titles: Sequence[str], block: Block) -> str:
    """A tabular with the rules of `booktabs`; numbers stand at the right."""
    sides = "".join("r" if kind in _RIGHT else "l" for kind in block.kinds)
    lines = ["% \\usepackage{booktabs}", f"\\begin{{tabular}}{{{sides}}}", "\\toprule"]
    lines.append(" & ".join(latex(title) for title in titles) + " \\\\")
    lines.append("\\midrule")
    lines += [" & ".join(latex(cell) for cell in row) + " \\\\" for row in _rows(block)]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def json_of(titles: Sequence[str], block: Block) -> str:
    """A list of objects, one for each run. JSON has no NaN: it is a text there, and so are infinities."""
    objects = [
        {title: plain_cell(column[row]) for title, column in zip(titles, block.cells, strict=True)}
        for row in range(block.rows)
    ]
    # Escapes keep texts that are no valid UTF-8 readable.
    return json.dumps(objects, indent=1, ensure_ascii=True)


def python_of(titles: Sequence[str], block: Block) -> str:
    """A dictionary of lists, as `pandas.DataFrame(runs)` and `polars.DataFrame(runs)` take it."""
    lines = ["runs = {  # pandas.DataFrame(runs) makes a table of it"]
    for title, column in zip(titles, block.cells, strict=True):
        lines.append(f"    {_quoted(title)}: [{', '.join(_literal(cell) for cell in column)}],")
    return "\n".join([*lines, "}"])


def _literal(cell: Cell) -> str:
    if isinstance(cell, float) and cell - cell != 0:
        return f'float("{cell!r}")'
    plain = plain_cell(cell)
    if isinstance(plain, list):
        return f"[{', '.join(_quoted(part) for part in plain)}]"
    return _quoted(plain) if isinstance(plain, str) else repr(plain)


def _quoted(text: str) -> str:
    # The escapes of JSON are those of Python for text.
    return json.dumps(text, ensure_ascii=True)


Writer = Callable[[Sequence[str], Block], str]
WRITERS: Mapping[str, tuple[str, Writer]] = {
    "tsv": ("TSV", tsv_of),
    "markdown": ("Markdown", markdown_of),
    "latex": ("LaTeX", latex_of),
    "json": ("JSON", json_of),
    "python": ("Python", python_of),
}
"""By id: what it is called, and what writes it."""
