"""Choosing a field by typing a part of its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, QStringListModel, Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QWidget

from runfolio.desktop.cells import field_title
from runfolio.model.answers import FieldInfo
from runfolio.model.direction import Direction
from runfolio.model.query import Aggregate, FieldKind, FieldRef

NONE = "none"
_BUILTINS = ("status", "duration", "started", "experiment", "dataset", "format", "tag", "stage", "points")
_WIDTH = 132


def choices(fields: Sequence[FieldInfo], *, numbers: bool = False, params: bool = False) -> list[FieldRef]:
    """Fields that a chart may show: what varies first.

    numbers   leave texts out.
    params    only what was set, not what was measured.
    """
    found: list[FieldRef] = []
    for info in fields:
        ref = info.field
        if ref.kind is FieldKind.METRIC:
            if not params:
                found += [FieldRef(ref.kind, ref.name, a) for a in _aggregates(info.direction)]
        elif ref.kind is FieldKind.BUILTIN:
            if not params and ref.name in _BUILTINS and (info.numeric or not numbers):
                found.append(ref)
        elif info.numeric or not numbers:
            found.append(ref)
    return found


def _aggregates(direction: Direction) -> tuple[Aggregate, ...]:
    first = (Aggregate.BEST,) if direction is not Direction.UNKNOWN else ()
    return (*first, Aggregate.LAST, Aggregate.MIN, Aggregate.MAX)


@dataclass(frozen=True, slots=True)
class Choice:
    """Fields to choose from, by id, with titles that tell them apart."""

    ids: tuple[str, ...]
    titles: tuple[str, ...]

    @classmethod
    def of(cls, fields: Sequence[FieldRef]) -> Choice:
        """Fields by their titles, and by their kind where two have one; for a job thread, since they may be many."""
        titles = [field_title(field) for field in fields]
        times = Counter(titles)
        told = (f"{t} ({f.kind.value})" if times[t] > 1 else t for t, f in zip(titles, fields, strict=True))
        return cls(tuple(field.id for field in fields), tuple(told))


class FieldCombo(QComboBox):
    """A list of fields that is searched by typing; `chosen` gives the id of what was picked, "" for none."""

    chosen = Signal(str)

    def __init__(self, name: str, label: str, *, optional: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setToolTip(f"{label}; type to search")
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setFixedWidth(_WIDTH)
        # Its width is fixed: without this Qt measures every field at each question how large it wants to be.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setIconSize(QSize(1, 1))
        self.view().setMinimumWidth(260)
        self._optional = optional
        self._choice: Choice | None = None
        self._extra: tuple[str, ...] = ()
        self._ids: list[str] = []
        self._current = ""
        completer = QCompleter(self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setCompleter(completer)
        self.activated.connect(self._on_activated)
        edit = self.lineEdit()
        if edit is not None:
            edit.editingFinished.connect(self._on_typed)

    def offer(self, choice: Choice, current: str) -> None:
        """Show other fields, with `current` (an id or "") chosen; one that is not offered is added to the end."""
        extra = () if current in choice.ids or (self._optional and not current) else (current,)
        if choice is not self._choice or extra != self._extra:
            self._choice, self._extra = choice, extra
            none = (NONE,) if self._optional else ()
            self._ids = [*("" for _ in none), *choice.ids, *extra]
            self.setModel(QStringListModel([*none, *choice.titles, *(title_of(id) or NONE for id in extra)], self))
            completer = self.completer()
            if completer is not None:
                completer.setModel(self.model())
        self._current = current
        self.setCurrentIndex(self._ids.index(current))
        edit = self.lineEdit()
        if edit is not None:
            edit.setCursorPosition(0)

    def _on_activated(self, place: int) -> None:
        self._choose(self._ids[place])

    def _on_typed(self) -> None:
        place = self.findText(self.currentText(), Qt.MatchFlag.MatchFixedString)
        if place < 0:
            # What was typed names nothing: what was chosen stays.
            self.setCurrentIndex(self._ids.index(self._current))
        else:
            self._choose(self._ids[place])

    def _choose(self, id: str) -> None:
        if id != self._current:
            self._current = id
            self.chosen.emit(id)


def title_of(id: str) -> str:
    """What a field's id stands for; "" for none."""
    return field_title(FieldRef.from_id(id)) if id else ""
