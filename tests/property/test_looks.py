"""Whatever happens to a tree, a walk with what earlier ones kept finds what a walk without it finds."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from runfolio.readers import looks
from runfolio.readers.contract import Claim
from runfolio.readers.looks import Look
from runfolio.readers.scanner import Memory, Unit, scan

CORPUS = Path(__file__).parents[1] / "corpus"
FORMATS = (
    "generic",
    "lightning",
    "hf_trainer",
    "hydra",
    "keras_tuner",
    "ray_tune",
    "mlflow_file",
    "guild",
    "sacred",
    "dvclive",
)
STEPS = 12
TELLING = ("config.json", "metrics.csv", "meta.yaml", "trainer_state.json", "hparams.yaml", "progress.csv", "x.db")

Found = dict[tuple[str, str], tuple[Claim, str]]
"""Claims and fingerprints by folder and reader."""


@pytest.fixture(autouse=True)
def all_is_kept() -> Iterator[None]:
    """Also what was written moments ago; `later` sees to it that times tell."""
    with patch.object(looks, "_TICK_NS", -(10**18)):
        yield


def found(root: Path, memory: Memory) -> Found:
    return {
        (unit.claim.path, unit.claim.reader): (unit.claim, unit.fingerprint)
        for unit in scan(root, memory=memory)
        if isinstance(unit, Unit)
    }


def keep_in(kept: dict[str, Look]) -> Callable[[Look], None]:
    return lambda look: kept.update({look.path: look})


def changes(root: Path, choose: random.Random) -> list[Callable[[], object]]:
    files = sorted(Path(here, name) for here, _, names in os.walk(root) for name in names)
    folders = sorted(Path(here, name) for here, names, _ in os.walk(root) for name in names)
    file, other, folder = choose.choice(files), choose.choice(files), choose.choice(folders)
    size = file.stat().st_size

    def appended() -> None:
        with file.open("ab") as end:
            end.write(b"1,2,3\n")

    def rewritten() -> None:
        times = file.stat()
        file.write_bytes(file.read_bytes()[::-1])
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    def linked() -> None:
        file.unlink()
        file.symlink_to(other)

    return [
        appended,
        rewritten,
        linked,
        lambda: os.truncate(file, size // 2),
        file.unlink,
        lambda: file.rename(file.with_name(choose.choice(TELLING))),
        lambda: shutil.copyfile(other, file),
        lambda: shutil.copy2(other, folder / choose.choice(TELLING)),
        lambda: (file.parent / choose.choice(["params", "metrics", "checkpoints", ".hydra", "a"])).mkdir(exist_ok=True),
        lambda: shutil.rmtree(folder),
        lambda: folder.rename(folder.with_name(folder.name + "_")),
    ]


def later(root: Path) -> None:
    """Wait until the clock of the file system has gone on."""
    mark = root.parent / "clock"
    mark.touch()
    before = mark.stat().st_ctime_ns
    while mark.stat().st_ctime_ns == before:
        mark.touch()


@pytest.mark.parametrize("seed", range(3))
def test_a_walk_with_a_memory_finds_what_one_without_finds(tmp_path: Path, seed: int) -> None:
    root = tmp_path / "tree"
    for name in FORMATS:
        shutil.copytree(CORPUS / name, root / name)
    choose = random.Random(seed)
    known: dict[str, Look] = {}
    before = found(root, Memory(keep=keep_in(known)))
    passed_over = 0
    for _ in range(STEPS):
        later(root)
        choose.choice(changes(root, choose))()
        now = found(root, Memory())
        standing: list[Look] = []
        kept: dict[str, Look] = {}
        seen = found(root, Memory(looks=known, unchanged=standing.append, keep=keep_in(kept)))
        still = {(look.path, reader): before[look.path, reader] for look in standing for reader in look.readers}
        assert seen | still == now
        assert not seen.keys() & still.keys()
        passed_over += len(still)
        known = {look.path: look for look in standing} | kept
        before = now
    assert passed_over > STEPS * len(before) * 0.8
