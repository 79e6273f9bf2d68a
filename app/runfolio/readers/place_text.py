"""Finds a value in text: tables with a header, lines of numbers and words, documents of keys and values."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runfolio.model.origin import Point, Wanted
from runfolio.readers.contract import Budget
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
    """A 1-based line, what of it holds the value, and the line itself."""

    line: int
    part: str
    excerpt: str


def find_in_table(text: str, wanted: Wanted, budget: Budget) -> Found | None:
    """A cell of a table with a header: by its column and value, and its step where the row has one."""
    point = wanted.point
    if point is None:
        return None
    lines = _BREAKS.split(text)
    header = next((n for n, line in enumerate(lines[:64]) if line.strip() and not line.startswith("#")), None)
    if header is None:
        return None
    for delimiter in _DELIMITERS:
        names = [name.strip().strip('"') for name in lines[header].split(delimiter)]
        column = _column(names, wanted.name)
        if column is not None and (len(names) > 1 or delimiter == _DELIMITERS[-1]):
            return _find_cell(lines, header, delimiter, (column, names[column]), point, budget)
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


def _find_cell(
    lines: Sequence[str], header: int, delimiter: str, column: tuple[int, str], point: Point, budget: Budget
) -> Found | None:
    place, name = column
    rows = csv.reader(_short(lines[header + 1 :]), delimiter=delimiter)
    names = next(csv.reader([lines[header]], delimiter=delimiter), [])
    titles = [plain_name(title.strip()) for title in names]
    # In the order in which readers look for the step.
    counters = [titles.index(title) for title in _COUNTERS if title in titles and titles.index(title) != place]
    with_step: list[int] = []
    without: list[int] = []
    for number, row in enumerate(rows):
        if number % _OFTEN == 0:
            budget.check()
        if place >= len(row) or not _is_value(row[place], point):
            continue
        at = header + 1 + rows.line_num
        without.append(at)
        if point.step is None:
            with_step.append(at)
        elif (first := next((row[n] for n in counters if n < len(row) and row[n].strip()), None)) is not None:
            if _number(first) == point.step:
                with_step.append(at)
        elif number == point.step:
            with_step.append(at)  # the reader counted rows
    # A column called otherwise may hold the steps: the value alone will do where it stands once.
    chosen = with_step or (without if len(without) == 1 and not counters else [])
    if point.repeat >= len(chosen):
        return None
    line = chosen[point.repeat]
    return Found(line, f"column {name}", lines[line - 1])


def find_in_lines(text: str, wanted: Wanted, budget: Budget, *, is_own: bool) -> Found | None:
    """A line with the value and the step among its words; one that also names the metric goes first.

    is_own   whether the file is that of this one metric; the lines of other files have to name it.
    """
    point = wanted.point
    if point is None:
        return None
    best: dict[tuple[bool, bool], list[Found]] = {}
    last = _whole(wanted.name, wanted.name.rpartition("/")[2].rpartition(".")[2])
    for number, line in _numbered(text, budget):
        if not is_own and not last.search(line):
            continue
        words = _WORDS.findall(line)
        if not any(_is_value(word, point) for word in words):
            continue
        key = (wanted.name in line, point.step is not None and any(_number(word) == point.step for word in words))
        best.setdefault(key, []).append(Found(number, "", line))
    if not best:
        return None
    found = best[max(best, key=lambda key: (key[1], key[0]))]
    return found[point.repeat] if point.repeat < len(found) else None


def find_key(text: str, wanted: Wanted, budget: Budget) -> Found | None:
    """The line of a param in YAML, TOML, INI or lines of `key = value`, told by indentation and section headers."""
    if not wanted.path:
        return None
    stack: list[tuple[int, str]] = []
    section: tuple[str, ...] = ()
    close: Found | None = None
    for number, line in _numbered(text, budget):
        head = _SECTION.fullmatch(line)
        if head is not None:
            section, stack = tuple(part.strip().strip("\"'") for part in head[1].split(".")), []
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
        if path == wanted.path and may_be(value, wanted.text):
            return Found(number, ".".join(wanted.path), line)
        if close is None and _is_near(path, wanted.path) and wanted.text and _whole(wanted.text).search(value):
            close = Found(number, match[2], line)
    return close


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
    """Whether two key paths are one but for places in lists, dots in keys, and what stands above one of them."""
    one, other = (".".join(part for part in parts if not part.isdigit()) for parts in (path, wanted))
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


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
