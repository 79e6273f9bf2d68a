"""A Folder lists and reads, and can neither write nor be led astray."""

from __future__ import annotations

import os
import socket
from contextlib import nullcontext
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


@pytest.mark.parametrize("held", [False, True])
def test_no_link_on_the_way_to_a_file_is_followed(tmp_path: Path, held: bool) -> None:
    outside = tmp_path / "outside" / "sub"
    outside.mkdir(parents=True)
    (outside / "secret.txt").write_text("canary")
    root = tmp_path / "runs"
    (root / "in").mkdir(parents=True)
    (root / "away").symlink_to(tmp_path / "outside")
    (root / "in" / "away").symlink_to(tmp_path / "outside")
    folder = Folder(root)
    with folder.held() if held else nullcontext():
        for above in ("away", "in/away"):
            with pytest.raises(FolderUnreadable):
                folder.read(f"{above}/sub/secret.txt", 100)
            with pytest.raises(FolderUnreadable):
                folder.sub(f"{above}/sub").listing  # noqa: B018
            assert not folder.sub(f"{above}/sub").is_there
    with pytest.raises(FolderUnreadable):
        Folder(root, "away/sub").listing  # noqa: B018


def test_a_link_put_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "loss.txt").write_text("1")
    (tmp_path / "outside" / "b").mkdir(parents=True)
    (tmp_path / "outside" / "b" / "loss.txt").write_text("canary")
    below = Folder(root).sub("a/b")
    assert [*below.files] == ["loss.txt"]
    (root / "a").rename(tmp_path / "away")
    (root / "a").symlink_to(tmp_path / "outside")
    with pytest.raises(FolderUnreadable):
        below.read("loss.txt", 100)


def test_what_is_noted_of_a_file_is_how_it_was_before_it_was_read(tmp_path: Path) -> None:
    file = tmp_path / "loss.txt"
    file.write_text("1\n")
    folder = Folder(tmp_path)
    assert "loss.txt" in folder.files
    assert [*folder.read_many(folder.files, 100)] == [("loss.txt", b"1\n")]
    file.write_text("1\n2\n")
    assert folder.files["loss.txt"].size == 2
    assert [(e.name, e.size) for e in folder.files.values()] == [("loss.txt", 2)]
    assert Folder(tmp_path).files["loss.txt"].size == 4


def test_files_that_went_away_since_the_folder_was_listed_are_empty_and_cannot_be_read(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("1")
    folder = Folder(tmp_path)
    assert len(folder.files) == 2
    (tmp_path / "a").unlink()
    assert {name: entry.size for name, entry in folder.files.items()} == {"a": 0, "b": 1}
    (failure,) = (found for name, found in folder.read_many(folder.files, 100) if name == "a")
    assert isinstance(failure, FolderUnreadable)
    with pytest.raises(KeyError):
        folder.files["c"]


def test_a_plain_folder_is_read_in_one_go(tmp_path: Path) -> None:
    params = tmp_path / "params"
    params.mkdir()
    large = b"1" * (1 << 16)
    for name, content in {"b": b"2", "a": b"1", "c": b"", "d": large, "e": large[:-1]}.items():
        (params / name).write_bytes(content)
    folder = Folder(tmp_path)
    assert folder.read_flat("params", 1 << 20, 10) is None  # nothing is held open
    with folder.held():
        found = folder.read_flat("params", 1 << 20, 10)
        # None is for those that need a closer look.
        assert found == (["a", "b", "c", "d", "e"], [b"1", b"2", None, None, large[:-1]])
        assert folder.read_flat("params", 1, 10) == (["a", "b", "c", "d", "e"], [b"1", b"2", None, None, None])
        assert folder.read_flat("params", 1 << 20, 4) is None
        assert folder.read_flat("metrics", 1 << 20, 10) is None


@pytest.mark.parametrize("odd", ["link", "pipe", "folder"])
def test_a_folder_with_anything_but_files_in_it_is_not_read_in_one_go(tmp_path: Path, odd: str) -> None:
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "lr").write_text("0.1")
    (tmp_path / "secret").write_text("canary")
    there = tmp_path / "params" / "z"
    if odd == "link":
        there.symlink_to(tmp_path / "secret")
    elif odd == "pipe":
        os.mkfifo(there)
    else:
        there.mkdir()
    (tmp_path / "tags").symlink_to(tmp_path / "params")
    folder = Folder(tmp_path)
    with folder.held():
        assert folder.read_flat("params", 100, 100) is None
        assert folder.read_flat("tags", 100, 100) is None


def test_a_pointer_of_git_lfs_is_told_of_in_place_of_what_it_stands_for(tmp_path: Path) -> None:
    # As `git lfs pointer --file=...` prints it.
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    (tmp_path / "results.csv").write_text(pointer)
    (tmp_path / "small.csv").write_text("version,step,loss\n" + "1,1,0.5\n" * 9)
    (tmp_path / "about.txt").write_text(pointer + "x" * 1024)
    folder = Folder(tmp_path)
    for read in (folder.read, folder.head, lambda name, size: folder.part(name, 0, size)):
        with pytest.raises(FolderUnreadable, match="Git LFS") as raised:
            read("results.csv", 4096)
        assert "git lfs pull" in raised.value.hint
        for name in ("small.csv", "about.txt"):
            assert read(name, 4096) == (tmp_path / name).read_bytes()
    found = dict(folder.read_many(["results.csv", "small.csv"], 4096))
    assert isinstance(found["results.csv"], FolderUnreadable)
    assert found["small.csv"] == (tmp_path / "small.csv").read_bytes()
