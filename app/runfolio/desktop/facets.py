"""The facets: what the fields in view hold among the runs of the scope, to filter by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from runfolio.desktop.cells import field_title
from runfolio.desktop.context import Context
from runfolio.desktop.facet_histogram import FacetHistogram
from runfolio.desktop.facet_list import FIRST, FacetList
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import ElidedLabel, EmptyState, IconButton, PlainLabel, Rule, TextButton
from runfolio.errors import FilterSyntax, RunfolioError
from runfolio.model.answers import FieldInfo
from runfolio.model.display import count
from runfolio.model.facets import Facet, FacetValue
from runfolio.model.query import FieldKind, FieldRef

NARROWEST = 200
PAUSE_MS = 40
"""Changes that come together are one question."""
MORE = 50
MOST = 40
"""Boxes at once, each a dozen widgets and a question: the search finds what stands further right."""
FOUND = 8
"""Fields that a search shows besides those in view."""
_NEVER = frozenset({"name", "key", "path"})
"""Fields whose values are one run's each."""


class FacetPanel(QWidget):
    """A search line over a box for each field. `in_view` gives the fields of the table."""

    def __init__(
        self, context: Context, in_view: Callable[[], Sequence[FieldRef]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._in_view = in_view
        self._boxes: dict[FieldRef, FacetBox] = {}
        self._all: tuple[FieldInfo, ...] = ()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._show)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(NARROWEST)
        self.search = QLineEdit()
        self.search.setObjectName("facet-search")
        self.search.setAccessibleName("Search fields")
        self.search.setPlaceholderText("Search fields")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.empty = EmptyState(context.theme, "No such field", "No field has this in its name.", icon="filter")
        self.empty.setProperty("surface", "panel")
        self._inside = QWidget()
        self._inside.setProperty("scroll", True)
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 8)
        self._column.setSpacing(0)
        self.further = PlainLabel("", role="muted")
        self.further.setObjectName("facets-further")
        self.further.setWordWrap(True)
        self.further.setContentsMargins(14, 8, 14, 0)
        self._column.addWidget(self.empty)
        self._column.addWidget(self.further)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._inside)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        head = QHBoxLayout()
        head.setContentsMargins(12, 2, 12, 6)
        head.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(area, 1)
        context.state.query_changed.connect(self.refresh)
        context.state.library_changed.connect(lambda _change: self.activate())

    def sizeHint(self) -> QSize:
        """The size it starts with."""
        return QSize(NARROWEST, 420)

    @property
    def shown(self) -> tuple[FieldRef, ...]:
        """The fields that have a box now, from top to bottom."""
        return tuple(field for field, box in self._boxes.items() if not box.isHidden())

    def box(self, field: FieldRef) -> FacetBox:
        """The box of a field. Raises KeyError."""
        return self._boxes[field]

    def activate(self) -> None:
        """It has come into view, or there may be other fields."""
        if self.isVisible():
            self._context.jobs.query("facet-fields", lambda workspace: workspace.fields(), self._take_fields)
            self.refresh()

    def refresh(self) -> None:
        """The scope or the columns are others: ask again when that has settled."""
        if self.isVisible():
            self._pause.start()

    def _take_fields(self, fields: tuple[FieldInfo, ...]) -> None:
        self._all = fields
        if self.search.text().strip():
            self._pause.start()

    # --- which fields ------------------------------------------------------------------------------------------

    def _wanted(self) -> list[FieldRef]:
        """The fields in view, or those that a search finds: in view first."""
        own = [f for f in dict.fromkeys(self._in_view()) if f.kind is not FieldKind.BUILTIN or f.name not in _NEVER]
        sought = self.search.text().strip().casefold()
        if not sought:
            return own
        found = [field for field in own if sought in field_title(field).casefold() or sought in field.name.casefold()]
        known = set(own)
        for info in self._all:
            if len(found) >= FOUND:
                break
            field = info.field
            odd = field.kind is FieldKind.BUILTIN and field.name in _NEVER
            if not odd and field not in known and sought in field.name.casefold():
                found.append(field)
        return found

    def _show(self) -> None:
        fitting = self._wanted()
        wanted, beyond = fitting[:MOST], len(fitting) - MOST
        self.further.setText(f"{count(beyond)} more columns are here: search for them." if beyond > 0 else "")
        self.further.setVisible(beyond > 0)
        for field, box in [*self._boxes.items()]:
            if field not in wanted:
                self._column.removeWidget(box)
                box.deleteLater()
                del self._boxes[field]
        boxes: dict[FieldRef, FacetBox] = {}
        for place, field in enumerate(wanted):
            known = self._boxes.get(field)
            boxes[field] = known or FacetBox(self._context.theme, field)
            if known is None:
                boxes[field].asked.connect(self._filter)
            if self._column.indexOf(boxes[field]) != place:
                self._column.insertWidget(place, boxes[field])
        self._boxes = boxes
        self.empty.setVisible(not wanted)
        if not wanted and not self.search.text().strip():
            self.empty.set("No fields in view", "The columns of the table have their values here.")
        elif not wanted:
            self.empty.set("No such field", "No field has this in its name.")
        for field in wanted:
            self._ask(field)

    # --- asking and filtering ----------------------------------------------------------------------------------

    def _ask(self, field: FieldRef) -> None:
        query = self._context.state.scope

        def take(facet: Facet) -> None:
            if field in self._boxes:
                self._boxes[field].show_facet(facet)

        def failed(error: RunfolioError) -> None:
            # What is wrong with the filter stands below it already.
            if not isinstance(error, FilterSyntax):
                self._context.say.error(error)
            if field in self._boxes:
                self._boxes[field].show_trouble(error.message)

        self._context.jobs.query(
            f"facet-{field.id}", lambda workspace: workspace.facet(field, query, MORE), take, failed
        )

    def _filter(self, where: str) -> None:
        state = self._context.state
        state.end_typing()
        state.set_where(where)


