"""Makes the folders that the import benchmarks read: the layout of each tracker, filled with made-up numbers.

    python tests/bench/trees.py mlflow 1000 /tmp/trees/mlflow-1000

The same arguments give the same bytes. A folder that is there already is kept.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import google_crc32c
import numpy as np

PARAMS = 30
METRICS = 15
POINTS = 100
TAGS = 20
STEPS = 1_000
SQLITE_POINTS = 20
START_MS = 1_788_336_000_000
JITTER_MS = 40
"""Nobody logs by the clock: points come up to so much later than every half second."""


def mlflow(root: Path, runs: int) -> int:
    """An MLflow file store: 51 files a run (meta, 30 params, 15 metrics of 100 points, 5 tags). Returns points."""
    experiment = root / "1"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text(
        "artifact_location: file:///lab/mlruns/1\ncreation_time: 1788336000000\nexperiment_id: '1'\n"
        "last_update_time: 1788336000000\nlifecycle_stage: active\nname: bench\n"
    )
    rng = np.random.default_rng(1)
    for number in range(runs):
        run_id = _run_id(number)
        place = experiment / run_id
        for part in ("params", "metrics", "tags", "artifacts"):
            (place / part).mkdir(parents=True)
        start = START_MS + number * 60_000
        (place / "meta.yaml").write_text(
            f"artifact_uri: file:///lab/mlruns/1/{run_id}/artifacts\nend_time: {start + 50_000}\n"
            f"entry_point_name: ''\nexperiment_id: '1'\nlifecycle_stage: active\nrun_id: {run_id}\n"
            f"run_name: run-{number}\nrun_uuid: {run_id}\nsource_name: ''\nsource_type: 4\nsource_version: ''\n"
            f"start_time: {start}\nstatus: 3\ntags: []\nuser_id: lab\n"
        )
        for i in range(PARAMS):
            (place / "params" / f"p{i}").write_text(str(round(float(rng.random()), 6)))
        for name, text in (
            ("mlflow.runName", f"run-{number}"),
            ("mlflow.source.name", "/lab/train.py"),
            ("mlflow.source.type", "LOCAL"),
            ("mlflow.user", "lab"),
            ("team", "bench"),
        ):
            (place / "tags" / name).write_text(text)
        for i in range(METRICS):
            values, late = rng.random(POINTS).tolist(), rng.integers(0, JITTER_MS, POINTS).tolist()
            lines = [f"{start + step * 500 + late[step]} {value!r} {step}\n" for step, value in enumerate(values)]
            (place / "metrics" / f"m{i}").write_text("".join(lines))
    return runs * METRICS * POINTS


def _run_id(number: int) -> str:
    # With a letter in front: MLflow takes an id of digits alone for a number.
    return "a" + hashlib.sha256(str(number).encode()).hexdigest()[:31]


def tensorboard(root: Path, runs: int) -> int:
    """Event files: a folder a run with 20 tags of 1,000 steps, in the order that a training writes them."""
    rng = np.random.default_rng(2)
    for number in range(runs):
        place = root / f"run-{number}"
        place.mkdir(parents=True)
        wall = START_MS / 1000 + number * 60
        records = [_event(wall, 0, b"\x1a\x0dbrain.Event:2")]
        values = rng.random((STEPS, TAGS)).astype(np.float32)
        late = np.sort(rng.random((STEPS, TAGS)) * JITTER_MS / 1000, axis=1).tolist()
        for step in range(STEPS):
            for i in range(TAGS):
                tag = f"metric/{i}".encode()
                value = b"\x0a" + bytes([len(tag)]) + tag + b"\x15" + struct.pack("<f", values[step, i])
                summary = b"\x0a" + bytes([len(value)]) + value
                records.append(
                    _event(wall + step * 0.5 + late[step][i], step, b"\x2a" + bytes([len(summary)]) + summary)
                )
        (place / f"events.out.tfevents.{int(wall)}.lab.1.0").write_bytes(b"".join(records))
    return runs * TAGS * STEPS


def _event(wall_s: float, step: int, what: bytes) -> bytes:
    data = b"\x09" + struct.pack("<d", wall_s) + (b"\x10" + _varint(step) if step else b"") + what
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _masked(data: bytes) -> bytes:
    crc = int(google_crc32c.value(data))
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def plain(root: Path, runs: int) -> int:
    """Folders with config.json and metrics.csv of a step and 15 columns, 100 rows."""
    rng = np.random.default_rng(3)
    header = "step," + ",".join(f"m{i}" for i in range(METRICS)) + "\n"
    for number in range(runs):
        place = root / f"run-{number}"
        place.mkdir(parents=True)
        params = {f"p{i}": round(float(rng.random()), 6) for i in range(PARAMS)}
        (place / "config.json").write_text(json.dumps(params))
        rows = [
            f"{step}," + ",".join(map(repr, row)) + "\n"
            for step, row in enumerate(rng.random((POINTS, METRICS)).tolist())
        ]
        (place / "metrics.csv").write_text(header + "".join(rows))
    return runs * METRICS * POINTS


def sqlite(root: Path, runs: int) -> int:
    """A database of MLflow, in the tables of revision 3500859a5d39: as in `mlflow`, but for 20 points a metric."""
    root.mkdir(parents=True)
    rng = np.random.default_rng(4)
    database = sqlite3.connect(root / "mlflow.db")
    database.executescript(_SQLITE_TABLES)
    database.execute("insert into experiments values (1, 'bench', './mlruns/1', 'active', 0, 0)")
    for number in range(runs):
        run_id, start = _run_id(number), START_MS + number * 60_000
        database.execute(
            "insert into runs values (?,?,'LOCAL','train.py','','lab','FINISHED',?,?,'','active',?,1,null)",
            (run_id, f"run-{number}", start, start + 50_000, f"./mlruns/1/{run_id}/artifacts"),
        )
        params = [(f"p{i}", str(round(float(rng.random()), 6)), run_id) for i in range(PARAMS)]
        database.executemany("insert into params values (?, ?, ?)", params)
        database.execute("insert into tags values ('mlflow.runName', ?, ?)", (f"run-{number}", run_id))
        rows: list[tuple[str, float, int, str, int]] = []
        for i in range(METRICS):
            values, late = rng.random(SQLITE_POINTS).tolist(), rng.integers(0, JITTER_MS, SQLITE_POINTS).tolist()
            rows += [(f"m{i}", v, start + s * 500 + late[s], run_id, s) for s, v in enumerate(values)]
        database.executemany("insert into metrics values (?, ?, ?, ?, ?, 0)", rows)
        last = rows[SQLITE_POINTS - 1 :: SQLITE_POINTS]
        final = [(k, v, t, s, r) for k, v, t, r, s in last]
        database.executemany("insert into latest_metrics values (?, ?, ?, ?, 0, ?)", final)
    database.commit()
    database.close()
    return runs * METRICS * SQLITE_POINTS


_SQLITE_TABLES = """
create table alembic_version(version_num varchar(32) not null, primary key (version_num));
insert into alembic_version values ('3500859a5d39');
create table experiments(experiment_id integer not null, name varchar(256) not null, artifact_location varchar(256),
    lifecycle_stage varchar(32), creation_time bigint, last_update_time bigint, primary key (experiment_id));
