"""Sets of columns with a name: those that come with the product, and the user's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QMenu

from runfolio.desktop.column_hands import ColumnHands
from runfolio.desktop.columns import NAME, TableColumn
from runfolio.desktop.name_popup import NamePopup
from runfolio.desktop.table_look import TableLook
from runfolio.model.answers import FieldInfo
from runfolio.model.direction import Direction
from runfolio.model.display import plain
from runfolio.model.grouping import GroupBy
from runfolio.model.query import Aggregate, FieldKind, FieldRef

METRICS_SHOWN = 24
BUILT_IN = ("columns.reset", "columns.varying", "columns.metrics", "columns.constant")


def metric_columns(fields: Iterable[FieldInfo]) -> tuple[TableColumn, ...]:
    """Name, status and the metrics that most runs share, the best value of each; the first with its curve."""
    metrics = [info for info in fields if info.field.kind is FieldKind.METRIC and not info.shown_as]
    metrics.sort(key=lambda info: -info.runs)
    columns = [NAME, TableColumn(FieldRef(FieldKind.BUILTIN, "status"))]
    for info in metrics[:METRICS_SHOWN]:
        directed = info.direction is not Direction.UNKNOWN
        aggregate = Aggregate.BEST if directed else Aggregate.LAST
        columns.append(TableColumn(FieldRef(FieldKind.METRIC, info.field.name, aggregate)))
    if metrics:
        columns.insert(3, TableColumn(FieldRef(FieldKind.METRIC, metrics[0].field.name), curve=True))
    return tuple(columns)


def fill_preset_menu(menu: QMenu, columns: ColumnHands) -> None:
    """What comes with the product, the user's own, and what makes and removes one."""
    for id in BUILT_IN:
        menu.addAction(columns.context.commands.action(id))
    if columns.presets:
        menu.addSeparator()
    for name in columns.presets:
        menu.addAction(plain(name, 60).replace("&", "&&"), partial(use_preset, columns, name))
    menu.addSeparator()
    menu.addAction(columns.context.commands.action("columns.save-preset"))
    if columns.presets:
        remove = menu.addMenu("Remove a preset")
        for name in columns.presets:
            remove.addAction(plain(name, 60).replace("&", "&&"), partial(set_preset, columns, name, None))


def ask_for_preset(columns: ColumnHands) -> None:
    """Give the columns that are shown a name."""
    window = columns.table.window()
    NamePopup(
        "Save these columns", "Name, then Enter", lambda name: set_preset(columns, name, columns.whole_look()), window
    ).open_over(window)


def use_preset(columns: ColumnHands, name: str) -> None:
    """Show the columns of a preset; the grouping stays."""
    look = TableLook.from_json(columns.presets[name])
    columns.change(replace(look, group=columns.look.group), f"Columns {name}")


def set_preset(columns: ColumnHands, name: str, look: TableLook | None) -> None:
    """Keep a look under a name, or forget it (None); can be undone."""
    before = dict(columns.presets)
    after = {other: kept for other, kept in before.items() if other != name}
    if look is not None:
        after[name] = replace(look, group=GroupBy()).to_json()

    columns.presets = after
    what = "Save" if look is not None else "Remove"
    columns.context.state.undo.push(
        f"{what} the columns {name}",
        lambda: setattr(columns, "presets", before),
        lambda: setattr(columns, "presets", after),
    )
    done = "are kept under" if look is not None else "are no longer kept under"
    columns.context.say.info(f"Columns {done} the name {name}.")
