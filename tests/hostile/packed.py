"""Event files, logs in blocks, Parquet files and pickles that lie about what is in them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import pickle
import struct
from collections.abc import Sequence

import polars as pl

from hostile.formats import (
    pb,
    scalars,
    tfrecord,
    varint,
    wandb_file,
    zip_file,
)
from hostile.scene import LR, OK, PARTIAL, SKIP, Scene, case, points

# ---- event files --------------------------------------------------------------------------------------------------


def shape(*sizes: int) -> bytes:
    return pb(2, 2, b"".join(pb(2, 2, pb(1, 0, varint(size))) for size in sizes))


def tensor_event(tensor: bytes, tag: str = "loss") -> bytes:
    return tfrecord(pb(2, 0, varint(1)) + pb(5, 2, pb(1, 2, pb(1, 2, tag.encode()) + pb(8, 2, tensor))))


@case("tf-shape-1e5", OK, "a tensor of 100,000 dimensions of 2^62 each", accept=[PARTIAL], checks=[points("loss", 20)])
def tf_shape(c: Scene) -> None:
    c.tb(records=[*scalars(20), tensor_event(pb(1, 0, varint(1)) + shape(*[1 << 62] * 100_000), "big")])


@case(
    "tf-shape-negative", OK, "tensors with dimensions of -1, 0 and -2^63", accept=[PARTIAL], checks=[points("loss", 20)]
)
def tf_shape_negative(c: Scene) -> None:
    odd = (shape(-1), shape(0), shape(-(1 << 63), -1), shape(-1, -1), pb(2, 2, pb(3, 0, varint(1))))
    c.tb(
        records=[
            *scalars(20),
            *(
                tensor_event(pb(1, 0, varint(k)) + s + pb(4, 2, b"\0" * 4), f"t{k}")
                for s in odd
                for k in (0, 1, 2, 9, 99, 1 << 40)
            ),
        ]
    )


@case("tf-strings-1e5", OK, "a text of 100,000 empty strings", accept=[PARTIAL], checks=[points("loss", 20)])
def tf_strings(c: Scene) -> None:
    c.tb(records=[*scalars(20), tensor_event(pb(1, 0, varint(7)) + pb(8, 2, b"") * 100_000, "text")])


@case("tf-values", OK, "one record with 3,000 tags", accept=[PARTIAL], checks=[points("loss", 20)])
def tf_values(c: Scene) -> None:
    many = b"".join(pb(1, 2, pb(1, 2, b"t%d" % i) + pb(2, 5, b"\0\0\0\0")) for i in range(3_000))
    c.tb(records=[*scalars(20), tfrecord(pb(5, 2, many))])


@case("tf-groups", PARTIAL, "groups of the old encoding inside each other", accept=[OK], checks=[points("loss", 40)])
def tf_groups(c: Scene) -> None:
    c.tb(
        records=[
            *scalars(20),
            tfrecord(b"\x2b" * 5000),
            tfrecord(b"\x2c" * 50),
            tfrecord(pb(5, 2, b"\x0b" * 500)),
            *scalars(20),
        ]
    )


@case("tf-zero-records", OK, "10,000 records of no bytes", accept=[PARTIAL], checks=[points("loss", 20)])
def tf_zero_records(c: Scene) -> None:
    c.tb(records=[*scalars(20), tfrecord(b"") * 10_000])


@case("tf-wrong-types", PARTIAL, "fields of a wrong wire type everywhere", accept=[OK], checks=[points("loss", 20, 30)])
def tf_wrong_types(c: Scene) -> None:
    bodies: list[bytes] = []
    for field in range(1, 9):
        bodies += [
            pb(field, 0, varint(1 << 63)),
            pb(field, 1, b"\xff" * 8),
            pb(field, 5, b"\xff" * 4),
            pb(field, 2, b"\xff\xff"),
        ]
    records = [tfrecord(b) for b in bodies]
    records += [tfrecord(pb(5, 2, b)) for b in bodies] + [tfrecord(pb(5, 2, pb(1, 2, b))) for b in bodies]
    records += [tensor_event(b) for b in bodies]
    hparams = pb(1, 2, b"_hparams_/session_start_info")
    records += [
        tfrecord(pb(5, 2, pb(1, 2, hparams + pb(9, 2, pb(1, 2, pb(1, 2, b"hparams") + pb(2, 2, b)))))) for b in bodies
    ]
    records += [
        tfrecord(pb(5, 2, pb(1, 2, hparams + pb(9, 2, pb(1, 2, pb(1, 2, b"hparams") + pb(2, 2, pb(3, 2, b)))))))
        for b in bodies
    ]
    c.tb(records=[*scalars(20), *records])


@case(
    "tf-names-odd",
    OK,
    "event files by odd names, a folder, a link and a pipe among them",
    accept=[PARTIAL],
    checks=[points("loss", 20)],
)
def tf_names(c: Scene) -> None:
    c.tb()
    c.path("run/events.out.tfevents.1.folder").mkdir()
    c.link("run/events.out.tfevents.2.link", c.outside / "secret.txt")
    c.fifo("run/events.out.tfevents.3.pipe")
    c.put("run/events.out.tfevents." + "9" * 100, b"")
    c.put("run/events.out.tfevents.\u202egpj.x\n", b"")


# ---- logs in blocks -----------------------------------------------------------------------------------------------


def item(key: bytes, value: bytes, field: int = 1) -> bytes:
    return pb(field, 2, pb(1, 2, key) + pb(16, 2, value))


def wandb_log(name: str, text: str, records: Sequence[bytes]) -> None:
    """The log of a run whose config file is sound."""

    def fill(c: Scene) -> None:
        data = wandb_file([(r, 1, 0) for r in records])
        c.put(c.wandb() + "/run-abcd1234.wandb", data)

    case(f"wandb-{name}", PARTIAL, text, accept=[OK])(fill)


wandb_log(
    "groups",
    "groups and unknown fields in records",
    [b"\x13" * 100, pb(2, 3, b""), b"\x12\x03\x0b\x0b\x0b", pb(17, 2, b"\xff" * 30)],
)
wandb_log(
    "deep-json",
    "values nested near the parser's limit",
    [
        pb(2, 2, item(b"k%d" % d, b"[" * d + b"]" * d) + item(b"m%d" % d, b'{"a":' * d + b"1" + b"}" * d))
        for d in (60, 70, 500, *range(930, 996, 3))
    ],
)
wandb_log(
    "deep-config",
    "a config nested near the parser's limit",
    [pb(17, 2, pb(4, 2, item(b"k%d" % d, b'{"a":' * d + b"1" + b"}" * d))) for d in (60, 70, 500, *range(930, 996, 5))],
)
wandb_log(
    "steps",
    "steps that are negative, past 64 bits, text and not there",
    [
        pb(2, 2, item(b"loss", b"1.0") + item(b"_step", s) + item(b"_timestamp", s))
        for s in (b"-1", b"9223372036854775808", b'"x"', b"null", b"NaN", b"1e400", b"[]", b"9" * 5000)
    ],
)
wandb_log(
    "times",
    "a start in the year 300,000 and before the year 1",
    [pb(17, 2, pb(17, 2, pb(1, 0, varint(s)))) for s in (1 << 43, -(1 << 43), (1 << 63) - 1)],
)
wandb_log(
    "keys",
    "keys that are empty, nested, twice, and no UTF-8",
    [
        pb(2, 2, b"".join(item(k, b"1") for k in (b"", b"\xff", b"a", b"a", b"a.b", b"\0", b"\n", b"x" * 20_000))),
        pb(2, 2, pb(1, 2, pb(2, 2, b"a") * 3000 + pb(16, 2, b"1"))),
    ],
)


@case("swanlab-garbage", SKIP, "a SwanLab log of garbage, and one of zeros", runs=(0, 2), accept=[PARTIAL, OK])
def swanlab_garbage(c: Scene) -> None:
    c.put("a/run-20261124_041036-zqb0oe8w/run-zqb0oe8w.swanlab", c.rng.randbytes(70_000))
    c.put("b/run-20261124_041036-zqb0oe8x/run-zqb0oe8x.swanlab", bytes(70_000))


# ---- Parquet ------------------------------------------------------------------------------------------------------


def parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def table(name: str, text: str, data: bytes) -> None:
    def fill(c: Scene) -> None:
        c.put("run/params.json", '{"lr": 0.1}')
        c.put("run/metrics.parquet", data)

    case(f"parquet-{name}", PARTIAL, text, accept=[OK], checks=[LR])(fill)


EDGE = pl.Series("v", [2**63 - 1, -(2**63), 0], dtype=pl.Int64)
table(
    "times",
    "instants, days and times that no calendar shows",
    parquet(
        pl.DataFrame(
            {
                "step": [0, 1, 2],
                "loss": [1.0, 2.0, 3.0],
                **{f"t{u}": EDGE.cast(pl.Datetime(u)) for u in ("ns", "us", "ms")},
                "day": pl.Series([2**31 - 1, -(2**31), 0], dtype=pl.Int32).cast(pl.Date),
                "span": EDGE.cast(pl.Duration("ms")),
            }
        )
    ),
)
table(
    "long-texts",
    "one text of 1 MB, 2,000 times",
    parquet(
        pl.DataFrame({"step": range(2_000)}).with_columns(note=pl.lit("x" * (1 << 20)).cast(pl.Categorical), loss=1.0)
    ),
)
table(
    "many-rows",
    "60,000 rows in some kilobytes",
    parquet(
        pl.DataFrame({"step": [0]})
        .with_columns(loss=1.0)
        .select(pl.all().repeat_by(60_000).explode(empty_as_null=True))
    ),
)
table(
    "nested",
    "lists and structures inside each other",
    parquet(pl.DataFrame({"step": [0], "loss": [1.0], "x": [[[[{"a": [{"b": [1]}]}]]]]})),
)
table(
    "odd-types",
    "128 bits, decimals, bytes, nulls, categories",
    parquet(
        pl.DataFrame(
            {
                "step": [0, 1],
                "dec": pl.Series(["1.5", "2.5"]).cast(pl.Decimal(38, 9)),
                "raw": [b"\xff", b""],
                "none": [None, None],
                "u64": pl.Series([2**64 - 1, 0], dtype=pl.UInt64),
                "cat": pl.Series(["a", "b"], dtype=pl.Categorical),
                "yes": [True, None],
            }
        )
    ),
)


@case(
    "parquet-lies",
    PARTIAL,
    "a footer past the file, of 4 GB, of garbage; and a file cut in half",
    runs=7,
    accept=[OK],
    checks=[LR],
)
def parquet_lies(c: Scene) -> None:
    good = parquet(pl.DataFrame({"step": range(1000), "loss": [1.0] * 1000}))
    for number, data in enumerate(
        (
            b"PAR1" + struct.pack("<I", 0xFFFFFFFF) + b"PAR1",
            b"PAR1" + b"\xff" * 100 + struct.pack("<I", 100) + b"PAR1",
            good[: len(good) // 2],
            good[:200] + bytes(100) + good[300:],
            good[:-40] + bytes(20) + good[-20:],
            b"PAR1PAR1",
            b"PARE",
        )
    ):
        c.put(f"{number}/params.json", '{"lr": 0.1}')
        c.put(f"{number}/metrics.parquet", data)


# ---- pickles ------------------------------------------------------------------------------------------------------


def flow(c: Scene, artifacts: dict[str, bytes]) -> None:
    """A run of Metaflow that kept these."""
    base = ".metaflow/Flow/17"
    c.put(f"{base}/_meta/_self.json", '{"flow_id": "Flow", "run_number": "17", "ts_epoch": 1700000000000}')
    kept = {"_task_ok": pickle.dumps(True), "_success": pickle.dumps(True), **artifacts}
    objects = {}
    for name, data in kept.items():
        digest = hashlib.sha1(name.encode()).hexdigest()
        objects[name] = digest
        c.put(f".metaflow/Flow/data/{digest[:2]}/{digest}", data if data[:2] == b"\x1f\x8b" else gzip.compress(data))
    for step, number in (("_parameters", 1), ("start", 2), ("end", 3)):
        c.put(f"{base}/{step}/{number}/0.data.json", json.dumps({"objects": objects, "info": {}}))


@case("pickle-flow", OK, "artifacts that would run, grow, loop, or hold 10,000 digits", accept=[PARTIAL])
def pickle_flow(c: Scene) -> None:
    shared: object = ["x"]
    for _ in range(40):
        shared = [shared, shared]
    loop: list[object] = []
    loop.append(loop)
    flow(
        c,
        {
            "a": f"cbuiltins\nopen\n(V{c.sentinel}\nVw\ntR.".encode(),
            "b": pickle.dumps(shared),
            "c": pickle.dumps(loop),
            "d": pickle.dumps(7**20_000),
            "e": b"\x80\x04" + b"]" * 90_000 + b"a" * 89_999 + b".",
            "f": gzip.compress(bytes(1 << 28)),
            "g": pickle.dumps({"loss": float("nan"), "k": 10**400}),
            "h": b"",
            "i": b"\x80\xff.",
            "j": pickle.dumps("\ud800"),
            "k": pickle.dumps([{"step": 2**70, "loss": 10**400}, {"step": -1, "loss": None}]),
            "l": b"(" * 1000 + b".",
            "m": b"0.",
            "n": b"}]Na.",
        },
    )


@case("pickle-trainer-args", OK, "training arguments of 10,000 digits, half characters and a call", accept=[PARTIAL])
def pickle_trainer_args(c: Scene) -> None:
    state = {"global_step": 1, "log_history": [{"step": 1, "loss": 0.5}], "best_model_checkpoint": None}
    c.put("out/trainer_state.json", json.dumps(state))
    args = {
        "lr": 0.1,
        "big": 7**20_000,
        "note": "\ud800",
        "\udfff": 1,
        "bytes": b"x",
        "loss": float("inf"),
        "deep": [[[[1]]]],
    }
    c.put("out/training_args.bin", zip_file([("archive/data.pkl", pickle.dumps(args))]))


@case(
    "zip-keras-lies",
    OK,
    "models whose zip is damaged, packed by LZMA, or a bomb",
    accept=[PARTIAL],
    checks=[points("loss", 3)],
)
def zip_keras_lies(c: Scene) -> None:
    for number, kind in enumerate((8, 12, 14)):
        c.put(f"{number}/training.log", "epoch,loss\n0,1.0\n1,0.5\n2,0.25\n")
        data = zip_file([("config.json", b"[" * 900 + b"]" * 900), ("metadata.json", b" " * 70_000_000)], kind)
        c.put(f"{number}/model.keras", data)
        c.put(f"{number}/broken.keras", data[:60] + b"\xa5" * 20 + data[80:])
