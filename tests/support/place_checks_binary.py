"""Looks at told places in databases, pickles and logs of records, with the standard library and DuckDB."""

from __future__ import annotations

import json
import math
import pickletools
import re
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from runfolio.model.origin import Place, Point
from runfolio.model.params import Param
from support.place_values import Shown, same


def in_operation(operation: dict[str, Any], name: str, shown: Shown) -> str:
    if isinstance(shown, Point):
        held = [operation.get("intermediate_value"), *(operation.get("values") or []), operation.get("value")]
        held += [*(operation.get("intermediate_values") or {}).values()]
        held = [math.nan if v is None and operation["op_code"] == 7 else v for v in held]
        if name == "intermediate_value" and operation["op_code"] == 7 and operation["step"] != shown.step:
            return "another step"
        return "" if any(same(shown, value) for value in held) else f"another value: {held}"
    value = operation.get("param_value_internal", (operation.get("params") or {}).get(name))
    if operation.get("param_name", name) != name:
        return "another param"
    distribution = operation.get("distribution") or (operation.get("distributions") or {}).get(name)
    return _distributed(value, distribution, shown)


def _distributed(value: Any, distribution: Any, shown: Param) -> str:
    known = json.loads(distribution)
    choices = known["attributes"].get("choices")
    found = choices[int(value)] if choices else int(value) if known["name"].startswith("Int") else value
    return "" if same(shown, found) else f"another value: {found!r}"


def in_database(path: Path, place: Place, shown: Shown) -> str:
    table, column = place.inside.removeprefix("table "), place.part.removeprefix("column ").split(",")[0]
    key = place.part.partition(", key ")[2]
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as base:
        base.row_factory = sqlite3.Row
        row = base.execute(f'select * from "{table}" where rowid = ?', [place.record]).fetchone()
    if row is None:
        return "no such row"
    cell = row[column]
    columns = row.keys()
    if table == "trial_params":
        return _distributed(cell, row["distribution_json"], shown) if isinstance(shown, Param) else "no param"
    if isinstance(shown, Point) and "step" in columns and shown.step is not None and row["step"] != shown.step:
        return f"a row of step {row['step']}"
    if "key" in columns and row["key"] != key:
        return f"a row of {row['key']!r}"
    if column in ("metrics", "config"):
        found: Any = json.loads(cell)
        name = key.removeprefix("system/") if table == "system_metrics" else key
        return "" if any(same(shown, value) for value in _named(found, name)) else f"not in {cell!r}"
    if isinstance(shown, Point):
        kinds = [row[c] for c in columns if c in ("is_nan", "value_type", "intermediate_value_type")]
        if kinds and kinds[0] in (1, "NAN", "INF_POS", "INF_NEG"):
            cell = {"INF_POS": math.inf, "INF_NEG": -math.inf}.get(kinds[0], math.nan)
        elif isinstance(cell, float) and abs(cell) > 1.79e308:
            cell = math.copysign(math.inf, cell)
    return "" if same(shown, cell) else f"another value: {cell!r}"


def _named(tree: Any, name: str) -> Iterator[Any]:
    for written, value in tree.items() if isinstance(tree, dict) else ():
        # As a part of a place shows it.
        key = written.replace("\n", "⏎")
        if key == name:
            yield value
        elif name.startswith(f"{key}."):
            yield from _named(value, name[len(key) + 1 :])


def in_writes(path: Path, place: Place, shown: Shown) -> str:
    """The value as Aim spells it is in the file, and the end of its key; blocks of tables are unpacked first."""
    value = shown.value
    if isinstance(value, bool):
        spelled = [bytes([1, value])]
    elif isinstance(value, int | float):
        spelled = [b"\x03" + struct.pack("<d", value)]
        if math.isfinite(value) and value == int(value):
            spelled.append(b"\x02" + struct.pack("<q", int(value)))
    elif isinstance(value, str):
        spelled = [b"\x04" + value.encode()]
    else:
        spelled = [b"\x00"] if value is None else [b"\x06"]
    last = place.part.rpartition("/")[2]
    key = int(last).to_bytes(8, "big") if isinstance(shown, Point) else last.encode()
    end = key[-3:] if len(key) > 3 else key[-1:]  # what it shares with the key before it is not written again
    if any(end in piece and s in piece for piece in _pieces(path) for s in spelled):
        return ""
    return f"no {spelled} beside {key!r} in it"


