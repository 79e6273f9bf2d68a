"""Parallel coordinates, used as a person uses them."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from runfolio.desktop.kinds import parallel
from runfolio.desktop.kinds.parallel import ParallelPanel
from runfolio.desktop.kinds.parallel_paint import Frame
from support.driver import Driver
from support.explore import Explore


class Parallel(Explore):
    """The panel with its axes."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver, "parallel")

    @property
    def panel(self) -> ParallelPanel:
        panel = self.view.panel
        assert isinstance(panel, ParallelPanel)
        return panel

    @property
    def axes(self) -> list[str]:
        return [id.rpartition(":")[2] if id.startswith("param") else id for id in self.panel.filled.axes]

    def at(self, axis: str, place: float) -> QPointF:
        frame = Frame(QRectF(self.canvas.rect()), len(self.axes))
        return QPointF(frame.x(self.axes.index(axis)), frame.y(place))

    def brush(self, axis: str, low: float, high: float) -> Parallel:
        self.drag(self.at(axis, low), self.at(axis, (low + high) / 2), self.at(axis, high))
        return self


@pytest.fixture
def plot(driver: Driver, indexed: Path) -> Parallel:
    return Parallel(driver.start())


def test_axes_are_the_params_that_vary_and_the_metrics(plot: Parallel) -> None:
    assert set(plot.axes) == {"lr", "seed", "optimizer", "metric:val/acc:best", "metric:loss:best"}
    assert plot.axes[-1] == "metric:val/acc:best"
    assert plot.panel.filled.color == "metric:val/acc:best"
    assert plot.note.startswith("6 runs, every one drawn.")


def test_brushes_on_several_axes_select_together(plot: Parallel) -> None:
    # Seeds 0 to 5 with a fiftieth of room beside: 2 to 5 lie above 0.35; sgd is the upper of two optimizers.
    plot.brush("seed", 0.35, 0.99)
    assert sorted(plot.driver.selected()) == ["calm-ibis", "dusky-lynx", "eager-finch", "fleet-marten"]
    plot.brush("optimizer", 0.6, 0.9)
    assert sorted(plot.driver.selected()) == ["calm-ibis", "eager-finch"]
    assert "2 runs lie in all brushed ranges." in plot.note
    # A click on an axis takes its brush away.
    QTest.mouseClick(plot.canvas, Qt.MouseButton.LeftButton, pos=plot.at("seed", 0.1).toPoint())
    assert sorted(plot.driver.settle().selected()) == ["amber-heron", "calm-ibis", "eager-finch"]


def test_an_axis_moves_where_its_title_is_dragged(plot: Parallel) -> None:
    before = plot.axes
    title = plot.at(before[0], 1.0) - QPointF(0, 20)
    there = plot.at(before[2], 1.0) - QPointF(0, 20)
    plot.drag(title, (title + there) / 2, there)
    assert plot.axes == [before[1], before[2], before[0], *before[3:]]
    plot.driver.do("edit.undo")
    assert plot.axes == before


def test_keys_choose_move_and_brush(plot: Parallel) -> None:
    before = plot.axes
    plot.canvas.setFocus()
    plot.driver.press("Right").press("Shift+Left")
    assert plot.axes == [before[1], before[0], *before[2:]]
    plot.driver.press("Up")
    assert list(plot.panel.brushes) == [plot.panel.filled.axes[0]]
    plot.driver.press("Escape")
    assert plot.panel.brushes == {}
    plot.driver.press("Delete")
    assert before[1] not in plot.axes


def test_axes_are_added_taken_away_and_made_logarithmic(plot: Parallel) -> None:
    plot.choose("more", "Duration")
    assert plot.axes[-1] == "builtin:duration"
    menu = plot.driver.find(QMenu, "kind-axes-menu")
    for title in ("lr logarithmic", "Duration"):
        menu.aboutToShow.emit()
        next(action for action in menu.actions() if action.text() == title).trigger()
        plot.driver.settle()
    assert "builtin:duration" not in plot.axes
    answer = plot.panel.answer
    assert answer is not None
    row = answer.crossed[plot.axes.index("lr")]
    # Six decades apart by one each: even steps on a logarithmic axis.
    steps = sorted(row.tolist())
    assert [b - a for a, b in itertools.pairwise(steps)] == pytest.approx([steps[1] - steps[0]] * 5)


def test_a_run_without_a_value_is_drawn_and_said(plot: Parallel) -> None:
    plot.choose("more", "loss")
    assert "1 lack a value that an axis can place and cross it below its foot" in plot.note


def test_a_line_is_named_and_clicked(plot: Parallel) -> None:
    between = (plot.at(plot.axes[-2], 0.5) + plot.at(plot.axes[-1], 0.5)) / 2
    named = [
        words.splitlines()[0]
        for y in range(0, int(plot.canvas.height()), 4)
        if (words := plot.panel.words_at(QPointF(between.x(), y)))
    ]
    assert "fleet-marten" in named
    answer = plot.panel.answer
    assert answer is not None
    run = answer.names.index("fleet-marten")
    here = (plot.at(plot.axes[-2], answer.crossed[-2, run]) + plot.at(plot.axes[-1], answer.crossed[-1, run])) / 2
    QTest.mouseClick(plot.canvas, Qt.MouseButton.LeftButton, pos=here.toPoint())
    assert len(plot.driver.settle().selected()) == 1


def test_many_runs_are_drawn_as_density(plot: Parallel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "MANY", 3)
    plot.panel.refresh()
    plot.driver.settle()
    assert "6 runs, every one drawn as density." in plot.note
    answer = plot.panel.answer
    assert answer is not None
    assert all((count.sum(axis=0) == 6).all() for count, _ in answer.density)
    assert not plot.canvas.grab().toImage().isNull()
