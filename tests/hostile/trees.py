"""Folders and files of the wrong kind, size, depth or name, in the layouts of many trackers."""

from __future__ import annotations

import os
from collections.abc import Callable

from hostile.records import clearml, neptune, optuna, ray
from hostile.scene import LR, OK, PARTIAL, SKIP, Scene, case, param, points


def lightning_log(c: Scene) -> str:
    return f"{c.lightning()}/metrics.csv"


def dvclive_log(c: Scene) -> str:
    return f"{c.dvclive()}/plots/metrics/loss.tsv"


def neptune_log(c: Scene) -> str:
    return f"{neptune(c)}/data-1.log"


def ray_log(c: Scene) -> str:
    return f"{ray(c)}/result.json"


def clearml_log(c: Scene) -> str:
    return f"{clearml(c)}/metrics.jsonl"


def optuna_log(c: Scene) -> str:
    optuna(c)
    return "journal.log"


def mlflow_log(c: Scene) -> str:
    return f"{c.mlflow()}/metrics/loss"


def tb_log(c: Scene) -> str:
    c.tb()
    return next(str(p.relative_to(c.dir)) for p in c.dir.rglob("events*"))


LOGS: dict[str, Callable[[Scene], str]] = {
    "lightning": lightning_log, "dvclive": dvclive_log, "neptune": neptune_log, "ray": ray_log,
    "clearml": clearml_log, "optuna": optuna_log, "mlflow": mlflow_log, "tensorboard": tb_log,
}  # fmt: skip


def odd_kinds(name: str, made: Callable[[Scene], str]) -> None:
    """The log of a run as a folder, a link to what must not be read, a pipe and nothing, each beside a sound run."""

    def fill(c: Scene) -> None:
        for kind in ("folder", "link", "pipe", "nothing", "long"):
            inner = Scene(c.out, f"{c.name}/{kind}")
            log = inner.path(made(inner))
            if kind != "long":
                log.unlink()
            if kind == "folder":
                log.mkdir()
            elif kind == "link":
                log.symlink_to(c.outside / "secret.txt")
            elif kind == "pipe":
                os.mkfifo(log)
            elif kind == "long":
                log.write_bytes(b"x" * (1 << 22))
        made(Scene(c.out, f"{c.name}/sound"))

    case(f"kind-{name}", PARTIAL, f"the log of {name} is of every kind but a file", accept=[OK], runs=(1, 6))(fill)


for _name, _made in LOGS.items():
    odd_kinds(_name, _made)


@case("tree-450-deep", PARTIAL, "450 folders inside each other beside a run", accept=[OK], checks=[LR])
def tree_deep(c: Scene) -> None:
    c.plain()
    handle = os.open(c.dir, os.O_RDONLY)
    for _ in range(450):
        os.mkdir("d", dir_fd=handle)
        below = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    os.close(handle)


@case("tree-dvclive-deep", OK, "tables of a history 100 folders down, and one of 255 bytes", accept=[PARTIAL])
def tree_dvclive_deep(c: Scene) -> None:
    base = c.dvclive()
    c.put(f"{base}/plots/metrics/{'a/' * 100}x.tsv", "step\tx\n0\t1\n")
    c.put(f"{base}/plots/metrics/{'n' * 251}.tsv", "step\tn\n0\t1\n")


@case("tree-names", OK, "runs in folders named by markup, bidi, line ends, and bytes", accept=[PARTIAL], runs=8)
def tree_names(c: Scene) -> None:
    names = ("<img src=x>", "a\u202egpj", "a\nb", os.fsdecode(b"\xff\xfe"), "x" * 255, "-rf", "$(id)", "x.")
    for number, name in enumerate(names):
        c.plain(name, params=f'{{"lr": 0.{number}1}}')


@case("tree-case", OK, "names that differ in case only", accept=[PARTIAL], runs=2, needs=["case-sensitive"])
def tree_case(c: Scene) -> None:
    c.plain("Run", params='{"lr": 0.1}')
    c.plain("run", params='{"lr": 0.9}')


@case("tree-git", SKIP, "a repository whose config would run a program", runs=(0, 1), accept=[OK, PARTIAL])
def tree_git(c: Scene) -> None:
    c.put(".git/config", f"[core]\n\tfsmonitor = touch {c.sentinel}\n\tpager = touch {c.sentinel}\n")
    c.put(".git/HEAD", "ref: refs/heads/main\n")
    c.put("params.yaml", "lr: 0.1\n")
    c.put("dvc.lock", "stages: {train: {cmd: x, deps: [{path: /etc/passwd, md5: aa}, {path: ../../x, md5: bb}]}}\n")


@case(
    "env-interpolation",
    OK,
    "Hydra asks for our environment and for itself: both stay text",
    accept=[PARTIAL],
    checks=[param("home", "${oc.env:HOME}"), param("a", "${b}"), param("lr", "0.1")],
)
def env_interpolation(c: Scene) -> None:
    c.hydra(config="lr: 0.1\nhome: ${oc.env:HOME}\na: ${b}\nb: ${a}\nc: ${c}\nd: ${${d}}\ne: ${oc.decode:x}\n")


@case("text-encodings", OK, "tables in UTF-16 and UTF-32, with marks and without", accept=[PARTIAL], runs=(1, 6))
def text_encodings(c: Scene) -> None:
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1"):
        c.put(f"{name}/params.json", '{"lr": "\xe9%s"}'.replace("%s", name).encode(name))
        c.put(f"{name}/metrics.csv", "step,loss,\xe9\n0,1.0,2\n1,0.5,3\n".encode(name))


@case("yaml-merge-bomb", PARTIAL, "merges of merges of merges", accept=[OK], checks=[points("loss", 3)])
def yaml_merge_bomb(c: Scene) -> None:
    rows = ["a0: &a0 {k0: 1, k1: 2, k2: 3}"]
    rows += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}], x{i}: 1}}" for i in range(1, 12)]
    c.lightning(hparams="\n".join(rows))


@case("yaml-tags", OK, "tags that would make objects, or are nested", accept=[PARTIAL], checks=[points("loss", 3)])
def yaml_tags(c: Scene) -> None:
    c.lightning(
        hparams=f"a: !!python/object/apply:os.system ['touch {c.sentinel}']\nb: !<x> !!set {{1, 2}}\n"
        "c: !!binary '!!!'\nd: !!timestamp 99999-99-99\ne: !!float x\nf: !!int 0x\ng: !!python/name:os.system\n"
    )


@case("toml-odd", PARTIAL, "TOML nested 5,000 deep, with dates of year 1 and 9999", accept=[OK], runs=(1, 2))
def toml_odd(c: Scene) -> None:
    c.plain("deep")
    c.put("deep/config.toml", "a = " + "[" * 5000 + "]" * 5000)
    c.plain("dates")
    c.put("dates/config.toml", "a = 0001-01-01T00:00:00+23:59\nb = 9999-12-31\nc = nan\nd = 1e999\n")
