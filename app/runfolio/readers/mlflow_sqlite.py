"""MLflow stores in a SQLite file, of any name and schema revision: every run in it is a recording.

Artifacts lie beside the file, in `mlartifacts/` or `mlruns/`; the places that the database names are those of the
machine that wrote it, so only their ends are used, and only to look inside the folder that was opened.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable
from runfolio.model.datasets import ArtifactRef, DatasetRef
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME, to_iso
from runfolio.readers.contract import Budget, Claim, Strength, info, warning
from runfolio.readers.documents import parse_json
from runfolio.readers.folder import Folder
from runfolio.readers.mlflow_cells import (
    integer_of,
    integers_of,
    reading_order,
    rows_of,
    source_of,
    text_of,
    time_of,
    value_of,
    values_of,
)
from runfolio.readers.mlflow_metrics import FINAL_RULE, latest
from runfolio.readers.mlflow_places import PLACES, ArtifactPlaces, holds_artifacts_only
from runfolio.readers.mlflow_run import FACTS, STATUS
from runfolio.readers.mlflow_tree import artifacts
from runfolio.readers.some_rows import Only, SomeRows
from runfolio.readers.sqlite_file import COMPANIONS, Cell, Row, Store, mentions, opened
from runfolio.readers.yaml_nodes import some

_TABLES = ("experiments", "runs")
_OF_RUNS = ("runs", "params", "metrics")
_RUN = "run_uuid"
_TOGETHER = 500
"""Runs whose rows are read together."""
_HEX_ID = re.compile(r"[0-9a-f]{32}")
_EARLIEST_MS, _LATEST_MS = -62_135_596_800_000, 253_402_300_799_999


class MlflowSqlite:
    """A file with MLflow's tables."""

    name: ClassVar[str] = "mlflow_sqlite"
    title: ClassVar[str] = "MLflow"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """Files that are SQLite databases with the tables of MLflow."""
        found = [name for name in folder.files if name not in taken and _is_store(folder, name)]
        if not found:
            return None
        files = {n + suffix for n in found for suffix in ("", *COMPANIONS)} & {*folder.files}
        # Artifacts beside the store are its own; runs of a file store that lie there too are not.
        apart = {n for n in folder.folders if n == "mlartifacts" or holds_artifacts_only(folder.sub(n))}
        prune = frozenset(apart)
        return Claim(
            self.name, folder.path, Strength.IDENTITY, "a database of MLflow", frozenset(files), prune, deep=bool(prune)
        )

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """The runs of each store, in the order they were made."""
        for name in sorted(claim.files):
            if name.endswith(COMPANIONS) or not _is_store(folder, name):
                continue
            with opened(folder, name, budget) as store:
                reader = _Reader(store, folder, name, budget)
                yield from reader.recordings()
                yield from store.problems
                if reader.runless:
                    message = f"{len(reader.runless)} versions in the model registry name no run"
                    yield info("version-without-run", reader.path, f"{message}: {some(reader.runless)}")
                if not reader.has_places:
                    message = "No artifacts lie beside the database (as in mlartifacts or mlruns): none are shown"
                    yield info("artifacts-elsewhere", reader.path, message, "Copy that folder too to see them.")


def _is_store(folder: Folder, name: str) -> bool:
    if name.endswith(COMPANIONS) or folder.files[name].size < 512:
        return False
    try:
        # Without its experiments a store still has its runs; other programs have tables of these names, too.
        return mentions(folder, name, _TABLES) or mentions(folder, name, _OF_RUNS, _RUN)
    except FolderUnreadable:
        return False


@dataclass(slots=True)
class _Experiment:
    name: str | None
    lifecycle: str | None
    location: str
    tags: dict[str, str] = field(default_factory=dict)


