"""The upright strokes of a noisy line with smooth edges, filled by NumPy: a painter takes twice as long for them.

In each pixel column such a line is one stroke from its lowest to its highest value, in the middle of the column. So it
is known what a stroke covers of a pixel: all of those between its ends, a part of those at its ends, and of the columns
beside it what the width of the line reaches into.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter

from runfolio.model.metrics import Floats, Ints

LEAST_PIXELS = 60_000
"""Strokes that are shorter together are left to the painter: that costs less than looking at the whole picture."""

_MOST_WIDE = 16.0
_CENTRED = 1e-3


def paint_upright(painter: QPainter, segments: Floats, color: QColor, width: float, height: int) -> Floats:
    """Paint those of the segments (m, 4) that stand upright in the middle of a pixel column; returns the others.

    width    of the line, in the pixels of the painter's device. Ends are square, as those of `paint_strokes`.
    height   of the picture.
    All are returned where it does not pay, where edges are hard, and where strokes would show through each other.
    """
    smooth = painter.testRenderHint(QPainter.RenderHint.Antialiasing)
    if not smooth or color.alpha() < 255 or not 1 <= width <= _MOST_WIDE:
        return segments
    x, one, other = segments[:, 0], segments[:, 1], segments[:, 3]
    column = np.floor(x)
    upright = (x == segments[:, 2]) & (np.abs(x - column - 0.5) < _CENTRED)
    top = np.clip(np.minimum(one, other)[upright] - width / 2, 0, height)
    bottom = np.clip(np.maximum(one, other)[upright] + width / 2, 0, height)
    if float((bottom - top).sum()) * width < LEAST_PIXELS:
        return segments
    places = column[upright].astype(np.int64)
    covered = _columns(places - places.min(), top, bottom)
    covered, reach = _widened(covered, width)
    covered *= np.float32(255)
    covered += np.float32(0.5)
    pixels = _colors(color).take(np.ascontiguousarray(covered.astype(np.uint8).T))
    rows, wide = pixels.shape
    image = QImage(pixels.data, wide, rows, wide * 4, QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(int(places.min()) - reach, math.floor(float(top.min())), image)
    others: Floats = segments[~upright]
    return others


def _columns(column: Ints, top: Floats, bottom: Floats) -> NDArray[np.float32]:
    """How much of each pixel (columns, rows) strokes cover that are one pixel wide; rows begin with the highest."""
    base = math.floor(float(top.min()))
    top, bottom = top - base, bottom - base
    rows = math.ceil(float(bottom.max()))
    inner, outer = np.ceil(top).astype(np.int16), np.floor(bottom).astype(np.int16)
    row = np.arange(rows, dtype=np.int16)
    between = (row >= inner[:, None]) & (row < outer[:, None])
    covered = np.zeros((int(column.max()) + 1, rows + 1), dtype=np.float32)
    if len(column) == 1 or bool((column[1:] > column[:-1]).all()):
        covered[column, :rows] = between
    else:
        np.maximum.at(covered[:, :rows], column, between)
    # The row that a stroke begins in and the one that it ends in; where both are one, it covers less of it than either.
    whole = inner <= outer
    begin = np.where(whole, inner - top, bottom - top).astype(np.float32)
    np.maximum.at(covered, (column, np.floor(top).astype(np.int64)), begin)
    np.maximum.at(covered, (column[whole], outer[whole]), (bottom - outer)[whole].astype(np.float32))
    return covered[:, :rows]


def _widened(covered: NDArray[np.float32], width: float) -> tuple[NDArray[np.float32], int]:
    """Strokes of one pixel as wide as the line is, one over the other; and how many columns that is to each side."""
    reach = math.ceil((width - 1) / 2)
    shares = [min(1.0, width / 2 - (away - 0.5)) for away in range(1, reach + 1)]
    seen = np.ones((len(covered) + 2 * reach, covered.shape[1]), dtype=np.float32)
    middle = slice(reach, reach + len(covered))
    seen[middle] -= covered
    beside = np.empty_like(covered)
    for away, share in enumerate(shares, 1):
        # What shines through two strokes is the product of what does through each.
        np.multiply(covered, np.float32(-share), out=beside)
        beside += np.float32(1)
        for shift in (-away, away):
            seen[middle.start + shift : middle.stop + shift] *= beside
    np.subtract(np.float32(1), seen, out=seen)
    return seen, reach


def _colors(color: QColor) -> NDArray[np.uint32]:
    """A colour from transparent to opaque in 256 steps, premultiplied."""
    opaque = np.arange(256, dtype=np.uint32)
    parts = (color.red(), color.green(), color.blue())
    red, green, blue = ((np.uint32(part) * opaque + np.uint32(127)) // np.uint32(255) for part in parts)
    steps: NDArray[np.uint32] = (opaque << np.uint32(24)) | (red << np.uint32(16)) | (green << np.uint32(8)) | blue
    return steps
