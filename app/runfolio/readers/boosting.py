"""XGBoost and LightGBM, which have no run folder of their own: model files, evaluation results, and printed logs.

LightGBM's text model keeps every parameter. XGBoost's model file does not (a loaded one would report defaults), so its
params come only from a `save_config()` file. Models are looked at for what they say of the training, never loaded.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param, flatten
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, info, problem_from, warning
from runfolio.readers.csv_table import header_of
from runfolio.readers.documents import decode, parse_json
from runfolio.readers.files import artifacts_below, read_document
from runfolio.readers.folder import Folder
from runfolio.readers.tabular import read_file

_HISTORY = re.compile(r"evals?_results?\.json|evals\.json", re.IGNORECASE)
_TABLE = re.compile(r"(?:evals?_results?|evals)\.(?:csv|tsv)", re.IGNORECASE)
_CV = re.compile(r"cv(?:_results?)?\.json", re.IGNORECASE)
_CV_KEY = re.compile(r"(?:train|test|valid)[ -].+-(?:mean|std|stdv)")
_FIGURES = re.compile(rb'\{\s*"(?:epoch|(?:eval|train|test|predict)_[^"]*)"\s*:\s*[^\s\[{]')
_LOG = re.compile(r".*\.(?:log|out|txt)", re.IGNORECASE)
_USUAL = frozenset({"model.txt", "model.json", "config.json"})
_LARGEST_MODEL = 256 << 20
_TAIL = 1 << 18
_XGB_LINE = re.compile(r"(?:\[[^\]\n]*\]\s*)?\[(\d{1,9})\]((?:\t[^\t:\n]+:[^\t\n]+)+)\s*")
_XGB_CELL = re.compile(r"([^\t:]+(?::[^\t:]+)*?):([-+.\w]+?)(?:\+([-.\de]+))?")
_LGB_LINE = re.compile(r"(?:\[LightGBM\]\s*\[Info\]\s*)?\[(\d{1,9})\]((?:\t[^\t:\n]+: [^\t\n]+)+)\s*")
_LGB_CELL = re.compile(r"(.+)'s (.+): ([-+.\w]+)(?: \+ ([-.\de]+))?")
# With its head only: at an early stop the lines of the best iteration are printed once more, without one.
_LGB_CLI = re.compile(r"\[LightGBM\] \[Info\] Iteration: ?(\d{1,9}), (.+) ([-+.\w]+)\s*")
_LGB_CLI_NAME = re.compile(r"(\S+) (.+?) ?:")
_PARAMETERS = re.compile(rb"\nparameters:\n(.*?)\nend of parameters", re.DOTALL)
_ENTRY = re.compile(r"\[([^:\]]+): ?(.*)\]")
_LISTS = frozenset({"metric", "valid", "eval_at", "label_gain", "monotone_constraints"})

_BOOLEANS = frozenset({
    "bagging_by_query", "boost_from_average", "deterministic", "enable_bundle", "extra_trees", "feature_pre_filter",
    "first_metric_only", "force_col_wise", "force_row_wise", "gpu_use_dp", "header", "is_enable_sparse",
    "is_provide_training_metric", "is_unbalance", "lambdarank_norm", "linear_tree", "pre_partition",
    "precise_float_parser", "pred_early_stop", "predict_contrib", "predict_disable_shape_check",
    "predict_leaf_index", "predict_raw_score", "quant_train_renew_leaf", "reg_sqrt", "save_binary",
    "stochastic_rounding", "two_round", "uniform_drop", "use_missing", "use_quantized_grad", "xgboost_dart_mode",
    "zero_as_missing",
})  # fmt: skip
"""Parameters that LightGBM documents as true or false and writes as 1 or 0."""


class Boosting:
    """A folder with the model, the evaluation results or the log of an XGBoost or LightGBM training."""

    name: ClassVar[str] = "gbm"
    title: ClassVar[str] = "XGBoost, LightGBM"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """By the first bytes of a model file, or the shape of evaluation results."""
        found = _look(folder, taken)
        if not found:
            return None
        what = ", ".join(sorted({*found.values()}))
        return Claim(self.name, folder.path, Strength.LAYOUT, what, frozenset(found))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording."""
        found = _look(folder, frozenset({*folder.files}) - claim.files)
        problems = [*_unrecognised(folder, found)]
        params: dict[str, Param] = {}
        tags: dict[str, str] = {}
        extra: dict[str, Json] = {}
        by_kind = {kind: sorted(n for n, k in found.items() if k == kind) for kind in {*found.values()}}
        for name in by_kind.get("LightGBM model", ()):
            for param in _lightgbm_params(folder, name, problems, extra):
                params.setdefault(param.key, param)
        for name in by_kind.get("XGBoost config", ()):
            for param in _xgboost_params(folder, name, budget, problems):
                params.setdefault(param.key, param)
        for name in by_kind.get("XGBoost model", ()):
            _xgboost_model(folder, name, budget, tags, extra, problems)
        metrics: dict[str, MetricSeries] = {}
        for name in (*by_kind.get("evaluation results", ()), *by_kind.get("cross-validation results", ())):
            for metric in _history(folder, name, budget, problems):
                metrics.setdefault(metric.name, metric)
        for name in by_kind.get("table of evaluation results", ()):
            logged = read_file(folder, name, budget)
            problems += logged.problems
            for metric in logged.metrics:
                metrics.setdefault(metric.name, metric)
        library = _library(by_kind)
        for name in by_kind.get("log of XGBoost", ()) or by_kind.get("log of LightGBM", ()):
            said = [*_printed(folder, name, budget, problems)]
            # What was printed is rounded: it is shown only where nothing else is.
            for metric in said if not metrics else ():
                metrics.setdefault(metric.name, metric)
        artifacts, odd = artifacts_below(folder, budget, skip=frozenset(folder.folders))
        yield Recording(
            format=library,
            path=folder.shown,
            id=folder.shown,
            params=tuple(params.values()),
            tags=tags,
            metrics=tuple(metrics.values()),
            artifacts=artifacts,
            extra={"library": library, **extra},
            problems=(*problems, *odd),
        )


