"""The groups of the dialog that aligns metric names, as plain data: what stands, what is suggested, what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from runfolio.model.alignment import (
    AlignedName,
    AlignmentFacts,
    Dismissal,
    NameFacts,
    Strength,
    Suggestion,
    scale_words,
)
from runfolio.model.display import number

MOST_SUGGESTED = 200
"""Suggestions shown at once; deciding some makes room for the next."""


class GroupKind(StrEnum):
    """What can be done with a group."""

    ALIGNED = "Aligned"
    SUGGESTED = "Suggested"
    NEW = "New"
    APART = "Kept apart"


@dataclass(frozen=True, slots=True)
class NameRow:
    """A name of a group. `chosen`: it is, or would be, shown under the target; the target itself always is."""

    name: str
    scale: float
    chosen: bool
    reason: str
    facts: NameFacts | None

    @property
    def runs(self) -> int:
        """Runs that have it under this very name."""
        return 0 if self.facts is None else self.facts.runs

    @property
    def range_words(self) -> str:
        """`0.12 … 0.97`, the finite values of all runs; "" where there are none."""
        if self.facts is None or self.facts.low is None:
            return ""
        return f"{number(self.facts.low, 3)} … {number(self.facts.high, 3)}"


@dataclass(frozen=True, slots=True)
class NameGroup:
    """Names that are, or may be, one metric.

    target   what they are shown as; for names kept apart, a title.
    entry    the ledger entry that decided, for what stands or is kept apart.
    """

    kind: GroupKind
    target: str
    rows: tuple[NameRow, ...]
    strength: Strength | None = None
    entry: int = 0

    @property
    def names(self) -> tuple[AlignedName, ...]:
        """The chosen names; the target itself, should it be among them, says nothing."""
        return tuple(AlignedName(r.name, r.scale) for r in self.rows if r.chosen or r.name == self.target)

    @property
    def runs(self) -> int:
        """Runs that have one of the names at least, as far as the counts of the names say."""
        return sum(row.runs for row in self.rows)

    def with_target(self, target: str) -> NameGroup:
        """Under another name; where that is one of the names, all scales are taken against its own."""
        own = next((row for row in self.rows if row.name == target), None)
        if own is None or own.scale == 1.0:
            return replace(self, target=target)
        rows = tuple(replace(row, scale=_ratio(row.scale, own.scale)) for row in self.rows)
        return replace(self, target=target, rows=rows)

    def with_row(self, place: int, *, chosen: bool | None = None, scale: float | None = None) -> NameGroup:
        """With another scale or choice for one of the names."""
        row = self.rows[place]
        changed = replace(
            row, chosen=row.chosen if chosen is None else chosen, scale=row.scale if scale is None else scale
        )
        return replace(self, rows=(*self.rows[:place], changed, *self.rows[place + 1 :]))

    def with_name(self, name: str, facts: NameFacts | None) -> NameGroup:
        """With one more name, if it is not there already."""
        if any(row.name == name for row in self.rows):
            return self
        return replace(self, rows=(*self.rows, NameRow(name, 1.0, True, "chosen by you", facts)))


def groups_of(
    alignments: Sequence[AlignmentFacts], suggestions: Sequence[Suggestion], apart: Sequence[Dismissal]
) -> tuple[NameGroup, ...]:
    """The groups there are: what stands first, then what is suggested, then what the user said is not one."""
    standing = {facts.alignment.target: facts for facts in alignments}
    found = [_aligned(facts) for facts in alignments]
    for suggestion in suggestions[:MOST_SUGGESTED]:
        rows = [_own(suggestion.target, suggestion.own)]
        if suggestion.extends and suggestion.target in standing:
            rows = [*_aligned(standing[suggestion.target]).rows]
        sure = {part.name for part in suggestion.parts}
        for named in suggestion.names:
            why = f"{named.strength}: {named.reason}"
            rows.append(NameRow(named.name, named.scale, named.name in sure, why, named.facts))
        found.append(NameGroup(GroupKind.SUGGESTED, suggestion.target, tuple(rows), suggestion.strength))
    for dismissal in apart:
        rows = [NameRow(name, 1.0, False, "", None) for name in dismissal.names]
        found.append(NameGroup(GroupKind.APART, ", ".join(dismissal.names), tuple(rows), entry=dismissal.entry))
    return tuple(found)


def new_group(facts: NameFacts) -> NameGroup:
    """A group of one metric, to which the user adds others."""
    return NameGroup(GroupKind.NEW, facts.name, (_own(facts.name, facts),))


def group_with(groups: Sequence[NameGroup], metric: str) -> int | None:
    """The place of the first group that is about a metric; None when there is none."""
    for place, group in enumerate(groups):
        if group.kind is not GroupKind.APART and metric in (group.target, *(row.name for row in group.rows)):
            return place
    return None


def scale_text(scale: float) -> str:
    """A scale as it stands in its cell: `0.01`, `1`."""
    return scale_words(scale).removeprefix(" × ") or "1"


def _aligned(facts: AlignmentFacts) -> NameGroup:
    rows = [_own(facts.alignment.target, facts.own)] if facts.own is not None else []
    rows += [NameRow(p.name.name, p.name.scale, True, _shown(p.shown), p.facts) for p in facts.parts]
    return NameGroup(GroupKind.ALIGNED, facts.alignment.target, tuple(rows), entry=facts.alignment.entry)


def _own(target: str, facts: NameFacts | None) -> NameRow:
    return NameRow(target, 1.0, True, "the name itself: its runs keep their values", facts)


def _shown(runs: int) -> str:
    return f"shown for {runs} run{'' if runs == 1 else 's'}" if runs else "no run shows it at the moment"


def _ratio(one: float, other: float) -> float:
    # 1 / 0.01 is 100 to the last digit; other ratios may miss it by the last one, which nobody would type.
    return float(f"{one / other:.12g}")
