"""Finds a point or a param in Aim's stores: the file of the database, and the write that put it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runfolio.model.display import plain
from runfolio.model.origin import Place, Wanted
from runfolio.model.params import Json, flatten
from runfolio.readers.aim import columns_of, rows_of
from runfolio.readers.aim_keys import Path, Value, path_of, tree_of, value_of
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.rocksdb_files import read_store

_META, _SEQUENCES = "meta", "seqs"


@dataclass(slots=True)
class _Store:
    """What a store holds by path, and for each path the file and the number of the write."""

    values: dict[Path, Value] = field(default_factory=dict)
    writes: dict[Path, tuple[str, int]] = field(default_factory=dict)

    def below(self, above: Path) -> dict[Path, Value]:
        """The values below a path, in the order of their keys, by the rest of their paths."""
        return {path[len(above) :]: v for path, v in self.values.items() if path[: len(above)] == above}


def find_in_aim(folder: Folder, store: str, wanted: Wanted, budget: Budget) -> Place | None:
    """The write that holds a value, in the store of one run: of its sequences for points, of its facts for params.

    store   the folder of the database that the reader named. Raises FolderUnreadable and LimitReached.
    """
    place = folder.sub(store)
    held = _read(place, budget)
    run = place.name
    if wanted.point is None:
        path = _of_param(held, run, wanted)
    else:
        above = store.rpartition(f"{_SEQUENCES}/chunks/{run}")[0]
        facts = _read(folder.sub(f"{above}{_META}/chunks/{run}"), budget)
        path = _of_point(held, run, wanted, tree_of(facts.below((_META, "chunks", run, "contexts")).items()))
    if path is None or path not in held.writes:
        return None
    name, number = held.writes[path]
    key = "/".join(map(str, path))
    return Place(place.where(name), record=number, part=f"key {plain(key, 160)}", inside="the database's writes")


def _read(folder: Folder, budget: Budget) -> _Store:
    places: dict[bytes, tuple[str, int]] = {}
    values: Mapping[bytes, bytes] = read_store(folder, budget, places).values
    held = _Store()
    for key in sorted(values):
        path = path_of(key)
        if path is not None:
            held.values[path], held.writes[path] = value_of(values[key]), places[key]
    return held


def _of_param(held: _Store, run: str, wanted: Wanted) -> Path | None:
    above: Path = (_META, "chunks", run, "attrs")
    leaves = held.below(above)
    tree = tree_of(leaves.items())
    for param in flatten(tree) if isinstance(tree, dict) else ():
        if param.path == wanted.path and wanted.means(param.text):
            # Of a list the mark that makes it one stands for it, or its first item.
            texts = ((tuple(map(str, path[: len(wanted.path)])), path) for path in leaves)
            return next(((*above, *path) for text, path in texts if text == wanted.path), None)
    return None


def _of_point(held: _Store, run: str, wanted: Wanted, contexts: Json) -> Path | None:
    point = wanted.point
    for name, above, columns in columns_of(held.below((_SEQUENCES,)).items(), run, contexts):
        if name != wanted.name or point is None:
            continue
        rows = enumerate(rows_of(columns))
        found = [(n, place) for n, (step, value, _, place) in rows if step == point.step and point.has(value)]
        exact = [place for n, place in found if n == point.ordinal]
        if exact or point.repeat < len(found):
            return (_SEQUENCES, *above, "val", exact[0] if exact else found[point.repeat][1])
    return None
