"""ClearML's offline sessions: a folder with `task.json` and `metrics.jsonl`, or the zip that is made of it at the end.

Where both are there the folder is read: the zip holds the same. ClearML writes NaN as 0.0, and iteration -2147483648
for single values; both are shown as they stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import storable
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.cut_zip import CutZip, opened_zip_or_rest
from runfolio.readers.documents import parse_json
from runfolio.readers.files import artifacts_below
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import load_json
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step

_TASK, _METRICS, _LOG = "task.json", "metrics.jsonl", "log.jsonl"
_MARK = re.compile(rb'"offline_folder"|"id"\s*:\s*"offline-')
_ZIP = re.compile(r"offline-[0-9a-f]{32}\.zip")
Read = Callable[[str], bytes | None]


class ClearML:
    """Offline sessions."""

    name: ClassVar[str] = "clearml"
    title: ClassVar[str] = "ClearML"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A session's folder by its task.json; zips of sessions whose folder is not beside them."""
        if _TASK in folder.files and _TASK not in taken and _is_task(folder):
            files = frozenset({_TASK, _METRICS, _LOG} & {*folder.files})
            prune = frozenset({"data"} & {*folder.folders})
            return Claim(
                self.name, folder.path, Strength.IDENTITY, "task.json of ClearML", files, prune, deep=bool(prune)
            )
        zips = {n for n in folder.files if _ZIP.fullmatch(n) and n not in taken}
        lonely = {n for n in zips if n.removesuffix(".zip") not in folder.folders}
        if not lonely:
            return None
        return Claim(self.name, folder.path, Strength.IDENTITY, "offline sessions of ClearML", frozenset(lonely))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording for the folder, or for each zip."""
        if _TASK in claim.files:
            above = folder.parent()
            has_zip = above is not None and f"{folder.name}.zip" in above.files
            artifacts, odd = artifacts_below(folder, budget)
            kept = tuple(a for a in artifacts if a.path not in claim.files)
            yield _recording(folder.shown, _reading(folder, budget), budget, kept, [*odd], has_zip=has_zip)
            return
        for name in sorted(claim.files):
            where = folder.where(name)
            try:
                with opened_zip_or_rest(folder, name) as archive:
                    sizes = archive.sizes
                    limit = budget.metric_bytes

                    def read(member: str) -> bytes | None:
                        return archive.read(member, limit) if member in sizes else None  # noqa: B023 - used at once

                    kept = tuple(
                        ArtifactRef(storable(n), s)
                        for n, s in sorted(sizes.items())
                        if n not in (_TASK, _METRICS, _LOG)
                    )
                    told = [archive.problem()] if isinstance(archive, CutZip) else []
                    yield _recording(where, read, budget, kept, told, has_zip=True)
            except RunfolioError as failure:
                yield problem_from(failure, "unreadable-zip", where)


def _is_task(folder: Folder) -> bool:
    try:
        size = folder.files[_TASK].size
        # The keys are sorted, so the telling ones may stand behind a long execution block.
        return bool(
            _MARK.search(folder.head(_TASK, 1 << 18)) or _MARK.search(folder.part(_TASK, max(0, size - 65536), 65536))
        )
    except FolderUnreadable:
        return False


def _reading(folder: Folder, budget: Budget) -> Read:
    def read(name: str) -> bytes | None:
        return folder.read(name, budget.metric_bytes) if name in folder.files else None

    return read


def _recording(
    where: str, read: Read, budget: Budget, kept: tuple[ArtifactRef, ...], problems: list[Problem], *, has_zip: bool
) -> Recording:
    task: Mapping[str, Json] = {}
    points = SeriesBuilder()
    try:
        data = read(_TASK)
        if data is not None:
            document = parse_json(data, f"{where}/{_TASK}", budget)
            problems += document.problems
            task = document.mapping
        events = read(_METRICS)
        if events is not None:
            _read_events(events, f"{where}/{_METRICS}", budget, points, problems)
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
    given, name, project = task.get("id"), task.get("name"), task.get("project_name")
    script = task.get("script")
    script = script if isinstance(script, dict) else {}
    facts: dict[str, Json] = {
        "git.commit": script.get("version_num"),
        "git.branch": script.get("branch"),
        "git.repo": script.get("repository"),
        "script": script.get("entry_point"),
    }
    tags = task.get("tags")
    run_id = given if isinstance(given, str) and given else where.rpartition("/")[2].removesuffix(".zip")
    listed = [
        ArtifactRef(storable(key), size if isinstance(size := entry.get("content_size"), int) else None)
        for entry in _artifacts(task)
        if isinstance(key := entry.get("key"), str)
    ]
    return Recording(
        format=ClearML.name,
        path=where,
        id=storable(run_id),
        identity=f"clearml:{storable(run_id)}" if run_id.startswith("offline-") else "",
        name=name if isinstance(name, str) else None,
        experiment=project if isinstance(project, str) else None,
        params=tuple(_params(task)),
        tags={tag: "" for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else {},
        metrics=tuple(points.series(f"{where}/{_METRICS}")),
        artifacts=tuple(sorted({a.path: a for a in (*kept, *listed)}.values(), key=lambda a: a.path)),
        facts={key: value for key, value in facts.items() if isinstance(value, str) and value},
        extra={
            "configuration": _configurations(task),
            "comment": task.get("comment"),
            "has_zip": has_zip,
            "project": project,
            "task_keys": [*sorted(task)],
        },
        problems=tuple(problems),
    )


def _configurations(task: Mapping[str, Json]) -> dict[str, Json]:
    """Configuration objects by name, as the text that ClearML keeps of each."""
    given = task.get("configuration")
    entries = given.items() if isinstance(given, dict) else ()
    return {storable(name): entry.get("value") for name, entry in entries if isinstance(entry, dict)}


def _artifacts(task: Mapping[str, Json]) -> list[dict[str, Json]]:
    execution = task.get("execution")
    listed = execution.get("artifacts") if isinstance(execution, dict) else None
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _params(task: Mapping[str, Json]) -> Iterator[Param]:
    """Params by section; ClearML keeps every value as text, with a type beside it."""
    sections = task.get("hyperparams")
    for section, entries in sections.items() if isinstance(sections, dict) else ():
        for key, entry in entries.items() if isinstance(entries, dict) else ():
            value = entry.get("value") if isinstance(entry, dict) else entry
            text = value if isinstance(value, str) else json.dumps(value)
            yield Param((storable(section), storable(key)), storable(text), storable(text))


def _read_events(data: bytes, where: str, budget: Budget, points: SeriesBuilder, problems: list[Problem]) -> None:
    """One list of events a line; NaN was written as 0, which nothing in the file tells apart."""
    odd: list[int] = []
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if number % 256 == 0:
            budget.check(where)
        if not line.strip():
            continue
        try:
            events = load_json(line)
        except ValueError:
            odd.append(number)
            continue
        for event in events if isinstance(events, list) else [events]:
            if not isinstance(event, dict) or event.get("type") != "training_stats_scalar":
                continue
            metric, variant = event.get("metric"), event.get("variant")
            value, step = as_number(event.get("value")), as_step(event.get("iter"))
            if not isinstance(metric, str) or value is None:
                continue
            name = f"{metric}/{variant}" if isinstance(variant, str) and variant else metric
            stamp = as_number(event.get("timestamp"))
            time_us = round(stamp * 1000) if stamp is not None and 0 < stamp < 9e12 else NO_TIME
            points.add(name, step, value, time_us)
    if odd:
        is_cut = odd == [len(lines)]
        message = "The last line is cut off" if is_cut else f"{len(odd)} lines are no JSON, the first at line {odd[0]}"
        hint = "Check whether the file was copied completely."
        problems.append(warning("cut-line" if is_cut else "bad-line", where, f"{message}: the rest is shown", hint))
