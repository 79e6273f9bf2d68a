"""Databases, packed files and binary logs that lie about what is in them."""

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
    rocks_log,
    rocks_table,
    scalars,
    snappy_literal,
    tfrecord,
    varint,
    wandb_file,
    zip_file,
)
from hostile.places import mlflow_db
from hostile.records import trackio_db
from hostile.scene import LR, OK, PARTIAL, SKIP, Scene, case, points

# ---- SQLite -------------------------------------------------------------------------------------------------------

ENDLESS = "with recursive t(i) as (select 1 union all select i + 1 from t)"


def spoilt(
    name: str, text: str, script: str, *, runs: tuple[int, int] = (0, 1), accept: Sequence[str] = (OK, SKIP)
) -> None:
    """A sound mlflow.db after a script."""

    def fill(c: Scene) -> None:
        db = mlflow_db(c.path("mlflow.db"))
        db.executescript(script)
        db.close()

    case(f"sqlite-{name}", PARTIAL, text, runs=runs, accept=accept)(fill)


spoilt(
    "view-params",
    "params is a view over an endless query",
    f"drop table params; create view params as {ENDLESS} select 'k' || i as key, 'v' as value, 'r1' as run_uuid from t;",
)
spoilt(
    "view-metrics",
    "metrics is a view that multiplies itself",
    "alter table metrics rename to m; create view metrics as select a.* from m a, m b, m c, m d, m e, m f, m g, m h, m i, m j, m k, m l, m o, m p;",
)
spoilt(
    "trigger",
    "triggers on every table",
    "create trigger a after insert on runs begin delete from params; end; create trigger b before delete on runs begin select raise(abort, 'x'); end;",
)
spoilt(
    "virtual-fts",
    "params is a virtual table",
    "drop table params; create virtual table params using fts5(key, value, run_uuid);",
)
spoilt(
    "generated",
    "columns that are computed from each other",
    "alter table params add column g text generated always as (printf('%.*c', 100000000, 'x')) virtual; alter table runs add column h generated always as (hex(zeroblob(100000000))) virtual;",
)
spoilt(
    "blobs",
    "blobs, text, NUL and NaN where numbers belong",
    "insert into metrics values(x'ff00', 'nan', 'yesterday', 'r1', 'x', 7), (null, null, null, null, null, null), ('loss', 9e999, 9223372036854775807, 'r1', -9223372036854775808, 'q'); insert into params values(x'fffe', x'00', 'r1'), (null, null, 'r1'); update runs set status = x'00', start_time = 'x', end_time = 9223372036854775807;",
)
spoilt("wide-value", "a value of 60 MB", "insert into params values('big', hex(zeroblob(30000000)), 'r1');")
spoilt("many-tables", "2,000 tables", "".join(f"create table t{i}(a);" for i in range(2000)))
spoilt(
    "odd-schema",
    "names with quotes, line ends and markup",
    'create table "a""b\nc<b>"("x""y\n" text); create index "i""x" on params(key); create table "sqlite "(a); create table select_("select");',
)
spoilt(
    "without-rowid",
    "params without a rowid, in an order of its own",
    "alter table params rename to p; create table params(key text, value text, run_uuid text, primary key(value, key, run_uuid)) without rowid; insert into params select * from p;",
    runs=(1, 1),
)
spoilt(
    "expression-index",
    "indexes over functions that are dear",
    "create index dear on metrics(hex(randomblob(0)) ) where 0;"
    if False
    else "create index dear on params(length(printf('%.*c', 1000000, key)));",
)
spoilt(
    "collation",
    "a column with a collation that is not there",
    "pragma writable_schema = on; update sqlite_master set sql = replace(sql, 'key text', 'key text collate EVIL') where name = 'params'; pragma writable_schema = off;",
)
spoilt(
    "schema-garbage",
    "the schema is no SQL",
    "pragma writable_schema = on; update sqlite_master set sql = 'create table x(' || hex(zeroblob(1000)) where name = 'params'; pragma writable_schema = off;",
)
spoilt(
    "root-page",
    "two tables share a page, one lies past the end",
    "pragma writable_schema = on; update sqlite_master set rootpage = 2 where name = 'params'; update sqlite_master set rootpage = 99999 where name = 'tags'; pragma writable_schema = off;",
)


