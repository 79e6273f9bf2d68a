"""Texts of foreign folders in every view and every field: nothing blocks, runs, or is taken for markup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

import hostile.texts
from hostile.scene import CASES, Scene
from runfolio.desktop.views.inspector import InspectorView
from runfolio.desktop.views.registry import VIEWS
from support.driver import Driver

NAMES = [name for name in CASES if name.startswith("text-") and name != "text-5000-params"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run for each text, which is its folder's name as far as a file system holds it, its params and metrics."""
    out = tmp_path_factory.mktemp("texts")
    for name in NAMES:
        CASES[name].fill(Scene(out, name))
    return out / "tree"


def test_every_view_shows_every_hostile_text(driver: Driver, texts: Path, library: Callable[[Path], None]) -> None:
    library(texts)
    driver.start()
    runs = driver.column("Run")
    assert len(runs) >= len(NAMES)
    driver.table.setFocus()
    driver.press("Ctrl+A").press("Space")
    assert len(driver.selected()) == len(runs)
    driver.do("window.inspector")
    inspector = driver.find(InspectorView, "inspector")
    for row in range(len(runs)):
        driver.table.selectRow(row)
        for place in range(inspector.tabs.count()):
            inspector.tabs.setCurrentIndex(place)
            driver.settle()
    for view in VIEWS:
        driver.do(f"view.{view.id}")
        assert not driver.window.grab().isNull()


def test_every_field_takes_every_hostile_text(driver: Driver, indexed: Path) -> None:
    driver.start()
    driver.do("window.inspector")
    count = len(driver.column("Run"))
    for text in hostile.texts.TEXTS.values():
        QApplication.clipboard().setText(text[:3000])
        driver.window.filter_bar.focus()
        driver.window.filter_bar.field.paste()
        driver.until(lambda: not driver.window.filter_bar.waiting).settle()
        driver.do("filter.clear")
        assert len(driver.column("Run")) == count
    for view in VIEWS:
        driver.do(f"view.{view.id}")
        for field in driver.window.findChildren(QLineEdit):
            if not field.isVisible() or not field.isEnabled() or field.objectName() == "filter":
                continue
            field.setFocus()
            for text in hostile.texts.TEXTS.values():
                QApplication.clipboard().setText(text[:3000])
                field.paste()
                QTest.qWait(1)
                field.clear()
            driver.settle()
    driver.do("view.runs")
    assert len(driver.column("Run")) == count
