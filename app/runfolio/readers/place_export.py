"""Finds a point or a param in what neptune-exporter saved: the part of the run, the row, and the column."""

from __future__ import annotations

from collections.abc import Iterator

from runfolio.model.display import plain, storable
from runfolio.model.origin import Place, Wanted
from runfolio.model.params import text_of
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.neptune_export import PARAMS, PART, TYPED, frame_of, plain_value

_SERIES = "float_series"


def find_in_export(folder: Folder, name: str, wanted: Wanted, budget: Budget) -> Place | None:
    """The row of the value, looked for in all parts of the run that `name` is one of.

    Raises FolderUnreadable, and LimitReached for a part that is too large.
    """
    import polars as pl  # see csv_table

    found: list[tuple[int, Place]] = []
    ordinal = 0
    for part in _parts(folder, name):
        where = folder.where(part)
        try:
            frame = frame_of(folder.read(part, budget.metric_bytes), where).with_row_index("row")
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError):
            continue  # told where it is read
        budget.check(where)
        if wanted.run and wanted.run not in map(storable, frame["run_id"].drop_nulls().unique().to_list()):
            continue  # a part of another run
        column = "float_value" if wanted.point is not None else ""
        for path, kind in frame.select("attribute_path", "attribute_type").unique(maintain_order=True).iter_rows():
            if not isinstance(path, str) or not isinstance(kind, str) or not _is_named(storable(path), wanted):
                continue
            if wanted.point is None:
                column = TYPED.get(kind, "")
            elif kind != _SERIES:
                continue
            if column not in frame.columns:
                continue
            rows = frame.filter(pl.col("attribute_path") == path, pl.col("attribute_type") == kind)
            has_steps = "step" in rows.columns
            for row, value, step in rows.select("row", column, "step" if has_steps else pl.lit(None)).iter_rows():
                if wanted.point is not None and value is None:
                    continue
                if _is_value(value, step, wanted):
                    words = f"column {column}, attribute {plain(path, 80)}"
                    found.append((ordinal, Place(where, record=row + 1, part=words)))
                ordinal += 1
    if wanted.point is None:
        return found[-1][1] if found else None
    exact = [place for at, place in found if at == wanted.point.ordinal]
    if exact:
        return exact[0]
    return found[wanted.point.repeat][1] if wanted.point.repeat < len(found) else None


def _parts(folder: Folder, name: str) -> Iterator[str]:
    home, _, last = name.rpartition("/")
    own = PART.fullmatch(last)
    if own is None:
        return
    numbers: dict[int, str] = {}
    for other in folder.sub(home).files if home else folder.files:
        match = PART.fullmatch(other)
        if (
            match is not None
            and match["run"] == own["run"]
            and not (match["unfinished"] and int(match["number"]) in numbers)
        ):
            numbers[int(match["number"])] = other
    yield from (f"{home}/{part}".lstrip("/") for _, part in sorted(numbers.items()))


def _is_named(path: str, wanted: Wanted) -> bool:
    if wanted.point is not None:
        return path == wanted.name
    above, _, below = path.partition("/")
    name = ".".join(wanted.path)
    return path == name or (above in PARAMS and below == name)


def _is_value(value: object, step: object, wanted: Wanted) -> bool:
    point = wanted.point
    if point is None:
        return wanted.means(text_of(plain_value(value)))
    # Where steps have fractions the points were numbered instead.
    return isinstance(value, float) and point.has(value) and (point.step is None or step is None or step == point.step)