@case("sqlite-wal-missing", PARTIAL, "a database in WAL mode whose log was not copied", accept=[OK, SKIP], runs=(0, 1))
def sqlite_wal_missing(c: Scene) -> None:
    db = mlflow_db(c.path("t.db"), wal=True)
    db.execute("pragma wal_checkpoint")
    db.execute("insert into params values('late', '1', 'r1')")
    c.put("mlflow.db", c.path("t.db").read_bytes())
    db.close()
    c.path("t.db").unlink()


@case(
    "sqlite-wal-garbage",
    OK,
    "a log that is garbage beside a sound database",
    checks=[LR, points("loss", 3)],
    accept=[PARTIAL],
)
def sqlite_wal_garbage(c: Scene) -> None:
    mlflow_db(c.path("mlflow.db")).close()
    for suffix in ("-wal", "-shm", "-journal"):
        c.put("mlflow.db" + suffix, c.rng.randbytes(5000))


@case(
    "sqlite-companion-odd",
    PARTIAL,
    "the log is a link, the journal a pipe",
    accept=[OK],
    checks=[LR, points("loss", 3)],
)
def sqlite_companion_odd(c: Scene) -> None:
    mlflow_db(c.path("mlflow.db")).close()
    c.link("mlflow.db-wal", c.outside / "secret.txt")
    c.fifo("mlflow.db-journal")


@case("sqlite-encrypted", SKIP, "a database of SQLCipher: no header", runs=0, accept=[PARTIAL, OK])
def sqlite_encrypted(c: Scene) -> None:
    c.put("mlflow.db", c.rng.randbytes(20_000))


