"""Links, pipes, names, sizes, foreign paths, archives, databases, and one bad neighbour."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

from hostile.formats import (
    TFNAME,
)
from hostile.scene import LR, OK, PARTIAL, SKIP, Scene, case, param, points

# ---- fs: links, pipes, names, sizes --------------------------------------------


@case("fs-link-loop", OK, "a -> b -> a, and a link to its own folder: every run once", accept=[PARTIAL], checks=[LR])
def fs_link_loop(c: Scene) -> None:
    c.plain()
    c.link("a", "b")
    c.link("b", "a")
    c.link("run/again", "..")
    c.link("run/self", ".")


@case("fs-link-escape-dir", PARTIAL, "artifacts/ links to a folder outside the import root", checks=[LR])
def fs_link_escape_dir(c: Scene) -> None:
    b = c.mlflow()
    c.path(b + "/artifacts").rmdir()
    c.link(b + "/artifacts", "../" * 6 + "outside/dir")


@case("fs-link-escape-file", PARTIAL, "params/token links to a file outside", checks=[LR])
def fs_link_escape_file(c: Scene) -> None:
    c.link(c.mlflow() + "/params/token", c.outside / "secret.txt")


@case("fs-link-dev-zero", PARTIAL, "params.json links to /dev/zero: an endless read", checks=[points("loss", 3)])
def fs_link_dev_zero(c: Scene) -> None:
    c.plain()
    c.path("run/params.json").unlink()
    c.link("run/params.json", "/dev/zero")


@case("fs-link-broken", PARTIAL, "a link to nothing", checks=[LR], accept=[OK])
def fs_link_broken(c: Scene) -> None:
    c.plain()
    c.link("run/model.bin", "gone")
    c.link("run/metrics.json", "gone.json")


@case("fs-fifo-metrics", PARTIAL, "metrics.csv is a named pipe: opening it blocks for ever", checks=[LR])
def fs_fifo_metrics(c: Scene) -> None:
    c.plain()
    c.path("run/metrics.csv").unlink()
    c.fifo("run/metrics.csv")


@case("fs-fifo-tfevents", SKIP, "an event file that is a named pipe", runs=(0, 1), accept=[PARTIAL])
def fs_fifo_tfevents(c: Scene) -> None:
    c.path("run").mkdir(parents=True)
    c.fifo("run/" + TFNAME)


@case("fs-socket", PARTIAL, "config.yaml is a Unix socket", checks=[points("loss", 3)])
def fs_socket(c: Scene) -> None:
    c.lightning()
    c.path("lightning_logs/version_0/hparams.yaml").unlink()
    c.sock("lightning_logs/version_0/hparams.yaml")


@case(
    "fs-many-files",
    OK,
    "3,000 tiny artifacts in one folder (1,000,000 with --full)",
    checks=[LR],
    accept=[PARTIAL],
)
def fs_many_files(c: Scene) -> None:
    folder = c.path(c.mlflow() + "/artifacts/x")
    folder.mkdir()
    for i in range(3000):
        (folder / f"{i:06d}").touch()


@case(
    "fs-deep-dirs",
    OK,
    "300 folders inside each other, 5,100 bytes of path (past PATH_MAX)",
    accept=[PARTIAL],
    checks=[LR],
)
def fs_deep_dirs(c: Scene) -> None:
    c.plain()
    fd = os.open(c.dir, os.O_RDONLY)
    for _i in range(300):
        os.mkdir("d" * 16, dir_fd=fd)
        nfd = os.open("d" * 16, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = nfd
    os.close(fd)


@case("fs-name-not-utf8", OK, "a parameter file named l\\xffr: not UTF-8", accept=[PARTIAL], checks=[LR])
def fs_name_not_utf8(c: Scene) -> None:
    b = c.mlflow()
    c.put(b + "/params/" + os.fsdecode(b"l\xffr"), b"2")
    (c.dir / os.fsdecode(b"caf\xe9")).mkdir()


@case(
    "fs-name-control", OK, "new line, tab, ESC, quote, back-slash and DEL in file names", accept=[PARTIAL], checks=[LR]
)
def fs_name_control(c: Scene) -> None:
    b = c.mlflow()
    for n in ("a\nb", "a\tb", "a\x1b[31mb", 'q"q', "q'q", "back\\slash", "del\x7f", "-rf", " lead", "trail "):
        c.put(b + "/params/" + n, "1")


@case(
    "fs-name-windows",
    OK,
    "CON, aux.json, a:b, 'x.' and 'x ': legal here, not on Windows",
    accept=[PARTIAL],
    checks=[LR],
)
def fs_name_windows(c: Scene) -> None:
    b = c.mlflow()
    for n in ("CON", "aux.json", "a:b", "x.", "x ", "a?b", "a*b", "a|b"):
        c.put(b + "/params/" + n, "1")


@case(
    "fs-case-collision",
    OK,
    "params LR and lr are two parameters",
    checks=[LR, param("LR", "0.9")],
    needs=["case-sensitive"],
)
def fs_case_collision(c: Scene) -> None:
    c.mlflow(params={"lr": "0.1", "LR": "0.9"})


@case("fs-name-255", OK, "a metric name of 255 bytes", accept=[PARTIAL], checks=[LR, points("m" * 255, 3)])
def fs_name_255(c: Scene) -> None:
    c.mlflow(metrics={"loss": [1.0], "m" * 255: [1.0, 2.0, 3.0]})


@case("fs-unreadable", PARTIAL, "metrics.csv may not be read (mode 000)", checks=[LR], needs=["not-root"])
def fs_unreadable(c: Scene) -> None:
    c.plain()
    c.path("run/metrics.csv").chmod(0)


@case("fs-read-only", OK, "all folders mode 555: nothing may need to write here", checks=[LR, points("loss", 3)])
def fs_read_only(c: Scene) -> None:
    c.mlflow()
    for d, _subs, _f in os.walk(c.dir, topdown=False):
        Path(d).chmod(0o555)


@case("fs-empty-dirs", SKIP, "only empty folders with the right names", runs=0, accept=[OK])
def fs_empty_dirs(c: Scene) -> None:
    for d in ("mlruns/0/" + "a" * 32 + "/params", "wandb/latest-run", ".hydra", "lightning_logs/version_0"):
        c.path(d).mkdir(parents=True, exist_ok=True)


@case(
    "fs-params-sparse-8gib",
    PARTIAL,
    "params.json is 8 GiB (sparse): over the size limit, not read",
    checks=[points("loss", 3)],
)
def fs_params_sparse_8gib(c: Scene) -> None:
    c.plain()
    c.sparse("run/params.json", 8 << 30, b'{"lr": 0.1')


@case(
    "fs-dir-for-file",
    PARTIAL,
    "metrics.csv is a folder, params/lr is a folder",
    checks=[points("loss", 3)],
    runs=(1, 2),
)
def fs_dir_for_file(c: Scene) -> None:
    c.plain(root="p")
    c.path("p/metrics.csv").unlink()
    c.path("p/metrics.csv/sub").mkdir(parents=True)
    c.path(c.mlflow(params={}) + "/params/lr").mkdir(parents=True)


# ---- uri: paths given by the sender --------------------------------------------


def uri(name: str, text: str, value: str | Callable[[Scene], str]) -> None:
    """A run whose artifact_uri the sender chose."""

    def fill(c: Scene) -> None:
        c.mlflow(artifact_uri=value(c) if callable(value) else value)

    case(name, PARTIAL, text, checks=[LR], accept=[OK])(fill)


uri("uri-traversal", "artifact_uri climbs to a folder outside the root", "./" + "../" * 8 + "outside/dir")
uri("uri-file-etc", "artifact_uri: file:///etc", "file:///etc")
uri("uri-outside-abs", "artifact_uri is an absolute path outside the root", lambda c: f"file://{c.outside}/dir")
uri(
    "uri-unc",
    "artifact_uri on a Windows share: a mere stat leaks a password hash",
    "'\\\\\\\\attacker.invalid\\share\\x'",
)
uri("uri-remote", "http, s3 and ftp: shown as text, never fetched", "http://127.0.0.1:9/artifacts")
uri("uri-encoded", "file:///%2e%2e/%2e%2e/ and a NUL", '"file:///a/%2e%2e/%2e%2e/etc%00.txt"')


@case(
    "uri-run-id-climbs",
    PARTIAL,
    "run_id in meta.yaml is ../../../outside: the folder name is the identity",
    checks=[LR],
)
def uri_run_id_climbs(c: Scene) -> None:
    c.mlflow(run_id="../../../../outside/dir", run_uuid="../../../../outside/dir")


@case("arc-zip-slip", OK, "artifacts.zip with ../ and absolute names: never unpacked", checks=[LR])
def arc_zip_slip(c: Scene) -> None:
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        z.writestr(zipfile.ZipInfo("../../../../sentinel/PWNED-" + c.name), "x")
        z.writestr(zipfile.ZipInfo(c.sentinel), "x")
    c.put(c.mlflow() + "/artifacts/artifacts.zip", b.getvalue())


@case("arc-gz-bomb", PARTIAL, "metrics.csv.gz: 40 KB that unpack to 4 GB", accept=[OK], checks=[LR])
def arc_gz_bomb(c: Scene) -> None:
    c.plain()
    c.path("run/metrics.csv").unlink()
    g = gzip.compress(b"0,0.5\n" * 1_700_000, 9, mtime=0)
    c.put("run/metrics.csv.gz", gzip.compress(b"step,loss\n", 9, mtime=0) + g * 40)


# ---- sqlite --------------------------------------------------------------------


def mlflow_db(path: Path, *, wal: bool = False) -> sqlite3.Connection:
    """A database of MLflow with a run; open."""
    con = sqlite3.connect(path, isolation_level=None)
    con.execute("pragma synchronous=off")  # a test file: no waiting for the disk
    if wal:
        con.execute("pragma journal_mode=wal")
        con.execute("pragma wal_autocheckpoint=0")
    con.executescript("""
        create table experiments(
            experiment_id integer primary key, name text, artifact_location text, lifecycle_stage text);
        create table runs(
            run_uuid text primary key, name text, source_type text, status text, start_time bigint, end_time bigint,
            lifecycle_stage text, artifact_uri text, experiment_id integer);
        create table params(key text, value text, run_uuid text);
        create table metrics(key text, value double, timestamp bigint, run_uuid text, step bigint, is_nan boolean);
        create table tags(key text, value text, run_uuid text);
        insert into experiments values(0,'Default','./x','active');
        insert into runs values('r1','healthy','LOCAL','FINISHED',1700000000000,1700000060000,'active','./x',0);
        insert into params values('lr','0.1','r1');""")
    con.executemany("insert into metrics values('loss',?,1700000000000,'r1',?,0)", [(1 / (i + 1), i) for i in range(3)])
    return con


@case(
    "sqlite-good",
    OK,
    "a sound mlflow.db (control): read it without leaving -wal, -shm or -journal behind",
    checks=[LR, points("loss", 3)],
)
def sqlite_good(c: Scene) -> None:
    mlflow_db(c.path("mlflow.db")).close()


@case(
    "sqlite-live-wal",
    OK,
    "mlflow.db copied with a -wal not yet checkpointed: its rows count, the folder stays untouched",
    checks=[LR, points("loss", 3)],
    accept=[PARTIAL],
)
def sqlite_live_wal(c: Scene) -> None:
    made = c.path("t.db")
    con = mlflow_db(made, wal=True)
    for suffix in ("", "-wal"):
        shutil.copy(f"{made}{suffix}", c.path(f"mlflow.db{suffix}"))
    con.close()
    for left in c.dir.glob("t.db*"):
        left.unlink()


@case("sqlite-page-garbage", SKIP, "header sound, later pages random", runs=(0, 1), accept=[PARTIAL])
def sqlite_page_garbage(c: Scene) -> None:
    p = c.path("mlflow.db")
    mlflow_db(p).close()
    raw = bytearray(p.read_bytes())
    raw[200:] = bytes(c.rng.randrange(256) for _ in range(len(raw) - 200))
    p.write_bytes(raw)


@case("sqlite-not-a-db", SKIP, "text named mlflow.db", runs=0)
def sqlite_not_a_db(c: Scene) -> None:
    c.put("mlflow.db", "this is not a database\n" * 100)


@case(
    "sqlite-endless-view",
    SKIP,
    "runs is a view over an endless recursive query",
    runs=(0, 1),
    accept=[PARTIAL],
)
def sqlite_endless_view(c: Scene) -> None:
    con = mlflow_db(c.path("mlflow.db"))
    con.executescript(
        """drop table runs;
        create view runs as
        with recursive t(i) as (select 1 union all select i+1 from t)
        select 'r'||i as run_uuid, 'x' as name, 'L' as source_type, 'F' as status, 0 as start_time, 0 as end_time,
               'active' as lifecycle_stage, '' as artifact_uri, 0 as experiment_id
        from t;"""
    )
    con.close()


# ---- mix: one bad neighbour ----------------------------------------------------


@case(
    "mix-good-among-bad", PARTIAL, "50 sound runs and 5 ruined ones in one mlruns: exactly 50 sound ones", runs=(50, 55)
)
def mix_good_among_bad(c: Scene) -> None:
    for i in range(50):
        c.mlflow(run=f"{i + 1:032x}", params={"lr": f"0.{i:03d}"})
    for i in range(5):
        b = c.mlflow(run="f" * 31 + str(i))
        c.put(b + "/meta.yaml", [b"", b"\0" * 50, b"run_id: [", b"a: b: c", b"\xff\xfe\xfa"][i])


@case("mix-everything", OK, "one folder that looks like five trackers at once: no run is counted twice", runs=(1, 5))
def mix_everything(c: Scene) -> None:
    c.plain("r")
    c.lightning("r")
    c.tb("r")
    c.hydra("r")
    c.dvclive("r/dvclive")
