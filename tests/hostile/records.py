"""Logs of trackers that keep a JSON text a line, or a row: deep, wide, odd, endless, and from broken clocks."""

from __future__ import annotations

import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterator

from hostile.formats import zip_file
from hostile.scene import OK, PARTIAL, SKIP, Scene, case, param, points

DEPTHS = (60, 100, 200, 400, *range(860, 1000))
"""The standard library's parser gives up near 1,000 levels, what walks its result some levels earlier."""
YEARS = ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59", "99999-01-01T00:00:00", "0000-00-00", "")


def deep(depth: int) -> str:
    return "[" * depth + "]" * depth


def deep_map(depth: int) -> str:
    return '{"a": ' * depth + "1" + "}" * depth


# ---- a healthy run of each tracker, with more lines before and after ---------------------------------------------


def neptune(c: Scene, *lines: str, root: str = "", metadata: str = "{}") -> str:
    base = f"{root}.neptune/offline/run__cf02a2a9-97fb-4410-9267-3004ded60cd3__27845__yfhgly8s"
    rows = [
        '{"obj": {"type": "AssignFloat", "path": ["parameters", "lr"], "value": 0.1}, "version": 1}',
        *(
            json.dumps(
                {"obj": {"type": "LogFloats", "path": ["loss"], "values": [{"value": 1.0, "step": i, "ts": 1e9}]}}
            )
            for i in range(3)
        ),
    ]
    c.put(f"{base}/data-1.log", "\n".join([*rows, *lines]) + "\n")
    c.put(f"{base}/metadata.json", metadata)
    return base


def ray(c: Scene, *lines: str) -> str:
    base = "exp/fn_b5728_00000_0_2026-11-23_04-59-48"
    rows = [json.dumps({"loss": 1.0, "training_iteration": i, "trial_id": "b5728_00000"}) for i in range(1, 4)]
    c.put(f"{base}/params.json", '{"lr": 0.1}')
    c.put(f"{base}/result.json", "\n".join([*rows, *lines]) + "\n")
    return base


def optuna(c: Scene, *lines: str) -> None:
    made = [
        {"op_code": 0, "worker_id": "w", "study_name": "s", "directions": [1]},
        {"op_code": 4, "worker_id": "w", "study_id": 0, "datetime_start": "2023-11-14T22:13:20"},
        {"op_code": 5, "worker_id": "w", "trial_id": 0, "param_name": "lr", "param_value_internal": 0.1,
         "distribution": '{"name": "FloatDistribution", "attributes": {}}'},
        *({"op_code": 7, "worker_id": "w", "trial_id": 0, "step": i, "intermediate_value": 1.0} for i in range(3)),
    ]  # fmt: skip
    c.put("journal.log", "\n".join([*map(json.dumps, made), *lines]) + "\n")


def comet(c: Scene, *lines: str, experiment: str = "{}", more: Callable[[], bytes] | None = None) -> None:
    rows = [
        {"payload": {"param": {"paramName": "lr", "paramValue": 0.1}}, "type": "parameter_msg"},
        *(
            {"payload": {"metric": {"metricName": "loss", "metricValue": 1.0, "step": i}}, "type": "metric_msg"}
            for i in range(3)
        ),
    ]
    text = "\n".join([*map(json.dumps, rows), *lines]) + "\n"
    members = [("experiment.json", experiment.encode()), ("messages.json", text.encode("utf-8", "surrogatepass"))]
    c.put("83d34f98a37f42d6b55dd97f549d2a26.zip", zip_file(members))


def clearml(c: Scene, *lines: str, task: str = "") -> str:
    base = "offline-9fd24dd2a60747e7b9f3e16f04b270cd"
    own = '"id": "offline-9fd24dd2a60747e7b9f3e16f04b270cd", "offline_folder": "x"'
    params = '"hyperparams": {"Args": {"lr": {"value": "0.1"}' + (f", {task}" if task else "") + "}}"
    c.put(f"{base}/task.json", f"{{{own}, {params}}}")
    rows = [
        json.dumps([{"type": "training_stats_scalar", "metric": "loss", "variant": "", "value": 1.0, "iter": i}])
        for i in range(3)
    ]
    c.put(f"{base}/metrics.jsonl", "\n".join([*rows, *lines]) + "\n")
    return base


def trackio_db(
    c: Scene, rows: Iterator[tuple[object, ...]] | list[tuple[object, ...]], config: str = '{"lr": 0.1}'
) -> None:
    with sqlite3.connect(c.path("project.db"), isolation_level=None) as db:
        db.execute("pragma synchronous=off")
        db.execute("create table metrics(id integer primary key, run_id, timestamp, run_name, step, metrics)")
        db.execute("create table configs(id integer primary key, run_id, run_name, config, created_at)")
        db.execute("insert into configs values(1, ?, 'run', cast(? as text), '')", ("a" * 32, config))
        good = [("a" * 32, "2023-11-14T22:13:20", "run", i, '{"loss": 1.0}') for i in range(3)]
        db.execute("begin")
        db.executemany(
            "insert into metrics(run_id, timestamp, run_name, step, metrics) values(?,?,?,?,?)", [*good, *rows]
        )
        db.execute("commit")
    db.close()


