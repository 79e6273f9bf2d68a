"""The ledger on a disk that is full or may not be written: what was decided is read, and nothing half is kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runfolio.errors import LedgerDamaged
from runfolio.ledger import actions
from runfolio.ledger.events import Witness
from runfolio.ledger.state import fold
from runfolio.ledger.store import Ledger
from runfolio.model.run import RunKey
from support.room import room

A = Witness(RunKey("mlflow:a"), "amber-heron")
NOON = 1_767_268_800_000_000  # 2026-01-01 12:00 UTC

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on the size of files")


def tag(ledger: Ledger, name: str) -> None:
    ledger.append(lambda e: actions.tag(fold(e), [A], (name,), (), time_us=NOON, actor="mira", reason=""))


def tags(ledger: Ledger) -> list[str]:
    return fold(ledger.entries).tags.get(A.key, [])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_what_finds_no_room_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "data", tmp_path / "mirror")
    tag(ledger, "x")
    whole = ledger.path.read_bytes()
    with room(len(whole) + 40), pytest.raises(LedgerDamaged, match="could not be written: File too large") as caught:
        tag(ledger, "y")
    assert caught.value.hint is not None
    assert "room" in caught.value.hint
    assert ledger.path.read_bytes() == ledger.mirror_path.read_bytes() == whole
    tag(ledger, "y")
    assert tags(ledger) == ["x", "y"]
    assert ledger.verify() == 2


def test_what_the_second_folder_cannot_take_is_not_kept_in_the_first(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "data", tmp_path / "mirror")
    tag(ledger, "x")
    whole = ledger.path.read_bytes()
    ledger.mirror_path.unlink()
    ledger.mirror_path.mkdir()
    with pytest.raises(LedgerDamaged, match="could not be written") as caught:
        tag(ledger, "y")
    assert caught.value.where == str(ledger.mirror_path)
    assert ledger.path.read_bytes() == whole
    ledger.mirror_path.rmdir()
    assert tags(Ledger(tmp_path / "data", tmp_path / "mirror")) == ["x"]


def test_a_cut_line_that_cannot_be_set_aside_yet_keeps_nobody_from_reading(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "data", tmp_path / "mirror")
    tag(first, "x")
    whole = first.path.read_bytes()
    first.path.write_bytes(whole + b'{"cut')
    with room(0):
        for _ in range(3):
            again = Ledger(tmp_path / "data", tmp_path / "mirror")
            assert tags(again) == ["x"]
            assert not again.refresh()
        with pytest.raises(LedgerDamaged, match="could not be written"):
            tag(again, "y")
        assert names(tmp_path / "data") == ["ledger.jsonl"]
    tag(again, "y")
    assert again.verify() == 2
    assert names(tmp_path / "data") == ["ledger.jsonl", "ledger.jsonl.damaged-1"]
    assert (tmp_path / "data" / "ledger.jsonl.damaged-1").read_bytes() == b'{"cut'
