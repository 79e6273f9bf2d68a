"""Decisions on which metric names are shown as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from runfolio.api.stores import Stores
from runfolio.model.display import storable

if TYPE_CHECKING:
    from runfolio.model.alignment import (
        AlignedName,
        AlignmentFacts,
        AlignmentPreview,
        Dismissal,
        NameFacts,
        Suggestion,
    )
    from runfolio.model.promotion import LedgerEntry


class Aligning:
    """Names of one metric, suggested, tried, and kept in the ledger."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def alignments(self) -> tuple[AlignmentFacts, ...]:
        """Which metric names are shown as one, and what that does in this index, by the name they are shown under."""
        from runfolio.index.alignments import alignment_facts

        return alignment_facts(self._stores.db, tuple(self._stores.state.alignments.values()))

    def metric_names(self) -> tuple[NameFacts, ...]:
        """The names that runs have for their metrics, with the range of their values; aligned names are none."""
        from runfolio.index.alignments import name_facts

        return name_facts(self._stores.db)

    def suggest_alignments(self) -> tuple[Suggestion, ...]:
        """Metric names that are probably one metric, each with the reason; what matters most first."""
        from runfolio.analysis.align import families, held_out_parts, suggest
        from runfolio.index.alignments import name_facts, parts_together, together
        from runfolio.model.alignment import Evidence

        with self._stores.db.snapshot():
            facts = name_facts(self._stores.db)
            names = [f.name for f in facts]
            own = families(names)
            in_families = [name for family in own for name in family]
            # Whether val and eval are one in a library shows in any of its runs, but matters where both name a figure.
            parts = held_out_parts(names) if held_out_parts(in_families) else {}
            evidence = Evidence(facts, together(self._stores.db, own), parts_together(self._stores.db, parts))
        return suggest(
            evidence, tuple(self._stores.state.alignments.values()), tuple(self._stores.state.dismissals.values())
        )

    def preview_alignment(self, target: str, names: Sequence[AlignedName]) -> AlignmentPreview:
        """How many runs would get values, by `names` in order and the target itself left out; nothing is changed."""
        from runfolio.index.alignments import preview

        return preview(self._stores.db, storable(target), [replace(n, name=storable(n.name)) for n in names])

    def align(
        self, target: str, names: Sequence[AlignedName], *, instead_of: str = "", reason: str = ""
    ) -> LedgerEntry:
        """Show metrics under one name; runs that have a metric `target` keep it, others show the first they have.

        names        all that are shown as `target` from now on, in place of those that were.
        instead_of   an alignment that this one replaces, under another name.
        Raises UsageError for a scale that is none, a name that is shown under another already, and no change at all.
        """
        others = [replace(n, name=storable(n.name)) for n in names]
        changes: dict[str, Sequence[AlignedName]] = {storable(target): others}
        if instead_of and instead_of != target:
            changes = {storable(instead_of): (), **changes}
        return self._decide(changes, reason)

    def unalign(self, target: str, *, reason: str = "") -> LedgerEntry:
        """Show nothing but its own metric under a name again. Raises UsageError when no names are shown as it."""
        return self._decide({storable(target): ()}, reason)

    def keep_apart(self, names: Sequence[str], *, reason: str = "") -> LedgerEntry:
        """Say that names are not one metric: they are not suggested together again. Raises UsageError."""
        from runfolio.ledger import align_actions

        different = [storable(name) for name in names]
        return self._stores.commit(
            lambda state, now: align_actions.keep_apart(
                state, different, time_us=now, actor=self._stores.actor, reason=reason
            )
        )

    def kept_apart(self) -> tuple[Dismissal, ...]:
        """The names that the user said are not one metric, oldest first; `undo` of an entry ends it."""
        return tuple(self._stores.state.dismissals.values())

    def _decide(self, changes: Mapping[str, Sequence[AlignedName]], reason: str) -> LedgerEntry:
        from runfolio.ledger import align_actions

        return self._stores.commit(
            lambda state, now: align_actions.align(state, changes, time_us=now, actor=self._stores.actor, reason=reason)
        )
