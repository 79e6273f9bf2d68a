"""W&B run folders: what wandb 0.13, 0.19 and 0.31 wrote is read in full, and a cut log gives what it still holds."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest

from runfolio.model.run import Recording, RunStatus
from runfolio.readers.leveldb_log import BLOCK
from support.inspected import CORPUS, recordings_of

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


def test_damage_costs_its_block_and_no_more(tmp_path: Path) -> None:
    log = bytearray(HEAD)
    step = 0
    while len(log) < 3 * BLOCK:
        record = chunk(history(step, loss=str(step)))
        left = BLOCK - len(log) % BLOCK
        if left < len(record):
            log += bytes(left) if left < 7 else chunk(b"", 1)[:0] + b"\0" * left
            continue
        log += record
        step += 1
    log[BLOCK + 100] ^= 0xFF
    run = made(tmp_path, bytes(log))
    kept = [s for s, _ in points(run, "loss")]
    assert kept[0] == 0
    assert kept[-1] == step - 1
    assert step * 0.6 < len(kept) < step
    assert codes(run) == ["damaged-log"]


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
    run = made(tmp_path, HEAD, wandb_metadata__json=json.dumps({"program": "train.py", "args": ["--lr", "0.1"]}))
    (tmp_path / "wandb" / "offline-run-20261101_101500-abc" / "run-abc.wandb").unlink()
    (run,) = recordings_of(tmp_path, "wandb_offline")[0].values()
    assert (run.id, run.facts["command"], codes(run)) == ("abc", "train.py --lr 0.1", ["no-log"])
