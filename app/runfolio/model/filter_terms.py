"""Reads the parts of a filter that stand for numbers: fields, functions, arithmetic. Grammar: see `filter_text`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import replace

from runfolio.errors import FilterSyntax
from runfolio.model.arithmetic import FUNCTIONS
from runfolio.model.expression import Arithmetic, Call, Name, Negative, Number, Span, Term, Value
from runfolio.model.filter_tokens import Token
from runfolio.model.query import Aggregate, FieldKind, argument_fault

AGGREGATES = tuple(a.value for a in Aggregate)
SUFFIXES = frozenset(f".{a.value}" for a in Aggregate if not a.needs_argument)
KINDS = tuple(k.value for k in FieldKind if k not in (FieldKind.BUILTIN, FieldKind.DERIVED))
MAX_DEPTH = 100
MAX_SIGNS = 100
"""Signs of arithmetic in one filter: a tree of them is as deep as it is long."""

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|nan)", re.IGNORECASE)
_CALLED = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SAME = {"ln": "log", "pow": "^", "power": "^", "std_dev": "std", "stddev": "std", "avg": "mean", "ceiling": "ceil"}
EXAMPLES = {
    Aggregate.MEAN: "mean(loss, last=10)",
    Aggregate.STD: "std(loss, last=10)",
    Aggregate.SLOPE: "slope(loss, last=100)",
    Aggregate.AT: "at(loss, step=1000)",
    Aggregate.REACH: "reach(val/acc, 0.9)",
    Aggregate.REACH_TIME: "reach_time(val/acc, 0.9)",
}


def split_names(text: str) -> tuple[str, ...]:
    """Names with commas between, as after `--columns`: commas in brackets and quotes belong to a name."""
    parts: list[str] = [""]
    depth, quote = 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'`":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        if character == "," and depth <= 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return tuple(part.strip() for part in parts if part.strip())


class TermParser:
    """A place among the tokens of a filter, and recursive descent over what is a number."""

    def __init__(self, pieces: list[Token]) -> None:
        self._pieces = pieces
        self._at = 0
        self._depth = 0
        self._signs = 0

    # --- tokens ------------------------------------------------------------------------------------------------

    @property
    def here(self) -> Token:
        return self._pieces[self._at]

    @property
    def next(self) -> Token:
        """The token behind this one; the end again at the end."""
        return self._pieces[min(self._at + 1, len(self._pieces) - 1)]

    def take(self) -> Token:
        token = self.here
        if token.kind != "end":
            self._at += 1
        return token

    def fail(self, wanted: str, hint: str = "") -> FilterSyntax:
        token = self.here
        found = "the end" if token.kind == "end" else f"{token.text!r}"
        if not hint and token.kind == "word" and len(token.text) > 1 and token.text[0] in "+-*/^":
            hint = f"In arithmetic there are spaces on both sides of {token.text[0]}."
        return FilterSyntax(
            f"Expected {wanted}, found {found}", position=token.start, length=token.end - token.start, hint=hint
        )

    def expect(self, mark: str, after: str) -> Token:
        if not self.is_mark(mark):
            raise self.fail(f"{mark!r} {after}")
        return self.take()

    def is_mark(self, mark: str) -> bool:
        return self.here.kind == "mark" and self.here.text == mark

    def _adjoins(self, end: int, kind: str, text: str | None = None) -> bool:
        token = self.here
        return token.start == end and token.kind == kind and text in (None, token.text)

    def descend(self) -> None:
        """One bracket, sign or `not` deeper; whoever calls it takes `_depth` back."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterSyntax("The filter is nested too deeply", position=self.here.start)

    # --- arithmetic --------------------------------------------------------------------------------------------

    def sum(self) -> Term:
        left = self._product()
        while self.here.sign in ("+", "-"):
            left = self._joined(left, self._product)
        return left

    def _product(self) -> Term:
        left = self._signed()
        while self.here.sign in ("*", "/"):
            left = self._joined(left, self._signed)
        return left

    def _joined(self, left: Term, right_side: Callable[[], Term]) -> Term:
        sign = self._sign()
        right = right_side()
        return Arithmetic(sign.sign, left, right, Span(left.span.start, right.span.end))

    def _sign(self) -> Token:
        self._signs += 1
        if self._signs > MAX_SIGNS:
            raise FilterSyntax(f"A filter has at most {MAX_SIGNS} signs of arithmetic", position=self.here.start)
        return self.take()

    def _signed(self) -> Term:
        if self.here.sign not in ("+", "-"):
            return self._power()
        sign = self._sign()
        self.descend()
        inner = self._signed()
        self._depth -= 1
        return inner if sign.sign == "+" else Negative(inner, Span(sign.start, inner.span.end))

    def _power(self) -> Term:
        bracketed = self.is_mark("(")
        base = self._atom()
        if self.here.sign != "^":
            return base
        self._sign()
        self.descend()
        exponent = self._signed()
        self._depth -= 1
        span = Span(base.span.start, exponent.span.end)
        if (
            isinstance(base, Value)
            and isinstance(base.number, Number)
            and base.number.text[0] in "+-"
            and not bracketed
        ):
            # -2 ^ 2 is -4, as everywhere.
            positive = Value(Number(base.number.text[1:]), Span(base.span.start + 1, base.span.end))
            power = Arithmetic("^", positive, exponent, Span(base.span.start + 1, span.end))
            return Negative(power, span) if base.number.text[0] == "-" else power
        return Arithmetic("^", base, exponent, span)

    def _atom(self) -> Term:
        if self.is_mark("("):
            self.take()
            self.descend()
            inner = self.sum()
            self._depth -= 1
            self.expect(")", "to close the bracket")
            return inner
        token = self.here
        if (
            token.kind not in ("word", "quoted")
            or token.sign
            or token.keyword in ("and", "or", "in", "is", "between", "not")
        ):
            raise self.fail("a field, a number or (")
        self.take()
        if token.kind == "word" and NUMBER.fullmatch(token.text):
            return Value(Number(token.text), Span(token.start, token.end))
        if token.kind == "word" and self._adjoins(token.end, "mark", "("):
            word = token.text.lower()
            if word in FUNCTIONS or word == "ln":
                return self._function(token, "log" if word == "ln" else word)
            if word not in (*KINDS, *AGGREGATES):
                raise _no_function(token)
        return self.field(token)

    def _function(self, first: Token, word: str) -> Term:
        self.take()
        self.descend()
        terms = [self.sum()]
        while self.is_mark(","):
            self.take()
            terms.append(self.sum())
        self._depth -= 1
        end = self.expect(")", "or a comma").end
        fewest, most = FUNCTIONS[word]
        if not fewest <= len(terms) <= most:
            wanted = "one number" if most == 1 else f"{fewest} to {most} numbers"
            raise FilterSyntax(f"{word}(…) takes {wanted}", position=first.start, length=end - first.start)
        return Call(word, tuple(terms), Span(first.start, end))

    # --- fields ------------------------------------------------------------------------------------------------

    def field(self, first: Token) -> Name:
        """A name in any of its forms. `first` is its first token, a word or a quoted text, and is already taken."""
        word = first.text.lower() if first.kind == "word" else ""
        name = Name(first.text, first.kind == "quoted", Span(first.start, first.end))
        if word in (*KINDS, *AGGREGATES) and self._adjoins(first.end, "mark", "("):
            name = self._called(first, word)
        elif word[:-1] in KINDS and word.endswith(".") and self._adjoins(first.end, "quoted"):
            quoted = self.take()
            name = Name(quoted.text, True, Span(first.start, quoted.end), kind=word[:-1])
        if name.quoted or name.kind or name.aggregate:
            return self._with_aggregate(name)
        return name

    def _called(self, first: Token, word: str) -> Name:
        """`best(name)`, `mean(name, last=10)` or `param(name)`."""
        self.take()
        if self.here.kind not in ("word", "quoted"):
            raise self.fail("the name of a metric" if word in AGGREGATES else f"the name of a {word}")
        inner = self.field(self.take())
        if word in KINDS:
            span = Span(first.start, self.expect(")", "after the name").end)
            if inner.kind or inner.aggregate:
                raise _takes_a_name(word, inner)
            return replace(inner, span=span, kind=word)
        if inner.aggregate or self.here.sign:
            raise _takes_a_name(word, inner)
        aggregate = Aggregate(word)
        argument = self._argument(aggregate) if self.is_mark(",") else None
        end = self.expect(")", "after the name").end
        if fault := argument_fault(aggregate, argument):
            example = EXAMPLES.get(aggregate, f"{word}(val/acc)")
            hint = f"For example {example}."
            if word in ("min", "max"):
                hint += f" For the {'least' if word == 'min' else 'greatest'} of several numbers: "
                hint += "least(a, b)." if word == "min" else "greatest(a, b)."
            raise FilterSyntax(f"{word}(…) {fault}", position=first.start, length=end - first.start, hint=hint)
        return replace(inner, span=Span(first.start, end), aggregate=word, argument=argument)

    def _argument(self, aggregate: Aggregate) -> Number | None:
        """The number behind the comma, with or without its name; None for text, of which the aggregate complains."""
        self.take()
        if self.here.kind == "word" and self.next.kind == "operator" and self.next.text == "=":
            if self.here.text.lower() != aggregate.argument:
                wanted = f"{aggregate.argument}=" if aggregate.argument else "')' after the name"
                raise self.fail(wanted, f"For example {EXAMPLES[aggregate]}." if aggregate in EXAMPLES else "")
            self.take()
            self.take()
        if self.here.kind != "word" or not NUMBER.fullmatch(self.here.text):
            if not aggregate.argument:
                hint = {"min": "Of several numbers: least(a, b).", "max": "Of several numbers: greatest(a, b)."}
                raise self.fail("')' after the name", hint.get(aggregate.value, ""))
            raise self.fail("a number", f"For example {EXAMPLES[aggregate]}.")
        return Number(self.take().text)

    def _with_aggregate(self, name: Name) -> Name:
        """`.max` right behind a quoted name or a bracket."""
        tail = self.here
        if tail.start != name.span.end or tail.kind != "word" or tail.text.lower() not in SUFFIXES:
            return name
        if name.aggregate:
            raise self.fail("an operator such as = or >")
        self.take()
        return replace(name, span=Span(name.span.start, tail.end), aggregate=tail.text[1:].lower())


def _takes_a_name(word: str, inner: Name) -> FilterSyntax:
    return FilterSyntax(
        f"{word}(…) takes a plain name",
        position=inner.span.start,
        length=inner.span.end - inner.span.start,
        hint="For example best(val/acc) or metric(val/acc).max.",
    )


def _no_function(token: Token) -> FilterSyntax:
    word = token.text.lower()
    known = (*FUNCTIONS, *AGGREGATES, *KINDS)
    near = [_SAME[word]] if word in _SAME else difflib.get_close_matches(word, known, n=2, cutoff=0.6)
    if near == ["^"]:
        hint = "A power is written a ^ b."
    elif near:
        hint = f"Did you mean {' or '.join(f'{name}(…)' for name in near)}?"
    elif not _CALLED.fullmatch(token.text):
        hint = "Put spaces around signs of arithmetic, and quotes around names with brackets in them."
    else:
        hint = f"There are {', '.join((*FUNCTIONS, *AGGREGATES))}. Two terms side by side have a space between them."
    return FilterSyntax(
        f"There is no function {token.text!r}", position=token.start, length=token.end - token.start, hint=hint
    )
