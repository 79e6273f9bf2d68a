"""Folders of no tracker: a params file and a metrics file under usual names, recognised by name and content.

Rules: params in `params|config|hparams|args|settings...` as JSON, YAML or TOML, beside metrics also as INI and under
longer names (`train_config.yaml`); metrics in `metrics|history|log|
results|progress...` as CSV, TSV, JSON lines, JSON or Parquet, or in any text table beside a params file whose header
names a step and whose rows hold numbers. Data files beside them are data sets of the run, with the MD5 of their
content. Params alone are a run, too, where name, keys or files beside them speak of training, and unless the folder
looks like a project, a model or the settings of a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Appended, Budget, Claim, Strength, Work, error, warning
from runfolio.readers.csv_bulk import ReadFile, read_together
from runfolio.readers.csv_table import head_rows
from runfolio.readers.files import artifacts_below, datasets_in, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.json_table import first_object
from runfolio.readers.table import number_in
from runfolio.readers.tabular import Logged, has_step, is_index, merge_files, read_file, span_of

_PARAMS = "params|parameters|config|configuration|hparams|hyperparameters|hyperparams|args|arguments|settings"
PARAM_FILE = re.compile(rf"(?:{_PARAMS})\.(?:json|ya?ml|toml)", re.IGNORECASE)
_MORE_PARAMS = re.compile(
    rf"(?:(?:train|training|run|experiment|exp|model)[_-])?(?:{_PARAMS}|cfg|opts?|options|flags)"
    r"\.(?:json|ya?ml|toml|ini|cfg)",
    re.IGNORECASE,
)
"""Names that programs have, too: they are those of params only where metrics lie beside them."""
_TELLING = r"metrics?|history|progress|train_?log|training_log|losses"
_VAGUE = r"logs?|results?|scores|training"
_METRIC_FILE = re.compile(rf"(?:{_TELLING}|{_VAGUE})\.(?:csv|tsv|jsonl|ndjson|json|parquet)(?:\.gz)?", re.IGNORECASE)
_VAGUE_NAME = re.compile(rf"(?:{_VAGUE})\..*", re.IGNORECASE)
_PACKED_METRICS = re.compile(
    rf"(?:{_TELLING}|{_VAGUE})\.(?:csv|tsv|jsonl|ndjson|json)\.(?:bz2|xz|zst|zip)", re.IGNORECASE
)
_TABLE = re.compile(r".+\.(?:csv|tsv|jsonl|ndjson)", re.IGNORECASE)
_DATA_NAME = re.compile(r"(?:data|dataset|train|test|val|valid|validation|dev|eval)(?:[_-].*)?\..*", re.IGNORECASE)
_ORDER = ("csv", "tsv", "jsonl", "ndjson", "parquet", "json")
_MOST_TABLES = 32
_HEAD, _LONGEST_LINE = 1 << 14, 1 << 20

_HYDRA_SOURCE = re.compile(rb"^(?:defaults:\s*(?:$|\[|#)|#\s*@package\b)", re.MULTILINE)
_MODEL_CONFIG = re.compile(rb'"(?:architectures|model_type|transformers_version|_diffusers_version|_class_name)"\s*:')
_JSON_NUMBER = re.compile(rb"[:\[,]\s*(?:-?\d|NaN|-?Infinity)")
_TELLING_PARAMS = re.compile(r"(?:params|hparams|hyper(?:params|parameters))\..*", re.IGNORECASE)
_TRAINING = re.compile(
    rb"""(?:^|[\s{,])["']?[\w.-]*?(?:\blr|learning_?rate|batch_?size|epochs?|seed|random_state|optimi[sz]er|weight_decay
    |momentum|dropout|\bloss|hidden_(?:size|dim|units)|n_estimators|max_depth|max_iter|max_steps|num_layers|n_layers
    |num_workers|backbone|checkpoint|exp(?:eriment)?_name|run_name|run_id|kernel_size|n_neighbors|n_clusters
    |timesteps|embed(?:ding)?_dim|warmup|early_stop|dry_run|gradient|trainer|wandb|mlflow)\w*["']?\s*[:=]""",
    re.IGNORECASE | re.VERBOSE,
)
"""Keys of those who train something; programs of other kinds have a `config.yaml`, too."""
_LEFT_BEHIND = re.compile(
    r".+\.(?:pt|pth|ckpt|safetensors|h5|hdf5|keras|onnx|pkl|pickle|joblib|npz|npy|pb|tflite|bst|cbm|log|out|err)"
    r"|checkpoints?|weights|ckpts?|saved_models?",
    re.IGNORECASE,
)
_RUN_FOLDER = re.compile(r"(?:runs?|exp(?:s|eriments?)?|trials?|seed|fold|sweeps?)(?:[-_.]?\d.*)?", re.IGNORECASE)
_SOURCE_FOLDERS = frozenset(
    {
        "conf", "config", "configs", "configuration", "settings", "src", "templates", "tests", "fixtures",
        "test-fixtures", "test_fixtures", "testdata", "docs", "dataset", "datasets",
    }
)  # fmt: skip
_PROJECT_MARKS = frozenset(
    {
        ".git", ".dvc", "pyproject.toml", "setup.py", "setup.cfg", "dvc.yaml", "requirements.txt", "environment.yml",
        "package.json", "Cargo.toml", "go.mod", "Makefile", "CMakeLists.txt", "Dockerfile",
    }
)  # fmt: skip
_SOURCES = (".py", ".ipynb")


class Generic:
    """A folder with a params file, a metrics file, or both."""

    name: ClassVar[str] = "generic"
    title: ClassVar[str] = "Params and metrics files"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with files of the usual names and content; see the module for what they are."""
        if folder.path and folder.name.startswith("."):
            return None  # settings of programs, and what trackers keep for themselves
        files = [n for n in folder.files if n not in taken]
        params = [n for n in files if PARAM_FILE.fullmatch(n) and not _is_hydra_source(folder, n)]
        metrics = [n for n in files if _METRIC_FILE.fullmatch(n) and _may_hold_metrics(folder, n, bool(params))]
        more = [n for n in files if n not in params and _MORE_PARAMS.fullmatch(n) and not _is_hydra_source(folder, n)]
        if params or more:
            tables = [n for n in files if _TABLE.fullmatch(n) and n not in metrics and not _DATA_NAME.fullmatch(n)]
            metrics += [n for n in tables[:_MOST_TABLES] if _is_history(folder, n)]
        params += more if metrics else []
        if not metrics and (not params or _is_no_run(folder, params)):
            return None
        reason = " and ".join([*params[:1], *sorted(metrics, key=_rank)[:1]])
        return Claim(self.name, folder.path, Strength.GENERIC, reason, frozenset([*params, *metrics]))

    def appended(self, name: str) -> Appended | None:
        """Tables and lines of JSON that hold metrics."""
        suffix = name.lower().rpartition(".")[2]
        return {"csv": Appended.TABLE, "tsv": Appended.TABLE, "jsonl": Appended.LINES}.get(suffix)

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording; none, only problems, when the files hold neither params nor metrics."""
        yield from self._read(folder, claim, budget, read_file)

    def read_batch(self, work: Sequence[Work]) -> Iterator[list[Recording | Problem] | RunfolioError]:
        """The same for many folders, whose tables are read together."""
        yield from read_together(work, self._read)

    def _read(
        self, folder: Folder, claim: Claim, budget: Budget, read_table: ReadFile
    ) -> Iterator[Recording | Problem]:
        problems: list[Problem] = []
        params: dict[tuple[str, ...], Param] = {}
        logs: list[tuple[str, Logged]] = []
        for name in sorted(claim.files, key=_rank):
            if _MORE_PARAMS.fullmatch(name):
                found, odd = read_params(folder, name, budget)
                problems += odd
                add_params(params, found, folder.where(name).rpartition("/")[2])
            else:
                logged = read_table(folder, name, budget)
                problems += logged.problems
                logs.append((name, logged))
        problems += _not_read(folder)
        metrics = merge_files(logs)
        if not params and not metrics:
            yield from problems
            message = "The files hold neither params nor metrics: no run was made of it"
            yield error("nothing-in-it", folder.shown, message)
            return
        artifacts, odd_ones = artifacts_below(folder, budget, is_apart=is_apart)
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


def is_apart(folder: Folder) -> bool:
    """Whether a folder inside that of a run holds none of its artifacts: a hidden one, or one of another run."""
    if folder.name.startswith(".") or ".hydra" in folder.folders or "meta.yaml" in folder.files:
        return True
    return Generic().claim(folder, frozenset()) is not None


def add_params(params: dict[tuple[str, ...], Param], found: Iterable[Param], file: str) -> None:
    """The first file to give a param keeps the name; another value of it in a later file is told under that file's."""
    for param in found:
        if params.setdefault(param.path, param).text != param.text:
            path = (file, *param.path)
            params.setdefault(path, Param(path, param.text, param.value, param.source))


def _rank(name: str) -> tuple[int, str]:
    suffix = name.lower().removesuffix(".gz").rpartition(".")[2]
    return (_ORDER.index(suffix) if suffix in _ORDER else 0, name)


# --- what the first bytes say ----------------------------------------------------------------------------------------


def _is_hydra_source(folder: Folder, name: str) -> bool:
    """A config of a Hydra project (with `defaults:` at the top) says what could be run; it is no run."""
    return name.lower().endswith((".yaml", ".yml")) and bool(_HYDRA_SOURCE.search(_head(folder, name) or b""))


def _may_hold_metrics(folder: Folder, name: str, has_params: bool) -> bool:
    """Whether a file of a usual name is one of metrics; beside params it need only not be empty."""
    size = folder.files[name].size
    suffix = name.lower().rpartition(".")[2]
    if has_params or suffix in ("parquet", "gz"):
        return size > 0 and (has_params or not _VAGUE_NAME.fullmatch(name))
    head = _head(folder, name)
    if head is None:
        return not _VAGUE_NAME.fullmatch(name)
    if suffix == "json":
        # Programs, too, keep a log.json or results.json; metrics are numbers.
        return bool(_JSON_NUMBER.search(head))
    if suffix in ("jsonl", "ndjson"):
        return _first_object(folder, name) is not None
    rows = head_rows(head)
    if not rows or not any(rows[0]):
        return False
    if has_step(rows[0]) or (len(rows) > 1 and is_index(rows[0][0])):
        return True
    return len(rows) > 1 and not _VAGUE_NAME.fullmatch(name) and any(_is_number(cell) for cell in rows[1])


def _is_history(folder: Folder, name: str) -> bool:
    """Whether a table of any name has a step column and numbers beside it."""
    if name.lower().endswith(("jsonl", "ndjson")):
        fields = _first_object(folder, name) or {}
        numbers = [key for key, value in fields.items() if isinstance(value, int | float)]
        return has_step(numbers) and len(numbers) > 1
    rows = head_rows(_head(folder, name) or b"")
    if len(rows) < 2 or not has_step(rows[0]):
        return False
    # A row may be sparse, as Lightning's are.
    filled = {i for row in rows[1:] for i, cell in enumerate(row) if _is_number(cell)}
    return len(filled) > 1 and has_step([rows[0][i] for i in filled if i < len(rows[0])])


def _is_number(cell: str) -> bool:
    return number_in(cell, decimal_comma=True) is not None


def _is_no_run(folder: Folder, params: list[str]) -> bool:
    """Whether a folder with params and no metrics is the source of a project, a model, or settings of a program."""
    parts = [*folder.path.split("/"), folder.name]
    if any(part.lower() in _SOURCE_FOLDERS for part in parts) or any(p.startswith(".") for p in parts[:-1]):
        return True
    names = {*folder.files, *folder.folders}
    if names & _PROJECT_MARKS or any(n.endswith(_SOURCES) for n in folder.files):
        return True
    if not any(_RUN_FOLDER.fullmatch(part) for part in parts) and not _is_of_training(folder, params):
        return True
    return all(n.lower().endswith(".json") and _MODEL_CONFIG.search(_head(folder, n) or b"") for n in params)


def _is_of_training(folder: Folder, params: list[str]) -> bool:
    """Whether a file that may be the config of any program lies where something was trained, by its keys or files."""
    if any(_TELLING_PARAMS.fullmatch(n) or _TRAINING.search(_head(folder, n) or b"") for n in params):
        return True
    return any(_LEFT_BEHIND.fullmatch(n) for n in (*folder.files, *folder.folders))


def _first_object(folder: Folder, name: str) -> dict[str, Json] | None:
    """The object in the first line of a file of JSON lines, which may hold thousands of keys; None without one."""
    head = _head(folder, name) or b""
    if len(head) == _HEAD and b"\n" not in head:
        head = _head(folder, name, _LONGEST_LINE) or b""
    return first_object(head)


def _head(folder: Folder, name: str, size: int = _HEAD) -> bytes | None:
    """The first bytes; None for a file that may not be opened, of which reading it will tell."""
    try:
        return folder.head(name, size)
    except FolderUnreadable:
        return None


# --- what is told ----------------------------------------------------------------------------------------------------


def _not_read(folder: Folder) -> Iterator[Problem]:
    for name in folder.folders:
        if PARAM_FILE.fullmatch(name) or _METRIC_FILE.fullmatch(name):
            yield warning("folder-for-file", folder.where(name), "This is a folder where a file is expected")
    for name in folder.files:
        if _PACKED_METRICS.fullmatch(name):
            hint = "Unpack it beside the others to see its metrics."
            yield warning("packed", folder.where(name), "A packed metrics file: it was not unpacked", hint)


def _extra(logs: list[tuple[str, Logged]]) -> dict[str, Json]:
    for name, logged in logs:
        if logged.metrics:
            return {"metrics_file": name, "step_column": logged.step_column}
    return {}
