"""Finds a param in the queue of an offline run of Neptune: the last operation that assigned it."""

from __future__ import annotations

from runfolio.model.display import storable
from runfolio.model.origin import Wanted
from runfolio.model.params import Json, text_of
from runfolio.readers.contract import Budget
from runfolio.readers.json_text import load_json
from runfolio.readers.neptune import PARAMS
from runfolio.readers.place_json_leaves import leaves_of


def find_in_queue(text: str, wanted: Wanted, budget: Budget) -> tuple[int, str] | None:
    """Where the value starts in the text, and its key path; None when no operation assigned it."""
    found: tuple[int, str] | None = None
    name = "/".join(wanted.path)
    start = 0
    for line in text.split("\n"):
        budget.check()
        if '"path"' in line and (above := _assigned(line, name, wanted)) is not None:
            for leaf in leaves_of(line, start, budget):
                if leaf.path[: len(above)] == above:
                    found = leaf.start, ".".join(above)
                    break
        start += len(line) + 1
    return found


def _assigned(line: str, name: str, wanted: Wanted) -> tuple[str, ...] | None:
    """The path of the value in an operation that gave the param its value."""
    try:
        row = load_json(line)
    except ValueError:
        return None
    operation: Json = row.get("obj", row) if isinstance(row, dict) else None
    path = operation.get("path") if isinstance(operation, dict) else None
    if (
        not isinstance(operation, dict)
        or not isinstance(path, list)
        or not str(operation.get("type")).startswith("Assign")
    ):
        return None
    parts = [storable(str(part)) for part in path]
    if (
        parts[:1]
        and parts[0] in PARAMS
        and "/".join(parts[1:]) == name
        and wanted.means(text_of(operation.get("value")))
    ):
        return ("value",) if operation is row else ("obj", "value")
    return None
