"""Reads MLflow file stores (`mlruns/`) as MLflow 1.x, 2.x and 3.x write them, run folder by run folder.

A run is a folder whose `meta.yaml` holds a `run_id` (`run_uuid` before 1.0), whatever lies above it: a single
copied run folder is as good as a whole store. Paths in the files are those of the machine that wrote them and are
never followed; what belongs to a run is looked for where the layout puts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from runfolio.errors import RunfolioError
from runfolio.model.display import duration, storable
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import from_millis, to_iso
from runfolio.readers.contract import Budget, Claim, Strength, info, problem_from, warning
from runfolio.readers.documents import Document, parse_yaml
from runfolio.readers.folder import Folder
from runfolio.readers.mlflow_links import Experiment, datasets_of, experiment_of, model_facts
from runfolio.readers.mlflow_metrics import MetricFile, parse_metrics
from runfolio.readers.mlflow_tree import artifacts, named_files, named_texts, odd_entries

_META = "meta.yaml"
_RUN_ID = re.compile(rb"^run_(?:id|uuid):", re.MULTILINE)
_NOT_A_RUN = re.compile(rb"^(?:current_stage|model_id|source_run_id|destination_id):", re.MULTILINE)
_EXPERIMENT = re.compile(rb"^artifact_location:", re.MULTILINE)
_HEX_ID = re.compile(r"[0-9a-f]{32}")
_SAFE_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,255}")
_PARTS = frozenset({_META, "params", "metrics", "tags", "artifacts", "inputs", "outputs"})
_BELOW_EXPERIMENT = frozenset({"datasets", "models", "traces", "tags"})
_OWN_ARTIFACTS = re.compile(
    r"|(?:\./)?artifacts/?|(?:file:)?/.*/[0-9a-f]{32}/artifacts/?|[A-Za-z]:.*[0-9a-f]{32}[/\\]artifacts"
)
"""Where MLflow keeps artifacts by default, on the machine that wrote them: in the run's own folder."""

_STATUS = {
    "RUNNING": RunStatus.RUNNING,
    "SCHEDULED": RunStatus.UNKNOWN,
    "FINISHED": RunStatus.FINISHED,
    "FAILED": RunStatus.FAILED,
    "KILLED": RunStatus.KILLED,
}
_STATUS_NUMBERS = dict(enumerate(_STATUS, 1))  # mlflow.protos.service_pb2.RunStatus
_FACTS = (
    # What MLflow calls it, as a tag and (before 1.0) in meta.yaml, and its name here.
    ("mlflow.source.git.commit", "source_version", "git.commit"),
    ("mlflow.source.git.branch", "", "git.branch"),
    ("mlflow.source.git.repoURL", "", "git.repo"),
    ("mlflow.gitRepoURL", "", "git.repo"),
    ("mlflow.user", "user_id", "user"),
    ("mlflow.source.name", "source_name", "script"),
    ("mlflow.project.entryPoint", "entry_point_name", "entry_point"),
    ("mlflow.project.env", "", "environment"),
    ("mlflow.docker.image.uri", "", "image"),
)


