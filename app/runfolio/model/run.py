"""Recordings, runs and the link between them.

A *recording* is what one tracker wrote at one place. A *run* is one execution, of which several trackers may
have kept a recording. Readers make recordings; `index.links` gathers them into runs and says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    # A window starts without NumPy, which series bring in, and without what only readers make.
    from runfolio.model.datasets import ArtifactRef, DatasetRef
    from runfolio.model.metrics import MetricSeries
    from runfolio.model.params import Json, Param
    from runfolio.model.problem import Problem

RunKey = NewType("RunKey", str)
"""Stable identity of a run: survives moving the folder, renaming the root and deleting the index."""


CONTENT = "content:"
"""How identities begin that are a digest of the content, and no tracker's id."""


class RunStatus(StrEnum):
    """What the files claim, normalised. UNKNOWN where a format writes no status: never guessed."""

    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"
    RUNNING = "running"
    UNKNOWN = "unknown"


def status_words(status: str) -> str:
    """A status for people. What says that it is running was running when its folder was copied, which tells no more."""
    return "unfinished (as copied)" if status == RunStatus.RUNNING else status


class Precision(StrEnum):
    """How exactly a recording keeps its values; decides which of several equal series is shown."""

    TEXT = "text"  # decimal text of a float64, or float64 itself
    FLOAT32 = "float32"


@dataclass(frozen=True, slots=True)
class Recording:
    """What one tracker kept of an execution at one place.

    format       the reader's format name ("mlflow_file", "tensorboard", "lightning", "keras", "generic", "hydra").
    path         folder, or file for single-file stores, relative to the import root, `/` between parts; "" is the root.
    id           the tracker's own run id; where it has none, the path.
    identity     globally unique id with its tracker ("mlflow:<32 hex>") that survives copying; "" where there is
                 none, and a digest of the content stands in (see `content_identity`). A reader may give such a
                 digest itself, which begins with CONTENT, where what it reads does not only depend on the content.
    status_raw   what the tracker wrote.
    facts        code and environment as recorded, by standard names: git.commit, git.branch, git.repo, git.dirty,
                 user, host, python, command, script, tracker.version, hydra.version...
    extra        anything else worth keeping that is JSON (experiment_id, lifecycle, parent_id, overrides...).
    overlay      True for a config layer (Hydra) that describes whatever run lies in the same folder.
    started_us, ended_us   microseconds UTC, from content and never from the file system.
    """

    format: str
    path: str
    id: str
    identity: str = ""
    name: str | None = None
    status: RunStatus = RunStatus.UNKNOWN
    status_raw: str | int | None = None
    started_us: int | None = None
    ended_us: int | None = None
    experiment: str | None = None
    parent_id: str | None = None
    params: Sequence[Param] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[MetricSeries, ...] = ()
    artifacts: tuple[ArtifactRef, ...] = ()
    datasets: tuple[DatasetRef, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    precision: Precision = Precision.TEXT
    overlay: bool = False

    @property
    def has_id(self) -> bool:
        """Whether the identity is the tracker's own rather than a digest of the content."""
        return bool(self.identity) and not self.identity.startswith(CONTENT)


@dataclass(frozen=True, slots=True)
class Link:
    """Why a recording belongs to a run. `recording` is its position in the list that was linked."""

    recording: int
    reason: str


def content_identity(recording: Recording) -> str:
    """An identity for a recording whose tracker gives none: a digest of what does not change when it is moved.

    Taken together: the format, the params, and the points that were logged first: those of the first step, and of them
    the earliest where they have times. A run that goes on growing keeps its identity, because points are only added,
    also where a metric has its first point later and at the same step (validation after the first epoch); so does a
    folder that was moved, renamed or copied. Where nothing was logged the folder's own name is taken too, since params
    alone are those of many runs.
    """
    if recording.identity:
        return recording.identity
    parts = [recording.format, params_digest(recording.params)]
    started = [m for m in recording.metrics if len(m)]
    if not started:
        parts.append(recording.path.rpartition("/")[2])
    else:
        first, earliest = min((int(m.step[0]), int(m.wall_time_us[0])) for m in started)
        for metric in sorted(started, key=lambda m: m.name):
            if (int(metric.step[0]), int(metric.wall_time_us[0])) == (first, earliest):
                parts += [metric.name, str(first), float(metric.value[0]).hex(), str(earliest)]
    return f"{CONTENT}{content_digest(parts)}"


def params_digest(params: Iterable[Param]) -> str:
    """Equal for equal params whatever their order; "" when there are none."""
    from runfolio.model.text_params import TextParams

    if isinstance(params, TextParams) and params.names:
        before = _before_texts(params.names)
        if before is not None:
            texts = map(_sized, params.texts)
            return _hashed(b"".join(chain.from_iterable(zip(before, texts, strict=True))))
    parts: list[str] = []
    for param in sorted(params, key=lambda p: p.path):
        parts += [str(len(param.path)), *param.path, param.text]
    return content_digest(parts) if parts else ""


@lru_cache(maxsize=16)
def _before_texts(names: tuple[str, ...]) -> list[bytes] | None:
    """What `params_digest` takes of each param before its text; None where names are not in order.

    Cached because the runs of an experiment have the same params.
    """
    if any(a >= b for a, b in pairwise(names)):
        return None
    return [_sized("1") + _sized(name) for name in names]


def content_digest(parts: Iterable[str]) -> str:
    """32 hexadecimal digits of texts in their order, of which none can pass for two others."""
    return _hashed(b"".join(map(_sized, parts)))


def _sized(part: str) -> bytes:
    data = part.encode("utf-8", "surrogatepass")
    return len(data).to_bytes(8, "little") + data


def _hashed(data: bytes) -> str:
    # OpenSSL comes with it.
    import hashlib

    return hashlib.sha256(data).hexdigest()[:32]
