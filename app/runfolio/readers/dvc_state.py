"""The params and metrics of a DVC pipeline at one moment, read the same way in a commit and in the folder itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from runfolio.errors import RunfolioError
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param, flatten
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, problem_from, warning
from runfolio.readers.documents import Document, decode, params_of, parse_json, parse_toml, parse_yaml
from runfolio.readers.dvc_files import WithCache
from runfolio.readers.dvc_pipeline import Pipeline
from runfolio.readers.dvclive import numbers_of
from runfolio.readers.python_literals import literals_of
from runfolio.readers.tabular import read_metrics

_HISTORY = "plots/metrics/"
_TABLE_HEAD = re.compile(rb"(?:step|timestamp)\t")
_TABLES = (".csv", ".tsv", ".json", ".jsonl")
_LARGEST_PYTHON = 4 << 20
_LARGEST_TABLE = 256 << 20
_SEPARATOR = re.compile(rb"[,;\t]")
_LONGEST_HEADER = 1 << 16
_RULE = "the value in the metrics file"
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A metric, and the file (of DVCLive the folder) that it is from."""

    file: str
    metric: MetricSeries


@dataclass(slots=True)
class State:
    """What a pipeline says at one moment.

    absent   paths and digests of what DVC keeps and is not in its cache.
    """

    params: tuple[Param, ...] = ()
    metrics: tuple[Found, ...] = ()
    problems: tuple[Problem, ...] = ()
    absent: dict[str, str] = field(default_factory=dict)

    def digest(self) -> str:
        """Equal for states with the same params and the same points, wherever they are from."""
        parts = [f"{p.path}={p.text}" for p in sorted(self.params, key=lambda p: p.path)]
        for found in sorted(self.metrics, key=lambda f: (f.file, f.metric.name)):
            m = found.metric
            parts += [m.name, m.step.tobytes().hex(), m.value.tobytes().hex(), repr(m.final)]
        parts += [f"{path}={digest}" for path, digest in sorted(self.absent.items())]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class StateReader:
    """Reads states; a file that many commits share is read once.

    where   the repository's folder as shown, put before paths in problems and sources.
    """

    def __init__(self, where: str, budget: Budget) -> None:
        self._where = where
        self._budget = budget
        self._documents: dict[tuple[str, str], Document] = {}
        self._series: dict[tuple[str, str, str], tuple[tuple[MetricSeries, ...], tuple[Problem, ...]]] = {}

    def shown(self, path: str) -> str:
        """A path of the repository relative to the import root."""
        return storable(f"{self._where}/{path}" if self._where else path)

    def document(self, files: WithCache, path: str) -> Document:
        """A YAML, JSON, TOML or Python file; empty, without a problem, where there is none."""
        key = files.key(path)
        if key is None:
            return Document(None)
        memo = (path, key)
        if memo not in self._documents:
            self._documents[memo] = self._parsed(files, path)
        return self._documents[memo]

    def _parsed(self, files: WithCache, path: str) -> Document:
        where = self.shown(path)
        suffix = path.lower().rpartition(".")[2]
        try:
            data = files.read(path, _LARGEST_PYTHON if suffix == "py" else self._budget.text_bytes)
            if not data.strip(b"\0 \r\n\t"):
                hint = "Check whether the file was copied completely."
                return Document(None, problems=(warning("empty-file", where, "There is nothing in the file", hint),))
            if suffix == "json":
                return parse_json(data, where, self._budget)
            if suffix == "toml":
                return parse_toml(data, where, self._budget)
            if suffix == "py":
                text, odd = decode(data, where)
                return Document(literals_of(text)[0], problems=odd)
            return parse_yaml(data, where, self._budget)
        except RunfolioError as failure:
            return Document(None, problems=(problem_from(failure, "unreadable-file", where),))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as failure:
            return Document(None, problems=(warning("python-syntax", where, f"No Python that can be read: {failure}"),))

    def read(self, files: WithCache, pipeline: Pipeline) -> State:
        """The state of a pipeline. Raises LimitReached when the time is used up."""
        problems: list[Problem] = []
        params = self._params(files, pipeline, problems)
        metrics = [*self._metrics(files, pipeline, problems)]
        return State(tuple(params.values()), tuple(metrics), tuple(dict.fromkeys(problems)), dict(files.absent))

    # --- params -------------------------------------------------------------------------------------------------------

    def _params(self, files: WithCache, pipeline: Pipeline, problems: list[Problem]) -> dict[tuple[str, ...], Param]:
        params: dict[tuple[str, ...], Param] = {}
        for file, keys in pipeline.params.items():
            used = pipeline.used.get(file, {})
            if files.key(file) is None:
                found = [*flatten(used)]  # what the stages ran with is all there is
            else:
                document = self.document(files, file)
                problems += document.problems
                found = [p for p in params_of(document) if not keys or _is_under(p.key, keys)]
                problems += _stale(found, used, self.shown(file))
            for param in found:
                own = replace(param, source=self.shown(file))
                if params.setdefault(own.path, own).text != own.text:
                    path = (storable(file), *own.path)
                    params.setdefault(path, replace(own, path=path))
        return params

    # --- metrics ------------------------------------------------------------------------------------------------------

    def _metrics(self, files: WithCache, pipeline: Pipeline, problems: list[Problem]) -> Iterator[Found]:
        histories: dict[str, dict[str, MetricSeries]] = {}
        for path in dict.fromkeys([*pipeline.plots, *(_beside(m) for m in pipeline.metrics)]):
            self._budget.check(self._where)
            below = [n for n in files.below(path) if n.endswith(".tsv")]
            for name in below:
                file = f"{path}/{name}" if path else name
                home, marker, rest = file.rpartition(_HISTORY)
                home, rest = (home.rstrip("/"), rest) if marker else (path, name)
                for metric in self._table(files, file, rest.removesuffix(".tsv"), problems):
                    histories.setdefault(home, {}).setdefault(metric.name, metric)
            if not below and path.lower().endswith(_TABLES):
                yield from (Found(path, m) for m in self._table(files, path, "", problems))
        for path in pipeline.metrics:
            home = path.rpartition("/")[0]
            live = histories.get(home)
            values = self._values(files, path, problems, live=live is not None)
            if live is None:
                yield from (Found(path, _single(name, v, self.shown(path))) for name, v in values.items())
                continue
            for name, value in values.items():
                known = live.get(name)
                live[name] = (
                    _single(name, value, self.shown(path))
                    if known is None
                    else replace(known, final=value, final_rule=_RULE)
                )
        for home, live in histories.items():
            yield from (Found(home, live[name]) for name in sorted(live))

    def _values(self, files: WithCache, path: str, problems: list[Problem], *, live: bool) -> dict[str, float]:
        """The numbers in a metrics file: DVCLive joins names with slashes, DVC itself with dots."""
        document = self.document(files, path)
        problems += document.problems
        if document.value is not None and not isinstance(document.value, dict):
            message = "The metrics file is not a mapping of names to values"
            problems.append(warning("odd-metrics", self.shown(path), message))
        if not live:
            return numbers_of(document.mapping, ".")
        return numbers_of({k: v for k, v in document.mapping.items() if k != "step"}, "/")

    def _table(self, files: WithCache, path: str, name: str, problems: list[Problem]) -> tuple[MetricSeries, ...]:
        """The series of a table over its steps; none of one without, which is no history (a ROC curve, predictions)."""
        key = files.key(path)
        if key is None:
            return ()
        memo = (path, key, name)
        if memo not in self._series:
            self._series[memo] = self._table_read(files, path, name)
        found, odd = self._series[memo]
        problems += odd
        return found

    def _table_read(
        self, files: WithCache, path: str, name: str
    ) -> tuple[tuple[MetricSeries, ...], tuple[Problem, ...]]:
        where = self.shown(path)
        try:
            data = files.read(path, _LARGEST_TABLE)
        except RunfolioError as failure:
            return (), (problem_from(failure, "unreadable-file", where),)
        if name and not _TABLE_HEAD.match(data):
            if _HISTORY not in path:
                return (), ()  # a plot of something else
            return (), (warning("odd-history", where, "No history: the file does not begin with a step"),)
        if not _SEPARATOR.search(data[:_LONGEST_HEADER].partition(b"\n")[0]) and path.endswith((".csv", ".tsv")):
            return (), (warning("odd-history", where, "No table: the file does not begin with names of columns"),)
        logged = read_metrics(data, path, where, self._budget)
        if logged.step_column is None:
            return (), ()
        if not name:
            return tuple(logged.metrics), tuple(logged.problems)
        own = [m for m in logged.metrics if len(logged.metrics) == 1 or m.name == name.rpartition("/")[2]]
        return tuple(replace(m, name=storable(name)) for m in own[:1]), tuple(logged.problems)


