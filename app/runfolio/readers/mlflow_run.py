"""One run folder of an MLflow file store, read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from runfolio.errors import RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import duration, storable
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.text_params import TextParams
from runfolio.model.times import from_millis, to_iso
from runfolio.readers.contract import Budget, info, problem_from, warning
from runfolio.readers.documents import Document, parse_yaml
from runfolio.readers.folder import Folder
from runfolio.readers.mlflow_links import Experiment, datasets_of, experiment_of, model_facts
from runfolio.readers.mlflow_metrics import Found, MetricFile
from runfolio.readers.mlflow_places import ArtifactPlaces, uri_parts
from runfolio.readers.mlflow_tree import artifacts, odd_entries, texts_of, values_in
from runfolio.readers.trace import Trace

T = TypeVar("T")

FORMAT = "mlflow_file"
META = "meta.yaml"
HEX_ID = re.compile(r"[0-9a-f]{32}")
_SAFE_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,255}")
_PARTS = frozenset({META, "params", "metrics", "tags", "artifacts", "inputs", "outputs"})
_OWN_ARTIFACTS = re.compile(
    r"|(?:\./)?artifacts/?|(?:file:)?/.*/[0-9a-f]{32}/artifacts/?|[A-Za-z]:.*[0-9a-f]{32}[/\\]artifacts"
)
"""Where MLflow keeps artifacts by default, on the machine that wrote them: in the run's own folder."""

