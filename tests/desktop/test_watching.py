"""Runs that are being written are followed in the window, and marked."""

from __future__ import annotations

from pathlib import Path

from runfolio.desktop.widgets import TextButton
from support.driver import Driver


def write_run(folder: Path, lr: float = 0.1) -> Path:
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(f'{{"lr": {lr}}}')
    log = folder / "metrics.csv"
    log.write_text("step,loss\n0,0.9\n")
    return log


def test_new_points_appear_by_themselves_and_the_run_is_marked_live(driver: Driver, tmp_path: Path) -> None:
    log = write_run(tmp_path / "runs" / "heron")
    driver.start(tmp_path / "runs", watch=True).sees_runs("heron")
    badge = driver.find(TextButton, "watching")
    assert badge.isVisible()
    for step in (1, 2):
        with log.open("a") as file:
            file.write(f"{step},0.{8 - step}\n")
        shown = f"0.{8 - step}000"
        driver.until(lambda shown=shown: driver.column("loss · best") == [shown])  # type: ignore[misc]
    driver.until(lambda: badge.text() == "1 live")
    assert len(driver.window.context.state.live) == 1
    driver.click("watching")
    assert not badge.isVisible()
    assert not driver.window.context.state.live
    with log.open("a") as file:
        file.write("3,0.1\n")
    driver.settle()
    assert driver.column("loss · best") == ["0.6000"]


def test_a_run_that_comes_later_is_found_without_asking(driver: Driver, tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "heron")
    driver.start(tmp_path / "runs", watch=True).sees_runs("heron")
    write_run(tmp_path / "runs" / "otter", 0.2)
    driver.until(lambda: sorted(driver.column("Run")) == ["heron", "otter"])


def test_the_choice_is_kept(driver: Driver, indexed: Path) -> None:
    driver.start().do("library.watch")
    assert driver.notice().startswith("The library is watched.")
    assert driver.window.watching.on
    driver.do("library.watch")
    assert not driver.window.watching.on
