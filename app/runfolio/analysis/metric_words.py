"""Metric names taken apart: which part of the data, which figure, what kind of number, in words that compare.

take_apart("validation_accuracy")   # part "val", words ("acc",)
take_apart("metrics/val_acc")       # the same, `container` "metrics"
take_apart("train_loss_epoch")      # part "train", words ("loss",), pace "epoch"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from runfolio.model.direction import Direction, guess_direction

PARTS = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "eval": "eval",
    "evaluation": "eval",
    "dev": "dev",
    "test": "test",
    "testing": "test",
}
"""Words for a part of the data. `eval`, `dev` and `test` may be other data than `val`: they are parts of their own."""

HELD_OUT = ("val", "eval", "dev", "test")
"""Parts that one project may call by another's name, in the order in which one is asked to give the name."""

_CONTAINERS = frozenset({"metrics", "metric", "scalars", "scalar", "monitor", "performance", "results", "summary"})
_PERCENT = frozenset({"%", "pct", "percent", "percentage"})
_PACES = frozenset({"epoch", "step"})
# A count of steps or a time for each is not a figure taken at the pace of steps.
_NO_PACE = frozenset({"per", "time", "samples", "seconds", "sec", "num", "n", "total", "global"})

# Several words, or another word, for the same figure: what they say is not open to doubt.
_SAME: dict[tuple[str, ...], str] = {
    ("accuracy", "score"): "acc",
    ("accuracy",): "acc",
    ("learning", "rate"): "lr",
    ("learningrate",): "lr",
    ("weight", "decay"): "wd",
    ("error",): "err",
    ("perplexity",): "ppl",
    ("f1", "score"): "f1",
    ("f1score",): "f1",
    ("root", "mean", "squared", "error"): "rmse",
    ("root", "mean", "square", "error"): "rmse",
    ("mean", "squared", "error"): "mse",
    ("mean", "square", "error"): "mse",
    ("mean", "absolute", "error"): "mae",
    ("mean", "average", "precision"): "map",
    ("mean", "iou"): "miou",
    ("roc", "auc"): "auroc",
    ("auc", "roc"): "auroc",
    ("pr", "auc"): "auprc",
    ("auc", "pr"): "auprc",
    ("gradient", "norm"): "gradnorm",
    ("grad", "norm"): "gradnorm",
    ("episode",): "ep",
    ("length",): "len",
    ("reward",): "rew",
    ("average",): "mean",
    ("avg",): "mean",
}
# Words that often, not always, say the same.
_LOOSE: dict[tuple[str, ...], str] = {
    ("auc",): "auroc",
    ("categorical", "accuracy"): "acc",
    ("binary", "accuracy"): "acc",
    ("sparse", "categorical", "accuracy"): "acc",
    ("return",): "rew",
    ("ret",): "rew",
}
_PHRASES = sorted([*_SAME, *_LOOSE], key=len, reverse=True)

_RATE_WORDS = (
    "acc map map50 map75 f1 auroc auprc iou miou dice recall precision sensitivity specificity jaccard rate winrate "
    "top1 top3 top5 err wer cer mcc"
)
_RATES = frozenset(_RATE_WORDS.split())
"""Figures that lie between 0 and 1, or 0 and 100 where they are written as percent."""

# What camel case would tear apart, and how YOLOv5 writes what its successors call mAP50 and mAP50-95.
_WHOLE = (
    (re.compile(r"mAP(?![a-z])"), "map"),
    (re.compile(r"mIoU(?![a-z])"), "miou"),
    (re.compile(r"IoU(?![a-z])"), "iou"),
    (re.compile(r"(?i)\bmap[@_ ]?0?\.5[:-]0?\.95"), "map50-95"),
    (re.compile(r"(?i)(?<![a-z])map[@_ ]?0?\.5(?:0)?(?![0-9])"), "map50"),
)
_PIECES = re.compile(r"%|[^\W_]+")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\Wa-zA-Z\d_]+")
_BOX_HEAD = re.compile(r"\(B\)\Z")
LONGEST = 300
"""Longer names are not looked at: nobody spells them in two ways."""


