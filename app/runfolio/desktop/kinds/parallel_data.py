"""What parallel coordinates are drawn from: where each run crosses each axis. Made on a query thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from runfolio.analysis.kinds.lines import crossings, line_density
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.kinds.settings import ParallelSettings
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

_NAME = FieldRef(FieldKind.BUILTIN, "name")


@dataclass(frozen=True, slots=True, eq=False)
class ParallelData:
    """What is drawn.

    crossed   float64 (axes, runs): where each run crosses each axis.
    tone      float64 (runs,): place on the colour's scale.
    density   for each gap count and mean tone, where the runs are many; else ().
    """

    axes: tuple[Variable, ...]
    scales: tuple[Scale, ...]
    crossed: Floats
    color: Variable | None
    tone: Floats
    names: tuple[str, ...]
    density: tuple[tuple[Floats, Floats], ...]


def parallel_data(workspace: Workspace, settings: ParallelSettings, keys: Sequence[RunKey], many: int) -> ParallelData:
    """Fields as crossings; of more than `many` runs the density too. Raises LookupError with fewer than two axes."""
    if len(settings.axes) < 2:
        raise LookupError("The runs in scope have fewer than two fields that vary. Add axes, or change the filter.")
    wanted = list(dict.fromkeys([*settings.axes, *filter(None, [settings.color])]))
    found = dict(zip(wanted, workspace.variables([FieldRef.from_id(id) for id in wanted], keys), strict=True))
    axes = tuple(found[id] for id in settings.axes)
    scales = tuple(Scale.of(v, log=v.field.id in settings.log and not v.categories, pad=0.02) for v in axes)
    crossed = np.stack([crossings(s.place(v.values)) for v, s in zip(axes, scales, strict=True)])
    color = found.get(settings.color)
    tone = np.full(len(keys), np.nan) if color is None else Scale.of(color, pad=0.0).place(color.values)
    density: tuple[tuple[Floats, Floats], ...] = ()
    if len(keys) > many:
        carried = np.full(len(keys), np.nan) if color is None or color.categories else tone
        density = tuple(line_density(crossed[i], crossed[i + 1], carried) for i in range(len(axes) - 1))
    names = tuple(str(name or "") for name in workspace.column(_NAME, keys).values)
    return ParallelData(axes, scales, crossed, color, tone, names, density)
