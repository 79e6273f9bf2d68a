"""The settings there are, and the user's own `settings.toml`: hand-editable, sparse, comments kept.

The dialog, the file and its help all come from `SETTINGS`. Window geometry is no setting and lies elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from runfolio import locate
from runfolio.errors import FolderUnreadable, UsageError

Value: TypeAlias = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    key       `section.name`, as the file nests it.
    title     what the dialog calls it.
    default   used while the file does not say otherwise; its type is the setting's type.
    choices   the only values allowed, or () for any of the type.
    low, high   bounds of a number, inclusive; None for none.
    help      one or two sentences.
    restart   True when it takes effect at the next start.
    """

    key: str
    title: str
    default: Value
    help: str
    choices: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    restart: bool = False

    def accepts(self, value: object) -> bool:
        """Whether `value` has the right type and is one of the choices, within the bounds."""
        if isinstance(self.default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(self.default):
            return False
        if self.choices:
            return value in self.choices
        if isinstance(value, int | float) and not isinstance(value, bool):
            return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        return True


SETTINGS = (
    Setting(
        "window.theme",
        "Theme",
        "system",
        "Light, dark, or what the desktop says.",
        choices=("system", "light", "dark"),
    ),
    Setting(
        "window.scale",
        "Scale",
        1.0,
        "Size of everything in the window, from 1.0 (100 %) to 2.0 (200 %).",
        low=1.0,
        high=2.0,
        restart=True,
    ),
    Setting(
        "window.times",
        "Times",
        "local",
        "Show times in this computer's time zone or in UTC. Files keep them in UTC.",
        choices=("local", "utc"),
    ),
    Setting(
        "library.look_at_start",
        "Look for new runs at start",
        True,
        "Go through the folders of the library when the window opens. What has not changed costs next to nothing.",
    ),
    Setting(
        "library.watch",
        "Watch the library",
        True,
        "Follow folders that are being written while the window is open. Looking takes a small share of the time.",
    ),
    Setting(
        "library.preferred_sources",
        "Preferred sources",
        "",
        "Formats whose series and params are shown first where a run has several, such as wandb_offline, lightning. "
        "Then comes decimal text, then event files.",
        restart=True,
    ),
    Setting(
        "ledger.actor",
        "Your name",
        "",
        "The name that decisions, tags and notes are recorded under. Empty means the login name.",
        restart=True,
    ),
)

_BY_KEY = {setting.key: setting for setting in SETTINGS}


def settings_file() -> Path:
    """Where the user's settings lie."""
    return locate.config_folder() / "settings.toml"


class Settings:
    """The values in force. Reading never fails on a bad value: it is left out and listed in `complaints`."""

    def __init__(self, values: Mapping[str, Value] | None = None, complaints: tuple[str, ...] = ()) -> None:
        self._values: dict[str, Value] = dict(values or {})
        self.complaints = complaints

    @classmethod
    def load(cls, path: Path | None = None) -> Settings:
        """Read the file; no file means all defaults."""
        path = path or settings_file()
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            return cls(complaints=(f"{path} is not used: {error}",))
        # Many have no file, and a start without one needs no parser.
        import tomllib

        try:
            tree = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            return cls(complaints=(f"{path} is not used: {error}",))
        return cls.from_tree(tree)

    @classmethod
    def from_tree(cls, tree: Mapping[str, object]) -> Settings:
        """Values from a parsed file; keys that are no settings are left for other versions."""
        values: dict[str, Value] = {}
        complaints: list[str] = []
        for setting in SETTINGS:
            section, _, name = setting.key.partition(".")
            table = tree.get(section)
            if not isinstance(table, Mapping) or name not in table:
                continue
            value = table[name]
            if setting.accepts(value) and isinstance(value, bool | int | float | str):
                values[setting.key] = value
            else:
                complaints.append(
                    f"{setting.key} = {value!r} is not one of the values allowed; {setting.default!r} is used"
                )
        return cls(values, tuple(complaints))

    def text(self, key: str) -> str:
        """The value of a text setting."""
        return str(self._value(key))

    def number(self, key: str) -> float:
        """The value of a number setting."""
        return float(self._value(key))

    def flag(self, key: str) -> bool:
        """The value of a yes-or-no setting."""
        return bool(self._value(key))

    def set(self, key: str, value: Value) -> None:
        """Change a value in force; `save` writes it. Raises UsageError for a value that is not allowed."""
        setting = _BY_KEY[key]
        if not setting.accepts(value):
            raise UsageError(f"{key} cannot be {value!r}", hint=setting.help)
        self._values[key] = value

    def chosen(self) -> dict[str, Value]:
        """What differs from the defaults; what the file holds."""
        return {key: value for key, value in self._values.items() if value != _BY_KEY[key].default}

    def _value(self, key: str) -> Value:
        return self._values.get(key, _BY_KEY[key].default)


def save(chosen: Mapping[str, Value], path: Path | None = None) -> None:
    """Write `chosen` (see `Settings.chosen`) and take every other known setting out; the rest of the file stays.

    Raises FolderUnreadable when it cannot be written.
    """
    # tomlkit keeps comments and order; it is only needed here.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    path = path or settings_file()
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        for setting in SETTINGS:
            section, _, name = setting.key.partition(".")
            table = document.get(section)
            if setting.key in chosen:
                if not isinstance(table, Mapping):
                    table = document[section] = tomlkit.table()
                document[section][name] = chosen[setting.key]
            elif isinstance(table, Mapping) and name in table:
                del document[section][name]
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(tomlkit.dumps(document), encoding="utf-8")
        part.replace(path)
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise FolderUnreadable(f"The settings could not be saved: {error}", where=str(path)) from error
