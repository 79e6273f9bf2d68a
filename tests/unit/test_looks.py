"""A folder that has not changed is not claimed again, and whatever its claim hangs on counts as part of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from runfolio.api import Workspace
from runfolio.errors import Cancelled
from runfolio.model.layout import Layout, SavedLayout
from runfolio.model.problem import Problem
from runfolio.readers import looks, registry
from runfolio.readers.looks import Look
from runfolio.readers.scanner import Memory, Unit, scan

PARAMS = '{"lr": 0.1, "epochs": 3}'
METRICS = "step,loss\n0,0.5\n1,0.4\n"


@pytest.fixture(autouse=True)
def no_wait() -> Iterator[None]:
    """Files are looked at right after they were written, by a clock that does not miss a change."""
    with patch.object(looks, "_TICK_NS", 0):
        yield


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    root = tmp_path / "lab"
    for name in ("run-1", "run-2"):
        made(root / name)
    return root


def made(run: Path) -> Path:
    run.mkdir(parents=True)
    (run / "config.json").write_text(PARAMS)
    (run / "metrics.csv").write_text(METRICS)
    return run


def walked(root: Path, known: dict[str, Look] | None = None) -> tuple[list[str], list[str], dict[str, Look]]:
    """Claimed folders, those that stand as they were, and what to keep."""
    kept: dict[str, Look] = {}
    standing: list[str] = []
    memory = Memory(
        looks=known or {},
        unchanged=lambda look: standing.append(look.path),
        keep=lambda look: kept.update({look.path: look}),
    )
    units: list[str] = []
    for found in scan(root, memory=memory):
        if isinstance(found, Unit):
            assert found.fingerprint
            units.append(found.claim.path)
    return units, standing, kept


def again(root: Path, change: Callable[[], object]) -> list[str]:
    """Which folders are claimed anew after a change."""
    _, _, kept = walked(root)
    change()
    return walked(root, kept)[0]


def test_what_has_not_changed_is_not_claimed_again(lab: Path) -> None:
    first, standing, kept = walked(lab)
    assert (first, standing) == (["run-1", "run-2"], [])
    assert kept["run-1"].readers == ("generic",)
    assert walked(lab, kept) == ([], ["", "run-1", "run-2"], {})


def rewritten(file: Path) -> None:
    """The same size and time, as some programs leave them."""
    before = file.stat()
    file.write_text(file.read_text().replace("0.5", "0.6"))
    while file.stat().st_ctime_ns == before.st_ctime_ns or file.stat().st_mtime_ns != before.st_mtime_ns:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def grown(file: Path) -> None:
    with file.open("a") as open_file:
        open_file.write("2,0.3\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda run: grown(run / "metrics.csv"),
        lambda run: rewritten(run / "metrics.csv"),
        lambda run: (run / "notes.txt").write_text("x"),
        lambda run: os.utime(run / "metrics.csv", (1, 1)),
        lambda run: ((run / "metrics.csv").unlink(), (run / "metrics.csv").symlink_to(run / "config.json")),
        lambda run: (run / "plots").mkdir(),
    ],
)
def test_a_change_in_a_folder_is_seen_and_costs_the_others_nothing(lab: Path, change: Callable[[Path], object]) -> None:
    assert again(lab, lambda: change(lab / "run-2")) == ["run-2"]


def test_folders_come_and_go(lab: Path) -> None:
    assert again(lab, lambda: made(lab / "run-3")) == ["run-3"]
    assert again(lab, lambda: (lab / "run-3").rename(lab / "run-4")) == ["run-4"]


def test_a_folder_below_one_that_stands_is_still_looked_at(lab: Path) -> None:
    assert again(lab, lambda: made(lab / "run-1" / "a" / "b")) == ["run-1", "run-1/a/b"]
    assert again(lab, lambda: grown(lab / "run-1" / "a" / "b" / "metrics.csv")) == ["run-1/a/b"]


def test_what_a_claim_pruned_stays_so(lab: Path) -> None:
    run = lab / "lightning_logs" / "version_0"
    made(run / "checkpoints" / "inner")
    (run / "hparams.yaml").write_text("lr: 0.1\n")
    (run / "metrics.csv").write_text("epoch,step,train_loss\n0,1,0.5\n")
    first, _, kept = walked(lab)
    assert first == ["lightning_logs/version_0", "run-1", "run-2"]
    assert kept["lightning_logs/version_0"].pruned == ("checkpoints",)
    assert walked(lab, kept)[0] == []
    # The claim's content lies there as well.
    (run / "checkpoints" / "inner" / "late.ckpt").write_text("x")
    assert walked(lab, kept)[0] == ["lightning_logs/version_0"]


def test_what_lies_in_the_folders_of_a_folder_is_part_of_its_answer(tmp_path: Path) -> None:
    """A folder of trainer's checkpoints is claimed for what they hold."""
    out = tmp_path / "out"
    (out / "checkpoint-10").mkdir(parents=True)
    _, _, kept = walked(tmp_path)
    state = '{"global_step": 10, "log_history": [{"loss": 0.5, "step": 10}], "max_steps": 10}'
    (out / "checkpoint-10" / "trainer_state.json").write_text(state)
    assert walked(tmp_path, kept)[0] == ["out"]
    assert walked(tmp_path)[0] == ["out"]


