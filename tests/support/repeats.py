"""Repeated runs written as a script without a tracker writes them: each configuration with several seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

ACCURACY: Mapping[str, Mapping[int, float]] = {
    "adam": {0: 0.90, 1: 0.91, 2: 0.93, 3: 0.92},
    "lion": {0: 0.95, 1: 0.955, 2: 0.985, 3: 0.97},
    "sgd": {0: 0.89, 1: 0.92, 2: 0.925, 3: 0.93},
}
"""Best val/acc by optimizer and seed."""


def write_repeats(root: Path) -> Path:
    """Three optimizers with four seeds each and one run of `rmsprop`; seeds and folders are params too."""
    for optimizer, by_seed in ACCURACY.items():
        for seed, accuracy in by_seed.items():
            write_run(root / "study" / f"{optimizer}-{seed}", optimizer, seed, accuracy)
    write_run(root / "study" / "rmsprop-0", "rmsprop", 0, 0.5)
    return root


def write_run(folder: Path, optimizer: str, seed: int, accuracy: float, **more: object) -> None:
    """A run whose val/acc rises to `accuracy` and falls back by 0.2 at the end; NaN makes all of it NaN."""
    folder.mkdir(parents=True)
    params = {"optimizer": optimizer, "lr": 0.1, "trainer": {"random_seed": seed}, "output_dir": str(folder), **more}
    (folder / "params.json").write_text(json.dumps(params), encoding="utf-8")
    values = [accuracy - 0.1, accuracy, accuracy - 0.2]
    lines = [json.dumps({"step": step, "val/acc": v, "loss": 1 - v}) for step, v in enumerate(values)]
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
