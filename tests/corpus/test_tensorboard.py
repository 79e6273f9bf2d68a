"""TensorBoard event files: what six writers wrote is read as EventAccumulator reads it, and damage costs a record."""

from __future__ import annotations

import json
import math
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

from runfolio.model.params import Json
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Precision, Recording, RunStatus, content_identity
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.parse import Parsed, parse
from runfolio.readers.scanner import scan
from runfolio.readers.tensorboard_events import FolderEvents
from runfolio.readers.tensorboard_files import Limits, read_file
from support.event_files import (
    FILE_NAME,
    event,
    field,
    head,
    metadata,
    record,
    scalar,
    simple,
    tensor,
    varint,
    version,
    write,
)
from support.expected import differences

HERE = Path(__file__).parent / "tensorboard"
RUNS = HERE / "runs"
EXPECTED: list[dict[str, Any]] = json.loads((HERE / "expected.json").read_text("utf-8"))["runs"]


def read(root: Path, budget: Budget | None = None) -> dict[str, Parsed]:
    units = [unit for unit in scan(root) if not isinstance(unit, Problem)]
    return {u.claim.path: parse(root, u.claim, budget or Budget()) for u in units if u.claim.reader == "tensorboard"}


def only(root: Path, budget: Budget | None = None) -> Recording:
    (parsed,) = read(root, budget).values()
    (recording,) = parsed.recordings
    return recording


def codes(recording: Recording) -> list[str]:
    return [p.code for p in recording.problems]


def steps(recording: Recording) -> dict[str, list[int]]:
    return {m.name: m.step.tolist() for m in recording.metrics}


def values(recording: Recording) -> dict[str, list[float]]:
    return {m.name: m.value.tolist() for m in recording.metrics}


# --- what real writers wrote ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def corpus() -> dict[str, Parsed]:
    return read(RUNS)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda e: str(e["path"]))
def test_every_figure_is_what_event_accumulator_says(expected: dict[str, Any], corpus: dict[str, Parsed]) -> None:
    (recording,) = corpus[expected["path"]].recordings
    assert differences(expected, recording) == []


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda e: str(e["path"]))
def test_files_texts_and_hparams_session_are_told_beside_the_figures(
    expected: dict[str, Any], corpus: dict[str, Parsed]
) -> None:
    (recording,) = corpus[expected["path"]].recordings
    told = dict(recording.extra)
    told.pop("restarts_at", None)
    assert told == _extra_without_details(expected["extra"])


def _extra_without_details(extra: dict[str, Any]) -> dict[str, Json]:
    """EventAccumulator can also list the steps of tensors, and which scalars were stored as tensors."""
    others = {tag: {k: v for k, v in other.items() if k != "steps"} for tag, other in extra["non_scalar"].items()}
    return {**{k: v for k, v in extra.items() if k != "scalar_as_tensor"}, "non_scalar": others}


def test_a_folder_with_event_files_is_a_run_and_no_other_is(corpus: dict[str, Parsed]) -> None:
    assert sorted(corpus) == sorted(e["path"] for e in EXPECTED)


def test_the_points_of_a_restart_are_kept_and_its_step_is_noted(corpus: dict[str, Parsed]) -> None:
    (recording,) = corpus["runs/restarted"].recordings
    assert recording.extra["restarts_at"] == [5]
    assert any(later < earlier for m in recording.metrics for earlier, later in zip(m.step, m.step[1:], strict=False))


def test_only_a_cut_file_has_a_warning(corpus: dict[str, Parsed]) -> None:
    warned = {
        path: [p.code for r in parsed.recordings for p in r.problems if p.severity is not Severity.INFO]
        for path, parsed in corpus.items()
    }
    assert {path: found for path, found in warned.items() if found} == {"runs/truncated": ["cut-record"]}


def test_reading_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(RUNS, folder)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file()}
    read(folder)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file()} == before


# --- which files are read, and in which order -------------------------------------------------------------------


