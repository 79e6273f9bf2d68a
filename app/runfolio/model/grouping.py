"""How runs are put into groups, and what a group shows of a metric: what is asked, not how it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from runfolio.model.params import Json
from runfolio.model.query import FieldRef

SEEDS = ("seed", "random_seed", "random_state", "rng_seed", "data_seed", "np_seed", "torch_seed", "manual_seed")
"""Params that runs of one replicate group may differ in, by the last part of their key; the user may change them."""


class Figure(StrEnum):
    """What a group row shows of the figures of its members."""

    MEAN_CI = "mean ± 95 % CI"
    MEAN_STD = "mean ± std"
    MEAN = "mean"
    STD = "std"
    BEST = "best"
    WORST = "worst"


@dataclass(frozen=True, slots=True)
class GroupBy:
    """Levels of groups from the outside in.

    fields       a level for each.
    replicates   whether the innermost level holds runs whose params are all equal but the `ignored`.
    ignored      params that replicates may differ in: the whole key or its last part, in upper or lower case.
    figure       what group rows show.
    """

    fields: tuple[FieldRef, ...] = ()
    replicates: bool = False
    ignored: tuple[str, ...] = SEEDS
    figure: Figure = Figure.MEAN_CI

    @property
    def active(self) -> bool:
        """Whether there is any level."""
        return bool(self.fields) or self.replicates

    @property
    def levels(self) -> int:
        """How deep the groups lie in each other."""
        return len(self.fields) + self.replicates

    def ignores(self, key: str) -> bool:
        """Whether replicates may differ in the param `key`.

        >>> GroupBy().ignores("trainer.seed"), GroupBy().ignores("seed_count")
        (True, False)
        """
        whole = key.casefold()
        last = whole.replace("/", ".").rpartition(".")[2]
        return any(name.casefold() in (whole, last) for name in self.ignored)

    def to_json(self) -> dict[str, Json]:
        """For sessions and saved views."""
        return {
            "fields": [field.id for field in self.fields],
            "replicates": self.replicates,
            "ignored": [*self.ignored],
            "figure": self.figure.value,
        }

    @classmethod
    def from_json(cls, tree: Mapping[str, Json]) -> GroupBy:
        """The inverse; parts that make no sense are left out."""
        fields: dict[FieldRef, None] = {}
        for id in _texts(tree.get("fields")):
            try:
                fields[FieldRef.from_id(id)] = None
            except ValueError:
                continue
        figure = tree.get("figure")
        return cls(
            tuple(fields),
            tree.get("replicates") is True,
            _texts(tree.get("ignored")) if isinstance(tree.get("ignored"), list) else SEEDS,
            Figure(figure) if figure in [*Figure] else Figure.MEAN_CI,
        )


def _texts(tree: Json) -> tuple[str, ...]:
    return tuple(piece for piece in tree if isinstance(piece, str)) if isinstance(tree, list) else ()
