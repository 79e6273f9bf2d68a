"""Groups of runs: figures against SciPy and the standard library, trees against a dictionary of lists."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from runfolio.analysis.groups import distinct, figures, make_tree
from runfolio.api import Workspace
from runfolio.index import groups
from runfolio.model.grouping import Figure, GroupBy
from runfolio.model.query import FieldKind, FieldRef, SortKey
from runfolio.model.run import Recording
from support.indexing import Shelf, params
from support.sweep import write_sweep

field = FieldRef.from_id


def test_a_tree_holds_what_nested_dictionaries_hold() -> None:
    draw = random.Random(7)
    outer = [draw.randrange(4) for _ in range(500)]
    inner = [draw.randrange(5) for _ in range(500)]
    tree = make_tree([np.array(outer), np.array(inner)])
    expected: list[tuple[int, int, list[int]]] = []
    for code in sorted(set(outer)):
        members = [i for i in range(500) if outer[i] == code]
        below = sorted({inner[i] for i in members})
        expected.append((0, -1, sorted(members, key=lambda i: (inner[i], i))))
        above = len(expected) - 1
        expected += [(1, above, [i for i in members if inner[i] == own]) for own in below]
    shown = [
        (int(depth), int(parent), tree.order[start:stop].tolist())
        for depth, parent, start, stop in zip(tree.depth, tree.parent, tree.start, tree.stop, strict=True)
    ]
    assert shown == expected


def test_figures_are_those_of_the_standard_library_and_scipy() -> None:
    draw = random.Random(3)
    codes = [draw.randrange(6) for _ in range(60)] + [6]
    values = [1e9 + draw.gauss(0.0, 1e-3) for _ in range(61)]
    values[0], values[1], values[2] = math.nan, math.inf, -math.inf
    found = figures(make_tree([np.array(codes)]), np.array(values))
    for group in range(7):
        own = [v for c, v in zip(codes, values, strict=True) if c == group and math.isfinite(v)]
        assert found.n[group] == len(own)
        assert found.mean[group] == pytest.approx(statistics.mean(own), rel=1e-15)
        assert (found.low[group], found.high[group]) == (min(own), max(own))
        if len(own) < 2:
            assert math.isnan(found.std[group])
            assert math.isnan(found.half[group])
            continue
        assert found.std[group] == pytest.approx(statistics.stdev(own), rel=1e-9)
        # Around 0, where SciPy's addition to the mean loses no digits.
        _, upper = stats.t.interval(0.95, len(own) - 1, loc=0.0, scale=statistics.stdev(own) / math.sqrt(len(own)))
        assert found.half[group] == pytest.approx(upper, rel=1e-9)


def test_groups_without_a_finite_value_have_no_figures() -> None:
    found = figures(make_tree([np.array([0, 0, 1])]), np.array([math.nan, math.inf, 2.0]))
    assert found.n.tolist() == [0, 1]
    assert [math.isnan(v) for v in (found.mean[0], found.low[0], found.high[0], found.half[1])] == [True] * 4
    assert found.mean[1] == 2.0


def test_no_runs_are_no_groups() -> None:
    tree = make_tree([np.zeros(0, np.int64), np.zeros(0, np.int64)])
    assert len(tree.start) == len(figures(tree, np.zeros(0)).n) == len(distinct(tree, np.zeros(0, np.int64))) == 0


def test_distinct_values_are_counted_on_every_level() -> None:
    tree = make_tree([np.array([0, 0, 0, 1]), np.array([0, 1, 1, 0])])
    assert distinct(tree, np.array([5, 7, -1, 7])).tolist() == [3, 1, 2, 1, 1]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    home = tmp_path_factory.mktemp("groups")
    with Workspace.open(home / "index.duckdb", home / "ledger") as workspace:
        workspace.index([write_sweep(home / "runs")])
        yield workspace


def _groups(workspace: Workspace, by: GroupBy, *sort: SortKey) -> list[list[str]]:
    keys = workspace.run_keys()
    tree = workspace.group_runs(keys, by, sort).tree
    names = [run.name for run in workspace.runs(keys)]
    return [sorted(names[i] for i in tree.order[a:b]) for a, b in zip(tree.start, tree.stop, strict=True)]


ODD = ["brisk-otter", "dusky-lynx", "fleet-marten"]
EVEN = ["amber-heron", "calm-ibis", "eager-finch"]


def test_runs_are_grouped_by_the_values_of_a_field(workspace: Workspace) -> None:
    assert _groups(workspace, GroupBy((field("param:optimizer"),))) == [ODD, EVEN]
    down = SortKey(field("param:optimizer"), descending=True)
    assert _groups(workspace, GroupBy((field("param:optimizer"),)), down) == [EVEN, ODD]


def test_groups_sort_by_what_they_show(workspace: Workspace) -> None:
    # Last values of val/acc are 0.70 + 0.02 i for run i, so those of the odd runs have the higher mean.
    by = GroupBy((field("param:optimizer"),))
    assert _groups(workspace, by, SortKey(field("metric:val/acc:last"))) == [EVEN, ODD]
    assert _groups(workspace, by, SortKey(field("metric:val/acc:last"), descending=True)) == [ODD, EVEN]
    spread = GroupBy((field("param:lr"),), figure=Figure.STD)
    assert len(_groups(workspace, spread, SortKey(field("metric:val/acc:last")))) == 6


def test_replicates_differ_in_nothing_but_what_is_ignored(workspace: Workspace) -> None:
    assert len(_groups(workspace, GroupBy(replicates=True))) == 6
    assert _groups(workspace, GroupBy(replicates=True, ignored=("seed", "lr"))) in ([ODD, EVEN], [EVEN, ODD])
    rule = workspace.replicate_rule(GroupBy())
    assert (rule.ignored, rule.words) == (
        ("seed",),
        "same experiment, data and params (fractions to 12 digits), but for seed",
    )


def test_a_group_knows_its_figures_and_whether_its_runs_agree(workspace: Workspace) -> None:
    keys = workspace.run_keys()
    tree = workspace.group_runs(keys, GroupBy((field("param:optimizer"), field("param:lr")))).tree
    accuracy = workspace.group_column(keys, tree, field("metric:val/acc:last")).figures
    assert accuracy is not None
    # adam: 0.72, 0.76, 0.80.
    assert accuracy.mean[0] == pytest.approx(0.76)
    assert accuracy.std[0] == pytest.approx(0.04)
    assert (accuracy.low[0], accuracy.high[0]) == (0.72, 0.80)
    assert workspace.group_column(keys, tree, field("param:depth")).distinct.tolist() == [1] * 8
    assert workspace.group_column(keys, tree, field("param:lr")).distinct.tolist()[0] == 3
    assert workspace.group_column(keys, tree, field("builtin:status")).figures is None


def test_the_anchor_of_a_group_does_not_depend_on_the_order(workspace: Workspace) -> None:
    by = GroupBy((field("param:optimizer"),))
    keys = workspace.run_keys()
    anchors = set()
    for descending, shown in itertools.product((False, True), (keys, keys[::-1])):
        groups = workspace.group_runs(shown, by, [SortKey(field("metric:val/acc:last"), descending)])
        anchors.add(frozenset(shown[place] for place in groups.anchors))
    assert len(anchors) == 1


def test_grouping_without_a_level_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="one field or more"):
        workspace.group_runs(workspace.run_keys(), GroupBy())


def test_a_grouping_is_the_same_after_a_session() -> None:
    by = GroupBy(
        (field("param:lr"), field("builtin:experiment")), replicates=True, ignored=("fold",), figure=Figure.BEST
    )
    assert GroupBy.from_json(by.to_json()) == by
    assert GroupBy.from_json({"fields": ["nonsense", 3], "figure": "best of all"}) == GroupBy()


def test_large_whole_numbers_are_groups_by_their_digits(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    written: tuple[float | str, ...] = (2**53, 2**53 + 1, 2**53, 5, math.nan, math.inf, "Infinity")
    shelf.put(*(Recording("generic", f"r{n}", f"r{n}", params=params({"big": v})) for n, v in enumerate(written)))
    with shelf.database.snapshot():
        ids, columns = shelf.queries.columns_now()
        found = groups.codes(columns, shelf.database, FieldRef(FieldKind.PARAM, "big"))
    names = [str(key).rpartition(":")[2] for key in ids.keys]
    code = {name: int(value) for name, value in zip(names, found, strict=True)}
    assert code["r0"] == code["r2"] != code["r1"]
    assert code["r5"] == code["r6"]
    assert len({*code.values()}) == 5
    shelf.close()
