"""Recordings out of the states of a DVC repository."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from runfolio.model.datasets import ArtifactRef, DatasetRef
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.model.times import to_iso
from runfolio.readers.contract import info
from runfolio.readers.dvc_pipeline import Pipeline, Tracked
from runfolio.readers.dvc_states import Kept, Key, Repository

_CODE = (".py", ".ipynb", ".sh", ".r", ".jl", ".scala", ".java", ".c", ".cpp", ".h", ".rs", ".go", ".js", ".ts", ".sql")
_MODEL = re.compile(
    r"(?:.*/)?(?:models?|checkpoints?|weights)(?:[._/-].*)?"
    r"|.+\.(?:pt|pth|ckpt|pkl|pickle|joblib|h5|hdf5|keras|onnx|safetensors|bin|npy|model|tflite|pb|cbm|bst)",
    re.IGNORECASE,
)
_TAGS = {"branch": "branch", "remote": "remote branch", "tag": "tag", "exp": "experiment"}
IN_COMMIT = " in commit "
"""Stands in the source of a metric or param between the file and the commit that the file was read in."""

_LONGEST_NAME = 80
_MOST_NAMES = 50


def recordings_of(repository: Repository) -> Iterator[Recording]:
    """A recording for each state, the oldest first; what lies in the folder only comes last."""
    shared = _shared_names(repository)
    ordered = sorted(
        repository.kept.items(),
        key=lambda item: (
            item[1].commit is None,
            (item[1].commit.authored_us or 0) if item[1].commit else 0,
            item[1].commit.id if item[1].commit else "",
            item[0],
        ),
    )
    for key, kept in ordered:
        if kept.commit is None and _is_of_others(kept):
            continue
        yield _recording(repository, key, kept, shared.get(kept.folder, frozenset()))


def _is_of_others(kept: Kept) -> bool:
    """Whether all it says are the runs of several folders of DVCLive, each of which is a run of its own."""
    homes = {found.file for found in kept.state.metrics}
    return not kept.pipeline.has_lock and len(homes) > 1


def _shared_names(repository: Repository) -> dict[str, frozenset[str]]:
    """Names that several files of one state have, by pipeline: in all of its recordings the file is put before them."""
    found: dict[str, set[str]] = {}
    for kept in repository.kept.values():
        counts = Counter(f.metric.name for f in kept.state.metrics)
        found.setdefault(kept.folder, set()).update(name for name, count in counts.items() if count > 1)
    return {folder: frozenset(names) for folder, names in found.items()}


def _recording(repository: Repository, key: Key, kept: Kept, shared: frozenset[str]) -> Recording:
    commit, state, pipeline = kept.commit, kept.state, kept.pipeline
    root = repository.folder
    extra: dict[str, Json] = {
        "pipeline": storable(kept.folder),
        "stages": {**pipeline.commands},
        "outs": [{"path": out.path, out.algorithm or "digest": out.digest, "size": out.size} for out in pipeline.outs],
    }
    facts: dict[str, str] = {}
    tags: dict[str, str] = {}
    problems = [*state.problems, *_absent(kept, repository)]
    if commit is None:
        head = repository.head
        if head is not None:
            # Params or metrics were changed since.
            facts = {"git.commit": head.hex(), "git.dirty": "true"}
            facts |= {"git.branch": repository.history.branch} if repository.history.branch else {}
    else:
        problems = [replace(p, message=f"Commit {commit.id[:7]}: {p.message}") for p in problems]
        facts = {"git.commit": commit.id}
        facts |= {"user": commit.author} if commit.author else {}
        tags, branches = _tags(kept)
        facts |= {"git.branch": branches[0]} if branches else {}
        extra |= {
            "message": commit.subject,
            "authored_at": to_iso(commit.authored_us),
            "committed_at": to_iso(commit.committed_us),
            "commits_with_it": kept.commits,
        }
    place = _home(kept) if kept.is_here else ""
    path = storable("/".join(part for part in (root.path, place) if part))
    return Recording(
        format="dvc",
        path=path,
        id=_id(key, kept) or path,
        identity=f"dvc:{_id(key, kept)}" if commit is not None else "",
        name=_name(kept, repository),
        started_us=commit.authored_us if commit is not None else None,
        parent_id=_baseline(repository, key, kept),
        params=tuple(replace(p, source=f"{p.source}{_commit(kept)}") for p in state.params),
        tags=tags,
        metrics=tuple(_metrics(kept, shared)),
        # Files in the folder are those of today: of another state they would be the wrong ones.
        artifacts=tuple(_artifacts(pipeline, root.path, path)) if kept.is_here else (),
        datasets=tuple(_datasets(pipeline)),
        facts=facts,
        extra=extra,
        problems=tuple(problems),
    )


def _id(key: Key, kept: Kept) -> str:
    if kept.commit is None:
        return ""
    return f"{kept.commit.id}:{storable(key[0])}" if key[0] else kept.commit.id


def _name(kept: Kept, repository: Repository) -> str | None:
    if kept.commit is None:
        # Among the runs of a history it is told apart as DVC does.
        return "workspace" if repository.head is not None else None
    experiment = next((tip.name for tip in kept.tips if tip.kind == "exp"), None)
    own = experiment or f"{kept.commit.id[:7]} {kept.commit.subject}".strip()[:_LONGEST_NAME]
    return f"{storable(kept.folder)}: {own}" if kept.folder else own


def _tags(kept: Kept) -> tuple[dict[str, str], list[str]]:
    names: dict[str, list[str]] = {}
    for tip in kept.tips:
        if tip.kind in _TAGS:
            names.setdefault(_TAGS[tip.kind], []).append(tip.name)
    tags = {kind: ", ".join(own[:_MOST_NAMES]) for kind, own in names.items()}
    return tags, names.get("branch", [])


def _baseline(repository: Repository, key: Key, kept: Kept) -> str | None:
    """The run that an experiment started from, when it is another one."""
    for tip in kept.tips:
        if tip.kind == "exp":
            start = repository.of_commit.get(bytes.fromhex(tip.baseline), {}).get(key[0])
            if start is not None and start != key:
                return _id(start, repository.kept[start])
    return None


def _home(kept: Kept) -> str:
    """The one folder that the metrics lie in, where a tool's own recording is; else that of the pipeline."""
    files = {*kept.pipeline.metrics}
    homes = {f.file.rpartition("/")[0] if f.file in files else f.file for f in kept.state.metrics}
    homes = {h.rpartition("/")[0] if h.lower().endswith((".csv", ".tsv", ".json", ".jsonl")) else h for h in homes}
    (home,) = homes if len(homes) == 1 else (kept.folder,)
    return home


