"""What several readers need of a folder's files: params documents, artifact lists, digests of data files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import ArtifactRef, DatasetRef
from runfolio.model.display import storable
from runfolio.model.params import Param
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, info, problem_from, warning
from runfolio.readers.documents import Document, decode, params_of, parse_json, parse_toml, parse_yaml
from runfolio.readers.folder import Folder
from runfolio.readers.ini import parse_ini

DATA_FILE = re.compile(
    r"(?:data|dataset|train|training|test|val|valid|validation|dev|eval)(?:[_-][\w-]+)?\.(?:csv|tsv|parquet|arrow|jsonl)",
    re.IGNORECASE,
)
DOCUMENT_SUFFIXES = frozenset({"json", "yaml", "yml", "toml", "ini", "cfg"})
"""Of documents whose form their name tells."""
_KIND_BYTES = 1 << 12
_LARGEST_DIGEST = 256 << 20
_CHUNK = 16 << 20
_DEEPEST = 12


def read_document(folder: Folder, name: str, budget: Budget, *, by_content: bool = False) -> Document:
    """A YAML, JSON, TOML or INI file by its suffix; what cannot be read is an empty document with a Problem.

    by_content   whether a file of another suffix is looked at for what it is; else it is read as YAML.
    """
    where = folder.where(name)
    try:
        data = folder.read(name, budget.text_bytes)
    except RunfolioError as failure:
        return Document(None, problems=(problem_from(failure, "unreadable", where),))
    suffix = name.lower().rpartition(".")[2]
    if by_content and suffix not in DOCUMENT_SUFFIXES:
        suffix = _kind_of(data)
    if suffix == "json":
        return parse_json(data, where, budget)
    if suffix == "toml":
        return parse_toml(data, where, budget)
    if suffix in ("ini", "cfg"):
        return parse_ini(data, where, budget)
    return parse_yaml(data, where, budget)


def _kind_of(data: bytes) -> str:
    """The suffix that a document of another one ought to have, by its first line that says something."""
    text, _ = decode(data[:_KIND_BYTES], "")
    for line in map(str.strip, text.split("\n")):
        if not line or line.startswith(("#", ";", "//")):
            continue
        if line.startswith("{"):
            return "json"
        equals, colon = line.find("="), line.find(":")
        return "ini" if line.startswith("[") or 0 < equals < (colon if colon > 0 else len(line)) else "yaml"
    return "yaml"


def read_params(
    folder: Folder, name: str, budget: Budget, *, by_content: bool = False
) -> tuple[tuple[Param, ...], list[Problem]]:
    """The params of a document file, and what was wrong with it; see `read_document`."""
    document = read_document(folder, name, budget, by_content=by_content)
    problems = [*document.problems]
    params = params_of(document)
    if not params and document.value is not None and not isinstance(document.value, dict):
        message = "The file holds no params: it is not a mapping of names to values"
        problems.append(warning("odd-params", folder.where(name), message))
    if len(params) > budget.names:
        message = f"{len(params):,} params; the first {budget.names:,} are kept"
        problems.append(warning("too-many-params", folder.where(name), message))
    return params[: budget.names], problems


def odd_entries(folder: Folder) -> list[Problem]:
    """What lies in a folder and is neither a file nor a folder. Raises FolderUnreadable."""
    problems: list[Problem] = []
    for odd in folder.listing.odd:
        if odd.kind == "link":
            message = "A symbolic link: it was not followed"
            problems.append(warning("link-not-followed", folder.where(odd.name), message, "Copy the file itself."))
        else:
            message = f"A {odd.kind}, not a regular file: it was not opened"
            problems.append(warning("not-a-file", folder.where(odd.name), message))
    return problems


def artifacts_below(
    folder: Folder,
    budget: Budget,
    *,
    skip: frozenset[str] = frozenset(),
    is_apart: Callable[[Folder], bool] | None = None,
) -> tuple[tuple[ArtifactRef, ...], list[Problem]]:
    """All regular files in a folder and below, paths relative to it.

    skip       names of sub folders that are left out.
    is_apart   asked of every folder below; what lies in one for which it says yes is left out.
    """
    found: list[ArtifactRef] = []
    problems: list[Problem] = []
    pending = [("", folder)]
    while pending:
        prefix, here = pending.pop()
        budget.check(folder.shown)
        try:
            listing = here.listing
        except FolderUnreadable as failure:
            problems.append(problem_from(failure, "folder-unreadable", here.shown))
            continue
        found += [ArtifactRef(storable(prefix + e.name), e.size) for e in listing.files.values()]
        problems += odd_entries(here)
        if len(found) > budget.names:
            message = f"More than {budget.names:,} files; not all are listed"
            problems.append(info("too-many-files", folder.shown, message))
            break
        if prefix.count("/") >= _DEEPEST:
            continue
        for name in reversed(listing.folders):
            below = here.sub(name)
            if (prefix or name not in skip) and not (is_apart is not None and _says_yes(is_apart, below)):
                pending.append((f"{prefix}{name}/", below))
    found.sort(key=lambda a: a.path)
    return tuple(found[: budget.names]), problems


def _says_yes(question: Callable[[Folder], bool], folder: Folder) -> bool:
    try:
        return question(folder)
    except FolderUnreadable:
        return False  # listing it comes next, and tells


def datasets_in(
    folder: Folder, budget: Budget, *, skip: frozenset[str]
) -> tuple[tuple[DatasetRef, ...], list[Problem]]:
    """Data files directly in a folder, with the MD5 of their content."""
    found: list[DatasetRef] = []
    problems: list[Problem] = []
    for name, entry in folder.files.items():
        if name in skip or not DATA_FILE.fullmatch(name):
            continue
        where = folder.where(name)
        if entry.size > _LARGEST_DIGEST:
            message = f"Data files of more than {_LARGEST_DIGEST:,} bytes are listed without a digest"
            problems.append(info("not-hashed", where, message))
            found.append(DatasetRef(storable(name)))
            continue
        try:
            digest = _md5(folder, name, budget)
        except FolderUnreadable as failure:
            problems.append(problem_from(failure, "unreadable", where))
            continue
        found.append(DatasetRef(storable(name), f"md5:{digest}", algorithm="md5"))
    return tuple(found), problems


def _md5(folder: Folder, name: str, budget: Budget) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    offset = 0
    while chunk := folder.part(name, offset, _CHUNK):
        budget.check(folder.where(name))
        digest.update(chunk)
        offset += len(chunk)
    return digest.hexdigest()