class MlflowFiles:
    """File stores of MLflow: `<experiment>/<run>/` with `meta.yaml`, `params/`, `metrics/`, `tags/`, `artifacts/`.

    Layout: mlflow/store/tracking/file_store.py of MLflow 1.30, 2.22 and 3.17.
    """

    name: ClassVar[str] = "mlflow_file"
    title: ClassVar[str] = "MLflow"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A run by its meta.yaml, or by its name and sub folders where that is damaged; an experiment by its own.

        Experiments give no recording. They are claimed so that what lies beside their runs (logged models with
        configuration files of their own, traces, data sets) is not taken for runs of other trackers.
        """
        head = folder.head(_META) if _META in folder.files and _META not in taken else b""
        if _NOT_A_RUN.search(head):
            return None
        if _RUN_ID.search(head):
            return self._run_claim(folder, "meta.yaml with a run id")
        if _EXPERIMENT.search(head):
            prune = _BELOW_EXPERIMENT & {*folder.folders}
            files = frozenset({_META})
            return Claim(self.name, folder.path, Strength.IDENTITY, "meta.yaml of an experiment", files, prune)
        if _HEX_ID.fullmatch(folder.name) and not {"params", "metrics"}.isdisjoint(folder.folders):
            return self._run_claim(folder, "a run's folders, without a meta.yaml that says more")
        return None

    def _run_claim(self, folder: Folder, reason: str) -> Claim:
        return Claim(
            self.name, folder.path, Strength.IDENTITY, reason, frozenset({_META} & {*folder.files}), None, deep=True
        )

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """The run of a run folder; problems alone for an experiment, or a run folder without anything in it."""
        if claim.prune is not None:
            yield from parse_yaml(folder.read(_META, budget.text_bytes), folder.where(_META), budget).problems
            return
        run = _Run(folder, budget)
        recording = run.recording()
        if run.is_bare:
            yield warning(
                "no-run",
                folder.where(_META),
                "A run folder without a readable meta.yaml and without any value in it: there is no run to show",
                "MLflow leaves such folders behind when it is stopped while a run begins, or a copy was cut short.",
            )
        else:
            yield recording


class _Run:
    """One run folder while it is read."""

    def __init__(self, folder: Folder, budget: Budget) -> None:
        self.folder = folder
        self.budget = budget
        self.where = folder.where(_META)
        self.problems: list[Problem] = []
        self.meta = self._meta()
        self.is_bare = False

    def recording(self) -> Recording:
        """All that the folder says."""
        listing = self.folder.listing
        self.problems += odd_entries(self.folder, lambda name: name in _PARTS)
        params = self._texts("params")
        tags = self._texts("tags")
        metrics = self._metrics()
        kept = (
            artifacts(self.folder.sub("artifacts"), self.budget, self.problems)
            if "artifacts" in listing.folders
            else ()
        )
        self.is_bare = not (self.meta.mapping or params or tags or metrics)
        experiment = experiment_of(self.folder, self.budget)
        run_id = self._id()
        status, status_raw = self._status()
        started, ended = self._times()
        if not kept:
            self._look_for_artifacts()
        datasets, inputs = datasets_of(self.folder, self.budget, self.problems)
        models = model_facts(self.folder, run_id, tags, self.budget, self.problems)
        return Recording(
            format=MlflowFiles.name,
            path=self.folder.path,
            id=run_id,
            identity=f"mlflow:{run_id}" if _HEX_ID.fullmatch(run_id) else "",
            name=self._text("run_name") or tags.get("mlflow.runName"),
            status=status,
            status_raw=status_raw,
            started_us=started,
            ended_us=ended,
            experiment=experiment.name,
            parent_id=tags.get("mlflow.parentRunId"),
            params=tuple(Param((name,), text, text) for name, text in params.items()),
            tags=tags,
            metrics=metrics,
            artifacts=kept,
            datasets=datasets,
            facts=self._facts(tags, models),
            extra=self._extra(tags, experiment, {**inputs, **models}),
            problems=tuple(self.problems),
        )

    def _meta(self) -> Document:
        if _META not in self.folder.files:
            hint = "The copy may be incomplete, or MLflow was stopped while the run began."
            message = "There is no meta.yaml: name, status and times of this run are not known"
            self.problems.append(warning("no-meta", self.where, message, hint))
            return Document(None)
        try:
            data = self.folder.read(_META, self.budget.text_bytes)
        except RunfolioError as failure:
            self.problems.append(problem_from(failure, "unreadable-file", self.where))
            return Document(None)
        document = parse_yaml(data, self.where, self.budget)
        self.problems += document.problems
        if not document.mapping and not document.problems:
            message = "meta.yaml is empty: name, status and times of this run are not known"
            self.problems.append(warning("no-meta", self.where, message))
        return document

    def _text(self, key: str) -> str | None:
        value = self.meta.mapping.get(key)
        if isinstance(value, list | dict):
            message = f"{key} is a {'list' if isinstance(value, list) else 'mapping'} where text belongs: left out"
            self.problems.append(warning("odd-value", self.where, message))
            return None
        return self.meta.text(key)

    def _id(self) -> str:
        """The folder's name if it is an id, since it cannot point elsewhere; else what meta.yaml says."""
        written = self._text("run_id") or self._text("run_uuid")
        name = storable(self.folder.name)
        if written is None or written == name:
            return name
        is_usable = _SAFE_ID.fullmatch(written) is not None
        if is_usable and not _HEX_ID.fullmatch(name):
            return written  # the folder was renamed, as copies of single runs are
        message = f"meta.yaml says the run is {written[:80]!r}, its folder is {name!r}: the folder's name is used"
        self.problems.append(warning("run-id-differs", self.where, message))
        return name

    def _status(self) -> tuple[RunStatus, str | int | None]:
        raw = self.meta.mapping.get("status")
        if raw is None:
            return RunStatus.UNKNOWN, None
        name = _STATUS_NUMBERS.get(raw) if isinstance(raw, int) and not isinstance(raw, bool) else str(raw)
        if name in _STATUS:
            return _STATUS[name], name
        text = self.meta.text("status") or ""
        message = f"MLflow knows no status {text[:40]!r}"
        self.problems.append(warning("unknown-status", self.where, message))
        return RunStatus.UNKNOWN, text[:40]

    def _times(self) -> tuple[int | None, int | None]:
        started, ended = self._time("start_time"), self._time("end_time")
        if started is not None and ended is not None and ended < started:
            early = duration((started - ended) / 1e6)
            message = f"The run ends {early} before it starts: a clock was wrong, so its duration is not known"
            self.problems.append(warning("time-order", self.where, message))
        return started, ended

    def _time(self, key: str) -> int | None:
        value = self.meta.mapping.get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15:
            return from_millis(int(value))
        text = (self.meta.text(key) or "")[:40]
        message = f"{key} is {text!r}, not a time in milliseconds: left out"
        self.problems.append(warning("odd-time", self.where, message))
        return None

    def _texts(self, name: str) -> dict[str, str]:
        if name not in self.folder.folders:
            return {}
        return named_texts(self.folder.sub(name), self.budget, self.problems)

    def _metrics(self) -> tuple[MetricSeries, ...]:
        if "metrics" not in self.folder.folders:
            return ()
        below = self.folder.sub("metrics")
        files = [MetricFile(*file) for file in named_files(below, self.budget.metric_bytes, self.budget, self.problems)]
        return tuple(parse_metrics(files, self.budget, self.problems))

    def _look_for_artifacts(self) -> None:
        """Says so when artifacts were kept elsewhere, for that place is never looked into."""
        uri = self.meta.text("artifact_uri") or ""
        if not _OWN_ARTIFACTS.fullmatch(uri):
            message = (
                f"Artifacts were kept at {uri[:200]}: they are not in this folder, and that place is not looked into"
            )
            hint = "Copy them into the run's `artifacts` folder to see them here."
            self.problems.append(info("artifacts-elsewhere", self.where, message, hint))

    def _facts(self, tags: Mapping[str, str], models: Mapping[str, Json]) -> dict[str, str]:
        facts: dict[str, str] = {}
        for tag, key, fact in _FACTS:
            text = tags.get(tag) or (self._text(key) if key else None)
            if text:
                facts.setdefault(fact, text)
        logged = models.get("logged_models")
        for entry in logged if isinstance(logged, list) else ():
            for key, fact in (("mlflow_version", "tracker.version"), ("python_version", "python")):
                if isinstance(entry, dict) and isinstance(version := entry.get(key), str):
                    facts.setdefault(fact, version)
        return facts

    def _extra(self, tags: Mapping[str, str], experiment: Experiment, found: dict[str, Json]) -> dict[str, Json]:
        extra: dict[str, Json] = {
            "artifact_uri": self._text("artifact_uri"),
            "experiment": experiment.name,
            "experiment_id": self._text("experiment_id") or experiment.id,
            "git_commit": tags.get("mlflow.source.git.commit"),
            "lifecycle": self._text("lifecycle_stage"),
            "parent_id": tags.get("mlflow.parentRunId"),
        }
        if experiment.is_deleted:
            extra["experiment_lifecycle"] = "deleted"
        if experiment.tags:
            extra["experiment_tags"] = {**experiment.tags}
        if (deleted := self._time("deleted_time")) is not None:
            extra["deleted_at"] = to_iso(deleted)
        return extra | found
