"""W&B run folders: what wandb 0.13, 0.19 and 0.31 wrote is read in full, and a cut log gives what it still holds."""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from runfolio.index.inspect import inspect
from runfolio.model.problem import Severity
from runfolio.model.run import Recording, RunStatus
from runfolio.readers.leveldb_log import BLOCK
from runfolio.readers.pool import Limits
from support.inspected import CORPUS, claims_on, recordings_of

RUNS = CORPUS / "wandb_offline" / "runs"
HEAD = b":W&B\xe1\xbe\x00"


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    return recordings_of(RUNS, "wandb_offline")[0]


def test_the_latest_value_is_that_of_the_summary(recordings: dict[str, Recording]) -> None:
    run = recordings["v0_31/wandb/offline-run-20261123_043421-6d06syr4"]
    by_name = {m.name: m for m in run.metrics}
    assert by_name["val/loss"].final == min(by_name["val/loss"].value), "define_metric(summary='min')"
    assert by_name["train/loss"].final == by_name["train/loss"].value[-1]
    assert by_name["train/loss"].final_rule == "the summary, as W&B shows it"


def test_legs_of_a_resumed_run_are_told_apart_and_copies_are_not(recordings: dict[str, Recording]) -> None:
    legs = [r for r in recordings.values() if r.id == "resume01"]
    assert len(legs) == len({r.identity for r in legs}) == 5


# --- made by hand --------------------------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def message(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def item(key: str, value: str) -> bytes:
    return message(1, message(1, key.encode()) + message(16, value.encode()))


def history(step: int, **values: str) -> bytes:
    rows = item("_step", str(step)) + b"".join(item(key, value) for key, value in values.items())
    return message(2, rows)


def chunk(data: bytes, kind: int = 1) -> bytes:
    return struct.pack("<IHB", zlib.crc32(data, zlib.crc32(bytes([kind]))), len(data), kind) + data


def made(root: Path, log: bytes, **files: str) -> Recording:
    folder = root / "wandb" / "offline-run-20261101_101500-abc"
    (folder / "files").mkdir(parents=True)
    (folder / "run-abc.wandb").write_bytes(log)
    for name, text in files.items():
        (folder / "files" / name.replace("__", ".").replace("_", "-")).write_text(text)
    (recording,) = recordings_of(root, "wandb_offline")[0].values()
    return recording


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


def codes(run: Recording) -> list[str]:
    return [p.code for p in run.problems]


def test_values_that_are_no_numbers_are_no_points(tmp_path: Path) -> None:
    rows = [history(0, a="NaN", b="true", c='"0.5"', d='{"_type": "histogram"}'), history(7, a="-Infinity", b="1e3")]
    run = made(tmp_path, HEAD + b"".join(map(chunk, rows)))
    assert points(run, "a") == [(0, "nan"), (7, "-inf")]
    assert points(run, "b") == [(7, "1000.0")]
    assert run.extra["non_scalar_history_keys"] == ["b", "c", "d"]
    assert run.status is RunStatus.UNKNOWN


def test_a_cut_log_gives_every_record_before_the_cut(tmp_path: Path) -> None:
    log = HEAD + b"".join(chunk(history(step, loss="0.5")) for step in range(10))
    run = made(tmp_path, log[:-3])
    assert len(points(run, "loss")) == 9
    assert codes(run) == ["cut-log"]
    assert run.problems[0].path.endswith("run-abc.wandb")


def log_of(rows: Iterable[bytes]) -> bytes:
    """A log as wandb writes it: rows over blocks, the last bytes of a block left empty where no chunk begins."""
    log = bytearray(HEAD)
    for row in rows:
        rest, kind = row, 1
        while rest or kind == 1:
            left = BLOCK - len(log) % BLOCK
            if left < 7:
                log += bytes(left)
                continue
            part, rest = rest[: left - 7], rest[left - 7 :]
            log += chunk(part, (4 if kind == 3 else 1) if not rest else (3 if kind == 3 else 2))
            kind = 3
    return bytes(log)


def test_a_flipped_bit_costs_the_record_it_lies_in(tmp_path: Path) -> None:
    log = bytearray(log_of(history(step, loss=str(step)) for step in range(4000)))
    log[log.index(item("_step", "1000")) + 10] ^= 1
    run = made(tmp_path, bytes(log))
    assert [s for s, _ in points(run, "loss")] == [s for s in range(4000) if s != 1000]
    assert codes(run) == ["damaged-log"]
    assert "checksum" in run.problems[0].message


