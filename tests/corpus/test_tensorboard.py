"""TensorBoard event files: what six writers wrote is read as EventAccumulator reads it, and damage costs a record."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget
from runfolio.readers.framing import OVERHEAD, frames, masked_crc
from runfolio.readers.parse import Parsed, parse
from runfolio.readers.scanner import scan
from runfolio.readers.tensorboard_events import decode
from support.expected import differences

HERE = Path(__file__).parent / "tensorboard"
RUNS = HERE / "runs"
EXPECTED: list[dict[str, Any]] = json.loads((HERE / "expected.json").read_text("utf-8"))["runs"]
# `extra` of the expected file tells of text and images in a way of its own.
NOT_OURS = ("extra",)


def read(root: Path) -> dict[str, Parsed]:
    units = [unit for unit in scan(root) if not isinstance(unit, Problem)]
    return {u.claim.path: parse(root, u.claim, Budget()) for u in units if u.claim.reader == "tensorboard"}


def only(root: Path) -> Recording:
    (parsed,) = read(root).values()
    (recording,) = parsed.recordings
    return recording


@pytest.fixture(scope="module")
def corpus() -> dict[str, Parsed]:
    return read(RUNS)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda e: str(e["path"]))
def test_every_figure_is_what_event_accumulator_says(expected: dict[str, Any], corpus: dict[str, Parsed]) -> None:
    (recording,) = corpus[expected["path"]].recordings
    assert differences(expected, recording, NOT_OURS) == []


def test_a_folder_with_event_files_is_a_run_and_no_other_is(corpus: dict[str, Parsed]) -> None:
    assert sorted(corpus) == sorted(e["path"] for e in EXPECTED)


# --- files made here, byte by byte ------------------------------------------------------------------------------


def record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def scalar(step: int, value: float, tag: str = "loss", wall: float = 1.7e9) -> bytes:
    summary = field(1, field(1, tag.encode()) + b"\x15" + struct.pack("<f", value))
    return b"\x09" + struct.pack("<d", wall) + b"\x10" + varint(step) + field(5, summary)


def event_file(folder: Path, records: list[bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "events.out.tfevents.1700000000.node-1"
    path.write_bytes(b"".join(records))
    return path


def test_the_mask_is_the_one_the_format_states() -> None:
    # CRC-32C of "123456789" is 0xE3069283 (RFC 3720, B.4).
    assert google_crc32c.value(b"123456789") == 0xE3069283
    rotated = (0xE3069283 >> 15 | 0xE3069283 << 17) & 0xFFFFFFFF
    assert masked_crc(b"123456789") == (rotated + 0xA282EAD8) & 0xFFFFFFFF


def test_a_truncated_event_file_keeps_every_whole_record(tmp_path: Path) -> None:
    records = [record(scalar(i, i / 2)) for i in range(5)]
    whole = b"".join(records)
    size = len(records[0])
    for cut in range(len(whole)):
        framed = frames(whole[:cut])
        assert len(framed.spans) == cut // size
        assert framed.sound_bytes == cut // size * size
        assert bool(framed.faults) == bool(cut % size)


def test_a_record_whose_checksum_fails_is_left_out_and_named(tmp_path: Path) -> None:
    records = [record(scalar(i, float(i))) for i in range(40)]
    damaged = bytearray(records[9])
    damaged[20] ^= 1
    event_file(tmp_path, [*records[:9], bytes(damaged), *records[10:]])
    recording = only(tmp_path)
    assert recording.metrics[0].step.tolist() == [*range(9), *range(10, 40)]
    (problem,) = recording.problems
    assert problem.code == "bad-checksum"
    assert problem.severity is Severity.WARNING
    assert "ecord 10" in problem.message
    assert problem.offset == 9 * len(records[0])


def test_a_length_that_fails_its_checksum_ends_the_file(tmp_path: Path) -> None:
    records = [record(scalar(i, float(i))) for i in range(20)]
    damaged = bytearray(records[9])
    damaged[0] ^= 4
    event_file(tmp_path, [*records[:9], bytes(damaged), *records[10:]])
    recording = only(tmp_path)
    assert recording.metrics[0].step.tolist() == [*range(9)]
    assert [p.code for p in recording.problems] == ["bad-length"]


@pytest.mark.parametrize("claimed", [1 << 32, 1 << 63, (1 << 64) - 1])
def test_a_record_that_claims_more_than_there_is_costs_no_memory(tmp_path: Path, claimed: int) -> None:
    length = struct.pack("<Q", claimed)
    lie = length + struct.pack("<I", masked_crc(length)) + b"x" * 100
    event_file(tmp_path, [record(scalar(0, 1.0)), lie])
    recording = only(tmp_path)
    assert len(recording.metrics[0]) == 1
    assert [p.code for p in recording.problems] == ["cut-record"]


def test_steps_may_repeat_go_back_and_be_negative_or_huge(tmp_path: Path) -> None:
    steps = [0, 5, 3, 3, -1, 2**40, -(2**63), 2**63 - 1, 7]
    event_file(tmp_path, [record(scalar(s, 0.5)) for s in steps])
    assert only(tmp_path).metrics[0].step.tolist() == steps


def test_the_quick_way_and_the_general_way_read_the_same() -> None:
    rng = np.random.default_rng(1)
    tags = ["a", "train/loss", "größe", "x" * 150]
    events = [scalar(int(s), float(v), tags[i % 4]) for i, (s, v) in enumerate(rng.integers(0, 2**50, (400, 2)))]
    data = b"".join(map(record, events))
    spans = frames(data).spans
    quick = decode(data, spans, {}).columns
    slow: dict[str, list[tuple[int, float]]] = {}
    for start in range(0, len(spans), 20):  # fewer records than the quick way takes
        for tag, (_, steps, _, values) in decode(data, spans[start : start + 20], {}).columns.items():
            slow.setdefault(tag, []).extend(zip(steps.tolist(), values.tolist(), strict=True))
    assert {t: list(zip(c[1].tolist(), c[3].tolist(), strict=True)) for t, c in quick.items()} == slow


def test_wall_times_of_a_broken_clock_are_left_out_and_counted(tmp_path: Path) -> None:
    walls = [1.7e9, float("nan"), -1.0, 1e300, 0.0]
    event_file(tmp_path, [record(scalar(i, 1.0, wall=w)) for i, w in enumerate(walls)])
    recording = only(tmp_path)
    assert len(recording.metrics[0]) == 5
    assert [p.code for p in recording.problems] == ["odd-wall-time"]
    assert recording.started_us == recording.ended_us == 1_700_000_000_000_000


def test_an_empty_file_is_a_problem_and_no_run(tmp_path: Path) -> None:
    event_file(tmp_path, [])
    (parsed,) = read(tmp_path).values()
    assert parsed.recordings == ()
    assert [p.code for p in parsed.problems] == ["empty-file"]


def test_a_file_that_is_no_event_file_is_a_problem_and_no_run(tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"JFIF" * 300)
    (parsed,) = read(tmp_path).values()
    assert parsed.recordings == ()
    assert [p.code for p in parsed.problems] == ["bad-length"]


def test_a_live_file_that_grew_has_more_points_and_the_same_identity(tmp_path: Path) -> None:
    from runfolio.model.run import content_identity

    path = event_file(tmp_path / "run", [record(scalar(i, float(i))) for i in range(5)])
    before = only(tmp_path)
    with path.open("ab") as file:
        file.write(b"".join(record(scalar(i, float(i))) for i in range(5, 9)))
    after = only(tmp_path)
    assert (len(before.metrics[0]), len(after.metrics[0])) == (5, 9)
    assert content_identity(before) == content_identity(after)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_inside_a_sound_frame_are_read_or_named(data: bytes) -> None:
    events = decode(record(data), frames(record(data)).spans, {})
    assert events.records == 1
    assert len(events.bad) <= 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_at_all_can_be_framed(data: bytes) -> None:
    framed = frames(data)
    assert 0 <= framed.sound_bytes <= len(data)
    assert all(OVERHEAD - 4 <= start <= end <= len(data) for start, end in framed.spans)


def test_reading_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(RUNS, folder)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file()}
    read(folder)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file()} == before
