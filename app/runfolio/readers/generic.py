"""Folders of no tracker: a params file and a metrics file under usual names, recognised by name and content.

Rules: params in `params|config|hparams|args|settings...` as JSON, YAML or TOML; metrics in `metrics|history|log|
results|progress...` as CSV, TSV, JSON lines, JSON or Parquet, or in any table beside a params file whose header has
a step column. Data files beside them are data sets of the run, with the MD5 of their content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from runfolio.errors import RunfolioError
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, error, problem_from, warning
from runfolio.readers.files import artifacts_below, datasets_in, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.table import header_of
from runfolio.readers.tabular import Logged, has_step, merge_files, read_metrics, span_of

PARAM_FILE = re.compile(
    r"(?:params|parameters|config|configuration|hparams|hyperparameters|hyperparams|args|arguments|settings)"
    r"\.(?:json|ya?ml|toml)",
    re.IGNORECASE,
)
_METRIC_FILE = re.compile(
    r"(?:metrics?|history|logs?|results?|progress|train_?log|training|training_log|scores|losses)"
    r"\.(?:csv|tsv|jsonl|ndjson|json|parquet)",
    re.IGNORECASE,
)
_PACKED_METRICS = re.compile(
    r"(?:metrics|history|log|results|progress)\.(?:csv|tsv|jsonl|json)\.(?:gz|bz2|xz|zst|zip)", re.IGNORECASE
)
_TABLE = re.compile(r".+\.(?:csv|tsv|jsonl|ndjson)", re.IGNORECASE)
_DATA_NAME = re.compile(r"(?:data|dataset|train|test|val|valid|validation|dev|eval)(?:[_-].*)?\..*", re.IGNORECASE)
_ORDER = ("csv", "tsv", "jsonl", "ndjson", "parquet", "json")
_MOST_TABLES = 32
_HYDRA_DEFAULTS = re.compile(rb"^defaults:\s*$", re.MULTILINE)


class Generic:
    """A folder with a params file, a metrics file, or both."""

    name: ClassVar[str] = "generic"
    title: ClassVar[str] = "Params and metrics files"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with files of the usual names. Odd entries (links, pipes) under such names count as well."""
        files = [n for n in folder.files if n not in taken]
        odd = [o.name for o in folder.listing.odd]
        misplaced = [n for n in folder.folders if PARAM_FILE.fullmatch(n) or _METRIC_FILE.fullmatch(n)]
        params = [n for n in files if PARAM_FILE.fullmatch(n) and not _is_hydra_source(folder, n)]
        metrics = [n for n in files if _METRIC_FILE.fullmatch(n) and _may_hold_metrics(folder, n, bool(params))]
        if params:
            tables = [n for n in files if _TABLE.fullmatch(n) and n not in metrics and not _DATA_NAME.fullmatch(n)]
            metrics += [n for n in tables[:_MOST_TABLES] if has_step(header_of(folder.head(n, 1 << 16)))]
        if not params and not metrics and not _odd_metrics(odd, misplaced, bool(params)):
            return None
        what = " and ".join([*params[:1], *sorted(metrics, key=_rank)[:1]]) or "files of the usual names"
        return Claim(self.name, folder.path, Strength.GENERIC, what, frozenset([*params, *metrics]))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording; none, only problems, when the files hold neither params nor metrics."""
        problems: list[Problem] = []
        params: dict[tuple[str, ...], Param] = {}
        logs: list[tuple[str, Logged]] = []
        for name in sorted(claim.files, key=_rank):
            if PARAM_FILE.fullmatch(name):
                found, odd = read_params(folder, name, budget)
                problems += odd
                for param in found:
                    params.setdefault(param.path, param)
                continue
            try:
                data = folder.read(name, budget.metric_bytes)
            except RunfolioError as failure:
                problems.append(problem_from(failure, "unreadable", folder.where(name)))
                continue
            logged = read_metrics(data, name, folder.where(name), budget)
            problems += logged.problems
            logs.append((name, logged))
        problems += _not_read(folder)
        metrics = merge_files(logs, budget)
        if not params and not metrics:
            yield from problems
            message = "The files hold neither params nor metrics: no run was made of it"
            yield error("nothing-in-it", folder.shown, message)
            return
        artifacts, odd_ones = artifacts_below(folder, budget)
        datasets, failures = datasets_in(folder, budget, skip=claim.files)
        started, ended = span_of(metrics)
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            params=tuple(params.values()),
            metrics=tuple(metrics),
            artifacts=artifacts,
            datasets=datasets,
            started_us=started,
            ended_us=ended,
            extra=_extra(logs),
            problems=tuple(dict.fromkeys([*problems, *odd_ones, *failures])),
        )


def _rank(name: str) -> tuple[int, str]:
    suffix = name.lower().rpartition(".")[2]
    return (_ORDER.index(suffix) if suffix in _ORDER else 0, name)


def _is_hydra_source(folder: Folder, name: str) -> bool:
    """A config of a Hydra project (`defaults:` at the top) says what could be run; it is no run."""
    return name.lower().endswith((".yaml", ".yml")) and bool(_HYDRA_DEFAULTS.search(folder.head(name)))


def _may_hold_metrics(folder: Folder, name: str, beside_params: bool) -> bool:
    """Whether the first bytes look like metrics; without a params file beside it a table needs a number in row 2."""
    suffix = name.lower().rpartition(".")[2]
    head = folder.head(name, 1 << 14)
    if beside_params or suffix == "parquet" or not head.strip():
        return bool(head) or beside_params
    if suffix in ("csv", "tsv"):
        names = header_of(head)
        return len(names) > 1 or has_step(names) or head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))
    if suffix == "json":
        # Configs of many tools are called log.json or results.json; metrics are numbers.
        return bool(re.search(rb"[:\[]\s*(?:-?\d|NaN|-?Infinity|null)", head))
    return head.lstrip().startswith(b"{")


def _odd_metrics(odd: list[str], misplaced: list[str], has_params: bool) -> bool:
    return has_params or any(PARAM_FILE.fullmatch(n) or _METRIC_FILE.fullmatch(n) for n in [*odd, *misplaced])


def _not_read(folder: Folder) -> Iterator[Problem]:
    for name in folder.folders:
        if PARAM_FILE.fullmatch(name) or _METRIC_FILE.fullmatch(name):
            yield warning("folder-for-file", folder.where(name), "This is a folder where a file is expected")
    for name in folder.files:
        if _PACKED_METRICS.fullmatch(name):
            hint = "Unpack it beside the others to see its metrics."
            yield warning("packed", folder.where(name), "A packed metrics file: it was not unpacked", hint)
    for odd in folder.listing.odd:
        if PARAM_FILE.fullmatch(odd.name) or _METRIC_FILE.fullmatch(odd.name):
            kind = "symbolic link" if odd.kind == "link" else odd.kind
            yield warning("not-a-file", folder.where(odd.name), f"A {kind}, not a regular file: it was not opened")


def _extra(logs: list[tuple[str, Logged]]) -> dict[str, Json]:
    for name, logged in logs:
        if logged.metrics:
            extra: dict[str, Json] = {"metrics_file": name, "step_column": logged.step_column}
            return extra
    return {}
