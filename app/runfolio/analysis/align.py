"""Suggests which metric names are one metric written in several ways, and which of them are percent of others.

A suggestion is about names and about what the index knows of their values; it changes nothing by itself. Two names
that a run has both of, with different values, are two metrics and are never suggested together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runfolio.analysis.metric_words import HELD_OUT, NameParts, take_apart
from runfolio.model.alignment import (
    Alignment,
    Dismissal,
    Evidence,
    NameFacts,
    Strength,
    SuggestedName,
    Suggestion,
)
from runfolio.model.display import count, number, plain

LARGEST_FAMILY = 64
"""One figure is not spelled in more ways than this; what looks like it is something else, and is not looked into."""

_MOST_OF = 0.9
"""A name is in percent (or a fraction) when so many of its runs are: the others happen to be very low."""


def families(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Names that name one figure, of whatever part of the data; only where there are several."""
    found: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        if words := take_apart(name).words:
            found[words].append(name)
    return tuple(tuple(sorted(own)) for own in found.values() if 1 < len(own) <= LARGEST_FAMILY)


def held_out_parts(names: Iterable[str]) -> dict[str, str]:
    """The part of the data of each name that is about held-out data; {} where all such names say the same part."""
    found = {name: part for name in names if (part := take_apart(name).part) in HELD_OUT}
    return found if len(set(found.values())) > 1 else {}


def suggest(
    evidence: Evidence, alignments: Sequence[Alignment] = (), dismissals: Sequence[Dismissal] = ()
) -> tuple[Suggestion, ...]:
    """What is worth asking the user about: first what models are judged by, then what most runs have.

    What only the user can know comes last.

    alignments   what stands already: its names are settled; other names may be suggested to join it.
    dismissals   names that the user said are not one.
    """
    settled = {n.name for a in alignments for n in a.names} | {a.target for a in alignments}
    judge = _Judge(evidence, dismissals)
    by_words: defaultdict[tuple[str, ...], dict[tuple[str, str], _Cluster]] = defaultdict(dict)

    def cluster_of(parts: NameParts) -> _Cluster:
        return by_words[parts.words].setdefault((parts.part, parts.pace), _Cluster())

    for facts in evidence.names:
        parts = take_apart(facts.name)
        if parts.words and facts.name not in settled:
            cluster_of(parts).names.append(facts)
    for alignment in alignments:
        # A target that the user chose may say nothing; the names that were put under it do.
        if (parts := take_apart(alignment.names[0].name)).words:
            cluster_of(parts).standing.append(alignment)
    found: list[Suggestion] = []
    for clusters in by_words.values():
        if sum(len(cluster.names) for cluster in clusters.values()) > LARGEST_FAMILY:
            continue
        _join_untold(clusters, judge)
        _join_held_out(clusters, judge)
        _join_paces(clusters)
        for cluster in clusters.values():
            found += _of_cluster(cluster, judge)
    return tuple(sorted(found, key=_worth))


@dataclass(slots=True)
class _Cluster:
    """Names of one figure, part and pace; `weak` are those of others that may belong here as well."""

    names: list[NameFacts] = field(default_factory=list)
    weak: list[NameFacts] = field(default_factory=list)
    standing: list[Alignment] = field(default_factory=list)

    @property
    def is_home(self) -> bool:
        return bool(self.names or self.standing)


class _Judge:
    """What speaks against two names, and for them."""

    def __init__(self, evidence: Evidence, dismissals: Sequence[Dismissal]) -> None:
        self.facts = {f.name: f for f in evidence.names}
        self._together = evidence.together
        self._parts = evidence.parts
        self._dismissed = {(one, other) for d in dismissals for one in d.names for other in d.names if one < other}

    def conflict(self, one: str, other: str) -> bool:
        pair = _pair(one, other)
        together = self._together.get(pair)
        return pair in self._dismissed or (together is not None and together.equal < together.runs)

    def equal_runs(self, one: str, other: str) -> int:
        together = self._together.get(_pair(one, other))
        return 0 if together is None else together.equal

    def has_beside(self, name: str, others: Iterable[NameFacts]) -> bool:
        """Whether some run has this name and one of the others."""
        return any(_pair(name, other.name) in self._together for other in others)

    def has_both_parts(self, one: str, other: str) -> bool:
        return _pair(one, other) in self._parts