def test_files_of_a_folder_are_read_in_name_order_and_profiles_are_none(tmp_path: Path) -> None:
    write(tmp_path, [record(scalar(7, 0.5))], "events.out.tfevents.2.host.1.0")
    write(tmp_path, [record(scalar(9, 0.25))], "events.out.tfevents.1.host.1.0")
    write(tmp_path, [], "events.out.tfevents.3.host.profile-empty")
    recording = only(tmp_path)
    assert steps(recording) == {"loss": [9, 7]}
    assert recording.extra["event_files"] == ["events.out.tfevents.1.host.1.0", "events.out.tfevents.2.host.1.0"]
    assert recording.metrics[0].final == 0.5


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("events.out.tfevents.1795408500.gpu-node07.32583.0", "gpu-node07"),
        ("events.out.tfevents.1795408500.gpu-node07", "gpu-node07"),
        ("events.out.tfevents.1795408500.gpu-node07.21994.1.v2", "gpu-node07"),
        ("events.out.tfevents.1795408500.gpu-node07.32583.10.t0", "gpu-node07"),
        ("events.out.tfevents.1795408500.node1.cluster.local.32583.0", "node1.cluster.local"),
        ("events.out.tfevents.1795408500.10.0.0.5.1282.0", "10.0.0.5"),
        ("events.out.tfevents", None),
        ("events.out.tfevents.1795408500.2021", None),
        ("my.tfevents.file", None),
    ],
)
def test_the_host_is_taken_from_the_file_name_where_it_is_plain(tmp_path: Path, name: str, host: str | None) -> None:
    write(tmp_path, [record(scalar(0, 0.5))], name)
    assert only(tmp_path).facts.get("host") == host


# --- points -----------------------------------------------------------------------------------------------------


def test_steps_may_repeat_go_back_and_be_negative_or_huge(tmp_path: Path) -> None:
    written = [0, 5, 3, 3, -1, 2**40, -(2**63), 2**63 - 1, 7]
    write(tmp_path, [record(scalar(s, 0.5)) for s in written * 10])
    assert steps(only(tmp_path)) == {"loss": written * 10}


def test_nan_and_infinities_are_values(tmp_path: Path) -> None:
    write(tmp_path, [record(scalar(i, v)) for i, v in enumerate([math.nan, math.inf, -math.inf, 1e-45])])
    found = values(only(tmp_path))["loss"]
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, -math.inf, struct.unpack("<f", struct.pack("<f", 1e-45))[0]]


def test_a_float32_is_shown_as_it_is_stored(tmp_path: Path) -> None:
    write(tmp_path, [record(scalar(0, 0.95))])
    recording = only(tmp_path)
    assert values(recording) == {"loss": [0.949999988079071]}
    assert recording.precision is Precision.FLOAT32


FLOAT, DOUBLE, INT32, INT64, BOOL, BFLOAT16, HALF, UINT8 = 1, 2, 3, 9, 10, 14, 19, 4


@pytest.mark.parametrize(
    ("dtype", "numbers", "value"),
    [
        (FLOAT, field(4, struct.pack("<f", 0.1)), 0.10000000149011612),
        (FLOAT, field(5, struct.pack("<f", 0.1)), 0.10000000149011612),
        (FLOAT, b"\x2d" + struct.pack("<f", 0.1), 0.10000000149011612),
        (DOUBLE, field(4, struct.pack("<d", 0.1)), 0.1),
        (DOUBLE, field(6, struct.pack("<d", 0.1)), 0.1),
        (INT32, field(7, varint(-3)), -3.0),
        (INT32, b"\x38" + varint(-3), -3.0),
        (INT64, field(10, varint(2**40)), float(2**40)),
        (INT64, field(4, struct.pack("<q", -5)), -5.0),
        (UINT8, field(7, varint(200)), 200.0),
        (BOOL, field(11, b"\x01"), 1.0),
        (HALF, field(13, varint(0x3555)), 0.333251953125),
        (HALF, field(4, b"\x55\x35"), 0.333251953125),
        (BFLOAT16, field(13, varint(0x3FC0)), 1.5),
        (BFLOAT16, field(4, b"\xc0\x3f"), 1.5),
    ],
)
@pytest.mark.parametrize("times", [1, 40], ids=["one by one", "at once"])
def test_a_tensor_of_one_number_is_a_scalar_whatever_its_type(
    tmp_path: Path, dtype: int, numbers: bytes, value: float, times: int
) -> None:
    first = record(event(0, tensor("a", dtype, numbers, plugin="scalars")))
    write(tmp_path, [first, *[record(event(i, tensor("a", dtype, numbers))) for i in range(1, times)]])
    recording = only(tmp_path)
    assert values(recording) == {"a": [value] * times}
    assert steps(recording) == {"a": list(range(times))}


