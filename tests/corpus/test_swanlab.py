"""SwanLab: logs of both versions, and the dashboard's points where a log is missing, empty or cut."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runfolio.model.problem import Severity
from runfolio.model.run import Recording, RunStatus
from support.inspected import CORPUS, claims_on, recordings_of

RUNS = CORPUS / "swanlab" / "runs"
V0_10, V0_8, V0_6 = RUNS / "v0_10_local", RUNS / "v0_8_local", RUNS / "v0_6_offline"
HEAD = b":SWL\xd6\xe1"


def recordings(root: Path) -> dict[str, Recording]:
    return {r.name or r.id: r for r in recordings_of(root, "swanlab")[0].values()}


def only(root: Path) -> Recording:
    (run,) = recordings_of(root, "swanlab")[0].values()
    return run


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


def codes(run: Recording) -> list[str]:
    return [p.code for p in run.problems]


def chunk(data: bytes) -> bytes:
    return struct.pack("<IHB", zlib.crc32(data, zlib.crc32(b"\x01")), len(data), 1) + data


def json_log(*records: tuple[str, dict[str, Any]]) -> bytes:
    return HEAD + b"\x01" + b"".join(chunk(json.dumps({"model_type": k, "data": d}).encode()) for k, d in records)


def scalar(step: int, value: object, key: str = "loss") -> tuple[str, dict[str, Any]]:
    metric = {"index": step, "data": value, "create_time": f"2026-01-01T00:00:{step:02}+00:00"}
    return "Scalar", {"metric": metric, "key": key, "step": step, "epoch": 1}


def made(root: Path, log: bytes | None = None, **logs: str) -> Path:
    folder = root / "swanlog" / "run-20240301_101500-abc"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "config.yaml").write_text("lr:\n  desc: ''\n  sort: 0\n  value: 0.1\n")
    if log is not None:
        (folder / "backup.swanlab").write_bytes(log)
    for name, text in logs.items():
        kept = folder / "logs" / name.replace("__", "%2F")
        kept.mkdir(parents=True)
        (kept / ("1000.json" if text.startswith('{"create') else "1000.log")).write_text(text)
    return folder


def database(root: Path, *, folder_column: bool = True) -> None:
    """The dashboard's tables, as far as they are read, with one run that goes on and its three metrics."""
    with closing(sqlite3.connect(root / "swanlog" / "runs.swanlab")) as store, store:
        store.execute("create table project (id integer primary key, name text)")
        store.execute("insert into project values (1, 'demo')")
        store.execute(
            "create table experiment (id integer primary key, project_id int, run_id text, name text,"
            " status int, create_time text, finish_time text, version text)"
        )
        times = ("2024-03-01T02:15:00", "2024-03-01T02:16:00")
        store.execute(
            "insert into experiment values (7, 1, 'run-20240301_101500-abc', 'first', 1, ?, ?, '0.2.1')", times
        )
        folder = ", folder text" if folder_column else ""
        store.execute(f"create table tag (id integer primary key, experiment_id int, name text{folder})")
        rows = [(1, 7, "train/loss", "1"), (2, 7, "val acc", "2"), (3, 8, "another run's", "3")]
        for row in rows:
            kept = row if folder_column else row[:3]
            store.execute(f"insert into tag values ({', '.join('?' * len(kept))})", kept)


# --- real runs ----------------------------------------------------------------------------------------------------


def test_a_killed_local_run_of_0_10_is_read_from_the_dashboards_points() -> None:
    run = only(V0_10)
    assert codes(run) == ["empty-log", "names-missing"]
    assert {m.name: len(m) for m in run.metrics} == {"1": 8, "2": 8, "3": 8, "4": 8}
    assert points(run, "1")[:2] == [(0, "1.0"), (1, "0.5")]
    assert (run.status, run.id) == (RunStatus.UNKNOWN, next(V0_10.glob("run-*")).name.rpartition("-")[2])


def test_the_dashboard_knows_that_a_killed_run_has_not_ended() -> None:
    run = recordings(V0_8)["killed"]
    assert (run.status, run.status_raw, run.ended_us) == (RunStatus.RUNNING, 0, None)
    assert {m.name: len(m) for m in run.metrics} == {"train/loss": 3, "val acc": 3}


