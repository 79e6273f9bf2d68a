"""JSON lines and JSON files of metrics as tables."""

from __future__ import annotations

from dataclasses import replace

from runfolio.model.params import Json
from runfolio.readers.contract import Budget, info, warning
from runfolio.readers.documents import decode, parse_json
from runfolio.readers.json_text import load_json
from runfolio.readers.table import ColumnBuilder, Table, flat, from_rows
from runfolio.readers.yaml_nodes import some

_LONGEST_LINE = 1 << 24
_LARGEST_FILE = 256 << 20


def read_json_lines(data: bytes, where: str, budget: Budget) -> Table:
    """One JSON object a line. A last line that was cut off is left out, as are lines that are no objects.

    NaN and infinities are accepted as Python writes them.
    """
    table = Table()
    text, odd = decode(data, where)
    table.problems += odd
    rows: list[tuple[int, dict[str, Json]]] = []
    bad: list[int] = []
    lines = text.split("\n" if "\n" in text else "\r")
    for number, line in enumerate(lines, 1):
        if number % 5_000 == 0:
            budget.check(where)
        line = line.strip("\0 \t\r")
        if not line:
            continue
        fields = _object(line)
        if fields is not None:
            rows.append((len(rows), fields))
        elif number == len(lines):
            message = "The last line is cut off and was left out"
            table.problems.append(warning("torn-line", where, message, "Normal for a run that was killed."))
        else:
            bad.append(number)
    if bad:
        first = ", ".join(f"{n:,}" for n in bad[:5])
        message = f"{len(bad):,} lines are no JSON objects and were left out, the first of them: {first}"
        table.problems.append(warning("bad-line", where, message))
    table.rows = len(rows)
    table.columns = from_rows(rows)
    return table


def _object(line: str) -> dict[str, Json] | None:
    if len(line) > _LONGEST_LINE:
        return None
    try:
        value = load_json(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def first_object(head: bytes) -> dict[str, Json] | None:
    """The object in the first line of a file of JSON lines; None when there is none."""
    text, _ = decode(head, "")
    return _object(text.lstrip().partition("\n")[0])


def read_json(data: bytes, where: str, budget: Budget) -> tuple[Table, bool]:
    """A JSON file of metrics; True beside it when it holds single figures rather than a history.

    Understood are rows (a list of objects, or an object with one such list), columns (an object of lists, which may
    be nested: the row is the position in the list), single figures (an object of numbers), and JSON lines under
    the name of JSON.
    """
    document = parse_json(data, where, replace(budget, text_bytes=_LARGEST_FILE))
    if any(p.code == "json-documents" for p in document.problems):
        return read_json_lines(data, where, budget), False
    table = Table(problems=[*document.problems])
    value = document.value
    rows = value if isinstance(value, list) else _only_rows(value)
    if rows is not None:
        objects = [(i, row) for i, row in enumerate(rows) if isinstance(row, dict)]
        if len(objects) < len(rows):
            message = f"{len(rows) - len(objects):,} of {len(rows):,} entries are no rows and were left out"
            table.problems.append(warning("odd-json", where, message))
        table.rows, table.columns = len(rows), from_rows(objects)
        return table, False
    if not isinstance(value, dict):
        table.problems.append(warning("odd-json", where, "The file holds no metrics: neither an object nor rows"))
        return table, False
    leaves = list(flat(value))
    lists = [(name, leaf) for name, leaf in leaves if isinstance(leaf, list) and leaf]
    if not lists:
        table.rows, table.columns = 1, from_rows([(0, value)])
        return table, True
    others = [name for name, leaf in leaves if not isinstance(leaf, list)]
    if others:
        message = f"Beside histories the file holds single values, which are not shown as metrics: {some(others)}"
        table.problems.append(info("single-values", where, message))
    for name, cells in lists:
        builder = ColumnBuilder()
        for row, cell in enumerate(cells):
            builder.add_json(row, cell)
        table.columns[name] = builder.build()
    table.rows = max(len(cells) for _, cells in lists)
    return table, False


def _only_rows(value: Json) -> list[Json] | None:
    """The one list of objects in an object (`log_history`), where there is just one."""
    if not isinstance(value, dict):
        return None
    found = [v for v in value.values() if isinstance(v, list) and v and all(isinstance(row, dict) for row in v)]
    return found[0] if len(found) == 1 else None
