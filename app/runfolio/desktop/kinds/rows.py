"""Fields of runs as rows of a table, in full precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runfolio.desktop.kinds.field_combo import title_of
from runfolio.model.kinds import Flags, Variable
from runfolio.model.run import RunKey


def field_rows(
    names: Sequence[str], keys: Sequence[RunKey], variables: Sequence[Variable], shown: Flags
) -> list[list[str]]:
    """A head, then name, key and values of each run that is shown."""
    head = ["run", "key", *(title_of(variable.field.id) for variable in variables)]
    places = np.flatnonzero(shown).tolist()
    return [head, *([names[i], str(keys[i]), *(exact(v, i) for v in variables)] for i in places)]


def exact(variable: Variable, place: int) -> str:
    """A run's value in full precision; "" where it has none."""
    value = float(variable.values[place])
    if variable.categories:
        return variable.categories[int(value)] if np.isfinite(value) else ""
    return "" if np.isnan(value) else repr(value)
