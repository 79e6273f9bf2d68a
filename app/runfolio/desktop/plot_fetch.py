"""What a metric panel asks off the GUI thread: its series, made ready to be drawn as the panel is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from runfolio.analysis.axis import XKind
from runfolio.analysis.derived import Derivation
from runfolio.analysis.drawing import REPLICATES, Drawing, Groups, Reach, reach
from runfolio.analysis.long_prepared import long_bounds, prepare_long
from runfolio.analysis.panel_series import prepare_group, prepare_run, scale_for
from runfolio.analysis.prepared import PreparedSeries
from runfolio.analysis.scales import YScale, placed
from runfolio.api import Workspace
from runfolio.api.charting import LEAST_LONG, MOST_POINTS, WHOLE_POINTS
from runfolio.desktop.plot_style import Band
from runfolio.model.display import count
from runfolio.model.groups import Grouping, RunGroup
from runfolio.model.long_series import LongSeries
from runfolio.model.metrics import MetricSeries
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey

AnySeries = MetricSeries | LongSeries

_FAR_DOWN = -400.0
"""Below every decimal logarithm of a number."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupCurve:
    """Several runs as one curve; `series` is its centre, `band` None where there is one run only.

    place   among all groups of the runs asked for, whether or not they have this metric.
    """

    place: int
    name: str
    runs: tuple[RunKey, ...]
    series: PreparedSeries
    band: Band | None


@dataclass(frozen=True, slots=True, eq=False)
class Fetched:
    """An answer.

    found      the series of each run asked for, None where it has none; to be given again with the next question.
    prepared   those made ready to be drawn for `drawing`.
    groups     instead of the runs that are in them; `grouping` all groups of the runs asked for.
    notes      what the user has to know of it.
    """

    drawing: Drawing
    found: Mapping[RunKey, AnySeries | None] = field(default_factory=dict)
    prepared: Mapping[RunKey, PreparedSeries] = field(default_factory=dict)
    scale: YScale = field(default_factory=YScale)
    reach: Reach = field(default_factory=Reach)
    groups: tuple[GroupCurve, ...] = ()
    grouping: tuple[RunGroup, ...] = ()
    rule: str = ""
    notes: tuple[str, ...] = ()

    @property
    def long(self) -> dict[RunKey, LongSeries]:
        """The series of which only blocks are here."""
        return {key: found for key, found in self.found.items() if isinstance(found, LongSeries)}


def fetch_all(
    workspace: Workspace,
    keys: Sequence[RunKey],
    drawings: Sequence[Drawing],
    before: Sequence[Fetched],
    step: Callable[[], None] = lambda: None,
) -> tuple[Fetched, ...]:
    """The answers for runs and several drawings that share their axes; `before` are earlier answers.

    step   called for each curve; what it raises ends the work.
    """
    known = {answer.drawing.metric: answer for answer in before}
    answers = tuple(fetch(workspace, keys, d, known.get(d.metric, Fetched(d)), step=step) for d in drawings)
    scales = {answer.scale for answer in answers}
    if len(scales) == 1:
        return answers
    # A symmetric logarithmic axis is linear as far as the metric with the smallest values asks for.
    shared = min(scales, key=lambda scale: scale.linear)
    return tuple(fetch(workspace, keys, a.drawing, a, shared, step) for a in answers)


def joined_reach(reaches: Sequence[Reach]) -> Reach:
    """How far a view goes that holds what several go to."""
    lows = [far.low for far in reaches if far.low is not None]
    highs = [far.high for far in reaches if far.high is not None]
    outside, total = sum(far.outside for far in reaches), sum(far.total for far in reaches)
    exact = all(far.exact for far in reaches)
    return Reach(min(lows, default=None), max(highs, default=None), outside, total, exact)


def fetch(
    workspace: Workspace,
    keys: Sequence[RunKey],
    drawing: Drawing,
    before: Fetched,
    axis: YScale | None = None,
    step: Callable[[], None] = lambda: None,
) -> Fetched:
    """The answer for runs; what `before` has already is neither asked for nor made ready again.

    axis   what values are placed on, instead of one that is fitted to them.
    """
    found = _series(workspace, keys, drawing, before.found)
    long = {key: s for key, s in found.items() if isinstance(s, LongSeries)}
    notes: list[str] = []
    if long and drawing.needs_points:
        some = f"{count(len(long))} curve{'' if len(long) == 1 else 's'}"
        notes.append(f"{some} of very many points drawn as logged, by step")
    scale = axis or _scale(drawing, found)
    ready = before.prepared if (before.drawing.of_runs, before.scale) == (drawing.of_runs, scale) else {}
    others = _Others.of(workspace, [k for k, s in found.items() if isinstance(s, MetricSeries)], drawing)
    prepared: dict[RunKey, PreparedSeries] = {}
    for key, series in found.items():
        step()
        if series is None:
            continue
        if key in ready and before.found.get(key) is series:
            prepared[key] = ready[key]
        elif isinstance(series, LongSeries):
            prepared[key] = prepare_long(series, _x_of_long(drawing), scale=scale)
        else:
            prepared[key] = prepare_run(series, drawing, scale, others.x.get(key), others.y.get(key))
    grouping = _grouping(workspace, drawing.groups, keys)
    groups = _groups(grouping.groups, drawing.groups, prepared, scale)
    grouped = {key for group in groups for key in group.runs}
    shown = [group.series for group in groups] + [s for key, s in prepared.items() if key not in grouped]
    edges = [edge.y_bounds for group in groups if group.band is not None for edge in (group.band.low, group.band.high)]
    far = reach(shown, scale, drawing.y_range, clip=drawing.clip, beside=edges)
    return Fetched(drawing, found, prepared, scale, far, groups, grouping.groups, grouping.rule, tuple(notes))


