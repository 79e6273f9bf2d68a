"""Plain values out of a pickle without running it: no class is looked up, nothing is called, nothing is imported.

A pickle is a program for a small stack machine. Here that program is read, opcode by opcode as the standard library's
`pickletools` names them, and only what builds plain data is carried out. Whatever would look up or call something
leaves a `Call` with the name and the arguments in place of its result, which is data like the rest.
"""

from __future__ import annotations

import io
import itertools
import pickletools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from runfolio.model.params import int_text

_MOST_OPCODES = 200_000
_LARGEST = 1 << 20
_DEEPEST = 32
_LONGEST_INT = 14_000
"""Bits."""

_MOST_VALUES = 100_000
"""Few opcodes can stand for any number of values: a list that holds one list twice, which holds another one twice..."""


class NotReadable(ValueError):
    """A pickle that is damaged, too large, or uses what is not known here."""


@dataclass(slots=True)
class Call:
    """What a pickle wanted to make: the name of a class or function, its arguments, and the state set afterwards."""

    name: str
    args: object = None
    state: object = None
    items: dict[object, object] = field(default_factory=dict)


_LIBRARIES = ("transformers.", "accelerate.", "trl.")
"""What is made there of a single text or number is a member of an enumeration, such as IntervalStrategy("steps")."""

_MARK = object()
_PUSHED = frozenset(
    {
        "BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "BINFLOAT", "FLOAT", "BINUNICODE",
        "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES",
        "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
    }
)  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read_pickle(data: bytes) -> object:
    """The value that a pickle stands for, with a Call wherever code would have run. Raises NotReadable."""
    return read_with_places(data)[0]


def read_with_places(data: bytes) -> tuple[object, Places]:
    """The same, with the bytes at which it and what it holds are written."""
    if len(data) > _LARGEST:
        raise NotReadable(f"it has {len(data):,} bytes")
    machine = _Machine()
    try:
        for count, (opcode, argument, place) in enumerate(pickletools.genops(io.BytesIO(data))):
            if count > _MOST_OPCODES:
                raise NotReadable("it is too long")
            if opcode.name == "STOP":
                value, machine.places.whole = machine.stack[-1]
                return value, machine.places
            machine.step(opcode.name, argument, place or 0)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, UnicodeError) as failure:
        raise NotReadable(str(failure) or type(failure).__name__) from failure
    raise NotReadable("it does not end")


class Places:
    """Where the values of a pickle are written: the first byte of the opcode that makes one, from 0.

    Of what is made of others, such as a tuple or a call, that of the first of them; of what is used again that of its
    first use. whole   that of the value itself.
    """

    def __init__(self) -> None:
        self.whole = 0
        # The holders are kept: the id of one that is gone may be given to another.
        self._known: dict[int, tuple[object, dict[object, int]]] = {}

    def of(self, holder: object, key: object) -> int | None:
        """Where the value of a key of a mapping or Call stands, or of a place in a list or tuple; None: not known."""
        known = self._known.get(id(holder))
        return None if known is None else known[1].get(key)

    def add(self, holder: object, key: object, place: int) -> None:
        """Keep where a value stands; what was known of the key before is forgotten."""
        self._known.setdefault(id(holder), (holder, {}))[1][key] = place


_Placed: TypeAlias = tuple[object, int]
"""A value and the byte at which it is written."""


