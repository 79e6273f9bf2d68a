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
    if len(data) > _LARGEST:
        raise NotReadable(f"it has {len(data):,} bytes")
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(io.BytesIO(data))):
            if count > _MOST_OPCODES:
                raise NotReadable("it is too long")
            if opcode.name == "STOP":
                return machine.stack[-1]
            machine.step(opcode.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, UnicodeError) as failure:
        raise NotReadable(str(failure) or type(failure).__name__) from failure
    raise NotReadable("it does not end")


class _Machine:
    def __init__(self) -> None:
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}

    def step(self, name: str, argument: object) -> None:
        stack = self.stack
        if name in _PUSHED:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in ("EMPTY_DICT", "EMPTY_LIST", "EMPTY_SET"):
            stack.append({} if name == "EMPTY_DICT" else [])
        elif name in _TUPLES:
            self._put(tuple(self._take(_TUPLES[name])))
        elif name == "MARK":
            stack.append(_MARK)
        elif name in ("TUPLE", "LIST", "FROZENSET"):
            above = self._above_mark()
            self._put(tuple(above) if name == "TUPLE" else above)
        elif name == "DICT":
            self._put(_pairs(self._above_mark()))
        elif name in ("APPEND", "APPENDS", "ADDITEMS"):
            above = [stack.pop()] if name == "APPEND" else self._above_mark()
            if isinstance(stack[-1], list):
                stack[-1] += above
        elif name in ("SETITEM", "SETITEMS"):
            self._set(_pairs(self._take(2) if name == "SETITEM" else self._above_mark()))
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
            module, attribute = self._take(2)
            if not isinstance(module, str) or not isinstance(attribute, str):
                raise ValueError("a class is not named by text")
            self._put(Call(f"{module}.{attribute}"))
        elif name in ("REDUCE", "NEWOBJ"):
            callee, args = self._take(2)
            self._put(Call(callee.name if isinstance(callee, Call) else "", args))
        elif name == "NEWOBJ_EX":
            callee, args, _ = self._take(3)
            self._put(Call(callee.name if isinstance(callee, Call) else "", args))
        elif name == "BUILD":
            state = stack.pop()
            if isinstance(stack[-1], Call):
                stack[-1].state = state
        elif name == "BINPERSID":
            stack.append(Call("persistent", stack.pop()))
        elif name == "POP":
            stack.pop()
        elif name == "POP_MARK":
            self._above_mark()
        elif name == "DUP":
            stack.append(stack[-1])
        elif name not in ("PROTO", "FRAME"):
            raise NotReadable(f"it uses {name}")

    def _put(self, value: object) -> None:
        self.stack.append(value)

    def _take(self, count: int) -> list[object]:
        if not count:
            return []
        if len(self.stack) < count:
            raise IndexError("the stack is empty")
        taken = self.stack[-count:]
        del self.stack[-count:]
        return taken

    def _above_mark(self) -> list[object]:
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            if place == 0:
                raise IndexError("there is no mark")
            place -= 1
        above = self.stack[place + 1 :]
        del self.stack[place:]
        return above

    def _set(self, pairs: dict[object, object]) -> None:
        target = self.stack[-1]
        if isinstance(target, dict):
            target.update(pairs)
        elif isinstance(target, Call):
            target.items.update(pairs)


def _pairs(values: list[object]) -> dict[object, object]:
    """Keys of any other kind are left out: nothing plain would come of them."""
    pairs = zip(values[::2], values[1::2], strict=True)
    return {key: value for key, value in pairs if isinstance(key, str | int | float | bytes)}


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
