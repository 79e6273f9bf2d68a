"""Series are read when linking compares them, some at a time, and give the runs that all of them at once give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runfolio.index import link_marks
from runfolio.index.link_marks import KeptSeries, expect
from runfolio.index.linkable import Linkable
from runfolio.index.links import gather
from runfolio.index.run_writer import linkables
from runfolio.model.run import Recording
from support.indexing import NOON, SECOND, Shelf, metric


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


def tracked(
    number: int, folder: str = "mlruns/0", format: str = "mlflow_file", *, start: int | None = None
) -> Recording:
    """A recording with an id of its own and two series that no other has, started an hour after the one before."""
    name = f"{number:032x}"
    return Recording(
        format,
        f"{folder}/{name}",
        name,
        identity=f"{format}:{name}",
        started_us=NOON + 3_600 * SECOND * number if start is None else start,
        metrics=(metric("loss", 3.0 + number, 2.0, 1.0), metric("acc", 0.1, 0.2, 0.3 + number)),
    )


def kept(item: Linkable) -> KeptSeries:
    assert isinstance(item.series, KeptSeries)
    return item.series


def in_memory(items: list[Linkable]) -> list[Linkable]:
    return [replace(item, series=tuple(item.series)) for item in items]


def test_of_runs_that_nothing_ties_together_no_series_is_read(shelf: Shelf) -> None:
    shelf.put(*(tracked(n) for n in range(20)))
    items = linkables(shelf.database)
    runs, problems = gather(items)
    assert (len(runs), problems) == (20, ())
    assert [len(item.series) for item in items] == [2] * 20
    assert kept(items[0]).shelf.held == 0


def test_trackers_that_started_at_other_times_are_not_compared(shelf: Shelf) -> None:
    late = NOON + 1_000 * 3_600 * SECOND
    shelf.put(*(tracked(n) for n in range(5)), tracked(7, "wandb", "wandb_offline", start=late))
    items = linkables(shelf.database)
    assert len(gather(items)[0]) == 6
    assert kept(items[0]).shelf.held == 0


def test_series_come_in_their_order_whoever_asks_first_and_are_forgotten_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_marks, "_AT_ONCE", 5)
    monkeypatch.setattr(link_marks, "_HELD", 8)
    shelf.put(*(tracked(n) for n in range(9)))
    items = linkables(shelf.database)
    order = [items[n] for n in (4, 0, 8, 1, 7, 4, 3, 2, 6, 5, 0)]
    for told in ([], order, items[::2]):
        expect(told)
        for item in order:
            number = int(item.tracker_id, 16)
            assert [(m.name, m.n, m.first, m.high) for m in item.series] == [
                ("loss", 3, 3.0 + number, 3.0 + number),
                ("acc", 3, 0.1, 0.3 + number),
            ]
            assert item.series[0].name == "loss"
            assert 0 < kept(item).shelf.held <= 8


def test_what_is_expected_is_read_together(shelf: Shelf) -> None:
    shelf.put(*(tracked(n) for n in range(9)))
    items = linkables(shelf.database)
    expect(items[3:6])
    assert len([*items[3].series]) == 2
    assert kept(items[3]).shelf.held == 6


def test_a_recording_without_series_is_no_reason_to_ask(shelf: Shelf) -> None:
    shelf.put(Recording("generic", "a", "a"))
    (item,) = linkables(shelf.database)
    expect([item])
    assert [*item.series] == []


@pytest.mark.parametrize(("at_once", "held"), [(1, 1), (3, 7), (8_192, 32_768)])
def test_runs_are_those_that_all_series_at_once_give(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, at_once: int, held: int
) -> None:
    monkeypatch.setattr(link_marks, "_AT_ONCE", at_once)
    monkeypatch.setattr(link_marks, "_HELD", held)
    loss, other = metric("loss", 3.14, 2.0, 1.0), metric("loss", 5.0, 4.0, 0.5)
    copied = tracked(1)
    shelf.put(
        copied,
        replace(copied, path="copy/1"),
        replace(copied, path="other/1", metrics=(other,)),
        Recording("lightning", "csv/version_0", "csv/version_0", metrics=(loss,)),
        Recording("tensorboard", "tb/version_0", "tb/version_0", metrics=(loss,)),
        Recording("tensorboard", "here/loss_a", "a", metrics=(metric("loss", 1.0, 2.0),)),
        Recording("lightning", "here", "here", metrics=(metric("loss", 8.0, 7.0, 6.0),)),
        Recording("tensorboard", "here", "here", metrics=(other,)),
        *(tracked(n) for n in range(2, 6)),
    )
    items = linkables(shelf.database)
    runs, problems = gather(items)
    assert (runs, problems) == gather(in_memory(items))
    reasons = {member.reason for run in runs for member in run.members}
    assert {
        "a copy: the same run with the same points",
        "equal series: loss",
        "a curve of add_scalars",
    } <= reasons
    assert sorted(p.problem.code for p in problems) == ["same-id-other-content", "sources-disagree"]
