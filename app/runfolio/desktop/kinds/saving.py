"""A chart as a file: asked for without blocking, written off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from runfolio.desktop.context import Context

if TYPE_CHECKING:
    from runfolio.api import Workspace


def ask_to_save(context: Context, parent: QWidget, name: str, make: Callable[[], bytes]) -> None:
    """Ask where to; what `make` gives is written there."""
    suffix = Path(name).suffix.removeprefix(".")
    dialog = QFileDialog(parent, f"Save {suffix.upper()}", name, f"{suffix.upper()} (*.{suffix})")
    dialog.setObjectName("save-kind")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix)
    dialog.fileSelected.connect(lambda chosen: write(context, Path(chosen), make()))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def write(context: Context, path: Path, data: bytes) -> None:
    """Write `data`; a folder of the library is refused."""

    def working(workspace: Workspace) -> Path:
        from runfolio.export.files import write_whole

        workspace.check_target(path)
        return write_whole(path, data)

    context.jobs.action(working, lambda written: context.say.info(f"Saved to {written}"))
