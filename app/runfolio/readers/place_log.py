"""Finds a point or a param in the logs of records that W&B and SwanLab write."""

from __future__ import annotations

from dataclasses import replace

from runfolio.model.origin import Place, Point, Wanted
from runfolio.readers import leveldb_log, swanlab_records
from runfolio.readers.contract import Budget
from runfolio.readers.documents import params_of
from runfolio.readers.folder import Folder
from runfolio.readers.protobuf import BadMessage, fields
from runfolio.readers.wandb_records import LogReader

_HEAD_SIZE = 7
"""Bytes before the first record of W&B's and SwanLab's logs."""
_WITH_CONFIG = (5, 17)
"""Numbers of the config and of the run in a record of W&B."""


def find_in_log(folder: Folder, name: str, wanted: Wanted, budget: Budget) -> Place | None:
    """The record of a W&B or SwanLab log that holds a point or a param."""
    point = wanted.point
    where = folder.where(name)
    left = 0 if point is None else point.repeat
    number = 0
    last: Place | None = None
    for record in leveldb_log.records(lambda offset, size: folder.part(name, offset, size), _head(folder, name)):
        number += 1
        if number % 1024 == 0:
            budget.check(where)
        if isinstance(record, leveldb_log.Damage):
            continue
        if point is None and wanted.path and name.endswith(".wandb"):
            # Of a key that was given twice the last value is the one that counts.
            if _has_param(record, where, wanted, budget):
                last = Place(where, None, number, None, f"key {wanted.name}")
            continue
        if point is None:
            names = wanted.path or (wanted.text,)
            if not all(_encoded(part) in record for part in (*names, wanted.text)):
                continue
        elif not _has_point(record, where, wanted, point, budget):
            continue
        if not left:
            return Place(where, None, number, None, f"key {wanted.name}")
        left -= 1
    return last


def _head(folder: Folder, name: str) -> int:
    """Bytes of the writer's own head, which tells the format and its version."""
    return _HEAD_SIZE if folder.head(name, 4) in (b":W&B", b":SWL") else 0


def _has_param(record: bytes, where: str, wanted: Wanted, budget: Budget) -> bool:
    """Whether a record of the config, or of the run with its config, gives the param its value."""
    reader = LogReader(where, budget)
    try:
        if not any(number in _WITH_CONFIG for number, _, _, _ in fields(record, 0, len(record))):
            return False
        reader.take(record)
    except BadMessage:
        return False
    for path, document in reader.finish().config.items():
        if path == wanted.path[: len(path)]:
            for param in params_of(replace(document, value={path[-1]: document.value})):
                if (*path[:-1], *param.path) == wanted.path and wanted.means(param.text):
                    return True
    return False


def _has_point(record: bytes, where: str, wanted: Wanted, point: Point, budget: Budget) -> bool:
    if _encoded(wanted.name.rpartition("/")[2].rpartition(".")[2]) not in record:
        return False
    try:
        found = _in_swanlab(record, wanted) if where.endswith(".swanlab") else _in_wandb(record, where, wanted, budget)
    except BadMessage:
        return False
    return any(point.has(value) and point.step in (None, step) for step, value in found)


def _in_wandb(record: bytes, where: str, wanted: Wanted, budget: Budget) -> list[tuple[int, float]]:
    """The points of the wanted name in one record, as (step, value)."""
    reader = LogReader(where, budget)
    reader.take(record)
    log = reader.finish()
    found = log.history.series.get(wanted.name) or log.stats.get(wanted.name.removeprefix("system/"))
    return [] if found is None else [*zip(found.steps, found.values, strict=True)]


def _in_swanlab(record: bytes, wanted: Wanted) -> list[tuple[int, float]]:
    log = swanlab_records.Log()
    log.take(record)
    return [
        (int(step), float(value))
        for series in log.points.series("")
        if series.name == wanted.name or wanted.name.endswith(f"/{series.name}")
        for step, value in zip(series.step, series.value, strict=True)
    ]


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
