"""A lasso finds the same curves whether they were stroked or filled, and a place the curve on top of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor

from runfolio.analysis.prepared import prepare_arrays
from runfolio.desktop import app, plot_render
from runfolio.desktop.plot_hits import Hits
from runfolio.desktop.plot_render import Picture
from runfolio.desktop.plot_style import Curve, Look
from runfolio.desktop.strokes import Frame
from runfolio.model.run import RunKey

FRAME = Frame(0.0, 100.0, 0.0, 10.0, 400, 200)
BOX = np.array([[150.0, 90.0], [250.0, 90.0], [250.0, 110.0], [150.0, 110.0]])


@pytest.fixture
def curves() -> list[Curve]:
    app.make_application()
    x = np.linspace(0, 100, 5000)
    wave = 5 + np.sin(x)
    lines = {
        "through": (x, wave * 0.2 + 4.0),
        "above": (x, wave * 0.2 + 7.0),
        "leap": (np.array([0.0, 100.0]), np.array([0.0, 10.0])),
        "late": (np.array([90.0, 100.0]), np.array([5.0, 5.0])),
    }
    return [Curve(RunKey(k), k, prepare_arrays(*xy), QColor("red")) for k, xy in lines.items()]


@pytest.fixture(params=["stroked", "filled"])
def picture(curves: list[Curve], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Picture:
    monkeypatch.setattr(plot_render, "FINE_MS", 20.0 if request.param == "stroked" else 0.0)
    made = finished(plot_render.painting(curves, FRAME, 1.0, Look()))
    assert (made.index is None) == (request.param == "stroked")
    return made


def finished(steps: plot_render.Steps) -> Picture:
    """The picture at the end of all steps."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            picture: Picture = done.value
            return picture


def test_a_lasso_finds_what_comes_inside(picture: Picture) -> None:
    assert [curve.name for curve in Hits(picture).within(BOX)] == ["through", "leap"]


def test_a_place_belongs_to_the_curve_that_is_nearest(picture: Picture) -> None:
    hits = Hits(picture)
    nearest = hits.nearest(380.0, 100.0, 6.0)
    assert nearest is not None
    assert nearest.name == "late"
    assert hits.nearest(30.0, 150.0, 6.0) is None


def test_an_empty_picture_has_nothing(picture: Picture) -> None:
    assert Hits(replace(picture, drawn=(), strokes=())).within(BOX) == []
