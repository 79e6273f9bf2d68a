"""Makes `resources/samples`: real runs of several trackers that tell one small story. A maintainer's tool.

Needs, in an environment of its own: mlflow-skinny 2.22, pandas, pyarrow, tensorboardX, hydra-core 1.3, lightning 2.6
and torch 2.13.

    python packaging/make_samples.py resources/samples [PART...]

Parts are mlruns, multirun, tensorboard, scripts and lightning_logs; all of them and the data when none is named.

A small neural network (one hidden layer, SGD with momentum, NumPy only) learns to tell faulty sensors apart on a
made-up but realistic table. Every curve is a training that really happened. Clock, user and host that the trackers
write are set to those of an invented lab, so that the result does not depend on who runs this.
"""

from __future__ import annotations

import csv
import getpass
import importlib
import itertools
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped, unused-ignore]

CLASSES = ("ok", "drift", "stuck", "spike")
NUMERIC = ("temperature", "vibration", "current", "noise", "lag")
LAB = "/home/mira/sensors"
HOST = "gpu-node07"
DAY_S = 86_400.0
START_S = 1_788_336_000.0  # 2026-09-02 08:00 UTC
COMMITS = {
    "train_v1": "4be1c0d27a9f5b3e8c61d04f7a2b9e5c3d8f1a60",
    "train_v2": "91aa07c5e3b82d46f0a7c19b8e2d5f34a6c7b081",
}
NAMES = iter(
    """
    amber-heron brisk-otter calm-ibis dusky-lynx eager-finch fleet-marten gentle-orca humble-kite ivory-stoat
    jolly-wren keen-raven lucid-moth mellow-crane nimble-vole olive-newt plucky-tern quiet-elk rapid-swift
    """.split()  # noqa: SIM905 - a list of one name a line would be longer than the rest
)


# --- the data -----------------------------------------------------------------------------------------------------