def test_what_was_written_moments_ago_is_not_kept(lab: Path) -> None:
    with patch.object(looks, "_TICK_NS", 3_000_000_000):
        assert walked(lab)[2].keys() <= {""}


def test_a_folder_with_something_to_tell_is_looked_at_each_time(lab: Path) -> None:
    (lab / "link").symlink_to(lab / "run-1")
    told = [found for found in scan(lab, memory=Memory(looks=walked(lab)[2])) if isinstance(found, Problem)]
    assert [p.code for p in told] == ["link-not-followed"]


def test_other_layouts_ask_for_all_folders_anew(lab: Path) -> None:
    layout = Layout("mine", params=("config.json",), metrics=("metrics.csv",))
    _, _, kept = walked(lab)
    with patch("runfolio.readers.scanner.saved_layouts", lambda: (SavedLayout("mine.toml", layout, None),)):
        units, standing, _ = walked(lab, kept)
    assert standing == []
    assert units == ["run-1", "run-2"]


# --- in a library ----------------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path, lab: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as ws:
        assert ws.index([lab]).read == 2
        yield ws


def counts(ws: Workspace, *, deep: bool = False) -> tuple[int, int, int]:
    report = ws.index(deep=deep)
    return report.read, report.unchanged, report.gone


def asked(ws: Workspace) -> int:
    """Folders that were claimed or refused while nothing was to be read."""
    with patch("runfolio.readers.scanner.claims", wraps=registry.claims) as claims:
        assert ws.index().read == 0
        return claims.call_count


def test_the_library_is_looked_through_without_asking(library: Workspace) -> None:
    assert asked(library) == 0
    assert counts(library) == (0, 2, 0)
    assert counts(library, deep=True) == (2, 0, 0)
    assert asked(library) == 0


def test_the_library_sees_what_changes(library: Workspace, lab: Path) -> None:
    (lab / "run-1" / "metrics.csv").write_text(METRICS + "2,0.3\n")
    assert counts(library) == (1, 1, 0)
    made(lab / "run-3")
    assert counts(library) == (1, 2, 0)
    (lab / "run-2").rename(lab.parent / "elsewhere")
    assert counts(library) == (0, 2, 1)
    assert counts(library) == (0, 2, 0)
    (lab.parent / "elsewhere").rename(lab / "run-2")
    assert counts(library) == (1, 2, 0)


def test_a_walk_that_was_stopped_is_not_relied_upon(library: Workspace, lab: Path) -> None:
    (lab / "run-1" / "metrics.csv").write_text(METRICS + "2,0.3\n")
    with patch("runfolio.readers.scanner.claims", side_effect=Cancelled):
        assert library.index().cancelled
    assert counts(library) == (1, 1, 0)