def test_doubles_are_told_from_float32(tmp_path: Path) -> None:
    write(tmp_path, [record(event(0, tensor("a", DOUBLE, field(6, struct.pack("<d", 0.1)), plugin="scalars")))])
    assert only(tmp_path).precision is Precision.TEXT


@pytest.mark.parametrize("times", [1, 40], ids=["one by one", "at once"])
@pytest.mark.parametrize(
    ("shape", "plugin", "is_scalar"),
    [((), None, True), ((1,), None, False), ((1, 1), "scalars", True), ((2,), "scalars", False), ((), "mesh", False)],
)
def test_the_plugin_of_a_tag_says_whether_its_tensors_are_scalars(
    tmp_path: Path, shape: tuple[int, ...], plugin: str | None, is_scalar: bool, times: int
) -> None:
    numbers = field(5, struct.pack("<f", 2.0) * math.prod(shape))
    first = record(event(0, tensor("a", FLOAT, numbers, shape=shape, plugin=plugin)))
    write(tmp_path, [first, *[record(event(i, tensor("a", FLOAT, numbers, shape=shape))) for i in range(1, times)]])
    recording = only(tmp_path)
    assert values(recording) == ({"a": [2.0] * times} if is_scalar else {})
    others = {} if is_scalar else {"a": {"count": times, "plugin": plugin or ""}}
    assert recording.extra["non_scalar"] == others


def test_a_summary_may_hold_many_values_and_a_tag_twice(tmp_path: Path) -> None:
    events = [event(i, simple("a", i), simple("b", 2 * i), simple("a", -i)) for i in range(50)]
    write(tmp_path, map(record, events))
    found = values(only(tmp_path))
    assert found["b"] == [2.0 * i for i in range(50)]
    assert found["a"] == [float(v) for i in range(50) for v in (i, -i)]


def test_a_piece_of_a_file_is_as_good_as_the_whole(tmp_path: Path) -> None:
    """Large files are read in pieces; here every piece is shorter than most records."""
    write(tmp_path, map(record, [version(), *[scalar(i, i / 7, "t" * (1 + i % 90)) for i in range(300)]]))
    whole, parts = FolderEvents(names=1000), FolderEvents(names=1000)
    assert read_file(Folder(tmp_path), FILE_NAME, whole, Budget()) == []
    assert read_file(Folder(tmp_path), FILE_NAME, parts, Budget(), Limits(piece=50)) == []
    assert whole.points.keys() == parts.points.keys()
    counts, *columns = whole.columns()
    parts_counts, *parts_columns = parts.columns()
    assert list(whole.points) == list(parts.points)
    assert counts == parts_counts
    assert [c.tolist() for c in columns] == [c.tolist() for c in parts_columns]


def test_a_live_file_that_grew_has_more_points_and_the_same_identity(tmp_path: Path) -> None:
    path = write(tmp_path / "run", [record(scalar(i, float(i))) for i in range(5)])
    before = only(tmp_path)
    with path.open("ab") as file:
        file.write(b"".join(record(scalar(i, float(i))) for i in range(5, 9)))
    after = only(tmp_path)
    assert (len(before.metrics[0]), len(after.metrics[0])) == (5, 9)
    assert content_identity(before) == content_identity(after)


def test_writers_without_scalars_are_known_by_their_files_and_not_by_the_folder(tmp_path: Path) -> None:
    names = {"a/runs": "host.1.0", "b/runs": "host.2.0", "usb/renamed": "host.1.0"}
    for folder, writer in names.items():
        write(tmp_path / folder, [record(version())]).rename(tmp_path / folder / f"events.out.tfevents.17.{writer}")
    found = {path: content_identity(parsed.recordings[0]) for path, parsed in read(tmp_path).items()}
    assert found["a/runs"] == found["usb/renamed"] != found["b/runs"]


