"""Why a filter finds nothing where the reason is easily overlooked: numbers beside texts, and texts that no run has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from runfolio.index.asked import Test, TextTest
from runfolio.index.columns import values, values_source
from runfolio.index.compile import text_sql
from runfolio.index.database import Database
from runfolio.index.known import Known
from runfolio.index.literals import as_number, as_text
from runfolio.index.meaning import meaning
from runfolio.model.display import counted, plain
from runfolio.model.expression import Both, Compare, Either, Expression, OneOf
from runfolio.model.nearest import is_number, nearest
from runfolio.model.query import FieldKind, FieldRef

MOST = 3
"""Hints at once."""

FEW = 12
"""Up to this many different texts of a field are all worth naming."""

_NAMED = 5
_LOOKED_AT = 1_000
"""The most frequent texts of a field, among which those that are near are looked for."""


def filter_hints(database: Database, expression: Expression, known: Known) -> tuple[str, ...]:
    """A sentence or two for each comparison that holds for no run of the index, as none has that text, or none a number
    to compare with; () for none. Texts that there are instead are named where they are few, or near what was asked for.

    Comparisons that are negated hold for runs without the text, and are no reason.
    """
    found: list[str] = []
    for node in _compared(expression):
        if len(found) == MOST:
            break
        ref = known.resolve(node.field)
        if ref.kind in (FieldKind.METRIC, FieldKind.DERIVED) or node.operator.startswith(("!", "not ")):
            continue
        why = _why(database, node, ref, meaning(node, known))
        if why:
            found.append(why)
    return tuple(dict.fromkeys(found))


def _why(database: Database, node: Compare, ref: FieldRef, test: Test) -> str:
    """Why a comparison holds for no run; "" where it holds for some, or there is nothing to say."""
    name, shown = plain(node.field.text, 60), plain(as_text(node.value), 60)
    if not isinstance(test, TextTest):
        asks_number = ref.kind is FieldKind.PARAM and as_number(node.value) is not None
        if asks_number and not _numbers(database, ref):
            return f"No run has {name} {node.operator} {shown}: {name} is a number in no run."
        return ""
    own, params = values_source(ref)
    holds = text_sql(test.operator, "v")
    (row,) = database.rows(f"select count(*) filter ({holds}) from ({own})", [test.value, *params])
    if cast(int, row[0]):
        return ""
    numbers = _numbers(database, ref)
    why = f": {name} is a number in {counted(numbers, 'run')}." if numbers else "."
    return f"No run has {name} {node.operator} '{shown}'{why}{_instead(database, ref, test, 0 if numbers else FEW)}"


def _numbers(database: Database, ref: FieldRef) -> int:
    """In how many runs a param is a number; 0 for other fields."""
    if ref.kind is not FieldKind.PARAM:
        return 0
    (row,) = database.rows("select count(num) from run_params where key = ? and is_first", [ref.name])
    return cast(int, row[0])


def _instead(database: Database, ref: FieldRef, test: TextTest, few: int) -> str:
    """The texts that runs do have, behind a space; "" where they are more than `few`, and none is near.

    Numbers are left out: which of them there are says nothing about a text.
    """
    texts = [text for text, _ in values(database, ref, _LOOKED_AT) if not is_number(text)]
    near = nearest(test.value, texts, _NAMED) if test.operator in ("=", "folded", "starts", "contains") else ()
    if texts and len(texts) <= few:
        named, said = (*near, *(text for text in texts if text not in near)), "There are"
    elif near:
        named, said = near, "Near it"
    else:
        return ""
    more = ", …" if len(named) > _NAMED else "."
    return f" {said}: {', '.join(plain(text, 60) for text in named[:_NAMED])}{more}"


def _compared(node: Expression) -> Iterator[Compare]:
    if isinstance(node, Both | Either):
        for term in node.terms:
            yield from _compared(term)
    elif isinstance(node, Compare):
        yield node
    elif isinstance(node, OneOf) and not node.negated:
        yield from (Compare(node.field, "=", value, node.span) for value in node.values)
