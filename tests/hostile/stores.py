"""Databases, of SQLite and RocksDB, that lie about what is in them."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Sequence

from hostile.formats import (
    rocks_log,
    rocks_table,
    snappy_literal,
    varint,
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
    f"drop table params; create view params as {ENDLESS} select 'k' || i as key, 'v' as value, 'r1' as run_uuid "
    f"from t;",
)
spoilt(
    "view-metrics",
    "metrics is a view that multiplies itself",
    "alter table metrics rename to m; create view metrics as select a.* from m a, m b, m c, m d, m e, m f, m g, "
    "m h, m i, m j, m k, m l, m o, m p;",
)
spoilt(
    "trigger",
    "triggers on every table",
    "create trigger a after insert on runs begin delete from params; end; create trigger b before delete on "
    "runs begin select raise(abort, 'x'); end;",
)
spoilt(
    "virtual-fts",
    "params is a virtual table",
    "drop table params; create virtual table params using fts5(key, value, run_uuid);",
)
spoilt(
    "generated",
    "columns that are computed from each other",
    "alter table params add column g text generated always as (printf('%.*c', 100000000, 'x')) virtual; alter "
    "table runs add column h generated always as (hex(zeroblob(100000000))) virtual;",
)
spoilt(
    "blobs",
    "blobs, text, NUL and NaN where numbers belong",
    "insert into metrics values(x'ff00', 'nan', 'yesterday', 'r1', 'x', 7), (null, null, null, null, null, "
    "null), ('loss', 9e999, 9223372036854775807, 'r1', -9223372036854775808, 'q'); insert into params "
    "values(x'fffe', x'00', 'r1'), (null, null, 'r1'); update runs set status = x'00', start_time = 'x', "
    "end_time = 9223372036854775807;",
)
spoilt("wide-value", "a value of 10 MB", "insert into params values('big', hex(zeroblob(5000000)), 'r1');")
spoilt("many-tables", "2,000 tables", "".join(f"create table t{i}(a);" for i in range(2000)))
spoilt(
    "odd-schema",
    "names with quotes, line ends and markup",
    'create table "a""b\nc<b>"("x""y\n" text); create index "i""x" on params(key); create table "sqlite "(a); '
    'create table select_("select");',
)
spoilt(
    "without-rowid",
    "params without a rowid, in an order of its own",
    "alter table params rename to p; create table params(key text, value text, run_uuid text, primary "
    "key(value, key, run_uuid)) without rowid; insert into params select * from p;",
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
    "pragma writable_schema = on; update sqlite_master set sql = replace(sql, 'key text', 'key text collate "
    "EVIL') where name = 'params'; pragma writable_schema = off;",
)
spoilt(
    "schema-garbage",
    "the schema is no SQL",
    "pragma writable_schema = on; update sqlite_master set sql = 'create table x(' || hex(zeroblob(1000)) where "
    "name = 'params'; pragma writable_schema = off;",
)
spoilt(
    "root-page",
    "two tables share a page, one lies past the end",
    "pragma writable_schema = on; update sqlite_master set rootpage = 2 where name = 'params'; update "
    "sqlite_master set rootpage = 99999 where name = 'tags'; pragma writable_schema = off;",
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
    checks=[points("loss", 3, 9)],
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
    block = varint(1 << 20) + b"\0x" + b"\xfe\1\0" * ((1 << 14) - 1) + b"\xfa\1\0"
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
    batches += [gone * 6000] * 4
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
