"""What belongs to an MLflow run and lies beside it: its experiment, data sets, logged models, registered versions.

All of it is looked for by the layout, from the run folder upwards and never above the import root. What is not
there (a run folder copied by itself) is no problem: the run is shown without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import DatasetRef
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, info, problem_from, warning
from runfolio.readers.documents import Document, parse_json, parse_yaml
from runfolio.readers.folder import Folder
from runfolio.readers.mlflow_tree import named_texts

_META = "meta.yaml"
_SAFE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,255}")
_SCANNED_VERSIONS = 256
"""Versions of the model registry that are looked through for a run that logged a model; it need not name its own."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """What the folder above a run says; all empty when it was not copied along."""

    name: str | None = None
    id: str | None = None
    is_deleted: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


def experiment_of(run: Folder, budget: Budget) -> Experiment:
    """The experiment of a run folder."""
    above = run.parent()
    meta = _meta(above, _META, budget) if above is not None else None
    if above is None or meta is None or "experiment_id" not in meta.mapping:
        return Experiment()
    is_deleted = ".trash" in above.path.split("/")[:-1] or meta.mapping.get("lifecycle_stage") == "deleted"
    tags: dict[str, str] = {}
    # Not by listing the experiment's folder, which has an entry for each of its runs.
    if _is_folder(above.sub("tags")):
        tags = named_texts(above.sub("tags"), budget, [])
    return Experiment(meta.text("name"), meta.text("experiment_id"), is_deleted, tags)


def datasets_of(run: Folder, budget: Budget, problems: list[Problem]) -> tuple[tuple[DatasetRef, ...], dict[str, Json]]:
    """The data sets that a run used, and for `extra` their tags and the models that it took as input."""
    found: list[DatasetRef] = []
    tags: dict[str, Json] = {}
    models: list[Json] = []
    if "inputs" not in run.folders:
        return (), {}
    for name in _listed(run.sub("inputs"), problems):
        link = _meta(run, f"inputs/{name}/{_META}", budget, problems)
        if link is None:
            continue
        source = link.text("source_id") or ""
        if link.text("source_type") != "DATASET":
            models.append(source or name)
            continue
        given = link.mapping.get("tags")
        own = {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
        dataset = _dataset(run, source, own.pop("mlflow.data.context", None), budget)
        if dataset is None:
            message = f"The data set {source[:64]!r} that this run used is not described in the experiment's folder"
            problems.append(info("dataset-missing", run.where(f"inputs/{name}"), message))
            continue
        found.append(dataset)
        if own:
            tags[dataset.name] = {**own}
    extra: dict[str, Json] = {"dataset_tags": tags} if tags else {}
    return tuple(found), extra | ({"model_inputs": models} if models else {})


def _dataset(run: Folder, source: str, context: str | None, budget: Budget) -> DatasetRef | None:
    above = run.parent()
    if above is None or _SAFE_NAME.fullmatch(source) is None:
        return None
    meta = _meta(above, f"datasets/{source}/{_META}", budget)
    if meta is None or not meta.text("name"):
        return None
    return DatasetRef(
        name=meta.text("name") or "",
        digest=meta.text("digest"),
        context=context,
        algorithm="mlflow",
        rows=_rows(_inner_json(meta, "profile", budget)),
        source=_source(meta.text("source_type") or "", _inner_json(meta, "source", budget)),
    )


def _inner_json(meta: Document, key: str, budget: Budget) -> Mapping[str, Json]:
    text = meta.text(key)
    return parse_json(text.encode("utf-8", "replace"), "", budget).mapping if text else {}


def _rows(profile: Mapping[str, Json]) -> int | None:
    count = profile.get("num_rows")
    shape = profile.get("features_shape")
    if count is None and isinstance(shape, list) and shape:
        count = shape[0]
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**63 else None


def _source(kind: str, details: Mapping[str, Json]) -> str:
    for key in ("uri", "url", "path", "table_name", "name"):
        if isinstance(place := details.get(key), str) and place:
            return place
    return kind


# --- models -------------------------------------------------------------------------------------------------------


def model_facts(
    run: Folder, run_id: str, tags: Mapping[str, str], budget: Budget, problems: list[Problem]
) -> dict[str, Json]:
    """For `extra`: models that a run logged, and versions of the registry that were made of them."""
    outputs: list[Json] = []
    ids: list[str] = []
    if "outputs" in run.folders:
        for name in _listed(run.sub("outputs"), problems):
            link = _meta(run, f"outputs/{name}/{_META}", budget, problems)
            if link is not None:
                step = link.mapping.get("step")
                outputs.append({"model_id": link.text("destination_id") or name, "step": step})
                ids.append(name)
    logged = [*_logged_models(tags, budget)]
    extra: dict[str, Json] = {}
    if outputs:
        extra["model_outputs"] = outputs
    if logged:
        extra["logged_models"] = logged
    above = run.parent()
    store = above.parent() if above is not None else None
    if store is not None and store.name == ".trash":
        store = store.parent()
    if above is None or store is None or not (outputs or logged):
        return extra
    # Versions made with a run's id alone are named by no logged model, so the registry is looked through for them too.
    named = {pair for model in ids for pair in _versions_of_model(above, model, budget)}
    named |= {*_versions_naming(store, run_id, run, budget, problems)}
    versions: list[Json] = [v for pair in sorted(named) if (v := _version(store, *pair, budget)) is not None]
    if versions:
        extra["registered_versions"] = versions
    return extra


def _logged_models(tags: Mapping[str, str], budget: Budget) -> Iterator[Json]:
    """Entries of MLflow 1's and 2's history tag, without their long signatures."""
    written = tags.get("mlflow.log-model.history")
    history = None if written is None else parse_json(written.encode("utf-8", "replace"), "", budget).value
    for entry in history if isinstance(history, list) else ():
        if isinstance(entry, dict):
            flavors = entry.get("flavors")
            python = flavors.get("python_function") if isinstance(flavors, dict) else None
            yield {
                "artifact_path": entry.get("artifact_path"),
                "model_id": entry.get("model_uuid"),
                "created": entry.get("utc_time_created"),
                "flavors": [*sorted(flavors)] if isinstance(flavors, dict) else [],
                "mlflow_version": entry.get("mlflow_version"),
                "python_version": python.get("python_version") if isinstance(python, dict) else None,
            }


def _versions_of_model(experiment: Folder, model: str, budget: Budget) -> Iterator[tuple[str, str]]:
    """Name and number of the registered versions that a logged model of MLflow 3 names."""
    try:
        data = experiment.read(f"models/{model}/tags/mlflow.modelVersions", budget.text_bytes)
    except RunfolioError:
        return  # not registered, or not copied
    listed = parse_json(data, "", budget).value
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and isinstance(name := entry.get("name"), str):
            yield name, str(entry.get("version"))


def _versions_naming(
    store: Folder, run_id: str, run: Folder, budget: Budget, problems: list[Problem]
) -> Iterator[tuple[str, str]]:
    """Name and number of the registered versions whose meta.yaml names a run."""
    if not _is_folder(store.sub("models")):
        return
    wanted = re.compile(rb"^run_id: *['\"]?" + re.escape(run_id.encode()) + rb"['\"]?\s*$", re.MULTILINE)
    looked = 0
    for model in _listed(store.sub("models"), []):
        for version in _listed(store.sub(f"models/{model}"), []):
            if not version.startswith("version-"):
                continue
            looked += 1
            if looked > _SCANNED_VERSIONS:
                message = f"The registry has more than {_SCANNED_VERSIONS} versions: not all were searched for this run"
                problems.append(info("registry-large", run.shown, message))
                return
            try:
                data = store.read(f"models/{model}/{version}/{_META}", budget.text_bytes)
            except RunfolioError:
                continue
            if wanted.search(data):
                yield model, version.removeprefix("version-")


def _version(store: Folder, model: str, version: str, budget: Budget) -> Json:
    if _SAFE_NAME.fullmatch(version) is None or "/" in model or model in ("", ".", ".."):
        return None
    place = f"models/{model}/version-{version}"
    meta = _meta(store, f"{place}/{_META}", budget)
    if meta is None:
        return None
    aliases = store.sub(f"models/{model}/aliases")
    tags = store.sub(f"{place}/tags")
    named = named_texts(aliases, budget, []) if _is_folder(aliases) else {}
    return {
        "name": model,
        "version": version,
        "stage": meta.text("current_stage"),
        "status": meta.text("status"),
        "description": meta.text("description"),
        "aliases": [alias for alias, pointed in named.items() if pointed.strip() == version],
        "tags": {**named_texts(tags, budget, [])} if _is_folder(tags) else {},
    }


# --- reading ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _shared_meta(data: bytes) -> Document:
    """Parsed once for all runs of an experiment, since each of them reads the same few files."""
    return parse_yaml(data, "", Budget())


def _meta(folder: Folder, name: str, budget: Budget, problems: list[Problem] | None = None) -> Document | None:
    """A meta.yaml, or None when it is missing or says nothing; told as a problem where `problems` is given."""
    try:
        data = folder.read(name, budget.text_bytes)
    except RunfolioError as failure:
        if problems is not None:
            problems.append(problem_from(failure, "unreadable-file", folder.where(name)))
        return None
    document = _shared_meta(data) if len(data) < 16_384 else parse_yaml(data, "", budget)
    if document.problems and problems is not None:
        first = document.problems[0]
        problems.append(warning(first.code, folder.where(name), first.message, first.hint, first.offset))
    return document if document.mapping else None


def _is_folder(folder: Folder) -> bool:
    try:
        return folder.listing is not None
    except FolderUnreadable:
        return False


def _listed(folder: Folder, problems: list[Problem]) -> tuple[str, ...]:
    try:
        return folder.folders
    except FolderUnreadable as failure:
        problems.append(problem_from(failure, "folder-unreadable", folder.shown))
        return ()
