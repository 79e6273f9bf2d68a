"""A judged table of predictions in the recipe of a figure: what is drawn of it, so that nobody needs the table again.

The file's path is not kept: a figure that is passed on tells nothing of the disk it was made on, and drawing one opens
no file that a stranger has named.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runfolio.errors import UsageError
from runfolio.export.recipe import Option, PanelRecipe
from runfolio.model.kinds import Classified, Scored
from runfolio.model.metrics import Floats

LOOKS = ("confusion", "rates", "roc", "pr", "calibration")
MOST_LABELS = 60


def options_of(found: Classified, look: str, name: str) -> tuple[tuple[str, Option], ...]:
    """The options of a panel that draws `look` of a table called `name`."""
    counts = tuple(str(n) for n in found.confusion.ravel().tolist())
    options: dict[str, Option] = {
        "look": look, "table": name, "labels": found.labels, "counts": counts, "rows": str(found.rows),
        "skipped": str(found.skipped), "notes": found.notes,
    }  # fmt: skip
    scored = found.scored
    if scored is not None:
        figures = {"auc": scored.auc, "average_precision": scored.average_precision, "share": scored.share}
        options |= {"positive": scored.positive, **{part: repr(float(value)) for part, value in figures.items()}}
        options["brier"] = "" if scored.brier is None else repr(float(scored.brier))
        x, y = {
            "roc": (scored.fpr, scored.tpr),
            "pr": (scored.recall, scored.precision),
            "calibration": (scored.claimed, scored.found),
        }.get(look, (np.empty(0), np.empty(0)))
        options |= {"x": _texts(x), "y": _texts(y), "in_bin": tuple(str(n) for n in scored.in_bin)}
    return tuple(options.items())


def _texts(values: Floats) -> tuple[str, ...]:
    return tuple(repr(float(value)) for value in values.tolist())


def classified_of(panel: PanelRecipe) -> Classified | None:
    """The inverse; None for a panel without a table. Raises UsageError for what no table gives."""
    labels = panel.texts("labels")
    if not labels:
        return None
    try:
        return _classified(panel, labels)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"The recipe's table of predictions is damaged: {error}") from error


def _classified(panel: PanelRecipe, labels: tuple[str, ...]) -> Classified:
    look = panel.text("look")
    if look not in LOOKS or len(labels) > MOST_LABELS:
        raise ValueError(f"it shows {look[:40]!r} of {len(labels)} classes")
    counts = np.array([int(n) for n in panel.texts("counts")], dtype=np.int64)
    confusion = counts.reshape((len(labels), len(labels)) if len(counts) else (0, 0))
    scored = None
    if panel.text("positive"):
        x, y = _floats(panel.texts("x")), _floats(panel.texts("y"))
        none = np.empty(0)
        in_bin = tuple(int(n) for n in panel.texts("in_bin"))
        if len(x) != len(y) or (look == "calibration" and len(in_bin) != len(x)):
            raise ValueError("its curve has more places one way than the other")
        scored = Scored(
            panel.text("positive"),
            *((x, y) if look == "roc" else (none, none)),
            float(panel.text("auc")),
            *((x, y) if look == "pr" else (none, none)),
            float(panel.text("average_precision")),
            float(panel.text("share")),
            *((x, y) if look == "calibration" else (none, none)),
            in_bin,
            float(panel.text("brier")) if panel.text("brier") else None,
        )
    rows, skipped = int(panel.text("rows") or 0), int(panel.text("skipped") or 0)
    if rows < 1 or (counts < 0).any() or (len(counts) and not counts.any()):
        raise ValueError("it has no rows")
    return Classified((), "", "", "", labels, confusion, rows, skipped, scored, panel.texts("notes"))


def _floats(texts: Sequence[str]) -> Floats:
    return np.array([float(text) for text in texts], dtype=np.float64)
