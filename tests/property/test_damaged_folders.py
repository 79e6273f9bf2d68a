"""Whatever becomes of the files of real runs, reading them ends in runs and problems, and touches nothing."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile.scene import CANARY, digest
from runfolio.index.frames import pack
from runfolio.model.problem import Problem
from runfolio.readers.parse import parse_all
from runfolio.readers.scanner import scan

CORPUS = Path(__file__).parent.parent / "corpus"
FORMATS = sorted(p.parent.name for p in CORPUS.glob("*/expected.json"))
_MOST_FILES = 60
_PIECES = (
    b"", b"\0", b"\xff\xfe", b"{", b"[", b'"', b"\n", b"\r", b",", b":", b"nan", b"1e999", b"9" * 400, b"null",
    b"-9223372036854775809", b"18446744073709551616", b"&a [*a]", b"!!python/object:os.system", b"\xed\xa0\x80",
    b"\xff" * 9 + b"\x01", b"../../..", b"file:///etc/passwd", b"99999-01-01T00:00:00Z", b"0001-01-01T00:00:00+23:59",
    b"[" * 990 + b"]" * 990, b"${a}", b"{}", b"[]", b"\\ud800",
)  # fmt: skip


def cut(file: Path, rng: random.Random) -> None:
    os.truncate(file, rng.randrange(file.stat().st_size + 1))


def flip(file: Path, rng: random.Random) -> None:
    data = bytearray(file.read_bytes() or b"\0")
    for _ in range(rng.choice((1, 8, 64))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    file.write_bytes(data)


def insert(file: Path, rng: random.Random) -> None:
    data = file.read_bytes()
    at = rng.randrange(len(data) + 1)
    file.write_bytes(data[:at] + rng.choice(_PIECES) + data[at + rng.choice((0, 1, 8)) :])


def remake(file: Path, rng: random.Random) -> None:
    file.write_bytes(rng.choice(_PIECES))


def remove(file: Path, rng: random.Random) -> None:
    file.unlink()


def swap(file: Path, rng: random.Random) -> None:
    others = sorted(p for p in file.parent.iterdir() if p.is_file() and not p.is_symlink())
    file.write_bytes(rng.choice(others).read_bytes())


def become(file: Path, rng: random.Random) -> None:
    """Not a file any more."""
    file.unlink()
    kind = rng.randrange(3)
    if kind == 0:
        file.mkdir()
    elif kind == 1:
        os.mkfifo(file)
    else:
        above = next(p for p in file.parents if (p / "outside").is_dir())
        file.symlink_to(above / "outside" / "secret.json")


DAMAGE: tuple[Callable[[Path, random.Random], None], ...] = (cut, flip, insert, insert, remake, remove, swap, become)


def copied(source: Path, target: Path, rng: random.Random) -> None:
    """Some of the runs of a format: whole folders, as many as are read in a moment."""
    left = _MOST_FILES
    for top in rng.sample(sorted(source.iterdir()), len([*source.iterdir()])):
        count = sum(1 for p in top.rglob("*")) if top.is_dir() else 1
        if left < _MOST_FILES and count > left:
            continue
        if top.is_dir():
            shutil.copytree(top, target / top.name, symlinks=True)
        else:
            shutil.copy(top, target / top.name)
        left -= count


@pytest.mark.parametrize("name", FORMATS)
@settings(derandomize=True, max_examples=6, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_damaged_runs_end_in_runs_and_problems_only(name: str, seed: int) -> None:
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        outside, root = Path(place) / "outside", Path(place) / "runs"
        outside.mkdir()
        (outside / "secret.json").write_text(json.dumps({"canary": CANARY}))
        root.mkdir()
        copied(CORPUS / name / "runs", root, rng)
        files = sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink())
        for _ in range(rng.choice((1, 3, 8))):
            file = rng.choice(files)
            if file.is_file() and not file.is_symlink():
                rng.choice(DAMAGE)(file, rng)
        before = digest(root)
        claims = [unit.claim for unit in scan(root) if not isinstance(unit, Problem)]
        parsed = [*parse_all(root, claims, [20.0] * len(claims))]
        pack(parsed)
        problems = [p for one in parsed for p in (*one.problems, *(q for r in one.recordings for q in r.problems))]
        assert [p for p in problems if p.code in ("reader-failed", "out-of-memory", "too-slow")] == []
        assert CANARY not in repr(parsed)
        assert digest(root) == before
