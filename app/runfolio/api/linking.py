"""Decisions on which recordings are one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runfolio.api.stores import Stores
from runfolio.errors import UsageError
from runfolio.model.display import counted
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.model.links import LinkKind, RecordingName
    from runfolio.model.promotion import LedgerEntry
    from runfolio.model.run_detail import RecordingFacts


class Linking:
    """Runs split and joined by hand, kept in the ledger."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def split(self, run: RunKey, recordings: Sequence[int], *, reason: str = "") -> LedgerEntry:
        """Make recordings of a run (their places in `RunDetail.recordings`) runs of their own. Raises UsageError."""
        from runfolio.model.links import LinkKind

        detail = self._stores.runs([run])[0]
        chosen = sorted(set(recordings))
        if not chosen or not 0 <= chosen[0] <= chosen[-1] < len(detail.recordings):
            raise UsageError(
                f"The run has {counted(len(detail.recordings), 'recording')}", hint="Name some of them by number."
            )
        if len(chosen) == len(detail.recordings):
            raise UsageError("At least one recording stays with the run", hint="Leave one of them out.")
        staying = [facts for place, facts in enumerate(detail.recordings) if place not in chosen]
        names = [_name_of(detail.recordings[n], staying) for n in chosen]
        return self._decide([run], LinkKind.SPLIT, names, reason)

    def join(self, runs: Sequence[RunKey], *, chain: bool = False, reason: str = "") -> LedgerEntry:
        """Make several runs one; the first gives it its key, name and place. Raises UsageError.

        chain   they are legs of a run that was resumed: their series are laid end to end, by their starts. Otherwise
                they are recordings of one execution, and each metric is shown from one of them.
        """
        from runfolio.model.links import LinkKind

        keys = [*dict.fromkeys(runs)]
        if len(keys) < 2:
            raise UsageError("Joining takes two runs or more")
        names = [_name_of(next(r for r in detail.recordings if r.primary)) for detail in self._stores.runs(keys)]
        return self._decide(keys, LinkKind.CHAIN if chain else LinkKind.JOIN, names, reason)

    def _decide(
        self, runs: Sequence[RunKey], kind: LinkKind, names: Sequence[RecordingName], reason: str
    ) -> LedgerEntry:
        from runfolio.ledger import actions

        witnesses = self._stores.witnesses(runs)
        return self._stores.commit(
            lambda _, now: actions.link(witnesses, kind, names, time_us=now, actor=self._stores.actor, reason=reason)
        )


def _name_of(recording: RecordingFacts, staying: Sequence[RecordingFacts] | None = None) -> RecordingName:
    from runfolio.model.links import RecordingName

    others = None
    if staying is not None:
        others = tuple(sorted({other.path for other in staying if other.identity == recording.identity}))
    return RecordingName(recording.identity, recording.path, others)
