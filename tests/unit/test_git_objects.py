"""Objects and history of Git, read without Git: what Git wrote, and what nobody should believe."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.git_history import head_of, open_history, walk
from runfolio.readers.git_objects import GitObjects, ObjectMissing, hash_size_of
from runfolio.readers.git_packs import ObjectDamaged, patched
from support.git_files import KINDS, entry_header, named, put_commit, put_loose, put_pack, put_ref

LIMIT = 1 << 20


@pytest.fixture
def git(tmp_path: Path) -> Path:
    folder = tmp_path / ".git"
    (folder / "objects").mkdir(parents=True)
    return folder


def objects(git: Path) -> GitObjects:
    folder = Folder(git)
    return GitObjects(folder, hash_size_of(folder))


def read(git: Path, name: str, kind: str = "blob", limit: int = LIMIT) -> bytes:
    return objects(git).read(bytes.fromhex(name), kind, limit)


def subjects(git: Path, most: int = 100) -> list[str]:
    store = objects(git)
    history = open_history(Folder(git), store)
    return [c.subject for c in walk(store, history, Budget(), "", most)]


def whole(kind: str, content: bytes) -> bytes:
    return entry_header(KINDS[kind], len(content)) + zlib.compress(content)


def test_the_digest_of_an_object_is_that_of_git(git: Path) -> None:
    # `echo 'test content' | git hash-object --stdin`, from Git's own book.
    assert put_loose(git, "blob", b"test content\n") == "d670460b4b4aece5915caf5c68d12f560a9fe3e4"
    assert read(git, "d670460b4b4aece5915caf5c68d12f560a9fe3e4") == b"test content\n"


def test_differences_to_an_earlier_place_and_to_a_name_are_applied(git: Path) -> None:
    base, made = b"a" * 70 + b"tail", b"tail!" + b"a" * 70
    # Copy 4 bytes from 70, insert "!", copy 70 bytes from 0.
    delta = bytes([74, 75, 0x91, 70, 4, 1]) + b"!" + bytes([0x90, 70])
    first = whole("blob", base)
    back = len(first)
    by_place = entry_header(6, len(delta)) + bytes([back]) + zlib.compress(delta)
    by_name = entry_header(7, len(delta)) + bytes.fromhex(named("blob", base)) + zlib.compress(delta)
    assert patched(base, delta, LIMIT) == made
    put_pack(git, [(named("blob", base), first), (named("blob", made), by_place)], "pack-1")
    assert read(git, named("blob", made)) == made
    put_pack(git, [(named("blob", base), first), (named("blob", made), by_name)], "pack-1")
    assert read(git, named("blob", made)) == made


@pytest.mark.parametrize(
    ("delta", "said"),
    [
        (bytes([9, 4, 1]) + b"x", "another size"),
        (bytes([4, 4, 0x91, 2, 4]), "behind the end"),
        (bytes([4, 4, 5]) + b"ab", "cut off"),
        (bytes([4, 4, 0]), "unknown instruction"),
        (bytes([4, 9, 0x90, 4]), "another size"),
        (bytes([4, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), "at most"),
        (bytes([4, 4, 0x91]), "cut off"),
        (b"", "cut off"),
    ],
)
def test_a_difference_that_is_none_is_damage(delta: bytes, said: str) -> None:
    with pytest.raises(ObjectDamaged, match=said):
        patched(b"base", delta, LIMIT)


def test_two_differences_that_name_each_other_end(git: Path) -> None:
    one, two = "11" * 20, "22" * 20
    delta = bytes([4, 4, 0x90, 4])
    entries = [
        (own, entry_header(7, len(delta)) + bytes.fromhex(other) + zlib.compress(delta))
        for own, other in ((one, two), (two, one))
    ]
    put_pack(git, entries)
    with pytest.raises(ObjectDamaged, match="circle"):
        read(git, one)


def test_what_unpacks_to_more_than_it_says_is_stopped(git: Path) -> None:
    bomb = zlib.compress(b"\0" * 50_000_000)
    put_pack(git, [("33" * 20, entry_header(3, 100) + bomb)])
    with pytest.raises(ObjectDamaged, match="larger than it says"):
        read(git, "33" * 20)
    loose = git / "objects" / "44" / ("44" * 19)
    loose.parent.mkdir()
    loose.write_bytes(zlib.compress(b"blob 50000000\0" + b"\0" * 50_000_000))
    with pytest.raises(ObjectDamaged, match="too large"):
        read(git, "44" * 20)


def test_an_object_past_the_limit_takes_no_memory(git: Path) -> None:
    put_pack(git, [("33" * 20, entry_header(3, 1 << 60) + zlib.compress(b"x"))])
    with pytest.raises(ObjectDamaged, match="at most"):
        read(git, "33" * 20)


def test_content_that_is_not_what_the_name_says_is_damage(git: Path) -> None:
    name = put_loose(git, "blob", b"sound")
    path = git / "objects" / name[:2] / name[2:]
    path.write_bytes(zlib.compress(b"blob 5\0other"))
    store = objects(git)
    with pytest.raises(ObjectDamaged, match="digest"):
        store.read(bytes.fromhex(name), "blob", LIMIT)
    assert list(store.damaged) == [name]
    for junk in (b"", b"\xff\xfe junk", zlib.compress(b"blob 5\0sound")[:-6]):
        path.write_bytes(junk)
        with pytest.raises(ObjectDamaged):
            read(git, name)


@pytest.mark.parametrize("cut", [0, 7, 8, 1000, 1060])
def test_an_index_that_is_cut_costs_its_pack_only(git: Path, cut: int) -> None:
    lost, kept = b"lost", b"kept"
    put_pack(git, [(named("blob", lost), whole("blob", lost))], "pack-1")
    put_pack(git, [(named("blob", kept), whole("blob", kept))], "pack-2")
    index = git / "objects" / "pack" / "pack-1.idx"
    index.write_bytes(index.read_bytes()[:cut])
    store = objects(git)
    assert store.odd == ["pack-1.idx"]
    assert store.read(bytes.fromhex(named("blob", kept)), "blob", LIMIT) == kept
    with pytest.raises(ObjectMissing):
        store.read(bytes.fromhex(named("blob", lost)), "blob", LIMIT)


@pytest.mark.parametrize("size", [0, 11, 12, 13, 20])
def test_a_pack_that_is_cut_is_damage(git: Path, size: int) -> None:
    put_pack(git, [(named("blob", b"x" * 99), whole("blob", b"x" * 99))])
    pack = git / "objects" / "pack" / "pack-0.pack"
    pack.write_bytes(pack.read_bytes()[:size])
    with pytest.raises(ObjectDamaged):
        read(git, named("blob", b"x" * 99))


def test_history_goes_back_from_all_names_once(git: Path) -> None:
    first = put_commit(git, {"a": b"1"}, at=1_000_000_000, subject="first")
    second = put_commit(git, {"a": b"2"}, [first], at=1_000_000_100, subject="second")
    put_commit(git, {"a": b"3"}, [first], at=1_000_000_200, subject="side", branch="side")
    put_ref(git, "refs/tags/v1", second)
    put_ref(git, f"refs/exps/{first[:2]}/{first[2:]}/tried", second)
    put_ref(git, "refs/exps/exec/EXEC_HEAD", second)
    store = objects(git)
    history = open_history(Folder(git), store)
    assert subjects(git) == ["side", "second", "first"]
    assert {(t.kind, t.name) for t in history.tips} == {
        ("branch", "main"),
        ("branch", "side"),
        ("tag", "v1"),
        ("exp", "tried"),
    }
    assert history.branch == "side"
    assert head_of(history) is not None
    commits = [*walk(store, history, Budget(), "", 2)]
    assert ([c.subject for c in commits], history.bounded) == (["side", "second"], True)
    assert (commits[0].author, commits[0].authored_us) == ("Ada Example", 1_000_000_200_000_000)


def test_a_repository_with_sha256_is_read_alike(git: Path) -> None:
    (git / "config").write_text("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n")
    put_commit(git, {"a": b"1"}, subject="long names", algorithm="sha256")
    assert subjects(git) == ["long names"]


def test_a_shallow_copy_ends_where_it_says(git: Path) -> None:
    first = put_commit(git, {"a": b"1"}, subject="left out")
    second = put_commit(git, {"a": b"2"}, [first], subject="the end")
    (git / "objects" / first[:2] / first[2:]).unlink()
    (git / "shallow").write_text(f"{second}\n")
    store = objects(git)
    history = open_history(Folder(git), store)
    assert [c.subject for c in walk(store, history, Budget(), "")] == ["the end"]
    assert not store.missing


def test_annotated_tags_lead_to_their_commit(git: Path) -> None:
    commit = put_commit(git, {"a": b"1"})
    tag = put_loose(git, "tag", f"object {commit}\ntype commit\ntag v1\n\nhello\n".encode())
    (git / "packed-refs").write_text(f"# pack-refs with: peeled\n{tag} refs/tags/v1\n^{commit}\nnonsense\n")
    store = objects(git)
    tips = open_history(Folder(git), store).tips
    assert [(t.kind, t.commit.hex()) for t in tips] == [("branch", commit), ("tag", commit)]


def test_links_and_odd_refs_are_not_followed(git: Path, tmp_path: Path) -> None:
    commit = put_commit(git, {"a": b"1"})
    (tmp_path / "outside").write_text(commit)
    (git / "refs" / "heads" / "linked").symlink_to(tmp_path / "outside")
    (git / "refs" / "heads" / "odd").write_bytes(b"\xff\xfe\0")
    (git / "refs" / "heads" / "loop").write_text("ref: refs/heads/loop\n")
    assert [t.name for t in open_history(Folder(git), objects(git)).tips] == ["main"]


def test_damaged_commits_and_trees_raise_nothing_else(git: Path) -> None:
    for content in (b"", b"tree xyz\n\n", b"\xff" * 50, b"tree " + b"0" * 40 + b"\nparent 1\n\n"):
        name = put_loose(git, "commit", content)
        try:
            commit = objects(git).commit(bytes.fromhex(name))
        except ObjectDamaged:
            continue
        assert commit.tree == b""
    for content in (b"100644 a", b"100644 a\0short", b"x\0" + bytes(20), b"40000 \0"):
        name = put_loose(git, "tree", content)
        with pytest.raises(ObjectDamaged):
            objects(git).tree(bytes.fromhex(name))
