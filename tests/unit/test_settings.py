"""settings.toml: sparse, hand-editable, its comments kept, and never a reason not to start."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfolio import settings
from runfolio.errors import FolderUnreadable, UsageError
from runfolio.settings import SETTINGS, Settings


def test_without_a_file_all_defaults_are_in_force(tmp_path: Path) -> None:
    loaded = Settings.load(tmp_path / "settings.toml")
    assert loaded.text("window.theme") == "system"
    assert loaded.number("window.scale") == 1.0
    assert loaded.flag("library.look_at_start")
    assert loaded.complaints == ()


def test_only_what_differs_is_written_and_what_the_user_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.toml"
    path.parent.mkdir()
    path.write_text('# mine\n[window]\n# bigger, please\nscale = 1.5\n\n[later]\nkey = "kept"\n', encoding="utf-8")
    chosen = Settings.load(path)
    chosen.set("window.theme", "dark")
    settings.save(chosen.chosen(), path)
    text = path.read_text(encoding="utf-8")
    assert "# mine" in text
    assert "# bigger, please" in text
    assert 'key = "kept"' in text
    assert Settings.load(path).chosen() == {"window.scale": 1.5, "window.theme": "dark"}
    chosen.set("window.scale", 1.0)
    settings.save(chosen.chosen(), path)
    assert "scale" not in path.read_text(encoding="utf-8")


def test_the_file_and_its_folder_are_made_when_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.toml"
    settings.save({"ledger.actor": "Ada"}, path)
    assert Settings.load(path).text("ledger.actor") == "Ada"


@pytest.mark.parametrize("text", ['[window]\ntheme = "pink"', "[window]\ntheme = 3", "[window]\nscale = 7"])
def test_a_value_that_is_not_allowed_is_left_out_with_a_complaint(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    loaded = Settings.load(path)
    assert loaded.chosen() == {}
    assert len(loaded.complaints) == 1


def test_a_file_that_is_no_toml_is_not_used_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("][ broken", encoding="utf-8")
    assert len(Settings.load(path).complaints) == 1
    with pytest.raises(FolderUnreadable):
        settings.save({"window.theme": "dark"}, path)
    assert path.read_text(encoding="utf-8") == "][ broken"


def test_setting_a_value_outside_the_bounds_is_refused() -> None:
    with pytest.raises(UsageError):
        Settings().set("window.scale", 3.0)
    with pytest.raises(UsageError):
        Settings().set("library.look_at_start", 1)


def test_every_default_is_allowed_and_explained() -> None:
    for setting in SETTINGS:
        assert setting.accepts(setting.default)
        assert setting.help.endswith(".")
