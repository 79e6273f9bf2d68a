"""The help in the window: every page is there, every link leads somewhere, and what it shows can be run."""

from __future__ import annotations

import re

import pytest

from runfolio import cli
from runfolio.desktop.help_viewer import HelpViewer
from runfolio.locate import resources
from runfolio.readers.registry import READERS
from support.driver import Driver

HELP = resources() / "help"
PAGES = sorted(p.relative_to(HELP).as_posix() for p in HELP.rglob("*.md"))
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def test_the_help_opens_and_its_links_can_be_followed_and_gone_back(driver: Driver) -> None:
    driver.start().do("help.pages")
    viewer = driver.find(HelpViewer, "help")
    driver.until(lambda: "The filter language" in viewer.pages.toPlainText())
    viewer.show_page("commands.md")
    driver.until(lambda: "Exit codes:" in viewer.pages.toPlainText())
    viewer.show_page("kinds.md")
    driver.until(lambda: "A selection holds at most 5,000 runs" in viewer.pages.toPlainText())
    assert {*viewer.pages.pictures} >= {"pictures/kind-scatter.png", "pictures/kind-roc.png"}
    assert all(0 < picture.width() <= viewer.pages.viewport().width() for picture in viewer.pages.pictures.values())
    driver.click("help-back")
    driver.until(lambda: "Exit codes:" in viewer.pages.toPlainText())
    driver.click("help-back")
    driver.until(lambda: "Runfolio help" in viewer.pages.toPlainText().splitlines())
    viewer.close()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_to_a_file_that_ships(page: str) -> None:
    text = (HELP / page).read_text("utf-8")
    for target in _LINK.findall(text):
        assert ((HELP / page).parent / target).is_file(), f"{page}: {target}"


def test_the_readme_names_only_files_that_are_there() -> None:
    root = HELP.parent.parent
    for target in _LINK.findall((root / "README.md").read_text("utf-8")):
        assert (root / target).is_file(), target


def test_every_verb_and_every_reader_has_its_place_in_the_help() -> None:
    commands = (HELP / "commands.md").read_text("utf-8")
    assert [verb for verb in cli.COMMANDS if f"runfolio {verb}" not in commands] == []
    pages = "".join((HELP / p).read_text("utf-8") for p in PAGES if p.startswith("readers/"))
    assert [r.name for r in READERS if f"`{r.name}`" not in pages] == []
