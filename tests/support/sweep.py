"""A small folder of runs written as a script without a tracker writes them: params.json and metrics.jsonl."""

from __future__ import annotations

import json
from pathlib import Path

NAMES = ("amber-heron", "brisk-otter", "calm-ibis", "dusky-lynx", "eager-finch", "fleet-marten")
STEPS = 20


def write_sweep(root: Path, names: tuple[str, ...] = NAMES) -> Path:
    """Runs below `root`/sweep: run i has lr 10^-i, seed i, and ends at val/acc 0.70 + 0.02 i; the last one diverges."""
    for number, name in enumerate(names):
        folder = root / "sweep" / name
        folder.mkdir(parents=True)
        params = {"lr": 10.0**-number, "seed": number, "optimizer": "adam" if number % 2 else "sgd", "depth": 18}
        (folder / "params.json").write_text(json.dumps(params), encoding="utf-8")
        lines = []
        for step in range(STEPS):
            loss = 1.0 / (step + 1) + number / 100
            diverged = number == len(NAMES) - 1 and step == STEPS - 1
            accuracy = round(0.51 + 0.01 * step + 0.02 * number, 6)
            lines.append(json.dumps({"step": step, "val/acc": accuracy, "loss": float("nan") if diverged else loss}))
        (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root
