"""Runs that are selected, the baseline, or in the inspector, and whose folders go away and come back."""

from __future__ import annotations

import shutil
from pathlib import Path

from runfolio.desktop.notices import Level
from runfolio.desktop.views.charts import ChartsView
from support.driver import Driver
from support.sweep import write_sweep


def test_a_selected_run_that_is_deleted_is_told_once_and_takes_nothing_along(driver: Driver, tmp_path: Path) -> None:
    names = ("amber-heron", "brisk-otter", "calm-ibis")
    root = write_sweep(tmp_path / "lab", names)
    driver.start(root)
    state = driver.window.context.state
    keys = {state.name_of(key): key for key in state.scope_keys}
    state.select([keys[name] for name in ("calm-ibis", "amber-heron", "brisk-otter")])
    state.set_baseline(keys["calm-ibis"])
    driver.highlight("calm-ibis").do("window.inspector").settle()
    shutil.move(root / "sweep" / "calm-ibis", tmp_path / "calm-ibis")
    driver.do("library.look").settle()

    def told() -> list[str]:
        said = driver.window.context.say.history
        assert not [notice.text for notice in said if notice.level is Level.ERROR]
        return [notice.text for notice in said if "no longer in the library" in notice.text]

    for view in ("charts", "compare", "models", "files", "runs"):
        driver.do(f"view.{view}").settle()
    assert told() == ["calm-ibis is no longer in the library."]
    assert driver.selected() == ["amber-heron", "brisk-otter"]
    assert state.baseline is None
    assert state.current != keys["calm-ibis"]

    driver.restart().do("view.charts").settle()
    assert driver.find(ChartsView, "charts").wanted() == ("val/acc", "loss")
    assert len(told()) == 1
    shutil.move(tmp_path / "calm-ibis", root / "sweep" / "calm-ibis")
    driver.do("library.look").settle()
    assert driver.selected() == ["calm-ibis", "amber-heron", "brisk-otter"], "in its place, with its colour"
    assert len(told()) == 1
