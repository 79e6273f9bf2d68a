"""Lucide icons from resources/icons, drawn in a colour of the theme.

Only shipped files are drawn here: SVG from a run folder is never given to the renderer.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from runfolio import locate
from runfolio.desktop.theme import Theme

SIZE = 18
"""Edge in pixels at 100 % scale."""


def icon(name: str, theme: Theme, token: str = "muted", *, checked: str = "accent", size: int = SIZE) -> QIcon:
    """The icon `name` in the colour `token`; in `checked` where a button is on, in "placeholder" where disabled.

    It keeps its colours: ask again when the theme has changed. Raises FileNotFoundError for an unknown name.
    """
    made = QIcon()
    ratios = (1, 2) if is_fine() else (1,)
    modes = (
        (token, QIcon.Mode.Normal, QIcon.State.Off),
        (checked, QIcon.Mode.Normal, QIcon.State.On),
        ("placeholder", QIcon.Mode.Disabled, QIcon.State.Off),
    )
    for color, mode, state in modes:
        for ratio in ratios:
            made.addPixmap(pixmap(name, theme, color, size=size, ratio=ratio), mode, state)
    return made


def is_fine() -> bool:
    """Whether any screen shows more than one pixel for each logical one."""
    app = QGuiApplication.instance()
    return isinstance(app, QGuiApplication) and app.devicePixelRatio() > 1


def pixmap(name: str, theme: Theme, token: str = "muted", *, size: int = SIZE, ratio: float = 1) -> QPixmap:
    """The icon `name` as a square picture of `size` logical pixels at device pixel ratio `ratio`."""
    drawn = QPixmap.fromImage(_coloured(name, theme.tokens.colors[token], round(size * ratio)))
    drawn.setDevicePixelRatio(ratio)
    return drawn


# Images and not pixmaps, which may not outlive the application. There are some hundred icons of a kilobyte.
@cache
def _coloured(name: str, color: str, pixels: int) -> QImage:
    coloured = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    coloured.fill(QColor(color))
    coloured.setAlphaChannel(_shape(name, pixels))
    return coloured


@cache
def _shape(name: str, pixels: int) -> QImage:
    """How much of each pixel an icon covers: it is drawn in one colour, so one drawing does for all of them."""
    drawn = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    drawn.fill(Qt.GlobalColor.transparent)
    # Lucide draws 2 of 24 units; at 18 px 1.75 is the weight that goes with Inter Regular.
    text = _source(name).replace(b'stroke-width="2"', b'stroke-width="1.75"')
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(text)).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return drawn.convertToFormat(QImage.Format.Format_Alpha8)


@cache
def _source(name: str) -> bytes:
    return (locate.resources() / "icons" / f"{name}.svg").read_bytes()