def _unrecognised(folder: Folder, found: Mapping[str, str]) -> Iterator[Problem]:
    """Files beside a training that have the usual name of a model or its results, and hold neither it nor anything."""
    for name in folder.files:
        if name in found or not (_HISTORY.fullmatch(name) or _CV.fullmatch(name) or name in _USUAL):
            continue
        try:
            head = folder.head(name, 4096).strip(b"\0 \r\n\t")
        except FolderUnreadable:
            continue  # the list of artifacts tells of it
        if not head.startswith((b"{", b"tree")):
            message = "The file has the name of a model or of results, and does not begin like one"
            hint = "Check whether the file was copied completely."
            yield warning("not-recognised", folder.where(name), message, hint)


def _library(by_kind: Mapping[str, list[str]]) -> str:
    if any("LightGBM" in kind for kind in by_kind):
        return "lightgbm"
    return "xgboost" if any("XGBoost" in kind for kind in by_kind) or "cross-validation results" in by_kind else "gbm"


def _look(folder: Folder, taken: frozenset[str]) -> dict[str, str]:
    """Files of a training by name, and what each of them is; nothing when there is only a log."""
    found: dict[str, str] = {}
    logs: dict[str, str] = {}
    for name in folder.files:
        if name in taken:
            continue
        suffix = name.lower().rpartition(".")[2]
        if suffix not in ("txt", "json", "model", "ubj", "log", "out", "lgb", "csv", "tsv"):
            continue
        try:
            head = folder.head(name, 4096)
        except FolderUnreadable:
            continue  # whoever reads the folder tells of it
        kind = _kind_of(name, suffix, head)
        if kind.startswith("log"):
            logs[name] = kind
        elif kind:
            found[name] = kind
    return found | logs if found or any(name.lower() in _LOG_NAMES for name in logs) else {}


