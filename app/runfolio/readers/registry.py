"""The readers there are, strongest first, and who claims a folder."""

from __future__ import annotations

from runfolio.readers.boosting import Boosting
from runfolio.readers.catboost import CatBoost
from runfolio.readers.clearml import ClearML
from runfolio.readers.comet import Comet
from runfolio.readers.contract import Claim, Reader
from runfolio.readers.dvclive import DvcLive
from runfolio.readers.folder import Folder
from runfolio.readers.generic import Generic
from runfolio.readers.guild import Guild
from runfolio.readers.hf_trainer import HfTrainer
from runfolio.readers.hydra import Hydra
from runfolio.readers.kedro import Kedro
from runfolio.readers.keras import Keras
from runfolio.readers.keras_tuner import KerasTuner
from runfolio.readers.lightning import Lightning
from runfolio.readers.mlflow import MlflowFiles
from runfolio.readers.mlflow_sqlite import MlflowSqlite
from runfolio.readers.mmengine import MMEngine
from runfolio.readers.neptune import Neptune
from runfolio.readers.optuna import Optuna
from runfolio.readers.ray_tune import RayTune
from runfolio.readers.sacred import Sacred
from runfolio.readers.sb3 import StableBaselines
from runfolio.readers.spinning_up import SpinningUp
from runfolio.readers.swanlab import SwanLab
from runfolio.readers.tensorboard import TensorBoard
from runfolio.readers.trackio import Trackio
from runfolio.readers.ultralytics import Ultralytics
from runfolio.readers.wandb import Wandb

READERS: tuple[Reader, ...] = (
    MlflowFiles(),
    MlflowSqlite(),
    Wandb(),
    SwanLab(),
    ClearML(),
    Comet(),
    Neptune(),
    Guild(),
    Trackio(),
    Optuna(),
    RayTune(),
    KerasTuner(),
    Sacred(),
    CatBoost(),
    TensorBoard(),
    Hydra(),
    HfTrainer(),
    Ultralytics(),
    MMEngine(),
    StableBaselines(),
    SpinningUp(),
    DvcLive(),
    Lightning(),
    Kedro(),
    Boosting(),
    Keras(),
    Generic(),
)

_BY_NAME = {reader.name: reader for reader in READERS}


def reader_named(name: str) -> Reader:
    """The reader of that name. Raises KeyError."""
    return _BY_NAME[name]


def claims(folder: Folder) -> tuple[Claim, ...]:
    """Every claim on a folder, in the order of READERS. Several trackers may have written into one folder.

    Raises FolderUnreadable when the folder cannot be listed.
    """
    found: list[Claim] = []
    taken: frozenset[str] = frozenset()
    for reader in READERS:
        claim = reader.claim(folder, taken)
        if claim is not None:
            found.append(claim)
            taken |= claim.files
    return tuple(found)
