"""The Charts workspace with the hand and the eyes of its user."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListWidget, QMenu, QWidget

from runfolio.desktop.metric_panel import MetricPanel
from runfolio.desktop.views.charts import ChartsView
from runfolio.desktop.widgets import PlainLabel
from support.driver import Driver
from support.menus import choose_by_right_click


class Charts:
    """The workspace with some runs selected."""

    def __init__(self, driver: Driver, *names: str) -> None:
        self.driver = driver
        state = driver.window.context.state
        if names:
            for name in [n for n in driver.selected() if n not in names]:
                driver.click_dot(name)
            for name in [n for n in names if n not in driver.selected()]:
                driver.click_dot(name)
        else:
            state.select(())
        driver.do("view.charts")
        self.view = driver.find(ChartsView, "charts")

    @property
    def metrics(self) -> list[str]:
        """The panels on show, in order."""
        return [", ".join(self.view.settings.metrics_of(key)) for key in self.view.keys]

    def panel(self, metric: str) -> MetricPanel:
        return next(panel for panel in self.view.panels if panel.metric_name == metric)

    def runs_in(self, metric: str) -> list[str]:
        return sorted(curve.name for curve in self.panel(metric).curves)

    def choose(self, menu: str, title: str) -> Charts:
        """An entry of one of the menus over the charts."""
        found = self.driver.find(QMenu, menu)
        found.aboutToShow.emit()
        next(action for action in found.actions() if action.text() == title).trigger()
        self.driver.settle()
        return self

    def type_glob(self, text: str, *, enter: bool = False) -> Charts:
        search = self.driver.find(QLineEdit, "panel-search")
        search.setFocus()
        search.selectAll()
        QTest.keyClicks(search, text)
        if enter:
            QTest.keyClick(search, Qt.Key.Key_Return)
        self.driver.settle()
        return self

    def listed(self) -> list[str]:
        """The metrics in the list, those with a panel with a star."""
        listing = self.driver.find(QListWidget, "panel-list")
        items = [listing.item(i) for i in range(listing.count())]
        return [
            ("*" if item.checkState() is Qt.CheckState.Checked else "") + item.text()
            for item in items
            if not item.isHidden()
        ]

    def tick(self, metric: str) -> Charts:
        """Click the box before a metric in the list."""
        listing = self.driver.find(QListWidget, "panel-list")
        (item,) = listing.findItems(metric, Qt.MatchFlag.MatchExactly)
        listing.scrollToItem(item)
        place = listing.visualItemRect(item)
        at = QPoint(place.left() + 10, place.center().y())
        QTest.mouseClick(listing.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        self.driver.settle()
        return self

    def point(self, metric: str, x: float, y: float) -> Charts:
        """Move the pointer to a value of a chart."""
        chart = self.panel(metric)
        view = chart.plot.getViewBox()
        chart.settle()
        chart.plot.grab()
        at = chart.plot.mapFromScene(view.mapToScene(view.mapFromView(QPointF(x, y))))
        QTest.mouseMove(chart.plot.viewport(), at)
        self.driver.settle()
        return self

    def says(self, metric: str, label: str) -> str:
        """What a label of a panel says; "" when it is hidden."""
        found = self.panel(metric).findChild(PlainLabel, label)
        assert found is not None
        return found.text() if found.isVisible() else ""

    def menu(self, metric: str, *titles: str) -> Charts:
        """Choose from a panel's menu: an entry, or one of the menu that the entry opens."""
        choose_by_right_click(self.driver, self.panel(metric).plot.viewport(), "panel-menu", titles)
        return self

    def press(self, metric: str, button: str) -> Charts:
        """Click a button in a panel's head."""
        found = self.panel(metric).findChild(QWidget, button)
        assert found is not None
        QTest.mouseClick(found, Qt.MouseButton.LeftButton)
        self.driver.settle()
        return self