def make_data(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Train set in two versions and a validation set. Version 2 mends labels, adds and drops rows, adds a column."""
    rng = np.random.default_rng(20260902)
    clean = _rows(rng, 1200, 10_000)
    first = clean.copy()
    # A third of the 'drift' sensors of one site were labelled 'ok' by mistake.
    wrong = first.index[(first["label"] == "drift") & (rng.random(len(first)) < 0.42)]
    first.loc[wrong, "label"] = "ok"
    spikes = first.index[(first["label"] == "spike") & (rng.random(len(first)) < 0.22)]
    first.loc[spikes, "label"] = "stuck"
    second = clean.drop(index=rng.choice(clean.index, 15, replace=False))
    second = pd.concat([second, _rows(rng, 64, 12_000, weights=(0.1, 0.6, 0.1, 0.2))], ignore_index=True)
    second["annotator"] = rng.choice(["ann-1", "ann-2", "ann-3"], len(second))
    val = _rows(rng, 500, 20_000)
    folder.mkdir(parents=True)
    first.to_csv(folder / "train_v1.csv", index=False)
    second.to_csv(folder / "train_v2.csv", index=False)
    val.to_csv(folder / "val.csv", index=False)
    return first, second, val


def _rows(
    rng: np.random.Generator, count: int, first_id: int, weights: tuple[float, ...] = (0.46, 0.2, 0.2, 0.14)
) -> pd.DataFrame:
    label = rng.choice(len(CLASSES), count, p=weights)
    base = np.array(
        [[21, 0.3, 1.1, 0.05, 12], [24, 0.34, 1.2, 0.06, 14], [21, 0.02, 1.0, 0.01, 12], [22, 0.7, 1.5, 0.2, 18]]
    )
    wide = np.array(
        [[2.5, 0.12, 0.2, 0.03, 3], [2.8, 0.12, 0.2, 0.03, 3], [2.5, 0.08, 0.2, 0.02, 3], [2.6, 0.3, 0.4, 0.1, 6]]
    )
    values = base[label] + wide[label] * rng.normal(size=(count, len(NUMERIC)))
    frame = pd.DataFrame(np.round(values, 3), columns=list(NUMERIC))
    frame.insert(0, "sensor_id", np.arange(first_id, first_id + count))
    frame["site"] = rng.choice(["north", "south", "harbour"], count, p=[0.5, 0.3, 0.2])
    frame["label"] = np.array(CLASSES)[label]
    return frame


# --- the training -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """What a training is started with."""

    lr: float = 0.03
    momentum: float = 0.9
    width: int = 24
    batch_size: int = 32
    epochs: int = 60
    weight_decay: float = 1e-4
    noise: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Epoch:
    """What one epoch measured."""

    number: int
    train_loss: float
    val_loss: float
    val_acc: float
    grad_norm: float
    seconds: float


def train(setting: Setting, data: pd.DataFrame, val: pd.DataFrame) -> Iterator[Epoch]:
    """Train a network of one hidden layer and say after each epoch how it stands; NaN once it has diverged."""
    rng = np.random.default_rng(setting.seed)
    mean, std = data[list(NUMERIC)].mean().to_numpy(), data[list(NUMERIC)].std().to_numpy()
    x, y = _arrays(data, mean, std)
    x_val, y_val = _arrays(val, mean, std)
    sizes = (x.shape[1], setting.width, len(CLASSES))
    weights = [rng.normal(size=(a, b)) * np.sqrt(2 / a) for a, b in itertools.pairwise(sizes)]
    biases = [np.zeros(b) for b in sizes[1:]]
    speed = [np.zeros_like(w) for w in [*weights, *biases]]
    with np.errstate(all="ignore"):
        for number in range(setting.epochs):
            losses, norms = [], []
            order = rng.permutation(len(x))
            for start in range(0, len(x), setting.batch_size):
                rows = order[start : start + setting.batch_size]
                batch = x[rows] + setting.noise * rng.normal(size=(len(rows), x.shape[1]))
                loss, grads = _gradients(batch, y[rows], weights, biases, setting.weight_decay)
                losses.append(loss)
                norms.append(float(np.sqrt(sum((g**2).sum() for g in grads))))
                for i, parameter in enumerate([*weights, *biases]):
                    speed[i] = setting.momentum * speed[i] - setting.lr * grads[i]
                    parameter += speed[i]
            val_loss, val_acc = _evaluate(x_val, y_val, weights, biases)
            seconds = 1.9 + 0.004 * setting.width + 0.15 * float(rng.random())
            yield Epoch(number, float(np.mean(losses)), val_loss, val_acc, float(np.mean(norms)), seconds)


def _arrays(frame: pd.DataFrame, mean: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (frame[list(NUMERIC)].to_numpy() - mean) / std, frame["label"].map(CLASSES.index).to_numpy()


def _forward(x: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    hidden = np.maximum(0, x @ weights[0] + biases[0])
    scores = hidden @ weights[1] + biases[1]
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return hidden, shifted / shifted.sum(axis=1, keepdims=True)


def _gradients(
    x: np.ndarray, y: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray], decay: float
) -> tuple[float, list[np.ndarray]]:
    hidden, chance = _forward(x, weights, biases)
    loss = float(-np.log(chance[np.arange(len(y)), y] + 1e-12).mean())
    delta = chance.copy()
    delta[np.arange(len(y)), y] -= 1
    delta /= len(y)
    back = (delta @ weights[1].T) * (hidden > 0)
    return loss, [
        x.T @ back + decay * weights[0],
        hidden.T @ delta + decay * weights[1],
        back.sum(axis=0),
        delta.sum(axis=0),
    ]


def _evaluate(x: np.ndarray, y: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray]) -> tuple[float, float]:
    _, chance = _forward(x, weights, biases)
    loss = float(-np.log(chance[np.arange(len(y)), y] + 1e-12).mean())
    right = float((chance.argmax(axis=1) == y).mean())
    return loss, right if np.isfinite(loss) else float("nan")


# --- the trackers -------------------------------------------------------------------------------------------------


class Clock:
    """Stands in for `time.time`, so that trainings of seconds look as if a cluster had taken minutes."""

    def __init__(self, start_s: float) -> None:
        self.now = start_s

    def __call__(self) -> float:
        self.now += 0.003
        return self.now


def write_mlflow(folder: Path, first: pd.DataFrame, second: pd.DataFrame, val: pd.DataFrame, clock: Clock) -> None:
    """A sweep of four learning rates with five seeds, one diverged run, five on the mended data, one killed."""
    mlflow: Any = importlib.import_module("mlflow")

    mlflow.set_tracking_uri(folder.as_uri())
    mlflow.set_experiment("sensor-faults")
    plan: list[tuple[Setting, pd.DataFrame, str, str]] = []
    for lr in (0.003, 0.01, 0.03):
        for seed in range(4):
            plan.append((Setting(lr=lr, seed=seed), first, "train_v1", "FINISHED"))
    plan.append((Setting(lr=30.0, momentum=0.99, weight_decay=0.1, seed=1), first, "train_v1", "FAILED"))
    plan.append((Setting(lr=0.01, seed=4, epochs=23), first, "train_v1", "RUNNING"))
    for seed in range(4):
        plan.append((Setting(lr=0.03, seed=seed), second, "train_v2", "FINISHED"))
    for setting, data, data_name, end in plan:
        _mlflow_run(mlflow, setting, data, data_name, end, val, clock)
        clock.now += 1_400 if data_name == "train_v1" else 3_000


def _mlflow_run(
    mlflow: Any, setting: Setting, data: pd.DataFrame, data_name: str, end: str, val: pd.DataFrame, clock: Clock
) -> None:
    commit = COMMITS[data_name]
    mlflow.start_run(run_name=next(NAMES))
    mlflow.set_tags({"mlflow.source.git.commit": commit, "mlflow.source.name": f"{LAB}/train.py", "team": "sensors"})
    mlflow.log_params(_params(setting))
    source = f"{LAB}/data/{data_name}.csv"
    mlflow.log_input(mlflow.data.from_pandas(data, source=source, name=data_name), context="train")
    mlflow.log_input(mlflow.data.from_pandas(val, source=f"{LAB}/data/val.csv", name="val"), context="validation")
    for epoch in train(setting, data, val):
        clock.now += epoch.seconds
        mlflow.log_metrics(_figures(epoch), step=epoch.number)
        if end == "FAILED" and not np.isfinite(epoch.train_loss) and epoch.number > 20:
            break
    if end == "FINISHED":
        mlflow.log_text("numpy==2.3.1\npandas==2.3.0\nmlflow-skinny==2.22.1\n", "requirements.txt")
        mlflow.log_dict({"classes": list(CLASSES), "width": setting.width}, "model/model.json")
    if end == "RUNNING":
        # The scheduler killed it: no end is written, as in any store of a run that was killed.
        mlflow.tracking.fluent._active_run_stack.get().pop()
    else:
        mlflow.end_run(end)


def _params(setting: Setting) -> dict[str, object]:
    return {
        "optim.name": "sgd",
        "optim.lr": setting.lr,
        "optim.momentum": setting.momentum,
        "optim.weight_decay": setting.weight_decay,
        "model.width": setting.width,
        "aug.noise": setting.noise,
        "batch_size": setting.batch_size,
        "epochs": setting.epochs,
        "seed": setting.seed,
    }


def _figures(epoch: Epoch) -> dict[str, float]:
    return {
        "train/loss": epoch.train_loss,
        "val/loss": epoch.val_loss,
        "val/acc": epoch.val_acc,
        "grad_norm": epoch.grad_norm,
        "time_per_epoch_s": epoch.seconds,
    }


def write_tensorboard(folder: Path, first: pd.DataFrame, val: pd.DataFrame, clock: Clock) -> None:
    """Three widths, by tensorboardX, with hparams."""
    writer_class: Any = importlib.import_module("tensorboardX").SummaryWriter
    for width in (8, 24, 96):
        setting = Setting(width=width, lr=0.02, seed=7)
        place = folder / f"width-{width}"
        writer = writer_class(str(place))
        last: Epoch | None = None
        for epoch in train(setting, first, val):
            clock.now += epoch.seconds
            for tag, value in _figures(epoch).items():
                writer.add_scalar(tag, value, epoch.number, walltime=clock())
            last = epoch
        assert last is not None
        writer.add_hparams({"lr": setting.lr, "width": width, "seed": setting.seed}, {"hparam/val_acc": last.val_acc})
        writer.close()
        clock.now += 900


HYDRA_SCRIPT = """
import json, sys
from pathlib import Path
import hydra
@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(cfg):
    import make_samples
    make_samples.hydra_job(Path.cwd(), cfg.optim.lr, cfg.optim.momentum, cfg.model.width, cfg.aug.noise, cfg.seed)
if __name__ == "__main__":
    main()
"""
HYDRA_CONFIG = """optim:
  name: sgd
  lr: 1e-2
  momentum: 0.9
model:
  width: 24
aug:
  noise: 0.0
seed: 0
hydra:
  job:
    name: train
    chdir: true
"""


def hydra_job(folder: Path, lr: float, momentum: float, width: int, noise: float, seed: int) -> None:
    """One job of the multirun: a CSV of its own and event files beside it, of the same training."""
    writer_class: Any = importlib.import_module("tensorboardX").SummaryWriter
    data = pd.read_csv(os.environ["SAMPLES_TRAIN"])
    val = pd.read_csv(os.environ["SAMPLES_VAL"])
    clock = Clock(float(os.environ["SAMPLES_CLOCK"]) + 700 * (seed + 10 * noise))
    disguise(clock)
    writer = writer_class(str(folder / "tb"))
    with (folder / "metrics.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["epoch", "train/loss", "val/loss", "val/acc"])
        setting = Setting(lr=float(lr), momentum=momentum, width=width, noise=noise, seed=seed, epochs=50)
        for epoch in train(setting, data, val):
            clock.now += epoch.seconds
            rows.writerow([epoch.number, epoch.train_loss, epoch.val_loss, epoch.val_acc])
            for tag in ("train/loss", "val/loss", "val/acc"):
                writer.add_scalar(tag, _figures(epoch)[tag], epoch.number, walltime=clock())
    writer.close()


def write_hydra(folder: Path, train_csv: Path, val_csv: Path, start_s: float) -> None:
    """A multirun over noise and seed; its jobs hold `.hydra`, a CSV and event files."""
    with tempfile.TemporaryDirectory() as work:
        project = Path(work)
        (project / "conf").mkdir()
        (project / "conf" / "config.yaml").write_text(HYDRA_CONFIG)
        (project / "job.py").write_text(HYDRA_SCRIPT)
        environment = os.environ | {
            "PYTHONPATH": str(Path(__file__).parent),
            "SAMPLES_TRAIN": str(train_csv),
            "SAMPLES_VAL": str(val_csv),
            "SAMPLES_CLOCK": str(start_s),
        }
        sweep = "hydra.sweep.dir=multirun/2026-09-09/10-12-40"
        command = [sys.executable, "job.py", "-m", "aug.noise=0.0,0.3", "seed=0,1", "optim.lr=2e-2", sweep]
        subprocess.run(command, cwd=project, env=environment, check=True)
        shutil.copytree(project / "multirun", folder)
        for file in folder.rglob("*.yaml"):
            file.write_text(file.read_text().replace(str(project), LAB).replace(sys.executable, "python"))
        for log in folder.rglob("*.log"):
            log.unlink()


def write_plain(folder: Path, second: pd.DataFrame, val: pd.DataFrame, clock: Clock) -> None:
    """Two runs of a script without a tracker: params.json and metrics.jsonl."""
    for name, setting in (("try-wide", Setting(width=128, lr=0.03, seed=3)), ("try-noisy", Setting(noise=0.5, seed=3))):
        place = folder / name
        place.mkdir(parents=True)
        kept = {"optim": {"name": "sgd", "lr": setting.lr}, "model": {"width": setting.width}}
        kept |= {"aug": {"noise": setting.noise}, "seed": setting.seed, "data": "train_v2"}
        (place / "params.json").write_text(json.dumps(kept, indent=2) + "\n")
        with (place / "metrics.jsonl").open("w", encoding="utf-8") as file:
            for epoch in train(replace(setting, epochs=40), second, val):
                clock.now += epoch.seconds
                row = {"epoch": epoch.number, "timestamp": round(clock.now, 3)} | _figures(epoch)
                file.write(json.dumps(row) + "\n")
        clock.now += 600


def write_lightning(folder: Path, train_csv: Path, val_csv: Path) -> None:
    """Two seeds of the same network in PyTorch with Adam, by Lightning's CSV logger."""
    lightning: Any = importlib.import_module("lightning.pytorch")
    loggers: Any = importlib.import_module("lightning.pytorch.loggers")
    torch: Any = importlib.import_module("torch")
    first, val = pd.read_csv(train_csv), pd.read_csv(val_csv)
    mean, std = first[list(NUMERIC)].mean().to_numpy(), first[list(NUMERIC)].std().to_numpy()
    sets = [_arrays(frame, mean, std) for frame in (first, val)]
    torch_sets = [
        torch.utils.data.TensorDataset(torch.tensor(x, dtype=torch.float32), torch.tensor(y)) for x, y in sets
    ]
    for seed in range(2):
        lightning.seed_everything(seed)
        module = _lightning_module(lightning, torch, lr=0.003, width=24, seed=seed)
        trainer = lightning.Trainer(
            max_epochs=40,
            logger=loggers.CSVLogger(str(folder.parent), name=folder.name),
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            log_every_n_steps=10,
            num_sanity_val_steps=0,
        )
        trainer.fit(
            module,
            torch.utils.data.DataLoader(torch_sets[0], batch_size=32, shuffle=True),
            torch.utils.data.DataLoader(torch_sets[1], batch_size=500),
        )


def _lightning_module(lightning: Any, torch: Any, *, lr: float, width: int, seed: int) -> Any:
    class SensorNet(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self, optim: dict[str, object], model: dict[str, object], seed: int) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.net = torch.nn.Sequential(
                torch.nn.Linear(len(NUMERIC), int(str(model["width"]))),
                torch.nn.ReLU(),
                torch.nn.Linear(int(str(model["width"])), len(CLASSES)),
            )

        def training_step(self, batch: Any) -> Any:
            loss = torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.log("train/loss", loss)
            return loss

        def validation_step(self, batch: Any) -> None:
            scores = self.net(batch[0])
            self.log("val/loss", torch.nn.functional.cross_entropy(scores, batch[1]))
            self.log("val/acc", (scores.argmax(1) == batch[1]).float().mean())

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=float(str(self.hparams["optim"]["lr"])))

    return SensorNet({"name": "adam", "lr": lr}, {"width": width}, seed)


