"""Finds a param in a CatBoost model: in its JSON text, whichever of the two kinds of file that is packed in."""

from __future__ import annotations

from runfolio.model.origin import Wanted
from runfolio.model.params import text_of
from runfolio.readers.catboost import packed_text, params_of_model
from runfolio.readers.contract import Budget
from runfolio.readers.documents import decode
from runfolio.readers.place_json_leaves import leaves


def find_in_model(data: bytes, where: str, wanted: Wanted, budget: Budget) -> tuple[int, str] | None:
    """Where a param stands and its key: the character in a `model.json`, the byte in a `model.cbm`."""
    told = params_of_model(data, where, budget).get(wanted.path[0]) if wanted.path else None
    if told is None:
        return None
    value = told[1]
    for key in wanted.path[1:]:
        value = value.get(key) if isinstance(value, dict) else None
    if not wanted.means(text_of(value)):
        return None
    path = (*told[0], *wanted.path[1:])
    if where.endswith(".json"):
        text, _ = decode(data, where)
        # Early versions, and output options in all of them, are a text of JSON within the JSON.
        ways = [("model_info", *path), ("model_info", path[0])]
        start = 0
    else:
        place = packed_text(data, path[0])
        if place is None:
            return None
        text, start, ways = data[place].decode("utf-8", "replace"), place.start, [path[1:]]
    found: dict[int, int] = {}
    for leaf in leaves(text, budget):
        for way, names in enumerate(ways):
            # Its type stands for a whole entry, and the first of its items for a list.
            if leaf.path in ((*names, "type"), (*names, "0", "type")) or (
                leaf.path[: len(names)] == names and way not in found
            ):
                found[way] = leaf.start
    if not found:
        return None
    at = found[min(found)]
    return (at if where.endswith(".json") else start + len(text[:at].encode())), ".".join(path)
