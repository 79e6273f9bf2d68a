"""Metaflow's local datastore: `.metaflow/<Flow>/<run id>/<step>/<task>`, the artifacts' content in `<Flow>/data`.

What a flow kept are pickles. They are never unpickled: plain values are read out of them without running anything (see
`pickle_data`), and anything else is named only. Source: `metaflow/plugins/datastores/local_storage.py` and
`metaflow/datastore/content_addressed_store.py` of Metaflow 2.19.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, cast

from runfolio.errors import RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import storable
from runfolio.model.params import Json, Param, flatten
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import from_millis
from runfolio.readers.contract import Budget, Claim, Strength, info, problem_from, warning
from runfolio.readers.files import read_document
from runfolio.readers.folder import Folder
from runfolio.readers.pickle_data import Call, NotReadable, plain_data, read_pickle
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step

_DATA = re.compile(r"(\d+)\.data\.json")
_DIGEST = re.compile(r"[0-9a-f]{40}")
_LARGEST = 1 << 20
_STEP_KEYS = ("step", "global_step", "epoch", "iteration", "iter")
_FACTS = {"python_version": "python", "metaflow_version": "tracker.version", "user": "user", "runtime": "runtime"}


class Metaflow:
    """The folder of one run."""

    name: ClassVar[str] = "metaflow"
    title: ClassVar[str] = "Metaflow"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with `_meta/_self.json` and the steps of a flow."""
        if "_meta" not in folder.folders or not {"_parameters", "start"} & {*folder.folders}:
            return None
        if "_self.json" not in folder.sub("_meta").files:
            return None
        return Claim(
            self.name, folder.path, Strength.IDENTITY, "_meta/_self.json of a flow's run", prune=None, deep=True
        )

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording: params of the pseudo step `_parameters`, metrics of what the step `end` kept."""
        problems: list[Problem] = []
        own = _document(folder.sub("_meta"), "_self.json", budget, problems)
        flow = own.get("flow_id")
        run_id = own.get("run_number")
        steps = _steps(folder, budget, problems)
        params: dict[str, Json] = {}
        start: _Task | None = None
        for task in (t for step, t in steps if step == "_parameters"):
            params, start = _values(task, budget, problems, skip=frozenset({"name"})), task
        end = next((t for step, t in steps if step == "end"), None)
        finished = end is not None and _value(end, "_task_ok", budget, problems) is True
        successful = end is not None and _value(end, "_success", budget, problems) is True
        points = SeriesBuilder()
        sources: dict[str, str] = {}
        if end is not None and finished:
            for name, value in _values(end, budget, problems, skip=frozenset({"name", *params})).items():
                for metric in _add(points, name, value):
                    sources.setdefault(metric, end.where(name))
        for step, task in steps:
            if step != "end" and "_task_ok" in task.objects and _value(task, "_task_ok", budget, problems) is False:
                text = f"The step {step!r} ended with an exception"
                problems.append(info("step-failed", task.folder.shown, text, "Its log is among the run's files."))
        tags = [str(t) for key in ("tags", "system_tags") for t in _list(own.get(key))]
        times = dict(tag.split(":", 1) for tag in tags if ":" in tag)
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=str(run_id) if run_id is not None else folder.name,
            identity=f"metaflow:{storable(str(flow))}/{run_id}" if flow and run_id else "",
            name=str(flow) if flow else None,
            status=RunStatus.FINISHED if finished and successful else RunStatus.UNKNOWN,
            status_raw=f"finished={finished} successful={successful}",
            started_us=_us(own.get("ts_epoch")),
            ended_us=_ended(end, budget, problems) if finished else None,
            experiment=str(flow) if flow else None,
            params=tuple(_params(params, start)),
            tags=dict.fromkeys((storable(t) for t in tags), ""),
            metrics=tuple(replace(m, source=sources[m.name]) for m in points.series("")),
            artifacts=tuple(_files(steps)),
            facts={fact: times[tag] for tag, fact in _FACTS.items() if tag in times},
            extra={"steps": [s for s, _ in steps if s != "_parameters"], "kept": _kept(end)},
            problems=tuple(dict.fromkeys(problems)),
        )


@dataclass(frozen=True, slots=True)
class _Task:
    """The last attempt of a task: `objects` are digests of its artifacts by name, `data` the store they lie in."""

    folder: Folder
    file: str
    objects: Mapping[str, str]
    kinds: Mapping[str, str]
    data: Folder | None

    def where(self, name: str) -> str:
        """The file that holds the content of an artifact."""
        digest = self.objects[name]
        return self.folder.where(self.file) if self.data is None else self.data.sub(digest[:2]).where(digest)


def _params(values: Mapping[str, Json], task: _Task | None) -> Iterator[Param]:
    for param in flatten(values):
        yield param if task is None else replace(param, source=task.where(param.path[0]))


def _steps(folder: Folder, budget: Budget, problems: list[Problem]) -> list[tuple[str, _Task]]:
    """Steps with their tasks, the last one first; a step that was run for many values has many."""
    found: list[tuple[float, str, _Task]] = []
    above = folder.parent()
    data = above.sub("data") if above is not None and "data" in above.folders else None
    for step in folder.folders:
        if step == "_meta":
            continue
        place = folder.sub(step)
        begun = _document(place.sub("_meta"), "_self.json", budget, []) if "_meta" in place.folders else {}
        when = as_number(begun.get("ts_epoch")) or 0.0
        for number in place.folders:
            budget.check(place.shown)
            if number == "_meta":
                continue
            task = place.sub(number)
            attempts = sorted((int(m[1]), name) for name in task.files if (m := _DATA.fullmatch(name)))
            if not attempts:
                continue
            kept = _document(task, attempts[-1][1], budget, problems)
            objects, about = kept.get("objects"), kept.get("info")
            names = {k: str(v) for k, v in objects.items()} if isinstance(objects, dict) else {}
            kinds = (
                {k: str(v.get("type")) for k, v in about.items() if isinstance(v, dict)}
                if isinstance(about, dict)
                else {}
            )
            found.append((when, step, _Task(task, attempts[-1][1], names, kinds, data)))
    return [(step, task) for _, step, task in sorted(found, key=lambda f: (-f[0], f[1], f[2].folder.name))]


def _items(value: Json) -> list[tuple[str, Json]]:
    return [*value.items()] if isinstance(value, dict) else []


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _document(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> dict[str, Json]:
    document = read_document(folder, name, budget)
    problems += document.problems
    return document.mapping


def _values(task: _Task, budget: Budget, problems: list[Problem], skip: frozenset[str]) -> dict[str, Json]:
    """Plain values of a task's artifacts; names that begin with `_` are Metaflow's own."""
    found: dict[str, Json] = {}
    for name in task.objects:
        if name.startswith("_") or name in skip:
            continue
        value = _value(task, name, budget, problems)
        if not isinstance(value, Call):
            found[name] = cast(Json, value)
    return found


def _value(task: _Task, name: str, budget: Budget, problems: list[Problem]) -> object:
    """The plain value of an artifact; a Call where it is none, or cannot be read, which is told."""
    budget.check(task.folder.shown)
    digest = task.objects.get(name, "")
    missing = Call("missing")
    if task.data is None or not _DIGEST.fullmatch(digest):
        if digest:
            text = "The folder `data` that holds what the flow kept is not beside the run"
            problems.append(warning("content-missing", task.folder.shown, text, "Copy the whole folder of the flow."))
        return missing
    if digest[:2] not in task.data.folders or digest not in task.data.sub(digest[:2]).files:
        text = "What the flow kept is not in `data`"
        problems.append(warning("content-missing", task.folder.shown, text, "Copy the whole folder of the flow."))
        return missing
    place = task.data.sub(digest[:2])
    if place.files[digest].size > _LARGEST:
        return Call("large")
    try:
        return plain_data(read_pickle(_unpacked(place.read(digest, _LARGEST))))
    except NotReadable:
        return Call("not plain")
    except zlib.error as failure:
        text = f"An artifact is damaged: {failure}"
        problems.append(warning("content-damaged", place.where(digest), text, "The rest of the run is shown."))
    except RunfolioError as failure:
        problems.append(problem_from(failure, "content-unreadable", place.where(digest), Severity.WARNING))
    return missing


def _unpacked(data: bytes) -> bytes:
    """Content is kept gzipped; no more than a megabyte of it is unpacked."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    return zlib.decompressobj(31).decompress(data, _LARGEST)


