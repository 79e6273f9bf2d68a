"""Sections of the inspector and tabs of Files, in order; light, so that their commands are there before they are."""

from __future__ import annotations

SECTIONS = (
    ("overview", "Overview"),
    ("params", "Params"),
    ("metrics", "Metrics"),
    ("datasets", "Datasets"),
    ("files", "Files"),
    ("code", "Code"),
    ("log", "Log"),
    ("notes", "Notes"),
    ("problems", "Problems"),
)
"""Id and title."""

PLACE = {id: place for place, (id, _) in enumerate(SECTIONS)}

FILES_TABS = (
    ("preview", "Preview the files of the run", "file-text"),
    ("beside", "A file of several runs beside each other", "columns-2"),
    ("images", "Images of runs over their steps", "images"),
    ("histograms", "Histograms of the run over its steps", "chart-column"),
)
"""Id, what its command says, and icon."""
