"""Comet's offline experiments: a zip for each, with `experiment.json` and `messages.json`. Only these two are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import storable
from runfolio.model.params import Json, Param, text_of
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.cut_zip import CutZip, opened_zip_or_rest
from runfolio.readers.documents import parse_json
from runfolio.readers.folder import Folder
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step, rows_of
from runfolio.readers.table import number_in
from runfolio.readers.yaml_nodes import some
from runfolio.readers.zip_file import EMPTY_ZIP, Zip, names_in_directory

_EXPERIMENT, _MESSAGES = "experiment.json", "messages.json"
_FIRST_FILE = re.compile(rb"PK\x03\x04.{26}(?:experiment|messages)\.json", re.DOTALL)
_NAME = re.compile(r"[0-9a-zA-Z]{32,50}\.zip")


class Comet:
    """Zips of offline experiments."""

    name: ClassVar[str] = "comet"
    title: ClassVar[str] = "Comet"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """Zips that name both files in their directory or begin with one; empty ones with the name of an experiment."""
        found = frozenset(n for n in folder.files if n.endswith(".zip") and n not in taken and _is_ours(folder, n))
        if not found:
            return None
        return Claim(self.name, folder.path, Strength.IDENTITY, "offline experiments of Comet", found)

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording for each zip."""
        for name in sorted(claim.files):
            where = folder.where(name)
            try:
                with opened_zip_or_rest(folder, name) as archive:
                    yield _recording(archive, where, storable(name.removesuffix(".zip")), budget)
            except RunfolioError as failure:
                yield problem_from(failure, "unreadable-zip", where)


def _is_ours(folder: Folder, name: str) -> bool:
    try:
        if folder.files[name].size == EMPTY_ZIP:
            return bool(_NAME.fullmatch(name))
        names = (_EXPERIMENT.encode(), _MESSAGES.encode())
        if names_in_directory(folder, name, names):
            return True
        # One that was cut off has no directory. Its first file is one of the two, or one that was uploaded.
        head = folder.head(name, 64)
        return _FIRST_FILE.match(head) is not None or (
            bool(_NAME.fullmatch(name)) and head.startswith(b"PK") and _EXPERIMENT in CutZip.of(folder, name).members
        )
    except FolderUnreadable:
        return False


def _recording(archive: Zip | CutZip, where: str, key: str, budget: Budget) -> Recording:
    problems: list[Problem] = [archive.problem()] if isinstance(archive, CutZip) else []
    facts: Mapping[str, Json] = {}
    log = _Messages(where)
    if not archive.sizes:
        message = "The zip is empty: the process was killed before it wrote anything into it"
        problems.append(warning("empty-zip", where, message))
    else:
        try:
            document = parse_json(archive.read(_EXPERIMENT, budget.text_bytes), f"{where}/{_EXPERIMENT}", budget)
            problems += document.problems
            facts = document.mapping
            for row in rows_of(archive.read(_MESSAGES, budget.metric_bytes), f"{where}/{_MESSAGES}", budget, problems):
                log.take(row)
        except RunfolioError as failure:
            problems.append(problem_from(failure, "unreadable-file", where))
    if log.odd:
        message = f"{len(log.odd)} values of metrics are no numbers and left out: {some(log.odd)}"
        problems.append(warning("odd-value", f"{where}/{_MESSAGES}", message))
    tags, project, name = facts.get("tags"), facts.get("project_name"), log.others.get("Name")
    ended = _millis(facts.get("stop_time"))
    return Recording(
        format=Comet.name,
        path=where,
        id=storable(str(facts.get("offline_id") or key)),
        identity=f"comet:{storable(str(facts.get('offline_id') or key))}",
        name=name if isinstance(name, str) else None,
        # A zip is only closed by `end`, which an exception reaches too: that it ended is all it tells.
        status=RunStatus.FINISHED if ended is not None else RunStatus.UNKNOWN,
        started_us=_millis(facts.get("start_time")),
        ended_us=ended,
        experiment=project if isinstance(project, str) else None,
        params=tuple(log.params[path] for path in sorted(log.params)),
        tags={tag: "" for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else {},
        metrics=tuple(log.points.series(f"{where}/{_MESSAGES}")),
        artifacts=tuple(log.files),
        extra={"others": {**log.others}, "project": project},
        problems=tuple(problems),
    )


class _Messages:
    """What the messages add up to."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.points = SeriesBuilder()
        self.params: dict[tuple[str, ...], Param] = {}
        self.others: dict[str, Json] = {}
        self.files: list[ArtifactRef] = []
        self.odd: list[str] = []

    def take(self, row: Mapping[str, Json]) -> None:
        """One message; of older versions most are wrapped in `ws_msg`."""
        payload = row.get("payload")
        if not isinstance(payload, dict):
            return
        if isinstance(metric := payload.get("metric"), dict):
            self._metric(metric, payload)
        for key in ("param", "params"):
            if isinstance(param := payload.get(key), dict):
                self._param(param)
        other = payload.get("log_other") if isinstance(payload.get("log_other"), dict) else payload
        is_other = row.get("type") == "log_other" or other is not payload
        if is_other and isinstance(other, dict) and isinstance(name := other.get("key"), str):
            self.others[name] = other.get("value", other.get("val"))
        if row.get("type") == "file_upload":
            more = payload.get("additional_params")
            name = more.get("fileName") if isinstance(more, dict) else None
            if isinstance(name, str):
                self.files.append(ArtifactRef(storable(name)))

    def _metric(self, metric: Mapping[str, Json], payload: Mapping[str, Json]) -> None:
        name, value, step = metric.get("metricName"), metric.get("metricValue"), as_step(metric.get("step"))
        number = number_in(value.strip()) if isinstance(value, str) else as_number(value)
        if not isinstance(name, str):
            return
        if number is None:
            self.odd.append(storable(name))
            return
        context = payload.get("context")
        shown = f"{context}_{name}" if isinstance(context, str) and context else name
        time_us = _millis(payload.get("local_timestamp"))
        self.points.add(shown, step, number, NO_TIME if time_us is None else time_us)

    def _param(self, param: Mapping[str, Json]) -> None:
        name, value = param.get("paramName"), param.get("paramValue")
        # What comes from the command line is argv again, word by word.
        if isinstance(name, str) and param.get("source") != "cli":
            path = (storable(name),)
            self.params[path] = Param(path, json.dumps(value) if isinstance(value, list) else text_of(value), value)


def _millis(value: Json) -> int | None:
    number = as_number(value)
    return round(number * 1000) if number is not None and 0 < number < 9e12 else None
