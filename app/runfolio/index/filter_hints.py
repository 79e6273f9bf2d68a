"""Why a filter finds nothing where the reason is easily overlooked: numbers beside texts, and texts that no run has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from runfolio.index.asked import TextTest
from runfolio.index.compile import text_sql
from runfolio.index.database import Database
from runfolio.index.known import Known
from runfolio.index.literals import as_number, as_text
from runfolio.index.meaning import meaning
from runfolio.model.display import count, plain
from runfolio.model.expression import Both, Compare, Either, Expression, OneOf
from runfolio.model.query import FieldKind

MOST = 3
"""Hints at once."""


def filter_hints(database: Database, expression: Expression, known: Known) -> tuple[str, ...]:
    """A sentence for each comparison of a param that holds for no run of the index, as none has that text, or none a
    number to compare with; () for none.

    Comparisons that are negated hold for runs without the text, and are no reason.
    """
    found: list[str] = []
    for node in _compared(expression):
        if len(found) == MOST:
            break
        ref = known.resolve(node.field)
        if ref.kind is not FieldKind.PARAM or node.operator.startswith(("!", "not ")):
            continue
        test = meaning(node, known)
        name, shown = plain(node.field.text, 60), plain(as_text(node.value), 60)
        if isinstance(test, TextTest):
            (row,) = database.rows(
                f"""select count(*) filter ({text_sql(test.operator, "text")}), count(num)
                    from run_params where key = ? and is_first""",
                [test.value, ref.name],
            )
            holds, numbers = cast(int, row[0]), cast(int, row[1])
            if not holds:
                in_runs = f"{count(numbers)} run{'s' if numbers != 1 else ''}"
                why = f": {name} is a number in {in_runs}." if numbers else "."
                found.append(f"No run has {name} {node.operator} '{shown}'{why}")
        elif as_number(node.value) is not None:
            (row,) = database.rows("select count(num) from run_params where key = ? and is_first", [ref.name])
            if not cast(int, row[0]):
                found.append(f"No run has {name} {node.operator} {shown}: {name} is a number in no run.")
    return tuple(dict.fromkeys(found))


def _compared(node: Expression) -> Iterator[Compare]:
    if isinstance(node, Both | Either):
        for term in node.terms:
            yield from _compared(term)
    elif isinstance(node, Compare):
        yield node
    elif isinstance(node, OneOf) and not node.negated:
        yield from (Compare(node.field, "=", value, node.span) for value in node.values)
