"""The command line: the same verbs as the window, for terminals, scripts and CI."""

from __future__ import annotations

COMMANDS = (
    "inspect", "index", "watch", "library", "runs", "diff", "compare", "data", "tag", "mark", "note", "promote",
    "sign-off", "recordings", "where", "files", "split", "join", "align", "log", "undo", "problems", "doctor",
    "layout", "export", "render", "summary",
)  # fmt: skip
"""The verbs. They are known without importing what carries them out, so that a window starts quickly."""
