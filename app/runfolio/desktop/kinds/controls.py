"""The controls over a chart kind: lists, boxes to tick, and what else a kind puts beside them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QSizePolicy, QWidget

from runfolio.desktop.flow import FlowLayout
from runfolio.desktop.kinds.field_combo import FieldCombo
from runfolio.desktop.widgets import PlainLabel


class ControlBar(QWidget):
    """`chosen` tells a label for undo, the part of the settings, and its new value. `title` is the kind's."""

    chosen = Signal(str, str, object)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("kind-controls")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._title = title
        self._flow = FlowLayout()
        self.setLayout(self._flow)

    def add(self, widget: QWidget) -> None:
        """Put something of the kind's own to the end."""
        self._flow.addWidget(widget)

    def field(self, part: str, label: str, *, optional: bool = False) -> FieldCombo:
        """A labelled list of fields."""
        combo = FieldCombo(f"kind-{part}", f"{self._title}: {label}", optional=optional)
        combo.chosen.connect(lambda id: self.chosen.emit(f"Chart {label.lower()}", part, id))
        self._add_labelled(label, combo)
        return combo

    def check(self, part: str, label: str, tip: str = "") -> QCheckBox:
        """A box to tick."""
        box = QCheckBox(label)
        box.setObjectName(f"kind-{part}")
        box.setAccessibleName(f"{self._title}: {label}")
        box.setToolTip(tip or label)
        box.clicked.connect(lambda on: self.chosen.emit(f"Chart {label.lower()}", part, on))
        self.add(box)
        return box

    def choice(self, part: str, label: str, titles: dict[str, str]) -> QComboBox:
        """A short list."""
        box = QComboBox()
        box.setObjectName(f"kind-{part}")
        box.setAccessibleName(f"{self._title}: {label}")
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for id, title in titles.items():
            box.addItem(title, id)
        box.activated.connect(lambda at: self.chosen.emit(f"Chart {label.lower()}", part, box.itemData(at)))
        self._add_labelled(label, box)
        return box

    def _add_labelled(self, label: str, control: QWidget) -> None:
        pair = QWidget()
        row = QHBoxLayout(pair)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(5)
        row.addWidget(PlainLabel(label, role="muted"))
        row.addWidget(control)
        self.add(pair)
