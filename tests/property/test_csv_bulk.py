"""Files that are read together give what each of them gives by itself."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfolio.readers.contract import Budget
from runfolio.readers.csv_bulk import TextFile, sound_tables
from runfolio.readers.parse import Parsed, parse, parse_all
from runfolio.readers.scanner import Unit, scan
from runfolio.readers.tabular import Logged, read_metrics

CORPUS = Path(__file__).parents[1] / "corpus"

repeatable = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

headers = st.sampled_from(
    ["step,loss", "loss,epoch,step", "a,b,a", "epoch;val;time", "step\tloss", ",loss", "step,timestamp,loss", "loss",
     "sep=;\nstep;loss", "1,2", "\ufeffstep,précision", '"step",loss', " step,loss", "a,b;c", "", "step,", "index,a"]
)  # fmt: skip
cells = st.one_of(
    st.integers(0, 9).map(str),
    st.floats().map(repr),
    st.integers(-(2**65), 2**65).map(str),
    st.sampled_from(
        ["", "nan", "NaN", "-inf", "inf", "infinity", "NA", "-", "+", ".", "e5", "1e5", "1_0", "0x1", "5.", ".5", "+1",
         "1e999", " 1", "1 ", "1700000000", "1700000000.5", "2024-01-01", "True", "x", '"1"', "1,5", "é", "\0", "0012"]
    ),
)  # fmt: skip
sound = st.one_of(st.integers(-5, 50).map(str), st.floats().map(repr), st.just(""))
ends = st.sampled_from(["\n", "\r\n", ""])


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A file of rows that mostly fit the header, of cells that mostly are numbers."""
    header = draw(headers)
    separator = next((s for s in ",;\t" if s in header), ",")
    width = header.count(separator) + 1
    cell = sound if draw(st.booleans()) else cells
    row = st.lists(cell, min_size=width, max_size=width)
    if draw(st.integers(0, 4)) == 0:
        row = st.lists(cell, max_size=width + 1)
    line = draw(st.sampled_from(["\n", "\r\n"]))
    rows = draw(st.lists(row.map(separator.join), max_size=6))
    return (header + line + line.join(rows) + draw(ends)).encode("utf-8", "surrogatepass")


def told(logged: Logged) -> object:
    series = [
        (m.name, m.step.tolist(), m.value.tobytes(), m.wall_time_us.tolist(), m.has_step, m.source)
        for m in logged.metrics
    ]
    return series, logged.step_column, logged.problems


def alone(file: TextFile, *, epoch_first: bool) -> Logged:
    return read_metrics(file.data, "metrics.csv", file.where, Budget(), epoch_first=epoch_first)


@settings(repeatable, max_examples=400)
@given(st.lists(tables(), min_size=1, max_size=6), st.booleans())
def test_a_file_among_others_is_the_file_alone(contents: list[bytes], epoch_first: bool) -> None:
    files = [TextFile(f"run-{n}/metrics.csv", data) for n, data in enumerate(contents)]
    for file, found in zip(files, sound_tables(files, epoch_first=epoch_first), strict=True):
        if found is not None:
            assert told(found) == told(alone(file, epoch_first=epoch_first))


@repeatable
@given(st.lists(st.tuples(st.integers(0, 2**53 - 1), *[st.none() | st.floats()] * 2), min_size=1, max_size=20))
def test_whole_files_of_numbers_are_read_together(rows: list[tuple[int, float | None, float | None]]) -> None:
    target = io.StringIO(newline="")
    csv.writer(target).writerows([("step", "loss", "acc"), *rows])
    files = [TextFile(f"{n}/metrics.csv", target.getvalue().encode()) for n in range(3)]
    for file, found in zip(files, sound_tables(files), strict=True):
        assert found is not None
        assert told(found) == told(alone(file, epoch_first=False))


@pytest.mark.parametrize("text", ["step,loss\n0,1-2\n", "step,loss\n0,e5\n", "step,loss\n0,-\n", "step,loss\n0,nan1\n"])
def test_a_file_whose_cells_only_look_like_numbers_leaves_the_others_right(text: str) -> None:
    files = [TextFile("odd", text.encode()), TextFile("plain", b"step,loss\n7,0.5\n")]
    odd, plain = sound_tables(files)
    assert odd is None
    assert plain is None or told(plain) == told(alone(files[1], epoch_first=False))


def shown(parsed: Parsed) -> object:
    recordings = [
        (
            repr(replace(r, metrics=())),
            [(m.name, m.step.tobytes(), m.value.tobytes(), m.wall_time_us.tobytes(), m.source) for m in r.metrics],
        )
        for r in parsed.recordings
    ]
    return repr(parsed.claim), parsed.problems, parsed.failed, parsed.fingerprint, recordings


@pytest.mark.parametrize("name", ["generic", "lightning", "keras", "ultralytics"])
def test_the_folders_of_a_reader_read_together_give_what_each_gives(name: str) -> None:
    claims = [u.claim for u in scan(CORPUS) if isinstance(u, Unit) and u.claim.reader == name]
    assert len(claims) > 1
    one_by_one = [shown(parse(CORPUS, claim, Budget())) for claim in claims]
    assert [shown(p) for p in parse_all(CORPUS, claims, [60.0] * len(claims))] == one_by_one