def zoom(workspace: Workspace, answer: Fetched, low: float, high: float, columns: int) -> Fetched:
    """The same with the long series finer where the view is."""
    kind = _x_of_long(answer.drawing)
    prepared = dict(answer.prepared)
    for key, long in answer.long.items():
        start, end = long_bounds(long, kind, low, high)
        stretch = workspace.stretch(long, start, end, columns, by_wall=kind.is_time)
        prepared[key] = prepare_long(long, kind, stretch, scale=answer.scale)
    return Fetched(
        answer.drawing, answer.found, prepared, answer.scale, answer.reach, answer.groups, answer.grouping, answer.rule,
        answer.notes,
    )  # fmt: skip


def _x_of_long(drawing: Drawing) -> XKind:
    return drawing.x if not drawing.x.joins else XKind.STEP


def _series(
    workspace: Workspace, keys: Sequence[RunKey], drawing: Drawing, known: Mapping[RunKey, AnySeries | None]
) -> dict[RunKey, AnySeries | None]:
    by_wall = drawing.x.is_time
    held = sum(len(series) for series in known.values() if isinstance(series, MetricSeries))

    def fits(key: RunKey) -> bool:
        series = known.get(key)
        if isinstance(series, MetricSeries) and held > WHOLE_POINTS and not drawing.needs_points:
            # All its points were needed and are not any more: blocks take less memory.
            return len(series) < LEAST_LONG
        if isinstance(series, LongSeries):
            return not drawing.needs_points and series.drawable(by_wall=by_wall)
        return key in known

    missing = [key for key in keys if not fits(key)]
    whole: Mapping[RunKey, MetricSeries] = {}
    long: Mapping[RunKey, LongSeries] = {}
    if missing:
        most = MOST_POINTS if drawing.needs_points else WHOLE_POINTS
        answer = workspace.chart_series(missing, drawing.metric, by_wall=by_wall, most=most)
        whole, long = answer.whole, answer.long
    found: dict[RunKey, AnySeries | None] = {}
    for key in keys:
        found[key] = known[key] if fits(key) else whole.get(key) or long.get(key)
    return found


@dataclass(frozen=True, slots=True)
class _Others:
    """The series that x and derived values are joined from, by run."""

    x: Mapping[RunKey, MetricSeries]
    y: Mapping[RunKey, MetricSeries]

    @classmethod
    def of(cls, workspace: Workspace, keys: Sequence[RunKey], drawing: Drawing) -> _Others:
        x: Mapping[RunKey, MetricSeries] = {}
        y: Mapping[RunKey, MetricSeries] = {}
        if drawing.x is XKind.EPOCH:
            x = workspace.epoch_series(keys)
        elif drawing.x is XKind.METRIC and drawing.x_metric:
            x = workspace.series_for(keys, drawing.x_metric)
        if drawing.derived.kind.needs_metric:
            y = workspace.series_for(keys, drawing.derived.other)
        elif drawing.derived.kind is Derivation.BASELINE and drawing.baseline is not None:
            own = workspace.series_for([drawing.baseline], drawing.metric).get(drawing.baseline)
            y = {} if own is None else dict.fromkeys(keys, own)
        return cls(x, y)


def _scale(drawing: Drawing, found: Mapping[RunKey, AnySeries | None]) -> YScale:
    series = (s for s in found.values() if s is not None)
    return scale_for(drawing.y, (s.overview.first if isinstance(s, LongSeries) else s.value for s in series))


def _grouping(workspace: Workspace, groups: Groups, keys: Sequence[RunKey]) -> Grouping:
    """The groups of all runs, so that each panel has the same ones."""
    if not groups.by:
        return Grouping((), "")
    if groups.by == REPLICATES:
        return workspace.replicate_groups(keys)
    return workspace.field_groups([FieldRef.from_id(groups.by)], keys)


def _groups(
    grouping: Sequence[RunGroup], groups: Groups, prepared: Mapping[RunKey, PreparedSeries], scale: YScale
) -> tuple[GroupCurve, ...]:
    """The curves of groups."""
    drawn: list[GroupCurve] = []
    for at, group in enumerate(grouping):
        runs = tuple(key for key in group.runs if key in prepared)
        if not runs:
            continue
        if len(runs) == 1:
            drawn.append(GroupCurve(at, group.name, runs, prepared[runs[0]], None))
            continue
        series, taken = prepare_group([prepared[key] for key in runs], groups, scale)
        low, high = placed(taken.low, scale), placed(taken.high, scale)
        if scale.is_log:
            # A band that reaches 0 or below goes down to the end of the view.
            low = np.where(np.isnan(low) & (taken.low <= 0) & np.isfinite(high), _FAR_DOWN, low)
        spread = Band.of(taken.x, low, high, taken.n)
        drawn.append(GroupCurve(at, group.name, runs, series, spread if np.isfinite(taken.low).any() else None))
    return tuple(drawn)