create table runs(run_uuid varchar(32) not null, name varchar(250), source_type varchar(20), source_name varchar(500),
    entry_point_name varchar(50), user_id varchar(256), status varchar(9), start_time bigint, end_time bigint,
    source_version varchar(50), lifecycle_stage varchar(20), artifact_uri varchar(200), experiment_id integer,
    deleted_time bigint, primary key (run_uuid));
create table params(key varchar(250) not null, value varchar(8000) not null, run_uuid varchar(32) not null,
    primary key (key, run_uuid));
create table tags(key varchar(250) not null, value varchar(8000), run_uuid varchar(32) not null,
    primary key (key, run_uuid));
create table metrics(key varchar(250) not null, value float not null, timestamp bigint not null,
    run_uuid varchar(32) not null, step bigint default '0' not null, is_nan boolean default '0' not null,
    primary key (key, timestamp, step, run_uuid, value, is_nan));
create index index_metrics_run_uuid on metrics (run_uuid);
create table latest_metrics(key varchar(250) not null, value float not null, timestamp bigint, step bigint not null,
    is_nan boolean not null, run_uuid varchar(32) not null, primary key (key, run_uuid));
create index index_params_run_uuid on params (run_uuid);
create index index_tags_run_uuid on tags (run_uuid);
create index index_latest_metrics_run_uuid on latest_metrics (run_uuid);
"""

MAKERS: dict[str, Callable[[Path, int], int]] = {
    "mlflow": mlflow,
    "tensorboard": tensorboard,
    "plain": plain,
    "sqlite": sqlite,
}


def tree(base: Path, kind: str, runs: int) -> tuple[Path, int]:
    """The folder of that kind and size below `base`, made when it is not there, and its number of points."""
    root = base / f"{kind}-{runs}"
    note = base / f"{kind}-{runs}.points"
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(str(MAKERS[kind](root, runs)))
    return root, int(note.read_text())


if __name__ == "__main__":
    made, points = tree(Path(sys.argv[3]), sys.argv[1], int(sys.argv[2]))
    sys.stdout.write(f"{made}: {points} points\n")
