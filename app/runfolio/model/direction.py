"""Which way is better for a metric, guessed from its name until the user says otherwise.

What users said is kept by the workspace (`api.directing`) and is in force in the whole process: tables, best values,
comparisons, gates and charts cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class Direction(StrEnum):
    """`HIGHER` or `LOWER` values are better; `UNKNOWN` draws no arrow and wins no comparison."""

    HIGHER = "higher"
    LOWER = "lower"
    UNKNOWN = "unknown"


_HIGHER_WORDS = (
    "acc accuracy auc auroc auprc ap map f1 fbeta precision recall sensitivity specificity dice iou miou jaccard "
    "r2 bleu rouge rouge1 rouge2 rougel meteor ndcg mrr hit hits reward return success psnr ssim kappa mcc "
    "throughput elbo win winrate map50 top1 top5 silhouette spearman pearson correlation score"
)
_LOWER_WORDS = (
    "loss error err mse rmse mae mape nll logloss brier perplexity ppl wer cer fid lpips ece regret bpd bpc kl "
    "divergence latency duration time ms seconds entropy crossentropy fpr fnr"
)
_HIGHER = frozenset(_HIGHER_WORDS.split())
_LOWER = frozenset(_LOWER_WORDS.split())
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+\d*|\d+")


_chosen: Mapping[str, Direction] = {}
_times_put = 0


def put_in_force(chosen: Mapping[str, Direction]) -> None:
    """From now on these metrics have these directions; all others are guessed."""
    global _chosen, _times_put
    # Replaced as a whole: no thread sees half of it.
    if chosen != _chosen:
        _chosen, _times_put = dict(chosen), _times_put + 1


def directions_put() -> int:
    """Goes up when directions change: what was worked out by them is out of date."""
    return _times_put


def chosen_direction(name: str) -> Direction | None:
    """What the user said of a metric; None while it is guessed."""
    return _chosen.get(name)


def guess_direction(name: str) -> Direction:
    """The direction of a metric: the one the user chose, or else what its name suggests."""
    return _chosen.get(name) or direction_by_words(name)


def direction_by_words(name: str) -> Direction:
    """The direction that the words of a metric's name suggest; UNKNOWN when they say nothing or both.

    The last telling word decides (`val/loss_acc` is an accuracy), because names run from general to specific.

    >>> direction_by_words("val/acc").value, direction_by_words("train_loss").value, direction_by_words("lr").value
    ('higher', 'lower', 'unknown')
    """
    for part in reversed(_PARTS.findall(name)):
        word = part.lower()
        if word in _HIGHER:
            return Direction.HIGHER
        if word in _LOWER:
            return Direction.LOWER
    return Direction.UNKNOWN
