"""Gathers recordings into runs, and gives the reason for every link.

The rules, in order. Each is about folders or ids, never about names that merely look alike.

1. Recordings in the same folder are of one run (a Lightning CSV beside event files), unless one tracker kept
   several runs there.
2. TensorBoard writes sub folders for parts of one run: `train` and `validation`, the curves of `add_scalars`, the
   one folder that `add_hparams` makes. They join the folder above, their names before their metrics.
3. Event files below the folder of a run belong to it (also with a copy of its params beside them), and whatever
   lies in a Hydra job folder belongs to the job, when there is exactly one such run inside. Several inside are runs
   of their own with that one as parent.
4. One tracker id or one content, seen at several places with equal points, is one run with copies. The same id
   with other points is another run, and a Problem says so.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from runfolio.index.linkable import Linkable, LinkedRun, Member
from runfolio.model.problem import Problem
from runfolio.model.run import Precision, RunStatus
from runfolio.readers.contract import warning

_EVENTS = "tensorboard"
_SPLITS = frozenset({"train", "training", "validation", "valid", "val", "test", "eval", "evaluation"})
_HPARAMS_FOLDER = re.compile(r"\d{9,11}\.\d+")
# Names that say nothing without the folder above them.
_DULL_NAMES = _SPLITS | {"tb", "tensorboard", "logs", "log", "events", "lightning_logs", "metrics", "results", "output"}
# Which recording names a run: a tracker's own id first, then the tool whose layout says most about the run.
_TELLING = {"hydra": 30, "lightning": 40, "keras": 45, _EVENTS: 50, "generic": 60}


@dataclass(slots=True)
class _Joined:
    item: Linkable
    reason: str
    prefix: str = ""


@dataclass(slots=True)
class _Group:
    """A run in the making. `path` is the folder that stands for it."""

    source: int
    path: str
    joined: list[_Joined]
    parent: _Group | None = None
    absorbed_by: _Group | None = None
    children: list[_Group] = field(default_factory=list)

    @property
    def items(self) -> list[Linkable]:
        return [j.item for j in self.joined]

    @property
    def events_only(self) -> bool:
        return all(item.format == _EVENTS for item in self.items)

    @property
    def overlay(self) -> bool:
        return any(item.overlay for item in self.items)

    def absorb(self, other: _Group, reason: str, prefix: str = "") -> None:
        self.joined += [_Joined(j.item, reason, prefix + j.prefix) for j in other.joined]
        other.absorbed_by = self
        for child in other.children:
            child.parent = self
        self.children += other.children


def gather(items: Sequence[Linkable]) -> tuple[tuple[LinkedRun, ...], tuple[Problem, ...]]:
    """The runs that the recordings make, in the order of their paths, and problems met on the way."""
    groups = _by_folder(items)
    groups = _join_event_parts(groups)
    groups = _join_enclosed(groups)
    return _as_runs(groups)


def _by_folder(items: Sequence[Linkable]) -> list[_Group]:
    places: dict[tuple[int, str], list[Linkable]] = defaultdict(list)
    for item in items:
        places[item.source, item.path].append(item)
    groups: list[_Group] = []
    for (source, path), here in sorted(places.items(), key=lambda p: p[0]):
        kept: dict[str, int] = defaultdict(int)
        for item in here:
            kept[item.format] += 1
        many = [item for item in here if kept[item.format] > 1]
        one = [item for item in here if kept[item.format] == 1]
        groups += [_Group(source, path, [_Joined(item, "kept by its tracker as a run of its own")]) for item in many]
        if one:
            reason = "the only recording in its folder" if len(one) == 1 else "in the same folder"
            groups.append(_Group(source, path, [_Joined(item, reason) for item in one]))
    return groups


def _join_event_parts(groups: list[_Group]) -> list[_Group]:
    at = {(g.source, g.path): g for g in groups}
    hparams: dict[tuple[int, str], list[_Group]] = defaultdict(list)
    made: list[_Group] = []
    # Deepest first, so that a part of a part reaches its run.
    for group in sorted(groups, key=lambda g: -g.path.count("/")):
        above, _, name = group.path.rpartition("/")
        if not group.events_only or not group.path:
            continue
        home = at.get((group.source, above))
        if name.lower() in _SPLITS:
            if home is None:
                home = at[group.source, above] = _Group(group.source, above, [])
                made.append(home)
            home.absorb(group, f"event files of the {name} part of this run", f"{name}/")
        elif home is not None and home is not group and _HPARAMS_FOLDER.fullmatch(name):
            hparams[group.source, above].append(group)
        else:
            _join_scalars_part(group, at)
    for place, parts in hparams.items():
        if len(parts) == 1:
            at[place].absorb(parts[0], "hparams written by this run")
    return [g for g in [*groups, *made] if g.absorbed_by is None]


def _join_scalars_part(group: _Group, at: dict[tuple[int, str], _Group]) -> None:
    """A folder that `add_scalars` made: one series, whose tag and curve name make up the folder's name."""
    tags = {mark[0] for item in group.items for mark in item.series}
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


