"""Finds a point or a param in databases of many runs: the table, the column, and the number of the row.

The rows are read as the readers read them, and told only where they hold the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from runfolio.model.display import plain, storable
from runfolio.model.origin import Place, Wanted
from runfolio.model.params import text_of
from runfolio.readers.contract import Budget
from runfolio.readers.documents import params_of, parse_json
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import load_json
from runfolio.readers.mlflow_cells import value_of
from runfolio.readers.optuna import INTERMEDIATE, id_of, kept_value, objectives, trials_in
from runfolio.readers.series_builder import as_step, numbers_in
from runfolio.readers.sqlite_file import ROW_ID, Cell, Store, opened
from runfolio.readers.trackio import unspelled


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that may hold the value: `number` of a point, `text` of a param; `run` is the tracker's id."""

    table: str
    column: str
    row: Cell
    run: str
    step: int | None = None
    number: float | None = None
    text: str = ""


def find_in_store(folder: Folder, name: str, reader: str, wanted: Wanted, budget: Budget) -> Place | None:
    """The row that holds the value; None also where several runs may be meant and none was named.

    Raises FolderUnreadable and LimitReached as the reading of the file does.
    """
    rows = {"mlflow_sqlite": _mlflow, "optuna": _optuna, "trackio": _trackio}.get(reader)
    if rows is None or not (wanted.path or wanted.point):
        return None
    where = folder.where(name)
    with opened(folder, name, budget) as store:
        found = _choose(rows(store, where, wanted, budget), wanted)
    if found is None:
        return None
    # A row id of SQLite may be any number; tables made without one have none.
    record = found.row if isinstance(found.row, int) else None
    part = f"column {found.column}, key {plain('.'.join(wanted.path) or wanted.name, 120)}"
    return Place(where, record=record, part=part, inside=f"table {found.table}")


def _choose(rows: Iterable[_Row], wanted: Wanted) -> _Row | None:
    point = wanted.point
    ordinals: dict[str, int] = {}
    found: list[tuple[int, _Row]] = []
    for row in rows:
        if wanted.run not in ("", row.run):
            continue
        if point is None:
            if wanted.means(row.text):
                found.append((0, row))
            continue
        if row.number is None:
            continue
        ordinal = ordinals.get(row.run, 0)
        ordinals[row.run] = ordinal + 1
        if point.has(row.number) and point.step in (None, row.step):
            found.append((ordinal, row))
    if len({row.run for _, row in found}) != 1:
        return None
    if point is None:
        return found[-1][1]
    exact = [row for ordinal, row in found if ordinal == point.ordinal]
    if exact:
        return exact[0]
    return found[point.repeat][1] if point.repeat < len(found) else None


def _mlflow(store: Store, where: str, wanted: Wanted, budget: Budget) -> Iterator[_Row]:
    only: tuple[str, list[Cell]] | None = ("run_uuid", [wanted.run]) if wanted.run else None
    if wanted.point is None:
        for row, run, key, value in store.rows("params", (ROW_ID, "run_uuid", "key", "value"), only=only):
            if (storable(_text(key)),) == wanted.path:
                yield _Row("params", "value", row, storable(_text(run)), text=storable(_text(value)))
        return
    columns = (ROW_ID, "run_uuid", "key", "value", "step", "is_nan")
    order = ("timestamp", "step", "value", "is_nan")
    for count, (row, run, key, value, step, is_nan) in enumerate(store.rows("metrics", columns, order, only=only)):
        if count % 4096 == 0:
            budget.check(where)
        if storable(_text(key)) == wanted.name:
            number = value_of(value, is_nan)
            yield _Row("metrics", "value", row, storable(_text(run)), as_step(_plain(step)) or 0, number)


def _trackio(store: Store, where: str, wanted: Wanted, budget: Budget) -> Iterator[_Row]:
    key = "run_id" if "run_id" in store.tables.get("configs", ()) else "run_name"
    if wanted.point is None:
        for row, run, config in store.rows("configs", (ROW_ID, key, "config")):
            for param in params_of(parse_json(_bytes(config), where, budget)):
                if param.path == wanted.path:
                    yield _Row("configs", "config", row, storable(_text(run)), text=param.text)
        return
    for table, before in (("metrics", ""), ("system_metrics", "system/")):
        columns = (ROW_ID, key, "step", "metrics")
        for count, (row, run, step, data) in enumerate(store.rows(table, columns)):
            if count % 1024 == 0:
                budget.check(where)
            read = None
            with suppress(ValueError):
                read = load_json(_text(data))
            for name, number in numbers_in(unspelled(read), ".") if isinstance(read, dict) else ():
                if before + name == wanted.name:
                    yield _Row(table, "metrics", row, storable(_text(run)), as_step(_plain(step)), number)


def _optuna(store: Store, where: str, wanted: Wanted, budget: Budget) -> Iterator[_Row]:
    trials = trials_in(store, where, budget)
    if wanted.point is None:
        for row, trial_id, key in store.rows("trial_params", (ROW_ID, "trial_id", "param_name")):
            trial = trials.get(trial_id)
            if trial is not None and (storable(_text(key)),) == wanted.path:
                shown = text_of(trial.params.get(_text(key)))
                yield _Row("trial_params", "param_value", row, id_of(trial), text=shown)
        return
    if wanted.name == INTERMEDIATE and wanted.point.step is not None:
        columns = (ROW_ID, "trial_id", "step", "intermediate_value", "intermediate_value_type")
        for row, trial_id, step, value, kind in store.rows("trial_intermediate_values", columns, order=("step",)):
            if trial_id in trials:
                number = kept_value(value, kind)
                run = id_of(trials[trial_id])
                yield _Row("trial_intermediate_values", INTERMEDIATE, row, run, as_step(_plain(step)), number)
        return
    order = ("trial_id", "objective")
    places: dict[Cell, int] = {}
    ended = (ROW_ID, "trial_id", "value", "value_type")
    for row, trial_id, value, kind in store.rows("trial_values", ended, order=order):
        place = places.get(trial_id, 0)
        places[trial_id] = place + 1
        if trial_id in trials and [*objectives(trials[trial_id])][place][0] == wanted.name:
            yield _Row("trial_values", "value", row, id_of(trials[trial_id]), None, kept_value(value, kind))


def _text(value: Cell) -> str:
    if value is None:
        return ""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _bytes(value: Cell) -> bytes:
    return _text(value).encode("utf-8", "surrogateescape")


def _plain(value: Cell) -> int | float | None:
    return value if isinstance(value, int | float) else None
