"""The colours of the two themes, as names that everything else asks for.

Every text colour reads at 4.5:1 or better on the surfaces it is used on, and every run colour at 3:1 or better on
`surface` and `panel`; a test computes both.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """One theme: named colours as `#RRGGBB`, and the colours of selected runs in picking order."""

    name: str
    colors: dict[str, str]
    runs: tuple[str, ...]


LIGHT = Tokens(
    "light",
    {
        "surface": "#FFFFFF",  # tables, charts, fields
        "panel": "#F7F8FA",  # rail, library, filter bar, status bar, docks
        "raised": "#FFFFFF",  # buttons, menus, popups
        "line": "#E4E7EC",
        "line_strong": "#CBD0D8",
        "text": "#1B1F24",
        "muted": "#5F697D",  # secondary text
        "placeholder": "#667085",
        "accent": "#3E63DD",
        "accent_hover": "#3557C9",
        "accent_text": "#FFFFFF",  # on accent
        "accent_soft": "#EDF2FE",  # selected rows, selected rail button
        "hover": "#EFF1F5",
        "good": "#18794E",
        "good_soft": "#E6F6EB",
        "bad": "#CD2B31",
        "bad_soft": "#FFEFEF",
        "warn": "#AD5700",
        "warn_soft": "#FFF3D6",
        "neutral_soft": "#EEF0F3",
        "dot_off": "#E1E4EA",  # a run that is not selected
        "cursor": "#667085",  # step cursor, crosshair
        "grid": "#EEF0F3",
        "axis": "#CBD0D8",
    },
    # Petroff's ten (arXiv:2107.02270), darkened in OKLab where they fell below 3:1.
    (
        "#3F90DA",
        "#BC8400",
        "#BD1F01",
        "#85918F",
        "#832DB6",
        "#A96B59",
        "#E76300",
        "#8A8E3C",
        "#5C616D",
        "#009EA3",
    ),
)

DARK = Tokens(
    "dark",
    {
        "surface": "#121316",
        "panel": "#191B1F",
        "raised": "#1E2025",
        "line": "#2A2D33",
        "line_strong": "#3A3E46",
        "text": "#ECEDF0",
        "muted": "#9BA1AB",
        "placeholder": "#8B919C",
        "accent": "#7C98FF",
        "accent_hover": "#93AAFF",
        "accent_text": "#121316",
        "accent_soft": "#1C2748",
        "hover": "#22252B",
        "good": "#4CC38A",
        "good_soft": "#113123",
        "bad": "#FF6369",
        "bad_soft": "#3C181A",
        "warn": "#F1A10D",
        "warn_soft": "#3A2A0A",
        "neutral_soft": "#26292F",
        "dot_off": "#2E3138",
        "cursor": "#9BA1AB",
        "grid": "#1D1F24",
        "axis": "#3A3E46",
    },
    # The same, lightened.
    (
        "#3F90DA",
        "#FFA90E",
        "#CE2D12",
        "#94A4A2",
        "#9A48CE",
        "#B3715E",
        "#E76300",
        "#B9AC70",
        "#717581",
        "#92DADD",
    ),
)

TOKENS = {tokens.name: tokens for tokens in (LIGHT, DARK)}
