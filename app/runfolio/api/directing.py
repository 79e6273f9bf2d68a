"""Which way is better for a metric where the user says so: kept in a file beside the library, in force everywhere."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from runfolio.api.stores import Stores
from runfolio.errors import FolderUnreadable
from runfolio.model.answers import Touched
from runfolio.model.direction import Direction, put_in_force

_log = logging.getLogger(__name__)


class Directing:
    """The directions that were chosen; metrics that are not among them are guessed by their names."""

    def __init__(self, stores: Stores, path: Path) -> None:
        self._stores = stores
        self._path = path
        self._chosen = _read(path)
        put_in_force(self._chosen)

    def directions(self) -> dict[str, Direction]:
        """What was chosen, by the name of the metric."""
        return dict(self._chosen)

    def set_direction(self, metric: str, direction: Direction | None) -> None:
        """Say which way is better for a metric; None guesses again. Raises FolderUnreadable when it cannot be kept."""
        chosen = {name: way for name, way in self._chosen.items() if name != metric}
        if direction is not None:
            chosen[metric] = direction
        if chosen == self._chosen:
            return
        _write(self._path, chosen)
        self._chosen = chosen
        put_in_force(chosen)
        self._stores.announce(Touched.RUNS)


def _read(path: Path) -> dict[str, Direction]:
    """What the file holds; entries that make no sense are left out."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s is not used: %s", path, error)
        return {}
    known = {way.value: way for way in Direction}
    pairs = tree.items() if isinstance(tree, dict) else ()
    return {name: known[way] for name, way in pairs if isinstance(way, str) and way in known}


def _write(path: Path, chosen: dict[str, Direction]) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({n: way.value for n, way in chosen.items()}, ensure_ascii=False, indent=1), "utf-8")
        part.replace(path)
    except OSError as error:
        raise FolderUnreadable(f"The direction could not be kept: {error}", where=str(path)) from error