# ---- deep ---------------------------------------------------------------------------------------------------------


@case(
    "deep-neptune",
    PARTIAL,
    "values that are nested near the limit of the parser",
    accept=[OK],
    checks=[points("loss", 3), param("lr", "0.1")],
)
def deep_neptune(c: Scene) -> None:
    lines = [
        f'{{"obj": {{"type": "AssignX", "path": ["{a}", "k{d}"], "value": {deep(d)}}}}}'
        for d in DEPTHS
        for a in ("parameters", "sys", "o")
    ]
    neptune(c, *lines, *(f'{{"obj": {{"type": "AssignX", "path": ["o"], "value": {deep_map(d)}}}}}' for d in DEPTHS))


@case(
    "deep-ray",
    PARTIAL,
    "a config and columns that are nested near the limit of the parser",
    accept=[OK],
    checks=[points("loss", 3)],
)
def deep_ray(c: Scene) -> None:
    base = ray(
        c,
        *(
            f'{{"trial_id": "b", "done": {deep(d)}, "m{d}": {deep_map(d)}, "config": {{"a": {deep(d)}}}}}'
            for d in DEPTHS
        ),
    )
    c.path(base + "/params.json").unlink()


@case(
    "deep-optuna",
    PARTIAL,
    "attributes and choices that are nested near the limit of the parser",
    accept=[OK],
    runs=(2, 9),
    checks=[points("intermediate_value", 3), param("lr", "0.1")],
)
def deep_optuna(c: Scene) -> None:
    optuna(
        c,
        *(f'{{"op_code": {code}, "worker_id": "w", "trial_id": 0, "study_id": 0, "{kind}_attr": {{"d{d}": {deep(d)}}}}}'
          for d in DEPTHS for code, kind in ((2, "user"), (3, "system"), (8, "user"), (9, "system"))),
        *(f'{{"op_code": 4, "worker_id": "w", "study_id": 0, "user_attrs": {{"d": {deep_map(d)}}}, '
          f'"params": {{"p": {deep(d)}}}, "distributions": {{"p": {deep(d)}}}}}' for d in DEPTHS),
    )  # fmt: skip


@case(
    "deep-comet",
    PARTIAL,
    "params and others that are nested near the limit of the parser",
    accept=[OK],
    checks=[points("loss", 3), param("lr", "0.1")],
)
def deep_comet(c: Scene) -> None:
    lines = [f'{{"payload": {{"param": {{"paramName": "p{d}", "paramValue": {deep(d)}}}}}}}' for d in DEPTHS]
    lines += [f'{{"type": "log_other", "payload": {{"key": "k{d}", "value": {deep_map(d)}}}}}' for d in DEPTHS]
    comet(c, *lines)


@case(
    "deep-clearml",
    PARTIAL,
    "events that are nested near the limit of the parser",
    accept=[OK],
    checks=[points("loss", 3)],
)
def deep_clearml(c: Scene) -> None:
    clearml(c, *map(deep, DEPTHS), *map(deep_map, DEPTHS), task='"deep": {"value": ' + deep(55) + "}")


@case(
    "deep-trackio",
    PARTIAL,
    "rows that are nested near the limit of the parser",
    accept=[OK],
    checks=[points("loss", 3), param("lr", "0.1")],
)
def deep_trackio(c: Scene) -> None:
    trackio_db(c, [("a" * 32, "2023-11-14T22:13:20", "run", 9, text(d)) for d in DEPTHS for text in (deep, deep_map)])


@case(
    "deep-jsonl",
    PARTIAL,
    "a table of lines that are nested near the limit of the parser",
    accept=[OK],
    checks=[param("lr", "0.1")],
)
def deep_jsonl(c: Scene) -> None:
    c.put("run/params.json", '{"lr": 0.1}')
    good = [json.dumps({"step": i, "loss": 1.0}) for i in range(3)]
    c.put(
        "run/metrics.jsonl", "\n".join([*good, *(f'{{"step": 9, "x": {deep_map(d)}, "y": {deep(d)}}}' for d in DEPTHS)])
    )


@case(
    "deep-sb3", PARTIAL, "a monitor whose head is nested near the limit of the parser", accept=[OK, SKIP], runs=(0, 1)
)
def deep_sb3(c: Scene) -> None:
    for d in (100, 500, *range(940, 990)):
        c.put(f"run/{d}.monitor.csv", f'#{{"t_start": {deep_map(d)}, "env_id": "x"}}\nr,l,t\n1.0,10,0.5\n')