def _join_untold(clusters: dict[tuple[str, str], _Cluster], judge: _Judge) -> None:
    """Names that say no part of the data belong to the training ones where their runs have held-out ones beside."""
    untold, train = clusters.get(("", "")), clusters.get(("train", ""))
    if untold is None or train is None or untold.standing or not train.is_home:
        return
    held_out = [f for (part, _), c in clusters.items() if part in HELD_OUT for f in c.names]
    if any(judge.has_beside(f.name, held_out) for f in untold.names):
        train.names += untold.names
        untold.names = []
    elif len(untold.names) == 1:
        train.weak += untold.names
        untold.names = []


def _join_held_out(clusters: dict[tuple[str, str], _Cluster], judge: _Judge) -> None:
    """What one project calls eval another calls val: possible where no run has metrics of both."""
    for pace in ("", "epoch", "step"):
        there = [part for part in HELD_OUT if (c := clusters.get((part, pace))) is not None and c.is_home]
        for part in there[1:]:
            other = clusters[part, pace]
            if len(other.names) == 1 and not other.standing and not judge.has_both_parts(there[0], part):
                clusters[there[0], pace].weak += other.names
                other.names = []


def _join_paces(clusters: dict[tuple[str, str], _Cluster]) -> None:
    """`train_loss_epoch` may be what another project calls `train_loss`."""
    for (part, pace), cluster in clusters.items():
        home = clusters.get((part, ""))
        if pace and home is not None and home.is_home and len(cluster.names) == 1 and not cluster.standing:
            home.weak += cluster.names
            cluster.names = []


def _of_cluster(cluster: _Cluster, judge: _Judge) -> list[Suggestion]:
    known = [*cluster.names, *cluster.weak, *(f for a in cluster.standing for f in _facts_of(a, judge.facts))]
    units = _units(known)
    strong = sorted((f for f in cluster.names if f.name in units), key=_most_used)
    weak = sorted((f for f in cluster.weak if f.name in units), key=_most_used)
    found: list[Suggestion] = []
    for alignment in cluster.standing:
        unit = _unit_of_target(alignment, units)
        members = [alignment.target, *(n.name for n in alignment.names)]
        chosen = _agreeing(members, [*strong, *weak], judge)
        if chosen:
            found.append(_suggestion(alignment.target, unit, chosen, cluster.weak, units, judge, extends=True))
        strong, weak = _without(strong, chosen), _without(weak, chosen)
    while len(strong) + len(weak) > 1 and strong:
        target = min(strong, key=lambda f: (units[f.name] != "fraction", *_most_used(f)))
        chosen = _agreeing([target.name], _without([*strong, *weak], [target]), judge)
        if chosen:
            unit = units[target.name]
            found.append(_suggestion(target.name, unit, chosen, cluster.weak, units, judge, extends=False))
        strong, weak = _without(strong, [target, *chosen]), _without(weak, chosen)
    return found


def _agreeing(members: Sequence[str], candidates: Sequence[NameFacts], judge: _Judge) -> list[NameFacts]:
    """The candidates that no member and no earlier one of them speaks against."""
    chosen: list[NameFacts] = []
    for facts in candidates:
        if not any(judge.conflict(facts.name, other) for other in (*members, *(c.name for c in chosen))):
            chosen.append(facts)
    return chosen


def _suggestion(
    target: str,
    unit: str,
    chosen: Sequence[NameFacts],
    weak: Sequence[NameFacts],
    units: Mapping[str, str],
    judge: _Judge,
    *,
    extends: bool,
) -> Suggestion:
    names = []
    for facts in chosen:
        scale = _SCALES.get((units[facts.name], unit), 1.0)
        strength, reasons = _compare(facts.name, target, weak=facts in weak)
        if scale != 1.0:
            strength = max(strength, Strength.LIKELY, key=lambda s: s.place)
            reasons.append(_why_scaled(facts, judge.facts.get(target), scale))
        if equal := judge.equal_runs(facts.name, target):
            reasons.append(f"the same values in {count(equal)} run{'' if equal == 1 else 's'} with both")
        names.append(SuggestedName(facts.name, scale, strength, "; ".join(reasons), facts))
    names.sort(key=lambda n: (n.strength.place, -n.facts.runs, n.name))
    return Suggestion(target, tuple(names), judge.facts.get(target), extends)


# --- units -----------------------------------------------------------------------------------------------------

_SCALES = {("percent", "fraction"): 0.01, ("fraction", "percent"): 100.0}


