"""Bars of recorded histograms, against the values that they were made of."""

from __future__ import annotations

import numpy as np
import pytest

from runfolio.analysis.kinds.recorded import Recorded, bars, density_maps, map_edges
from runfolio.desktop.kinds.scale import PlacesScale
from runfolio.model.previews import Histogram, Histograms
from runfolio.model.run import RunKey


def test_buckets_that_are_wide_enough_stay_as_they_are() -> None:
    edges, heights = bars(Histogram(0, 0, (0.0, 1.0, 3.0), (2.0, 8.0)), (0.0, 4.0))
    assert (edges, heights) == ([0.0, 1.0, 3.0], [2.0, 4.0])


def test_buckets_of_pytorch_show_the_shape_of_the_values() -> None:
    # By default torch's SummaryWriter has edges that grow by a tenth from 1e-12 on, both ways.
    grown = 1e-12 * 1.1 ** np.arange(774)
    values = np.random.default_rng(0).normal(0, 0.05, 50_000)
    counts, limits = np.histogram(values, np.concatenate([-grown[::-1], [0.0], grown]))
    used = np.flatnonzero(counts)
    counts, limits = counts[used[0] : used[-1] + 1], limits[used[0] : used[-1] + 2]
    one = Histogram(0, 0, tuple(limits.tolist()), tuple(counts.astype(float).tolist()))
    edges, heights = bars(one, (-0.25, 0.25))
    middle = (np.array(edges[1:]) + edges[:-1]) / 2
    normal = 50_000 * np.exp(-((middle / 0.05) ** 2) / 2) / (0.05 * np.sqrt(2 * np.pi))
    # A bucket at 0.1 is 0.01 wide, so the shape is as fine as that; a raw bucket near 0 was fourteen times too high.
    assert np.abs(heights - normal).max() < 0.12 * normal.max()
    assert np.sum(np.array(heights) * np.diff(edges)) == pytest.approx(50_000)


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
def test_values_that_are_all_one_stay_beside_others(at: float) -> None:
    one = Histogram(0, 0, (at, at), (7.0,))
    edges, heights = bars(one, (0.0, 1.0))
    assert np.sum(np.array(heights) * np.diff(edges)) == pytest.approx(7.0)
    assert max(heights) == pytest.approx(7 * 200)
    assert len(bars(one, (at, at))[1]) == 200


def test_a_step_far_from_the_others_leaves_them_their_room_step_by_step() -> None:
    def steps(*at: int) -> Histograms:
        return Histograms("w", tuple(Histogram(step, 0, (0.0, 1.0), (1.0,)) for step in at), len(at))

    both = (steps(0, 1, 2, 2**40), steps(1, 2**40))
    found = Recorded((("w", 2),), "w", (RunKey("a"), RunKey("b")), both, density_maps(both), 2)
    far = 2.0**39
    assert map_edges(found) == [[-0.5, 0.5, 1.5, far + 1, 3 * far - 1], [1.5 - far, far + 0.5, 3 * far - 0.5]]
    assert map_edges(found, even=True) == [[-0.5, 0.5, 1.5, 2.5, 3.5], [0.0, 2.0, 4.0]]
    scale = PlacesScale(-0.5, 3.5, texts=("0", "1", "2", str(2**40)))
    assert scale.ticks(1_000, upright=False) == [(0.125, "0"), (0.375, "1"), (0.625, "2"), (0.875, str(2**40))]
    assert scale.ticks(220, upright=False) == [(0.125, "0"), (0.625, "2")], "as many as there is room for"