@case("sqlite-cut", PARTIAL, "the last third of a database is missing", accept=[SKIP, OK], runs=(0, 1))
def sqlite_cut(c: Scene) -> None:
    db = mlflow_db(c.path("mlflow.db"))
    db.executemany("insert into metrics values('loss',?,1,'r1',?,0)", [(float(i), i) for i in range(20_000)])
    db.close()
    data = c.path("mlflow.db").read_bytes()
    c.put("mlflow.db", data[: len(data) * 2 // 3])


@case(
    "sqlite-trackio-text",
    PARTIAL,
    "rows and ids that are bytes, numbers and no UTF-8",
    accept=[OK],
    runs=(1, 9),
    checks=[points("loss", 3)],
)
def sqlite_trackio_text(c: Scene) -> None:
    odd = (b"\xff" * 32, 5, 1.5, "\0" * 32, "\u202e" * 32, b"\xed\xa0\x80" * 10 + b"ab")
    trackio_db(
        c, [(v, v, v, s, '{"loss": "NaN", "\\ud800": 1, "": 2}') for v in odd for s in (-(2**63), 2**63 - 1, "x", 1.5)]
    )


# ---- RocksDB (Aim) ------------------------------------------------------------------------------------------------

AIM = "7f4e20f7a9ec4fdb9f9297ac"
KIND = struct.pack("<Q", 1 << 8 | 1)


def aim_key(*parts: str | int) -> bytes:
    return b"".join(
        p.encode() + b"\xfe" if isinstance(p, str) else b"\xfe" + struct.pack(">Q", p) + b"\xfe" for p in parts
    )


def put(key: bytes, value: bytes) -> bytes:
    return b"\1" + varint(len(key)) + key + varint(len(value)) + value


def aim(c: Scene, name: str, data: bytes) -> None:
    """A repository with one run, whose store has also this file."""
    base = f".aim/meta/chunks/{AIM}"
    c.put(".aim/VERSION", "3")
    c.put(f".aim/seqs/chunks/{AIM}/CURRENT", "")
    batch = struct.pack("<QI", 1, 1) + put(
        aim_key("meta", "chunks", AIM, "attrs", "lr"), b"\3" + struct.pack("<d", 0.1)
    )
    c.put(f"{base}/000001.log", rocks_log(batch))
    c.put(f"{base}/{name}", data)


@case("rocks-same-block", PARTIAL, "an index that names one packed block 20,000 times", accept=[OK], checks=[LR])
def rocks_same_block(c: Scene) -> None:
    block = varint(1 << 24) + b"\0x" + b"\xfe\1\0" * ((1 << 18) - 1) + b"\xfa\1\0"
    aim(c, "000002.sst", rocks_table([(block, 1)], [0] * 20_000))


@case("rocks-long-keys", PARTIAL, "300,000 keys that share 4 MB with the one before", accept=[OK], checks=[LR])
def rocks_long_keys(c: Scene) -> None:
    size = 4 << 20
    rows = b"\0" + varint(size) + b"\0" + b"k" * size + (varint(size) + b"\0\0") * 300_000
    aim(c, "000002.sst", rocks_table([(snappy_literal(rows + struct.pack("<II", 0, 1)), 1)]))


@case("rocks-snappy-claim", PARTIAL, "a packed block that says it has 2^40 bytes", checks=[LR])
def rocks_snappy_claim(c: Scene) -> None:
    aim(
        c,
        "000002.sst",
        rocks_table([(varint(1 << 40) + b"\0x", 1), (b"", 1), (b"\xff" * 20, 1), (b"\5\xfc\xff\xff\xff\xff", 1)]),
    )


@case("rocks-zlib-bomb", PARTIAL, "a block packed by zlib that claims and holds 4 GB", accept=[OK], checks=[LR])
def rocks_zlib_bomb(c: Scene) -> None:
    body = gzip.compress(bytes(1 << 26), 9, mtime=0)[10:-8]
    aim(c, "000002.sst", rocks_table([(varint(1 << 32) + body, 2)]))


@case(
    "rocks-restarts", PARTIAL, "blocks with more restarts than bytes, none, and a hash index", accept=[OK], checks=[LR]
)
def rocks_restarts(c: Scene) -> None:
    aim(
        c,
        "000002.sst",
        rocks_table(
            [
                (b"\xff\xff\xff\x7f", 0),
                (b"", 0),
                (b"\0\0\0", 0),
                (b"\xff\xff\xff\xff", 0),
                (b"\0\0\0\0\xff\xff\0\x80", 0),
            ]
        ),
    )


@case(
    "rocks-range-deletes", PARTIAL, "thousands of deletions of ranges over thousands of keys", accept=[OK], checks=[LR]
)
def rocks_range_deletes(c: Scene) -> None:
    gone = b"\x0f\1a\1b"
    batches = [b"".join(put(b"%x" % (n * 1000 + i), b"") for i in range(1000)) for n in range(20)]
    batches += [gone * 8000] * 4
    blocks = [rocks_log(struct.pack("<QI", 100, 1) + b) for b in batches]
    aim(c, "000002.log", b"".join(b.ljust(32_768, b"\0") for b in blocks))


@case("rocks-cut", PARTIAL, "a table without its end, and one of zeros", checks=[LR])
def rocks_cut(c: Scene) -> None:
    aim(c, "000002.sst", rocks_table([(b"\0\1\0k\0\0\0\0\1\0\0\0", 0)])[:-20])
    c.put(f".aim/meta/chunks/{AIM}/000003.sst", bytes(5000))


@case(
    "aim-deep-keys",
    OK,
    "keys of 10,000 parts, numbers past 64 bits, values of every type",
    accept=[PARTIAL],
    checks=[LR],
)
def aim_deep_keys(c: Scene) -> None:
    top = aim_key("meta", "chunks", AIM)
    odd = [put(top + b"a\xfe" * n, b"\4x") for n in (63, 64, 65, 5000)]
    odd += [
        put(top + aim_key("attrs", (1 << 64) - 1), bytes([kind]) + body)
        for kind in range(12)
        for body in (b"", b"\xff" * 8, b"x")
    ]
    odd += [
        put(b"\xfe" * 30, b"\6"),
        put(top + aim_key("attrs"), b"\6"),
        put(top + aim_key("end_time"), b"\3" + struct.pack("<d", 1e300)),
    ]
    aim(c, "000002.log", rocks_log(struct.pack("<QI", 9, 1) + b"".join(odd)))


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


@case("tf-values-1e5", OK, "one record with 30,000 tags", accept=[PARTIAL], checks=[points("loss", 20)])
def tf_values(c: Scene) -> None:
    many = b"".join(pb(1, 2, pb(1, 2, b"t%d" % i) + pb(2, 5, b"\0\0\0\0")) for i in range(30_000))
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


@case("tf-wrong-types", PARTIAL, "fields of a wrong wire type everywhere", accept=[OK], checks=[points("loss", 20)])
def tf_wrong_types(c: Scene) -> None:
    bodies = [key + 0 * b"" for key in ()]
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
table("times", "instants, days and times that no calendar shows", parquet(pl.DataFrame({
    "step": [0, 1, 2], "loss": [1.0, 2.0, 3.0],
    **{f"t{u}": EDGE.cast(pl.Datetime(u)) for u in ("ns", "us", "ms")},
    "day": pl.Series([2**31 - 1, -(2**31), 0], dtype=pl.Int32).cast(pl.Date),
    "span": EDGE.cast(pl.Duration("ms")),
})))  # fmt: skip
table(
    "long-texts",
    "one text of 1 MB, 20,000 times",
    parquet(
        pl.DataFrame({"step": range(20_000)}).with_columns(note=pl.lit("x" * (1 << 20)).cast(pl.Categorical), loss=1.0)
    ),
)
table(
    "many-rows",
    "50,000,000 rows in some kilobytes",
    parquet(pl.DataFrame({"step": [0]}).with_columns(loss=1.0).select(pl.all().repeat_by(20_000_000).explode())),
)
table(
    "nested",
    "lists and structures inside each other",
    parquet(pl.DataFrame({"step": [0], "loss": [1.0], "x": [[[[{"a": [{"b": [1]}]}]]]]})),
)
table("odd-types", "128 bits, decimals, bytes, nulls, categories", parquet(pl.DataFrame({
    "step": [0, 1], "dec": pl.Series(["1.5", "2.5"]).cast(pl.Decimal(38, 9)), "raw": [b"\xff", b""], "none": [None, None],
    "u64": pl.Series([2**64 - 1, 0], dtype=pl.UInt64), "cat": pl.Series(["a", "b"], dtype=pl.Categorical), "yes": [True, None],
})))  # fmt: skip


@case(
    "parquet-lies",
    PARTIAL,
    "a footer past the file, of 4 GB, of garbage; and a file cut in half",
    accept=[OK],
    checks=[LR],
)
def parquet_lies(c: Scene) -> None:
    good = parquet(pl.DataFrame({"step": range(1000), "loss": [1.0] * 1000}))
    for number, data in enumerate((
        b"PAR1" + struct.pack("<I", 0xFFFFFFFF) + b"PAR1", b"PAR1" + b"\xff" * 100 + struct.pack("<I", 100) + b"PAR1",
        good[: len(good) // 2], good[:200] + bytes(100) + good[300:], good[:-40] + bytes(20) + good[-20:], b"PAR1PAR1", b"PARE",
    )):  # fmt: skip
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
    flow(c, {
        "a": f"cbuiltins\nopen\n(V{c.sentinel}\nVw\ntR.".encode(), "b": pickle.dumps(shared), "c": pickle.dumps(loop),
        "d": pickle.dumps(7**20_000), "e": b"\x80\x04" + b"]" * 90_000 + b"a" * 89_999 + b".", "f": gzip.compress(bytes(1 << 28)),
        "g": pickle.dumps({"loss": float("nan"), "k": 10**400}), "h": b"", "i": b"\x80\xff.", "j": pickle.dumps("\ud800"),
        "k": pickle.dumps([{"step": 2**70, "loss": 10**400}, {"step": -1, "loss": None}]), "l": b"(" * 1000 + b".", "m": b"0.", "n": b"}]Na.",
    })  # fmt: skip


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
