"""How long a tracker's own reader takes for a tree: run by a Python that has the tracker, prints JSON.

    PYTHON tests/bench/reference.py {mlflow,tensorboard} TREE

mlflow        MlflowClient.search_runs over the file store: params, tags and latest values, without the histories.
tensorboard   EventAccumulator, all scalars of every 20th run: the whole would take an hour.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import warnings
from pathlib import Path

SHARE = 20


def mlflow(root: Path) -> dict[str, float | str]:
    """Seconds for all runs, asked for in pages of 1,000."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    tracker = importlib.import_module("mlflow")
    started, used = time.perf_counter(), time.process_time()
    client = tracker.MlflowClient(root.as_uri())
    runs = 0
    token = None
    while True:
        page = client.search_runs(["1"], max_results=1000, page_token=token)
        runs += len(page)
        token = page.token
        if not token:
            break
    return _told(tracker.__version__, runs, started, used)


def tensorboard(root: Path) -> dict[str, float | str]:
    """Seconds for a share of the runs, times that share."""
    module = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    version = importlib.import_module("tensorboard").__version__
    started, used = time.perf_counter(), time.process_time()
    folders = sorted(root.iterdir())[::SHARE]
    for folder in folders:
        events = module.EventAccumulator(str(folder), size_guidance={module.SCALARS: 0})
        events.Reload()
        for tag in events.Tags()["scalars"]:
            events.Scalars(tag)
    told = _told(version, len(folders), started, used)
    return told | {name: float(told[name]) * SHARE for name in ("runs", "seconds", "cpu_s")}


def _told(version: str, runs: int, started: float, used: float) -> dict[str, float | str]:
    return {
        "version": version,
        "runs": runs,
        "seconds": time.perf_counter() - started,
        "cpu_s": time.process_time() - used,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"mlflow": mlflow, "tensorboard": tensorboard}[sys.argv[1]](Path(sys.argv[2]))))
