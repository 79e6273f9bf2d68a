"""CatBoost: the folder `catboost_info` that every training writes, and the params that a model file beside it holds.

The tables of errors are read rather than the JSON beside them, which is cut when a training is killed; the JSON names
the evaluation sets and the direction of each metric. Event files in there repeat the tables with fewer digits.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json, Param, flatten
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.catboost_log import logged_metrics
from runfolio.readers.contract import Budget, Claim, Strength, problem_from
from runfolio.readers.documents import parse_json
from runfolio.readers.files import artifacts_below, read_document
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import load_json
from runfolio.readers.tabular import Logged, read_file

_INFO, _LOG = "catboost_info", "catboost_training.json"
_ERRORS = ("learn_error.tsv", "test_error.tsv")
_MARKS = frozenset({_LOG, *_ERRORS})
_MODELS = ("model.json", "model.cbm")
_LARGEST_MODEL = 64 << 20
_SECTIONS = (
    "system_options", "cat_feature_params", "data_processing_options", "boosting_options", "tree_learner_options",
    "model_based_eval_options",
)  # fmt: skip
"""Parts of a model's params whose entries CatBoost itself shows by their last name."""
_RENAMED: Mapping[tuple[str, ...], Mapping[str, str]] = {
    ("tree_learner_options", "bootstrap"): {"type": "bootstrap_type"},
    ("data_processing_options", "float_features_binarization"): {"border_type": "feature_border_type"},
    ("tree_learner_options", "penalties"): {},
}
PARAMS, OUTPUT = "params", "output_options"
_KEYS = {PARAMS: b'"boosting_options"', OUTPUT: b'"use_best_model"'}


