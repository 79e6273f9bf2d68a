"""The readers there are, strongest first, and who claims a folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import xxhash

from runfolio import __version__
from runfolio.errors import FolderUnreadable
from runfolio.model.layout import Layout
from runfolio.readers.aim import Aim
from runfolio.readers.boosting import Boosting
from runfolio.readers.catboost import CatBoost
from runfolio.readers.clearml import ClearML
from runfolio.readers.comet import Comet
from runfolio.readers.contract import Claim, Reader, Strength
from runfolio.readers.dvc import Dvc
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
from runfolio.readers.metaflow import Metaflow
from runfolio.readers.mlflow import MlflowFiles
from runfolio.readers.mlflow_sqlite import MlflowSqlite
from runfolio.readers.mmcv import Mmcv
from runfolio.readers.mmengine import MMEngine
from runfolio.readers.neptune import Neptune
from runfolio.readers.neptune_export import NeptuneExport
from runfolio.readers.optuna import Optuna
from runfolio.readers.ray_tune import RayTune
from runfolio.readers.sacred import Sacred
from runfolio.readers.sb3 import StableBaselines
from runfolio.readers.spinning_up import SpinningUp
from runfolio.readers.swanlab import SwanLab
from runfolio.readers.taught import Taught
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
    NeptuneExport(),
    Guild(),
    Trackio(),
    Optuna(),
    RayTune(),
    KerasTuner(),
    Aim(),
    Sacred(),
    Metaflow(),
    CatBoost(),
    TensorBoard(),
    Hydra(),
    HfTrainer(),
    Ultralytics(),
    MMEngine(),
    Mmcv(),
    StableBaselines(),
    SpinningUp(),
    DvcLive(),
    Dvc(),
    Lightning(),
    Kedro(),
    Boosting(),
    Keras(),
    Taught(),
    Generic(),
)

_OWN = frozenset(reader.name for reader in READERS)
_GROUP = "runfolio.readers"
_log = logging.getLogger("runfolio.readers")


@cache
def readers() -> tuple[Reader, ...]:
    """The built-in readers, with those of installed packages before those that take what nobody else does."""
    *own, taught, last = READERS
    return (*own, *_installed({*_OWN}), taught, last)


def readers_with(layouts: tuple[Layout, ...]) -> tuple[Reader, ...]:
    """The same, knowing the layouts that the user taught."""
    return tuple(Taught(layouts) if reader.name == Taught.name else reader for reader in readers())


def asked_mark(layouts: tuple[Layout, ...]) -> bytes:
    """Changes when folders may be claimed otherwise than before: with other readers, or other layouts."""
    return xxhash.xxh3_128_digest(repr((_code(), _packages(), layouts)).encode("utf-8", "surrogatepass"))


@cache
def _code() -> tuple[object, ...]:
    """The version, and what the readers' files look like: an installation may be one that somebody works on."""
    try:
        with os.scandir(Path(__file__).parent) as entries:
            files = sorted((e.name, e.stat().st_size, e.stat().st_mtime_ns) for e in entries if e.name.endswith(".py"))
    except OSError:
        files = []  # packed into one file, which never changes
    return __version__, *files


@cache
def _packages() -> tuple[tuple[str, str, str], ...]:
    return tuple((e.name, e.value, e.dist.version if e.dist else "") for e in entry_points(group=_GROUP))


def _installed(taken: set[str]) -> Iterator[Reader]:
    """Readers that other packages register; one that cannot be had is logged, and costs itself only."""
    for entry in entry_points(group=_GROUP):
        try:
            reader = entry.load()()
            name, title = str(reader.name), str(reader.title)
            reader.claim, reader.read  # noqa: B018 - both have to be there
        except Exception:  # noqa: BLE001 - foreign code, which may fail in any way
            _log.exception("the reader %s of %s cannot be loaded", entry.name, entry.value)
            continue
        if not name or not title or name in taken:
            _log.error("the reader %s of %s has no name of its own and is left out", entry.name, entry.value)
            continue
        taken.add(name)
        yield reader


@cache
def _by_name() -> dict[str, Reader]:
    return {reader.name: reader for reader in readers()}


def reader_named(name: str) -> Reader:
    """The reader of that name. Raises KeyError."""
    return _by_name()[name]


def claims(folder: Folder, asked: Sequence[Reader] | None = None) -> tuple[Claim, ...]:
    """Every claim on a folder, in the order of the readers asked. Several trackers may have written into one folder.

    asked   all `readers` when None, which know of no layouts.
    Raises FolderUnreadable when the folder cannot be listed.
    """
    found: list[Claim] = []
    taken: frozenset[str] = frozenset()
    with folder.keeping_heads():
        for reader in readers() if asked is None else asked:
            claim = reader.claim(folder, taken) if reader.name in _OWN else _foreign_claim(reader, folder, taken)
            if claim is not None:
                found.append(claim)
                taken |= claim.files
                # All files and folders are one reader's by the word of its tracker: nothing is left to ask about.
                if claim.prune is None and claim.strength is Strength.IDENTITY and taken >= folder.files.keys():
                    break
    return tuple(found)


def _foreign_claim(reader: Reader, folder: Folder, taken: frozenset[str]) -> Claim | None:
    try:
        return reader.claim(folder, taken)
    except FolderUnreadable:
        raise
    except Exception:  # noqa: BLE001 - a reader of somebody else's must not end the walk
        _log.exception("the reader %s failed on %s", reader.name, folder.shown)
        return None