def _beside(metrics: str) -> str:
    above = metrics.rpartition("/")[0]
    return f"{above}/{_HISTORY}".strip("/")


def _single(name: str, value: float, source: str) -> MetricSeries:
    return series(storable(name), None, [value], final=value, final_rule=_RULE, source=source)


def _is_under(key: str, wanted: Iterable[str]) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in wanted)


def _stale(params: list[Param], used: dict[str, Json], where: str) -> list[Problem]:
    """A Problem when the params were changed after the stages ran: the metrics are those of the former ones."""
    now = {p.key: p for p in params}
    other: list[str] = []
    for ran in flatten(used):
        here = now.get(ran.key)
        if here is not None and not _same(here, ran):
            other.append(f"{ran.key} is {here.text}, the stage ran with {ran.text}")
    if not other:
        return []
    more = f", and {len(other) - _MOST_NAMED} more" if len(other) > _MOST_NAMED else ""
    message = storable(f"Params were changed after the pipeline ran: {'; '.join(other[:_MOST_NAMED])}{more}")
    return [warning("stale-results", where, message, "The metrics are those of the params that the stage ran with.")]


def _same(one: Param, other: Param) -> bool:
    if one.number is not None and other.number is not None:
        return one.number == other.number
    return one.value == other.value or one.text == other.text