# ---- numbers that don't fit ---------------------------------------------------------------------------------------


@case(
    "num-monitor-lengths",
    PARTIAL,
    "episodes of 9e18 steps each: their sum is past 64 bits",
    accept=[OK],
    checks=[points("monitor/r", 1)],
)
def num_monitor_lengths(c: Scene) -> None:
    c.put(
        "run/monitor.csv", '#{"t_start": 1700000000.0, "env_id": "x"}\nr,l,t\n' + "1.0,9e18,0.5\n" * 3 + "nan,nan,nan\n"
    )


@case(
    "num-int-digits-lines", PARTIAL, "integers of 4,000 digits in every line", accept=[OK], checks=[points("loss", 4)]
)
def num_int_digits_lines(c: Scene) -> None:
    big = "9" * 4000
    neptune(
        c,
        f'{{"obj": {{"type": "LogFloats", "path": ["loss"], '
        f'"values": [{{"value": {big}, "step": {big}, "ts": {big}}}]}}}}',
    )


@case(
    "num-optuna-odd",
    PARTIAL,
    "steps, states, trials and studies that cannot be",
    accept=[OK],
    checks=[points("intermediate_value", 3), param("lr", "0.1")],
)
def num_optuna_odd(c: Scene) -> None:
    codes: list[object] = [-1, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 1e9, None, "4", []]
    numbers: list[object] = [-1, 2**64, 99, None, "x", 1.5, []]
    rows = [
        {
            "op_code": code,
            "worker_id": "w",
            "trial_id": t,
            "study_id": t,
            "step": s,
            "intermediate_value": "x",
            "state": t,
            "values": [s, None, "nan"],
            "directions": [t],
            "study_name": None,
            "param_name": t,
            "param_value_internal": s,
            "distribution": t,
            "user_attr": t,
            "system_attr": [t],
        }
        for code in codes
        for t in numbers
        for s in (2**63, float("nan"), float("inf"), None)
    ]
    optuna(c, *map(json.dumps, rows))


@case(
    "num-ray-odd",
    PARTIAL,
    "steps, times and durations that cannot be",
    accept=[OK],
    checks=[points("loss", 4, 40), param("lr", "0.1")],
)
def num_ray_odd(c: Scene) -> None:
    odd: tuple[object, ...] = (-1, 2**63, 2**64, float("nan"), float("inf"), 1e300, None, "x", [], {})
    ray(
        c,
        *(
            json.dumps({"loss": 1.0, "training_iteration": v, "timestamp": v, "time_total_s": v, "trial_id": v})
            for v in odd
        ),
    )


@case("num-jsonl-keys", OK, "4,000 keys in one line", accept=[PARTIAL], checks=[param("lr", "0.1")])
def num_jsonl_keys(c: Scene) -> None:
    c.put("run/params.json", '{"lr": 0.1}')
    c.put("run/metrics.jsonl", json.dumps({"step": 0} | {f"k{i}": i for i in range(4_000)}) + "\n")


@case("num-csv-columns", PARTIAL, "21,000 columns", accept=[OK], checks=[param("lr", "0.1")])
def num_csv_columns(c: Scene) -> None:
    c.plain(metrics="step," + ",".join(f"c{i}" for i in range(21_000)) + "\n" + ("0" + ",1" * 30_000 + "\n") * 2)


@case(
    "num-csv-spellings",
    OK,
    "NaN, infinities and numbers in every spelling",
    accept=[PARTIAL],
    checks=[points("loss", 6, 14)],
)
def num_csv_spellings(c: Scene) -> None:
    words = (
        "nan",
        "NaN",
        "-nan",
        "inf",
        "-Inf",
        "+Infinity",
        "1e999",
        "-1e999",
        "1_000",
        "0x10",
        "١٢",
        "1e-999",
        "1.0f",
        "NULL",
    )
    c.plain(metrics="step,loss\n" + "".join(f"{i},{word}\n" for i, word in enumerate(words)))


@case("num-csv-cr-only", OK, "CR alone ends the lines", accept=[PARTIAL], checks=[points("loss", 3)])
def num_csv_cr_only(c: Scene) -> None:
    c.plain(metrics="step,loss\r0,1.0\r1,0.5\r2,0.25\r")


# ---- clocks -------------------------------------------------------------------------------------------------------


