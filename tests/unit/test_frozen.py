"""Frozen classes are what the standard library makes of the same lines."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from runfolio.model.frozen import dataclass
from runfolio.model.query import FieldKind, FieldRef


@dataclass(frozen=True, slots=True)
class Own:
    """Fields of all kinds."""

    first: int
    name: str = "x"
    parts: dict[str, int] = field(default_factory=dict)
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.first < 0:
            raise ValueError("first is negative")

    @property
    def double(self) -> int:
        """Twice the first."""
        return 2 * self.first


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """The same."""

    first: int
    name: str = "x"
    parts: dict[str, int] = field(default_factory=dict)
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.first < 0:
            raise ValueError("first is negative")


@dataclass(frozen=True, slots=True)
class One:
    """A single field, which has no tuple of values to begin with."""

    only: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a class says itself stays."""

    name: str
    rest: int = 0

    def __hash__(self) -> int:
        return 7


def test_fields_arguments_and_text_are_those_of_the_standard_library() -> None:
    assert [(f.name, f.type, f.default) for f in dataclasses.fields(Own)] == [
        (f.name, f.type, f.default) for f in dataclasses.fields(Theirs)
    ]
    assert list(inspect.signature(Own).parameters) == list(inspect.signature(Theirs).parameters)
    assert Own.__match_args__ == Theirs.__match_args__
    assert repr(Own(1, parts={"a": 2})) == repr(Theirs(1, parts={"a": 2})).replace("Theirs", "Own")
    assert repr(One((1,))) == "One(only=(1,))"
    assert dataclasses.asdict(Own(1)) == dataclasses.asdict(Theirs(1))
    assert Own(1).parts is not Own(1).parts
    assert not hasattr(Own(1), "__dict__")


@pytest.mark.parametrize("kind", [Own, Theirs])
def test_a_wrong_call_is_refused_as_there(kind: Any) -> None:
    for given, named in (((), {}), ((1, "a", {}, 0.1, 5), {}), ((1,), {"other": 2})):
        with pytest.raises(TypeError):
            kind(*given, **named)
    with pytest.raises(ValueError, match="negative"):
        kind(-1)


def test_equal_and_hashed_by_value_and_class() -> None:
    assert Own(1, parts={"a": 1}) == Own(1, parts={"a": 1})
    assert Own(1) != Own(2)
    assert Own(1) != Theirs(1)  # type: ignore[comparison-overlap]
    assert One((1, 2)) in {One((1, 2))}
    with pytest.raises(TypeError):
        hash(Own(1))
    assert hash(Chosen("a", 1)) == 7
    assert Chosen("a") != Chosen("a", 1)
    nan = float("nan")
    assert Own(1, share=nan) == Own(1, share=nan)
    assert Own(1, share=nan) != Own(1, share=float("nan"))


def test_nothing_of_it_can_be_changed_and_copies_can_differ() -> None:
    own: Any = Own(1)
    with pytest.raises(FrozenInstanceError):
        own.first = 2
    with pytest.raises(FrozenInstanceError):
        del own.first
    assert dataclasses.replace(own, first=3) == Own(3)
    with pytest.raises(ValueError, match="negative"):
        dataclasses.replace(own, first=-3)
    match own:
        case Own(first, name):
            assert (first, name, own.double) == (1, "x", 2)


@pytest.mark.parametrize("value", [Own(1, parts={"a": 2}), One((3,)), FieldRef(FieldKind.PARAM, "lr")])
def test_it_goes_to_another_process_and_back(value: object) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(value, protocol)) == value  # noqa: S301 - our own bytes
    assert copy.deepcopy(value) == value


def test_what_it_cannot_make_is_said() -> None:
    with pytest.raises(TypeError, match="has bases"):

        @dataclass(frozen=True, slots=True)
        class Below(One):
            more: int = 0

    @dataclass(slots=True)
    class Open:
        value: int

    opened = Open(1)
    opened.value = 2
    assert opened.value == 2