def test_a_wrong_length_costs_no_more_than_its_block(tmp_path: Path) -> None:
    log = bytearray(log_of(history(step, loss=str(step)) for step in range(4000)))
    place = log.index(b"_step", BLOCK + 5000)
    while log[place] != 1 or log[place + 1] != 0x12:  # back to where the chunk of that row begins
        place -= 1
    log[place - 2 : place] = b"\xff\xff"
    run = made(tmp_path, bytes(log))
    kept = [s for s, _ in points(run, "loss")]
    assert (kept[0], kept[-1]) == (0, 3999)
    assert 4000 - BLOCK // 40 < len(kept) < 4000
    assert codes(run) == ["damaged-log"]


def test_a_hole_in_a_block_costs_the_rows_in_it_only(tmp_path: Path) -> None:
    log = bytearray(log_of(history(step, loss="1") for step in range(100)))
    size = len(chunk(history(50, loss="1")))
    log[size * 50 + 9 : size * 52 + 3] = bytes(size * 2 - 6)  # a sector of a disk that was lost, say
    run = made(tmp_path, bytes(log))
    kept = [step for step, _ in points(run, "loss")]
    assert 96 <= len(kept) < 100
    assert kept[-1] == 99
    assert codes(run) == ["damaged-log"]


def test_steps_go_as_far_as_64_bits_do(tmp_path: Path) -> None:
    ends = (2**63 - 1, -(2**63))
    run = made(tmp_path, HEAD + b"".join(chunk(history(step, loss="1")) for step in ends))
    assert tuple(step for step, _ in points(run, "loss")) == ends


def test_zeros_that_a_lost_disk_left_are_told(tmp_path: Path) -> None:
    log = log_of(history(step, loss="1") for step in range(2000))
    run = made(tmp_path, log + bytes(3 * BLOCK))
    assert len(points(run, "loss")) == 2000
    assert codes(run) == ["damaged-log"]
    assert run.problems[0].message.startswith(f"Zeros from byte {len(log):,} on")


def test_a_log_longer_than_one_read_is_read_whole(tmp_path: Path) -> None:
    rows = [history(step, loss=str(step), note='"' + "x" * 50_000 + '"') for step in range(100)]
    run = made(tmp_path, log_of(rows))
    assert [s for s, _ in points(run, "loss")] == [*range(100)]
    assert codes(run) == []


def test_a_record_over_several_blocks_is_put_together(tmp_path: Path) -> None:
    row = history(1, note='"' + "x" * 70_000 + '"', loss="0.25")
    first = BLOCK - len(HEAD) - 7
    rest = row[first:]
    log = HEAD + chunk(row[:first], 2) + chunk(rest[: BLOCK - 7], 3) + chunk(rest[BLOCK - 7 :], 4)
    run = made(tmp_path, log)
    assert points(run, "loss") == [(1, "0.25")]
    assert codes(run) == []


def test_an_unknown_chunk_and_an_end_without_a_beginning_are_told(tmp_path: Path) -> None:
    run = made(tmp_path, HEAD + chunk(history(0, loss="1")) + chunk(b"?", 9) + chunk(b"?", 4))
    assert points(run, "loss") == [(0, "1.0")]
    assert codes(run) == ["damaged-log"]


def test_an_empty_log_is_helped_out_by_the_files_beside_it(tmp_path: Path) -> None:
    run = made(
        tmp_path,
        HEAD,
        config__yaml="wandb_version: 1\n_wandb:\n  value: {cli_version: 0.19}\nlr:\n  desc: null\n  value: 1e-3\n"
        "model:\n  value:\n    depth: 4\n",
        wandb_summary__json='{"loss": 0.25, "_step": 41, "_timestamp": 1.7e9, "name": "x", "best": {"min": 0.1}}',
    )
    assert {p.key: (p.text, p.value) for p in run.params} == {"lr": ("1e-3", 0.001), "model.depth": ("4", 4)}
    assert (points(run, "loss"), points(run, "best")) == ([(41, "0.25")], [(41, "0.1")])
    assert codes(run) == ["empty-log", "summary-only"]