@case(
    "time-edges-iso",
    OK,
    "years 1, 9999 and 99999 with zones that lead past them",
    accept=[PARTIAL],
    runs=(len(YEARS), 4 * len(YEARS)),
)
def time_edges_iso(c: Scene) -> None:
    for number, year in enumerate(YEARS):
        neptune(c, root=f"n{number}/", metadata=json.dumps({"createdAt": year, "containerId": f"r{number}"}))
        run = {
            "start_time": year,
            "stop_time": year,
            "heartbeat": year,
            "experiment": {"name": "x"},
            "status": "COMPLETED",
        }
        c.put(f"s{number}/1/run.json", json.dumps(run | {"resources": []}))
        c.put(f"s{number}/1/config.json", json.dumps({"lr": number}))
        lines = [{"op_code": 0, "worker_id": "w", "study_name": f"s{number}", "directions": [1]},
                 {"op_code": 4, "worker_id": "w", "study_id": 0, "datetime_start": year,
                  "datetime_complete": year}]  # fmt: skip
        c.put(f"o{number}/journal.log", "".join(json.dumps(line) + "\n" for line in lines))


@case(
    "time-edges-trackio",
    OK,
    "rows of the years 1, 9999 and 99999",
    accept=[PARTIAL],
    checks=[points("loss", 3 + len(YEARS))],
)
def time_edges_trackio(c: Scene) -> None:
    rows: list[tuple[object, ...]] = [("a" * 32, year, "run", 5 + i, '{"loss": 1.0}') for i, year in enumerate(YEARS)]
    trackio_db(c, rows, config=json.dumps({"lr": 0.1, "_Created": YEARS[0]}))


# ---- zips ---------------------------------------------------------------------------------------------------------


@case("zip-bomb-comet", PARTIAL, "messages.json of 150 MB of blanks in a zip of 150 kB", accept=[SKIP], runs=(0, 1))
def zip_bomb_comet(c: Scene) -> None:
    c.put(
        "83d34f98a37f42d6b55dd97f549d2a26.zip",
        zip_file([("experiment.json", b"{}"), ("messages.json", bytes(150 << 20))]),
    )


@case(
    "zip-lzma-garbage",
    PARTIAL,
    "members said to be packed by LZMA and bzip2, which they are not",
    accept=[SKIP],
    runs=(0, 2),
)
def zip_lzma_garbage(c: Scene) -> None:
    for number, kind in enumerate((zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)):
        data = zip_file([("experiment.json", b"{}" * 200), ("messages.json", b"[]" * 200)], kind)
        at = data.index(b"experiment.json") + 15 + 9
        c.put(f"{number}3d34f98a37f42d6b55dd97f549d2a26.zip", data[:at] + bytes([0xA5]) * 12 + data[at + 12 :])


@case("zip-offsets-2p63", PARTIAL, "a directory whose members lie past 2^63", accept=[SKIP], runs=(0, 1))
def zip_offsets(c: Scene) -> None:
    data = zip_file([("experiment.json", b"{}"), ("messages.json", b"{}")])
    at = data.index(b"PK\x01\x02")
    entries = b""
    for name in (b"experiment.json", b"messages.json"):
        more = struct.pack("<HHQ", 1, 8, (1 << 64) - 8)
        entries += (
            struct.pack(
                "<4sHHHHHHIIIHHHHHII",
                b"PK\x01\x02",
                45,
                45,
                0,
                0,
                0,
                33,
                0,
                2,
                2,
                len(name),
                len(more),
                0,
                0,
                0,
                0,
                0xFFFFFFFF,
            )
            + name
            + more
        )
    c.put(
        "83d34f98a37f42d6b55dd97f549d2a26.zip",
        data[:at] + entries + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2, 2, len(entries), at, 0),
    )


@case("zip-names", OK, "absolute names, .. and NUL beside the members that are read", accept=[PARTIAL])
def zip_names(c: Scene) -> None:
    names = ["/etc/passwd", "../../../x", "C:\\x", "a\nb", "x" * 60_000, "experiment.json/.."]
    members = [("experiment.json", b"{}"), ("messages.json", b"{}"), *((n, b"x") for n in names)]
    c.put("83d34f98a37f42d6b55dd97f549d2a26.zip", zip_file(members))


@case("zip-encrypted", PARTIAL, "members that need a password", accept=[SKIP], runs=(0, 1))
def zip_encrypted(c: Scene) -> None:
    data = bytearray(zip_file([("experiment.json", b"{}"), ("messages.json", b"{}")]))
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + at] |= 1
            place = data.find(mark, place + 1)
    c.put("83d34f98a37f42d6b55dd97f549d2a26.zip", bytes(data))


@case(
    "zip-overlapping",
    PARTIAL,
    "50,000 entries of one directory lead to the same member",
    accept=[OK, SKIP],
    runs=(0, 1),
)
def zip_overlapping(c: Scene) -> None:
    data = zip_file([("experiment.json", b"{}"), ("messages.json", b"{}")])
    at, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\5\6")
    entries = data[at:end] * 25_000
    c.put(
        "83d34f98a37f42d6b55dd97f549d2a26.zip",
        data[:at] + entries + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 50_000, 50_000, len(entries), at, 0),
    )