@dataclass(frozen=True, slots=True)
class NameParts:
    """A metric name as far as it says what is measured.

    part       "train", "val", "eval", "dev", "test"; "" where it names none, or several.
    part_word  the word that says so.
    words      the figure, in words that are equal for equal figures; "acc" for accuracy.
    written    the same words as they were written.
    pace       "epoch" or "step" where the name ends in it, as Lightning marks the two series of one metric.
    container  a word before it that says no more than that this is a metric.
    per_epoch  whether the figure's name begins with "epoch", as Keras writes it into event files.
    percent    whether the name says that it is a percentage.
    loose      whether a word was taken for another that often, not always, says the same.
    box_head   whether it ends in "(B)", as Ultralytics marks what is said of boxes.
    """

    part: str
    part_word: str
    words: tuple[str, ...]
    written: tuple[str, ...]
    pace: str = ""
    container: str = ""
    per_epoch: bool = False
    percent: bool = False
    loose: bool = False
    box_head: bool = False

    @property
    def is_rate(self) -> bool:
        """Whether the figure is a fraction, or a percentage, of something."""
        return any(word in _RATES for word in self.words)


@lru_cache(maxsize=65_536)
def take_apart(name: str) -> NameParts:
    """The parts of a name; `words` is empty where it has none."""
    pieces = _pieces(name) if len(name) <= LONGEST else ()
    percent = any(p in _PERCENT for p in pieces) and any(p not in _PERCENT for p in pieces)
    if percent:
        pieces = [p for p in pieces if p not in _PERCENT]
    said = [p for p in pieces if p in PARTS]
    part, part_word = (PARTS[said[0]], said[0]) if len({PARTS[p] for p in said}) == 1 else ("", "")
    rest = [p for p in pieces if p not in PARTS] if part else [*pieces]
    if not rest:
        return NameParts("", "", tuple(pieces), tuple(pieces))
    container = rest.pop(0) if rest[0] in _CONTAINERS and len(rest) > 1 else ""
    per_epoch = rest[0] == "epoch" and _is_figure(rest[1:])
    if per_epoch:
        rest.pop(0)
    pace = rest.pop() if rest[-1] in _PACES and _is_figure(rest[:-1]) else ""
    words, loose = _canonical(rest)
    box_head = _BOX_HEAD.search(name) is not None
    return NameParts(part, part_word, words, tuple(rest), pace, container, per_epoch, percent, loose, box_head)


def _pieces(name: str) -> list[str]:
    """Words in lower case; a number belongs to the word before it, so that top1, top_1 and Top-1 are one."""
    text = _BOX_HEAD.sub("", name)
    for pattern, whole in _WHOLE:
        text = pattern.sub(whole, text)
    found: list[str] = []
    for chunk in _PIECES.findall(text):
        parts = [chunk] if chunk == "%" or chunk.isupper() or chunk.islower() else _CAMEL.findall(chunk)
        for part in parts:
            low = part.lower()
            before = found[-1] if found else ""
            if low.isdigit() and before.isalpha() and before not in PARTS:
                found[-1] = before + low
            else:
                found.append(low)
    return found


def _is_figure(words: list[str]) -> bool:
    """Whether the words name something measured, so that "epoch" beside them says when, not what."""
    if not words or any(word in _NO_PACE for word in words):
        return False
    return _canonical(words)[0] == ("lr",) or guess_direction(" ".join(words)) is not Direction.UNKNOWN


def _canonical(words: list[str]) -> tuple[tuple[str, ...], bool]:
    found: list[str] = []
    loose = False
    at = 0
    while at < len(words):
        phrase = next((p for p in _PHRASES if tuple(words[at : at + len(p)]) == p), None)
        if phrase is None:
            found.append(words[at])
            at += 1
            continue
        loose = loose or phrase in _LOOSE
        found.append(_SAME.get(phrase) or _LOOSE[phrase])
        at += len(phrase)
    return tuple(found), loose