STATUS = {
    "RUNNING": RunStatus.RUNNING,
    "SCHEDULED": RunStatus.UNKNOWN,
    "FINISHED": RunStatus.FINISHED,
    "FAILED": RunStatus.FAILED,
    "KILLED": RunStatus.KILLED,
}
_ENDED = ("FINISHED", "FAILED", "KILLED")
_STATUS_NUMBERS = dict(enumerate(STATUS, 1))  # mlflow.protos.service_pb2.RunStatus
FACTS = (
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


@dataclass(slots=True)
class Around:
    """What many runs of one store share, read once: experiments by path, places of artifacts by the store's path.

    What was looked at for it is noted for each run that asks.
    """

    experiments: dict[str, tuple[Trace, Experiment]] = field(default_factory=dict)
    places: dict[str, tuple[Trace, ArtifactPlaces]] = field(default_factory=dict)

    def experiment(self, run: Folder, budget: Budget) -> Experiment:
        """That of a run."""
        above = run.path.rpartition("/")[0]
        if above not in self.experiments:
            trace = Trace()
            self.experiments[above] = trace, experiment_of(run.apart(run.path, trace), budget)
        return _noted(run, *self.experiments[above])

    def places_of(self, store: Folder) -> ArtifactPlaces:
        """Where the runs of a store may have put their artifacts."""
        if store.path not in self.places:
            trace = Trace()
            self.places[store.path] = trace, ArtifactPlaces(store.apart(store.path, trace))
        return _noted(store, *self.places[store.path])


def _noted(asking: Folder, trace: Trace, found: T) -> T:
    if asking.trace is not None:
        asking.trace.include(trace)
    return found


class MlflowRun:
    """One run folder: read when it is made, but for what the metric files mean."""

    def __init__(self, folder: Folder, budget: Budget, around: Around | None = None) -> None:
        """`around` knows what was read for other runs."""
        self.folder = folder
        self.budget = budget
        self.where = folder.where(META)
        self.problems: list[Problem] = []
        self.meta = self._meta()
        self.problems += odd_entries(folder, lambda name: name in _PARTS)
        self._has_ended = self._claims_an_end()
        self._params = self._texts("params")
        self._tags = self._texts("tags")
        self.files = self._metric_files()
        self._around = around or Around()
        self._experiment = self._around.experiment(folder, budget)
        self._id = self._run_id()
        self._empty_artifacts: str | None = None
        self._kept = self._artifacts() or self._artifacts_elsewhere()
        self._datasets, self._inputs = datasets_of(folder, budget, self.problems)
        self._models = model_facts(folder, self._id, self._tags, budget, self.problems)

    def result(self, found: Sequence[Found]) -> Recording | Problem:
        """All that the folder says, with what its metric files hold; a problem when that is nothing at all."""
        metrics = tuple(series for series, _ in found if series is not None)
        self.problems += [problem for _, problems in found for problem in problems]
        tags = self._tags
        if not (self.meta.mapping or self._params or tags or metrics):
            return warning(
                "no-run",
                self.where,
                "A run folder without a readable meta.yaml and without any value in it: there is no run to show",
                "MLflow leaves such folders behind when it is stopped while a run begins, or a copy was cut short.",
            )
        status, status_raw = self._status()
        started, ended = self._times()
        return Recording(
            format=FORMAT,
            path=self.folder.path,
            id=self._id,
            identity=f"mlflow:{self._id}" if HEX_ID.fullmatch(self._id) else "",
            name=self._text("run_name") or tags.get("mlflow.runName"),
            status=status,
            status_raw=status_raw,
            started_us=started,
            ended_us=ended,
            experiment=self._experiment.name,
            parent_id=tags.get("mlflow.parentRunId"),
            params=TextParams.of(self._params),
            tags=tags,
            metrics=metrics,
            artifacts=self._kept,
            datasets=self._datasets,
            facts=self._facts(tags, self._models),
            extra=self._extra(tags, self._experiment, {**self._inputs, **self._models}),
            problems=tuple(self.problems),
        )

    def _meta(self) -> Document:
        if META not in self.folder.files:
            hint = "The copy may be incomplete, or MLflow was stopped while the run began."
            message = "There is no meta.yaml: name, status and times of this run are not known"
            self.problems.append(warning("no-meta", self.where, message, hint))
            return Document(None)
        try:
            data = self.folder.read(META, self.budget.text_bytes)
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

    def _run_id(self) -> str:
        """The folder's name if it is an id, since it cannot point elsewhere; else what meta.yaml says."""
        written = self._text("run_id") or self._text("run_uuid")
        name = storable(self.folder.name)
        if written is None or written == name:
            return name
        is_usable = _SAFE_ID.fullmatch(written) is not None
        if is_usable and not HEX_ID.fullmatch(name):
            return written  # the folder was renamed, as copies of single runs are
        message = f"meta.yaml says the run is {written[:80]!r}, its folder is {name!r}: the folder's name is used"
        self.problems.append(warning("run-id-differs", self.where, message))
        return name

    def _status(self) -> tuple[RunStatus, str | int | None]:
        raw = self.meta.mapping.get("status")
        if raw is None:
            return RunStatus.UNKNOWN, None
        name = _STATUS_NUMBERS.get(raw) if isinstance(raw, int) and not isinstance(raw, bool) else str(raw)
        if name in STATUS:
            return STATUS[name], name
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

    def _claims_an_end(self) -> bool:
        """Whether the run is sure to count as ended: then it is looked at again only when its folders have changed."""
        status, end = self.meta.mapping.get("status"), self.meta.mapping.get("end_time")
        name = _STATUS_NUMBERS.get(status) if type(status) is int else status
        return name in _ENDED and type(end) is int and 0 <= end < 1e15

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
        limit = self.budget.text_bytes
        found = values_in(self.folder, name, limit, self.budget, self.problems, is_still=self._has_ended)
        return texts_of(found, self.problems)

    def _metric_files(self) -> list[MetricFile]:
        if "metrics" not in self.folder.folders:
            return []
        limit = self.budget.metric_bytes
        found = values_in(self.folder, "metrics", limit, self.budget, self.problems, is_still=self._has_ended)
        return [MetricFile(*file) for file in found]

    def _artifacts(self) -> tuple[ArtifactRef, ...]:
        if "artifacts" not in self.folder.folders:
            return ()
        if self._has_ended and self.folder.holds_empty("artifacts"):
            self._empty_artifacts = self.folder.join("artifacts")
            return ()
        return artifacts(self.folder.sub("artifacts"), self.budget, self.problems, is_own=True)

    def _artifacts_elsewhere(self) -> tuple[ArtifactRef, ...]:
        """Those kept outside of the run's folder, looked for by how their URI ends; told when they are not there."""
        uri = self.meta.text("artifact_uri") or ""
        is_own = _OWN_ARTIFACTS.fullmatch(uri) is not None
        experiment = self.folder.parent()
        store = experiment.parent() if experiment is not None else None
        if is_own and (
            store is None or experiment is None or uri_parts(uri)[-4:-2] in ([], [store.name, experiment.name])
        ):
            return ()
        below = (
            self._around.places_of(store).folder(self._id, uri, self.folder, self._empty_artifacts)
            if store is not None
            else None
        )
        if below is not None and below.path == self._empty_artifacts:
            return ()
        if below is not None:
            return artifacts(below, self.budget, self.problems)
        if is_own:
            return ()
        message = f"Artifacts were kept at {uri[:200]}: they are not in this folder, and that place is not looked into"
        hint = "Copy them into the run's `artifacts` folder to see them here."
        self.problems.append(info("artifacts-elsewhere", self.where, message, hint))
        return ()

    def _facts(self, tags: Mapping[str, str], models: Mapping[str, Json]) -> dict[str, str]:
        facts: dict[str, str] = {}
        for tag, key, fact in FACTS:
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