def test_a_metric_that_comes_later_at_the_first_step_leaves_the_identity(tmp_path: Path) -> None:
    # Where steps are epochs, validation is logged at the step of the training before it, minutes later.
    path = write(tmp_path / "run", [record(scalar(0, 0.5, "loss"))])
    before = only(tmp_path)
    with path.open("ab") as file:
        file.write(record(scalar(0, 0.75, "val", wall=1.7e9 + 60)) + record(scalar(1, 0.25, "loss", wall=1.7e9 + 90)))
    after = only(tmp_path)
    assert [m.name for m in after.metrics] == ["loss", "val"]
    assert content_identity(before) == content_identity(after)


# --- params and status of the hparams plugin --------------------------------------------------------------------


def hparams(content: bytes) -> bytes:
    return record(event(0, field(1, field(1, b"_hparams_/session_start_info") + metadata("hparams", content))))


def session_start(**params: bytes) -> bytes:
    return field(3, b"".join(field(1, field(1, key.encode()) + field(2, v)) for key, v in params.items()))


def number(value: float) -> bytes:
    return b"\x11" + struct.pack("<d", value)


def test_params_have_the_types_that_the_plugin_has(tmp_path: Path) -> None:
    write(tmp_path, [hparams(session_start(lr=number(0.1), opt=field(3, b"adam"), bn=b"\x20\x01", none=b"\x08\x00"))])
    recording = only(tmp_path)
    assert {p.key: p.value for p in recording.params} == {"lr": 0.1, "opt": "adam", "bn": True, "none": None}


@pytest.mark.parametrize(
    ("raw", "status"), [(1, RunStatus.FINISHED), (2, RunStatus.FAILED), (3, RunStatus.RUNNING), (0, RunStatus.UNKNOWN)]
)
def test_the_status_is_what_the_session_end_claims(tmp_path: Path, raw: int, status: RunStatus) -> None:
    write(tmp_path, [hparams(field(4, b"\x08" + varint(raw)))])
    recording = only(tmp_path)
    assert (recording.status, recording.status_raw) == (status, raw)


def test_a_param_that_a_later_session_changes_keeps_its_first_value_and_is_named(tmp_path: Path) -> None:
    write(tmp_path, [hparams(session_start(lr=number(0.1))), hparams(session_start(lr=number(0.2), wd=number(0.0)))])
    recording = only(tmp_path)
    assert {p.key: p.value for p in recording.params} == {"lr": 0.1, "wd": 0.0}
    (problem,) = [p for p in recording.problems if p.code == "params-changed"]
    assert "0.2" in problem.message


# --- damage -----------------------------------------------------------------------------------------------------


def test_a_truncated_event_file_keeps_every_whole_record(tmp_path: Path) -> None:
    records = [record(data) for data in (version(), *[scalar(i, i / 2) for i in range(6)])]
    whole = b"".join(records)
    ends = [sum(map(len, records[: n + 1])) for n in range(len(records))]
    for cut in range(1, len(whole)):
        (tmp_path / FILE_NAME).write_bytes(whole[:cut])
        (parsed,) = read(tmp_path).values()
        kept = sum(end <= cut for end in ends)
        told = [*parsed.problems, *(p for r in parsed.recordings for p in r.problems)]
        assert [p.path for p in told if p.code == "cut-record"] == ([] if cut in ends else [FILE_NAME])
        assert sum(len(m) for r in parsed.recordings for m in r.metrics) == max(0, kept - 1)
        assert bool(parsed.recordings) == (kept > 0)


def test_a_flipped_bit_costs_one_record_or_what_follows_and_is_always_told(tmp_path: Path) -> None:
    records = [record(scalar(i, i / 2)) for i in range(1, 5)]
    whole = b"".join(records)
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 1 << (at % 8)
        (tmp_path / FILE_NAME).write_bytes(broken)
        (parsed,) = read(tmp_path).values()
        found = [s for r in parsed.recordings for m in r.metrics for s in m.step.tolist()]
        before, place = divmod(at, len(records[0]))
        told = [*parsed.problems, *(p for r in parsed.recordings for p in r.problems)]
        assert any(p.severity is Severity.WARNING and p.path == FILE_NAME for p in told)
        behind = [] if place < 12 else list(range(before + 2, 5))
        assert found == [*range(1, before + 1), *behind]


