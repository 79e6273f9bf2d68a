"""Saved views: filters with a name. Some come with the product, each tag is one, the user makes others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runfolio.model.direction import Direction
from runfolio.model.params import Json
from runfolio.model.query import FieldKind, RunQuery, SortKey

if TYPE_CHECKING:
    from runfolio.api import Workspace
    from runfolio.model.answers import FieldInfo

TAGS_SHOWN = 12
_LOSSES = 4


@dataclass(frozen=True, slots=True)
class SavedView:
    """A named look at the runs.

    sort, columns   used when not empty; columns by their ids.
    window          library place, hidden runs, and what the other workspaces show; {} for views of before.
    extra           parts of a file that another version wrote.
    look            how the table looks, columns and all, as `TableLook.to_json` has it; {} for views of before.
    own             True for those the user made, which can be removed.
    """

    title: str
    icon: str
    where: str
    sort: tuple[SortKey, ...] = ()
    columns: tuple[str, ...] = ()
    own: bool = False
    look: Mapping[str, Json] = field(default_factory=dict)
    window: Mapping[str, Json] = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CountedView:
    """A view with the number of runs it holds; None when its filter no longer makes sense."""

    view: SavedView
    runs: int | None


def built_in(fields: Iterable[FieldInfo]) -> tuple[SavedView, ...]:
    """The views that come with the product, as far as the runs have something for them."""
    # The language of filters is no part of a start.
    from runfolio.model.filter_print import quote_name

    losses = [f for f in fields if f.field.kind is FieldKind.METRIC and f.direction is Direction.LOWER]
    losses.sort(key=lambda info: -info.runs)
    views: list[SavedView] = []
    if losses:
        where = " or ".join(f"{quote_name(info.field.name)} = nan" for info in losses[:_LOSSES])
        views.append(SavedView("Diverged (NaN)", "triangle-alert", where))
    views.append(SavedView("Failed or killed", "circle-x", "status in (failed, killed)"))
    views.append(SavedView("Candidates", "rocket", "stage = candidate"))
    views.append(SavedView("In production", "shield-check", "stage = production"))
    return tuple(views)


def tag_view(tag: str) -> SavedView:
    """All runs with a tag of the user's."""
    from runfolio.model.filter_print import quote_value

    return SavedView(tag, "tag", f"tag = {quote_value(tag)}")


def count_views(
    workspace: Workspace, own: tuple[SavedView, ...]
) -> tuple[tuple[CountedView, ...], tuple[CountedView, ...]]:
    """The saved views and the tags, each with its number of runs; on a query thread."""
    from runfolio.errors import FilterSyntax

    def counted(view: SavedView) -> CountedView:
        try:
            return CountedView(view, len(workspace.run_order(RunQuery(view.where))))
        except FilterSyntax:
            return CountedView(view, None)

    views = (*own, *built_in(workspace.fields()))
    tags = workspace.tags()[:TAGS_SHOWN]
    return tuple(counted(view) for view in views), tuple(CountedView(tag_view(tag), runs) for tag, runs in tags)
