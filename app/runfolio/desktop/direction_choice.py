"""Which way is better for a metric, as the user says it: kept beside the index and used everywhere."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu

from runfolio.desktop.context import Context
from runfolio.model.direction import Direction, chosen_direction, direction_by_words
from runfolio.model.display import plain

_WORDS = {Direction.HIGHER: "Higher", Direction.LOWER: "Lower", Direction.UNKNOWN: "Neither"}


def fill_direction_menu(menu: QMenu, context: Context, metric: str) -> None:
    """The ways there are; the one in force has a tick."""
    chosen = chosen_direction(metric)
    for direction, words in _WORDS.items():
        action = menu.addAction(words, partial(choose_direction, context, metric, direction))
        action.setCheckable(True)
        action.setChecked(chosen is direction)
    menu.addSeparator()
    guess = _WORDS[direction_by_words(metric)].lower()
    action = menu.addAction(f"As guessed from the name ({guess})", partial(choose_direction, context, metric, None))
    action.setCheckable(True)
    action.setChecked(chosen is None)


def choose_direction(context: Context, metric: str, direction: Direction | None) -> None:
    """Say which way is better for a metric, None to guess again; can be undone."""
    before = chosen_direction(metric)
    if direction is before:
        return

    def put(way: Direction | None) -> None:
        context.jobs.action(lambda workspace: workspace.set_direction(metric, way))

    put(direction)
    context.state.undo.push(f"Direction of {plain(metric, 60)}", lambda: put(before), lambda: put(direction))
    words = {
        Direction.HIGHER: "Higher is better for",
        Direction.LOWER: "Lower is better for",
        Direction.UNKNOWN: "No direction is better for",
        None: "The direction is guessed again for",
    }[direction]
    context.say.info(f"{words} {plain(metric, 60)}.", action="Undo", call=lambda: context.commands.run("edit.undo"))