_LOG_NAMES = frozenset({"train.log", "training.log", "xgboost.log", "lightgbm.log", "stdout.log", "output.log"})


def _kind_of(name: str, suffix: str, head: bytes) -> str:
    if head.startswith((b"tree\nversion=v", b"tree\r\nversion=v")):
        return "LightGBM model"
    if suffix == "json":
        start = head.lstrip()[:200]
        # The HF Trainer, too, writes an eval_results.json: one number for each name.
        if _HISTORY.fullmatch(name) and start.startswith(b"{") and not _FIGURES.match(start):
            return "evaluation results"
        if _CV.fullmatch(name) and re.match(rb'\{\s*"(?:train|test|valid)[ -][^"]+-(?:mean|std|stdv)"\s*:\s*\[', start):
            return "cross-validation results"
        if re.match(rb'\{\s*"learner"\s*:\s*\{', start):
            is_config = b'"generic_param"' in head or b'"learner_train_param"' in head
            return "XGBoost config" if is_config else "XGBoost model"
        return ""
    if _TABLE.fullmatch(name) and len(header_of(head.lstrip().partition(b"\n")[0])) > 1:
        return "table of evaluation results"
    if suffix == "ubj" and b"learner" in head[:64]:
        return "XGBoost model (binary)"
    if _LOG.fullmatch(name):
        text = head.decode("utf-8", "replace")
        if "[LightGBM] [Info]" in text or any(_LGB_LINE.fullmatch(line) for line in text.splitlines()[:40]):
            return "log of LightGBM"
        if any(_XGB_LINE.fullmatch(line) for line in text.splitlines()[:40]):
            return "log of XGBoost"
    return ""


# --- metrics --------------------------------------------------------------------------------------------------------


def _history(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    """`{set: {metric: [numbers]}}`, or `{name: [numbers]}` of a cross-validation; the step is the iteration."""
    document = read_document(folder, name, budget)
    problems += document.problems
    odd = 0
    for key, value in document.mapping.items():
        inner = value if isinstance(value, dict) else {"": value}
        for metric, numbers in inner.items():
            if not isinstance(numbers, list) or not all(_is_number(n) for n in numbers):
                odd += 1
                continue
            values = [float(n) for n in numbers if isinstance(n, int | float)]
            shown = storable(f"{key}/{metric}" if metric else key)
            yield series(shown, [*range(len(values))], values, source=folder.where(name))
    if odd or (document.value is not None and not document.mapping):
        message = f"{odd or 'All'} entries are no lists of numbers, and are left out"
        problems.append(warning("odd-history", folder.where(name), message))


def _is_number(value: Json) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**300)


