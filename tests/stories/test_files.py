"""The files of a run from the command line."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np

from support.command import answer, call
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
