"""Weights & Biases run folders: `offline-run-*` and `run-*`, read from the log that wandb keeps of everything.

The log (`run-<id>.wandb`) holds config, history, summary, system metrics and artifacts' manifests. Where it is empty
or cut, as a killed process leaves it, `files/config.yaml` and `files/wandb-summary.json` tell what they can. Paths in
the log are those of the machine that wrote it and are never followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np

from runfolio.errors import RunfolioError
from runfolio.model.datasets import DatasetRef
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param, flatten, nest, text_of
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME, checked, from_seconds, to_iso
from runfolio.readers.contract import Budget, Claim, Strength, info, problem_from, warning
from runfolio.readers.documents import params_of
from runfolio.readers.folder import Folder
from runfolio.readers.leveldb_log import Damage, records
from runfolio.readers.protobuf import BadMessage
from runfolio.readers.series_builder import as_step
from runfolio.readers.wandb_files import FOLDER, OLD_NAMES, Files, has_files
from runfolio.readers.wandb_history import Series
from runfolio.readers.wandb_records import Log, LogReader
from runfolio.readers.wandb_values import number_of

_LOG = re.compile(r"run-(?P<id>[^/]{1,256})\.wandb")
_HEAD = b":W&B\xe1\xbe\x00"
_SUMMARY_RULE = "the summary, as W&B shows it"
_SUMMARY_KEYS = ("min", "max", "mean", "best", "last", "first")
_HINT = "The process was killed, or the folder was copied while it ran or in part."


class Wandb:
    """Run folders of wandb 0.8 and later; before 0.10 there was no log but text files."""

    name: ClassVar[str] = "wandb_offline"
    title: ClassVar[str] = "W&B"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with a log, or with the name of a run folder and the files that wandb writes."""
        logs = [name for name in folder.files if _LOG.fullmatch(name) and name not in taken]
        if logs:
            reason = "the log of a W&B run"
            own = frozenset(logs)
        elif has_files(folder):
            reason = "a W&B run folder without its log"
            own = OLD_NAMES & folder.files.keys()
        else:
            return None
        return Claim(self.name, folder.path, Strength.IDENTITY, reason, own, None, deep=True)

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording for each log; one for the folder when there is none."""
        for name in sorted(filter(_LOG.fullmatch, claim.files)) or [""]:
            yield _Run(folder, name, budget).recording()


class _Run:
    """One run while it is read."""

    def __init__(self, folder: Folder, log_name: str, budget: Budget) -> None:
        self.folder = folder
        self.budget = budget
        self.log_name = log_name
        self.where = folder.where(log_name) if log_name else folder.shown
        self.problems: list[Problem] = []
        self.truncated: str | None = None
        self.log = self._read_log()
        self.files = Files(folder, budget)

    def recording(self) -> Recording:
        """All that the folder says."""
        log, files = self.log, self.files
        params = self._params()
        metrics = self._metrics()
        kept = files.artifacts()
        run_id = self._id()
        started = log.started_us if log.started_us is not None else files.time_of("startedAt")
        ended = None if started is None or log.runtime_s is None else checked(started + log.runtime_s * 1_000_000)
        status = RunStatus.UNKNOWN
        if log.exit_code is not None:
            status = RunStatus.FINISHED if log.exit_code == 0 else RunStatus.FAILED
        elif files.is_old:
            status = files.status
            ended = None if status is RunStatus.RUNNING else files.time_of("heartbeatAt")
        return Recording(
            format=Wandb.name,
            path=self.folder.shown,
            id=run_id,
            identity=f"wandb:{run_id}:{started}" if started is not None else "",
            name=log.texts.get("display_name"),
            status=status,
            status_raw=log.exit_code if log.exit_code is not None else files.state,
            started_us=started,
            ended_us=ended,
            experiment=log.texts.get("project") or _text(files.metadata.get("project")),
            params=params,
            tags=dict.fromkeys(log.tags, "true"),
            metrics=metrics,
            artifacts=kept,
            datasets=tuple(
                DatasetRef(a.name, a.digest or None, algorithm="wandb") for a in log.artifacts if a.kind == "dataset"
            ),
            facts=self._facts(files.metadata),
            extra=self._extra(),
            problems=(*self.problems, *log.problems, *files.problems),
        )

    # --- the log -----------------------------------------------------------------------------------------------

    def _read_log(self) -> Log:
        reader = LogReader(self.where, self.budget)
        try:
            if self.log_name and self._is_log(self.folder.head(self.log_name, len(_HEAD) + 1)):
                self._take_all(reader)
        except RunfolioError as failure:
            # What came before, say, the time was used up is kept.
            self.truncated = failure.message
            self.problems.append(problem_from(failure, "unreadable-file", self.where))
        return reader.finish()

    def _is_log(self, head: bytes) -> bool:
        if len(head) <= len(_HEAD) and _HEAD.startswith(head):
            message = "The run's log holds no record yet" if head else "The run's log is empty"
            self.problems.append(warning("empty-log", self.where, message, _HINT))
            return False
        if not head.startswith(_HEAD[:4]):
            message = "The run's log is no log of W&B: its first bytes are others"
            self.problems.append(warning("no-log", self.where, message, _HINT))
            return False
        return True

    def _take_all(self, reader: LogReader) -> None:
        damaged: list[Damage] = []
        bad = 0
        try:
            for record in records(lambda at, size: self.folder.part(self.log_name, at, size), len(_HEAD)):
                if isinstance(record, Damage):
                    damaged.append(record)
                    continue
                try:
                    reader.take(record)
                except BadMessage as failure:
                    bad += 1
                    self.truncated = str(failure)
        finally:
            self._tell(damaged, bad)

    def _tell(self, damaged: list[Damage], bad: int) -> None:
        if damaged:
            first = damaged[0]
            self.truncated = first.message
            more = f" (and {len(damaged) - 1} places more)" if len(damaged) > 1 else ""
            code = "cut-log" if first.is_end else "damaged-log"
            message = f"{first.message}{more}; the sound records are shown"
            self.problems.append(warning(code, self.where, message, _HINT, first.offset))
        if bad:
            message = f"{bad} records cannot be read ({self.truncated}); the others are shown"
            self.problems.append(warning("bad-record", self.where, message))

    @property
    def _is_whole(self) -> bool:
        return self.log.exit_code is not None and self.truncated is None

    # --- parts -------------------------------------------------------------------------------------------------

    def _id(self) -> str:
        found = self.log.texts.get("run_id")
        if found:
            return storable(found)
        match = _LOG.fullmatch(self.log_name) or FOLDER.fullmatch(self.folder.name)
        return storable(match["id"]) if match and match["id"] else self.folder.shown

    def _params(self) -> tuple[Param, ...]:
        found: dict[tuple[str, ...], Param] = {}
        for path, document in self.log.config.items():
            if path[0] == "_wandb":
                continue
            if isinstance(document.value, dict) and document.value:
                for param in params_of(document):
                    found[(*path, *param.path)] = Param((*path, *param.path), param.text, param.value, self.where)
            else:
                found[path] = Param(path, document.texts.get((), text_of(document.value)), document.value, self.where)
        for param in self.files.params():
            found.setdefault(param.path, param)
        return tuple(found[path] for path in sorted(found))

    def _metrics(self) -> tuple[MetricSeries, ...]:
        latest = {".".join(path): value for path, value in self.log.summary.items()}
        kept: Mapping[str, Json] = {} if self._is_whole else self.files.summary()
        for key, value in kept.items():
            if key.startswith("_"):
                continue
            plain = [Param((key,), "", value)] if _latest(value) is not None else flatten({key: value})
            for param in plain:
                latest.setdefault(param.key, param.value)
        made = [self._series(name, points) for name, points in self.log.history.series.items()]
        made += [self._series(f"system/{name}", points, has_step=False) for name, points in self.log.stats.items()]
        if not made:
            made = self.files.history()
        if all(m.name.startswith("system/") for m in made):
            made = [*self._last_values(latest, kept), *made]
            if not self.log_name and not self.files.is_old:
                message = "The run's log (run-<id>.wandb) is not here: only config and last values are known"
                self.problems.append(info("no-log", self.folder.shown, message, "Copy the whole run folder."))
        finals = {m.name: _latest(latest.get(m.name)) for m in made}
        return tuple(
            m if (final := finals[m.name]) is None else replace(m, final=final, final_rule=_SUMMARY_RULE) for m in made
        )

    def _series(self, name: str, points: Series, *, has_step: bool = True) -> MetricSeries:
        steps = np.frombuffer(points.steps, dtype=np.int64) if has_step else None
        return series(
            storable(name),
            steps,
            np.frombuffer(points.values, dtype=np.float64),
            np.frombuffer(points.times_us, dtype=np.int64),
            source=self.where,
        )

    def _last_values(self, latest: Mapping[str, Json], kept: Mapping[str, Json]) -> Iterator[MetricSeries]:
        """Of a run whose history is lost, the last values that its summary has, as a point each."""
        step = as_step(kept.get("_step"))
        time_s = number_of(kept.get("_timestamp"))
        time_us = None if time_s is None else from_seconds(time_s)
        found = False
        for name, value in latest.items():
            number = _latest(value)
            if number is None or name.startswith("_"):
                continue
            found = True
            steps = None if step is None else [step]
            yield series(storable(name), steps, [number], [NO_TIME if time_us is None else time_us], source=self.where)
        if found:
            message = "The history is lost: of each metric the last value that the summary has is shown"
            self.problems.append(info("summary-only", self.where, message))

    def _facts(self, metadata: Mapping[str, Json]) -> dict[str, str]:
        texts, environment = self.log.texts, self.log.environment
        git = metadata.get("git")
        git = git if isinstance(git, dict) else {}
        args = environment.get("args", metadata.get("args"))
        program = environment.get("program", metadata.get("program"))
        command = [program, *(args if isinstance(args, list) else [])]
        found: dict[str, Json] = {
            "git.commit": texts.get("git_commit") or git.get("commit"),
            "git.repo": texts.get("git_remote") or git.get("remote"),
            "host": texts.get("host") or environment.get("host") or metadata.get("host"),
            "python": environment.get("python", metadata.get("python")),
            "os": environment.get("os", metadata.get("os")),
            "user": metadata.get("username"),
            "script": program,
            "command": " ".join(str(part) for part in command if isinstance(part, str)) if program else None,
            "gpu": metadata.get("gpu"),
        }
        return {name: value for name, value in found.items() if isinstance(value, str) and value}

    def _extra(self) -> dict[str, Json]:
        log = self.log
        extra: dict[str, Json] = {"records": {**log.counts}, "truncated": self.truncated}
        if not log.counts:
            return extra
        artifacts: list[Json] = [
            {"aliases": [*a.aliases], "digest": a.digest, "files": a.files, "name": a.name, "type": a.kind}
            for a in log.artifacts
        ]
        found: dict[str, Json] = {
            "defined_metrics": log.defined,
            "exit_code": log.exit_code,
            "git_commit": log.texts.get("git_commit"),
            "git_remote": log.texts.get("git_remote"),
            "group": log.texts.get("group"),
            "host": log.texts.get("host"),
            "job_type": log.texts.get("job_type"),
            "last_timestamp": None if log.history.last_time_us is None else to_iso(log.history.last_time_us),
            "logged_artifacts": artifacts,
            "non_scalar_history_keys": [*sorted(log.history.others)],
            "notes": log.texts.get("notes"),
            "project": log.texts.get("project"),
            "resumed": log.resumed,
            "runtime_s": log.runtime_s,
            "starting_step": log.starting_step,
            "summary": nest(Param(path, "", value) for path, value in log.summary.items()),
            "sweep_id": log.texts.get("sweep_id"),
        }
        return extra | found


def _latest(value: Json) -> float | None:
    """The number that W&B shows: the value itself, or what `define_metric(summary=...)` keeps of it."""
    if isinstance(value, dict):
        value = next((value[key] for key in _SUMMARY_KEYS if key in value), None)
    return number_of(value)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None
