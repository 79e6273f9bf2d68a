"""A report on some runs as one HTML file that needs nothing else: to send, to print, to keep beside a paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runfolio import __version__, locate
from runfolio.analysis.diff import RunDiff
from runfolio.analysis.reasons import headline
from runfolio.analysis.render import delta_text
from runfolio.export.files import write_whole
from runfolio.export.recipe import ChartRecipe
from runfolio.model import times
from runfolio.model.display import count, counted, duration, plain
from runfolio.model.metrics import MetricSeries
from runfolio.model.promotion import LedgerEntry
from runfolio.model.run import RunKey
from runfolio.model.run_detail import RunDetail


@dataclass(frozen=True, slots=True)
class ReportContent:
    """What a report shows.

    recipe     the figure; None for no charts.
    series     metric -> run -> points, for the metrics of the recipe.
    decisions  entries of the ledger about these runs, in the order they are to stand.
    made_us    when the report was made; microseconds UTC.
    """

    title: str
    runs: Sequence[RunDetail]
    diff: RunDiff
    recipe: ChartRecipe | None
    series: Mapping[str, Mapping[RunKey, MetricSeries]]
    decisions: tuple[LedgerEntry, ...]
    made_us: int


def write_report(path: Path, content: ReportContent, on_panel: Callable[[], None] | None = None) -> Path:
    """Write the report to `path`; `on_panel` is called after each panel. Raises UsageError where it cannot."""
    return write_whole(path, report_html(content, on_panel).encode("utf-8"))


def report_html(content: ReportContent, on_panel: Callable[[], None] | None = None) -> str:
    """The report as HTML: the same bytes for the same content. It holds no script and asks for nothing."""
    # Imported here: a window or a short command has no use for a template engine.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(locate.resources()),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    # Lone surrogates cannot be written as UTF-8; `plain` makes them visible, as it does with all that could act.
    environment.filters |= {"plain": plain, "when": _when, "duration": duration, "count": count}
    return environment.get_template("report.html.j2").render(
        title=content.title,
        runs=content.runs,
        diff=content.diff,
        reasons=headline(content.diff) if len(content.diff.runs) > 1 else (),
        delta=delta_text,
        chart=_chart(content, on_panel),
        decisions=content.decisions,
        made=content.made_us,
        version=__version__,
    )


def _chart(content: ReportContent, on_panel: Callable[[], None] | None) -> dict[str, str] | None:
    """The figure for light and for dark pages. As images, so that nothing inside of them can touch the page."""
    if content.recipe is None:
        return None
    from runfolio.export.figure import draw
    from runfolio.export.page import data_uri

    metrics = ", ".join(p.metric for p in content.recipe.panels)
    images = {
        theme: data_uri(
            draw(replace(content.recipe, theme=theme), content.series, "svg", on_panel=on_panel), "image/svg+xml"
        )
        for theme in ("light", "dark")
    }
    return images | {"alt": f"Curves of {metrics} for {counted(len(content.recipe.runs), 'run')}"}


def _when(time_us: int | None) -> str:
    text = times.to_iso(time_us)
    return text[:16].replace("T", " ") if text else "–"
