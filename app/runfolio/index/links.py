"""Gathers recordings into runs, and gives the reason for every link.

The rules, in order. Each is about folders, ids or figures, never about names that merely look alike.

1. Recordings in the same folder are of one run (a Lightning CSV beside event files), unless one tracker kept
   several runs there.
2. TensorBoard writes sub folders for parts of one run: `train` and `validation`, the curves of `add_scalars`, the
   one folder that `add_hparams` makes. They join the folder above, their names before their metrics.
3. Event files below the folder of a run belong to it (also with a copy of its params beside them), and whatever
   lies in a Hydra job folder belongs to the job, when there is exactly one such run inside. Several inside, or one
   that started on another day, are runs of their own with that one as parent.
4. One tracker id or one content at several places is one run with copies, when the points are equal or those of one
   are how the other's begin (`link_copies`). The same id with other points is another run, and a Problem says so.
   It is a resumed run with several legs when the points go on: with one id, a checkpoint of the leg before, or equal
   params and steps that continue (`link_legs`).
5. Recordings of different tools that lie apart are joined by an id that both carry, by a folder that one of them
   names, or by equal series, where exactly one fits (`link_evidence`).
6. What the user split and joined by hand has the last word (`link_choices`).

Members that keep a series of one name with other figures get a Problem: only one of them is shown.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from runfolio.index.link_agreement import same_figures
from runfolio.index.link_choices import apply_choices
from runfolio.index.link_copies import join_copies
from runfolio.index.link_evidence import join_evident
from runfolio.index.link_groups import EVENTS, Group, Joined, days_apart, ranked
from runfolio.index.link_legs import join_legs
from runfolio.index.link_marks import expect
from runfolio.index.linkable import Extends, Linkable, LinkedRun, LinkProblem, Member, SeriesMark, Values
from runfolio.model.display import counted, number
from runfolio.model.links import NO_CHOICES, LinkChoices
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import RunStatus

_SPLITS = frozenset({"train", "training", "validation", "valid", "val", "test", "eval", "evaluation"})
_HPARAMS_FOLDER = re.compile(r"\d{9,11}\.\d+")
# Names that say nothing without the folder above them.
_DULL_NAMES = _SPLITS | {"tb", "tensorboard", "logs", "log", "events", "lightning_logs", "metrics", "results", "output"}
_NAMED_IN_A_PROBLEM = 3


def gather(
    items: Sequence[Linkable],
    choices: LinkChoices = NO_CHOICES,
    extends: Extends = lambda short, long: False,
    values: Values = lambda series: [None] * len(series),
) -> tuple[tuple[LinkedRun, ...], tuple[LinkProblem, ...]]:
    """The runs that the recordings make, in the order of their paths, and problems met on the way.

    extends   looks at the points, where what the index keeps of series leaves open whether one is how another begins.
    values    gives the points of series whose figures agree.
    """
    groups = _by_folder(items)
    groups = _join_event_parts(groups)
    groups = _join_enclosed(groups)
    copies = join_copies(groups, extends)
    apart = join_evident(join_legs(copies.groups), values)
    final = apply_choices(apart, copies.keys, choices.decisions)
    parents = {(item.format, item.parent_id) for g in final for item in g.items if item.parent_id}
    by_id = {name: g for g in final for i in g.items if i.has_id and (name := (i.format, i.tracker_id)) in parents}
    keys = {id(g): copies.keys[id(g)] for g in final}
    runs = tuple(_run(g, keys, by_id, choices.preferred) for g in final)
    problems = list(copies.problems)
    several = [group for group in final if len(group.joined) > 1]
    expect(item for group in several for item in group.items)
    for group in several:
        problems += [*_disagreements(group, choices.preferred), *_overlaps(group)]
    return runs, tuple(problems)


def _by_folder(items: Sequence[Linkable]) -> list[Group]:
    places: dict[tuple[int, str], list[Linkable]] = defaultdict(list)
    for item in items:
        places[item.source, item.path].append(item)
    groups: list[Group] = []
    for (source, path), here in sorted(places.items(), key=lambda p: p[0]):
        if len(here) == 1:
            groups.append(Group(source, path, [Joined(here[0], "the only recording in its folder")]))
            continue
        kept: dict[str, int] = defaultdict(int)
        for item in here:
            kept[item.format] += 1
        many = [item for item in here if kept[item.format] > 1]
        one = [item for item in here if kept[item.format] == 1]
        groups += [Group(source, path, [Joined(item, "kept by its tracker as a run of its own")]) for item in many]
        if one:
            reason = "the only recording in its folder" if len(one) == 1 else "in the same folder"
            groups.append(Group(source, path, [Joined(item, reason) for item in one]))
    return groups


def _join_event_parts(groups: list[Group]) -> list[Group]:
    at = {(g.source, g.path): g for g in groups}
    hparams: dict[tuple[int, str], list[Group]] = defaultdict(list)
    made: list[Group] = []
    # Deepest first, so that a part of a part reaches its run.
    deepest = sorted(groups, key=lambda g: -g.path.count("/"))
    expect(item for group in deepest for item in group.items if item.format == EVENTS and len(item.series) == 1)
    for group in deepest:
        above, _, name = group.path.rpartition("/")
        if not group.events_only or not group.path:
            continue
        home = at.get((group.source, above))
        if name.lower() in _SPLITS:
            if home is None:
                home = at[group.source, above] = Group(group.source, above, [])
                made.append(home)
            home.absorb(group, f"event files of the {name} part of this run", f"{name}/")
        elif home is not None and home is not group and _HPARAMS_FOLDER.fullmatch(name):
            hparams[group.source, above].append(group)
        elif _may_be_scalars_part(group, at):
            _join_scalars_part(group, at)
    for place, parts in hparams.items():
        if len(parts) == 1:
            at[place].absorb(parts[0], "hparams written by this run")
    return [g for g in [*groups, *made] if g.absorbed_by is None]


def _may_be_scalars_part(group: Group, at: dict[tuple[int, str], Group]) -> bool:
    """Whether a folder above is that of recordings, and there is one series at most: so its name is worth a look."""
    if any(len(item.series) > 1 for item in group.items):
        return False
    above = group.path
    while above:
        above = above.rpartition("/")[0]
        if (group.source, above) in at:
            return True
    return False


def _join_scalars_part(group: Group, at: dict[tuple[int, str], Group]) -> None:
    """A folder that `add_scalars` made: one series, whose tag and curve name make up the folder's name."""
    tags = {mark.name for item in group.items for mark in item.series}
    if len(tags) != 1:
        return
    tag = tags.pop()
    above, _, name = group.path.rpartition("/")
    if name.startswith(f"{tag.replace('/', '_')}_"):  # torch: <tag>_<curve>
        home = at.get((group.source, above))
    elif above == tag or above.endswith(f"/{tag}"):  # tensorboardX: <tag>/<curve>
        home = at.get((group.source, above[: -len(tag)].rstrip("/")))
    else:
        return
    if home is not None and home is not group and home.absorbed_by is None:
        home.absorb(group, "a curve of add_scalars", f"{name}/")