def _printed(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    """What the training printed each iteration."""
    where = folder.where(name)
    try:
        text, odd = decode(folder.read(name, budget.text_bytes), where)
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
        return
    problems += odd
    steps: dict[str, array[int]] = {}
    values: dict[str, array[float]] = {}

    def add(metric: str, step: int, value: str) -> None:
        try:
            number = float(value)
        except ValueError:
            return
        if metric not in steps:
            steps[metric], values[metric] = array("q"), array("d")
        steps[metric].append(step)
        values[metric].append(number)

    for line in text.splitlines():
        if (found := _LGB_LINE.fullmatch(line)) is not None:
            for cell in found[2].strip("\t").split("\t"):
                if (part := _LGB_CELL.fullmatch(cell)) is not None:
                    # LightGBM counts its printed iterations from 1, its results from 0.
                    add(f"{part[1]}/{part[2]}", int(found[1]) - 1, part[3])
        elif (found := _LGB_CLI.fullmatch(line)) is not None:
            if (part := _LGB_CLI_NAME.fullmatch(found[2])) is not None:
                add(f"{part[1]}/{part[2]}", int(found[1]) - 1, found[3])
        elif (found := _XGB_LINE.fullmatch(line)) is not None:
            for cell in found[2].strip("\t").split("\t"):
                if (part := _XGB_CELL.fullmatch(cell)) is not None:
                    group, _, metric = part[1].rpartition("-")
                    shown = f"{group}/{metric}" if group else metric
                    add(shown if part[3] is None else f"{part[1]}-mean", int(found[1]), part[2])
                    if part[3] is not None:
                        add(f"{part[1]}-std", int(found[1]), part[3])
    if steps:
        problems.append(info("rounded", where, "Values come from what was printed, and are rounded"))
    for metric in steps:
        yield series(
            storable(metric), np.frombuffer(steps[metric], np.int64), np.frombuffer(values[metric]), source=where
        )


# --- params -------------------------------------------------------------------------------------------------------


def _lightgbm_params(folder: Folder, name: str, problems: list[Problem], extra: dict[str, Json]) -> Iterator[Param]:
    """The block of parameters at the end of a text model."""
    where = folder.where(name)
    size = folder.files[name].size
    try:
        head = folder.head(name, 1 << 16).decode("utf-8", "replace")
        tail = folder.part(name, max(0, size - _TAIL), _TAIL)
    except FolderUnreadable as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
        return
    for line in head.splitlines()[:64]:
        key, _, value = line.partition("=")
        if key == "feature_names":
            extra["feature_names"] = [*value.split(" ")]
        elif key == "tree_sizes":
            extra["num_trees"] = len(value.split())
    block = _PARAMETERS.search(tail.replace(b"\r\n", b"\n"))
    if block is None:
        message = "The model's parameters are not at its end: the file is cut, or of an old version"
        problems.append(warning("no-params", where, message, "Check whether the file was copied completely."))
        return
    for line in block[1].decode("utf-8", "replace").splitlines():
        entry = _ENTRY.fullmatch(line)
        if entry is None or not entry[2]:
            continue
        items = entry[2].split(",")
        typed: Json = [*items] if entry[1] in _LISTS else _typed(entry[2])
        if entry[1] in _BOOLEANS and entry[2] in ("0", "1"):
            typed = entry[2] == "1"
        yield Param((storable(entry[1]),), entry[2], typed)


def _typed(text: str) -> Json:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _xgboost_params(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> tuple[Param, ...]:
    """The booster's own params, whose values XGBoost keeps as text."""
    document = read_document(folder, name, budget)
    problems += document.problems
    booster = _part(document.mapping, "learner", "gradient_booster")
    found: dict[str, Json] = {}
    for part in ("gblinear_train_param", "dart_train_param", "gbtree_train_param", "tree_train_param"):
        found |= _part(booster, part)
    if inner := _part(booster, "gbtree"):
        found |= _part(inner, "tree_train_param") or _part(inner, "gbtree_train_param")
    found |= _part(document.mapping, "learner", "learner_train_param")
    return tuple(flatten(found))


def _xgboost_model(
    folder: Folder,
    name: str,
    budget: Budget,
    tags: dict[str, str],
    extra: dict[str, Json],
    problems: list[Problem],
) -> None:
    """Attributes and objective; a model's params are not in it."""
    where = folder.where(name)
    try:
        document = parse_json(folder.read(name, min(_LARGEST_MODEL, budget.text_bytes)), where, budget)
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
        return
    problems += document.problems
    learner = _part(document.mapping, "learner")
    for key, value in _part(learner, "attributes").items():
        if isinstance(value, str):
            tags[storable(key)] = storable(value)
    extra["best_iteration"] = _part(learner, "attributes").get("best_iteration")
    extra["feature_names"] = learner.get("feature_names")
    extra["objective"] = _part(learner, "objective").get("name")


def _part(tree: Mapping[str, Json], *path: str) -> dict[str, Json]:
    here: Json = {**tree}
    for part in path:
        here = here.get(part) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}
