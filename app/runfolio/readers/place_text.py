"""Finds a value in text: tables with a header, lines of numbers and words, documents of keys and values."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from runfolio.model.origin import Point, Wanted
from runfolio.readers.contract import Budget
from runfolio.readers.table import number_in
from runfolio.readers.tabular import STEP_NAMES, plain_name

_OFTEN = 1 << 14
_LONGEST_LINE = 1 << 20
_DELIMITERS = (",", "\t", ";", "|")
_COUNTERS = ("totalenvinteracts", "time/total_timesteps", *STEP_NAMES)
"""Columns that say the step, the most telling first; those of Spinning Up and Stable-Baselines3 lead."""
_BREAKS = re.compile(r"\r\n|\n|\r")
_WORDS = re.compile(r"[^\s,;=:|\[\]{}()'\"]+")
_SECTION = re.compile(r"\s*\[+\s*((?:[^\[\]:]|:(?! ))+?)\s*\]+\s*(?:[#;].*)?$")
_PLAIN = re.compile(r"[\w.+-]+")
_KEY = re.compile(r"""([\s\[]*(?:-\s+)?)["']?([^"':=#\s](?:[^"':=]*[^"':=\s])?)["']?\s*[:=](?:\s|$|(?=\S))""")


@dataclass(frozen=True, slots=True)
class Found:
    """A 1-based line, what of it holds the value, the line itself, and the 1-based character where it is known."""

    line: int
    part: str
    excerpt: str
    column: int | None = None


def find_in_table(text: str, wanted: Wanted, budget: Budget) -> Found | None:
    """A cell of a table with a header: by its column and value, and its step where the row has one.

    The line is that of the cell itself: a cell before it may hold line breaks.
    """
    point = wanted.point
    if point is None:
        return None
    lines = _BREAKS.split(text)
    header = next((n for n, line in enumerate(lines[:64]) if line.strip() and not line.startswith("#")), None)
    if header is None:
        return None
    for delimiter in _DELIMITERS:
        rows = csv.reader(_short(lines[header:]), delimiter=delimiter)
        try:
            names = [name.strip() for name in next(rows, [])]
            column = _column(names, wanted.name)
            if column is not None and (len(names) > 1 or delimiter == _DELIMITERS[-1]):
                chosen = _choose_row(_cells(rows, names, column, wanted, point, budget), point)
                if chosen is None:
                    return None
                line = min(header + chosen + 1, len(lines))
                return Found(line, f"column {names[column]}", lines[line - 1])
        except csv.Error:
            continue
    return None


def _column(names: Sequence[str], name: str) -> int | None:
    if name in names:
        return names.index(name)
    tails = [
        n
        for n, header in enumerate(names)
        if header and (name.endswith(f"/{header}") or header.endswith((f"/{name}", f".{name}")))
    ]
    return tails[0] if len(tails) == 1 else None


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell with the wanted value.

    line      lines before its own, from the header on.
    ordinal   numbers before it in its column.
    step      what its row says the step is; None where no column does.
    row       rows before it.
    """

    line: int
    ordinal: int
    step: float | None
    row: int


class _Rows(Protocol):
    """A reader of the csv module, which tells how many lines it has taken."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...


def _cells(
    rows: _Rows, names: Sequence[str], column: int, wanted: Wanted, point: Point, budget: Budget
) -> Iterator[_Cell]:
    step_of = _steps_by(names, column, wanted.step)
    start = rows.line_num
    number = ordinal = 0
    for cells in rows:
        if number % _OFTEN == 0:
            budget.check()
        first, start = start, rows.line_num
        if len(cells) < 2 and not "".join(cells).strip():
            continue
        step = step_of(cells)
        if column < len(cells) and (value := number_in(cells[column].strip(), decimal_comma=True)) is not None:
            if point.has(value):
                yield _Cell(first + sum(cell.count("\n") for cell in cells[:column]), ordinal, step, number)
            ordinal += 1
        number += 1


def _steps_by(names: Sequence[str], column: int, said: str | None) -> Callable[[list[str]], float | None]:
    """Tells the step of a row: by the column that is said to hold it, else by the first of usual names that does."""
    titles = [plain_name(name) for name in names]
    if said == "":
        return lambda cells: None
    if said is not None and said in names:
        counters = [names.index(said)]
    else:
        # In the order in which readers look for the step.
        counters = [titles.index(title) for title in _COUNTERS if title in titles and titles.index(title) != column]
    if not counters:
        return lambda cells: None

    def told(cells: list[str]) -> float | None:
        written = next((cells[n] for n in counters if n < len(cells) and cells[n].strip()), "")
        number = _number(written)
        return math.nan if number is None else number

    return told


def _choose_row(found: Iterable[_Cell], point: Point) -> int | None:
    """The line of the cell that is the point: by its step where there is one, else by its place in the column."""
    cells = [*found]
    if point.step is not None:
        told = [c for c in cells if c.step == point.step]
        free = [c for c in cells if c.step is None]
        # The reader counted rows; or a column called otherwise holds the steps, and the value alone will do if it
        # stands once.
        counted = [c for c in free if point.step == c.row and point.ordinal in (None, c.ordinal)]
        cells = told or counted or (free if len(free) == 1 else [c for c in free if c.ordinal == point.ordinal])
    exact = [c for c in cells if c.ordinal == point.ordinal]
    if exact:
        return exact[0].line
    return cells[point.repeat].line if point.repeat < len(cells) else None


def find_in_history(text: str, wanted: Wanted, budget: Budget) -> Found | None:
    """A line of `time value step` in a file of one metric, as MLflow keeps them; without a step it is 0."""
    point = wanted.point
    if point is None:
        return None
    left = point.repeat
    for number, line in _numbered(text, budget):
        words = line.split()
        if len(words) < 2 or not _is_value(words[1], point):
            continue
        if (0 if len(words) < 3 else _number(words[2])) == point.step:
            if not left:
                return Found(number, "", line)
            left -= 1
    return None


def find_in_lines(text: str, wanted: Wanted, budget: Budget, *, is_own: bool) -> Found | None:
    """A line that names the metric, with the value and the step among its words; without steps the value alone will do.

    is_own   whether the file is the one that the reader named; in others there has to be the step.
    """
    point = wanted.point
    if point is None:
        return None
    best: dict[tuple[bool, bool], list[Found]] = {}
    last = _whole(wanted.name, wanted.name.rpartition("/")[2].rpartition(".")[2])
    for number, line in _numbered(text, budget):
        if not last.search(line):
            continue
        words = [_number(word) for word in _WORDS.findall(line)]
        held = [n for n, word in enumerate(words) if word is not None and point.has(word)]
        if not held:
            continue
        # The value is no step: where both are 1, there have to be two of them.
        others = words if len(held) > 1 else [word for n, word in enumerate(words) if n != held[0]]
        key = (point.step is not None and point.step in others, wanted.name in line)
        best.setdefault(key, []).append(Found(number, "", line))
    if not best:
        return None
    key = max(best)
    found = best[key]
    if point.step is not None and not key[0]:
        every = [f for own in best.values() for f in own]
        return every[0] if is_own and len(every) == 1 else None
    return found[point.repeat] if point.repeat < len(found) else None


def find_key(text: str, wanted: Wanted, budget: Budget) -> Found | None:
    """The line of a param in TOML, INI or lines of `key = value`, told by indentation and section headers."""
    if not wanted.path:
        return None
    stack: list[tuple[int, str]] = []
    section: tuple[str, ...] = ()
    holder: Found | None = None
    equal: Found | None = None
    near: list[Found] = []
    whole = _whole(wanted.text) if wanted.text else None
    for number, line in _numbered(text, budget):
        head = _SECTION.fullmatch(line)
        if head is not None:
            section, stack = tuple(part.strip().strip("\"'") for part in head[1].split(".")), []
            if section == wanted.path:
                holder = holder or Found(number, ".".join(wanted.path), line)
            continue
        match = _KEY.match(line)
        if match is None:
            continue
        depth = len(match[1].expandtabs())
        while stack and stack[-1][0] >= depth:
            stack.pop()
        stack.append((depth, match[2]))
        path = (*section, *(key for _, key in stack))
        value = line[match.end() :]
        if path == wanted.path:
            if value.strip() and may_be(value, wanted.text):
                return Found(number, ".".join(wanted.path), line)
            # Its value is below, unless it is given once more.
            holder = holder or (None if value.strip() else Found(number, ".".join(wanted.path), line))
        elif whole is not None and whole.search(value):
            found = Found(number, match[2], line)
            if _flat(path) == _flat(wanted.path) or _is_inline(path, value, wanted):
                equal = equal or found
            elif _is_near(path, wanted.path):
                near.append(found)
    # Names of which only the ends are equal have to be the only ones.
    return holder or equal or (near[0] if len(near) == 1 else None)


def _is_inline(path: tuple[str, ...], value: str, wanted: Wanted) -> bool:
    """Whether a key's value is written as a table in its line, and holds the wanted one."""
    inside = wanted.path[: len(path)] == path and value.lstrip().startswith("{")
    return inside and all(_whole(part).search(value) for part in wanted.path[len(path) :])


def _flat(path: tuple[str, ...]) -> str:
    """A key path without places in lists, whether its dots stand in keys or between them."""
    return ".".join(part for part in path if not part.isdigit())


def may_be(written: str, text: str) -> bool:
    """Whether what a file holds can be a param's text: only plain words and numbers are told to differ."""
    written = re.sub(r"\s+#.*", "", written).strip().strip("\"',")
    if not (_PLAIN.fullmatch(written) and _PLAIN.fullmatch(text)):
        return True
    try:
        return written.casefold() == text.casefold() or float(written) == float(text)
    except ValueError:
        return False


def _is_near(path: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether a key path is the wanted one but for what stands above it in the file."""
    return _flat(path).endswith(f".{_flat(wanted)}")


def find_text(text: str, wanted: Wanted, budget: Budget) -> Found | None:
    """The first line that holds a text; the one that also names it goes first, and of a param only that will do."""
    if not wanted.text:
        return None
    first: Found | None = None
    # JSON may have spelled its letters out.
    spelled = json.dumps(wanted.text)[1:-1]
    value = _whole(wanted.text, spelled)
    names = [_whole(part) for part in (wanted.path or (wanted.name,))]
    for number, line in _numbered(text, budget):
        if (wanted.text in line or spelled in line) and value.search(line):
            found = Found(number, "", line)
            if all(name.search(line) for name in names):
                return found
            first = first or found
    return None if wanted.path else first


def _whole(*texts: str) -> re.Pattern[str]:
    """Finds any of some texts where it is no part of a longer word or number."""
    return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, texts))})(?![\w.])")


def _numbered(text: str, budget: Budget) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(_BREAKS.split(text), 1):
        if number % _OFTEN == 0:
            budget.check()
        yield number, line[:_LONGEST_LINE]


def _short(lines: Sequence[str]) -> Iterator[str]:
    limit = csv.field_size_limit()
    # An empty line is a row of none to the csv module, and keeps its line number.
    return (line.replace("\0", "")[:limit] + "\n" for line in lines)


def _is_value(cell: str, point: Point) -> bool:
    number = _number(cell)
    return number is not None and point.has(number)


def _number(text: str) -> float | None:
    text = text.strip().strip('"')
    try:
        return float(text)
    except ValueError:
        pass
    try:
        # Tables of some languages: a comma where others have a point.
        return float(text.replace(",", ".")) if text.count(",") == 1 else None
    except ValueError:
        return None