def _join_enclosed(groups: list[Group]) -> list[Group]:
    at: dict[tuple[int, str], Group] = {}
    for group in groups:
        # Where a store keeps many runs in one place, none of them encloses anything.
        key = (group.source, group.path)
        at[key] = group if key not in at else Group(group.source, group.path, [])
    for group in groups:
        home = _enclosing(group, at)
        if home is None:
            continue
        if home.overlay or (_only_witness(group, home) and not home.has_id):
            home.children.append(group)
            group.parent = home
    for group in sorted(groups, key=lambda g: -g.path.count("/")):
        inside = [child for child in group.children if child.absorbed_by is None]
        if len(inside) != 1 or (group.events_only and not group.overlay) or days_apart(group, inside[0]):
            continue
        if _logged_otherwise(group, inside[0]):
            continue
        what = "the Hydra job's folder" if group.overlay else f"the folder of this {_titles(group)} run"
        group.absorb(inside[0], f"inside {what}")
    return [g for g in groups if g.absorbed_by is None]


def _enclosing(group: Group, at: dict[tuple[int, str], Group]) -> Group | None:
    path = group.path
    while path:
        path = path.rpartition("/")[0]
        home = at.get((group.source, path))
        if home is not None and home.joined:
            return home
    return None


def _only_witness(group: Group, home: Group) -> bool:
    """Whether a group says nothing of a run of its own: event files, beside them at most the params of `home` again."""
    params = {item.params_digest for item in home.items}
    return all(
        item.format == EVENTS or (not item.has_id and not item.series and item.params_digest in params)
        for item in group.items
    )


def _logged_otherwise(group: Group, inside: Group) -> bool:
    """Whether one tool kept a series in both folders, with other figures: it did so for two executions.

    A project whose jobs run in its own folder (`hydra.run.dir=.`) has the figures of a baseline in one below.
    """
    kept = {(item.format, mark.name): mark for item in group.items for mark in item.series if item.format != EVENTS}
    return any(
        (mine := kept.get((item.format, mark.name))) is not None and not same_figures(mine, mark)
        for item in inside.items
        for mark in item.series
    )


def _titles(group: Group) -> str:
    return ", ".join(sorted({item.format for item in group.items}))