class CatBoost:
    """A training's `catboost_info`, or a folder with one in it."""

    name: ClassVar[str] = "catboost"
    title: ClassVar[str] = "CatBoost"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """By the tables of errors and the log, in the folder, in `catboost_info`, or in its folds."""
        if not _MARKS.isdisjoint(folder.files) and folder.name != _INFO:
            marks = _MARKS & {*folder.files}
            if _LOG in marks or len(marks) == len(_ERRORS):
                return self._claim(folder, "the tables of a CatBoost training", taken, None)
        if folder.name == _INFO and (not _MARKS.isdisjoint(folder.files) or _folds(folder)):
            return self._claim(folder, "catboost_info", taken, None)
        if _INFO in folder.folders:
            info = folder.sub(_INFO)
            if not _MARKS.isdisjoint(info.files) or _folds(info):
                return self._claim(folder, "a folder with catboost_info", taken, frozenset({_INFO}))
        return None

    def _claim(self, folder: Folder, reason: str, taken: frozenset[str], prune: frozenset[str] | None) -> Claim:
        files = frozenset(({*_MODELS} | _MARKS | {"time_left.tsv"}) & {*folder.files}) - taken
        return Claim(self.name, folder.path, Strength.LAYOUT, reason, files, prune, deep=True)

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording; the folds of a cross-validation stand before the names of its metrics."""
        problems: list[Problem] = []
        info = folder.sub(_INFO) if claim.prune else folder
        log = _log(info, budget, problems)
        metrics = [*_metrics(info, log, "", budget, problems)]
        for fold in _folds(info):
            inner = info.sub(fold)
            metrics += _metrics(inner, _log(inner, budget, problems), f"{fold}/", budget, problems)
        meta = _part(log, "meta")
        if claim.prune:
            below, odd = artifacts_below(info, budget)
            kept = [replace(a, path=f"{_INFO}/{a.path}") for a in below]
            kept += [a for a in artifacts_below(folder, budget, skip=frozenset(folder.folders))[0] if a.path in _MODELS]
        else:
            below, odd = artifacts_below(folder, budget)
            kept = [*below]
        params = _params(folder, claim, budget, problems)
        name = meta.get("name")
        extra: dict[str, Json] = {"library": "catboost"}
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            name=name if isinstance(name, str) else None,
            params=params,
            metrics=tuple(metrics),
            artifacts=tuple(sorted(kept, key=lambda a: a.path)),
            extra=extra | ({"meta": {**meta}} if meta else {}),
            problems=(*problems, *odd),
        )


def _folds(folder: Folder) -> list[str]:
    try:
        found = {*folder.holding(_ERRORS[0]), *folder.holding(_LOG)}
    except FolderUnreadable:
        return []  # the walk comes to it by itself and says what is wrong
    return sorted((n for n in found if n.startswith("fold-")), key=lambda n: (len(n), n))


def _metrics(
    folder: Folder, log: Mapping[str, Json], prefix: str, budget: Budget, problems: list[Problem]
) -> Iterator[MetricSeries]:
    """The columns of both tables; of a table that is lost or empty what the log says of its part."""
    for name in _ERRORS:
        part = name.partition("_")[0]
        logged = read_file(folder, name, budget) if name in folder.files else Logged()
        problems += logged.problems
        for metric in logged.metrics or logged_metrics(log, part, folder.where(_LOG)):
            yield replace(metric, name=f"{prefix}{part}/{metric.name}")


def _log(folder: Folder, budget: Budget, problems: list[Problem]) -> Mapping[str, Json]:
    if _LOG not in folder.files:
        return {}
    document = read_document(folder, _LOG, budget)
    problems += document.problems
    return document.mapping


# --- params ---------------------------------------------------------------------------------------------------------


def _params(folder: Folder, claim: Claim, budget: Budget, problems: list[Problem]) -> tuple[Param, ...]:
    for name in _MODELS:
        entry = folder.files.get(name) if name in claim.files else None
        if entry is None or entry.size > _LARGEST_MODEL:
            continue
        where = folder.where(name)
        try:
            data = folder.read(name, _LARGEST_MODEL)
        except RunfolioError as failure:
            problems.append(problem_from(failure, "unreadable-file", where))
            continue
        found = {key: value for key, (_, value) in params_of_model(data, where, budget).items()}
        if found:
            return tuple(replace(param, source=where) for param in flatten(found))
    return ()


def params_of_model(data: bytes, where: str, budget: Budget) -> dict[str, tuple[tuple[str, ...], Json]]:
    """The params in a model file by the names that CatBoost shows: where in the model they stand, and their values.

    The path begins with `params` or `output_options`; what several entries make up is told by the one around them.
    """
    if where.endswith(".json"):
        info = _part(parse_json(data, where, budget).mapping, "model_info")
        tree = _inner(info.get(PARAMS), where, budget)
        output = _inner(info.get(OUTPUT), where, budget)
    else:
        tree, output = (_mapping_in(data, packed_text(data, part)) for part in (PARAMS, OUTPUT))
    return _flat(tree, output) if tree else {}


def _inner(value: Json, where: str, budget: Budget) -> dict[str, Json]:
    if isinstance(value, str):
        return parse_json(value.encode("utf-8", "replace"), where, budget).mapping
    return value if isinstance(value, dict) else {}


def packed_text(data: bytes, part: str) -> slice | None:
    """The JSON text of `params` or `output_options` in a `.cbm` file, a FlatBuffer after eight bytes.

    It is found by a key that stands in it, and by its length before it.
    """
    mark = data.find(_KEYS[part]) if data.startswith(b"CBM1") else -1
    start = mark
    for _ in range(64):
        start = data.rfind(b"{", 4, max(start, 0))
        if start < 4:
            return None
        (length,) = struct.unpack_from("<I", data, start - 4)
        found = slice(start, start + length)
        if mark < found.stop <= len(data) and _mapping_in(data, found):
            return found
    return None


def _mapping_in(data: bytes, place: slice | None) -> dict[str, Json]:
    try:
        found = load_json(data[place]) if place is not None else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _flat(tree: Mapping[str, Json], output: Mapping[str, Json]) -> dict[str, tuple[tuple[str, ...], Json]]:
    """Names as `get_all_params` of CatBoost has them, as far as they can be told from the file."""
    found: dict[str, tuple[tuple[str, ...], Json]] = {}

    def take(names: Mapping[str, Json], path: tuple[str, ...], other: Mapping[str, str] = MappingProxyType({})) -> None:
        for key, value in names.items():
            found[other.get(key, key)] = ((*path, key), value)

    for section in _SECTIONS:
        part = _part(tree, section)
        kept = ("class_names", "class_weights", "ignored_features")
        take({k: v for k, v in part.items() if not isinstance(v, dict | list) or k in kept}, (PARAMS, section))
    for path, other in _RENAMED.items():
        take(_part(tree, *path), (PARAMS, *path), other)
    take({k: output[k] for k in ("use_best_model", "best_model_min_trees") if k in output}, (OUTPUT,))
    take({"loss_function": _type_of(tree.get("loss_function"))}, (PARAMS,))
    metrics = _part(tree, "metrics")
    take({"eval_metric": _type_of(metrics.get("eval_metric"))}, (PARAMS, "metrics"))
    custom = metrics.get("custom_metrics")
    if isinstance(custom, list) and custom:
        named = {"custom_metrics": [_type_of(metric) for metric in custom]}
        take(named, (PARAMS, "metrics"), {"custom_metrics": "custom_metric"})
    apart = (*_SECTIONS, "flat_params", "metrics", "metadata", "detailed_profile")
    take({k: v for k, v in tree.items() if k not in found and k not in apart}, (PARAMS,))
    return {
        key: (path, _shown(value))
        for key, (path, value) in found.items()
        if value is not None and not key.startswith("dev_")
    }


def _shown(value: Json) -> Json:
    """CatBoost computes with 32 bits and shows ten digits: 0.10000000149011612 is 0.1000000015 to it."""
    return float(f"{value:.10g}") if isinstance(value, float) else value


def _part(tree: Mapping[str, Json], *path: str) -> dict[str, Json]:
    here: Json = {**tree}
    for part in path:
        here = here.get(part) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def _type_of(value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    kind, settings = value.get("type"), value.get("params")
    if not isinstance(kind, str) or not isinstance(settings, dict) or not settings:
        return kind
    return f"{kind}:" + ";".join(f"{k}={v}" for k, v in settings.items())
