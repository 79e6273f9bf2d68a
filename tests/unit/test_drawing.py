"""What is drawn alike, and what is told apart."""

from __future__ import annotations

import numpy as np

from runfolio.analysis.counts import count_places
from runfolio.analysis.drawing import group_styles


def test_groups_of_ten_seeds_each_have_colours_of_their_own() -> None:
    """The first run of each such group is the 1st, 11th, 21st... selected, all of one colour."""
    groups = [(10, (0, rank % 4)) for rank in range(14)]
    styles = group_styles(groups)
    assert [color for color, _ in styles[:10]] == [*range(10)]
    assert len(set(styles)) == 14
    assert styles[10:] == [(color, 1) for color in range(4)]


def test_a_run_by_itself_keeps_its_style_and_a_group_leaves_it_alone() -> None:
    assert group_styles([(3, (4, 0)), (3, (5, 1)), (1, (4, 2))]) == [(0, 0), (5, 0), (4, 2)]


def test_n_is_written_where_a_curve_begins_and_where_it_changes_as_far_as_there_is_room() -> None:
    x = np.arange(100.0)
    n = np.where(x < 40, 5, np.where(x < 45, 4, 3))
    assert count_places(x, n, 0.0, 99.0, 990.0, 20.0) == [(0, 5), (40, 4), (45, 3)]
    # 4 holds for 50 pixels: there is no room for it and what follows.
    assert count_places(x, n, 0.0, 99.0, 990.0, 64.0) == [(0, 5), (40, 4), (47, 3)]
    assert count_places(x, n, 50.0, 60.0, 990.0, 64.0) == [(50, 3)]
    assert count_places(x[:0], n[:0], 0.0, 1.0, 100.0, 10.0) == []