class _Reader:
    """One store while it is read."""

    def __init__(self, store: Store, folder: Folder, name: str, budget: Budget) -> None:
        self.store = store
        self.folder = folder
        self.name = name
        self.budget = budget
        self.path = folder.where(name)
        if "experiments" not in store.tables:
            message = "There is no table of experiments: which one a run is of is not known"
            store.problems.append(warning("no-experiments", self.path, message, "Copy the database again."))
        self.experiments = self._experiments()
        self.params: dict[str, dict[str, str]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.finals: dict[str, dict[str, float]] = {}
        self.datasets, self.dataset_tags = self._datasets()
        self.outputs = self._outputs()
        self.runless: list[str] = []
        self.versions = self._versions()
        self.places = ArtifactPlaces(folder)
        self.has_places = any(name in folder.folders for name in PLACES[:2])

    def recordings(self) -> Iterator[Recording]:
        """Runs in the order of their rows; what belongs to them is read for some at a time, whatever their number."""
        columns = (
            "run_uuid", "name", "status", "start_time", "end_time", "deleted_time", "lifecycle_stage", "artifact_uri",
            "experiment_id", "source_name", "source_version", "user_id", "entry_point_name",
        )  # fmt: skip
        rows = [row for row in self.store.rows("runs", columns) if row[0] is not None]
        params = SomeRows(self.store, "params", _RUN, self._texts)
        tags = SomeRows(self.store, "tags", _RUN, self._texts)
        finals = SomeRows(self.store, "latest_metrics", _RUN, self._finals)
        metrics = SomeRows(self.store, "metrics", _RUN, self._metrics)
        for start in range(0, len(rows), _TOGETHER):
            some_rows = rows[start : start + _TOGETHER]
            ids = [row[0] for row in some_rows]
            self.params, self.tags, self.finals = params.of(ids), tags.of(ids), finals.of(ids)
            series_of = metrics.of(ids)
            for row in some_rows:
                self.budget.check(self.path)
                run_id = text_of(row[0])
                yield self._recording(run_id, row, series_of.pop(run_id, ()))

    def _recording(self, run_id: str, row: Row, metrics: tuple[MetricSeries, ...]) -> Recording:
        (_, name, status, start, end, deleted, lifecycle, uri, experiment_id, source, version, user, entry) = row
        tags = self.tags.get(run_id, {})
        experiment = self.experiments.get(text_of(experiment_id), _Experiment(None, None, ""))
        raw = text_of(status) or None
        problems: list[Problem] = []
        kept = self._artifacts(run_id, text_of(uri), problems)
        facts = {fact: text for tag, _, fact in reversed(FACTS) if (text := tags.get(tag))}
        for fact, value in (("user", user), ("script", source), ("git.commit", version), ("entry_point", entry)):
            if text := text_of(value):
                facts.setdefault(fact, text)
        extra: dict[str, Json] = {
            "artifact_uri": text_of(uri) or None,
            "experiment": experiment.name,
            "experiment_id": text_of(experiment_id) or None,
            "git_commit": tags.get("mlflow.source.git.commit"),
            "lifecycle": text_of(lifecycle) or None,
            "parent_id": tags.get("mlflow.parentRunId"),
        }
        if experiment.lifecycle == "deleted":
            extra["experiment_lifecycle"] = "deleted"
        if experiment.tags:
            extra["experiment_tags"] = {**experiment.tags}
        if (removed := time_of(deleted)) is not None:
            extra["deleted_at"] = to_iso(removed)
        for key, found in (
            ("dataset_tags", self.dataset_tags.get(run_id)),
            ("model_outputs", self.outputs.get(run_id)),
            ("registered_versions", self.versions.get(run_id)),
        ):
            if found:
                extra[key] = found
        return Recording(
            format=MlflowSqlite.name,
            path=self.path,
            id=storable(run_id),
            identity=f"mlflow:{run_id}" if _HEX_ID.fullmatch(run_id) else "",
            name=text_of(name) or tags.get("mlflow.runName"),
            status=STATUS.get(raw or "", RunStatus.UNKNOWN),
            status_raw=raw,
            started_us=time_of(start),
            ended_us=time_of(end),
            experiment=experiment.name,
            parent_id=tags.get("mlflow.parentRunId"),
            params=tuple(Param((key,), text, text) for key, text in self.params.get(run_id, {}).items()),
            tags=tags,
            metrics=metrics,
            artifacts=kept,
            datasets=tuple(self.datasets.get(run_id, ())),
            facts=facts,
            extra=extra,
            problems=tuple(problems),
        )

    # --- tables ------------------------------------------------------------------------------------------------

    def _experiments(self) -> dict[str, _Experiment]:
        found: dict[str, _Experiment] = {}
        for number, name, lifecycle, location in self.store.rows(
            "experiments", ("experiment_id", "name", "lifecycle_stage", "artifact_location")
        ):
            found[text_of(number)] = _Experiment(text_of(name) or None, text_of(lifecycle) or None, text_of(location))
        for number, key, value in self.store.rows("experiment_tags", ("experiment_id", "key", "value")):
            if text_of(number) in found:
                found[text_of(number)].tags[storable(text_of(key))] = storable(text_of(value))
        return found

    def _texts(self, table: str, only: Only) -> dict[str, dict[str, str]]:
        """Names and texts by run, sorted by name as a file store has them."""
        found: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for run_id, key, value in self.store.rows(table, (_RUN, "key", "value"), (_RUN, "key"), only=only):
            found[text_of(run_id)][storable(text_of(key))] = storable(text_of(value))
        return found

    def _finals(self, table: str, only: Only) -> dict[str, dict[str, float]]:
        found: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for run_id, key, value, is_nan in self.store.rows(table, (_RUN, "key", "value", "is_nan"), only=only):
            found[text_of(run_id)][text_of(key)] = value_of(value, is_nan)
        return found

    def _metrics(self, table: str, only: Only) -> dict[str, tuple[MetricSeries, ...]]:
        """The series of each run; rows of one metric in the order that MLflow's client gives them."""
        columns = (_RUN, "key", "value", "timestamp", "step", "is_nan")
        rows = self.store.rows(table, columns, (_RUN,), only=only, raw=(_RUN, "key"))
        made: dict[str, tuple[MetricSeries, ...]] = {}
        for cell, group in groupby(rows, key=itemgetter(0)):
            self.budget.check(self.path)
            run_id = text_of(cell)
            made[run_id] = tuple(self._series([*group], self.finals.get(run_id, {})))
        return made

    def _series(self, rows: Sequence[Row], finals: Mapping[str, float]) -> Iterator[MetricSeries]:
        _, keys, numbers, stamps, counts, nans = zip(*rows, strict=True)
        by_key: defaultdict[Cell, list[int]] = defaultdict(list)
        for place, cell in enumerate(keys):
            by_key[cell].append(place)
        values, times, steps = values_of(numbers, nans), integers_of(stamps), integers_of(counts)
        known = (times >= _EARLIEST_MS) & (times <= _LATEST_MS)
        wall = np.where(known, np.where(known, times, 0) * 1000, NO_TIME)
        for key, some_places in sorted((text_of(cell), places) for cell, places in by_key.items()):
            places = np.array(some_places)
            places = places[reading_order(times[places], steps[places], values[places])]
            final = finals.get(key)
            if final is None:
                final = latest(times[places], values[places], steps[places])
            yield series(
                storable(key),
                steps[places],
                values[places],
                wall[places],
                final=final,
                final_rule=FINAL_RULE,
                source=self.path,
            )

    def _datasets(self) -> tuple[dict[str, list[DatasetRef]], dict[str, dict[str, Json]]]:
        columns = ("dataset_uuid", "name", "digest", "dataset_source_type", "dataset_source", "dataset_profile")
        known: dict[str, DatasetRef] = {}
        for number, name, digest, kind, source, profile in self.store.rows("datasets", columns):
            known[text_of(number)] = DatasetRef(
                name=storable(text_of(name)),
                digest=storable(text_of(digest)) or None,
                algorithm="mlflow",
                rows=rows_of(self._json(profile)),
                source=source_of(text_of(kind), self._json(source)),
            )
        tags: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for number, key, value in self.store.rows("input_tags", ("input_uuid", "name", "value")):
            tags[text_of(number)][storable(text_of(key))] = storable(text_of(value))
        found: defaultdict[str, list[DatasetRef]] = defaultdict(list)
        own: defaultdict[str, dict[str, Json]] = defaultdict(dict)
        links = ("input_uuid", "source_type", "source_id", "destination_type", "destination_id")
        for number, kind, source, target, run_id in self.store.rows("inputs", links):
            dataset = known.get(text_of(source))
            if kind != "DATASET" or target != "RUN" or dataset is None:
                continue
            rest = dict(tags.get(text_of(number), {}))
            context = rest.pop("mlflow.data.context", None)
            found[text_of(run_id)].append(replace(dataset, context=context))
            if rest:
                own[text_of(run_id)][dataset.name] = {**rest}
        return found, own

    def _outputs(self) -> dict[str, list[Json]]:
        found: defaultdict[str, list[Json]] = defaultdict(list)
        columns = ("source_type", "source_id", "destination_type", "destination_id", "step")
        for kind, run_id, target, model, step in self.store.rows("inputs", columns):
            if kind == "RUN_OUTPUT" and target == "MODEL_OUTPUT":
                found[text_of(run_id)].append({"model_id": storable(text_of(model)), "step": integer_of(step)})
        return found

    def _versions(self) -> dict[str, list[Json]]:
        aliases: defaultdict[tuple[str, str], list[Json]] = defaultdict(list)
        for name, alias, version in self.store.rows("registered_model_aliases", ("name", "alias", "version")):
            aliases[text_of(name), text_of(version)].append(storable(text_of(alias)))
        tags: defaultdict[tuple[str, str], dict[str, Json]] = defaultdict(dict)
        for name, version, key, value in self.store.rows("model_version_tags", ("name", "version", "key", "value")):
            tags[text_of(name), text_of(version)][storable(text_of(key))] = storable(text_of(value))
        found: defaultdict[str, list[Json]] = defaultdict(list)
        columns = ("name", "version", "run_id", "current_stage", "status", "description")
        for name, version, run_id, stage, status, description in self.store.rows("model_versions", columns):
            if not text_of(run_id):
                self.runless.append(f"{storable(text_of(name))} {text_of(version)}")
                continue
            place = (text_of(name), text_of(version))
            found[text_of(run_id)].append(
                {
                    "name": storable(place[0]),
                    "version": place[1],
                    "stage": storable(text_of(stage)) or None,
                    "status": storable(text_of(status)) or None,
                    "description": storable(text_of(description)) or None,
                    "aliases": [*aliases.get(place, ())],
                    "tags": {**tags.get(place, {})},
                }
            )
        return found

    def _json(self, text: Cell) -> Mapping[str, Json]:
        return parse_json(text_of(text).encode("utf-8", "replace"), "", self.budget).mapping if text else {}

    # --- artifacts ---------------------------------------------------------------------------------------------

    def _artifacts(self, run_id: str, uri: str, problems: list[Problem]) -> tuple[ArtifactRef, ...]:
        """What lies where the end of the artifact URI points to, around the store."""
        below = self.places.folder(run_id, uri)
        if below is None:
            return ()
        self.has_places = True
        return artifacts(below, self.budget, problems)
