"""Guild AI runs: `.guild/attrs`, a YAML value a file, and the scalars that Guild itself keeps in event files.

The attribute `env` holds the whole environment of the process that ran, secrets included: it is never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.run import Precision, Recording, RunStatus
from runfolio.readers.contract import Budget, Claim, Strength, problem_from
from runfolio.readers.documents import Document, params_of, parse_yaml
from runfolio.readers.files import artifacts_below
from runfolio.readers.folder import Folder
from runfolio.readers.tensorboard import TensorBoard

_HIDDEN, _OPREF, _ATTRS = ".guild", "opref", "attrs"
_ID = re.compile(r"[0-9a-f]{32}")
_LOOKED_AT = 16
_READ = frozenset(
    {
        "cmd", "deps", "exit_status", "flags", "host", "id", "initialized", "label", "started", "stopped", "tags",
        "user", "sourcecode_digest", "comments", "random_seed", "vcs_commit",
    }
)  # fmt: skip


class Guild:
    """A run's folder."""

    name: ClassVar[str] = "guild"
    title: ClassVar[str] = "Guild AI"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with Guild's attributes; also Guild's trash, so that what was deleted is not shown as runs."""
        above = folder.parent()
        if folder.name in ("trash", "cache") and above is not None and _is_home(above):
            return Claim(self.name, folder.path, Strength.IDENTITY, f"Guild's {folder.name}", frozenset(), None)
        if _HIDDEN not in folder.folders:
            return None
        try:
            hidden = folder.sub(_HIDDEN)
            if _OPREF not in hidden.files and not (_ATTRS in hidden.folders and _ID.fullmatch(folder.name)):
                return None
        except FolderUnreadable:
            return None
        prune = frozenset({_HIDDEN})
        return Claim(self.name, folder.path, Strength.IDENTITY, "a run of Guild", frozenset(), prune, deep=True)

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording; nothing of the trash."""
        if claim.prune is None:
            return
        problems: list[Problem] = []
        hidden = folder.sub(_HIDDEN)
        attrs = _attributes(hidden, budget, problems)
        values = {name: document.value for name, document in attrs.items()}
        given = values.get("id")
        run_id = given if isinstance(given, str) and _ID.fullmatch(given) else folder.name
        status, raw = _status(values, hidden)
        metrics = _scalars(hidden, budget, problems)
        artifacts, odd = artifacts_below(folder, budget, skip=frozenset({_HIDDEN}))
        operation = _operation(hidden)
        tags = values.get("tags")
        code = values.get("vcs_commit")
        facts: dict[str, Json] = {
            "host": values.get("host"),
            "user": values.get("user"),
            "command": " ".join(str(part) for part in command)
            if isinstance(command := values.get("cmd"), list)
            else None,
            "git.commit": code[0] if isinstance(code, list) and code else code,
        }
        yield Recording(
            format=self.name,
            path=folder.path,
            id=run_id,
            identity=f"guild:{run_id}" if _ID.fullmatch(run_id) else "",
            name=operation or None,
            status=status,
            status_raw=raw,
            started_us=_micros(values.get("started")),
            ended_us=_micros(values.get("stopped")),
            experiment=operation or None,
            params=params_of(attrs.get("flags", Document(None))),
            tags={tag: "" for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else {},
            metrics=metrics,
            artifacts=artifacts,
            facts={key: value for key, value in facts.items() if isinstance(value, str) and value},
            extra={
                "deps": values.get("deps"),
                "exit_status": values.get("exit_status"),
                "label": values.get("label"),
                "sourcecode_digest": values.get("sourcecode_digest"),
            },
            precision=Precision.FLOAT32,
            problems=(*problems, *odd),
        )


def _attributes(hidden: Folder, budget: Budget, problems: list[Problem]) -> dict[str, Document]:
    if _ATTRS not in hidden.folders:
        return {}
    attrs = hidden.sub(_ATTRS)
    found: dict[str, Document] = {}
    try:
        names = [name for name in attrs.files if name in _READ]
        for name, content in attrs.read_many(names, budget.text_bytes):
            if isinstance(content, bytes):
                found[name] = parse_yaml(content, attrs.where(name), budget)
                problems += found[name].problems
            else:
                problems.append(problem_from(content, "unreadable-file", attrs.where(name)))
    except FolderUnreadable as failure:
        problems.append(problem_from(failure, "folder-unreadable", attrs.shown))
    return found


def _status(values: dict[str, Json], hidden: Folder) -> tuple[RunStatus, str | None]:
    """As Guild names it: by the exit status, or by the files that mark a run which has none."""
    code = values.get("exit_status")
    if isinstance(code, int) and not isinstance(code, bool):
        if code == 0:
            return RunStatus.FINISHED, "completed"
        return (RunStatus.KILLED, "terminated") if code < 0 else (RunStatus.FAILED, "error")
    for name, status in (("LOCK", RunStatus.RUNNING), ("PENDING", RunStatus.UNKNOWN), ("STAGED", RunStatus.UNKNOWN)):
        if name in hidden.files:
            return status, "running" if name == "LOCK" else name.lower()
    return (RunStatus.KILLED, "terminated") if values.get("started") is not None else (RunStatus.UNKNOWN, None)


def _scalars(hidden: Folder, budget: Budget, problems: list[Problem]) -> tuple[MetricSeries, ...]:
    reader = TensorBoard()
    claim = reader.claim(hidden, frozenset())
    if claim is None:
        return ()
    for piece in reader.read(hidden, claim, budget):
        if isinstance(piece, Problem):
            problems.append(piece)
        else:
            # Guild's writer gives its points no time; a run without scalars is a usual one.
            problems += [p for p in piece.problems if p.code not in ("no-scalars", "odd-wall-time")]
            return tuple(_with_last(metric) for metric in piece.metrics if len(metric))
    return ()


def _is_home(folder: Folder) -> bool:
    """Guild's home, whatever its name: `.guild` in a project, another where GUILD_HOME or a copy has one."""
    if folder.name == _HIDDEN:
        return True
    if not {"runs", "trash"} <= {*folder.folders}:
        return False
    try:
        runs = folder.sub("runs")
        return any(_ID.fullmatch(name) and _HIDDEN in runs.sub(name).folders for name in runs.folders[:_LOOKED_AT])
    except FolderUnreadable:
        return False


def _with_last(metric: MetricSeries) -> MetricSeries:
    """With what Guild shows as the value (`guild.index`): the last one written at the greatest step."""
    place = len(metric) - 1 - int(np.argmax(metric.step[::-1]))
    return replace(metric, final=float(metric.value[place]), final_rule="greatest step, the last written of it")


def _operation(hidden: Folder) -> str:
    """The operation's name: the last word of the reference."""
    if _OPREF not in hidden.files:
        return ""
    try:
        words = hidden.read(_OPREF, 1 << 16).decode("utf-8", "replace").split()
    except FolderUnreadable:
        return ""
    return words[-1] if words else ""


def _micros(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1e17 else None
