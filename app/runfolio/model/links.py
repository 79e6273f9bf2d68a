"""What the user decides about which recordings make up a run: names for recordings, splits, joins, preferences.

The decisions are kept in the ledger and outlive the index, so they name a recording by what survives moving its folder:
its identity. The path only tells copies of one recording apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkKind(StrEnum):
    """What a decision does with the recordings that it names."""

    SPLIT = "split"  # each is taken out of the run that the rules put it in
    JOIN = "join"  # their runs are one run; what they recorded is merged
    CHAIN = "chain"  # their runs are legs of one run; series are laid end to end


@dataclass(frozen=True, slots=True)
class RecordingName:
    """A recording as the ledger names it: `identity` as `model.run.content_identity` gives it, and where it lay.

    others   where other copies of it lay in the same run that were not named with it; None where nobody noted that.
             A copy that comes to the library later is none of them: what was decided of the recording holds for it too.
    """

    identity: str
    path: str = ""
    others: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LinkDecision:
    """One decision, in the order of the ledger. In a JOIN or CHAIN the first recording's run keeps its key.

    entry   number of the ledger entry, for the reason shown beside each link.
    """

    kind: LinkKind
    recordings: tuple[RecordingName, ...]
    actor: str = ""
    entry: int = 0


@dataclass(frozen=True, slots=True)
class LinkChoices:
    """All that is the user's choice in linking.

    decisions   applied one after the other, after the rules.
    preferred   formats whose series and params are shown first where several recordings agree on a name; the others
                follow in the documented order.
    """

    decisions: tuple[LinkDecision, ...] = ()
    preferred: tuple[str, ...] = ()


NO_CHOICES = LinkChoices()