def test_a_record_whose_checksum_fails_is_left_out_and_named(tmp_path: Path) -> None:
    records = [record(scalar(i, float(i))) for i in range(1, 41)]
    damaged = bytearray(records[9])
    damaged[20] ^= 1
    write(tmp_path, [*records[:9], bytes(damaged), *records[10:]])
    recording = only(tmp_path)
    assert steps(recording) == {"loss": [*range(1, 10), *range(11, 41)]}
    (problem,) = recording.problems
    assert (problem.code, problem.severity) == ("bad-checksum", Severity.WARNING)
    assert problem.message == "Record 10 fails its checksum"
    assert problem.offset == 9 * len(records[0])


def test_numbers_of_records_count_the_damaged_ones_and_go_on_over_pieces(tmp_path: Path) -> None:
    records = [record(scalar(i, 0.5)) for i in range(1, 31)]
    records[4] = records[4][:-1] + bytes([records[4][-1] ^ 1])
    records[20] = record(b"\xff\xff\xff")
    write(tmp_path, records)
    events = FolderEvents(names=1000)
    problems = read_file(Folder(tmp_path), FILE_NAME, events, Budget(), Limits(piece=300))
    assert [(p.code, p.message.split(" ")[1]) for p in problems] == [("bad-checksum", "5"), ("bad-record", "21")]
    assert [p.offset for p in problems] == [sum(map(len, records[:n])) for n in (4, 20)]
    assert list(events.points) == ["loss"]
    assert events.columns()[1].tolist() == [i for i in range(1, 31) if i not in (5, 21)]


def test_a_million_damaged_records_are_not_a_million_problems(tmp_path: Path) -> None:
    broken = record(scalar(1, 0.5))[:-1] + b"\0"
    write(tmp_path, [record(scalar(0, 0.5)), *[broken] * 1000])
    messages = [p.message for p in only(tmp_path).problems]
    assert len(messages) == 6
    assert messages[-1] == "995 more records of this file have the same problem"


def test_a_length_that_fails_its_checksum_ends_the_file(tmp_path: Path) -> None:
    records = [record(scalar(i, float(i))) for i in range(1, 21)]
    damaged = bytearray(records[9])
    damaged[0] ^= 4
    write(tmp_path, [*records[:9], bytes(damaged), *records[10:]])
    recording = only(tmp_path)
    assert steps(recording) == {"loss": [*range(1, 10)]}
    (problem,) = recording.problems
    assert problem.code == "bad-length"
    assert "the 9 sound ones before it are shown" in problem.message


@pytest.mark.parametrize("claimed", [1 << 32, 1 << 63, (1 << 64) - 1])
def test_a_record_that_claims_more_than_there_is_costs_no_memory(tmp_path: Path, claimed: int) -> None:
    write(tmp_path, [record(scalar(0, 1.0)), head(claimed) + b"x" * 100])
    recording = only(tmp_path)
    assert len(recording.metrics[0]) == 1
    assert codes(recording) == ["cut-record"]


def test_a_record_too_large_to_be_scalars_is_skipped_and_named(tmp_path: Path) -> None:
    write(tmp_path, map(record, [scalar(0, 1.0), b"x" * 5000, scalar(1, 2.0)]))
    events = FolderEvents(names=1000)
    (problem,) = read_file(Folder(tmp_path), FILE_NAME, events, Budget(), Limits(piece=100, largest_record=4000))
    assert (problem.code, problem.offset) == ("large-record", len(record(scalar(0, 1.0))))
    assert problem.message.startswith("Record 2 has 5,016 bytes")
    assert list(events.points) == ["loss"]
    assert events.columns()[1].tolist() == [0, 1]