def disguise(clock: Clock) -> None:
    """Let the trackers write an invented lab's clock, user and host."""
    replacements: list[tuple[object, str, Callable[..., object]]] = [
        (time, "time", clock),
        (socket, "gethostname", lambda: HOST),
        (getpass, "getuser", lambda: "mira"),
    ]
    for module, name, replacement in replacements:
        setattr(module, name, replacement)


def main() -> int:
    """Make the parts named below the folder named on the command line; what is there of them already is replaced."""
    out = Path(sys.argv[1]).absolute()
    parts = set(sys.argv[2:])
    runs = out / "runs"
    for old in [runs / part for part in parts] or [out / "data", runs]:
        shutil.rmtree(old, ignore_errors=True)
    runs.mkdir(parents=True, exist_ok=True)
    random.seed(20260902)
    warnings.filterwarnings("ignore", module="mlflow")
    os.environ["MLFLOW_TRACKING_USERNAME"] = "mira"
    with tempfile.TemporaryDirectory() as spare:
        # The frames are needed by most parts, the files only when everything is made.
        first, second, val = make_data(Path(spare) / "data" if parts else out / "data")
    clock = Clock(START_S)
    data = out / "data"
    writers: dict[str, Callable[[], None]] = {
        "lightning_logs": lambda: write_lightning(runs / "lightning_logs", data / "train_v1.csv", data / "val.csv"),
        "multirun": lambda: write_hydra(
            runs / "multirun", data / "train_v1.csv", data / "val.csv", START_S + 7 * DAY_S
        ),
        "mlruns": lambda: write_mlflow(runs / "mlruns", first, second, val, clock),
        "tensorboard": lambda: write_tensorboard(runs / "tensorboard", first, val, clock),
        "scripts": lambda: write_plain(runs / "scripts", second, val, clock),
    }
    day = {"mlruns": 0.0, "tensorboard": 9.0, "scripts": 11.0}
    for part, write in writers.items():
        if parts and part not in parts:
            continue
        if part in day:
            disguise(clock)
            clock.now = START_S + day[part] * DAY_S
        write()
    for meta in runs.rglob("meta.yaml"):
        meta.write_text(meta.read_text().replace(runs.as_uri(), f"file://{LAB}").replace(str(runs), LAB))
    return 0


if __name__ == "__main__":
    sys.exit(main())
