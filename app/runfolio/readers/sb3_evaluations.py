"""`evaluations.npz` of Stable-Baselines3's EvalCallback: for each evaluation the reward and length of its episodes.

The names of the metrics are those under which the callback logs the same means. An npz is a zip of arrays; only those
of plain numbers are read, since others are pickles.

Source: numpy.lib.format, and stable_baselines3.common.callbacks.EvalCallback.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.metrics import Floats, MetricSeries, series
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, problem_from, warning
from runfolio.readers.folder import Folder
from runfolio.readers.zip_file import Zip, names_in_directory, opened_zip

EVALUATIONS = "evaluations.npz"
_STEPS = "timesteps.npy"
_METRICS = {
    "results.npy": "eval/mean_reward",
    "ep_lengths.npy": "eval/mean_ep_length",
    "successes.npy": "eval/success_rate",
}
_MAGIC = b"\x93NUMPY"
_LONGEST_HEAD = 4096
_DTYPE = re.compile(r"'descr':\s*'([<>=|]?[fiub]\d{1,2})'")
_SHAPE = re.compile(r"'shape':\s*\(([\d,\sL]*)\)")
_BY_COLUMN = re.compile(r"'fortran_order':\s*True")


def is_evaluations(folder: Folder, name: str) -> bool:
    """Whether a file is a zip with steps and rewards, by the end of it. Raises FolderUnreadable."""
    return name == EVALUATIONS and names_in_directory(folder, name, (_STEPS.encode(), b"results.npy"))


def evaluations(folder: Folder, budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    """The mean of each evaluation, over the steps at which it was made."""
    where = folder.where(EVALUATIONS)
    try:
        with opened_zip(folder, EVALUATIONS) as archive:
            steps = _array(archive, _STEPS, budget)
            found = {label: _array(archive, name, budget) for name, label in _METRICS.items() if name in archive.sizes}
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
        return
    at = steps.reshape(-1)
    if not (np.isfinite(at) & (np.abs(at) < 2.0**63)).all():
        problems.append(warning("no-step", where, "Some of the timesteps are none: the evaluations are left out"))
        return
    for label, values in found.items():
        if values.ndim == 0 or len(values) != len(at) or not values.size:
            message = f"{label} has values for {len(values) if values.ndim else 0} of {len(at)} evaluations; left out"
            problems.append(warning("ragged-rows", where, message))
            continue
        with np.errstate(all="ignore"):
            means = values.reshape(len(at), -1).mean(axis=1)
        yield series(label, at.astype(np.int64), means, source=where)


def _array(archive: Zip, name: str, budget: Budget) -> Floats:
    """An array of plain numbers as float64, in its shape. Raises FolderUnreadable for any other, LimitReached."""
    data = archive.read(name, budget.text_bytes)
    wide = data[6:7] not in (b"\x01", b"")
    begin = 12 if wide else 10
    size = int.from_bytes(data[8:begin], "little")
    head = data[begin : begin + size].decode("latin-1") if size <= _LONGEST_HEAD else ""
    dtype, shape = _DTYPE.search(head), _SHAPE.search(head)
    if not data.startswith(_MAGIC) or dtype is None or shape is None:
        raise FolderUnreadable(f"{name} in it is no array of plain numbers")
    try:
        lengths = [int(n.rstrip("Ll")) for n in shape[1].replace(" ", "").split(",") if n]
        count = math.prod(lengths)
        numbers = np.frombuffer(data, np.dtype(dtype[1]), count, begin + size)
        shaped = numbers.reshape(lengths, order="F" if _BY_COLUMN.search(head) else "C")
    except (ValueError, TypeError, OverflowError) as failure:
        message = f"{name} in it has other bytes than its head says"
        raise FolderUnreadable(message, hint="Check whether the file was copied completely.") from failure
    return shaped.astype(np.float64)
