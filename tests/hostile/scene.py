"""A folder that a hostile case fills, the cases there are, and what is asked of the program for each."""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hostile.formats import T0, TFHEAD, TFNAME, png, scalars

CANARY = "CANARY-7f3c-must-never-be-indexed"
OK, PARTIAL, SKIP = "ok", "partial+warning", "skipped+error"
RUN_ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"

Data = Sequence[Mapping[str, Mapping[str, Any]]]
"""Params and metrics of each run, metrics as lists of points."""
Check = Callable[[Data, str], str]
"""What is wrong with the runs, given also everything the program said; empty when nothing is."""


def param(key: str, value: str) -> Check:
    """A run has this param with this text."""

    def check(data: Data, _: str) -> str:
        got = [str(d["params"][key]) for d in data if key in d["params"]]
        return "" if value in got else f"param {key!r} is {got[:3]!r}, wanted {value!r}"

    return check


def points(key: str, low: int, high: int | None = None) -> Check:
    """A metric has so many points."""

    def check(data: Data, _: str) -> str:
        got = max((len(d["metrics"][key]) for d in data if key in d["metrics"]), default=0)
        most = low if high is None else high
        return "" if low <= got <= most else f"metric {key!r} has {got} points, wanted {low} to {most}"

    return check


def many_params(least: int) -> Check:
    """A run has at least so many params."""

    def check(data: Data, _: str) -> str:
        got = max((len(d["params"]) for d in data), default=0)
        return "" if got >= least else f"{got} params, wanted {least}"

    return check


def shown(value: str) -> Check:
    """A value that is no secret stands as it was written."""

    def check(data: Data, _: str) -> str:
        return "" if any(value == str(v) for d in data for v in d["params"].values()) else f"masked: {value}"

    return check


@dataclass(frozen=True)
class Masked:
    """A secret that must stand nowhere in what the program says or keeps."""

    secret: str

    def __call__(self, data: Data, said: str) -> str:
        return f"a secret in clear: {self.secret[:8]}..." if self.secret in said else ""


LR = param("lr", "0.1")


class Scene:
    """The folder of a case, with helpers that write healthy runs into it."""

    def __init__(self, out: Path, name: str) -> None:
        self.name = name
        self.out = out
        self.dir = out / "tree" / name
        self.outside = out / "outside"
        self.sentinel = str(out / "sentinel" / f"PWNED-{name}")
        self.rng = random.Random(name)
        self.dir.mkdir(parents=True)

    def path(self, rel: str) -> Path:
        """A place in the folder, with the folders above it."""
        found = self.dir / rel
        found.parent.mkdir(parents=True, exist_ok=True)
        return found

    def put(self, rel: str, data: bytes | str) -> None:
        """Write a file."""
        self.path(rel).write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))

    def sparse(self, rel: str, size: int, head: bytes = b"") -> None:
        """Write a file with a hole behind its head."""
        with self.path(rel).open("wb") as file:
            file.write(head)
            file.truncate(size)

    def link(self, rel: str, target: str | Path) -> None:
        """Make a symbolic link."""
        self.path(rel).symlink_to(target)

    def fifo(self, rel: str) -> None:
        """Make a named pipe."""
        os.mkfifo(self.path(rel))

    def sock(self, rel: str) -> None:
        """Make a Unix socket."""
        place = self.path(rel)
        handle = os.open(place.parent, os.O_RDONLY)
        try:
            with socket.socket(socket.AF_UNIX) as made:
                # The address of a socket holds 107 bytes only.
                made.bind(f"/proc/self/fd/{handle}/{place.name}")
        finally:
            os.close(handle)

    def mlflow(
        self,
        run: str = RUN_ID,
        params: Mapping[str, str] | None = None,
        metrics: Mapping[str, Sequence[float]] | None = None,
        root: str = "mlruns",
        **meta: object,
    ) -> str:
        """A run in a file store; its path."""
        base = f"{root}/0/{run}"
        fields: dict[str, object] = {
            "artifact_uri": "./artifacts",
            "end_time": (T0 + 60) * 1000,
            "entry_point_name": "''",
            "experiment_id": "'0'",
            "lifecycle_stage": "active",
            "run_id": f"'{run}'",
            "run_name": "healthy",
            "run_uuid": f"'{run}'",
            "source_name": "''",
            "source_type": 4,
            "source_version": "''",
            "start_time": T0 * 1000,
            "status": 3,
            "user_id": "someone",
        } | meta
        store = "artifact_location: ./artifacts\nexperiment_id: '0'\nlifecycle_stage: active\nname: Default\n"
        self.put(f"{root}/0/meta.yaml", store)
        self.put(f"{base}/meta.yaml", "".join(f"{key}: {value}\n" for key, value in fields.items()))
        for key, text in ({"lr": "0.1"} if params is None else params).items():
            self.put(f"{base}/params/{key}", text)
        for key, values in ({"loss": [1.0, 0.5, 0.25]} if metrics is None else metrics).items():
            lines = (f"{(T0 + i) * 1000} {value!r} {i}\n" for i, value in enumerate(values))
            self.put(f"{base}/metrics/{key}", "".join(lines))
        (self.dir / base / "artifacts").mkdir(parents=True, exist_ok=True)
        return base

    def lightning(self, root: str = "lightning_logs/version_0", hparams: str = "lr: 0.1\nepochs: 3\n") -> str:
        """A version folder of Lightning."""
        self.put(f"{root}/hparams.yaml", hparams)
        rows = "".join(f"{i},{i * 10},{1 / (i + 1)}\n" for i in range(3))
        self.put(f"{root}/metrics.csv", f"epoch,step,loss\n{rows}")
        return root

    def tb(self, root: str = "run", records: Sequence[bytes] | None = None) -> str:
        """A folder with an event file."""
        self.put(f"{root}/{TFNAME}", TFHEAD + b"".join(scalars(20) if records is None else records))
        return root

    def hydra(self, root: str = "outputs/2023-11-14/22-13-20", config: str = "lr: 0.1\nmodel: {depth: 3}\n") -> str:
        """A job folder of Hydra."""
        self.put(f"{root}/.hydra/config.yaml", config)
        self.put(f"{root}/.hydra/overrides.yaml", "- lr=0.1\n")
        self.put(f"{root}/.hydra/hydra.yaml", "hydra:\n  job: {name: train}\n")
        self.put(f"{root}/metrics.json", '{"loss": 0.25}\n')
        return root

    def wandb(
        self,
        config: str = "lr:\n  desc: null\n  value: 0.1\n",
        summary: str = '{"loss": 0.25, "_step": 2}',
        meta: str = '{"program": "train.py", "args": []}',
    ) -> str:
        """A W&B folder without its log."""
        base = "wandb/offline-run-20231114_221320-abcd1234"
        self.put(f"{base}/files/config.yaml", config)
        self.put(f"{base}/files/wandb-summary.json", summary)
        self.put(f"{base}/files/wandb-metadata.json", meta)
        return base

    def plain(
        self,
        root: str = "run",
        params: str = '{"lr": 0.1}',
        metrics: str = "step,loss\n0,1.0\n1,0.5\n2,0.25\n",
    ) -> str:
        """A folder with a file of params and a table."""
        self.put(f"{root}/params.json", params)
        self.put(f"{root}/metrics.csv", metrics)
        return root

    def dvclive(self, root: str = "dvclive") -> str:
        """A folder of DVCLive."""
        self.put(f"{root}/params.yaml", "lr: 0.1\n")
        self.put(f"{root}/metrics.json", '{"loss": 0.25, "step": 2}')
        self.put(f"{root}/plots/metrics/loss.tsv", "step\tloss\n0\t1.0\n1\t0.5\n2\t0.25\n")
        return root


