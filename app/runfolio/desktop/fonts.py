"""The bundled typefaces: Inter for reading, JetBrains Mono for code and filters; nothing of the system is assumed."""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase

from runfolio import locate

UI_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"
DEMI_BOLD = QFont.Weight.DemiBold
UI_SIZE = 13
"""Pixels at 100 % scale."""


@cache
def load() -> tuple[str, ...]:
    """Make the bundled faces known to Qt, once for each process; returns the family names that arrived."""
    families: set[str] = set()
    for path in sorted((locate.resources() / "fonts").glob("*.ttf")):
        number = QFontDatabase.addApplicationFont(str(path))
        families.update(QFontDatabase.applicationFontFamilies(number))
    return tuple(sorted(families))


def ui(size: int = UI_SIZE, weight: QFont.Weight = QFont.Weight.Normal, *, figures: bool = False) -> QFont:
    """Inter at `size` pixels. `figures` for columns of numbers: every digit is then as wide as another."""
    # Qt registers the middle weights as families of their own, and would fall back to a neighbour for them.
    named = {QFont.Weight.Medium: "Inter Medium", QFont.Weight.DemiBold: "Inter SemiBold"}.get(weight, UI_FAMILY)
    font = QFont([named, UI_FAMILY])
    font.setPixelSize(size)
    font.setWeight(weight)
    if figures:
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def mono(size: int = 12, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """JetBrains Mono at `size` pixels, its ligatures off: `<=` in a filter must stay the two characters typed."""
    named = f"{MONO_FAMILY} Medium" if weight == QFont.Weight.Medium else MONO_FAMILY
    font = QFont([named, MONO_FAMILY])
    font.setPixelSize(size)
    font.setWeight(weight)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFeature(QFont.Tag("calt"), 0)
    return font
