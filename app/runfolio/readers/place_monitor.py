"""Finds an episode in the monitor files of a run: the line of the file whose row holds the value.

The step of a point is summed over the episodes of all environments, so that no row states it: the rows of all files are
put in the order of their ends, as they are when they are read, and counted.
"""

from __future__ import annotations

from runfolio.errors import RunfolioError
from runfolio.model.display import plain
from runfolio.model.origin import Place, Wanted
from runfolio.model.secrets import mask_text
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.sb3 import MONITOR, began_at, episode_of, is_ours

_BEFORE = "monitor/"


def find_in_monitors(folder: Folder, name: str, wanted: Wanted, budget: Budget) -> Place | None:
    """The row of an episode. name   one of the run's monitor files. Raises FolderUnreadable, LimitReached for time."""
    point = wanted.point
    column = wanted.name.removeprefix(_BEFORE)
    if point is None or not wanted.name.startswith(_BEFORE):
        return None
    above = name.rpartition("/")[0]
    home = folder.sub(above) if above else folder
    found: list[tuple[float, str, int, str, dict[str, float]]] = []
    for file in sorted(n for n in home.files if MONITOR.fullmatch(n) and is_ours(home, n)):
        budget.check(home.where(file))
        try:
            data = home.read(file, budget.metric_bytes)
        except RunfolioError:
            continue  # told where it is read
        head, _, body = data.partition(b"\n")
        began = began_at(head)
        lines = body.decode("utf-8", "replace").split("\n")
        names = [cell.strip() for cell in lines[0].split(",")]
        for number, line in enumerate(lines[1:], 3):
            row = episode_of(names, line) if line.strip() else None
            if row is not None:
                found.append((began + row.get("t", 0.0), file, number, line, row))
    found.sort(key=lambda episode: episode[0])
    steps = 0
    ordinal = 0
    held: list[tuple[int, Place]] = []
    for _, file, number, line, row in found:
        steps += int(row["l"]) if abs(row["l"]) < 2**63 else 0
        if column not in row:
            continue
        if steps == point.step and point.has(row[column]):
            part = f"column {plain(column, 80)}"
            held.append((ordinal, Place(home.where(file), number, part=part, excerpt=plain(mask_text(line), 200))))
        ordinal += 1
    exact = [place for at, place in held if at == point.ordinal]
    if exact:
        return exact[0]
    return held[point.repeat][1] if point.repeat < len(held) else None