def _commit(kept: Kept) -> str:
    """What is put behind the files of a state that lies in Git's history only."""
    return f"{IN_COMMIT}{kept.commit.id[:12]}" if kept.commit is not None and not kept.is_here else ""


def _metrics(kept: Kept, shared: frozenset[str]) -> Iterator[MetricSeries]:
    made = [
        replace(
            found.metric,
            name=storable(f"{found.file}:{found.metric.name}") if found.metric.name in shared else found.metric.name,
            source=f"{found.metric.source}{_commit(kept)}",
        )
        for found in kept.state.metrics
    ]
    return iter(sorted({m.name: m for m in made}.values(), key=lambda m: m.name))


def _absent(kept: Kept, repository: Repository) -> Iterator[Problem]:
    if kept.state.absent:
        names = sorted(storable(path) for path in kept.state.absent)
        message = f"Kept by DVC outside of Git, and not in the cache here: {', '.join(names[:5])}"
        hint = "`dvc fetch --all-commits` in the original fills the cache; copy `.dvc/cache` along."
        yield info("not-in-cache", repository.folder.where(names[0]), message, hint)


# --- data and results -----------------------------------------------------------------------------------------------


def _datasets(pipeline: Pipeline) -> Iterator[DatasetRef]:
    """What the stages depend on, but for code and models; where no stage ran, the data that DVC keeps."""
    made = {out.path for out in pipeline.outs}
    named = pipeline.deps if pipeline.commands else pipeline.outs
    seen: set[str] = set()
    for dep in named:
        if dep.path in seen or dep.digest is None or dep.path.lower().endswith(_CODE) or _is_model(dep, pipeline, made):
            continue
        seen.add(dep.path)
        algorithm = dep.algorithm
        yield DatasetRef(dep.path, f"{algorithm}:{dep.digest}", algorithm=algorithm)


def _is_model(dep: Tracked, pipeline: Pipeline, made: set[str]) -> bool:
    return dep.path in pipeline.models or (dep.path in made and bool(_MODEL.fullmatch(dep.path)))


def _artifacts(pipeline: Pipeline, root: str, path: str) -> Iterator[ArtifactRef]:
    """Results of the stages, relative to the recording's folder where they lie in it."""
    inside = path[len(root) :].strip("/")
    seen: set[str] = set()
    logs = {*pipeline.metrics, *pipeline.plots}
    for out in pipeline.outs:
        if out.path in logs or out.path in seen or not out.inside:
            continue
        seen.add(out.path)
        own = out.path.removeprefix(f"{inside}/") if inside else out.path
        yield ArtifactRef(own, out.size)
