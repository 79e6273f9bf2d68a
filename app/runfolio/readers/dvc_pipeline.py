"""What `dvc.yaml`, `dvc.lock` and `*.dvc` files say: which files are metrics, params, plots, data and results."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runfolio.model.display import storable
from runfolio.model.params import Json

PIPELINE, LOCK = "dvc.yaml", "dvc.lock"
_DEFAULT_PARAMS = "params.yaml"
_DIGESTS = ("md5", "etag", "checksum")
_HOLE = re.compile(r"\$\{[^}]*\}")
_FOREIGN = re.compile(r"[a-z][a-z0-9+.-]*://|[A-Za-z]:[\\/]|/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tracked:
    """A file or folder whose content DVC knows by digest.

    path        relative to the repository, `/` between parts; as written where it lies outside.
    digest      hexadecimal; of a folder it ends with `.dir`. None where there is none.
    algorithm   "md5", or what a storage service calls its own ("etag", "checksum").
    legacy      whether the digest was made by DVC before 3.0, which keeps its cache elsewhere.
    inside      whether it lies inside the repository.
    """

    path: str
    digest: str | None
    algorithm: str
    size: int | None
    legacy: bool
    inside: bool


@dataclass(slots=True)
class Pipeline:
    """All that the files of one folder say. Paths are relative to the repository.

    params    key paths that are used of each file, with dots; none where the whole file is.
    used      params that the stages ran with, by file, from `dvc.lock`.
    models    outs that the files call models.
    commands  of the stages, by name.
    has_lock  whether a stage has run.
    """

    metrics: list[str] = field(default_factory=list)
    params: dict[str, list[str]] = field(default_factory=dict)
    plots: list[str] = field(default_factory=list)
    deps: list[Tracked] = field(default_factory=list)
    outs: list[Tracked] = field(default_factory=list)
    used: dict[str, dict[str, Json]] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    commands: dict[str, str] = field(default_factory=dict)
    has_lock: bool = False


def read_pipeline(folder: str, definition: Mapping[str, Json], lock: Mapping[str, Json]) -> Pipeline:
    """The pipeline of a folder from its `dvc.yaml` and `dvc.lock`. Whatever is not as it should be is left out."""
    found = Pipeline(params={_join(folder, _DEFAULT_PARAMS)[0]: []})
    stages = _mapping(lock.get("stages")) if "schema" in lock else {**lock}
    for name, stage in stages.items():
        if isinstance(stage, dict):
            found.has_lock = True
            where = _wdir(folder, _mapping(_mapping(definition.get("stages")).get(name.partition("@")[0])))
            _locked(found, where, name, stage)
    for name, stage in _mapping(definition.get("stages")).items():
        inner = _mapping(stage)
        _stage(found, folder, name, _mapping(inner.get("do")) or inner, stages)
    _listed(found, folder, definition, [])
    for artifact in _mapping(definition.get("artifacts")).values():
        path = _mapping(artifact).get("path")
        if isinstance(path, str) and _mapping(artifact).get("type") == "model":
            found.models.add(_join(folder, path)[0])
    return found


def read_single(pipeline: Pipeline, folder: str, document: Mapping[str, Json]) -> None:
    """Add what a `*.dvc` file says: a file that DVC keeps, or (before 1.0) a stage with its metrics."""
    where = _wdir(folder, document)
    command = document.get("cmd")
    if isinstance(command, str):
        pipeline.commands.setdefault(folder or "stage", storable(command))
        pipeline.has_lock = True
        pipeline.deps += _tracked(where, document.get("deps"))
    outs = document.get("outs")
    for out in outs if isinstance(outs, list) else ():
        path = _mapping(out).get("path")
        if isinstance(path, str) and _mapping(out).get("metric"):
            pipeline.metrics.append(_join(where, path)[0])
    pipeline.outs += _tracked(where, document.get("outs"))


def _locked(found: Pipeline, where: str, name: str, stage: dict[str, Json]) -> None:
    command = stage.get("cmd")
    if isinstance(command, list):
        command = "\n".join(str(part) for part in command)
    if isinstance(command, str):
        found.commands[storable(name)] = storable(command)
    found.deps += _tracked(where, stage.get("deps"))
    found.outs += _tracked(where, stage.get("outs"))
    for file, values in _mapping(stage.get("params")).items():
        path, inside = _join(where, file)
        if inside:
            found.used.setdefault(path, {}).update(_mapping(values))


def _stage(found: Pipeline, folder: str, name: str, stage: Mapping[str, Json], locked: Mapping[str, Json]) -> None:
    where = _wdir(folder, stage)
    # Names with holes (`${item}`) are told by what the stages made of them wrote.
    ran = [_mapping(s) for n, s in locked.items() if n == name or n.startswith(f"{name}@")]
    made = [t.path for s in ran for t in _tracked(where, s.get("outs"))]
    _listed(found, where, stage, made)
    for group in ran:
        for file in _mapping(group.get("params")):
            path, inside = _join(where, file)
            if inside and path not in found.params:
                found.params[path] = []


def _listed(found: Pipeline, where: str, section: Mapping[str, Json], made: list[str]) -> None:
    """Metrics, plots and params of a stage, or of the file itself."""
    for kind, paths in (("metrics", found.metrics), ("plots", found.plots)):
        for text in _files(section.get(kind), plots=kind == "plots"):
            path, inside = _join(where, text)
            if not _HOLE.search(text):
                paths += [path] if inside and path not in paths else []
                continue
            fits = re.compile(".+".join(re.escape(part) for part in _HOLE.split(path)))
            paths += [p for p in made if fits.fullmatch(p) and p not in paths]
    params = section.get("params")
    for entry in params if isinstance(params, list) else ():
        if isinstance(entry, str) and entry.endswith((".yaml", ".yml", ".json", ".toml")):
            entry = {entry: None}  # at the top of the file names stand for whole files
        if isinstance(entry, dict):
            for file, keys in entry.items():
                path, inside = _join(where, file)
                if inside and not _HOLE.search(file):
                    wanted = [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
                    known = found.params.get(path)
                    found.params[path] = [] if known == [] or not wanted else [*(known or []), *wanted]


def _files(section: Json, *, plots: bool) -> Iterator[str]:
    """The files in a list of names and of mappings from names to options; plots may have a name of their own."""
    entries = section if isinstance(section, list) else [section]
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            for name, options in entry.items():
                axis = _mapping(options).get("y") if plots else None
                if isinstance(axis, dict):
                    yield from axis
                else:
                    yield name


def _tracked(where: str, section: Json) -> list[Tracked]:
    found: list[Tracked] = []
    for entry in section if isinstance(section, list) else ():
        if not isinstance(entry, dict) or not isinstance(text := entry.get("path"), str):
            continue
        path, inside = _join(where, text)
        digests = ((name, entry.get(name)) for name in _DIGESTS)
        algorithm, digest = next(((n, d) for n, d in digests if isinstance(d, str)), ("", None))
        size = entry.get("size")
        plain = size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**63 else None
        kept = storable(digest) if isinstance(digest, str) else None
        found.append(Tracked(storable(path), kept, algorithm, plain, entry.get("hash") != "md5", inside))
    return found


def _wdir(folder: str, stage: Mapping[str, Json]) -> str:
    where = stage.get("wdir")
    if not isinstance(where, str):
        return folder
    path, inside = _join(folder, where)
    return path if inside else folder


def _join(folder: str, path: str) -> tuple[str, bool]:
    """A path of a file in `folder` relative to the repository, and whether it lies in there."""
    if _FOREIGN.match(path):
        return path, False
    plain = posixpath.normpath(posixpath.join(folder, path.replace("\\", "/")))
    if plain == ".." or plain.startswith("../") or "\0" in plain:
        return path, False
    return ("" if plain == "." else plain), True


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
