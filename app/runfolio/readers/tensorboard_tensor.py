"""The one number or the strings of a TensorProto, and the places where their bytes stand.

Source: tensorflow/core/framework/tensor.proto, tensor_shape.proto, types.proto; which tensors are one number
follows tensorboard.util.tensor_util.make_ndarray.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from runfolio.readers.protobuf import BYTES, FIXED32, FIXED64, VARINT, fields, signed, varint

FLOAT, DOUBLE, STRING, INT64, BOOL, BFLOAT16, HALF, UINT64 = 1, 2, 7, 9, 10, 14, 19, 23
WIDER_THAN_FLOAT32 = frozenset({DOUBLE, 3, INT64, 22, UINT64})  # and int32, uint32
"""Data types whose values a float32 cannot hold exactly."""

# DataType -> struct and NumPy code of one element in `tensor_content`.
_CODES = {FLOAT: "<f", DOUBLE: "<d", 3: "<i", 4: "<B", 5: "<h", 6: "<b", INT64: "<q", BOOL: "<?"}
_CODES |= {17: "<H", HALF: "<e", 22: "<I", UINT64: "<Q"}
_MANY = 1 << 62
# Field of TensorProto -> whether its varints are signed.
_VARINT_FIELDS = {7: True, 10: True, 11: False, 13: False, 16: False, 17: False}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number stands as fixed bytes: offset, and code of struct and NumPy ("<f", "<d")."""

    at: int
    code: str

    @property
    def width(self) -> int:
        """Bytes of the number."""
        return struct.calcsize(self.code)

    def read(self, data: bytes) -> float:
        """The number as float64."""
        return float(struct.unpack_from(self.code, data, self.at)[0])


@dataclass(slots=True)
class Tensor:
    """A tensor as far as it is one number or strings.

    rank, elements   of its shape; rank 0 has one element.
    numbers          how many numbers its fields hold.
    place, number    where its number stands as fixed bytes, or else its value; neither where there is none.
    strings          where its strings stand; images are strings as well.
    """

    kind: int = 0
    rank: int = 0
    elements: int = 1
    numbers: int = 0
    number: float | None = None
    place: Place | None = None
    strings: list[tuple[int, int]] = field(default_factory=list)

    @property
    def is_number(self) -> bool:
        """Whether it holds exactly one number."""
        return self.elements == 1 and self.numbers == 1 and (self.place is not None or self.number is not None)


def read_tensor(data: bytes, start: int, end: int) -> Tensor:
    """The tensor in `data[start:end]`. Raises BadMessage."""
    tensor = Tensor()
    content: tuple[int, int] | None = None
    for name, wire, a, b in fields(data, start, end):
        if name == 1 and wire == VARINT:
            tensor.kind = a
        elif name == 2 and wire == BYTES:
            _read_shape(tensor, data, a, b)
        elif name == 4 and wire == BYTES:
            content = (a, b)
        elif name == 5 and wire in (BYTES, FIXED32):
            _add_fixed(tensor, a, b, "<f")
        elif name == 6 and wire in (BYTES, FIXED64):
            _add_fixed(tensor, a, b, "<d")
        elif name == 8 and wire == BYTES:
            tensor.strings.append((a, b))
        elif name in _VARINT_FIELDS:
            _add_varints(tensor, data, name, wire, a, b)
    # The order of fields is the writer's choice, so content waits for the data type.
    if content is not None and content[1] > content[0]:
        _take_content(tensor, data, *content)
    elif tensor.kind in (HALF, BFLOAT16) and tensor.number is not None:
        tensor.number = _half(tensor.kind, int(tensor.number))
    return tensor


def _read_shape(tensor: Tensor, data: bytes, start: int, end: int) -> None:
    for name, wire, a, b in fields(data, start, end):
        if name != 2 or wire != BYTES:
            continue
        tensor.rank += 1
        size = 0
        for inner, inner_wire, value, _ in fields(data, a, b):
            if inner == 1 and inner_wire == VARINT:
                size = signed(value)
        # Of more than one element it does not matter how many: the product of a million sizes has megabytes of digits.
        tensor.elements = max(-_MANY, min(tensor.elements * size, _MANY))


def _add_fixed(tensor: Tensor, start: int, end: int, code: str) -> None:
    width = struct.calcsize(code)
    tensor.numbers += (end - start) // width
    if end - start == width:
        tensor.place = Place(start, code)


def _add_varints(tensor: Tensor, data: bytes, name: int, wire: int, a: int, b: int) -> None:
    value = a
    if wire == BYTES:
        if a == b:
            return
        value, after = varint(data, a, b)
        # More than one cannot be a scalar, whatever follows.
        tensor.numbers += 2 if after < b else 1
    elif wire == VARINT:
        tensor.numbers += 1
    else:
        return
    tensor.number = float(signed(value) if _VARINT_FIELDS[name] else value)


def _take_content(tensor: Tensor, data: bytes, start: int, end: int) -> None:
    """`tensor_content` wins over the typed fields, as in make_ndarray."""
    tensor.place, tensor.number, tensor.numbers = None, None, 0
    code = _CODES.get(tensor.kind)
    if code is not None and end - start == struct.calcsize(code):
        tensor.place, tensor.numbers = Place(start, code), 1
    elif tensor.kind == BFLOAT16 and end - start == 2:
        tensor.number, tensor.numbers = _half(BFLOAT16, int.from_bytes(data[start:end], "little")), 1


def _half(kind: int, bits: int) -> float:
    """The value of 16 bits: IEEE binary16, or the upper half of a binary32."""
    bits &= 0xFFFF
    if kind == HALF:
        return float(struct.unpack("<e", struct.pack("<H", bits))[0])
    return float(struct.unpack("<f", struct.pack("<I", bits << 16))[0])