class _Machine:
    def __init__(self) -> None:
        self.stack: list[_Placed] = []
        self.memo: dict[int, _Placed] = {}
        self.places = Places()
        self._here = 0

    def step(self, name: str, argument: object, place: int) -> None:
        self._here = place
        stack = self.stack
        if name in _PUSHED:
            self._put(argument)
        elif name in _CONSTANTS:
            self._put(_CONSTANTS[name])
        elif name in ("EMPTY_DICT", "EMPTY_LIST", "EMPTY_SET"):
            self._put({} if name == "EMPTY_DICT" else [])
        elif name in _TUPLES:
            self._put_items(self._take(_TUPLES[name]), is_tuple=True)
        elif name == "MARK":
            self._put(_MARK)
        elif name in ("TUPLE", "LIST", "FROZENSET"):
            self._put_items(self._above_mark(), is_tuple=name == "TUPLE")
        elif name == "DICT":
            above = self._above_mark()
            self._put({})
            self._set(above)
        elif name in ("APPEND", "APPENDS", "ADDITEMS"):
            self._append([stack.pop()] if name == "APPEND" else self._above_mark())
        elif name in ("SETITEM", "SETITEMS"):
            self._set(self._take(2) if name == "SETITEM" else self._above_mark())
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            assert isinstance(argument, int)
            self.memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            assert isinstance(argument, int)
            stack.append(self.memo[argument])
        else:
            self._call(name, argument)

    def _call(self, name: str, argument: object) -> None:
        stack = self.stack
        if name == "GLOBAL":
            self._put(Call(str(argument).replace(" ", ".")))
        elif name == "STACK_GLOBAL":
            (module, place), (attribute, _) = self._take(2)
            if not isinstance(module, str) or not isinstance(attribute, str):
                raise ValueError("a class is not named by text")
            self._put(Call(f"{module}.{attribute}"), place)
        elif name in ("REDUCE", "NEWOBJ", "NEWOBJ_EX"):
            (callee, place), (args, _) = self._take(3 if name == "NEWOBJ_EX" else 2)[:2]
            self._put(Call(callee.name if isinstance(callee, Call) else "", args), place)
        elif name == "BUILD":
            state, _ = stack.pop()
            made = stack[-1][0]
            if isinstance(made, Call):
                made.state = state
        elif name == "BINPERSID":
            value, place = stack.pop()
            self._put(Call("persistent", value), place)
        elif name == "POP":
            stack.pop()
        elif name == "POP_MARK":
            self._above_mark()
        elif name == "DUP":
            stack.append(stack[-1])
        elif name not in ("PROTO", "FRAME"):
            raise NotReadable(f"it uses {name}")

    def _put(self, value: object, place: int | None = None) -> None:
        self.stack.append((value, self._here if place is None else place))

    def _put_items(self, items: list[_Placed], *, is_tuple: bool) -> None:
        values = [value for value, _ in items]
        made = tuple(values) if is_tuple else values
        for number, (_, place) in enumerate(items):
            self.places.add(made, number, place)
        self._put(made, items[0][1] if items else None)

    def _append(self, items: list[_Placed]) -> None:
        target = self.stack[-1][0]
        if isinstance(target, list):
            for value, place in items:
                self.places.add(target, len(target), place)
                target.append(value)

    def _take(self, count: int) -> list[_Placed]:
        if not count:
            return []
        if len(self.stack) < count:
            raise IndexError("the stack is empty")
        taken = self.stack[-count:]
        del self.stack[-count:]
        return taken

    def _above_mark(self) -> list[_Placed]:
        place = len(self.stack) - 1
        while self.stack[place][0] is not _MARK:
            if place == 0:
                raise IndexError("there is no mark")
            place -= 1
        above = self.stack[place + 1 :]
        del self.stack[place:]
        return above

    def _set(self, above: list[_Placed]) -> None:
        """Keys of any other kind are left out: nothing plain would come of them."""
        target = self.stack[-1][0]
        items = target if isinstance(target, dict) else target.items if isinstance(target, Call) else {}
        for (key, _), (value, place) in zip(above[::2], above[1::2], strict=True):
            if isinstance(key, str | int | float | bytes):
                items[key] = value
                self.places.add(target, key, place)


def plain_data(value: object) -> object:
    """The value with everything that is no plain data left out; a member of an enumeration becomes its value.

    Mappings keep text keys only. Returns a Call where nothing plain is left. Raises NotReadable for more than 100,000
    values, shared ones counted wherever they appear.
    """
    return _plain(value, 0, itertools.count())


def _plain(value: object, depth: int, seen: Iterator[int]) -> object:
    if next(seen) >= _MOST_VALUES:
        raise NotReadable("it holds too many values")
    if isinstance(value, int) and value.bit_length() > _LONGEST_INT:
        return int_text(value)  # Python refuses to write so many digits
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if depth > _DEEPEST:
        return Call("too deep")
    if isinstance(value, list | tuple):
        items = [_plain(item, depth + 1, seen) for item in value]
        return Call("list") if any(isinstance(item, Call) for item in items) else items
    if isinstance(value, dict):
        made = {key: _plain(item, depth + 1, seen) for key, item in value.items() if isinstance(key, str)}
        return {key: item for key, item in made.items() if not isinstance(item, Call)}
    if isinstance(value, Call) and value.name.startswith(_LIBRARIES) and isinstance(value.args, tuple):
        only = value.args[0] if len(value.args) == 1 and value.state is None else None
        return only if isinstance(only, str | int | float) else value
    return value if isinstance(value, Call) else Call("")
