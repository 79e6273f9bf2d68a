"""The texts that somebody may have meant by another one."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

CUTOFF = 0.6
"""How alike two texts must be, as `difflib` has it: 1.0 for equal ones."""


def nearest(wanted: str, known: Sequence[str], most: int = 3) -> tuple[str, ...]:
    """Those of `known` that `wanted` may stand for, at most `most`, in any case of letters; () for none.

    First what is equal but for case, then what starts with it, then what holds it, then what is spelt alike.

    >>> nearest("wandb", ["tensorboard", "wandb_offline"]), nearest("Adan", ["sgd", "adam"])
    (('wandb_offline',), ('adam',))
    """
    low = wanted.casefold()
    folded = [(text.casefold(), text) for text in known]
    ranked = [
        *(text for fold, text in folded if fold == low),
        *(text for fold, text in folded if low and fold != low and fold.startswith(low)),
        *(text for fold, text in folded if low and not fold.startswith(low) and low in fold),
    ]
    if len(ranked) < most:
        # One text for each spelling is enough.
        spelt = dict(reversed(folded))
        ranked += [spelt[fold] for fold in difflib.get_close_matches(low, spelt, n=most, cutoff=CUTOFF)]
    return tuple(dict.fromkeys(ranked))[:most]


def is_number(text: str) -> bool:
    """Whether a text spells a number, which is meant as it stands: another that is spelt alike is far from it."""
    try:
        float(text)
    except ValueError:
        return False
    return True