@pytest.mark.parametrize(
    ("summary", "code"),
    [("[" * 100_000, "too-deep"), ('{"loss": 0.2', "json-cut"), ("[1, 2]", "odd-document"), ("", "json-cut")],
)
def test_damaged_files_beside_the_log_cost_themselves_only(tmp_path: Path, summary: str, code: str) -> None:
    run = made(tmp_path, HEAD + chunk(history(0, loss="1")), wandb_summary__json=summary)
    assert points(run, "loss") == [(0, "1.0")]
    assert any(code in said for said in codes(run)), codes(run)


def test_a_file_that_is_no_log_is_told(tmp_path: Path) -> None:
    assert codes(made(tmp_path, b"PK\x03\x04")) == ["no-log"]


def test_a_run_folder_without_its_log_is_still_a_run(tmp_path: Path) -> None:
    about = {"program": "train.py", "args": ["--lr", "0.1"], "startedAt": "2026-11-01T10:15:00Z", "state": "running"}
    made(tmp_path, HEAD, wandb_metadata__json=json.dumps(about), wandb_summary__json='{"loss": "NaN", "_step": 3}')
    (tmp_path / "wandb" / "offline-run-20261101_101500-abc" / "run-abc.wandb").unlink()
    (run,) = recordings_of(tmp_path, "wandb_offline")[0].values()
    assert (run.id, run.facts["command"], codes(run)) == ("abc", "train.py --lr 0.1", ["summary-only", "no-log"])
    assert {p.severity for p in run.problems} == {Severity.INFO}
    assert points(run, "loss") == [(3, "nan")]
    assert run.started_us == 1_793_528_100_000_000
    assert run.status is RunStatus.UNKNOWN, "metadata of these versions say running for ever"


def test_a_run_of_the_days_before_the_log_is_read_from_its_text_files(tmp_path: Path) -> None:
    folder = tmp_path / "wandb" / "dryrun-20200102_101500-old1"
    folder.mkdir(parents=True)
    rows = [
        '{"loss": 0.5, "nested": {"a": 1, "b": NaN}, "img": {"_type": "x"}, "_step": 0, "_timestamp": 1577960100.5}',
        '{"loss": 0.25, "_step": 4, "_timestamp": 1577960101.5}',
        '{"loss": 0.1',
    ]
    (folder / "wandb-history.jsonl").write_text("\n".join(rows))
    (folder / "wandb-events.jsonl").write_text('{"system.cpu": 32.5, "_wandb": true, "_timestamp": 1577960100}\n')
    (folder / "wandb-summary.json").write_text('{"loss": 0.25, "graph": {"_type": "graph"}}')
    (folder / "config.yaml").write_text("wandb_version: 1\n\n_wandb:\n  value: {}\nlr:\n  desc: null\n  value: 1e-3\n")
    about = {"state": "failed", "exitcode": 1, "startedAt": "2020-01-02T10:15:00", "heartbeatAt": "2020-01-02T10:15:30"}
    (folder / "wandb-metadata.json").write_text(json.dumps({**about, "project": "demo"}))
    recordings, _ = recordings_of(tmp_path, "wandb_offline")
    assert [c.reader for c in claims_on(tmp_path)] == ["wandb_offline"], "no other reader makes a second run of it"
    (run,) = recordings.values()
    assert points(run, "loss") == [(0, "0.5"), (4, "0.25")]
    assert (points(run, "nested.a"), points(run, "nested.b")) == ([(0, "1.0")], [(0, "nan")])
    assert points(run, "system/cpu") == [(0, "32.5")]
    assert [(p.key, p.value) for p in run.params] == [("lr", 0.001)]
    assert (run.id, run.experiment, run.status, run.status_raw) == ("old1", "demo", RunStatus.FAILED, "failed")
    assert run.started_us is not None
    assert run.ended_us == run.started_us + 30_000_000
    assert {m.name: m.final for m in run.metrics}["loss"] == 0.25
    assert codes(run) == ["cut-line"]


def test_an_exit_that_leaves_the_run_to_others_ends_nothing(tmp_path: Path) -> None:
    run = made(tmp_path, log_of([message(18, b"\x08\x01\x18\x01"), history(0, a="1")]))
    assert (run.status, run.status_raw) == (RunStatus.UNKNOWN, None)


