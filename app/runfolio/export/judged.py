"""Judged tables of predictions in the recipe of a figure: what is drawn of them, so that nobody needs them again.

The path of a file is not kept: a figure that is passed on tells nothing of the disk it was made on, and drawing one
opens no file that a stranger has named.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runfolio.errors import UsageError
from runfolio.export.panel_recipe import Option, PanelRecipe
from runfolio.model.kinds import Classified, JudgedTable, Scored
from runfolio.model.metrics import Floats

LOOKS = ("confusion", "rates", "roc", "pr", "calibration")
MOST_LABELS = 60
MOST_TABLES = 8


def options_of(tables: Sequence[JudgedTable], look: str, of_class: str = "") -> tuple[tuple[str, Option], ...]:
    """The options of a panel that draws `look` of some tables; `of_class`: the class whose curves are shown.

    Those of the tables after the first are preceded by their place, and so are those of curves after the first of a
    table: `1/labels`, `0/2/x`.
    """
    options: dict[str, Option] = {
        "look": look,
        "of_class": of_class,
        "table": tables[0].name,
        "tables": tuple(one.name for one in tables),
    }
    for place, table in enumerate(tables):
        before, found = f"{place}/" if place else "", table.found
        options |= {
            f"{before}labels": found.labels, f"{before}counts": tuple(str(n) for n in found.confusion.ravel().tolist()),
            f"{before}rows": str(found.rows), f"{before}skipped": str(found.skipped), f"{before}notes": found.notes,
            f"{before}curves": str(len(found.scored)),
        }  # fmt: skip
        for curve, scored in enumerate(found.scored):
            ahead = f"{place}/{curve}/" if curve else before
            options |= {f"{ahead}{name}": value for name, value in _curve_options(scored, look).items()}
    return tuple(options.items())


def _curve_options(scored: Scored, look: str) -> dict[str, Option]:
    figures = {"auc": scored.auc, "average_precision": scored.average_precision, "share": scored.share}
    x, y = {
        "roc": (scored.fpr, scored.tpr),
        "pr": (scored.recall, scored.precision),
        "calibration": (scored.claimed, scored.found),
    }.get(look, (np.empty(0), np.empty(0)))
    return {
        "positive": scored.positive, **{part: repr(float(value)) for part, value in figures.items()},
        "brier": "" if scored.brier is None else repr(float(scored.brier)),
        "x": _texts(x), "y": _texts(y), "in_bin": tuple(str(n) for n in scored.in_bin),
    }  # fmt: skip


def _texts(values: Floats) -> tuple[str, ...]:
    return tuple(repr(float(value)) for value in values.tolist())


def tables_of(panel: PanelRecipe) -> tuple[JudgedTable, ...]:
    """The inverse; () for a panel without a table. Raises UsageError for what no table gives."""
    if not panel.texts("labels"):
        return ()
    # A recipe of an older figure has one table, and at most one curve.
    names = panel.texts("tables") or (panel.text("table"),)
    try:
        if len(names) > MOST_TABLES:
            raise ValueError(f"it has {len(names)} tables")
        return tuple(
            JudgedTable(name, None, _classified(panel, f"{place}/" if place else "", place))
            for place, name in enumerate(names)
        )
    except (ValueError, OverflowError) as error:
        raise UsageError(f"The recipe's table of predictions is damaged: {error}") from error


def _classified(panel: PanelRecipe, before: str, place: int) -> Classified:
    look, labels = panel.text("look"), panel.texts(f"{before}labels")
    if look not in LOOKS or not 0 < len(labels) <= MOST_LABELS:
        raise ValueError(f"it shows {look[:40]!r} of {len(labels)} classes")
    counts = np.array([int(n) for n in panel.texts(f"{before}counts")], dtype=np.int64)
    confusion = counts.reshape((len(labels), len(labels)) if len(counts) else (0, 0))
    has_one = 1 if panel.text(f"{before}positive") else 0
    curves = int(panel.text(f"{before}curves") or has_one)
    if not 0 <= curves <= MOST_LABELS:
        raise ValueError(f"it has {curves} curves")
    scored = tuple(_scored(panel, f"{place}/{curve}/" if curve else before, look) for curve in range(curves))
    rows, skipped = int(panel.text(f"{before}rows") or 0), int(panel.text(f"{before}skipped") or 0)
    if rows < 1 or (counts < 0).any() or (len(counts) and not counts.any()):
        raise ValueError("it has no rows")
    notes = panel.texts(f"{before}notes")
    return Classified((), "", "", "", labels, confusion, rows, skipped, scored, notes)


def _scored(panel: PanelRecipe, before: str, look: str) -> Scored:
    x, y = _floats(panel.texts(f"{before}x")), _floats(panel.texts(f"{before}y"))
    none = np.empty(0)
    in_bin = tuple(int(n) for n in panel.texts(f"{before}in_bin"))
    if len(x) != len(y) or (look == "calibration" and len(in_bin) != len(x)):
        raise ValueError("its curve has more places one way than the other")
    brier = panel.text(f"{before}brier")
    return Scored(
        panel.text(f"{before}positive"),
        *((x, y) if look == "roc" else (none, none)),
        float(panel.text(f"{before}auc")),
        *((x, y) if look == "pr" else (none, none)),
        float(panel.text(f"{before}average_precision")),
        float(panel.text(f"{before}share")),
        *((x, y) if look == "calibration" else (none, none)),
        in_bin,
        float(brier) if brier else None,
    )


def _floats(texts: Sequence[str]) -> Floats:
    return np.array([float(text) for text in texts], dtype=np.float64)