class FacetBox(QWidget):
    """One field: its title, and values or a histogram. `asked` carries the filter that a click asks for."""

    asked = Signal(str)

    def __init__(self, theme: Theme, field: FieldRef, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = field_title(field)
        self._theme = theme
        self._title = title
        self._facet: Facet | None = None
        self._all = False
        self.setAccessibleName(f"Facet {title}")
        self.heading = ElidedLabel(title)
        self.told = PlainLabel("…", role="muted")
        self.clear = IconButton("x", f"Do not filter by {title}", theme, size=12)
        self.clear.clicked.connect(lambda: self._ask_for(""))
        self.clear.hide()
        self.values = FacetList(theme, title)
        self.values.chosen.connect(self._toggle)
        self.values.hide()
        self.histogram = FacetHistogram(theme, title)
        self.histogram.brushed.connect(self._ask_for)
        self.histogram.hide()
        self.more = TextButton("", theme, kind="link")
        self.more.clicked.connect(self._show_more)
        self.more.hide()
        head = QHBoxLayout()
        head.setContentsMargins(14, 8, 8, 3)
        head.setSpacing(6)
        head.addWidget(self.heading, 1)
        head.addWidget(self.told)
        head.addWidget(self.clear)
        under = QHBoxLayout()
        under.setContentsMargins(30, 0, 8, 0)
        under.addWidget(self.more)
        under.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Rule())
        column.addLayout(head)
        column.addWidget(self.histogram)
        column.addWidget(self.values)
        column.addLayout(under)
        column.addSpacing(8)

    def show_facet(self, facet: Facet) -> None:
        """Show what has come in."""
        self._facet = facet
        numbers = facet.distinct < 0
        self.clear.setVisible(bool(facet.own))
        self.histogram.setVisible(facet.bins is not None)
        self.values.setVisible(not numbers or facet.missing > 0 or facet.no_value)
        if numbers:
            self.histogram.show_bins(facet)
            self.told.setText("" if facet.bins is not None else "no numbers")
        else:
            self.told.setText(f"{count(facet.distinct)} value{'' if facet.distinct == 1 else 's'}")
        self.values.show_values(facet, MORE if self._all else FIRST)
        hidden = max(0, len(facet.values) - FIRST)
        self.more.setVisible(hidden > 0)
        if hidden:
            beyond = f" of {count(facet.distinct)}" if facet.distinct > len(facet.values) else ""
            self.more.set_text("Show fewer" if self._all else f"Show {hidden} more{beyond}")

    def show_trouble(self, message: str) -> None:
        """Say why there is nothing to show."""
        self.told.setText("no answer")
        self.told.setToolTip(message)

    def _show_more(self) -> None:
        self._all = not self._all
        if self._facet is not None:
            self.show_facet(self._facet)

    def _toggle(self, value: FacetValue | None) -> None:
        if self._facet is not None:
            facet = self._facet
            self.asked.emit(facet.toggled_missing() if value is None else facet.toggled(value))

    def _ask_for(self, condition: str) -> None:
        if self._facet is not None:
            self.asked.emit(self._facet.asking(condition))
