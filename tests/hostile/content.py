"""Files whose content is hostile or broken: code, YAML, JSON, tables, event files, W&B logs."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence

from hostile.formats import (
    T0,
    TFHEAD,
    TFNAME,
    event,
    nested,
    pb,
    pickle_bomb,
    scalars,
    tfrecord,
    varint,
    wandb_file,
)
from hostile.scene import LR, OK, PARTIAL, SKIP, Scene, case, param, points

# ---- exec: nothing in a folder may run -----------------------------------------


@case(
    "exec-pickle-artifact",
    OK,
    "model.pkl would write a file when unpickled; list it as an artifact, load nothing",
    checks=[LR],
)
def exec_pickle_artifact(c: Scene) -> None:
    c.put(c.mlflow() + "/artifacts/model/model.pkl", pickle_bomb(c.sentinel))


@case("exec-torch-zip-ckpt", OK, "Lightning .ckpt is a zip with a hostile data.pkl", checks=[LR])
def exec_torch_zip_ckpt(c: Scene) -> None:
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        z.writestr(zipfile.ZipInfo("archive/data.pkl"), pickle_bomb(c.sentinel))
        z.writestr(zipfile.ZipInfo("archive/version"), "3\n")
    c.put(c.lightning() + "/checkpoints/epoch=0-step=10.ckpt", b.getvalue())


@case(
    "exec-yaml-python-apply",
    PARTIAL,
    "hparams.yaml holds !!python/object/apply; other keys and the metrics stay",
    checks=[LR, points("loss", 3)],
)
def exec_yaml_python_apply(c: Scene) -> None:
    c.lightning(hparams=f"lr: 0.1\nevil: !!python/object/apply:builtins.open ['{c.sentinel}', w]\nepochs: 3\n")


@case(
    "exec-yaml-namespace",
    PARTIAL,
    "hparams.yaml as Lightning really writes it: !!python/object:argparse.Namespace; keep inner values as data",
    accept=[OK],
    checks=[points("loss", 3)],
)
def exec_yaml_namespace(c: Scene) -> None:
    c.lightning(hparams="args: !!python/object:argparse.Namespace\n  lr: 0.1\n  dims: !!python/tuple [1, 2]\n")


@case("exec-npy-object", OK, ".npy of object dtype with a pickle inside", checks=[LR])
def exec_npy_object(c: Scene) -> None:
    h = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    h += b" " * (64 - (10 + len(h) + 1) % 64) + b"\n"
    c.put(
        c.mlflow() + "/artifacts/preds.npy",
        b"\x93NUMPY\x01\x00" + struct.pack("<H", len(h)) + h + pickle_bomb(c.sentinel),
    )


@case(
    "exec-module-shadow",
    OK,
    "json.py, duckdb.py, polars.py, sitecustomize.py, conftest.py, .duckdbrc and __init__.py beside the data",
    checks=[LR],
)
def exec_module_shadow(c: Scene) -> None:
    c.plain(".")
    for n in ("json.py", "duckdb.py", "polars.py", "sitecustomize.py", "conftest.py", "__init__.py", "yaml.py"):
        c.put(n, f"open({c.sentinel!r}, 'w').close()\n")
    c.put(".duckdbrc", f"COPY (SELECT 1) TO '{c.sentinel}';\n")
    c.put("qt.conf", "[Paths]\nPlugins=.\n")


@case("exec-mlmodel-loader", OK, "MLmodel names a loader module lying in code/", checks=[LR])
def exec_mlmodel_loader(c: Scene) -> None:
    b = c.mlflow() + "/artifacts/model"
    c.put(
        b + "/MLmodel",
        "flavors:\n  python_function:\n    loader_module: evil_loader\n    code: code\n    data: model.pkl\n",
    )
    c.put(b + "/code/evil_loader.py", f"open({c.sentinel!r}, 'w').close()\n")


@case("exec-hydra-target", OK, "_target_: builtins.open stays text", checks=[LR])
def exec_hydra_target(c: Scene) -> None:
    c.hydra(config=f"lr: 0.1\ncb:\n  _target_: builtins.open\n  _args_: ['{c.sentinel}', w]\nenv: ${{oc.env:HOME}}\n")


@case(
    "exec-duckdb-in-run",
    OK,
    "a .duckdb file of the sender: DuckDB states that such files must be trusted, so never attach it",
    checks=[LR],
)
def exec_duckdb_in_run(c: Scene) -> None:
    c.plain()
    c.put(
        "run/metrics.duckdb",
        b"\0" * 8 + b"DUCK" + struct.pack("<Q", 64) + bytes(c.rng.randrange(256) for _ in range(8172)),
    )
    c.put("run/metrics.duckdb.wal", bytes(c.rng.randrange(256) for _ in range(500)))


# ---- parse: YAML and JSON ------------------------------------------------------


@case(
    "yaml-alias-bomb",
    PARTIAL,
    "nine levels of nine aliases (3.9e8 items when walked); metrics stay",
    checks=[points("loss", 3)],
)
def yaml_alias_bomb(c: Scene) -> None:
    c.lightning(
        hparams="a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    )


@case("yaml-deep-flow", PARTIAL, "100,000 opening brackets", checks=[points("loss", 3)])
def yaml_deep_flow(c: Scene) -> None:
    c.lightning(hparams="lr: " + "[" * 100000)


@case("yaml-self-alias", PARTIAL, "a list that holds itself", checks=[points("loss", 3)], accept=[OK])
def yaml_self_alias(c: Scene) -> None:
    c.lightning(hparams="lr: 0.1\nme: &m [1, *m]\n")


@case(
    "yaml-odd-scalars",
    OK,
    "no, 0o17, 1:30, 0x1F, 1e3 and dates: text as written must be kept beside any typed value",
    accept=[PARTIAL],
    checks=[points("loss", 3)],
)
def yaml_odd_scalars(c: Scene) -> None:
    c.lightning(
        hparams="country: no\nmode: 017\ntime: 1:30\nhex: 0x1F\nsci: 1e3\nday: 2023-13-45\n"
        "empty:\ntilde: ~\n? [a, b]\n: complex key\n"
    )


@case("json-deep-nest", PARTIAL, "200,000 nested arrays in wandb-summary.json", checks=[LR])
def json_deep_nest(c: Scene) -> None:
    c.wandb(summary="[" * 200000)


@case("json-nonfinite", OK, "NaN, Infinity and 1e400", checks=[LR], accept=[PARTIAL])
def json_nonfinite(c: Scene) -> None:
    c.wandb(summary='{"a": NaN, "b": -Infinity, "c": 1e400, "d": -1e400, "e": 1e-400, "loss": 0.25}')


@case(
    "json-big-int",
    OK,
    "integers past 64 bit keep every digit",
    checks=[param("seed", str(10**30)), param("u64", str(2**64 - 1)), param("over", str(2**63))],
)
def json_big_int(c: Scene) -> None:
    c.plain(params=json.dumps({"lr": 0.1, "seed": 10**30, "u64": 2**64 - 1, "over": 2**63}))


@case(
    "json-int-5000-digits",
    PARTIAL,
    "an integer of 5,000 digits (Python refuses > 4,300)",
    accept=[OK],
    checks=[points("loss", 3)],
)
def json_int_5000_digits(c: Scene) -> None:
    c.plain(params='{"lr": 0.1, "n": ' + "9" * 5000 + "}")


@case(
    "json-duplicate-key",
    PARTIAL,
    "lr given twice: say so, do not choose in silence",
    accept=[OK],
    checks=[points("loss", 3)],
)
def json_duplicate_key(c: Scene) -> None:
    c.plain(params='{"lr": 0.1, "lr": 0.9}')


@case(
    "json-lone-surrogate", OK, "\\ud800 in a value: cannot be stored as UTF-8 as it is", accept=[PARTIAL], checks=[LR]
)
def json_lone_surrogate(c: Scene) -> None:
    c.plain(params='{"lr": 0.1, "note": "a\\ud800b", "nul": "a\\u0000b"}')


@case("json-cut-off", PARTIAL, "summary cut in the middle of a number", checks=[LR])
def json_cut_off(c: Scene) -> None:
    c.wandb(summary='{"loss": 0.2', config="lr:\n  value: 0.1\n")


@case("json-bom-and-utf16", OK, "UTF-8 with byte-order mark; CSV in UTF-16 with mark", accept=[PARTIAL], checks=[LR])
def json_bom_and_utf16(c: Scene) -> None:
    c.plain()
    c.put("run/params.json", b"\xef\xbb\xbf" + b'{"lr": 0.1}')
    c.put("run/metrics.csv", "step,loss\r\n0,1.0\r\n1,0.5\r\n".encode("utf-16"))


@case("jsonl-torn-tail", PARTIAL, "100 good lines, then half a line", checks=[points("loss", 100)], accept=[OK])
def jsonl_torn_tail(c: Scene) -> None:
    c.put(
        "run/metrics.jsonl",
        "".join(json.dumps({"step": i, "loss": 1 / (i + 1)}) + "\n" for i in range(100)) + '{"step": 100, "lo',
    )
    c.put("run/params.json", '{"lr": 0.1}')


@case(
    "json-top-level-odd",
    SKIP,
    "params.json is a number, metrics.json is null: no run is made of it",
    runs=(0, 1),
    accept=[PARTIAL],
)
def json_top_level_odd(c: Scene) -> None:
    c.put("run/params.json", "42")
    c.put("run/metrics.json", "null")


# ---- csv -----------------------------------------------------------------------


@case(
    "csv-ragged",
    PARTIAL,
    "short and long rows, text in number cells: keep the good cells, count the bad",
    checks=[points("loss", 3, 6)],
)
def csv_ragged(c: Scene) -> None:
    c.plain(metrics="step,loss\n0,1.0\n1\n2,0.5,9,9\n3,abc\n4,0.25\n,\n5,\n")


@case("csv-nul-and-latin1", PARTIAL, "NUL bytes and ISO-8859-1 letters", accept=[OK])
def csv_nul_and_latin1(c: Scene) -> None:
    c.plain()
    c.put("run/metrics.csv", b"step,loss,gr\xf6\xdfe\n0,1.0,1\n1,0.\x005,2\n2,0.25,3\n")


@case("csv-one-4mb-line", PARTIAL, "no line end in 4 MB", accept=[SKIP, OK], runs=(0, 1))
def csv_one_4mb_line(c: Scene) -> None:
    c.plain(metrics="a," * 2_000_000)


@case("csv-open-quote", PARTIAL, "a quote that is never closed swallows the file", accept=[OK])
def csv_open_quote(c: Scene) -> None:
    c.plain(metrics='step,loss,note\n0,1.0,"never closed\n' + "".join(f"{i},0.5,x\n" for i in range(1, 2000)))


@case("csv-dup-columns", PARTIAL, "the column loss twice, a column without a name", accept=[OK])
def csv_dup_columns(c: Scene) -> None:
    c.plain(metrics="step,loss,loss,\n0,1.0,2.0,3\n1,0.5,1.0,3\n")


@case(
    "csv-late-columns",
    OK,
    "a column is empty for 5,000 rows, then holds numbers (type guessing from the head fails)",
    checks=[points("val", 5), points("loss", 5005)],
)
def csv_late_columns(c: Scene) -> None:
    early = "".join(f"{i},0.5,\n" for i in range(5000))
    late = "".join(f"{5000 + i},0.5,0.{i}\n" for i in range(5))
    c.plain(metrics=f"step,loss,val\n{early}{late}")


# ---- tfevents ------------------------------------------------------------------


def tfcase(
    name: str,
    text: str,
    build: Callable[[], list[bytes]],
    low: int,
    high: int | None = None,
    *,
    expect: str = PARTIAL,
    accept: Sequence[str] = (),
) -> None:
    """A folder with an event file of these records; the metric `loss` has so many points."""

    def fill(c: Scene) -> None:
        c.tb(records=build())

    case(name, expect, text, accept=accept, checks=[points("loss", low, high)])(fill)


tfcase(
    "tf-bad-data-crc",
    "record 10 of 20 has a wrong data CRC",
    lambda: [*scalars(9), tfrecord(event("loss", 7.0, 9), bad_data=True), *scalars(10, first=10)],
    9,
    19,
)
tfcase(
    "tf-bad-length-crc",
    "record 10 of 20 has a wrong length CRC",
    lambda: [*scalars(9), tfrecord(event("loss", 7.0, 9), bad_length=True), *scalars(10, first=10)],
    9,
    19,
)
tfcase(
    "tf-length-2p63",
    "a record claims 2^63 bytes, with a right length CRC: do not allocate",
    lambda: [*scalars(9), tfrecord(b"x" * 40, claim=1 << 63)],
    9,
)
tfcase(
    "tf-length-4gib",
    "a record claims 4 GiB with a right length CRC",
    lambda: [*scalars(9), tfrecord(b"x" * 40, claim=1 << 32)],
    9,
)
tfcase(
    "tf-cut-tail",
    "the writer died inside record 20",
    lambda: [*scalars(19), scalars(1, first=19)[0][:-7]],
    19,
    accept=[OK],
)
tfcase(
    "tf-inner-length",
    "protobuf inside claims more bytes than there are",
    lambda: [
        *scalars(9),
        tfrecord(pb(1, 1, struct.pack("<d", T0)) + b"*" + varint(1 << 40) + b"abc"),
        *scalars(10, first=10),
    ],
    19,
    19,
)
tfcase(
    "tf-deep-protobuf",
    "5,000 messages inside each other",
    lambda: [*scalars(9), tfrecord(nested(5000)), *scalars(10, first=10)],
    19,
    19,
    accept=[OK],
)
tfcase(
    "tf-step-restart",
    "step goes back to 0 after a restart, and is negative once: keep all, in file order",
    lambda: scalars(10) + scalars(5) + [tfrecord(event("loss", 1.0, -1))],
    16,
    expect=OK,
    accept=[PARTIAL],
)
tfcase(
    "tf-nonfinite",
    "NaN and infinities as values",
    lambda: [
        tfrecord(event("loss", v, i))
        for i, v in enumerate([1.0, float("nan"), float("inf"), float("-inf"), 3.4e38, 1e-45])
    ],
    6,
    expect=OK,
)
tfcase(
    "tf-wall-time-odd",
    "wall time NaN, -1, 1e300 and 0",
    lambda: [tfrecord(event("loss", 1.0, i, w)) for i, w in enumerate([float("nan"), -1.0, 1e300, 0.0, T0])],
    5,
    accept=[OK],
)
tfcase(
    "tf-hostile-tags",
    "tags with NUL, new line, .., markup, SQL, bad UTF-8",
    lambda: (
        scalars(3)
        + [
            tfrecord(event(t, 1.0, 0))
            for t in (
                b"a\0b",
                b"a\nb",
                b"../../x",
                b"<img src=x>",
                b"x'; DROP TABLE runs;--",
                b"\xff\xfe",
                b"",
                b"t" * 100000,
            )
        ]
    ),
    3,
    expect=OK,
    accept=[PARTIAL],
)
tfcase(
    "tf-varint-endless",
    "a varint of 200 bytes with the high bit set",
    lambda: [*scalars(9), tfrecord(b"\x10" + b"\xff" * 200), *scalars(10, first=10)],
    19,
    19,
)


@case("tf-empty", SKIP, "0-byte event file", runs=(0, 1), accept=[PARTIAL, OK])
def tf_empty(c: Scene) -> None:
    c.put("run/" + TFNAME, b"")


@case(
    "tf-sparse-8gib",
    PARTIAL,
    "8 GiB of zeros after ten good records (sparse): stop, do not read to the end",
    checks=[points("loss", 10)],
)
def tf_sparse_8gib(c: Scene) -> None:
    c.sparse("run/" + TFNAME, 8 << 30, TFHEAD + b"".join(scalars(10)))


@case("tf-not-tfevents", SKIP, "a JPEG by that name", runs=(0, 1), accept=[PARTIAL])
def tf_not_tfevents(c: Scene) -> None:
    c.put("run/" + TFNAME, b"\xff\xd8\xff\xe0" + bytes(c.rng.randrange(256) for _ in range(4000)))


# ---- wandb log -----------------------------------------------------------------


@case("wandb-log-bad-crc", PARTIAL, ".wandb record with a wrong CRC; files/ is sound", checks=[LR])
def wandb_log_bad_crc(c: Scene) -> None:
    c.put(
        c.wandb() + "/run-abcd1234.wandb",
        wandb_file([(b"\x08\x01", 1, 0), (b"\x08\x02", 1, 0xFF), (b"\x08\x03", 1, 0)]),
    )


@case("wandb-log-bad-type", PARTIAL, "record type 9, then a LAST without FIRST", checks=[LR])
def wandb_log_bad_type(c: Scene) -> None:
    c.put(c.wandb() + "/run-abcd1234.wandb", wandb_file([(b"\x08\x01", 9, 0), (b"\x08\x02", 4, 0)]))
