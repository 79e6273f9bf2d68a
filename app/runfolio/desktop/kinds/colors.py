"""Colours by a field: a ramp for numbers, the run palette for categories."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.theme import Theme
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats

Colors = NDArray[np.uint8]

# Anchors of viridis (Smith & van der Walt, CC0): even steps to the eye, also for colour-blind people and in grey.
_LIGHT = ("#440154", "#472D7B", "#3B528B", "#2C728E", "#21918C", "#28AE80", "#5EC962", "#ADDC30", "#FDE725")
_TRIM = {"light": (0.0, 0.92), "dark": (0.16, 1.0)}
"""The ends that would vanish in the ground are left out."""
_SHADES = 1024
OTHER = 10
"""Categories from this one on share the grey."""


def rgb(tone: QColor) -> Colors:
    """A colour as uint8 (3,)."""
    return np.array([tone.red(), tone.green(), tone.blue()], dtype=np.uint8)


def ramp(places: Floats, theme: Theme) -> Colors:
    """Colours of places from 0 to 1, uint8 (n, 3); NaN is the grey of what has no value."""
    known = np.isfinite(places)
    at = np.clip(np.where(known, places, 0.0), 0, 1) * (_SHADES - 1)
    found: Colors = _shades(theme.name)[at.round().astype(np.int64)]
    found[~known] = rgb(theme.color("placeholder"))
    return found


@functools.cache
def _shades(theme_name: str) -> Colors:
    """The ramp as a table: looking up is five times as fast as mixing for each pixel."""
    anchors = np.array([rgb(QColor(c)) for c in _LIGHT], dtype=np.float64)
    at = np.linspace(*_TRIM[theme_name], _SHADES) * (len(anchors) - 1)
    found = np.stack([np.interp(at, np.arange(len(anchors)), anchors[:, k]) for k in range(3)], axis=-1)
    return found.round().astype(np.uint8)


def colors_of(variable: Variable, scale: Scale, theme: Theme) -> Colors:
    """A colour for each run, uint8 (runs, 3)."""
    if not variable.categories:
        return ramp(scale.place(variable.values), theme)
    table = np.array([rgb(category_color(i, theme)) for i in range(OTHER + 1)])
    table = np.vstack([table, rgb(theme.color("placeholder"))])
    places = np.where(variable.finite, np.minimum(np.nan_to_num(variable.values), OTHER), OTHER + 1)
    found: Colors = table[places.astype(np.int64)]
    return found


def category_color(place: int, theme: Theme) -> QColor:
    """The colour of a category; grey from the eleventh on."""
    return theme.run_color(place) if place < OTHER else theme.color("placeholder")


def color(parts: Colors, alpha: float = 1.0) -> QColor:
    """One row of colours for a pen."""
    made = QColor(int(parts[0]), int(parts[1]), int(parts[2]))
    made.setAlphaF(alpha)
    return made
