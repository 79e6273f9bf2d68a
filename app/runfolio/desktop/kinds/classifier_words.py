"""What the classifier panel says of judged tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runfolio.export.kind_rows import CURVE_ROWS, figure_of, places
from runfolio.model.display import count, counted, number, plain
from runfolio.model.kinds import JudgedTable, JudgedTables, Scored

Curves = Sequence[tuple[JudgedTable, Scored]]


def why_none(found: JudgedTables) -> tuple[str, str]:
    """A title and a text where nothing is judged."""
    if found.failed:
        name, reason = found.failed[0]
        more = f" {count(len(found.failed) - 1)} more runs have one like it." if len(found.failed) > 1 else ""
        return "The table cannot be judged", f"{plain(name, 60)}: {plain(reason, 200)}.{more}"
    looked = f"The files of the first {counted(found.looked, 'run')} in scope were looked through."
    if found.table:
        return "No such table", f"{looked} None has {plain(found.table, 80)}."
    if found.offered:
        return "No table is known to hold predictions", f"{looked} Choose one of their tables, or a file."
    return (
        "No tables",
        f"{looked} Wanted is a row for each example: its true class, and what was predicted or its score.",
    )


def _of_runs(answer: JudgedTables) -> list[str]:
    """Which tables are shown, and what has to be said of them."""
    first = answer.tables[0]
    words = []
    if len(answer.tables) == 1:
        words.append(f"{plain(first.name, 60)}: {counted(first.found.rows, 'row')}.")
        if first.found.skipped:
            words.append(f"{count(first.found.skipped)} with a gap in a column used are left out.")
    else:
        rows = sum(one.found.rows for one in answer.tables)
        words.append(f"{counted(len(answer.tables), 'run')}, {counted(rows, 'row')}.")
    if answer.failed:
        name, reason = answer.failed[0]
        words.append(f"{count(len(answer.failed))} not judged ({plain(name, 40)}: {plain(reason, 120)}).")
    return words


def _notes(answer: JudgedTables) -> list[str]:
    return [*dict.fromkeys(note for one in answer.tables for note in one.found.notes)]


def matrix_words(answer: JudgedTables) -> str:
    """Rows, and how many were right."""
    words = _of_runs(answer)
    having = [one for one in answer.tables if one.found.confusion.size]
    if not having:
        words.append("There are no predictions, and scores alone name no class.")
    elif len(having) == 1:
        found = having[0].found
        right = int(np.trace(found.confusion))
        words.append(f"Accuracy {number(right / int(found.confusion.sum()), 4)} ({count(right)} right).")
    else:
        shares = sorted(float(np.trace(one.found.confusion)) / one.found.confusion.sum() for one in having)
        words.append(f"Accuracy {number(shares[0], 4)} to {number(shares[-1], 4)}.")
    return " ".join([*words, *_notes(answer)])


def curve_words(answer: JudgedTables, curves: Curves, look: str) -> str:
    """Rows, the figure of one curve, and what its axes mean."""
    words = _of_runs(answer)
    if not curves:
        words.append("This needs scores of two classes, or a column of scores for each class.")
        return " ".join([*words, *_notes(answer)])
    own = curves[0][1]
    value = figure_of(own, look)[1]
    if len(curves) == 1 and value is not None:
        if look == "roc":
            words.append(f"Area under the curve {number(value, 4)}; the diagonal is chance.")
        elif look == "pr":
            chance = f"; by chance {number(own.share, 4)}" if np.isfinite(own.share) else ""
            words.append(f"Average precision {number(value, 4)}{chance}.")
        else:
            words.append(f"Brier score {number(value, 4)}. Ten bins; the diagonal is a perfect forecast.")
    elif look == "roc":
        words.append("The diagonal is chance.")
    elif look == "calibration":
        words.append("Ten bins; the diagonal is a perfect forecast.")
    positives = {one.positive for _, one in curves}
    if len(positives) == 1 and own.positive:
        words.append(f"Positive: {plain(own.positive, 40)}.")
    return " ".join([*words, *_notes(answer)])


def place_words(table: JudgedTable, cell: tuple[int, int], *, several: bool) -> str:
    """A cell of a matrix: true class, predicted class."""
    found, (true, guess) = table.found, cell
    n, total = int(found.confusion[true, guess]), int(found.confusion[true].sum())
    names = plain(found.labels[true], 40), plain(found.labels[guess], 40)
    share = f" ({n / total:.1%} of {names[0]})" if total else ""
    before = f"{plain(table.name, 60)}\n" if several else ""
    return f"{before}{names[0]} predicted as {names[1]}: {count(n)}{share}"


def curve_at(at: tuple[float, float], curves: Curves, look: str) -> tuple[JudgedTable, str]:
    """The nearest place of any curve to a place of the chart, 0 to 1 both ways: whose it is, and what it says."""
    across, up = at
    best: tuple[float, int, JudgedTable, Scored] | None = None
    for table, own in curves:
        x, y = places(own, look)
        apart = np.hypot(x - across, y - up)
        place = int(apart.argmin())
        if best is None or apart[place] < best[0]:
            best = float(apart[place]), place, table, own
    assert best is not None, "there are curves"
    _, place, table, own = best
    left, above = (float(part[place]) for part in places(own, look))
    lines = []
    if len(curves) > 1:
        several_runs = len({id(one) for one, _ in curves}) > 1
        lines.append(plain(table.name if several_runs else own.positive, 60))
    if look == "calibration":
        lines.append(f"Mean score {number(left, 3)}: {number(above, 3)} positive, {counted(own.in_bin[place], 'row')}")
    else:
        names = CURVE_ROWS[look]
        lines.append(f"{names[0]} {number(left, 3)}, {names[1]} {number(above, 3)}")
    return table, "\n".join(lines)
