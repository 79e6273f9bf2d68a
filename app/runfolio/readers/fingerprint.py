"""Tells whether a claimed folder may have changed since it was read, without reading it."""

from __future__ import annotations

import xxhash

from runfolio.errors import FolderUnreadable
from runfolio.readers.contract import Claim
from runfolio.readers.folder import Folder


def fingerprint(folder: Folder, claim: Claim) -> str:
    """Hex of a 128-bit hash over the claim's recipe and names, sizes and modification times of the files it speaks of.

    Times alone are not enough: rsync and cp -p keep them. Raises FolderUnreadable when the folder cannot be listed.
    """
    digest = xxhash.xxh3_128()
    digest.update(claim.reader.encode())
    digest.update(claim.recipe.encode())
    pending = [(folder, True)]
    while pending:
        here, top = pending.pop()
        listing = here.listing
        for entry in listing.files.values():
            if not top or claim.prune is None or not claim.files or entry.name in claim.files:
                path = here.join(entry.name).encode("utf-8", "surrogateescape")
                digest.update(b"%s\0%d\0%d\n" % (path, entry.size, entry.mtime_ns))
        for odd in listing.odd:
            digest.update(f"{odd.kind}\0".encode() + odd.name.encode("utf-8", "surrogateescape"))
        if claim.deep:
            names = listing.folders if claim.prune is None or not top else sorted(claim.prune & {*listing.folders})
            for name in names:
                try:
                    below = here.sub(name)
                    below.listing  # noqa: B018
                except FolderUnreadable:
                    digest.update(b"unreadable\0" + name.encode("utf-8", "surrogateescape"))
                else:
                    pending.append((below, False))
    return digest.hexdigest()
