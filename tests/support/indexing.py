"""Builds an index from recordings made by hand, one run for each unless linked otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from runfolio.index.database import Database
from runfolio.index.detail import details
from runfolio.index.linkable import Linkable, LinkedRun, Member
from runfolio.index.marks import put_marks
from runfolio.index.queries import Queries
from runfolio.index.run_ids import MANY
from runfolio.index.run_writer import linkables, put_runs
from runfolio.index.writer import Writer
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param, flatten
from runfolio.model.problem import Problem
from runfolio.model.promotion import ModelVersion, RunMarks
from runfolio.model.query import RunQuery, SortKey
from runfolio.model.run import Recording, RunKey
from runfolio.model.run_detail import RunDetail
from runfolio.readers.contract import Claim, Strength
from runfolio.readers.parse import Parsed

NOON = 1_767_268_800_000_000  # 2026-01-01 12:00 UTC
SECOND = 1_000_000


def params(tree: Mapping[str, Json]) -> tuple[Param, ...]:
    """Params as YAML would give them."""
    return tuple(flatten(tree))


def metric(name: str, *values: float) -> MetricSeries:
    """A series with steps 0, 1, 2... and no times."""
    return series(name, [*range(len(values))], [*values], source="metrics.csv")


def unit(recording: Recording, *, fingerprint: str = "1", problems: tuple[Problem, ...] = ()) -> Parsed:
    """A claimed folder with one recording in it."""
    claim = Claim(recording.format, recording.path, Strength.LAYOUT, "made by hand")
    return Parsed(claim, (recording,), problems, False, fingerprint)


def alone(item: Linkable) -> LinkedRun:
    """The run of a single recording; its key is the recording's own path, which tests can read."""
    return linked(item.path, [item])


def linked(key: str, items: Sequence[Linkable], prefixes: Sequence[str] = ()) -> LinkedRun:
    """A run of several recordings, the first of them asked first."""
    first = items[0]
    members = tuple(
        Member(item.id, rank, f"member {rank}", prefixes[rank] if prefixes else "", rank == 0)
        for rank, item in enumerate(items)
    )
    return LinkedRun(
        key,
        first.source,
        first.name or first.path,
        first.experiment,
        first.status,
        first.status_raw,
        first.started_us,
        first.ended_us,
        first.path,
        first.format,
        None,
        members,
    )


class Shelf:
    """An index in a folder of its own, with shortcuts for what tests do to it."""

    def __init__(self, folder: Path, *, many: int = MANY) -> None:
        """many: from this many runs on filters are worked out over columns in memory."""
        self.database = Database.open(folder / "index.duckdb")
        self.writer = Writer(self.database)
        self.queries = Queries(self.database, many)
        self.source = self.writer.add_source(Path("/data/runs"))

    def put(self, *recordings: Recording) -> None:
        """Write recordings, then make each recording of the index a run of its own."""
        self.writer.put_units(self.source, [unit(r) for r in recordings])
        self.link()

    def link(self) -> None:
        """Make each recording of the index a run of its own."""
        put_runs(self.database, [alone(item) for item in linkables(self.database)], [])

    def mark(
        self,
        tags: Mapping[str, Sequence[str]] | None = None,
        notes: Mapping[str, str] | None = None,
        versions: Sequence[ModelVersion] = (),
    ) -> None:
        """Replace the mirror of the ledger."""
        put_marks(
            self.database,
            {RunKey(k): v for k, v in (tags or {}).items()},
            {RunKey(k): v for k, v in (notes or {}).items()},
            versions,
        )

    def keys(self, where: str = "", *sort: SortKey) -> list[str]:
        """Keys that a filter selects, in order."""
        return [*self.queries.run_keys(RunQuery(where, sort))]

    def detail(self, key: str) -> RunDetail:
        """All that is known of a run but its points."""
        return details(self.database, [RunKey(key)], lambda _: RunMarks())[0]

    def close(self) -> None:
        """Close the file."""
        self.database.close()
