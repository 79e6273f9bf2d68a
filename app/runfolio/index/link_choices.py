"""Applies what the user decided about the recordings of runs: splits, joins and chains of resumed runs."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence

from runfolio.index.link_groups import Group, Joined
from runfolio.index.linkable import Linkable
from runfolio.index.passed_keys import told_apart
from runfolio.model.links import LinkDecision, LinkKind, RecordingName


def apply_choices(
    groups: Sequence[Group], keys: MutableMapping[int, str], decisions: Sequence[LinkDecision]
) -> list[Group]:
    """The groups after all decisions, one applied after the other; `keys` gets those of groups that are new.

    A decision about recordings that are not there (their folder was taken out of the library) waits for them.
    """
    found = [*groups]
    for decision in decisions:
        if decision.kind is LinkKind.SPLIT:
            found = _split(found, keys, decision)
        else:
            _join(found, decision)
        found = [g for g in found if g.absorbed_by is None and g.joined]
    return found


def _by(decision: LinkDecision) -> str:
    return f"by hand ({decision.actor}, entry {decision.entry} of the audit trail)"


def _meant(name: RecordingName, groups: Sequence[Group]) -> list[tuple[Group, Joined]]:
    """Recordings of this identity; of several copies the one at the path, if there is one."""
    same = [(g, j) for g in groups for j in g.joined if j.item.identity == name.identity]
    return [(g, j) for g, j in same if j.item.path == name.path] or same


def _split_off(name: RecordingName, group: Group) -> list[Joined]:
    """What a split takes out of a run: the recording, with copies of it that were not there when it was decided."""
    same = [j for j in group.joined if j.item.identity == name.identity]
    meant = [j for j in same if j.item.path == name.path]
    if name.others is not None:
        meant = [j for j in same if j.item.path == name.path or j.item.path not in name.others]
    meant = meant or same
    # Copies of one recording and nothing else: one of them is a run, the others are the other.
    return meant if len(meant) < len(group.joined) else meant[:1]


def _split(groups: list[Group], keys: MutableMapping[int, str], decision: LinkDecision) -> list[Group]:
    made: list[Group] = []
    for name in decision.recordings:
        for group in [*dict.fromkeys(g for g, _ in _meant(name, groups))]:
            if len(group.joined) < 2:
                continue
            taken = _split_off(name, group)
            group.joined = [j for j in group.joined if not any(j is t for t in taken)]
            if any(group.named_by is j.item for j in taken):
                group.named_by = None
            parts = [Joined(j.item, f"split off {_by(decision)}", stale=j.stale) for j in taken]
            for left in (group.joined, parts):
                if all(j.stale for j in left):
                    for joined in left:
                        joined.stale = False
            first = min(parts, key=lambda j: j.stale).item
            alone = Group(first.source, first.path, parts)
            made.append(alone)
            _give_key(group, keys, [g for g in groups if g is not group])
            _give_key(alone, keys, [*groups, *(m for m in made if m is not alone)])
    return [*groups, *made]


def _join(groups: list[Group], decision: LinkDecision) -> None:
    homes = [g for name in decision.recordings for g, _ in _meant(name, groups)[:1]]
    homes = [*dict.fromkeys(g.standing() for g in homes)]
    if len(homes) < 2:
        return
    first = homes[0]
    first.named_by = first.primary
    if decision.kind is LinkKind.JOIN:
        for other in homes[1:]:
            first.absorb(other, f"joined {_by(decision)}")
        return
    # What is chained may have legs already; they stay in their order.
    ordered = sorted(homes, key=lambda g: _begin(g.primary))
    legs = [(g, leg) for g in ordered for leg in sorted({j.leg for j in g.joined})]
    for group in ordered:
        for joined in group.joined:
            joined.leg = legs.index((group, joined.leg))
            if not joined.stale:
                joined.reason = f"leg {joined.leg + 1} of {len(legs)}, chained {_by(decision)}"
    for group in ordered:
        if group is not first:
            first.take(group)


def _begin(item: Linkable) -> tuple[bool, int, int, str]:
    """Legs come by their start; those without one by their first step."""
    steps = [m.first_step for m in item.series if m.first_step is not None]
    return (item.started_us is None, item.started_us or 0, min(steps, default=0), item.path)


def _give_key(group: Group, keys: MutableMapping[int, str], others: Sequence[Group]) -> None:
    key = group.primary.identity
    if any(keys.get(id(g)) == key for g in others):
        key = told_apart(key, group.path)
    keys[id(group)] = key
