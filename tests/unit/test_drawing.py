"""What is drawn alike, and what is told apart."""

from __future__ import annotations

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
