"""The files of a run from the command line."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import numpy as np

from runfolio.api import Workspace
from support.command import answer, call
from support.inspected import CORPUS
from support.sweep import write_sweep


def test_files_are_listed_and_shown_without_the_window(tmp_path: Path) -> None:
    root = write_sweep(tmp_path / "lab", ("amber-heron",))
    folder = root / "sweep" / "amber-heron"
    (folder / "train.log").write_text("".join(f"line {n}\n" for n in range(40_000)))
    (folder / "odd.txt").write_bytes(b"\x1b[31mred\n")
    odd = os.fsencode(folder) + b"/name-\xff.txt"
    with open(odd, "wb") as out:  # noqa: PTH123 - a name that is no text
        out.write(b"found me\n")
    np.save(folder / "w.npy", np.arange(6).reshape(2, 3))
    (folder / "m.pkl").write_bytes(pickle.dumps([1, 2]))
    call("index", root)
    listed = {file["path"]: file for file in answer("files", "amber-heron")["files"]}
    assert {"train.log", "w.npy", "m.pkl", "params.json"} <= set(listed)
    assert (listed["w.npy"]["kind"], listed["w.npy"]["here"]) == ("model", True)
    assert "train.log" in call("files", "amber-heron").stdout
    page = answer("files", "amber-heron", "train.log")
    assert page["text"].startswith("line 0\n")
    rest = answer("files", "amber-heron", "train.log", "--at", str(page["end"]))
    assert rest["text"].startswith(f"line {page['text'].count(chr(10))}\n")
    assert "\x1b" not in call("files", "amber-heron", "odd.txt").stdout
    assert answer("files", "amber-heron", "name-\\xff.txt")["text"] == "found me\n"
    assert "2 × 3" in call("files", "amber-heron", "w.npy").stdout
    told = call("files", "amber-heron", "nothing.txt", code=2).stderr
    assert "no file 'nothing.txt'" in told


def test_artifacts_that_lie_beside_a_store_are_listed_where_they_are(tmp_path: Path) -> None:
    tree = tmp_path / "lab"
    shutil.copytree(CORPUS / "mlflow_sqlite" / "runs" / "v2_22", tree / "mlflow")
    artifacts = next((tree / "mlflow" / "mlartifacts").glob("263*")) / "artifacts"
    with open(os.fsencode(artifacts) + b"/odd-\xff.txt", "wb") as out:  # noqa: PTH123 - a name that is no text
        out.write(b"found me\n")
    version = "2026-01-01T05.15.12.464Z"
    for layer, name, text in (("08_reporting", "history.csv", "epoch,loss\n0,1.0\n"), ("09_tracking", "m.json", "{}")):
        place = tree / "kedro" / "data" / layer / name / version
        place.mkdir(parents=True)
        (place / name).write_text(text)
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        workspace.index([tree])
        seen: dict[str, int] = {}
        for run in workspace.find_runs():
            files = {file.shown: file for file in workspace.run_files(run.key).files}
            for artifact in run.artifacts:
                file = files.get(artifact.path)
                if file is None:  # told once, by its place in the folder of the recording
                    (file,) = (f for shown, f in files.items() if artifact.path.endswith(f"/{shown}"))
                assert (file.recorded, file.size_bytes) == (True, artifact.size_bytes)
                assert file.place is not None
                assert file.place.path.startswith(("mlflow/mlartifacts/", "kedro/data/"))
                seen[artifact.path] = seen.get(artifact.path, 0) + 1
    assert "odd-\\xff.txt" in seen
    assert f"08_reporting/history.csv/{version}/history.csv" in seen
    on_disk = sum(path.is_file() for path in (tree / "mlflow" / "mlartifacts").rglob("artifacts/**/*"))
    assert sum(seen.values()) == on_disk + 2
