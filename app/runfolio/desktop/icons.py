"""Lucide icons from resources/icons, drawn in a colour of the theme.

Only shipped files are drawn here: SVG from a run folder is never given to the renderer.
"""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from runfolio import locate
from runfolio.desktop.theme import Theme

SIZE = 18
"""Edge in pixels at 100 % scale."""

_sources: dict[str, bytes] = {}


def icon(name: str, theme: Theme, token: str = "muted", *, checked: str = "accent", size: int = SIZE) -> QIcon:
    """The icon `name` in the colour `token`; in `checked` where a button is on, in "placeholder" where disabled.

    It keeps its colours: ask again when the theme has changed. Raises FileNotFoundError for an unknown name.
    """
    made = QIcon()
    modes = (
        (token, QIcon.Mode.Normal, QIcon.State.Off),
        (checked, QIcon.Mode.Normal, QIcon.State.On),
        ("placeholder", QIcon.Mode.Disabled, QIcon.State.Off),
    )
    for color, mode, state in modes:
        for ratio in (1, 2):
            made.addPixmap(pixmap(name, theme, color, size=size, ratio=ratio), mode, state)
    return made


def pixmap(name: str, theme: Theme, token: str = "muted", *, size: int = SIZE, ratio: float = 1) -> QPixmap:
    """The icon `name` as a square picture of `size` logical pixels at device pixel ratio `ratio`."""
    drawn = QPixmap(round(size * ratio), round(size * ratio))
    drawn.fill(Qt.GlobalColor.transparent)
    text = _source(name).replace(b"currentColor", theme.tokens.colors[token].encode())
    # Lucide draws 2 of 24 units; at 18 px 1.75 is the weight that goes with Inter Regular.
    text = text.replace(b'stroke-width="2"', b'stroke-width="1.75"')
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(text)).render(painter, QRectF(0, 0, drawn.width(), drawn.height()))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


def _source(name: str) -> bytes:
    if name not in _sources:
        _sources[name] = (locate.resources() / "icons" / f"{name}.svg").read_bytes()
    return _sources[name]
