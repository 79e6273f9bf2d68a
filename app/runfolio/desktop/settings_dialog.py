"""The settings dialog: a row for each row of `settings.SETTINGS`, in force as soon as it is changed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QGridLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.widgets import PlainLabel, Rule
from runfolio.settings import SETTINGS, Setting, Value, settings_file

Choose = Callable[[str, Value], None]


class SettingsDialog(QDialog):
    """Changes go to `choose` at once; there is nothing to confirm."""

    def __init__(self, context: Context, choose: Choose, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings")
        self.setWindowTitle("Settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(560)
        self._context = context
        self._choose = choose
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(PlainLabel("Settings", font=fonts.ui(17, QFont.Weight.DemiBold)))
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        for place, setting in enumerate(SETTINGS):
            restart = " Takes effect at the next start." if setting.restart else ""
            grid.addWidget(PlainLabel(setting.title, font=fonts.ui(13, QFont.Weight.DemiBold)), 3 * place, 0)
            grid.addWidget(PlainLabel(setting.help + restart, role="muted", wrap=True), 3 * place + 1, 0)
            editor = self._editor(setting)
            editor.setObjectName(f"setting-{setting.key}")
            editor.setAccessibleName(setting.title)
            editor.setAccessibleDescription(setting.help)
            grid.addWidget(editor, 3 * place, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
            grid.setRowMinimumHeight(3 * place + 2, 12)
        column.addLayout(grid)
        column.addStretch()
        column.addWidget(Rule())
        column.addWidget(PlainLabel(f"Kept in {settings_file()}, which you may edit.", role="muted", wrap=True))

    def _editor(self, setting: Setting) -> QWidget:
        settings, key = self._context.settings, setting.key
        if setting.choices:
            box = QComboBox()
            for choice in setting.choices:
                box.addItem(str(choice).upper() if choice == "utc" else str(choice).capitalize(), choice)
            box.setCurrentIndex(box.findData(settings.text(key)))
            box.activated.connect(lambda row: self._choose(key, str(box.itemData(row))))
            return box
        if isinstance(setting.default, bool):
            check = QCheckBox()
            check.setChecked(settings.flag(key))
            check.toggled.connect(lambda on: self._choose(key, on))
            return check
        if isinstance(setting.default, float):
            spin = QDoubleSpinBox()
            spin.setRange(setting.low or 0.0, setting.high or 1e9)
            spin.setSingleStep(0.25)
            spin.setValue(settings.number(key))
            spin.valueChanged.connect(lambda value: self._choose(key, float(value)))
            return spin
        line = QLineEdit(settings.text(key))
        line.setMinimumWidth(180)
        line.editingFinished.connect(lambda: self._choose(key, line.text().strip()))
        return line
