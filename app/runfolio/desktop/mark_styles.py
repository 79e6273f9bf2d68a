"""What the colours that a run may be given are called."""

from __future__ import annotations

COLOR_NAMES = ("Blue", "Ochre", "Red", "Grey", "Purple", "Brown", "Orange", "Olive", "Slate", "Teal")
"""Of the palette, in its order."""
