"""Edits one group of metric names: which are shown as one, under which name, and with which scale."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QHeaderView,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.align_groups import GroupKind, NameGroup, NameRow, scale_text
from runfolio.desktop.context import Context
from runfolio.desktop.plain_table import ROW_HEIGHT, PlainTable
from runfolio.desktop.widgets import PlainLabel, TextButton, tooltip
from runfolio.model.alignment import AlignmentPreview, NameFacts, is_scale
from runfolio.model.display import count, plain

_NAME, _SCALE, _RUNS, _VALUES, _WHY = range(5)
_PAUSE_MS = 120
_MARGINS = 26
"""Pixels at the sides of a cell's text, together."""
_MOST_OFFERED = 2_000
"""Names in the list of others; those beyond can be typed."""
_AIR = 10
"""Pixels above and below the text of a row of several lines, together."""


class AlignEditor(QWidget):
    """The names of a group with boxes and scales. `changed` after each edit, `previewed` when its effect is known."""

    changed = Signal()
    previewed = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._group: NameGroup | None = None
        self._known: Mapping[str, NameFacts] = {}
        self._filling = False
        self.complaint = ""
        """Why the group cannot be decided as it stands; "" when it can."""
        self._fit = QTimer(self)
        self._fit.setSingleShot(True)
        self._fit.setInterval(0)
        self._fit.timeout.connect(self._fit_rows)
        self._heading = PlainLabel("", font=fonts.ui(15, QFont.Weight.DemiBold))
        self._label = PlainLabel("Show them as", role="muted")
        self.target = QComboBox()
        self.target.setObjectName("align-target")
        self.target.setAccessibleName("Show them as")
        self.target.setEditable(True)
        self.target.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.target.setMinimumWidth(280)
        # What is typed is a new name as often as a known one: nothing completes it.
        self.target.setCompleter(QCompleter(self))
        self.target.currentTextChanged.connect(self._type)
        self.target.currentIndexChanged.connect(self._pick)
        self.target.activated.connect(self._pick)
        typed = self.target.lineEdit()
        if typed is not None:
            typed.editingFinished.connect(self.finish)
        named = QHBoxLayout()
        named.setSpacing(10)
        named.addWidget(self._label)
        named.addWidget(self.target, 1)
        named.addStretch(1)
        self.table = PlainTable(["Name", "Scale", "Runs", "Values", "Why"], "align-names")
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        for column, width in ((_NAME, 214), (_SCALE, 62), (_RUNS, 54), (_VALUES, 136)):
            self.table.setColumnWidth(column, width)
        self.table.horizontalHeader().setSectionResizeMode(_WHY, QHeaderView.ResizeMode.Stretch)
        # Reasons are sentences.
        self.table.setWordWrap(True)
        self.table.horizontalHeader().sectionResized.connect(lambda _section, _old, _new: self._fit.start())
        self.table.itemChanged.connect(self._edited)
        self.more = QComboBox()
        self.more.setObjectName("align-more")
        self.more.setAccessibleName("Another metric")
        self.more.setEditable(True)
        self.more.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.more.setMinimumWidth(280)
        completer = self.more.completer()
        if completer is not None:
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
        line = self.more.lineEdit()
        if line is not None:
            line.setPlaceholderText("Another metric…")
            line.returnPressed.connect(self._add)
        self.add = TextButton("Add", context.theme, icon="plus", tip="Show this metric together with the others")
        self.add.setObjectName("align-add")
        self.add.clicked.connect(self._add)
        adding = QHBoxLayout()
        adding.setSpacing(8)
        adding.addWidget(self.more)
        adding.addWidget(self.add)
        adding.addStretch()
        self.preview = PlainLabel("", role="muted", wrap=True)
        self.preview.setObjectName("align-preview")
        self.preview.setMinimumHeight(38)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignTop)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(10)
        body.addWidget(self._heading)
        body.addLayout(named)
        body.addWidget(self.table, 1)
        body.addLayout(adding)
        body.addWidget(self.preview)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._ask)

    # --- what it shows -----------------------------------------------------------------------------------------

    @property
    def group(self) -> NameGroup | None:
        """The group as it was edited."""
        return self._group

    def show_group(self, group: NameGroup | None, known: Mapping[str, NameFacts]) -> None:
        """Edit another group. `known` is what is known of every metric name."""
        self._group, self._known = group, known
        apart = group is None or group.kind is GroupKind.APART
        for widget in (self._label, self.target, self.more, self.add):
            widget.setVisible(not apart)
        self._heading.setText("" if group is None else _HEADINGS[group.kind])
        self._filling = True
        self.target.clear()
        self.more.clear()
        if group is not None and not apart:
            names = dict.fromkeys((group.target, *(row.name for row in group.rows)))
            for name in names:
                self.target.addItem(plain(name, 200), name)
            for name in itertools.islice((name for name in known if name not in names), _MOST_OFFERED):
                self.more.addItem(plain(name, 200), name)
        self.more.setCurrentIndex(-1)
        self._filling = False
        self._fill()
        self._ask()

    def _fill(self) -> None:
        group = self._group
        rows = () if group is None else group.rows
        self._filling = True
        self.table.start(len(rows))
        for place, row in enumerate(rows):
            self._put(place, row)
        self._filling = False
        self._fit.start()

    def _fit_rows(self) -> None:
        """As high as their reasons need; Qt's own hint forgets the margins of a cell, and cuts the last words."""
        metrics = self.table.fontMetrics()
        room = QRect(0, 0, max(60, self.table.columnWidth(_WHY) - _MARGINS), 10_000)
        for row in range(self.table.rowCount()):
            item = self.table.item(row, _WHY)
            text = "" if item is None else item.text()
            needed = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), text).height()
            self.table.setRowHeight(row, max(ROW_HEIGHT, needed + _AIR, self.table.sizeHintForRow(row) + _AIR))

    def _put(self, place: int, row: NameRow) -> None:
        group = self._group
        apart = group is None or group.kind is GroupKind.APART
        itself = group is not None and row.name == group.target
        mono, muted = fonts.mono(12), self._context.theme.color("muted")
        self.table.put(place, _NAME, row.name, font=mono, tip=row.name)
        self.table.put(place, _SCALE, "" if apart else scale_text(row.scale), font=mono, right=True)
        self.table.put(place, _RUNS, "" if row.facts is None else count(row.runs), font=mono, right=True)
        self.table.put(place, _VALUES, row.range_words, font=mono, right=True)
        self.table.put(place, _WHY, row.reason, color=muted, tip=row.reason)
        plain_flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        for column in range(5):
            item = self.table.item(place, column)
            if item is not None:
                item.setFlags(plain_flags)
        name, scale = self.table.item(place, _NAME), self.table.item(place, _SCALE)
        if name is None or scale is None or apart:
            return
        name.setCheckState(Qt.CheckState.Checked if row.chosen or itself else Qt.CheckState.Unchecked)
        if not itself:
            name.setFlags(plain_flags | Qt.ItemFlag.ItemIsUserCheckable)
            scale.setFlags(plain_flags | Qt.ItemFlag.ItemIsEditable)
            scale.setToolTip(tooltip("Values are multiplied by this: 0.01 makes fractions of percent"))

    # --- what the user does ------------------------------------------------------------------------------------

    def _type(self, text: str) -> None:
        """A name on its way: scales wait until it is finished."""
        place = self.target.currentIndex()
        # What the list shows may be cut or escaped; the item knows the name itself.
        picked = place >= 0 and self.target.itemText(place) == text
        self._retarget(str(self.target.itemData(place)) if picked else text.strip(), finished=False)

    def _pick(self, place: int) -> None:
        if place >= 0:
            self._retarget(str(self.target.itemData(place)), finished=True)

    def finish(self) -> None:
        """The name is typed: where it is one of the group's, scales are taken against that one."""
        if self._group is not None:
            self._retarget(self._group.target, finished=True)

    def _retarget(self, target: str, *, finished: bool) -> None:
        group = self._group
        if self._filling or group is None or group.kind is GroupKind.APART:
            return
        self._group = group.with_target(target) if finished else replace(group, target=target)
        if self._group != group:
            self._fill()
            self._edited_at()

    def _edited(self, item: QTableWidgetItem) -> None:
        if self._filling or self._group is None:
            return
        place = item.row()
        if item.column() == _NAME:
            chosen = item.checkState() is Qt.CheckState.Checked
            self._group = self._group.with_row(place, chosen=chosen)
        elif item.column() == _SCALE:
            scale = _number(item.text())
            if scale is None:
                self._context.say.warning(f"“{item.text()}” is no scale.", hint="It is a number above 0, such as 0.01.")
            else:
                self._group = self._group.with_row(place, scale=scale)
            self._filling = True
            item.setText(scale_text(self._group.rows[place].scale))
            self._filling = False
        self._edited_at()

    def _add(self) -> None:
        text = self.more.currentText().strip()
        place = self.more.findText(text)
        name = str(self.more.itemData(place)) if place >= 0 else text
        if self._group is None or not text:
            return
        if name not in self._known:
            self._context.say.warning(f"No run has a metric “{plain(text, 80)}”.")
            return
        self.show_group(self._group.with_name(name, self._known[name]), self._known)
        self.changed.emit()

    def _edited_at(self) -> None:
        self.changed.emit()
        self._pause.start()

    # --- what it would do --------------------------------------------------------------------------------------

    def _ask(self) -> None:
        group = self._group
        if group is None or group.kind is GroupKind.APART:
            self.preview.setText("" if group is None else "They are not suggested as one metric any more.")
            return
        target, names = group.target, group.names
        self._context.jobs.query(
            "align-preview", lambda workspace: workspace.preview_alignment(target, names), self._told
        )

    def _told(self, told: AlignmentPreview) -> None:
        self.preview.setText(preview_words(told))
        self.previewed.emit()


_HEADINGS = {
    GroupKind.ALIGNED: "Shown as one metric",
    GroupKind.SUGGESTED: "Are these one metric?",
    GroupKind.NEW: "Show other metrics together with this one",
    GroupKind.APART: "Not one metric, as you said",
}


def preview_words(told: AlignmentPreview) -> str:
    """What an alignment would do, in words."""
    gained = sum(told.gains)
    text = f"{count(told.runs)} run{'' if told.runs == 1 else 's'} get a value: {count(told.own)} their own"
    text += f", {count(gained)} from other names." if told.gains else "."
    if told.both:
        text += f" {count(told.both)} of them have several of the names and show the first."
    return text


def _number(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if is_scale(value) else None
