"""References to what a run used and what it made: data sets by digest, artifacts by path."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatasetRef:
    """A data set as a run recorded it.

    name, digest   as the tracker wrote them; digest None where it keeps none.
    context        what it was used for ("train", "eval"); None where not recorded.
    algorithm      how the digest was made ("mlflow", "md5", "fingerprint"); empty when unknown.
    rows           number of rows where recorded.
    source         where it came from as text; shown, never followed.
    """

    name: str
    digest: str | None = None
    context: str | None = None
    algorithm: str = ""
    rows: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class ArtifactRef:
    """A file that a run produced.

    path   relative to the run's artifact root, `/` between parts.
    base   the folder that `path` starts from, below the import root, where that is not in the recording's own place;
           None where it is, and where the reader did not see the file.
    """

    path: str
    size_bytes: int | None = None
    base: str | None = None
