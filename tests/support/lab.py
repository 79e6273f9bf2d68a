"""Run folders as a laboratory's own training script writes them: `run.ini` and `log.tsv`, no tracker."""

from __future__ import annotations

import configparser
import csv
from pathlib import Path

LAYOUT = """\
runfolio_layout = 1
name = "lab"
about = "Runs of our own script"

[runs]
path = "{experiment}/{name}_seed{seed:int}"

[files]
params = ["run.ini"]
metrics = ["log.tsv"]
ignore = ["*.tmp"]

[metrics]
step = "it"
time = "when"
columns = ["loss", "acc*"]
"""

STARTED = 1_767_225_600  # 2026-01-01 00:00 UTC


def write_run(folder: Path, *, lr: float, losses: list[float]) -> Path:
    """One run: a step every 10 iterations and 60 seconds."""
    folder.mkdir(parents=True)
    config = configparser.ConfigParser()
    config["model"] = {"name": "resnet18"}
    config["optim"] = {"lr": repr(lr), "nesterov": "yes"}
    with (folder / "run.ini").open("w") as file:
        config.write(file)
    with (folder / "log.tsv").open("w", newline="") as file:
        rows = csv.writer(file, delimiter="\t")
        rows.writerow(["it", "when", "loss", "acc_top1", "gpu_mem"])
        for number, loss in enumerate(losses):
            rows.writerow([number * 10, STARTED + 60 * number, repr(loss), 1 - loss, 512])
    (folder / "model.pt").write_bytes(b"weights")
    (folder / "scratch.tmp").write_text("")
    return folder


def write_lab(root: Path) -> Path:
    """Three runs of two experiments."""
    write_run(root / "depth" / "plain_seed1", lr=0.1, losses=[0.9, 0.5, 0.25])
    write_run(root / "depth" / "plain_seed2", lr=0.01, losses=[0.8, float("nan"), 0.5])
    write_run(root / "width" / "wide_net_seed1", lr=0.1, losses=[0.7, 0.3])
    return root