def test_what_the_metadata_say_of_the_machine_is_kept() -> None:
    assert recordings(V0_8)["base"].facts == {
        "host": "vm",
        "python": "3.11.7",
        "os": "Linux-6.18.44-fc-v669-x86_64-with-glibc2.36",
        "command": "/home/ml/env-08/bin/python train.py local base v0_8_local",
        "tracker.version": "0.8.5",
    }
    old = recordings(V0_6)["base"].facts
    assert (old["python"], old["tracker.version"]) == ("3.11.7", "0.6.11")


def test_metrics_of_the_machine_keep_their_keys_and_the_names_they_are_shown_by() -> None:
    run = recordings(V0_6)["base"]
    assert "__swanlab__.cpu.pct" in {m.name for m in run.metrics}
    shown = run.extra["system_metrics"]
    assert isinstance(shown, dict)
    assert shown["__swanlab__.cpu.pct"] == "CPU Utilization (%)"


def test_media_are_listed_and_named() -> None:
    run = recordings(V0_6)["base"]
    assert run.extra["media"] == ["img", "text"]
    assert {"files/config.yaml", "media/4/image-step0-4a0945534329d26c.png"} <= {a.path for a in run.artifacts}


def test_the_error_of_a_run_that_raised_is_kept_and_its_console_is_not() -> None:
    run = recordings(V0_6)["raised"]
    assert "boom" in str(run.extra["error"])
    assert "step 0" not in repr(run)
    assert not any(a.path.startswith("console") for a in run.artifacts)


def test_params_that_yaml_writes_as_a_number_are_one() -> None:
    assert {p.key: p.value for p in recordings(V0_6)["base"].params}["lr"] == 0.001


# --- the dashboard's files ----------------------------------------------------------------------------------------


def test_a_run_of_the_days_before_the_log_is_read_from_the_dashboards_files(tmp_path: Path) -> None:
    rows = '{"index": 0, "data": 0.5, "create_time": "2024-03-01T02:15:01"}\n{"index": 7, "data": "NaN"}\n'
    old = '{"create_time": "2024-03-01T02:15:01", "data": [{"index": 0, "data": 1}, {"index": 1, "data": ["a.png"]}]}'
    made(tmp_path, None, **{"1": rows, "2": old})
    database(tmp_path)
    run = only(tmp_path)
    assert points(run, "train/loss") == [(0, "0.5"), (7, "nan")]
    assert points(run, "val acc") == [(0, "1.0")]
    assert (run.name, run.experiment, run.status) == ("first", "demo", RunStatus.FINISHED)
    assert (run.id, run.identity) == (
        "run-20240301_101500-abc",
        "swanlab:run-20240301_101500-abc:1709259300000000",
    )
    assert run.ended_us == 1_709_259_360_000_000
    assert {p.key: p.value for p in run.params} == {"lr": 0.1}
    assert codes(run) == []


def test_the_folder_is_the_quoted_name_where_the_database_has_no_folders(tmp_path: Path) -> None:
    made(tmp_path, train__loss='{"index": 0, "data": 0.5}\n')
    database(tmp_path, folder_column=False)
    assert points(only(tmp_path), "train/loss") == [(0, "0.5")]


def test_without_the_database_the_log_itself_explains_the_folders(tmp_path: Path) -> None:
    column = ("Column", {"key": "train/loss", "kid": "1", "cls": "CUSTOM"})
    log = json_log(column, scalar(0, 0.5, "train/loss"))
    made(tmp_path, log, **{"1": '{"index": 0, "data": 0.5}\n{"index": 1, "data": 0.25}\n'})
    run = only(tmp_path)
    assert points(run, "train/loss") == [(0, "0.5"), (1, "0.25")]
    assert codes(run) == ["board-points"]


def test_a_whole_log_is_not_mixed_with_the_dashboards_points(tmp_path: Path) -> None:
    log = json_log(scalar(0, 0.5), ("Footer", {"success": True, "create_time": "2026-01-01T00:00:09+00:00"}))
    made(tmp_path, log, loss='{"index": 0, "data": 0.5}\n{"index": 1, "data": 0.25}\n')
    assert points(only(tmp_path), "loss") == [(0, "0.5")]


def test_a_damaged_database_costs_names_and_state_only(tmp_path: Path) -> None:
    made(tmp_path, None, **{"1": '{"index": 0, "data": 0.5}\n'})
    database(tmp_path)
    store = tmp_path / "swanlog" / "runs.swanlab"
    store.write_bytes(store.read_bytes()[:6000])
    run = only(tmp_path)
    assert points(run, "1") == [(0, "0.5")]
    assert {"cut-database", "names-missing"} <= {*codes(run)}


