"""A figure as a file, in the format that the suffix of its name says.

PNG, SVG and PDF are drawn by `figure`; HTML is one page with the figure, its points and its recipe; CSV and Parquet
are the points. The recipe lies in the file, or beside a CSV file, which has no place for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runfolio.errors import UsageError
from runfolio.export.files import write_whole
from runfolio.export.kind_axes import NO_FACTS, Facts
from runfolio.export.lines import SeriesOf
from runfolio.export.recipe import ChartRecipe

SUFFIXES = (".png", ".svg", ".pdf", ".html", ".csv", ".parquet")


def export_chart(
    recipe: ChartRecipe,
    series: SeriesOf,
    path: Path,
    *,
    drawn: bool = False,
    facts: Facts = NO_FACTS,
    on_panel: Callable[[], None] | None = None,
) -> Path:
    """Write the figure to `path`. Raises UsageError for a suffix not in SUFFIXES, or when it cannot be written.

    drawn   CSV and Parquet: what the lines go through instead of all points.
    facts   what panels that are of no curves are made of; there are no points of these.
    on_panel   called after each panel of a picture; what it raises ends the drawing.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"Charts are written as {', '.join(SUFFIXES)}, not {suffix or 'without a suffix'!r}")
    if suffix in (".csv", ".parquet"):
        from runfolio.export import points

        if suffix == ".parquet":
            return write_whole(path, (points.drawn_parquet if drawn else points.points_parquet)(recipe, series))
        written = write_whole(path, (points.drawn_csv if drawn else points.points_csv)(recipe, series).encode())
        write_whole(recipe_beside(path), recipe.to_json().encode() + b"\n")
        return written
    if suffix == ".html":
        from runfolio.export.page import figure_page

        return write_whole(path, figure_page(recipe, series, facts, on_panel).encode())
    from runfolio.export.figure import draw

    return write_whole(path, draw(recipe, series, suffix[1:], facts, on_panel))


def recipe_beside(path: Path) -> Path:
    """Where the recipe of a CSV file lies."""
    return path.with_name(f"{path.stem}.recipe.json")
