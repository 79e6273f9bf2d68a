"""Versions in a tracker's own model registry, as a recording has them; what the user registers is in `promotion`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runfolio.model.params import Json
from runfolio.model.run import RunKey

REGISTERED = "registered_versions"
"""Where readers put them in a recording's `extra`: a list of objects with the names of the fields below."""


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A version that a tracker's registry made of a run. `stage` and `aliases` are the registry's own words.

    version   as text: a registry may count otherwise than from 1.
    stage     "" where the registry has none for it.
    """

    model: str
    version: str
    run: RunKey
    run_name: str
    format: str
    stage: str = ""
    aliases: tuple[str, ...] = ()
    status: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def standing(self) -> str:
        """Stage and aliases in one line: "Production, @champion"; "" when there are none."""
        return ", ".join([*([self.stage] if self.stage else []), *(f"@{alias}" for alias in self.aliases)])


def registered_in(extra: Mapping[str, Json], run: RunKey, run_name: str, format_: str) -> Iterator[RegisteredVersion]:
    """The versions that a recording's `extra` tells of; entries without a model's name are left out."""
    listed = extra.get(REGISTERED)
    for entry in listed if isinstance(listed, list) else ():
        if not isinstance(entry, dict) or not (model := _text(entry.get("name"))):
            continue
        aliases, tags = entry.get("aliases"), entry.get("tags")
        stage = _text(entry.get("stage"))
        yield RegisteredVersion(
            model=model,
            version=_text(entry.get("version")),
            run=run,
            run_name=run_name,
            format=format_,
            stage="" if stage == "None" else stage,  # MLflow's word for no stage
            aliases=tuple(_text(alias) for alias in aliases) if isinstance(aliases, list) else (),
            status=_text(entry.get("status")),
            description=_text(entry.get("description")),
            tags={name: _text(text) for name, text in tags.items()} if isinstance(tags, dict) else {},
        )


def _text(value: Json) -> str:
    return "" if value is None else str(value)
