"""Which field a typed name means, and what is said of one that means none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runfolio.errors import FilterSyntax
from runfolio.index.fields import BY_NAME
from runfolio.model.display import storable
from runfolio.model.expression import Name, Span
from runfolio.model.filter_print import quote_name, term_text
from runfolio.model.query import Aggregate, FieldKind, FieldRef

_ALIASES = {
    "run": "key",
    "tags": "tag",
    "notes": "note",
    "star": "starred",
    "colour": "color",
    "datasets": "dataset",
    "digest": "dataset.digest",
    "start": "started",
    "end": "ended",
    "tracker": "format",
}
_OWN = "run."
"""Before the name of a field that yields to others: `run.hidden`."""
_YIELDING = frozenset({"starred", "color", "hidden", "archived"})
"""Builtin fields whose names are a param's or metric's first: `hidden` is the size of a layer in many libraries."""
_NOWHERE = Span(0, 0)
_COMPARED = 2_000
"""Names that a wrong one is compared with one by one."""
_SIGN = re.compile(r"[-+*/^]")
_DIGITS = re.compile(r"[0-9.eE]+")
_SUFFIXES = frozenset(a.value for a in Aggregate if not a.needs_argument)


class Known:
    """The names that exist in an index, so that a typed name can be looked up and a wrong one explained."""

    def __init__(self, names: Mapping[FieldKind, frozenset[str]]) -> None:
        self._names = names

    def resolve(self, name: Name) -> FieldRef:
        """The field a name means: builtin, metric, param, tag or fact, in that order. Raises FilterSyntax."""
        found = self._lookup(name)
        if found is None:
            raise self._unknown(name)
        if name.aggregate and found.kind is not FieldKind.METRIC:
            what = "none" if found.kind is FieldKind.BUILTIN else f"a {found.kind.value}"
            raise _at(name, f"{name.aggregate}(…) is for metrics, and {name.text!r} is {what}")
        return found

    def _lookup(self, name: Name) -> FieldRef | None:
        aggregate = Aggregate(name.aggregate or "last")
        text = storable(name.text)
        found = self._find(text, name, aggregate, name.argument)
        if found is None and not name.aggregate:
            # `val/acc.max` is the maximum of val/acc, unless something is really called that.
            stem, _, tail = text.rpartition(".")
            if tail.lower() in _SUFFIXES:
                found = self._find(stem, name, Aggregate(tail.lower()), None)
                if found is not None and found.kind is not FieldKind.METRIC:
                    found = None
        return found

    def has(self, name: Name) -> bool:
        """Whether there is a field of that name."""
        return self._lookup(name) is not None

    def typed(self, ref: FieldRef) -> str:
        """The shortest text that means a field in a filter."""
        if ref.kind is FieldKind.DERIVED:
            return f"({ref.name})"
        kind = "" if ref.kind is FieldKind.BUILTIN else ref.kind.value
        aggregate = "" if ref.kind is not FieldKind.METRIC or ref.aggregate is Aggregate.LAST else str(ref.aggregate)
        quoted = quote_name(ref.name).startswith('"')
        for name in (
            Name(ref.name, quoted, _NOWHERE, aggregate, "", ref.argument),
            Name(f"{kind}.{ref.name}" if kind else _OWN + ref.name, False, _NOWHERE, aggregate, "", ref.argument),
        ):
            plain = name.quoted or not quote_name(name.text).startswith('"')
            if plain and self._lookup(name) == ref:
                return term_text(name)
        return term_text(Name(ref.name, True, _NOWHERE, aggregate, kind, ref.argument))

    def near(self, text: str) -> str:
        """A sentence that names the fields close to a text; "" when there are none."""
        return _meant(self._close(text, [*self._names]))

    def _find(self, text: str, name: Name, aggregate: Aggregate, argument: float | None) -> FieldRef | None:
        kind = self._kind(text, name)
        if kind is None:
            return None
        found, stem = kind
        if found is FieldKind.BUILTIN:
            return BY_NAME[stem].ref
        return FieldRef(found, stem, aggregate, argument)

    def _kind(self, text: str, name: Name) -> tuple[FieldKind, str] | None:
        """Kind and name of the field that a text means."""
        if name.kind:
            kind = FieldKind(name.kind)
            return (kind, text) if text in self._names.get(kind, ()) else None
        prefixed = self._prefixed(text)
        # Quotes say that the dots belong to the name; without them `param.lr` is first of all the param lr.
        if prefixed is not None and not name.quoted:
            return prefixed
        if text.lower().startswith(_OWN) and text.lower().removeprefix(_OWN) in _YIELDING and not self._anywhere(text):
            return FieldKind.BUILTIN, text.lower().removeprefix(_OWN)
        builtin = text.lower() if text.lower() in BY_NAME else _ALIASES.get(text.lower())
        first = builtin == text.lower() and builtin not in _YIELDING
        if builtin is not None and (first or not self._anywhere(text)):
            return FieldKind.BUILTIN, builtin
        for kind, names in self._names.items():
            if text in names:
                return kind, text
        return prefixed

    def _prefixed(self, text: str) -> tuple[FieldKind, str] | None:
        prefix, dot, rest = text.partition(".")
        for kind, names in self._names.items():
            if dot and prefix.lower() == kind.value and rest in names:
                return kind, rest
        return None

    def _anywhere(self, text: str) -> bool:
        return any(text in names for names in self._names.values())

    def _unknown(self, name: Name) -> FilterSyntax:
        near = self._close(name.text, [FieldKind(name.kind)] if name.kind else [*self._names], builtins=not name.kind)
        hint = self._spaced(name) or _meant(near) or "No known name is close to it."
        return _at(name, f"No run has a {name.kind or 'field'} {name.text!r}", hint)

    def _close(self, text: str, kinds: Sequence[FieldKind], *, builtins: bool = False) -> list[str]:
        import difflib

        everything = [n for kind in kinds for n in self._names.get(kind, ())]
        if builtins:
            everything += [*BY_NAME]
        # Close in any case: LR is a slip for lr.
        folded = {n.casefold(): n for n in everything}
        wanted = text.casefold()
        if len(folded) > _COMPARED:
            # Comparing with each takes a second: those of about that length that begin or end like it are enough.
            ends = (wanted[:2], wanted[-2:])
            folded = {
                n: own
                for n, own in folded.items()
                if abs(len(n) - len(wanted)) <= 3 and (n[:2] == ends[0] or n[-2:] == ends[1])
            }
        return [folded[n] for n in difflib.get_close_matches(wanted, folded, n=3, cutoff=0.6)]

    def _spaced(self, name: Name) -> str:
        """Says that signs of arithmetic want spaces, where the name is a sign between fields or numbers."""
        if name.quoted or name.kind:
            return ""
        for found in _SIGN.finditer(name.text):
            left, right = name.text[: found.start()], name.text[found.end() :]
            if right and self._is_operand(right) and (not left or self._is_operand(left)):
                return f"Signs of arithmetic have spaces around them: {f'{left} {found[0]} {right}'.strip()}"
        return ""

    def _is_operand(self, text: str) -> bool:
        return bool(_DIGITS.fullmatch(text)) or self.has(Name(text, False, _NOWHERE))


def _meant(near: Sequence[str]) -> str:
    return f"Did you mean {' or '.join(near)}?" if near else ""


def _at(name: Name, message: str, hint: str = "") -> FilterSyntax:
    span = name.span
    return FilterSyntax(message, position=span.start, length=span.end - span.start, hint=hint)
