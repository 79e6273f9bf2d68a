"""A figure as a file, in the format that the suffix of its name says.

PNG, SVG and PDF are drawn by `figure`; HTML is one page with the figure, its points and its recipe; CSV and Parquet
are the points. The recipe lies in the file, or beside a CSV file, which has no place for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.errors import UsageError
from runfolio.export.files import write_whole
from runfolio.export.kind_axes import NO_FACTS, Facts
from runfolio.export.lines import SeriesOf
from runfolio.export.recipe import ChartRecipe

if TYPE_CHECKING:
    from runfolio.model.long_series import SomePoints

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

    drawn      CSV and Parquet: what the lines go through instead of all points.
    facts      what panels that are of no curves are made of; their tables are what is drawn in any case.
    on_panel   called after each panel of a picture; what it raises ends the drawing.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"Charts are written as {', '.join(SUFFIXES)}, not {suffix or 'without a suffix'!r}")
    if suffix in (".csv", ".parquet"):
        from runfolio.export import kind_files, points

        if recipe.is_of_charts:
            if suffix == ".parquet":
                return write_whole(path, kind_files.charts_parquet(recipe, series, facts, drawn=drawn))
            table = kind_files.charts_csv(recipe, series, facts, drawn=drawn)
            write_whole(recipe_beside(path), recipe.to_json().encode() + b"\n")
            return write_whole(path, table.encode())
        if not drawn:
            return export_points(recipe, points.parts_of(recipe, series), path, lambda _done: None)[0]
        if suffix == ".parquet":
            return write_whole(path, points.drawn_parquet(recipe, series))
        written = write_whole(path, points.drawn_csv(recipe, series).encode())
        write_whole(recipe_beside(path), recipe.to_json().encode() + b"\n")
        return written
    if suffix == ".html":
        from runfolio.export.page import figure_page

        return write_whole(path, figure_page(recipe, series, facts, on_panel).encode())
    from runfolio.export.figure import draw

    return write_whole(path, draw(recipe, series, suffix[1:], facts, on_panel))


def export_points(
    recipe: ChartRecipe, parts: Iterable[SomePoints], path: Path, watch: Callable[[int], None]
) -> tuple[Path, ChartRecipe]:
    """Write all points of a figure as they come to a CSV file, and the recipe beside it, or to a Parquet file.

    watch   told how many are written; what it raises gives the export up, and no file is left.
    The file, and the recipe as it was written, with the digests of the points.
    """
    from runfolio.export.digests import Digests
    from runfolio.export.point_files import write_points

    digests = Digests()
    write_points(recipe, digests.watch(parts), path, watch, lambda: digests.written(recipe))
    written = digests.written(recipe)
    if path.suffix.lower() == ".csv":
        write_whole(recipe_beside(path), written.to_json().encode() + b"\n")
    return path, written


def recipe_beside(path: Path) -> Path:
    """Where the recipe of a CSV file lies."""
    return path.with_name(f"{path.stem}.recipe.json")
