"""A figure as one HTML page that needs nothing else: no script, no request."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

from runfolio import __version__, locate
from runfolio.export.figure import draw
from runfolio.export.kind_axes import NO_FACTS, Facts
from runfolio.export.kind_files import charts_csv
from runfolio.export.lines import SeriesOf
from runfolio.export.points import drawn_csv
from runfolio.export.recipe import ChartRecipe
from runfolio.model.display import plain


def figure_page(
    recipe: ChartRecipe, series: SeriesOf, facts: Facts = NO_FACTS, on_panel: Callable[[], None] | None = None
) -> str:
    """The page: the figure for light and for dark screens, what its lines go through as a CSV file, and the recipe.

    on_panel   called after each panel of each of both.
    """
    # Imported here: a window or a short command has no use for a template engine.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(locate.resources()),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {"plain": plain}
    metrics = list(dict.fromkeys(metric for panel in recipe.panels for metric in panel.metrics or (panel.title,)))
    looks = ("light", "dark") if recipe.theme == "print" else (recipe.theme, recipe.theme)
    light, dark = (draw(replace(recipe, theme=look), series, "svg", facts, on_panel) for look in looks)
    of_charts = recipe.is_of_charts
    table = charts_csv(recipe, series, facts, drawn=True) if of_charts else drawn_csv(recipe, series)
    return environment.get_template("figure.html.j2").render(
        title=recipe.title or ", ".join(metrics),
        metrics=metrics,
        runs=recipe.runs,
        query=recipe.query,
        light=data_uri(light, "image/svg+xml"),
        dark=data_uri(dark, "image/svg+xml"),
        points=data_uri(table.encode(), "text/csv"),
        lines=not of_charts,
        recipe=recipe.to_json(),
        version=__version__,
    )


def data_uri(data: bytes, kind: str) -> str:
    """`data` as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