def test_zeros_behind_the_records_end_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, [record(scalar(i, 1.0)) for i in range(10)])
    with path.open("r+b") as file:
        file.truncate(64 << 20)
    recording = only(tmp_path)
    assert len(recording.metrics[0]) == 10
    assert codes(recording) == ["bad-length"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x10" + b"\xff" * 200, id="an endless number"),
        pytest.param(b"\x09" + bytes(8) + b"\x2a" + varint(1 << 40) + b"abc", id="a length past the end"),
        pytest.param(b"\x0b\x0c", id="groups"),
        pytest.param(b"\x00\x00", id="field 0"),
    ],
)
def test_a_record_that_is_no_message_is_named_and_the_next_ones_are_read(tmp_path: Path, body: bytes) -> None:
    write(tmp_path, [record(scalar(0, 0.5)), record(body), record(scalar(1, 0.5))])
    recording = only(tmp_path)
    assert steps(recording) == {"loss": [0, 1]}
    assert codes(recording) == ["bad-record"]


def test_messages_nested_without_end_cost_nothing(tmp_path: Path) -> None:
    nested = b""
    for _ in range(5000):
        nested = field(5, field(1, field(8, nested)))
    write(tmp_path, [record(nested), record(scalar(0, 0.5))])
    assert steps(only(tmp_path)) == {"loss": [0]}


def test_wall_times_of_a_broken_clock_are_left_out_and_counted(tmp_path: Path) -> None:
    walls = [1.7e9, math.nan, -1.0, 1e300, 0.0]
    write(tmp_path, [record(scalar(i, 1.0, wall=w)) for i, w in enumerate(walls)])
    recording = only(tmp_path)
    assert recording.metrics[0].wall_time_us.tolist() == [1_700_000_000_000_000, *[NO_TIME] * 4]
    assert codes(recording) == ["odd-wall-time"]
    assert recording.started_us == recording.ended_us == 1_700_000_000_000_000


def test_tags_may_be_any_bytes(tmp_path: Path) -> None:
    tags = [b"a\0b", b"a\nb", b"../../x", b"<img src=x>", b"\xff\xfe", b"", b"t" * 100_000]
    write(tmp_path, [record(scalar(0, 0.5, tag)) for tag in tags])
    assert list(steps(only(tmp_path))) == [tag.decode("utf-8", "surrogateescape") for tag in tags]


def test_more_tags_than_are_kept_are_counted(tmp_path: Path) -> None:
    write(tmp_path, [record(scalar(i, 0.5, f"t{i}")) for i in range(12)])
    recording = only(tmp_path, Budget(names=10))
    assert len(recording.metrics) == 10
    (problem,) = recording.problems
    assert problem.message.startswith("2 values were left out")


def test_when_the_time_is_up_what_was_read_is_kept(tmp_path: Path) -> None:
    write(tmp_path, [record(scalar(0, 0.5))], "events.out.tfevents.1.a")
    events = FolderEvents(names=1000)
    folder = Folder(tmp_path)
    assert read_file(folder, "events.out.tfevents.1.a", events, Budget()) == []
    (problem,) = read_file(folder, "events.out.tfevents.1.a", events, Budget(seconds=-1.0))
    assert problem.path == "events.out.tfevents.1.a"
    assert "took longer" in problem.message
    assert list(events.points) == ["loss"]
    assert events.columns()[0] == [1]


def test_an_empty_file_is_a_problem_and_no_run(tmp_path: Path) -> None:
    write(tmp_path, [])
    (parsed,) = read(tmp_path).values()
    assert parsed.recordings == ()
    assert [p.code for p in parsed.problems] == ["empty-file"]


def test_an_empty_file_beside_a_sound_one_costs_nothing(tmp_path: Path) -> None:
    write(tmp_path, [], "events.out.tfevents.1.a")
    write(tmp_path, [record(scalar(0, 0.5))], "events.out.tfevents.2.a")
    recording = only(tmp_path)
    assert steps(recording) == {"loss": [0]}
    assert [(p.code, p.path) for p in recording.problems] == [("empty-file", "events.out.tfevents.1.a")]


def test_a_file_that_is_no_event_file_is_a_problem_and_no_run(tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"JFIF" * 300)
    (parsed,) = read(tmp_path).values()
    assert parsed.recordings == ()
    assert [p.code for p in parsed.problems] == ["bad-length"]