def _join_enclosed(groups: list[_Group]) -> list[_Group]:
    at: dict[tuple[int, str], _Group] = {}
    for group in groups:
        # Where a store keeps many runs in one place, none of them encloses anything.
        key = (group.source, group.path)
        at[key] = group if key not in at else _Group(group.source, group.path, [])
    for group in groups:
        home = _enclosing(group, at)
        if home is None:
            continue
        if home.overlay or (_only_witness(group, home) and not _holds_id(home)):
            home.children.append(group)
            group.parent = home
    for group in sorted(groups, key=lambda g: -g.path.count("/")):
        inside = [child for child in group.children if child.absorbed_by is None]
        if len(inside) != 1 or (group.events_only and not group.overlay):
            continue
        what = "the Hydra job's folder" if group.overlay else f"the folder of this {_titles(group)} run"
        group.absorb(inside[0], f"inside {what}")
    return [g for g in groups if g.absorbed_by is None]


def _enclosing(group: _Group, at: dict[tuple[int, str], _Group]) -> _Group | None:
    path = group.path
    while path:
        path = path.rpartition("/")[0]
        home = at.get((group.source, path))
        if home is not None and home.joined:
            return home
    return None


def _only_witness(group: _Group, home: _Group) -> bool:
    """Whether a group says nothing of a run of its own: event files, beside them at most the params of `home` again."""
    params = {item.params_digest for item in home.items}
    return all(
        item.format == _EVENTS or (not item.has_id and not item.series and item.params_digest in params)
        for item in group.items
    )


def _holds_id(group: _Group) -> bool:
    return any(item.has_id for item in group.items)


def _titles(group: _Group) -> str:
    return ", ".join(sorted({item.format for item in group.items}))


def _telling(item: Linkable) -> tuple[int, str]:
    return (0 if item.has_id else _TELLING.get(item.format, 20), item.path)


def _as_runs(groups: list[_Group]) -> tuple[tuple[LinkedRun, ...], tuple[Problem, ...]]:
    problems: list[Problem] = []
    primaries = {id(g): min(g.items, key=_telling) for g in groups}
    keys: dict[int, str] = {}
    first_with: dict[str, _Group] = {}
    gathered: list[_Group] = []
    for group in sorted(groups, key=lambda g: (g.source, g.path, primaries[id(g)].tracker_id)):
        primary = primaries[id(group)]
        key = primary.identity
        twin = first_with.get(key)
        if twin is not None:
            if _same_points(twin, group):
                twin.absorb(group, "a copy: the same run with the same points")
                continue
            key = f"{key}~{hashlib.sha256(group.path.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
            if primary.has_id:
                problems.append(
                    warning(
                        "same-id-other-content",
                        group.path,
                        f"The run id {primary.tracker_id!r} is also at {twin.path!r}, with other content",
                        "Both are kept as runs of their own; look which copy is the right one.",
                    )
                )
        first_with.setdefault(key, group)
        keys[id(group)] = key
        gathered.append(group)
    runs = tuple(_run(group, primaries[id(group)], keys) for group in gathered)
    return runs, tuple(problems)


def _same_points(one: _Group, other: _Group) -> bool:
    def marks(group: _Group) -> list[str]:
        return sorted(repr((i.format, i.params_digest, i.status, i.series)) for i in group.items)

    return marks(one) == marks(other)


def _run(group: _Group, primary: Linkable, keys: dict[int, str]) -> LinkedRun:
    # Decimal text is more exact than the float32 of event files, so it is asked first.
    ranked = sorted(group.joined, key=lambda j: (j.item.precision == Precision.FLOAT32, _telling(j.item)))
    ordered = [primary, *(j.item for j in ranked if j.item is not primary)]
    # Only a tracker that follows its runs knows how they ended: event files call a run successful when it starts.
    status = next((i for i in ordered if i.has_id and i.status != RunStatus.UNKNOWN), primary)
    parent = group.parent
    while parent is not None and parent.absorbed_by is not None:
        parent = parent.absorbed_by
    return LinkedRun(
        key=keys[id(group)],
        source=group.source,
        name=_name_of(primary, group.path),
        experiment=next((i.experiment for i in ordered if i.experiment), None) or _experiment_from(group.path),
        status=status.status,
        status_raw=status.status_raw,
        started_us=next((i.started_us for i in ordered if i.started_us is not None), None),
        ended_us=next((i.ended_us for i in ordered if i.ended_us is not None), None),
        path=group.path,
        format=primary.format,
        parent_key=keys.get(id(parent)) if parent is not None and parent is not group else None,
        members=tuple(Member(j.item.id, rank, j.reason, j.prefix, j.item is primary) for rank, j in enumerate(ranked)),
    )


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
