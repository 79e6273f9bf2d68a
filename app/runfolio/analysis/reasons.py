"""Why runs differ: what changed in data, params, code and environment, the likeliest cause first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from runfolio.analysis.diff import MISSING, DiffCell, DiffRow, RunDiff, SectionId, short_digest
from runfolio.analysis.replicates import repeats
from runfolio.model.display import counted


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that changed. `kind` is "dataset", "param", "code" or "environment"; `key` names the row it is from.

    text    without the kind: "cifar10 train changed: 9f2c → b771 (+2 000 rows)", "optim.lr 1e-3 → 3e-3".
    """

    kind: str
    key: str
    text: str


_CODE = ("git.", "script", "command")
_SHOWN_VALUES = 3


def headline(diff: RunDiff, limit: int = 8) -> tuple[Reason, ...]:
    """What changed against the baseline, at most `limit` items; the last one then counts what is left.

    Data comes first, then params (seeds and paths of outputs last), code, environment. Metrics are effects, so
    they are not in it.
    """
    found = [*_datasets(diff), *_params(diff), *_code(diff)]
    if len(found) <= limit:
        return tuple(found)
    rest = len(found) - limit + 1
    return (*found[: limit - 1], Reason("more", "", f"and {rest} more"))


def _datasets(diff: RunDiff) -> Iterator[Reason]:
    for row in diff.section(SectionId.DATASETS).rows:
        if row.differs:
            base = row.cells[diff.baseline]
            others = _others(diff, row)
            yield Reason("dataset", row.key, f"{row.key} changed: {_change(_digest(base), map(_digest, others))}"
                         + _rows(base, others))  # fmt: skip


def _digest(cell: DiffCell) -> str:
    if cell.missing:
        return MISSING
    value = cast("dict[str, str | None]", cell.value)
    return short_digest(value["digest"] or value["name"] or "")


def _rows(base: DiffCell, others: list[DiffCell]) -> str:
    if len(others) != 1 or base.missing or others[0].missing:
        return ""
    before = cast("dict[str, int | None]", base.value)["rows"]
    after = cast("dict[str, int | None]", others[0].value)["rows"]
    if before is None or after is None or before == after:
        return ""
    return f" ({'+' if after > before else '−'}{counted(abs(after - before), 'row')})"


def _params(diff: RunDiff) -> Iterator[Reason]:
    rows = [r for r in diff.section(SectionId.PARAMS).rows if r.differs]
    for row in sorted(rows, key=_by_design):
        yield Reason("param", row.key, f"{row.key} {_values(diff, row)}")


def _by_design(row: DiffRow) -> bool:
    # Seeds and what only names a run differ by design and explain little.
    return repeats(row.path[-1])


def _code(diff: RunDiff) -> Iterator[Reason]:
    rows = [r for r in diff.section(SectionId.CODE).rows if r.differs]
    for row in sorted(rows, key=lambda r: not r.key.startswith(_CODE)):
        code = row.key.startswith(_CODE)
        name = row.key.removeprefix("git.")
        yield Reason("code" if code else "environment", row.key, f"{name} {_values(diff, row)}")


def _values(diff: RunDiff, row: DiffRow) -> str:
    return _change(row.cells[diff.baseline].text, (c.text for c in _others(diff, row)))


def _others(diff: RunDiff, row: DiffRow) -> list[DiffCell]:
    return [c for i, c in enumerate(row.cells) if i != diff.baseline]


def _change(base: str, others: Iterable[str]) -> str:
    """`before → after`, with the other runs' values once each, at most three."""
    values = [*dict.fromkeys(v for v in others if v != base)]
    shown = ", ".join(values[:_SHOWN_VALUES])
    return f"{base} → {shown}" + (", …" if len(values) > _SHOWN_VALUES else "")
