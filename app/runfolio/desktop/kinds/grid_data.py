"""What a plane of two fields is drawn from: cells, or the surface between the runs. Made on a query thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runfolio.analysis.kinds.planes import Cells, Facets, Surface, cells, facets, surface
from runfolio.desktop.kinds.field_combo import title_of
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.kinds.settings import GridSettings
from runfolio.model.kinds import Variable
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace


@dataclass(frozen=True, slots=True, eq=False)
class PlaneData:
    """What is drawn; `between` is None for grids of cells, which have their categories as scales.

    tables   the grids: one, or one for each value of a third field.
    by       the grids' values, where there is a third field; `of` is that field.
    """

    x: Variable
    y: Variable
    value: Variable
    tables: tuple[Cells, ...]
    x_scale: Scale
    y_scale: Scale
    between: Surface | None
    of: Variable | None = None
    by: Facets | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of each grid."""
        return len(self.tables[0].y_names), len(self.tables[0].x_names)


def plane_data(workspace: Workspace, settings: GridSettings, keys: Sequence[RunKey]) -> PlaneData:
    """Cells, and the surface where one is wanted. Raises LookupError where there is nothing to draw."""
    if not settings.x or not settings.y:
        raise LookupError("The runs in scope have fewer than two params that vary. Choose a field for each axis.")
    if not settings.value:
        raise LookupError("The runs in scope share no metric that varies. Choose a value.")
    wanted = [FieldRef.from_id(id) for id in (settings.x, settings.y, settings.value, settings.z) if id]
    x, y, value, *more = workspace.variables(wanted, keys)
    third = more[0] if more and settings.look != "contour" else None
    table = cells(x, y, value.values, log_x=settings.log_x, log_y=settings.log_y)
    if not table.n.sum() or (settings.look != "coverage" and not table.valued.sum()):
        raise LookupError("No run in scope has a value of all these fields. Choose others.")
    if settings.look == "contour":
        x_scale, y_scale = Scale.of(x, log=settings.log_x, pad=0.0), Scale.of(y, log=settings.log_y, pad=0.0)
        try:
            between = surface(x_scale.place(x.values), y_scale.place(y.values), value.values)
        except ValueError as reason:
            raise LookupError(str(reason)) from reason
        return PlaneData(x, y, value, (table,), x_scale, y_scale, between)
    x_scale, y_scale = (Scale(-0.5, len(names) - 0.5, categories=names) for names in (table.x_names, table.y_names))
    if third is None:
        return PlaneData(x, y, value, (table,), x_scale, y_scale, None)
    by = facets(x, y, third, value.values, log_x=settings.log_x, log_y=settings.log_y)
    if not by.tables:
        raise LookupError(f"No run in scope has a value of {title_of(settings.z)} as well. Choose another field.")
    return PlaneData(x, y, value, by.tables, x_scale, y_scale, None, third, by)
