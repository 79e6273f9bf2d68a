"""What is known of a sample folder while its layout is being taught."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runfolio.model.layout import Layout, Role
from runfolio.model.params import Param
from runfolio.model.problem import Problem


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file of a sample folder.

    path      in the folder, `/` between parts.
    role      what the layout makes of it.
    what      what is in it, for people ("3 columns, 200 rows"); "" where that was not looked at.
    columns   names of the columns or keys with numbers, where it is a table.
    """

    path: str
    size_bytes: int
    role: Role
    what: str = ""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LayoutSuggestion:
    """A guess at the layout of a sample folder, to be looked at.

    found    whether anything in it looks like params or metrics; the layout names no files when not.
    files    what lies in the folder and directly below; some hundred at most.
    """

    layout: Layout
    found: bool
    files: tuple[SampleFile, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns with numbers of all files of metrics, in the order of the files."""
        metrics = [file for file in self.files if file.role is Role.METRICS]
        return tuple(dict.fromkeys(name for file in metrics for name in file.columns))


@dataclass(frozen=True, slots=True)
class PreviewMetric:
    """A metric that would be read: its points, the first and last step (None where there are none), the last value."""

    name: str
    points: int
    first_step: int | None
    last_step: int | None
    last: float | None


@dataclass(frozen=True, slots=True)
class LayoutPreview:
    """What a layout would make of a folder.

    fits     whether the folder would be read by the layout; `why_not` says why it would not, and what it holds is shown
             as if it would.
    fields   what the path says, `name` and `experiment` among it; empty where the path does not fit.
    files    of the folder, each with its role.
    """

    fits: bool
    why_not: str
    fields: Mapping[str, str]
    name: str
    experiment: str | None
    params: tuple[Param, ...]
    metrics: tuple[PreviewMetric, ...]
    artifacts: int
    files: tuple[SampleFile, ...]
    problems: tuple[Problem, ...]