Fill = Callable[[Scene], Sequence[Check] | None]


@dataclass(frozen=True)
class Case:
    """A hostile folder.

    accept   statuses that are right.
    runs     fewest and most runs that it gives.
    needs    "not-root", "case-sensitive".
    """

    name: str
    text: str
    fill: Fill
    accept: frozenset[str]
    runs: tuple[int, int]
    checks: tuple[Check, ...]
    needs: frozenset[str]


CASES: dict[str, Case] = {}


def case(
    name: str,
    expect: str,
    text: str,
    *,
    runs: int | tuple[int, int] = 1,
    accept: Sequence[str] = (),
    checks: Sequence[Check] = (),
    needs: Sequence[str] = (),
) -> Callable[[Fill], Fill]:
    """Make a case known."""
    assert name not in CASES, name

    def known(fill: Fill) -> Fill:
        span = (runs, runs) if isinstance(runs, int) else runs
        right = frozenset((expect, *accept))
        CASES[name] = Case(name, text, fill, right, span, tuple(checks), frozenset(needs))
        return fill

    return known


def build(out: Path) -> dict[str, tuple[Check, ...]]:
    """Write all cases below `out`; the checks of each that could be made."""
    for part in ("tree", "outside/dir", "sentinel"):
        (out / part).mkdir(parents=True)
    for name in ("secret.txt", "dir/secret.json", "dir/params.json"):
        (out / "outside" / name).write_text(json.dumps({"canary": CANARY}) + "\n")
    (out / "outside" / "canary.png").write_bytes(png(37, 41))
    made: dict[str, tuple[Check, ...]] = {}
    for name, known in CASES.items():
        more = known.fill(Scene(out, name))
        made[name] = (*known.checks, *(more or ()))
    for above, folders, files, handle in os.fwalk(out / "tree", topdown=False, follow_symlinks=False):
        del above
        for name in (*files, *folders):
            os.utime(name, (T0, T0), dir_fd=handle, follow_symlinks=False)
    return made


def digest(root: Path) -> str:
    """Names, kinds, modes, sizes, times and bytes of everything below; opens plain files only, follows no link."""
    rows: list[tuple[object, ...]] = []
    base = os.fsencode(root)
    for above, folders, files, handle in os.fwalk(base, follow_symlinks=False):
        for name in sorted((*files, *folders)):
            facts = os.stat(name, dir_fd=handle, follow_symlinks=False)
            content = ""
            if stat.S_ISLNK(facts.st_mode):
                content = repr(os.readlink(name, dir_fd=handle))
            elif stat.S_ISREG(facts.st_mode) and facts.st_mode & 0o400:
                with os.fdopen(os.open(name, os.O_RDONLY | os.O_NONBLOCK, dir_fd=handle), "rb") as file:
                    # Of giant files the head is enough: what is behind is a hole.
                    content = hashlib.sha256(file.read(1 << 22)).hexdigest()
            size = facts.st_size if stat.S_ISREG(facts.st_mode) else 0
            rows.append((os.path.relpath(above, base), name, facts.st_mode, size, int(facts.st_mtime), content))
    return hashlib.sha256(repr(sorted(rows, key=repr)).encode()).hexdigest()