def test_a_summary_that_takes_values_back_is_followed(tmp_path: Path) -> None:
    rows = [
        message(3, item("a", "1") + item("b", "2")),
        message(3, message(2, message(1, b"a"))),
        message(3, item("b", "3")),
        history(0, a="7", b="8"),
    ]
    run = made(tmp_path, log_of(rows))
    assert {m.name: m.final for m in run.metrics} == {"a": None, "b": 3.0}


def test_what_was_said_of_metrics_is_kept(tmp_path: Path) -> None:
    said = message(1, b"val/loss") + message(4, b"epoch") + message(7, b"\x08\x01") + b"\x40\x01"
    run = made(tmp_path, log_of([message(12, said)]))
    assert run.extra["defined_metrics"] == {
        "val/loss": {"step_metric": "epoch", "summary": ["min"], "goal": "minimize"}
    }


def test_a_row_without_a_time_stamp_has_the_time_of_its_run_time(tmp_path: Path) -> None:
    start = message(17, message(17, b"\x08\xe8\x07"))  # 1,000 s
    rows = message(2, item("_step", "0") + item("_runtime", "2.5") + item("a", "1"))
    run = made(tmp_path, log_of([start, rows]))
    assert [m.wall_time_us.tolist() for m in run.metrics] == [[1_002_500_000]]


def test_keys_may_hold_what_also_marks_a_value(tmp_path: Path) -> None:
    odd = "\u0082\x01\x00"  # its bytes end like the head of a JSON text
    rows = [message(2, item("_step", str(step)) + item(odd, str(step))) for step in range(3)]
    run = made(tmp_path, log_of(rows))
    assert points(run, odd) == [(0, "0.0"), (1, "1.0"), (2, "2.0")]


def test_a_key_of_no_characters_is_one(tmp_path: Path) -> None:
    # W&B 0.12 to 0.31 leave out the field of the key then.
    nameless = message(1, message(16, b"1.5"))
    rows = [message(5, nameless), message(2, item("_step", "3") + nameless)]
    run = made(tmp_path, log_of(rows))
    assert points(run, "") == [(3, "1.5")]
    assert {p.path: p.value for p in run.params} == {("",): 1.5}


def test_a_time_that_no_calendar_shows_is_none(tmp_path: Path) -> None:
    run = made(tmp_path, log_of([message(17, message(17, b"\x08" + varint(2**62))), history(0, a="1")]))
    assert run.started_us is None


def test_names_that_are_not_utf8_can_be_stored(tmp_path: Path) -> None:
    bad = message(1, message(1, b"lo\xffss") + message(16, b"1"))
    start = message(17, message(8, b"na\xffme") + message(10, b"t\xfe"))
    run = made(tmp_path, log_of([start, message(2, bad)]))
    assert run.name is not None
    for text in (run.name, *run.tags, *(m.name for m in run.metrics)):
        assert text.encode("utf-8")


@pytest.mark.parametrize("seed", range(8))
def test_no_damage_stops_the_reader(tmp_path: Path, seed: int) -> None:
    whole = (RUNS / "v0_31/wandb/offline-run-20261123_043421-6d06syr4/run-6d06syr4.wandb").read_bytes()
    chance = random.Random(seed)
    data = bytearray(whole)
    for _ in range(20):
        data[chance.randrange(7, len(data))] = chance.randrange(256)
    place = chance.randrange(7, len(data))
    run = made(tmp_path, bytes(data[:place] + data[place + chance.randrange(300) :]))
    assert "reader-failed" not in codes(run)
    assert run.problems


def test_a_copied_latest_run_without_its_log_is_the_run_beside_it(tmp_path: Path) -> None:
    for name, second in (
        ("run-20240112_113750-aaaaaaaa", 50),
        ("run-20240112_113751-bbbbbbbb", 51),
        ("latest-run", 51),
    ):
        files = tmp_path / "wandb" / name / "files"
        files.mkdir(parents=True)
        (files / "wandb-metadata.json").write_text(f'{{"startedAt": "2024-01-12T10:37:{second}.783622"}}')
        (files / "wandb-summary.json").write_text('{"loss": 0.5, "_step": 3}')
    document: dict[str, Any] = inspect([tmp_path], limits=Limits(workers=1))
    runs = document["runs"]
    assert sorted((r["id"], len(r["recordings"])) for r in runs) == [("aaaaaaaa", 1), ("bbbbbbbb", 2)]
