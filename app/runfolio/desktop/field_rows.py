"""Ten thousand fields as the rows of a list that is searched while typing: headings by kind, fields below."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt

from runfolio.desktop import fonts
from runfolio.desktop.cells import field_title
from runfolio.desktop.widgets import tooltip
from runfolio.model.answers import FieldInfo
from runfolio.model.display import count, plain
from runfolio.model.query import FieldKind

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
ROW = 25
GROUPS = (
    (FieldKind.BUILTIN, "Run"),
    (FieldKind.METRIC, "Metrics"),
    (FieldKind.PARAM, "Params"),
    (FieldKind.TAG, "Tags of the tracker"),
    (FieldKind.FACT, "Code and environment"),
)


@dataclass(frozen=True, slots=True)
class Searchable:
    """A field with the text it is found by."""

    info: FieldInfo
    text: str


def searchable(fields: Iterable[FieldInfo]) -> list[Searchable]:
    """Fields in the order of their headings; for a query thread."""
    rank = {kind: place for place, (kind, _) in enumerate(GROUPS)}
    found = [
        Searchable(
            info,
            " ".join((info.field.name, field_title(info.field), *(origin.words for origin in info.origins))).casefold(),
        )
        for info in fields
        if info.field.kind in rank
    ]
    found.sort(key=lambda row: rank[row.info.field.kind])
    return found


class FieldRows(QAbstractListModel):
    """The fields that fit what is typed.

    checked   which fields have a tick; None for a list without boxes.
    fixed     fields whose box cannot be changed.
    """

    def __init__(
        self,
        checked: Callable[[FieldInfo], bool] | None = None,
        toggled: Callable[[FieldInfo, bool], None] | None = None,
        fixed: Callable[[FieldInfo], bool] = lambda _info: False,
    ) -> None:
        super().__init__()
        self._all: list[Searchable] = []
        self._rows: list[FieldInfo | str] = []
        self._checked = checked
        self._toggled = toggled
        self._fixed = fixed
        self.found = 0

    def fill(self, fields: list[Searchable]) -> None:
        """These are all."""
        self._all = fields
        self.search("")

    def search(self, typed: str) -> None:
        """Show the fields that hold every word typed, those that begin with it first."""
        words = typed.casefold().split()
        fit = self._all
        for word in words:
            fit = [row for row in fit if word in row.text]
        if words:
            fit = sorted(fit, key=lambda row: not row.text.startswith(words[0]))
        by_kind: dict[FieldKind, list[FieldInfo]] = {kind: [] for kind, _ in GROUPS}
        for row in fit:
            by_kind[row.info.field.kind].append(row.info)
        self.beginResetModel()
        self._rows = []
        for kind, title in GROUPS:
            if by_kind[kind]:
                self._rows.append(f"{title}  {count(len(by_kind[kind]))}")
                self._rows += by_kind[kind]
        self.found = len(fit)
        self.endResetModel()

    def info(self, row: int) -> FieldInfo | None:
        """The field of a row; None for a heading."""
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return found if isinstance(found, FieldInfo) else None

    def row_of(self, name: str) -> int:
        """The row of the first field of that name. Raises StopIteration when there is none."""
        return next(
            row for row, found in enumerate(self._rows) if isinstance(found, FieldInfo) and found.field.name == name
        )

    def first_field(self) -> int:
        """The first row that is a field; -1 when nothing was found."""
        return next((row for row, found in enumerate(self._rows) if isinstance(found, FieldInfo)), -1)

    # --- what Qt asks ------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Headings and fields."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, box and tooltip."""
        if not index.isValid():
            return None
        found = self._rows[index.row()]
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(60, ROW)
        if isinstance(found, str):
            if role == Qt.ItemDataRole.DisplayRole:
                return found
            return fonts.ui(12, fonts.DEMI_BOLD) if role == Qt.ItemDataRole.FontRole else None
        if role == Qt.ItemDataRole.DisplayRole:
            return label(found)
        if role == Qt.ItemDataRole.CheckStateRole and self._checked is not None:
            return Qt.CheckState.Checked if self._checked(found) else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            return _told(found)
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A box was ticked."""
        info = self.info(index.row())
        if role != Qt.ItemDataRole.CheckStateRole or info is None or self._toggled is None or self._fixed(info):
            return False
        self._toggled(info, Qt.CheckState(value) is Qt.CheckState.Checked)
        self.dataChanged.emit(index, index)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        info = self.info(index.row())
        if info is None:
            return Qt.ItemFlag.ItemIsEnabled
        if self._fixed(info):
            return Qt.ItemFlag.NoItemFlags
        boxes = Qt.ItemFlag.ItemIsUserCheckable if self._checked is not None else Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | boxes

    def shown_again(self) -> None:
        """Other fields have a tick."""
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


def label(info: FieldInfo) -> str:
    """What a list says of a field: its name and how many runs have it."""
    if info.field.kind is FieldKind.BUILTIN:
        return field_title(info.field)
    return f"{plain(info.field.name, 80)}  ·  {count(info.runs)}"


def _told(info: FieldInfo) -> str | None:
    if info.origins:
        return tooltip(f"Some runs call it {', '.join(origin.words for origin in info.origins)}")
    return tooltip(f"Shown as {info.shown_as} as well") if info.shown_as else None
