"""How groups are compared, as the user chose it: what undo brings back and a session keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runfolio.desktop.session import texts
from runfolio.model.params import Json
from runfolio.model.query import FieldRef
from runfolio.model.statistics import LEVEL, Method

LEVELS = (0.9, 0.95, 0.99)

METHOD_TITLES = {
    Method.T: "t test (Welch's, or of pairs)",
    Method.PERMUTATION: "Permutation test",
    Method.BOOTSTRAP: "Permutation test, bootstrap interval",
    Method.BCA: "Permutation test, BCa interval",
}


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """The choices of the group comparison.

    by         fields that make the groups; () for repetitions of one configuration.
    metrics    figures compared; None for the one that most runs share.
    baseline   name of the group that others are measured against; "" for the one that holds the baseline run.
    pairing    False: no pairs although there are some.
    single     whether groups of one run are shown.
    ignored    params ignored beside those that the rule finds by itself; `counted` those counted although it does not.
    """

    by: tuple[FieldRef, ...] = ()
    metrics: tuple[FieldRef, ...] | None = None
    baseline: str = ""
    method: Method = Method.T
    level: float = LEVEL
    pairing: bool = True
    single: bool = False
    ignored: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()

    def with_param(self, key: str, *, ignored: bool, by_itself: bool) -> GroupSettings:
        """The same with a param that does not count, or does; `by_itself`: what the rule says without being told."""
        without = replace(
            self,
            ignored=tuple(k for k in self.ignored if k != key),
            counted=tuple(k for k in self.counted if k != key),
        )
        if ignored == by_itself:
            return without
        if ignored:
            return replace(without, ignored=(*without.ignored, key))
        return replace(without, counted=(*without.counted, key))

    def saved(self) -> dict[str, Json]:
        """What a session keeps."""
        metrics: list[Json] | None = None if self.metrics is None else [m.id for m in self.metrics]
        return {
            "by": [f.id for f in self.by],
            "metrics": metrics,
            "baseline": self.baseline,
            "method": self.method.value,
            "level": self.level,
            "pairing": self.pairing,
            "single": self.single,
            "ignored": [*self.ignored],
            "counted": [*self.counted],
        }

    @classmethod
    def from_saved(cls, kept: Json) -> GroupSettings:
        """The inverse of `saved`; what is ill-formed is left out."""
        if not isinstance(kept, dict):
            return cls()
        method, level, baseline = kept.get("method"), kept.get("level"), kept.get("baseline")
        return cls(
            _fields(kept.get("by")),
            _fields(kept.get("metrics")) or None,
            baseline if isinstance(baseline, str) else "",
            Method(method) if method in [m.value for m in Method] else Method.T,
            level if isinstance(level, float) and level in LEVELS else LEVEL,
            kept.get("pairing") is not False,
            kept.get("single") is True,
            texts(kept.get("ignored")),
            texts(kept.get("counted")),
        )


def _fields(tree: Json) -> tuple[FieldRef, ...]:
    found = []
    for text in texts(tree):
        try:
            found.append(FieldRef.from_id(text))
        except ValueError:
            continue
    return tuple(found)
