"""SwanLab run folders: the log of 0.6 and later, the dashboard's points of older and local runs, config and metadata.

The log is `run-<id>.swanlab` since 0.8 (protocol buffers) and was `backup.swanlab` before (JSON texts). A run of the
mode "local" has its points in `logs/` too, or, before 0.6, only there: they are used where the log is empty or cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from runfolio.errors import FolderUnreadable, LimitReached, RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording, RunStatus
from runfolio.readers.contract import Budget, Claim, Strength, info, problem_from, warning
from runfolio.readers.documents import params_of
from runfolio.readers.files import artifacts_below, odd_entries, read_document
from runfolio.readers.folder import Folder
from runfolio.readers.leveldb_log import Damage, records
from runfolio.readers.protobuf import BadMessage
from runfolio.readers.swanlab_board import DATABASE, entry_of, has_database, series_in
from runfolio.readers.swanlab_records import NO_SUCCESS, SUCCESS, Log

_HEAD = b":SWL\xd6\xe1"
_FOLDER = re.compile(r"run-\d{8}_\d{6}-(?P<id>[^/]{1,256})")
_FILES, _CONFIG, _METADATA = "files", "config.yaml", "swanlab-metadata.json"
_OWN_CONFIG = re.compile(rb"^  sort: \d+\r?$", re.MULTILINE)
_VERSIONS = (1, 2)
_MEDIA = "media"
_KEPT = (_FILES, _MEDIA)
_STATUS = {
    "RUN_STATE_RUNNING": RunStatus.RUNNING,
    "RUN_STATE_FINISHED": RunStatus.FINISHED,
    "RUN_STATE_CRASHED": RunStatus.FAILED,
    "RUN_STATE_ABORTED": RunStatus.KILLED,
    SUCCESS: RunStatus.FINISHED,
    NO_SUCCESS: RunStatus.FAILED,
}
_HINT = "The process was killed before it wrote, or the folder was copied in part."


class SwanLab:
    """A run's folder with its log, or with what the dashboard keeps of it."""

    name: ClassVar[str] = "swanlab"
    title: ClassVar[str] = "SwanLab"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with a `.swanlab` log, or of a run's name with SwanLab's files."""
        logs = [n for n in folder.files if n.endswith(".swanlab") and n not in taken and _is_log(folder, n)]
        if logs:
            reason = "the log of a SwanLab run"
        elif _FOLDER.fullmatch(folder.name) and _has_files(folder):
            reason = "a SwanLab run folder without a log"
        else:
            return None
        above = folder.parent()
        # The dashboard's database has the last word on how a run ended, and what SQLite keeps beside it.
        beside = () if above is None else (above.join(f"{DATABASE}{end}") for end in ("", "-wal"))
        return Claim(self.name, folder.path, Strength.IDENTITY, reason, frozenset(logs), None, True, frozenset(beside))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording for each log; one for the folder when there is none."""
        for name in sorted(claim.files) or [""]:
            yield _Run(folder, name, budget).recording()


def _is_log(folder: Folder, name: str) -> bool:
    try:
        head = folder.head(name, 8)
    except FolderUnreadable:
        return False
    return head.startswith(_HEAD[:4]) or (not head and bool(_FOLDER.fullmatch(folder.name)))


def _has_files(folder: Folder) -> bool:
    if _FILES not in folder.folders:
        return False
    try:
        files = folder.sub(_FILES)
        if _METADATA in files.files:
            return True
        if _CONFIG not in files.files:
            return False
        return has_database(folder) or bool(_OWN_CONFIG.search(files.head(_CONFIG, 1 << 16)))
    except FolderUnreadable:
        return False


