"""Whatever file of a real folder changes: a second look reads what hangs on it, or nothing has become of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from runfolio.readers import looks
from support.inspected import CORPUS
from support.second_look import Place, ReadOnce

FORMATS = sorted(folder.parent.name for folder in CORPUS.glob("*/runs"))
MOST = 10
"""Files of a format that are changed, of different kinds and in different places."""


@pytest.fixture(autouse=True)
def all_is_kept() -> Iterator[None]:
    """Also what was written moments ago."""
    with patch.object(looks, "_TICK_NS", -(10**18)):
        yield


def chosen(root: Path) -> list[Path]:
    """One file for each name and level, the rarest first, since most are alike."""
    alike: dict[tuple[str, str, int], list[Path]] = {}
    for file in sorted(root.rglob("*")):
        if file.is_file() and not file.is_symlink():
            parts = file.relative_to(root).parts
            alike.setdefault((parts[-2] if len(parts) > 1 else "", file.suffix, len(parts)), []).append(file)
    rarest = sorted(alike.values(), key=lambda files: (len(files), files[0]))
    return [files[len(files) // 2] for files in rarest[:: max(1, len(rarest) // MOST)]][:MOST]


def near(read: ReadOnce, file: str) -> list[Place]:
    """Claimed folders that may hang on a file: not those beside the folder that it belongs to."""
    owner = max((path for path, _ in read.last if not path or file.startswith(f"{path}/")), key=len, default=None)
    return [
        place
        for place in read.last
        if owner is None or place[0] == owner or not owner or owner.startswith(f"{place[0]}/") or not place[0]
        or place[0].startswith(f"{owner}/")
    ]  # fmt: skip


def is_left_to_deep(read: ReadOnce, place: Place, file: str) -> bool:
    """Whether it lies in a run of MLflow that has ended, whose old files are not looked at one by one."""
    return bool(read.last[place].settled) and file.startswith(f"{place[0]}/")


@pytest.mark.parametrize("name", FORMATS)
def test_a_change_is_seen_by_all_that_hangs_on_it(tmp_path: Path, name: str) -> None:
    root = tmp_path / "runs"
    shutil.copytree(CORPUS / name / "runs", root, symlinks=True)
    read = ReadOnce(root)
    assert read.found_changed() == set()
    for file in chosen(root):
        before, content = file.stat(), file.read_bytes()
        with file.open("ab") as end:
            end.write(b"\n7")
        where = file.relative_to(root).as_posix()
        changed = read.found_changed()
        for place in near(read, where):
            if place not in changed and not is_left_to_deep(read, place, where):
                assert read.read_again(place) == read.told[place], (where, place)
        file.write_bytes(content)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert read.found_changed() == set(), where