def _units(known: Sequence[NameFacts]) -> dict[str, str]:
    """ "fraction", "percent" or "" for each name; names whose runs do not agree among themselves are left out."""
    parts = {f.name: take_apart(f.name) for f in known}
    if not any(p.is_rate or p.percent for p in parts.values()):
        return dict.fromkeys(parts, "")
    found: dict[str, str] = {}
    for facts in known:
        told = facts.fractions + facts.percents
        if parts[facts.name].percent:
            found[facts.name] = "percent"
        elif not told:
            found[facts.name] = ""
        elif facts.percents >= _MOST_OF * told:
            found[facts.name] = "percent"
        elif facts.fractions >= _MOST_OF * told:
            found[facts.name] = "fraction"
    return found


def _unit_of_target(alignment: Alignment, units: Mapping[str, str]) -> str:
    if alignment.target in units:
        return units[alignment.target]
    for aligned in alignment.names:
        unit = units.get(aligned.name, "")
        if unit and aligned.scale == 1.0:
            return unit
        if (unit, aligned.scale) == ("percent", 0.01):
            return "fraction"
        if (unit, aligned.scale) == ("fraction", 100.0):
            return "percent"
    return ""


def _why_scaled(facts: NameFacts, target: NameFacts | None, scale: float) -> str:
    way = "percent against fractions" if scale < 1 else "fractions against percent"
    if take_apart(facts.name).percent:
        return f"{way}: the name says so"
    theirs = "" if target is None else f", those of {plain(target.name, 60)} to {number(target.high, 3)}"
    return f"{way}: values go up to {number(facts.high, 3)}{theirs}"


# --- names -----------------------------------------------------------------------------------------------------


def _compare(name: str, target: str, *, weak: bool) -> tuple[Strength, list[str]]:
    """How sure it is by the names alone that two are one, and what the difference between them means."""
    one, other = take_apart(name), take_apart(target)
    if one.words != other.words:
        return Strength.POSSIBLE, ["one of the names under it is written alike"]
    strength, reasons = Strength.SURE, []

    def doubt(how: Strength, reason: str) -> None:
        nonlocal strength
        strength = max(strength, how, key=lambda s: s.place)
        reasons.append(reason)

    mine = [w for w in (one.part_word, *one.written) if w and w not in (other.part_word, *other.written)]
    theirs = [w for w in (other.part_word, *other.written) if w and w not in (one.part_word, *one.written)]
    if one.part == other.part and (mine or theirs):
        said, as_in = (" ".join(mine), " ".join(theirs))
        words = f"“{said}” is another word for “{as_in}”" if mine and theirs else f"“{said or as_in}” adds nothing"
        loose = (one.loose or other.loose) and one.written != other.written
        doubt(Strength.POSSIBLE if loose else Strength.SURE, words + (", mostly" if loose else ""))
    if one.part != other.part:
        doubt(*_other_part(one, other, weak=weak))
    if one.pace != other.pace:
        doubt(Strength.POSSIBLE, f"“{one.pace or other.pace}” says how often it is written")
    if one.container != other.container:
        doubt(Strength.LIKELY, f"“{one.container or other.container}” says only that it is a metric")
    if one.per_epoch != other.per_epoch:
        doubt(Strength.LIKELY, "Keras puts “epoch” before names in event files")
    if one.box_head != other.box_head:
        doubt(Strength.LIKELY, "“(B)” says that it is about boxes, which is what YOLO has")
    return strength, reasons or ["spelled differently"]


def _other_part(one: NameParts, other: NameParts, *, weak: bool) -> tuple[Strength, str]:
    if "" in (one.part, other.part):
        if weak:
            return Strength.POSSIBLE, "without a part it may be the training one"
        return Strength.LIKELY, "without a part it is the training one, as a held-out one is beside it"
    return Strength.POSSIBLE, f"“{one.part_word}” may be other data than “{other.part_word}”; no run has both"


def _facts_of(alignment: Alignment, facts: Mapping[str, NameFacts]) -> list[NameFacts]:
    names = (alignment.target, *(n.name for n in alignment.names))
    return [facts[name] for name in names if name in facts]


def _most_used(facts: NameFacts) -> tuple[int, bool, int, str]:
    """Most runs first; then names that tell their part with a slash, as most trackers group by, then short ones."""
    return (-facts.runs, "/" not in facts.name, len(facts.name), facts.name)


def _without(names: Sequence[NameFacts], gone: Sequence[NameFacts]) -> list[NameFacts]:
    return [f for f in names if f not in gone]


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _worth(suggestion: Suggestion) -> tuple[bool, bool, int, str]:
    unsure = suggestion.strength is Strength.POSSIBLE
    return (unsure, not suggestion.judges, -_runs(suggestion), suggestion.target)


def _runs(suggestion: Suggestion) -> int:
    own = 0 if suggestion.own is None else suggestion.own.runs
    return own + sum(n.facts.runs for n in suggestion.names)