class _Run:
    """One run while it is read."""

    def __init__(self, folder: Folder, log_name: str, budget: Budget) -> None:
        self.folder = folder
        self.budget = budget
        self.where = folder.where(log_name) if log_name else folder.shown
        self.problems: list[Problem] = []
        self.is_damaged = False
        self.log = self._read_log(log_name)
        self.entry = entry_of(folder, budget, self.problems)

    def recording(self) -> Recording:
        """All that the folder says."""
        log, entry = self.log, self.entry
        texts = {**entry.texts, **{key: text for key, text in log.texts.items() if text}}
        run_id, identity = self._id(texts.get("id"))
        state = log.state if log.state is not None else entry.state
        status = entry.status if log.state is None else _STATUS.get(log.state, RunStatus.UNKNOWN)
        if state is None and log.counts:
            status = RunStatus.RUNNING  # nothing was written of an end: killed, or not ended when it was copied
        files = self.folder.sub(_FILES) if _FILES in self.folder.folders else None
        return Recording(
            format=SwanLab.name,
            path=self.folder.shown,
            id=run_id,
            identity=identity,
            name=texts.get("name"),
            status=status,
            status_raw=state,
            started_us=log.started_us if log.started_us is not None else entry.started_us,
            ended_us=log.ended_us if log.ended_us is not None else entry.ended_us,
            experiment=texts.get("project"),
            params=tuple(self._params(files)),
            tags=dict.fromkeys(log.tags, ""),
            metrics=self._metrics(),
            artifacts=self._artifacts(),
            facts=self._facts(self._mapping(files, _METADATA)),
            extra=self._extra(texts),
            problems=tuple(self.problems),
        )

    def _id(self, given: str | None) -> tuple[str, str]:
        """The run's id, and what tells this leg of it apart from others."""
        match = _FOLDER.fullmatch(self.folder.name)
        if given is None and self.entry.started_us is not None:
            # The end of the folder's name was the same for all runs of a machine once: the whole name is the id.
            name = storable(self.folder.name)
            return name, f"swanlab:{name}:{self.entry.started_us}"
        run_id = given or (storable(match["id"]) if match else self.folder.shown)
        started = self.log.started_us
        return run_id, "" if started is None else f"swanlab:{run_id}:{started}"

    # --- the log -------------------------------------------------------------------------------------------------

    def _read_log(self, name: str) -> Log:
        log = Log()
        if not name:
            return log
        head_size = len(_HEAD) + 1
        damaged: list[Damage] = []
        bad = 0
        try:
            head = self.folder.head(name, head_size + 1)
            if len(head) <= head_size:
                self._warn("empty-log", "The run's log holds no record", _HINT)
                return log
            if head[head_size - 1] not in _VERSIONS:
                self._warn("unknown-version", f"The log is of version {head[head_size - 1]}: it may be read wrongly")
            for number, record in enumerate(records(lambda at, size: self.folder.part(name, at, size), head_size)):
                if number % 1024 == 0:
                    self.budget.check(self.where)
                if isinstance(record, Damage):
                    damaged.append(record)
                    continue
                try:
                    log.take(record)
                except BadMessage:
                    bad += 1
        except RunfolioError as failure:
            self.is_damaged = True
            self.problems.append(problem_from(failure, "unreadable-file", self.where))
        if damaged:
            self.is_damaged = True
            code = "cut-log" if damaged[0].is_end else "damaged-log"
            more = f" (and {len(damaged) - 1} places more)" if len(damaged) > 1 else ""
            self._warn(code, f"{damaged[0].message}{more}; the sound records are shown", _HINT, damaged[0].offset)
        if bad:
            self._warn("bad-record", f"{bad:,} records cannot be read; the others are shown")
        return log

    def _warn(self, code: str, message: str, hint: str = "", offset: int | None = None) -> None:
        self.problems.append(warning(code, self.where, message, hint, offset))

    # --- parts ---------------------------------------------------------------------------------------------------

    def _metrics(self) -> tuple[MetricSeries, ...]:
        found = {metric.name: metric for metric in self.log.points.series(self.where)}
        if self.log.state is None or self.is_damaged:
            names = {**self.log.folders, **self.entry.folders}
            told = list(series_in(self.folder, names, self.budget, self.problems))
            longer = [m for m in told if m.name not in found or len(m) > len(found[m.name])]
            found |= {m.name: m for m in longer}
            if longer and self.log.counts:
                message = f"{len(longer)} metrics have more points in logs/ than in the log: those are shown"
                self.problems.append(info("board-points", self.where, message))
        return tuple(found.values())

    def _mapping(self, files: Folder | None, name: str) -> Mapping[str, Json]:
        try:
            if files is None or name not in files.files:
                return {}
        except FolderUnreadable:
            return {}  # told where the config is read
        document = read_document(files, name, self.budget)
        self.problems += document.problems
        return document.mapping

    def _params(self, files: Folder | None) -> Iterator[Param]:
        try:
            if files is None or _CONFIG not in files.files:
                return
        except FolderUnreadable as failure:
            self.problems.append(problem_from(failure, "folder-unreadable", files.shown if files else ""))
            return
        document = read_document(files, _CONFIG, self.budget)
        self.problems += document.problems
        for param in params_of(document):
            # Each entry is {desc: ..., sort: ..., value: ...}.
            if len(param.path) >= 2 and param.path[1] == "value":
                yield Param((param.path[0], *param.path[2:]), param.text, param.value, param.source)

    def _artifacts(self) -> tuple[ArtifactRef, ...]:
        """What lies in `files/` and `media/`; the console, points and debug logs are not the run's work."""
        kept: list[ArtifactRef] = []
        try:
            self.problems += odd_entries(self.folder)
            for name in _KEPT:
                if name in self.folder.folders:
                    found, odd = artifacts_below(self.folder.sub(name), self.budget)
                    kept += [ArtifactRef(f"{name}/{a.path}", a.size_bytes) for a in found]
                    # In `media/` SwanLab itself links to what it keeps there already.
                    self.problems += [
                        _as_info(p) if name == _MEDIA and p.code == "link-not-followed" else p for p in odd
                    ]
        except LimitReached as failure:
            self.problems.append(problem_from(failure, "too-many-files", self.where))
        return tuple(kept)

    def _facts(self, metadata: Mapping[str, Json]) -> dict[str, str]:
        runtime = _map(metadata.get("runtime")) or metadata  # its own part since 0.8
        git = _map(metadata.get("git"))
        old_git = metadata.get("git_info")
        branch, commit = old_git if isinstance(old_git, list) and len(old_git) == 2 else (None, None)
        found: dict[str, Json] = {
            "git.commit": git.get("commit") or commit,
            "git.branch": git.get("branch") or branch,
            "git.repo": git.get("remote_url") or metadata.get("git_remote"),
            "host": runtime.get("hostname"),
            "python": runtime.get("python_version") or runtime.get("python"),
            "os": runtime.get("os"),
            "command": runtime.get("command"),
            "tracker.version": _map(metadata.get("swanlab")).get("version") or self.entry.texts.get("version"),
        }
        return {name: value for name, value in found.items() if isinstance(value, str) and value}

    def _extra(self, texts: Mapping[str, str]) -> dict[str, Json]:
        log = self.log
        extra: dict[str, Json] = {key: texts.get(key, "") for key in ("description", "error", "project")}
        extra |= {key: texts[key] for key in ("group", "job_type", "workspace") if texts.get(key)}
        if log.counts:
            extra["records"] = {**log.counts}
        if log.media:
            extra["media"] = [*log.media]
        if log.shown:
            extra["system_metrics"] = log.shown
        return extra


def _as_info(problem: Problem) -> Problem:
    return replace(problem, severity=Severity.INFO)


def _map(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
