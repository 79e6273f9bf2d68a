"""What the two themes promise: readable text, run colours that stand out, and no guess at the system's files."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontInfo
from PySide6.QtWidgets import QApplication

import runfolio
from runfolio import locate
from runfolio.desktop import fonts, icons
from runfolio.desktop.theme import UNPICKED, Theme, ThemeMode
from runfolio.desktop.theme_tokens import TOKENS, Tokens

THEMES = ("light", "dark")


def luminance(color: str) -> float:
    """WCAG 2.2 relative luminance."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def oklab(color: str) -> tuple[float, float, float]:
    """Ottosson's OKLab, in which equal distances look equally far apart."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    r, g, b = (linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5))
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def test_the_contrast_formula_gives_the_known_extremes() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", THEMES)
def test_each_run_colour_has_three_to_one_against_the_surfaces(name: str) -> None:
    tokens = TOKENS[name]
    assert len(tokens.runs) == 10
    for color, ground in itertools.product(tokens.runs, ("surface", "panel")):
        assert contrast(color, tokens.colors[ground]) >= 3, (color, ground)


@pytest.mark.parametrize("name", THEMES)
def test_no_two_run_colours_are_alike(name: str) -> None:
    for one, other in itertools.combinations(TOKENS[name].runs, 2):
        assert math.dist(oklab(one), oklab(other)) > 0.07, (one, other)


TEXT_ON_GROUND = [
    ("text", ("surface", "panel", "raised", "hover", "accent_soft")),
    ("muted", ("surface", "panel", "raised", "accent_soft", "neutral_soft")),
    ("placeholder", ("surface", "panel", "raised")),
    ("accent", ("surface", "panel", "accent_soft")),
    ("accent_text", ("accent", "accent_hover")),
    ("good", ("surface", "panel", "good_soft")),
    ("bad", ("surface", "panel", "bad_soft")),
    ("warn", ("surface", "panel", "warn_soft")),
]


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(("text", "grounds"), TEXT_ON_GROUND, ids=[row[0] for row in TEXT_ON_GROUND])
def test_text_reads_at_four_and_a_half_to_one(name: str, text: str, grounds: tuple[str, ...]) -> None:
    tokens = TOKENS[name]
    for ground in grounds:
        assert contrast(tokens.colors[text], tokens.colors[ground]) >= 4.5, (text, ground)


def test_both_themes_name_the_same_tokens() -> None:
    light, dark = (TOKENS[name] for name in THEMES)
    assert light.colors.keys() == dark.colors.keys()
    for tokens in (light, dark):
        assert all(re.fullmatch(r"#[0-9A-F]{6}", color) for color in (*tokens.colors.values(), *tokens.runs))


def test_choosing_dark_recolours_the_palette_the_sheet_and_whoever_listens(qapp: QApplication) -> None:
    theme = Theme(ThemeMode.LIGHT)
    theme.apply()
    heard: list[str] = []
    theme.changed.connect(lambda: heard.append(theme.name))
    theme.set_mode(ThemeMode.DARK)
    dark: Tokens = TOKENS["dark"]
    assert heard == ["dark"]
    assert qapp.palette().base().color() == QColor(dark.colors["surface"])
    assert dark.colors["line_strong"] in qapp.styleSheet()
    theme.set_mode(ThemeMode.DARK)
    assert heard == ["dark"]


def test_the_eleventh_selected_run_takes_the_first_colour_again_and_others_are_grey(qapp: QApplication) -> None:
    theme = Theme(ThemeMode.LIGHT)
    assert theme.run_color(10) == theme.run_color(0)
    assert theme.run_color(UNPICKED) == theme.color("dot_off")


def test_the_bundled_typefaces_are_the_ones_that_are_drawn(qapp: QApplication) -> None:
    assert {"Inter", "JetBrains Mono"} <= set(fonts.load())
    assert QFontInfo(fonts.ui()).family() == "Inter"
    assert QFontInfo(fonts.mono()).family() == "JetBrains Mono"


def test_an_icon_takes_the_colour_of_the_theme(qapp: QApplication) -> None:
    theme = Theme(ThemeMode.DARK)
    picture = icons.pixmap("folder", theme, "accent", size=24).toImage()
    colors = {
        picture.pixelColor(x, y).name().upper()
        for x in range(24)
        for y in range(24)
        if picture.pixelColor(x, y).alpha() == 255
    }
    assert colors == {theme.tokens.colors["accent"]}


def test_every_shipped_icon_is_used_somewhere() -> None:
    package = Path(runfolio.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in (package / "desktop").rglob("*.py"))
    names = {path.stem for path in (locate.resources() / "icons").glob("*.svg")}
    assert {name for name in names if f'"{name}"' not in source and f'"{name}.svg"' not in source} == set()


def test_icons_fonts_and_their_licences_are_shipped() -> None:
    resources = locate.resources()
    assert "ISC" in (resources / "icons" / "LICENSE").read_text(encoding="utf-8")
    for name in ("Inter-OFL.txt", "JetBrainsMono-OFL.txt"):
        assert "SIL OPEN FONT LICENSE" in (resources / "fonts" / name).read_text(encoding="utf-8")
