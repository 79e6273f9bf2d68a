"""The plain data of a recipe, as somebody may have edited it: what is missing, unknown or of another kind is told."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import TypeVar

from runfolio.errors import UsageError

_Made = TypeVar("_Made")
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), "a text"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
}
"""What JSON has for a field of a type, by the type's name, and what that is called."""

_HINT = "Export the figure again, or mend the recipe where it was edited."


def parsed(text: str) -> dict[str, object]:
    """The object that a text is in JSON. Raises UsageError with the line where it is none."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"That is no recipe of a figure: it is no JSON from {place} on", hint=_HINT) from error
    except (ValueError, RecursionError) as error:
        # Whole numbers of thousands of digits, brackets within thousands of brackets.
        raise UsageError("That is no recipe of a figure: it is no JSON that a figure has", hint=_HINT) from error
    if not isinstance(found, dict):
        raise UsageError("That is no recipe of a figure: it is no JSON object", hint=_HINT)
    return found


def listed(holder: Mapping[str, object], name: str) -> Sequence[object]:
    """The list that is called so. Raises UsageError where there is none."""
    if name not in holder:
        raise UsageError(f"The recipe has no {name!r}", hint=_HINT)
    found = holder[name]
    if not isinstance(found, list | tuple):
        raise UsageError(f"In the recipe {name!r} is no list", hint=_HINT)
    return found


def each(what: str, items: Iterable[object], make: Callable[[dict[str, object]], _Made]) -> tuple[_Made, ...]:
    """Each of some objects of a recipe made into what it says; an error tells which of them it is about, from 1 on.

    `make` may raise UsageError, and what plain data of a wrong shape leads to.
    """
    made: list[_Made] = []
    for number, item in enumerate(items, 1):
        place = f"{what} {number} of the recipe"
        if not isinstance(item, dict):
            raise UsageError(f"{place}: it is no JSON object", hint=_HINT)
        try:
            made.append(make(item))
        except UsageError as error:
            raise UsageError(f"{place}: {error.message}", hint=error.hint or _HINT) from error
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            raise UsageError(f"{place}: a list in it has other parts than it should", hint=_HINT) from error
    return tuple(made)


def build(kind: type[_Made], known: Mapping[str, object], what: str) -> _Made:
    """A dataclass of its fields by name. Raises UsageError for names that it has not, or lacks, and wrong kinds."""
    own = {field.name: field for field in fields(kind)}  # type: ignore[arg-type] # only dataclasses are built
    for name in known:
        if name not in own:
            near = difflib.get_close_matches(name, own, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(own)}."
            raise UsageError(f"{what} has nothing called {name[:60]!r}", hint=hint)
    for name, field in own.items():
        if name not in known:
            if field.default is MISSING and field.default_factory is MISSING:
                raise UsageError(f"{what} lacks {name!r}", hint=_HINT)
            continue
        value, expected = known[name], _KINDS.get(str(field.type))
        if expected is None:
            continue
        types, called = expected
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise UsageError(f"{name!r} is {json.dumps(value, default=str)[:60]}, and should be {called}", hint=_HINT)
    return kind(**known)
