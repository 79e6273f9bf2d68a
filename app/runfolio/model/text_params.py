"""Params of which a tracker keeps nothing but text under names of one part, held as columns.

A store of ten thousand runs has some hundred thousand of them. An object for each costs more than all that is done with
it, so what goes over many of them asks for the columns; everybody else sees a sequence of `Param`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from runfolio.model.params import Param


@dataclass(frozen=True, slots=True, eq=False)
class TextParams(Sequence[Param]):
    """A sequence of `Param`, each made when it is asked for; equal to a tuple of the same.

    names   each is the whole path of a param.
    texts   of the same length; they are the values, too.
    """

    names: tuple[str, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> TextParams:
        """Those of a mapping, in its order."""
        return cls(tuple(texts), tuple(texts.values()))

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Param]:
        return (Param((name,), text, text) for name, text in zip(self.names, self.texts, strict=True))

    @overload
    def __getitem__(self, place: int) -> Param: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Param]: ...

    def __getitem__(self, place: int | slice) -> Param | Sequence[Param]:
        if isinstance(place, slice):
            return TextParams(self.names[place], self.texts[place])
        return Param((self.names[place],), self.texts[place], self.texts[place])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TextParams):
            return (self.names, self.texts) == (other.names, other.texts)
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __reduce__(self) -> tuple[type[TextParams], tuple[object, ...]]:
        return TextParams, (self.names, self.texts)