def _run(
    group: Group, keys: dict[int, str], by_id: dict[tuple[str, str], Group], preferred: Sequence[str]
) -> LinkedRun:
    primary = group.primary
    order = ranked(group, preferred)
    legs = max(j.leg for j in order)
    # What went on last knows how it ended.
    ordered = [j.item for j in order] if legs else [primary, *(j.item for j in order if j.item is not primary)]
    # Only a tracker that follows its runs knows how they ended: event files call a run successful when it starts.
    status = next((i for i in ordered if i.has_id and i.status != RunStatus.UNKNOWN), primary)
    starts = [primary, *ordered]
    return LinkedRun(
        key=keys[id(group)],
        source=group.source,
        name=_name_of(primary, group.path),
        experiment=next((i.experiment for i in ordered if i.experiment), None) or _experiment_from(group.path),
        status=status.status,
        status_raw=status.status_raw,
        started_us=next((i.started_us for i in starts if i.started_us is not None), None),
        ended_us=next((i.ended_us for i in ordered if i.ended_us is not None), None),
        path=group.path,
        format=primary.format,
        parent_key=_parent_of(group, keys, by_id),
        members=tuple(
            Member(j.item.id, rank, j.reason, j.prefix, j.item is primary, j.leg) for rank, j in enumerate(order)
        ),
    )


def _parent_of(group: Group, keys: dict[int, str], by_id: dict[tuple[str, str], Group]) -> str | None:
    """The run that encloses this one, or that its tracker names as the parent."""
    parent = group.parent.standing() if group.parent is not None else None
    if parent is None:
        named = [(i.format, i.parent_id) for i in group.items if i.parent_id]
        parent = next((by_id[name] for name in named if name in by_id), None)
    return keys.get(id(parent)) if parent is not None and parent is not group else None


def _disagreements(group: Group, preferred: Sequence[str]) -> list[LinkProblem]:
    """One Problem for each recording whose series are not shown because another's of that name are, and differ."""
    shown: dict[tuple[str, int], tuple[Linkable, SeriesMark]] = {}
    problems: list[LinkProblem] = []
    for joined in ranked(group, preferred):
        if joined.stale:
            continue
        other: list[str] = []
        for mark in joined.item.series:
            name = joined.prefix + mark.name
            first, theirs = shown.setdefault((name, joined.leg), (joined.item, mark))
            if not same_figures(mark, theirs):
                other.append(f"{name}: {_told(first, theirs)}, {_told(joined.item, mark)}")
        if other:
            words = other[:_NAMED_IN_A_PROBLEM]
            if len(other) > len(words):
                words.append(f"and {len(other) - len(words)} more")
            text = f"Two recordings of this run keep other figures: {'; '.join(words)}"
            hint = "The first one is shown. Prefer another source in the settings, or split the recording off."
            # Nothing is lost or damaged by it: both are kept, and the figures may mean different things.
            problem = Problem(Severity.INFO, "sources-disagree", joined.item.path, text, hint)
            problems.append(LinkProblem(joined.item.id, problem))
    return problems


def _overlaps(group: Group) -> list[LinkProblem]:
    """One Problem for each leg of a resumed run that logs steps again which the leg before it has."""
    if not any(joined.leg for joined in group.joined):
        return []
    ends: dict[int, dict[str, int]] = defaultdict(dict)
    begins: dict[int, dict[str, int]] = defaultdict(dict)
    first_of: dict[int, Linkable] = {}
    for joined in group.joined:
        first_of.setdefault(joined.leg, joined.item)
        for mark in joined.item.series:
            if mark.first_step is not None and mark.last_step is not None:
                ends[joined.leg].setdefault(joined.prefix + mark.name, mark.last_step)
                begins[joined.leg].setdefault(joined.prefix + mark.name, mark.first_step)
    problems: list[LinkProblem] = []
    for leg in sorted(begins):
        before = ends.get(leg - 1, {})
        again = [(name, step) for name, step in begins[leg].items() if name in before and step <= before[name]]
        if leg and again:
            name, step = min(again)
            text = f"Leg {leg + 1} begins at step {step} of {name}, the leg before it ended at step {before[name]}"
            hint = "Both are kept as they were written, so the curve goes back there."
            item = first_of[leg]
            problem = Problem(Severity.INFO, "legs-overlap", item.path, text, hint)
            problems.append(LinkProblem(item.id, problem))
    return problems


def _told(item: Linkable, mark: SeriesMark) -> str:
    last = "nothing" if mark.last is None else number(mark.last)
    return f"{item.format} ends at {last} after {counted(mark.n, 'point')}"


def _name_of(primary: Linkable, path: str) -> str:
    if primary.name and primary.overlay:
        # Every job of a sweep has the same job name; the folder tells them apart.
        return f"{primary.name} {path.rpartition('/')[2]}".strip()
    return primary.name or _name_from(path)


def _name_from(path: str) -> str:
    above, _, name = path.rpartition("/")
    if name.lower() in _DULL_NAMES and above:
        return f"{above.rpartition('/')[2]}/{name}"
    return name or "run"


def _experiment_from(path: str) -> str | None:
    return path.rpartition("/")[0] or None
