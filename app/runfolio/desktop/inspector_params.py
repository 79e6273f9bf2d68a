"""The params of a run as a tree of their keys, with a search over keys and values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_nodes import Branch, BranchTree, branches
from runfolio.desktop.widgets import EmptyState, PlainLabel
from runfolio.model.display import count
from runfolio.model.params import Param
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run_detail import RunDetail

_PAUSE_MS = 90


class ParamsSection(QWidget):
    """Built on another thread, so that ten thousand params cost the window nothing."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._run: RunDetail | None = None
        self.search = QLineEdit()
        self.search.setObjectName("params-search")
        self.search.setPlaceholderText("Search params")
        self.search.setAccessibleName("Search params")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._build)
        self.search.textChanged.connect(self._pause.start)
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        self.told.setObjectName("params-told")
        self.tree = BranchTree(("Param", "Value", "Type"), "params", "Params", mono=frozenset({1}))
        self.tree.setColumnWidth(0, 158)
        self.tree.setColumnWidth(1, 122)
        self.tree.on_chosen = self._show_origin
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._open_menu)
        head = QHBoxLayout()
        head.setContentsMargins(10, 6, 12, 4)
        head.setSpacing(9)
        head.addWidget(self.search, 1)
        head.addWidget(self.told)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.tree, 1)
        self.empty = EmptyState(
            context.theme, "No param was recorded", "What a run was configured with shows up here.", icon="table-2"
        )
        self.empty.hide()
        column.addWidget(self.empty, 1)

    def show_run(self, run: RunDetail) -> None:
        """Show the params of another run."""
        self._run = run
        self._build()

    def _build(self) -> None:
        run = self._run
        if run is None:
            return
        params, wanted = run.params, self.search.text().strip().casefold()
        self._context.jobs.query("inspector-params", lambda _: build_params(params, wanted), self._show)

    def _show(self, made: tuple[Branch, int]) -> None:
        root, shown = made
        self.tree.put(root)
        total = 0 if self._run is None else len(self._run.params)
        for part in (self.search, self.told, self.tree):
            part.setVisible(total > 0)
        self.empty.setVisible(not total)
        self.told.setText(count(total) if shown == total else f"{count(shown)} of {count(total)}")

    def _show_origin(self, data: object) -> None:
        from runfolio.desktop.origin_dialog import OriginDialog

        if self._run is not None and isinstance(data, Param):
            OriginDialog(self._context, self._run.key, FieldRef(FieldKind.PARAM, data.key), self).open()

    def _open_menu(self, at: QPoint) -> None:
        index = self.tree.indexAt(at)
        param = index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if isinstance(param, Param):
            menu.addAction("Where is this value from?\tDouble click", partial(self._show_origin, param))
        menu.addAction("Copy\tCtrl+C", self.tree.copy)
        menu.addAction("Open all", self.tree.expandAll)
        menu.addAction("Close all", self.tree.collapseAll)
        menu.popup(self.tree.viewport().mapToGlobal(at))


def build_params(params: Sequence[Param], wanted: str) -> tuple[Branch, int]:
    """The tree of the params whose key or text holds `wanted` (in small letters), and how many they are."""
    left = [p for p in params if not wanted or wanted in p.key.casefold() or wanted in p.text.casefold()]
    # A folder's row comes where its first param is.
    shared = Counter(parts[0] for parts in map(_parts, params) if len(parts) > 1)
    root = branches(((_place(p, shared), partial(_leaf, param=p)) for p in left), _folder)
    for branch in root.rows():
        if branch.below and branch.data is None:
            branch.texts = (branch.texts[0], f"{count(len(branch.below))} keys", "")
    return root, len(left)


def _parts(param: Param) -> tuple[str, ...]:
    """The key in parts. Trackers that keep no nesting write `optim.lr`, which belongs beside `optim.name` as well."""
    if len(param.path) > 1:
        return param.path
    parts = tuple(re.split(r"[./]", param.key))
    return parts if all(parts) else param.path


def _place(param: Param, shared: Counter[str]) -> tuple[str, ...]:
    """Where a param stands: below the first part of its key where others do too."""
    parts = _parts(param)
    return parts if shared[parts[0]] > 1 else param.path


def _leaf(name: str, param: Param) -> Branch:
    tip = f"{param.key}\n{param.text}\n{param.kind}" + (f"\nread from {param.source}" if param.source else "")
    return Branch((name, param.text, param.kind), param, tip=tip)


def _folder(name: str, path: tuple[str, ...]) -> Branch:
    return Branch((name, "", ""), tip=".".join(path))
