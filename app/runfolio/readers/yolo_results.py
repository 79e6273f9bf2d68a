"""`results.txt` of YOLOv5 before results.csv, and of YOLOv7: a row for each epoch, without a header.

The columns and their names are those that both write into the event files beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runfolio.model.metrics import MetricSeries
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, info, warning
from runfolio.readers.documents import decode
from runfolio.readers.series_builder import SeriesBuilder
from runfolio.readers.table import number_in

_TRAINED = ("train/box_loss", "train/obj_loss", "train/cls_loss")
_TESTED = (
    "metrics/precision", "metrics/recall", "metrics/mAP_0.5", "metrics/mAP_0.5:0.95",
    "val/box_loss", "val/obj_loss", "val/cls_loss",
)  # fmt: skip
_EPOCH = re.compile(r"(\d{1,9})/\d+")
_MEMORY = re.compile(r"[\d.]+G")
# Behind the losses stand their sum, the number of labels and the size of the pictures.
_LOSSES, _TESTS = slice(2, 5), slice(8, 15)
_WIDTHS = (8, 15)
"""Values in a row without and with a test."""


def old_results(data: bytes, where: str, budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    """The metrics of the rows that are as those trackers write them; of others a Problem tells."""
    text, odd = decode(data, where)
    problems += odd
    built = SeriesBuilder()
    others = rows = 0
    for line in text.splitlines():
        budget.check()
        cells = line.split()
        if not cells:
            continue
        rows += 1
        epoch = _EPOCH.fullmatch(cells[0])
        if epoch is None or len(cells) not in _WIDTHS or not _MEMORY.fullmatch(cells[1]):
            others += 1
            continue
        for names, part in ((_TRAINED, _LOSSES), (_TESTED, _TESTS)):
            for name, cell in zip(names, cells[part], strict=False):
                value = number_in(cell)
                if value is not None:
                    built.add(name, int(epoch[1]), value)
    if others == rows > 0:
        message = (
            "The results have no header, and their columns are not those of YOLOv5 or v7: what they mean is not told"
        )
        problems.append(info("results-without-names", where, message))
    elif others:
        message = f"{others:,} rows are not as YOLO writes them, and are left out"
        problems.append(warning("bad-line", where, message, "Check whether the file was copied completely."))
    yield from built.series(where.rpartition("/")[2])
