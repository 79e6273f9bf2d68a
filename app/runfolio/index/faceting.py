"""Counts the values of a field among runs, over columns in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runfolio.index.column_store import Bools
from runfolio.index.evaluate import Evaluator
from runfolio.index.fields import BY_NAME
from runfolio.index.known import Known
from runfolio.index.literals import as_moments, as_number, as_seconds, as_text
from runfolio.index.meaning import meaning
from runfolio.model.answers import CellKind
from runfolio.model.expression import Between, Both, Compare, Either, Expression, IsNull, Name, Not, OneOf, Scalar
from runfolio.model.facets import Bins, Facet, FacetValue, most_first
from runfolio.model.filter_print import quote_value, to_text
from runfolio.model.query import FieldKind, FieldRef, number_text

BINS = 28
FEW = 12
"""Up to this many different numbers are shown as values."""

_DECADES = 1e3
"""From this ratio on positive numbers are shown by powers of ten."""
_NUMBERS = frozenset({CellKind.NUMBER, CellKind.DURATION, CellKind.TIME})


def facet(
    evaluator: Evaluator,
    known: Known,
    field: FieldRef,
    where: tuple[str, Expression | None],
    narrowed: Bools | None,
    limit: int,
) -> Facet:
    """The values of a field among the runs of a filter (text and expression), at most `limit` of them."""
    text, expression = where
    terms = () if expression is None else expression.terms if isinstance(expression, Both) else (expression,)
    own = [term for term in terms if _about(term, known) == field]
    others = [term for term in terms if _about(term, known) != field]
    base = np.ones(evaluator.count, dtype=bool) if narrowed is None else narrowed
    for term in others:
        base = base & evaluator.mask(meaning(term, known))
    rest = tuple(_bracketed(term) for term in others)
    if not own and expression is not None:
        # As it was typed.
        rest = (f"({text})" if isinstance(expression, Either) else text,)
    made = _numeric(evaluator, field, base, own, limit) if _is_numeric(evaluator, field) else None
    if made is None:
        made = _texts(evaluator, field, base, own, limit)
    values, distinct, missing, bins, kind = made
    return Facet(
        field,
        kind,
        known.typed(field),
        values,
        distinct,
        missing,
        any(isinstance(term, IsNull) and not term.negated for term in own),
        bins,
        _span(own),
        rest,
        " and ".join(_bracketed(term) for term in own),
    )


def _bracketed(term: Expression) -> str:
    return f"({to_text(term)})" if isinstance(term, Both | Either) else to_text(term)


def _about(term: Expression, known: Known) -> FieldRef | None:
    """The one field that a part of a filter is about; None where it is about several, or something else."""
    if isinstance(term, Not):
        return _about(term.term, known)
    if isinstance(term, Both | Either):
        fields = {_about(part, known) for part in term.terms}
        return fields.pop() if len(fields) == 1 else None
    name = term.field if isinstance(term, Compare | OneOf | IsNull) else getattr(term, "term", None)
    return known.resolve(name) if isinstance(name, Name) else None


def _chosen(own: list[Expression]) -> frozenset[str]:
    """The texts of the values that a filter asks for."""
    values: list[Scalar] = []
    for term in own:
        if isinstance(term, Compare) and term.operator == "=":
            values.append(term.value)
        elif isinstance(term, OneOf) and not term.negated:
            values += term.values
    return frozenset(as_text(value) for value in values if value is not None)


def _span(own: list[Expression]) -> tuple[float | None, float | None]:
    low: float | None = None
    high: float | None = None
    for term in own:
        if isinstance(term, Between) and not term.negated:
            low, high = _place(term.low, 0), _place(term.high, 1)
        elif isinstance(term, Compare) and term.operator in (">", ">="):
            low = _place(term.value, 0)
        elif isinstance(term, Compare) and term.operator in ("<", "<="):
            high = _place(term.value, 1)
    return low, high


def _place(value: Scalar, end: int) -> float | None:
    """Where a value lies on the axis of its field: a number, seconds, or microseconds of a date."""
    number = as_number(value)
    if number is not None:
        return number
    moments = as_moments(value)
    return float(moments[end]) if moments is not None else as_seconds(value)


def _is_numeric(evaluator: Evaluator, field: FieldRef) -> bool:
    if field.kind in (FieldKind.METRIC, FieldKind.DERIVED):
        return True
    if field.kind is FieldKind.BUILTIN:
        return BY_NAME[field.name].kind in _NUMBERS
    if field.kind is not FieldKind.PARAM:
        return False
    # Most of those that have a value have a number.
    present = int(evaluator.numbers(field).present.sum())
    return present * 2 > evaluator.count - int(evaluator.missing(field).sum())


_Made = tuple[tuple[FacetValue, ...], int, int, Bins | None, CellKind]


def _numeric(evaluator: Evaluator, field: FieldRef, base: Bools, own: list[Expression], limit: int) -> _Made | None:
    """None where texts stand among few numbers, so that the texts say it all."""
    found = evaluator.numbers(field)
    kind = BY_NAME[field.name].kind if field.kind is FieldKind.BUILTIN else CellKind.NUMBER
    here = found.values[base & found.present]
    sound = here[np.isfinite(here)].astype(np.float64)
    missing = int((base & evaluator.missing(field)).sum())
    # Two runs of one metric with the same figure are chance.
    counted = kind is CellKind.NUMBER and field.kind in (FieldKind.PARAM, FieldKind.BUILTIN)
    few = few_values(sound) if counted else None
    if few is not None and field.kind is FieldKind.PARAM and len(here) + missing < int(base.sum()):
        return None
    if few is None:
        return (), -1, missing, histogram(sound), kind
    chosen = {float(text) for text in _chosen(own) if _is_float(text)}
    values = [
        FacetValue(number_text(number), number_text(number), runs, number in chosen)
        for number, runs in zip(few[0].tolist(), few[1].tolist(), strict=True)
    ]
    if len(here) > len(sound):
        odd = here[~np.isfinite(here)]
        for name, runs in (
            ("nan", np.isnan(odd).sum()),
            ("inf", (odd == np.inf).sum()),
            ("-inf", (odd == -np.inf).sum()),
        ):
            if runs:
                values.append(FacetValue(name, name, int(runs), name in _chosen(own)))
    # In the order of the numbers: `batch_size` 16, 32, 64.
    return tuple(values[:limit]), len(values), missing, None, kind


def few_values(sound: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]] | None:
    """The different numbers (k,) and how often each is there (k,); None where there are more than a few."""
    # Most fields with many values show that in the first thousand.
    if len(sound) > 1_000 and len(np.unique(sound[:1_000])) > FEW:
        return None
    different, counts = np.unique(sound, return_counts=True)
    return (different, counts) if len(different) <= FEW else None


def histogram(sound: NDArray[np.float64]) -> Bins | None:
    """Bins of finite numbers; None where there is none."""
    if not len(sound):
        return None
    low, high = float(sound.min()), float(sound.max())
    is_log = low > 0 and high / low >= _DECADES
    if is_log:
        edges = np.geomspace(low, high, BINS + 1)
    elif np.isfinite(high - low):
        edges = np.linspace(low, high, BINS + 1)
    else:
        edges = np.linspace(low / 2, high / 2, BINS + 1) * 2
    edges[0], edges[-1] = low, high
    if not (np.diff(edges) > 0).all():
        edges, counts = np.array([low, np.nextafter(low, np.inf)]), np.array([len(sound)])
    else:
        counts, _ = np.histogram(sound, edges)
    return Bins(tuple(edges.tolist()), tuple(counts.tolist()), is_log)


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _texts(evaluator: Evaluator, field: FieldRef, base: Bools, own: list[Expression], limit: int) -> _Made:
    chosen = _chosen(own)
    kind = BY_NAME[field.name].kind if field.kind is FieldKind.BUILTIN else CellKind.TEXT
    missing = int((base & evaluator.missing(field)).sum())
    if field.kind is FieldKind.BUILTIN and BY_NAME[field.name].many:
        pairs = evaluator.several(field)
        codes, texts = pairs.codes[base[pairs.runs]], pairs.texts
    else:
        column = evaluator.texts(field)
        codes, texts = column.codes[base & (column.codes >= 0)], column.texts
    counts = np.bincount(codes, minlength=len(texts))
    wanted = np.argsort(-counts, kind="stable")[:limit].tolist()
    wanted += [place for place, text in enumerate(texts) if text in chosen and place not in wanted] if chosen else []
    values = [
        FacetValue(texts[place], quote_value(texts[place]), int(counts[place]), texts[place] in chosen)
        for place in wanted
        if counts[place] or texts[place] in chosen
    ]
    return most_first(values, limit), int((counts > 0).sum()), missing, None, kind
