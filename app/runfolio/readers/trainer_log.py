"""The log of a Hugging Face training out of all the states it left: one in its folder, one in each checkpoint.

As a rule the log of a checkpoint is the beginning of the next one's. It is not when a training was resumed without
its history, went on from an older checkpoint, or when the newest state is cut: then all rows of all logs are kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from runfolio.errors import RunfolioError
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, problem_from
from runfolio.readers.documents import Document, parse_json
from runfolio.readers.folder import Folder
from runfolio.readers.json_pieces import read_large_json

STATE = "trainer_state.json"
_LOG, _LOG_END = b'"log_history"', b"\n  ]"  # as the Trainer writes them: sorted keys, two blanks
_BESIDE = 1 << 16
"""Bytes before and after a log."""
_PIECE = 4 << 20


@dataclass(slots=True)
class TrainerLog:
    """What the states of a training say together.

    state     the one that got furthest; the folder's own among equals.
    where     the file it is in.
    rows      of all logs, in the order they were written; None where no state has a log.
    """

    state: dict[str, Json] = field(default_factory=dict)
    where: str = ""
    rows: list[Json] | None = None
    problems: list[Problem] = field(default_factory=list)


def read_log(places: Sequence[Folder], budget: Budget) -> TrainerLog:
    """The log of a training. `places` hold a state each: its own folder first, then checkpoints, the newest first."""
    found = TrainerLog(where=places[0].where(STATE) if places else "")
    furthest = -1.0
    newest: Folder | None = None
    for place in places:
        budget.check(place.shown)
        where = place.where(STATE)
        try:
            if found.rows is not None and newest is not None and _is_beginning(place, newest):
                continue
            if place.files[STATE].size > budget.text_bytes:
                document = read_large_json(place, STATE, budget)
            else:
                document = parse_json(place.read(STATE, budget.text_bytes), where, budget)
        except RunfolioError as failure:
            budget.check(place.shown)
            found.problems.append(problem_from(failure, "unreadable-file", where))
            continue
        found.problems += document.problems
        reached = _reached(document)
        rows = document.mapping.get("log_history")
        if isinstance(rows, list):
            older, newer = (rows, found.rows or []) if reached <= furthest else (found.rows or [], rows)
            # Of one log the rows are taken as they are: finding those of two again takes as long as parsing them.
            found.rows = union(older, newer) if older and newer else [*older, *newer]
        if reached > furthest:
            found.state, found.where, furthest, newest = document.mapping, where, reached, place
    return found


def _reached(document: Document) -> float:
    step = document.mapping.get("global_step")
    if isinstance(step, int | float) and not isinstance(step, bool):
        return step
    return 0 if document.mapping else -1


def _is_beginning(older: Folder, newer: Folder) -> bool:
    """Whether the text of one log begins that of the other, which spares parsing it."""
    mine, theirs = _log_span(older), _log_span(newer)
    if mine is None or theirs is None:
        return False
    for done in range(0, mine[1] - mine[0], _PIECE):
        size = min(_PIECE, mine[1] - mine[0] - done)
        if older.part(STATE, mine[0] + done, size) != newer.part(STATE, theirs[0] + done, size):
            return False
    return True


def _log_span(place: Folder) -> tuple[int, int] | None:
    """From where to where a log lies in its file, without its end; None where there is none, or where it is cut."""
    start = place.part(STATE, 0, _BESIDE).find(_LOG)
    rest = max(start, place.files[STATE].size - _BESIDE)
    end = place.part(STATE, rest, _BESIDE).find(_LOG_END) if start >= 0 else -1
    return (start, rest + end) if end >= 0 else None


def union(older: Sequence[Json], newer: Sequence[Json]) -> list[Json]:
    """All rows of two logs in their order, those in both once; where they part, the older ones first."""
    # Rows are compared by their text: a NaN is equal to itself there.
    places: dict[str, list[int]] = {}
    for place, row in enumerate(newer):
        places.setdefault(repr(row), []).append(place)
    merged: list[Json] = []
    done = 0
    for row in older:
        same = places.get(repr(row), [])
        ahead = bisect_left(same, done)
        if ahead < len(same):
            merged += newer[done : same[ahead] + 1]
            done = same[ahead] + 1
        else:
            merged.append(row)
    return [*merged, *newer[done:]]
