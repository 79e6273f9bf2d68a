"""How runs are put into groups, and what a group shows of a metric: what is asked, not how it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from runfolio.model.params import Json
from runfolio.model.query import FieldRef


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
    replicates   whether the innermost level holds runs of one configuration: same experiment, data and params.
    ignored      keys of params that do not count for that, "experiment" and "data" where those do not; None for the
                 seeds and what only names a run, as found by their names.
    figure       what group rows show.
    """

    fields: tuple[FieldRef, ...] = ()
    replicates: bool = False
    ignored: tuple[str, ...] | None = None
    figure: Figure = Figure.MEAN_CI

    @property
    def active(self) -> bool:
        """Whether there is any level."""
        return bool(self.fields) or self.replicates

    @property
    def levels(self) -> int:
        """How deep the groups lie in each other."""
        return len(self.fields) + self.replicates

    def to_json(self) -> dict[str, Json]:
        """For sessions and saved views."""
        return {
            "fields": [field.id for field in self.fields],
            "replicates": self.replicates,
            "ignored": None if self.ignored is None else [*self.ignored],
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
            _texts(tree.get("ignored")) if isinstance(tree.get("ignored"), list) else None,
            Figure(figure) if isinstance(figure, str) and figure in [*Figure] else Figure.MEAN_CI,
        )


def _texts(tree: Json) -> tuple[str, ...]:
    return tuple(piece for piece in tree if isinstance(piece, str)) if isinstance(tree, list) else ()


@dataclass(frozen=True, slots=True)
class ReplicateRule:
    """What makes replicates of runs.

    ignored   keys of the params that do not count.
    words     the rule for people: `same experiment, data and params (fractions to 12 digits), but for seed`.
    """

    ignored: tuple[str, ...]
    words: str