def _add(points: SeriesBuilder, name: str, value: Json) -> Iterator[str]:
    """A number is a metric without a step; a list of rows with numbers is a history, as a flow keeps it.

    Gives the name of the metric that each number is added to.
    """
    if isinstance(value, float):
        points.add(name, None, value)
        yield name
        return
    rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    if not rows or not isinstance(value, list) or len(rows) != len(value):
        return
    key = next((k for k in _STEP_KEYS if all(as_step(row.get(k)) is not None for row in rows)), None)
    for number, row in enumerate(rows):
        step = as_step(row[key]) if key is not None else number
        for metric, cell in row.items():
            figure = as_number(cell)
            if metric != key and figure is not None:
                points.add(metric, step, figure)
                yield metric


def _ended(end: _Task | None, budget: Budget, problems: list[Problem]) -> int | None:
    """When the last artifact of the step `end` was written, as Metaflow's client says it."""
    if end is None or "_meta" not in end.folder.folders:
        return None
    meta = end.folder.sub("_meta")
    attempt = end.file.partition(".")[0]
    name = f"{attempt}_artifact__task_ok.json"
    return _us(_document(meta, name, budget, problems).get("ts_epoch")) if name in meta.files else None


def _us(milliseconds: Json) -> int | None:
    value = as_step(milliseconds)
    return from_millis(value) if value is not None else None


def _kept(end: _Task | None) -> dict[str, Json]:
    """Names and types of what the flow kept at its end."""
    if end is None:
        return {}
    return {storable(n): storable(end.kinds.get(n, "")) for n in end.objects if not n.startswith("_")}


def _files(steps: list[tuple[str, _Task]]) -> Iterator[ArtifactRef]:
    """The logs of each task."""
    for step, task in steps:
        for name, entry in task.folder.files.items():
            if name.endswith(".log") and entry.size:
                yield ArtifactRef(storable(f"{step}/{task.folder.name}/{name}"), entry.size)