@pytest.mark.parametrize(
    ("text", "code", "kept"),
    [
        ('{"index": 0, "data": 0.5}\n{"index": 1, "da', "cut-line", 1),
        ('{"index": 0, "data": 0.5}\nnonsense\n{"index": 1, "data": 2}\n', "bad-line", 2),
        ('{"create_time": "", "data": [{"index": 0, "data": 0.5}, {"ind', "json-cut", 1),
        ("[" * 100_000 + "\n" + '{"index": 0, "data": 0.5}\n', "bad-line", 1),
    ],
)
def test_damaged_points_cost_themselves_only(tmp_path: Path, text: str, code: str, kept: int) -> None:
    made(tmp_path, loss=text)
    run = only(tmp_path)
    assert len(points(run, "loss")) == kept
    assert codes(run) == [code]


def test_links_among_the_media_are_swanlabs_own(tmp_path: Path) -> None:
    folder = made(tmp_path, json_log(scalar(0, 0.5)))
    (folder / "media" / "image").mkdir(parents=True)
    (folder / "media" / "image" / "a.png").write_bytes(b"png")
    (folder / "media" / "1").mkdir()
    (folder / "media" / "1" / "a.png").symlink_to("../image/a.png")
    run = only(tmp_path)
    assert [(p.code, p.severity) for p in run.problems] == [("link-not-followed", Severity.INFO)]
    assert "media/image/a.png" in {a.path for a in run.artifacts}


# --- logs ---------------------------------------------------------------------------------------------------------


def test_what_is_no_number_is_spelled_in_logs_of_version_1(tmp_path: Path) -> None:
    made(tmp_path, json_log(scalar(0, "NaN"), scalar(1, "INF"), scalar(2, 3)))
    assert points(only(tmp_path), "loss") == [(0, "nan"), (1, "inf"), (2, "3.0")]


def test_records_that_are_none_are_counted_and_the_others_read(tmp_path: Path) -> None:
    log = json_log(scalar(0, 1), scalar(1, "soon"), ("Scalar", {"key": 5}), ("Unheard", {}))
    log += chunk(b"{not JSON") + chunk(b"[1, 2]") + chunk(b'{"model_type": "Scalar", "data": 3}') + chunk(b"\xff\xff")
    made(tmp_path, log)
    run = only(tmp_path)
    assert points(run, "loss") == [(0, "1.0")]
    assert [p.message for p in run.problems] == ["6 records cannot be read; the others are shown"]


def test_a_version_that_is_not_known_is_read_and_told(tmp_path: Path) -> None:
    log = json_log(scalar(0, 1))
    made(tmp_path, log[:6] + b"\x09" + log[7:])
    run = only(tmp_path)
    assert (points(run, "loss"), codes(run)) == ([(0, "1.0")], ["unknown-version"])


def test_legs_of_a_resumed_run_are_recordings_of_one_id(tmp_path: Path) -> None:
    for stamp, hour in (("20260101_000000", "00"), ("20260101_050000", "05")):
        log = json_log(
            ("Header", {"backup_type": "DEFAULT", "create_time": f"2026-01-01T{hour}:00:00+00:00"}),
            ("Experiment", {"id": "same", "name": "leg"}),
            scalar(0, 1),
        )
        folder = tmp_path / "swanlog" / f"run-{stamp}-same"
        folder.mkdir(parents=True)
        (folder / "backup.swanlab").write_bytes(log)
    legs = recordings_of(tmp_path, "swanlab")[0].values()
    assert [leg.id for leg in legs] == ["same", "same"]
    assert len({leg.identity for leg in legs}) == 2


def test_no_other_reader_makes_a_second_run_of_the_folder(tmp_path: Path) -> None:
    made(tmp_path, None, **{"1": '{"index": 0, "data": 0.5}\n'})
    database(tmp_path)
    assert [c.reader for c in claims_on(tmp_path)] == ["swanlab"]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("version", ["v0_6_offline", "v0_8_local"])
def test_no_damage_stops_the_reader(tmp_path: Path, version: str, seed: int) -> None:
    source = sorted((RUNS / version).glob("run-*/*.swanlab"))[0]
    chance = random.Random(seed)
    data = bytearray(source.read_bytes())
    for _ in range(20):
        data[chance.randrange(7, len(data))] = chance.randrange(256)
    shutil.copytree(source.parent, tmp_path / source.parent.name)
    (tmp_path / source.parent.name / source.name).write_bytes(data[: chance.randrange(len(data) // 2, len(data))])
    run = only(tmp_path)
    assert run.problems
    assert "reader-failed" not in codes(run)
