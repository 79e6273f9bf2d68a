"""Leaves runs that are hidden or archived out of what is looked at, unless a filter asks about that."""

from __future__ import annotations

from collections.abc import Iterator

from runfolio.index.asked import AllOf, AnyOf, Missing, Opposite, Test, TextTest
from runfolio.index.fields import BY_NAME
from runfolio.model.expression import Span
from runfolio.model.marks import LEFT_OUT
from runfolio.model.query import FieldKind


def without_left_out(test: Test | None) -> Test | None:
    """The test of what is looked at: runs that are hidden or archived are not, unless `test` asks about that."""
    if test is not None and any(name in LEFT_OUT for name in _builtins(test)):
        return test
    out = Opposite(AnyOf(tuple(TextTest(BY_NAME[name].ref, "=", "true", Span(0, 0)) for name in LEFT_OUT)))
    return out if test is None else AllOf((test, out))


def _builtins(test: Test) -> Iterator[str]:
    """Names of the builtin fields whose texts a test asks for."""
    if isinstance(test, Missing):
        if test.ref.kind is FieldKind.BUILTIN:
            yield test.ref.name
        return
    if isinstance(test, AllOf | AnyOf):
        for part in test.tests:
            yield from _builtins(part)
    elif isinstance(test, Opposite):
        yield from _builtins(test.test)
    elif isinstance(test, TextTest) and test.ref.kind is FieldKind.BUILTIN:
        yield test.ref.name
