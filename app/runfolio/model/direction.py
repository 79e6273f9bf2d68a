"""Which way is better for a metric, guessed from its name until the user says otherwise."""

from __future__ import annotations

import re
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


def guess_direction(name: str) -> Direction:
    """The direction that the words of a metric's name suggest; UNKNOWN when they say nothing or both.

    The last telling word decides (`val/loss_acc` is an accuracy), because names run from general to specific.

    >>> guess_direction("val/acc").value, guess_direction("train_loss").value, guess_direction("lr").value
    ('higher', 'lower', 'unknown')
    """
    for part in reversed(_PARTS.findall(name)):
        word = part.lower()
        if word in _HIGHER:
            return Direction.HIGHER
        if word in _LOWER:
            return Direction.LOWER
    return Direction.UNKNOWN
