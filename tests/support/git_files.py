"""Writes Git objects, packs and refs byte by byte, sound ones and such as no Git would write."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

KINDS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}


def named(kind: str, content: bytes, algorithm: str = "sha1") -> str:
    """The name of an object."""
    return hashlib.new(algorithm, b"%s %d\0" % (kind.encode(), len(content)) + content).hexdigest()


def put_loose(git: Path, kind: str, content: bytes, algorithm: str = "sha1") -> str:
    """Write an object as a file of its own; returns its name."""
    name = named(kind, content, algorithm)
    path = git / "objects" / name[:2] / name[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zlib.compress(b"%s %d\0" % (kind.encode(), len(content)) + content))
    return name


def put_tree(git: Path, files: Mapping[str, bytes], algorithm: str = "sha1") -> str:
    """Write files, and the trees that hold them; returns the name of the outermost."""
    entries: list[tuple[bytes, bytes, str]] = []
    inner: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        first, _, rest = path.partition("/")
        if rest:
            inner.setdefault(first, {})[rest] = content
        else:
            entries.append((b"100644", first.encode(), put_loose(git, "blob", content, algorithm)))
    entries += [(b"40000", name.encode(), put_tree(git, below, algorithm)) for name, below in inner.items()]
    data = b"".join(b"%s %s\0" % (mode, name) + bytes.fromhex(to) for mode, name, to in sorted(entries))
    return put_loose(git, "tree", data, algorithm)


def put_commit(
    git: Path,
    files: Mapping[str, bytes],
    parents: Sequence[str] = (),
    *,
    at: int = 1_700_000_000,
    subject: str = "A commit",
    branch: str | None = "main",
    algorithm: str = "sha1",
) -> str:
    """Write a commit of these files, and let a branch point to it; returns its name."""
    tree = put_tree(git, files, algorithm)
    lines = [f"tree {tree}", *(f"parent {p}" for p in parents)]
    lines += [f"{who} Ada Example <ada@example.org> {at} +0100" for who in ("author", "committer")]
    name = put_loose(git, "commit", ("\n".join(lines) + f"\n\n{subject}\n").encode(), algorithm)
    if branch is not None:
        put_ref(git, f"refs/heads/{branch}", name)
        (git / "HEAD").write_text(f"ref: refs/heads/{branch}\n")
    return name


def put_ref(git: Path, ref: str, name: str) -> None:
    """Write a ref."""
    (git / ref).parent.mkdir(parents=True, exist_ok=True)
    (git / ref).write_text(f"{name}\n")


def entry_header(number: int, size: int) -> bytes:
    """How an entry of a pack begins."""
    byte, size = number << 4 | size & 15, size >> 4
    out = bytearray()
    while size:
        out.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    out.append(byte)
    return bytes(out)


def put_pack(git: Path, entries: Sequence[tuple[str, bytes]], stem: str = "pack-0") -> None:
    """Write a pack of entries that are given as they stand in it, each with the name the index gives it."""
    body = b"PACK" + struct.pack(">II", 2, len(entries))
    places: dict[bytes, int] = {}
    for name, raw in entries:
        places[bytes.fromhex(name)] = len(body)
        body += raw
    names = sorted(places)
    fan = [sum(n[0] <= first for n in names) for first in range(256)]
    index = b"\xfftOc" + struct.pack(">I256I", 2, *fan) + b"".join(names) + b"\0\0\0\0" * len(names)
    index += b"".join(struct.pack(">I", places[n]) for n in names)
    folder = git / "objects" / "pack"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.pack").write_bytes(body + hashlib.sha1(body).digest())
    (folder / f"{stem}.idx").write_bytes(index + bytes(40))
