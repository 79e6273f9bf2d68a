"""What is asked of each run, in the few tests that there are: names are looked up, values have become plain.

`compile` puts these tests into SQL, `evaluate` works them out over columns in memory; both give the same. Logic has two
values: a test with a missing value or with NaN does not hold, so `not (lr > 1)` holds for runs that have no lr, and
`!=` holds for runs without a value. Only `is null` asks for a missing value; a param whose value is null or None is
missing too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from runfolio.model.expression import Span
from runfolio.model.query import FieldRef


@dataclass(frozen=True, slots=True)
class Figure:
    """A field as a number; times are microseconds."""

    ref: FieldRef


@dataclass(frozen=True, slots=True)
class Constant:
    """The same number for all runs."""

    number: float


@dataclass(frozen=True, slots=True)
class Applied:
    """A sign of arithmetic, "neg" or a function of `model.arithmetic`, as IEEE 754 has it; missing where a part is."""

    function: str
    parts: tuple[Quantity, ...]


Quantity: TypeAlias = Figure | Constant | Applied


@dataclass(frozen=True, slots=True)
class NumberTest:
    """`left operator right`; does not hold where either is missing or NaN. Operator one of = < <= > >=."""

    left: Quantity
    operator: str
    right: Quantity


@dataclass(frozen=True, slots=True)
class NanTest:
    """Is NaN."""

    of: Quantity


@dataclass(frozen=True, slots=True)
class NoNumber:
    """What is worked out has no value, for a part of it has none."""

    of: Quantity


@dataclass(frozen=True, slots=True)
class Missing:
    """The field has no value."""

    ref: FieldRef


@dataclass(frozen=True, slots=True)
class TextTest:
    """`text operator value`, of any text where the field may have several.

    operator   one of = < <= > >= contains (any case), starts, folded (equals in lower case), like, ilike, matches;
               "whole <" and so on for texts that are whole numbers, of any size, against one.
    """

    ref: FieldRef
    operator: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class WordTest:
    """The text is part of the run's name, experiment, tags, note or the text of a param, in any case."""

    text: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each holds."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One holds."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """Does not hold."""

    test: Test


Test: TypeAlias = NumberTest | NanTest | NoNumber | Missing | TextTest | WordTest | AllOf | AnyOf | Opposite


def text_tests(test: Test) -> Iterator[TextTest]:
    """All tests of texts within a test."""
    if isinstance(test, AllOf | AnyOf):
        for part in test.tests:
            yield from text_tests(part)
    elif isinstance(test, Opposite):
        yield from text_tests(test.test)
    elif isinstance(test, TextTest):
        yield test


def figures(asked: Test | Quantity) -> Iterator[FieldRef]:
    """All fields whose numbers a test or a quantity needs."""
    if isinstance(asked, Figure):
        yield asked.ref
    elif isinstance(asked, Applied):
        for part in asked.parts:
            yield from figures(part)
    elif isinstance(asked, AllOf | AnyOf):
        for test in asked.tests:
            yield from figures(test)
    elif isinstance(asked, Opposite):
        yield from figures(asked.test)
    elif isinstance(asked, NumberTest):
        yield from figures(asked.left)
        yield from figures(asked.right)
    elif isinstance(asked, NanTest | NoNumber):
        yield from figures(asked.of)
    elif isinstance(asked, Missing):
        yield asked.ref
