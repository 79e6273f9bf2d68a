"""Hydra: the config of a job, as an overlay on whatever run lies in the job's folder.

A job is recognised by `hydra.yaml`, `config.yaml` and `overrides.yaml` in one sub folder, `.hydra` unless the user
chose another name. Interpolations (`${...}`) are shown as written and never resolved: an environment variable would
be the reader's, not the run's. What references to other keys come to is told beside the params. Hydra writes no
metrics, no status and no times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from runfolio.errors import FolderUnreadable
from runfolio.model.params import Json, Param, text_of
from runfolio.model.problem import Problem
from runfolio.model.run import CONTENT, Recording, content_digest, params_digest
from runfolio.readers.contract import Budget, Claim, Strength, warning
from runfolio.readers.documents import Document, params_of
from runfolio.readers.files import artifacts_below, read_document
from runfolio.readers.folder import Folder
from runfolio.readers.interpolation import resolved

_CONFIG, _SETTINGS, _OVERRIDES = "config.yaml", "hydra.yaml", "overrides.yaml"
_MARKS = frozenset({_CONFIG, _SETTINGS, _OVERRIDES})
_USUAL = ".hydra"
_MOST_FOLDERS = 16
"""In a folder with more sub folders than this only `.hydra` is looked into: it is no job folder."""


class Hydra:
    """A Hydra job folder."""

    name: ClassVar[str] = "hydra"
    title: ClassVar[str] = "Hydra"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder one of whose sub folders holds the three files of a job's config; one of them does for `.hydra`."""
        below = _config_folder(folder)
        if below is None or below in taken:
            return None
        return Claim(
            self.name, folder.path, Strength.LAYOUT, f"a Hydra job: {below}/", prune=frozenset({below}), deep=True
        )

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """The job's config as a recording without metrics."""
        below = min(claim.prune or ())
        inner = folder.sub(below)
        problems: list[Problem] = []
        config, settings, overrides = (
            _document(inner, name, budget, problems) for name in (_CONFIG, _SETTINGS, _OVERRIDES)
        )
        artifacts, odd = artifacts_below(folder, budget, skip=frozenset({below}))
        listed = overrides.value if isinstance(overrides.value, list) else []
        params = params_of(config)
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            identity=_identity(settings, params),
            name=_known(settings, "hydra", "job", "name"),
            params=params,
            artifacts=artifacts,
            facts=_facts(settings, [text_of(o) for o in listed]),
            extra=_extra(settings, listed, config.mapping),
            problems=(*problems, *odd),
            overlay=True,
        )


def _document(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> Document:
    if name in folder.files:
        document = read_document(folder, name, budget)
        problems += document.problems
        return document
    message = f"{name} is missing from the job's config folder"
    problems.append(warning("hydra-incomplete", folder.where(name), message, "Copy the folder again."))
    return Document(None)


def _config_folder(folder: Folder) -> str | None:
    names = folder.folders
    if _USUAL in names:
        candidates: tuple[str, ...] = (_USUAL,)
    else:
        candidates = folder.holding(_CONFIG) if len(names) <= _MOST_FOLDERS else ()
    for name in candidates:
        try:
            found = _MARKS & {*folder.sub(name).files}
        except FolderUnreadable:
            continue  # the walk comes to it by itself and says what is wrong
        if found == _MARKS or (found and name == _USUAL):
            return name
    return None


def _known(document: Document, *path: str) -> str | None:
    """A text that Hydra has filled in: neither missing (`???`) nor an interpolation."""
    value = document.text(*path)
    return None if value is None or value == "???" or "${" in value else value


def _identity(settings: Document, params: Sequence[Param]) -> str:
    """The params and the folder that Hydra made for the job, which has its time; "" where it is not told.

    A sweep that was run twice has equal configs in folders of equal names (`0`, `1`).
    """
    made = _known(settings, "hydra", "runtime", "output_dir")
    return f"{CONTENT}{content_digest([Hydra.name, params_digest(params), made])}" if made else ""


def _facts(settings: Document, command: list[str]) -> dict[str, str]:
    found = {
        "hydra.version": _known(settings, "hydra", "runtime", "version"),
        "cwd": _known(settings, "hydra", "runtime", "cwd"),
        "command": " ".join(command) or None,
    }
    return {name: value for name, value in found.items() if value}


def _extra(settings: Document, overrides: list[Json], config: dict[str, Json]) -> dict[str, Json]:
    hydra = settings.mapping.get("hydra")
    inner = hydra if isinstance(hydra, dict) else {}
    runtime, job = inner.get("runtime"), inner.get("job")
    return {
        "overrides": overrides,
        "choices": runtime.get("choices") if isinstance(runtime, dict) else None,
        "hydra_version": runtime.get("version") if isinstance(runtime, dict) else None,
        "mode": inner.get("mode"),
        "sweep_job_num": job.get("num") if isinstance(job, dict) else None,
        "resolved_params": resolved(config),
    }
