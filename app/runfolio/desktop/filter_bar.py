"""The bar above the workspaces: the filter with its error, and what concerns the whole scope."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from runfolio.desktop import icons
from runfolio.desktop.context import Context
from runfolio.desktop.filter_field import FilterField
from runfolio.desktop.widgets import PlainLabel, Rule, TextButton, tooltip
from runfolio.errors import FilterSyntax, RunfolioError
from runfolio.model.answers import Change, FieldInfo, Touched
from runfolio.model.query import FieldKind, FieldRef

HEIGHT = 52
LEAST_WIDTH, LEAST_FIELD = 330, 240
"""Of the bar, and of the filter line beside buttons with words on them."""
TYPING_PAUSE_MS = 160
"""A filter is looked at when the typing rests this long."""


class FilterBar(QWidget):
    """Filter line, its complaint below, and room for buttons at the right."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._values: dict[FieldRef, Sequence[tuple[str, int]]] = {}
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.field = FilterField(context.theme, self._values_of)
        self.field.setFixedHeight(32)
        self._glass = QAction(self)
        self.field.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self.error = PlainLabel(role="bad")
        self.error.setObjectName("filter-error")
        self.error.hide()
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(6)
        line = QHBoxLayout()
        line.setContentsMargins(14, 10, 14, 9)
        line.setSpacing(8)
        line.addWidget(self.field, 1)
        line.addLayout(self._buttons)
        below = QHBoxLayout()
        below.setContentsMargins(48, 0, 14, 8)
        below.addWidget(self.error)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addLayout(below)
        column.addWidget(Rule())
        self._below = below
        below.setEnabled(False)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._check)
        self.field.textEdited.connect(lambda _text: self._pause.start())
        self.field.editingFinished.connect(context.state.end_typing)
        context.state.query_changed.connect(self._follow)
        context.theme.changed.connect(self._tint)
        self._show_error(None)
        self._tint()

    def add_button(self, button: TextButton) -> None:
        """Put a button at the right."""
        button.setFixedHeight(30)
        self._buttons.addWidget(button)

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for half a screen: the buttons then show their icons alone."""
        return QSize(LEAST_WIDTH, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words on the buttons where there is room for them beside the filter."""
        super().resizeEvent(event)
        buttons = [b for b in self.findChildren(TextButton) if b.parent() is self]
        for button in buttons:
            button.set_compact(compact=False)
        wanted = LEAST_FIELD + sum(button.sizeHint().width() + 6 for button in buttons)
        for button in buttons:
            button.set_compact(compact=wanted > event.size().width())

    def activate(self) -> None:
        """The workspace is open: learn the fields."""
        self._context.jobs.query("filter-fields", lambda workspace: workspace.fields(), self._take_fields)

    def changed(self, change: Change) -> None:
        """New runs may bring new fields and values."""
        if change.touched & (Touched.RUNS | Touched.MARKS):
            self._values.clear()
            self.activate()

    def focus(self) -> None:
        """Let the user type."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    @property
    def waiting(self) -> bool:
        """Whether something was typed that has not been looked at yet."""
        return self._pause.isActive()

    def clear(self) -> None:
        """No filter."""
        self.field.clear()
        self._check()

    def refuse(self, error: FilterSyntax | None) -> None:
        """Show why the scope's filter has no answer any more, as long as it is what stands in the line."""
        if self.field.text().strip() == self._context.state.scope.where:
            self._show_error(error)

    # --- checking ----------------------------------------------------------------------------------------------

    def _check(self) -> None:
        self._pause.stop()
        text = self.field.text().strip()

        def sound(_nothing: None) -> None:
            self._show_error(None)
            self._context.state.set_where(text, typing=True)

        self._context.jobs.query("filter-check", lambda workspace: workspace.check_filter(text), sound, self._refused)

    def _refused(self, error: RunfolioError) -> None:
        if isinstance(error, FilterSyntax):
            lead = len(self.field.text()) - len(self.field.text().lstrip())
            self._show_error(
                FilterSyntax(error.message, position=error.position + lead, length=error.length, hint=error.hint)
            )
        else:
            self._context.say.error(error)

    def _show_error(self, error: FilterSyntax | None) -> None:
        self.field.set_error(error)
        self.error.setVisible(error is not None)
        self._below.setContentsMargins(48, 0, 14, 8 if error is not None else 0)
        text = "" if error is None else f"{error.message}. {error.hint}".strip()
        self.error.setText(text)
        self.field.setAccessibleDescription(text)
        self.field.setToolTip(tooltip(text))

    def _follow(self) -> None:
        # The query was changed elsewhere (undo, a saved view): show it, unless it is what is being typed.
        where = self._context.state.scope.where
        if where != self.field.text().strip():
            self.field.setText(where)
            self._show_error(None)

    # --- completion --------------------------------------------------------------------------------------------

    def _take_fields(self, fields: tuple[FieldInfo, ...]) -> None:
        self.field.set_fields(fields)

    def _values_of(self, field: FieldRef) -> Sequence[tuple[str, int]]:
        if field.kind is FieldKind.METRIC:
            return ()
        if field not in self._values:
            self._values[field] = ()

            def take(values: Sequence[tuple[str, int]]) -> None:
                self._values[field] = values
                if values and self.field.hasFocus():
                    self.field.complete()

            self._context.jobs.query("filter-values", lambda workspace: workspace.values(field), take)
        return self._values[field]

    def _tint(self) -> None:
        self._glass.setIcon(icons.icon("search", self._context.theme))

    def sizeHint(self) -> QSize:
        """At least the height of the line."""
        return QSize(super().sizeHint().width(), max(HEIGHT, super().sizeHint().height()))
