"""What a layout would make of one folder, read as an index run would read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runfolio.model.display import storable
from runfolio.model.layout import EXPERIMENT_FIELD, NAME_FIELD, Layout, Role, check_layout
from runfolio.model.layout_answers import LayoutPreview, PreviewMetric, SampleFile
from runfolio.model.metrics import MetricSeries
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.generic import Generic
from runfolio.readers.layout_guess import sample_files
from runfolio.readers.parse import parse
from runfolio.readers.registry import claims, reader_named
from runfolio.readers.taught import Fitting, Taught, claim_by, fitting_files, path_of

_SHOWN = 1_000


def preview(layout: Layout, folder: Folder, budget: Budget) -> LayoutPreview:
    """What would be read. Raises UsageError for a layout that makes no sense, FolderUnreadable for no folder."""
    check_layout(layout)
    files = tuple(SampleFile(storable(name), size, layout.role_of(name)) for name, size in sample_files(folder))
    fields = _fields(layout, folder)
    found = fitting_files(layout, folder)
    why_not = _why_not(layout, folder, fields, found)
    # Shown in any case: whoever mends the layout wants to see what it would give.
    loose = layout if found is not None else replace(layout, path="", incomplete=True)
    found = found or fitting_files(loose, folder)
    recording, problems = None, []
    if found is not None:
        parsed = parse(folder.root, claim_by(loose, folder, found), budget)
        problems = [*parsed.problems]
        recording = next(iter(parsed.recordings), None)
    if recording is None:
        recording = Recording(Taught.name, folder.shown, folder.shown)
    fields = fields or {}
    return LayoutPreview(
        fits=not why_not,
        why_not=why_not,
        fields=fields,
        name=fields.get(NAME_FIELD) or storable(folder.name),
        experiment=fields.get(EXPERIMENT_FIELD),
        params=tuple(recording.params[:_SHOWN]),
        metrics=tuple(_metric(m) for m in recording.metrics[:_SHOWN]),
        artifacts=len(recording.artifacts),
        files=files,
        problems=(*problems, *recording.problems)[:_SHOWN],
    )


def _fields(layout: Layout, folder: Folder) -> Mapping[str, str] | None:
    if layout.path_pattern is None:
        return {}
    matched = layout.path_pattern.match(path_of(folder))
    return None if matched is None else {key: storable(text) for key, text in matched.items()}


def _why_not(layout: Layout, folder: Folder, fields: Mapping[str, str] | None, found: Fitting | None) -> str:
    if fields is None:
        shown = "/".join(path_of(folder)[-layout.path.count("/") - 1 :])
        return f"The path {storable(shown)} does not fit {layout.path}"
    if found is None:
        there = [layout.role_of(name) for name, _ in sample_files(folder)]
        lacking = [
            f"{role.value} ({', '.join(patterns[:5])})"
            for role, patterns in ((Role.PARAMS, layout.params), (Role.METRICS, layout.metrics))
            if patterns and role not in there
        ]
        return f"There is no file of {' and none of '.join(lacking)}"
    if not layout.beside_trackers:
        others = [c for c in claims(folder) if c.reader not in (Taught.name, Generic.name) and c.files]
        if others:
            title, reason = reader_named(others[0].reader).title, others[0].reason
            return (
                f"{title} reads files of this folder ({reason}), and the layout is not used beside a tracker's reader"
            )
    return ""


def _metric(series: MetricSeries) -> PreviewMetric:
    if not len(series):
        return PreviewMetric(series.name, 0, None, None, None)
    first, last = (int(series.step[0]), int(series.step[-1])) if series.has_step else (None, None)
    return PreviewMetric(series.name, len(series), first, last, float(series.value[-1]))
