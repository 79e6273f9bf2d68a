"""Which runs a view of several shows."""

from __future__ import annotations

from runfolio.desktop.state import WindowState
from runfolio.model.run import RunKey

MOST = 24


def runs_shown(state: WindowState) -> tuple[RunKey, ...]:
    """The selected runs; without a selection the current one, and the baseline before it where there is one."""
    if state.selection:
        return state.selection[:MOST]
    return tuple(dict.fromkeys(key for key in (state.baseline, state.current) if key is not None))
