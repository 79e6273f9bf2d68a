"""The stages of a model version."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """Where a model version stands. The words are MLflow's and the model registries' own."""

    NONE = "none"
    CANDIDATE = "candidate"
    STAGING = "staging"
    PRODUCTION = "production"
    ARCHIVED = "archived"
