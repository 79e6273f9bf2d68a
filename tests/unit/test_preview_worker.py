"""The workers that look into files: what they are asked through the workspace, their limits, and what cannot hurt."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.analysis.preview.bench import PreviewBench
from runfolio.analysis.preview.worker import find_text, see, see_files
from runfolio.api import CancelToken, Workspace
from runfolio.errors import Cancelled, FolderUnreadable, LimitReached
from runfolio.model.previews import Ask, FileKind, FilePlace, TextPage
from runfolio.model.run_homes import RunHome
from runfolio.model.text_search import Search
from support.sweep import write_sweep


@pytest.fixture(scope="module")
def bench() -> Iterator[PreviewBench]:
    made = PreviewBench(memory_bytes=1 << 30, seconds=6)
    yield made
    made.close()


def png(width: int, height: int, packed: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_bombs_cost_their_own_preview_only(bench: PreviewBench, tmp_path: Path) -> None:
    (tmp_path / "declared.png").write_bytes(png(100_000, 100_000, zlib.compress(b"")))
    (tmp_path / "packed.png").write_bytes(png(9_000, 9_000, zlib.compress(bytes(400 << 20), 1)))
    (tmp_path / "deep.json").write_text('{"a":' * 500_000)
    (tmp_path / "deep.yaml").write_text("[" * 300_000)
    (tmp_path / "zeros.csv").write_bytes(bytes(5 << 20))
    with (tmp_path / "hole.log").open("wb") as out:
        out.truncate(1 << 40)
    (tmp_path / "long.safetensors").write_bytes((1 << 62).to_bytes(8, "little") + b"{")
    (tmp_path / "notes.txt").write_text("still here\n")
    for name in ("declared.png", "packed.png", "deep.json", "deep.yaml", "zeros.csv", "hole.log", "long.safetensors"):
        started = time.monotonic()
        with contextlib.suppress(LimitReached, FolderUnreadable):
            bench.call(None, see, FilePlace(str(tmp_path), name), Ask())
        assert time.monotonic() - started < 15, name
        page = bench.call(None, see, FilePlace(str(tmp_path), "notes.txt"), Ask()).content
        assert isinstance(page, TextPage)
        assert page.text == "still here\n"


def test_links_pipes_and_paths_that_climb_are_not_opened(bench: PreviewBench, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("canary")
    root = tmp_path / "run"
    root.mkdir()
    (root / "link.txt").symlink_to(outside / "secret.txt")
    (root / "folder").symlink_to(outside)
    os.mkfifo(root / "pipe.txt")
    for path in ("link.txt", "folder/secret.txt", "pipe.txt", "../outside/secret.txt", "", "gone.txt"):
        with pytest.raises(FolderUnreadable) as told:
            bench.call(None, see, FilePlace(str(root), path), Ask())
        assert "canary" not in str(told.value)
    listed = bench.call(None, see_files, [RunHome(str(root), "", frozenset(), False, ())])
    assert listed.files == ()
    assert any("3 entries that are not opened" in note for note in listed.notes)


def test_an_expression_that_runs_for_ever_is_ended(bench: PreviewBench, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("a" * 60 + "!\n")
    with pytest.raises(LimitReached, match="longer than 6 s"):
        bench.call(None, find_text, FilePlace(str(tmp_path), "a.log"), Search("(a+)+$", regex=True), 5.0)
    found = bench.call(None, find_text, FilePlace(str(tmp_path), "a.log"), Search("A!"), 5.0)
    assert [(match.line, match.column) for match in found.found] == [(1, 59)]


def test_a_preview_that_nobody_waits_for_is_ended(bench: PreviewBench, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("a" * 60 + "!\n")
    token = CancelToken()
    threading.Timer(0.3, token.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        bench.call(token, find_text, FilePlace(str(tmp_path), "a.log"), Search("(a+)+$", regex=True), 5.0)
    assert time.monotonic() - started < 4


def test_the_files_of_a_run_are_those_of_its_folder(tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path / "runs")
    folder = sweep / "sweep" / "amber-heron"
    (folder / "samples").mkdir()
    (folder / "samples" / "epoch_2.png").write_bytes(png(1, 1, zlib.compress(b"\0\0")))
    (folder / "output.log").write_text("epoch 1\n")
    for name in ("epoch_10.png", "epoch_002.png"):
        (folder / "samples" / name).write_text("no image")
    before = {path: path.stat().st_mtime_ns for path in sweep.rglob("*")}
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        workspace.index([sweep])
        key = workspace.resolve_run("amber-heron")
        files = {file.shown: file for file in workspace.run_files(key).files}
        samples = ["samples/epoch_002.png", "samples/epoch_2.png", "samples/epoch_10.png"]
        assert [*files] == ["metrics.jsonl", "output.log", "params.json", *samples]
        no_image = files["samples/epoch_10.png"].place
        assert no_image is not None
        with pytest.raises(FolderUnreadable, match="its beginning is that of no known kind of image"):
            workspace.preview(no_image)
        image = files["samples/epoch_2.png"]
        assert (image.kind, image.step, image.series, image.recorded) == (
            FileKind.IMAGE,
            2,
            "samples/epoch_#.png",
            True,
        )
        assert image.place is not None
        assert image.size_bytes == (folder / "samples" / "epoch_2.png").stat().st_size
        (thumbnail,) = workspace.thumbnails([image.place])
        assert not isinstance(thumbnail, str)
        (folder / "output.log").unlink()
        gone = {file.shown: file for file in workspace.run_files(key).files}["output.log"]
        assert gone.place is None
        assert gone.recorded
    (folder / "output.log").write_text("epoch 1\n")
    after = {path: path.stat().st_mtime_ns for path in sweep.rglob("*") if path.name != "output.log"}
    assert {path: time for path, time in before.items() if path in after and path != folder} == {
        path: time for path, time in after.items() if path != folder
    }


def test_files_of_runs_inside_of_a_run_are_not_its_own(tmp_path: Path) -> None:
    outer = tmp_path / "runs" / "outer"
    for folder, rate in ((outer, 0.1), (outer / "inner", 0.2)):
        folder.mkdir(parents=True)
        (folder / "params.json").write_text(json.dumps({"lr": rate}))
        (folder / "metrics.jsonl").write_text(f'{{"step": 0, "loss": 1.0}}\n{{"step": 1, "loss": {rate}}}\n')
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        workspace.index([tmp_path / "runs"])
        found = {run.path: [file.shown for file in workspace.run_files(run.key).files] for run in workspace.find_runs()}
    assert found == {"outer": ["metrics.jsonl", "params.json"], "outer/inner": ["metrics.jsonl", "params.json"]}
