"""The controls over the group comparison: what makes groups, which metrics, which baseline, which test, the rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from runfolio.desktop.compare_ask import GroupAnswer
from runfolio.desktop.compare_choice import Choice, ChoicePopup
from runfolio.desktop.compare_settings import LEVELS, METHOD_TITLES, GroupSettings
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import TextButton, tooltip
from runfolio.model.display import count, counted, number, plain
from runfolio.model.query import FieldKind, FieldRef

REPEATS = "repetitions"
_LENGTHS = (34, 26, 20, 16, 12, 9)
"""Characters of the longest text on a chip, as there is room for."""


class GroupBar(QWidget):
    """`asked` tells what the user wants from now on, with a label for undo."""

    asked = Signal(str, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._settings = GroupSettings()
        self._answer: GroupAnswer | None = None
        self._texts: dict[TextButton, str] = {}
        self._tips: dict[TextButton, str] = {}
        self.by = self._chip("groups-by", "What makes runs one group", self._open_by)
        self.metrics = self._chip("groups-metric", "The metrics that groups are compared by", self._open_metrics)
        self.baseline = self._chip("groups-baseline", "The group that others are measured against", self._open_baseline)
        self.rule = self._chip("groups-rule", "Which params may differ between repetitions", self._open_rule)
        self.test = TextButton("", theme)
        self._tips[self.test] = "How p and the interval are found"
        self.test.setObjectName("groups-test")
        self.test.setProperty("chip", True)
        self._menu = QMenu(self)
        self._menu.setObjectName("groups-test-menu")
        self._menu.aboutToShow.connect(self._fill_menu)
        self.test.setMenu(self._menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for button in (self.by, self.metrics, self.baseline, self.test, self.rule):
            row.addWidget(button)
        row.addStretch()
        self.show_settings(self._settings)

    def _chip(self, name: str, tip: str, call: Callable[[], None]) -> TextButton:
        chip = TextButton("", self._theme, tip=tip)
        chip.setObjectName(name)
        chip.setProperty("chip", True)
        chip.clicked.connect(call)
        self._tips[chip] = tip
        return chip

    # --- what is shown -----------------------------------------------------------------------------------------

    def show_settings(self, settings: GroupSettings) -> None:
        """Show what was chosen."""
        self._settings = settings
        by = " × ".join(f.name for f in settings.by) or REPEATS
        self._say(self.by, f"groups: {by}")
        kind = {"t": "t test", "permutation": "permutation"}.get(settings.method.value, settings.method.value)
        pairs = "" if settings.pairing else ", never paired"
        self._say(self.test, f"{kind}, {number(settings.level * 100)} %{pairs}")
        self.rule.setVisible(not settings.by)
        self._say_rule()

    def show_answer(self, answer: GroupAnswer) -> None:
        """Show what was found with it."""
        self._answer = answer
        names = [figure_title(m) for m in answer.compared]
        self._say(
            self.metrics, f"metric: {names[0]}" if len(names) == 1 else f"{len(names)} metrics" if names else "metric"
        )
        self._say(self.baseline, f"baseline: {answer.baseline}" if answer.baseline else "baseline")
        self.baseline.setEnabled(bool(answer.baseline))
        self._say_rule()

    def _say_rule(self) -> None:
        ignored = self._answer.ignored if self._answer is not None else ()
        changed = bool(self._settings.ignored or self._settings.counted)
        text = f"ignored: {ignored[0]}" + (f" + {len(ignored) - 1}" if len(ignored) > 1 else "") if ignored else "rule"
        self._say(self.rule, text + (" (changed)" if changed else ""))

    def _say(self, chip: TextButton, text: str) -> None:
        """A text on a chip, as much of it as there is room for; the whole of it to a screen reader and the tooltip."""
        self._texts[chip] = plain(text)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Any width will do: texts give way."""
        return QSize(320, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the texts so that all chips fit."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        layout = self.layout()
        if layout is None:
            return
        for length in _LENGTHS:
            for chip, text in self._texts.items():
                chip.set_text(f"{_cut(text, length)}  ▾")
            layout.invalidate()
            if layout.sizeHint().width() <= self.width():
                break
        for chip, text in self._texts.items():
            chip.setAccessibleName(text)
            chip.setToolTip(tooltip(f"{self._tips[chip]}\n{text}"))

    # --- what is asked -----------------------------------------------------------------------------------------

    def _open_by(self) -> None:
        if self._answer is None:
            return
        chosen = {f.id for f in self._settings.by}
        rows = [Choice("", "Repetitions of one configuration")]
        rows += [Choice(f.id, f.name, f.id in chosen, f"·  {count(n)}") for f, n in self._answer.fields]
        self._open(
            "Groups by",
            "Repetitions differ in their seed alone. Tick fields to group by their values instead.",
            rows,
            self._take_by,
            self.by,
        )

    def _take_by(self, id: str, ticked: bool) -> None:
        others = tuple(f for f in self._settings.by if f.id != id)
        by = () if not id else (*others, FieldRef.from_id(id)) if ticked else others
        self.asked.emit("Groups", replace(self._settings, by=by, baseline=""))

    def _open_metrics(self) -> None:
        if self._answer is None:
            return
        chosen = {m.name for m in self._answer.compared}
        rows = [
            Choice(m.id, figure_title(m), m.name in chosen, f"·  {counted(n, 'run')}") for m, n in self._answer.metrics
        ]
        self._open(
            "Metrics", "Best by direction, else the last value of each run.", rows, self._take_metric, self.metrics
        )

    def _take_metric(self, id: str, ticked: bool) -> None:
        assert self._answer is not None
        metric = FieldRef.from_id(id)
        now = self._settings.metrics if self._settings.metrics is not None else self._answer.compared
        others = tuple(m for m in now if m.name != metric.name)
        metrics = (*others, metric) if ticked else others
        self.asked.emit("Metrics", replace(self._settings, metrics=metrics or None))

    def _open_baseline(self) -> None:
        if self._answer is None:
            return
        rows = [Choice(g.name, g.name, None, f"·  {counted(len(g.runs), 'run')}") for g in self._answer.groups]
        self._open("Baseline", "Every other group is measured against it.", rows, self._take_baseline, self.baseline)

    def _take_baseline(self, name: str, _ticked: bool) -> None:
        self.asked.emit("Baseline group", replace(self._settings, baseline=name))

    def _open_rule(self) -> None:
        if self._answer is None:
            return
        rows = [Choice(key, key, True) for key in self._answer.ignored]
        counted = [k for k in self._answer.by_itself if k not in self._answer.ignored]
        rows += [
            Choice(key, key, False) for key in (*counted, *self._answer.offered) if key not in self._answer.ignored
        ]
        text = f"Runs are repetitions of each other: {self._answer.rule}. Ticked params may differ."
        self._open("Ignored params", text, [*dict.fromkeys(rows)], self._take_rule, self.rule)

    def _take_rule(self, key: str, ticked: bool) -> None:
        assert self._answer is not None
        own = key in self._answer.by_itself
        self.asked.emit("Rule", self._settings.with_param(key, ignored=ticked, by_itself=own))

    def _open(
        self, title: str, text: str, rows: Sequence[Choice], call: Callable[[str, bool], None], under: QWidget
    ) -> None:
        ChoicePopup(title, text, rows, call, self.window()).open_under(under)

    def _fill_menu(self) -> None:
        self._menu.clear()
        settings = self._settings
        self._choices([(METHOD_TITLES[m], replace(settings, method=m), m is settings.method) for m in METHOD_TITLES])
        self._choices(
            [(f"{number(x * 100)} % intervals", replace(settings, level=x), x == settings.level) for x in LEVELS]
        )
        self._tick("Pair runs that have partners", replace(settings, pairing=not settings.pairing), settings.pairing)
        self._tick("Show runs that are alone", replace(settings, single=not settings.single), settings.single)

    def _choices(self, rows: Sequence[tuple[str, GroupSettings, bool]]) -> None:
        together = QActionGroup(self._menu)
        for title, settings, on in rows:
            together.addAction(self._tick(title, settings, on))
        self._menu.addSeparator()

    def _tick(self, title: str, settings: GroupSettings, on: bool) -> QAction:
        action = self._menu.addAction(title, lambda: self.asked.emit("Statistics", settings))
        action.setCheckable(True)
        action.setChecked(on)
        return action


def figure_title(metric: FieldRef) -> str:
    """`val/acc (best)`."""
    return f"{metric.name} ({metric.aggregate.value})" if metric.kind is FieldKind.METRIC else metric.name


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
