"""Questions about runs: fields, filters, columns, details, points, where a value comes from, what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from runfolio.api.stores import Stores
from runfolio.errors import NotFound
from runfolio.model.answers import Column, FieldInfo
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.key_order import KeyOrder
from runfolio.model.query import FieldRef, RunQuery, SortKey
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.analysis.diff import RunDiff
    from runfolio.model.facets import Facet
    from runfolio.model.metrics import MetricSeries
    from runfolio.model.origin import Origin
    from runfolio.model.run_detail import DatasetUse, RunDetail


class Asking:
    """What can be asked of the index; nothing is changed."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def fields(self) -> tuple[FieldInfo, ...]:
        """Every field there is, builtins first, then by how many runs have it."""
        return self._stores.queries.fields()

    def values(self, field: FieldRef, limit: int = 50) -> tuple[tuple[str, int], ...]:
        """The most frequent texts of a field, each with the number of runs that have it."""
        return self._stores.queries.values(field, limit)

    def default_columns(self, limit: int = 13) -> tuple[FieldRef, ...]:
        """Useful columns without a click: the metrics that most runs share, the params that vary, and what is fixed."""
        from runfolio.analysis.replicates import repeats

        return self._stores.queries.default_columns(limit, repeats)

    def higher_is_better(self, field: FieldRef) -> bool:
        """Whether the runs with the highest figure of a metric come first; False for what has no direction."""
        return guess_direction(field.name) is Direction.HIGHER

    def run_order(self, query: RunQuery | None = None) -> KeyOrder:
        """The runs that a query selects, in its order, without a list of their keys. Raises FilterSyntax."""
        return self._stores.queries.run_order(query or RunQuery())

    def run_keys(self, query: RunQuery | None = None) -> tuple[RunKey, ...]:
        """Keys of the runs that a query selects, in its order. Raises FilterSyntax."""
        return self._stores.queries.run_keys(query or RunQuery())

    def left_out(self, query: RunQuery | None = None) -> int:
        """How many runs a query would select, but for being hidden or archived. Raises FilterSyntax."""
        asked = replace(query or RunQuery(), sort=(), with_hidden=False)
        return len(self.run_order(replace(asked, with_hidden=True))) - len(self.run_order(asked))

    def column(self, field: FieldRef, keys: Sequence[RunKey]) -> Column:
        """A field's values for runs, in the order of `keys`."""
        return self._stores.queries.column(field, keys)

    def columns(self, fields: Sequence[FieldRef], keys: Sequence[RunKey]) -> tuple[Column, ...]:
        """The values of some fields for runs, in the order of `keys`, all of one state of the index.

        A page of a table is answered so in a fraction of the time that one field after the other takes.
        """
        return self._stores.queries.columns(fields, keys)

    def param_kinds(self, param: str, keys: Sequence[RunKey]) -> tuple[str | None, ...]:
        """What a param is in each run ("bool", "null", "float"...), in the order of `keys`; None where it has none."""
        return self._stores.queries.param_kinds(param, keys)

    def check_filter(self, text: str) -> None:
        """Raises FilterSyntax with the position when the text is no filter, or names an unknown field."""
        self._stores.queries.check_filter(text)

    def filter_hints(self, text: str) -> tuple[str, ...]:
        """Why a filter may find nothing: params that are compared with a text that no run has. Raises FilterSyntax."""
        return self._stores.queries.filter_hints(text)

    def field_named(self, text: str) -> FieldRef:
        """The field that a typed name means, as in a filter: `val/acc.best`, `param.lr`, `mean(loss, last=10)`.

        Arithmetic, `val/loss / train/loss`, is a derived column. Raises FilterSyntax.
        """
        from runfolio.model.filter_text import is_arithmetic, parse_name

        known = self._stores.queries.known()
        name = parse_name(text)
        if known.has(name) or not is_arithmetic(text):
            return known.resolve(name)
        return self.derived(text)

    def facet(self, field: FieldRef, query: RunQuery | None = None, limit: int = 50) -> Facet:
        """The values of a field among the runs of a query, with counts or as a histogram. Raises FilterSyntax.

        What the query's filter asks of that field itself is left out of account, so that other values can be chosen.
        """
        return self._stores.queries.facet(field, query or RunQuery(), limit)

    def filter_name(self, field: FieldRef) -> str:
        """The shortest text that means a field in a filter: `lr`, `param.status`, `best(val/acc)`."""
        return self._stores.queries.known().typed(field)

    def derived(self, text: str) -> FieldRef:
        """The column that arithmetic stands for, as in a filter: `val/loss / train/loss`. Raises FilterSyntax."""
        return self._stores.queries.derived(text)

    def sort_keys(self, text: str) -> tuple[SortKey, ...]:
        """Sort keys from `-val/acc,name`: names with commas between, a minus before those that go down."""
        from runfolio.model.filter_terms import split_names

        keys: list[SortKey] = []
        for name in split_names(text):
            keys.append(SortKey(self.field_named(name.removeprefix("-")), name.startswith("-")))
        return tuple(keys)

    def find_runs(self, where: str = "", *, sort: str = "", limit: int | None = None) -> tuple[RunDetail, ...]:
        """Runs that a filter selects, with everything known of them but their points. Raises FilterSyntax."""
        keys = self.run_keys(RunQuery(where, self.sort_keys(sort)))
        return self.runs(keys[:limit])

    def resolve_run(self, text: str) -> RunKey:
        """The run that a name, tracker id, path or start of a key means. Raises NotFound, also when several fit."""
        return self._stores.queries.resolve_run(text)

    def run(self, key: RunKey) -> RunDetail:
        """Everything that is known of a run but its points. Raises NotFound."""
        return self.runs([key])[0]

    def runs(self, keys: Sequence[RunKey]) -> tuple[RunDetail, ...]:
        """The same for many runs at once, in the order of `keys`."""
        return self._stores.runs(keys)

    def series(self, key: RunKey, metric: str) -> MetricSeries:
        """All points of a run's metric, in written order. Raises NotFound."""
        found = self.series_for([key], metric)
        if key not in found:
            raise NotFound(f"The run has no metric {metric!r}")
        return found[key]

    def series_for(self, keys: Sequence[RunKey], metric: str) -> Mapping[RunKey, MetricSeries]:
        """The shown series of one metric for many runs; runs without it are left out."""
        return self._stores.queries.series_for(keys, metric)

    def origin(self, key: RunKey, field: FieldRef, point: int | None = None) -> Origin:
        """Where the value of a field comes from: reader, recording, file and the place in it.

        point   index of a point in the metric's series; the one that the field's aggregate chooses when None.
        The file is read again for it, by a worker process; a file that has changed since says so in the note.
        Raises NotFound when the run has no such value, LimitReached when the file takes too long.
        """
        from runfolio.index.origins import origin

        return origin(self._stores.db, key, field, self._stores.indexer().find_place, point)

    def datasets(self) -> tuple[DatasetUse, ...]:
        """Data sets by name and digest, with the runs that used each."""
        return self._stores.queries.datasets()

    def diff(self, keys: Sequence[RunKey], baseline: RunKey | None = None) -> RunDiff:
        """What differs between runs, against `baseline` (the first of them when None)."""
        from runfolio.analysis.diff import diff_runs

        chosen = keys if baseline is None or baseline in keys else (baseline, *keys)
        return diff_runs(self.runs(chosen), chosen.index(baseline) if baseline is not None else 0)
