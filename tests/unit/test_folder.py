"""A Folder lists and reads, and can neither write nor be led astray."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.readers.folder import Folder


def test_links_pipes_and_sockets_are_named_and_never_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary")
    root = tmp_path / "runs"
    root.mkdir()
    (root / "params.json").symlink_to(secret)
    (root / "away").symlink_to(tmp_path)
    os.mkfifo(root / "metrics.csv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "s"))
    folder = Folder(root)
    assert {(o.name, o.kind) for o in folder.listing.odd} == {
        ("params.json", "link"),
        ("away", "link"),
        ("metrics.csv", "pipe"),
        ("s", "socket"),
    }
    assert not folder.files
    assert not folder.folders
    for name in ("params.json", "metrics.csv", "s", "away/secret.txt"):
        with pytest.raises(FolderUnreadable):
            folder.read(name, 100)


@pytest.mark.parametrize("name", ["../secret.txt", "a/../../secret.txt", "/etc/passwd", "a//b", ".", "..", "", "a\0b"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("canary")
    (tmp_path / "runs" / "a").mkdir(parents=True)
    with pytest.raises(FolderUnreadable):
        Folder(tmp_path / "runs").read(name, 100)


def test_a_file_past_the_limit_is_not_read_at_all(tmp_path: Path) -> None:
    with (tmp_path / "params.json").open("wb") as file:
        file.truncate(8 << 30)
    with pytest.raises(LimitReached, match="8,589,934,592 bytes"):
        Folder(tmp_path).read("params.json", 1 << 20)
    assert Folder(tmp_path).head("params.json", 4) == b"\0\0\0\0"


def test_folders_nested_deeper_than_a_path_may_be_long_are_read(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(40):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    handle = os.open("x", os.O_CREAT | os.O_WRONLY, dir_fd=here)
    os.write(handle, b"found")
    os.close(handle)
    os.close(here)
    folder = Folder(tmp_path)
    for _ in range(40):
        folder = folder.sub(folder.folders[0])
    assert folder.read("x", 10) == b"found"


def test_names_that_are_not_utf8_can_be_read_and_are_shown_as_valid_text(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/l\xffr", "wb") as file:  # noqa: PTH123 - pathlib takes no bytes
        file.write(b"0.1")
    folder = Folder(tmp_path)
    (name,) = folder.files
    assert folder.read(name, 10) == b"0.1"
    assert folder.where(name) == "l\\xffr"


def test_a_folder_that_vanished_says_so(tmp_path: Path) -> None:
    with pytest.raises(FolderUnreadable, match="No such file"):
        Folder(tmp_path, "gone").listing  # noqa: B018