@lru_cache(maxsize=4)
def _pieces(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return [*_blocks(data)] if path.suffix == ".sst" else [data]


def _blocks(data: bytes) -> Iterator[bytes]:
    """Whatever in a table unpacks as a block of Snappy, and the table as it is."""
    yield data
    footer = data[-53:]
    handles: list[int] = []
    at = 1
    while len(handles) < 4:
        number, at = _number(footer, at)
        handles.append(number)
    # Blocks lie one after the other: each ends with a byte that says how it is kept, and four of its checksum.
    start = 0
    for end in range(1, handles[2]):
        if data[end] in (0, 1):
            piece = data[start:end]
            made = _unsnapped(piece) if data[end] == 1 else None
            if made is not None:
                yield made
                start = end + 5


def _number(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def _unsnapped(data: bytes) -> bytes | None:
    """The content of a block of Snappy; None for what is none."""
    try:
        size, at = _number(data, 0)
        made = bytearray()
        while at < len(data) and len(made) <= size:
            tag = data[at]
            at += 1
            length = (tag >> 2) + 1
            if tag & 3 == 0:
                width = max(length - 60, 0)
                if width:
                    length = int.from_bytes(data[at : at + width], "little") + 1
                made += data[at + width : at + width + length]
                at += width + length
                continue
            width = tag & 3 if tag & 3 < 3 else 4
            back = int.from_bytes(data[at : at + width], "little")
            if tag & 3 == 1:
                length, back = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at]
            at += width
            if not 0 < back <= len(made):
                return None
            for _ in range(length):
                made.append(made[-back])
    except IndexError:
        return None
    return bytes(made) if len(made) == size and at == len(data) else None


def in_pickle(path: Path, place: Place, shown: Shown) -> str:
    data = path.read_bytes()
    if place.inside.startswith("what is unpacked"):
        data = zlib.decompress(data, 31)
    else:
        data = zipfile.ZipFile(path).read(place.inside)
    operation = next(((o, a) for o, a, at in pickletools.genops(data) if at == place.offset), None)
    if operation is None:
        return "no opcode begins there"
    opcode, argument = operation
    words = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
    found = words.get(
        opcode.name, [] if opcode.name == "EMPTY_LIST" else {} if opcode.name == "EMPTY_DICT" else argument
    )
    if same(shown, found):
        return ""
    if isinstance(shown, Param) and isinstance(shown.value, list) and (found == [] or found == shown.value[0]):
        return ""  # a list is told by where it begins
    return f"another value: {opcode.name} {found!r}"


def in_parquet(path: Path, place: Place, name: str, shown: Shown) -> str:
    column = place.part.removeprefix("column ").split(", attribute ")[0]
    row = duckdb.sql(
        f"""select * from (select *, row_number() over () as n from read_parquet('{str(path).replace("'", "''")}'))
            where n = {place.record}"""
    )
    assert row is not None
    found = dict(zip(row.columns, row.fetchall()[0], strict=True))
    if "attribute_path" in found and not f"{found['attribute_path']}".endswith(name):
        return f"a row of {found['attribute_path']!r}"
    value = found[column]
    value = value.isoformat() if hasattr(value, "isoformat") else value
    return "" if same(shown, value) else f"another value: {value!r}"


# --- logs ------------------------------------------------------------------------------------------------------------


def in_events(path: Path, place: Place, name: str, shown: Shown) -> str:
    data = path.read_bytes()
    if place.file.endswith(".cbm"):
        found, _ = json.JSONDecoder().raw_decode(data[place.offset :].decode("utf-8", "replace"))
        return "" if same(shown, found) else f"another value: {found!r}"
    assert place.offset is not None
    (length,) = struct.unpack_from("<Q", data, place.offset)
    record = data[place.offset + 12 :][:length]
    numbers, at = 1, 0
    while at < place.offset:
        at += 16 + struct.unpack_from("<Q", data, at)[0]
        numbers += 1
    if at != place.offset or numbers != place.record:
        return f"record {numbers} begins at {at}"
    if name.split("/")[-1].encode() not in record:
        return "the record does not name it"
    value = shown.value
    spelled: list[bytes] = [str(value).encode()] if not isinstance(value, float) else []
    if isinstance(value, int | float):
        spelled += (
            [struct.pack("<f", value), struct.pack("<d", value), struct.pack("<i", int(value))]
            if math.isfinite(value)
            else []
        )
        spelled += [struct.pack("<f", value), struct.pack(">f", value), struct.pack("<d", value)]
    if any(s in record for s in spelled) or (isinstance(value, float) and math.isnan(value)):
        return ""
    # A zero is not written, and a truth is one byte.
    return "" if value in (0, False, True) else f"no {value!r} in the record"


def in_log(path: Path, place: Place, name: str, shown: Shown) -> str:
    records = _log_records(path)
    if place.record is None or place.record > len(records):
        return "no such record"
    record = records[place.record - 1]
    last = (shown.path[-1] if isinstance(shown, Param) else name.split("/")[-1].split(".")[-1]).encode()
    if last not in record and json.dumps(last.decode())[1:-1].encode() not in record:
        return "the record does not name it"
    value = shown.value
    spelled = {json.dumps(value), json.dumps(value, ensure_ascii=False), json.dumps(value, separators=(",", ":"))}
    if isinstance(value, float):
        spelled |= {repr(value), f"{value:g}", str(int(value)) if math.isfinite(value) and value == int(value) else ""}
        spelled |= {f"{value:.{n}g}" for n in range(1, 18)} if math.isfinite(value) else {"NaN", "Infinity"}
        spelled |= {'"INF"', '"-INF"'} if math.isinf(value) else set()
    pieces = [s.encode() for s in spelled if s]
    if isinstance(value, float):
        pieces += [struct.pack("<d", value), struct.pack("<f", value)]
    if any(p in record for p in pieces):
        return ""
    numbers = re.findall(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", record)
    if isinstance(value, float) and (any(float(n) == value for n in numbers) or value == 0):
        return ""
    return f"no {value!r} in the record"


@lru_cache(maxsize=8)
def _log_records(path: Path) -> list[bytes]:
    """The records of a LevelDB log after its seven bytes of head."""
    data = path.read_bytes()
    at = 7 if data[:4] in (b":W&B", b":SWL") else 0
    made: list[bytes] = []
    parts: list[bytes] = []
    while at + 7 <= len(data):
        left = 32_768 - at % 32_768
        if left < 7:
            at += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        parts.append(data[at + 7 : at + 7 + length])
        if kind in (1, 4):
            made.append(b"".join(parts))
            parts = []
        at += 7 + length
    return made
