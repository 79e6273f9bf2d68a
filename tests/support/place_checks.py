"""Looks at a told place with nothing of the product: the standard library, PyYAML, DuckDB and plain bytes."""

from __future__ import annotations

import ast
import csv
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
import yaml

from runfolio.model.origin import Place, Point
from runfolio.model.params import Param

Shown = Param | Point


def fault(root: Path, place: Place, name: str, shown: Shown) -> str:
    """What is wrong with a place of a value; "" when the value stands there."""
    path = root / place.file
    inner = ""
    if ".zip/" in place.file:
        archive, _, inner = place.file.partition(".zip/")
        path = root / f"{archive}.zip"
    if not path.is_file():
        return "no such file"
    if place.inside.startswith("table "):
        return _in_database(path, place, shown)
    if place.inside == "the database's writes":
        return _in_writes(path, place, shown)
    if place.inside:
        return _in_pickle(path, place, shown)
    if place.file.endswith(".parquet"):
        return _in_parquet(path, place, name, shown)
    if place.file.endswith((".wandb", ".swanlab")):
        return _in_log(path, place, name, shown)
    if place.offset is not None:
        return _in_events(path, place, name, shown)
    if place.line is None:
        return "no place in the file"
    return _in_text(_text(path, inner), place, name, shown)


# --- values ----------------------------------------------------------------------------------------------------------


def same(shown: Shown, found: Any) -> bool:
    """Whether what was found is the value that is shown."""
    if isinstance(shown, Point):
        try:
            number = float(found)
        except (TypeError, ValueError):
            return False
        return number == shown.value or (math.isnan(number) and math.isnan(shown.value))
    value = shown.value
    if isinstance(value, float) and isinstance(found, int | float):
        # CatBoost shows ten digits of a float32.
        return math.isclose(value, found, rel_tol=1e-9) or (math.isnan(value) and math.isnan(found))
    if value == found and isinstance(value, bool) == isinstance(found, bool):
        return True
    if isinstance(value, list) and isinstance(found, list | tuple):
        return json.dumps(value) == json.dumps(found)
    return str(found) == shown.text or json.dumps(found, ensure_ascii=False) == shown.text


# --- text ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _text(path: Path, inner: str) -> str:
    data = zipfile.ZipFile(path).read(inner) if inner else path.read_bytes()
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "surrogateescape")


def _in_text(text: str, place: Place, name: str, shown: Shown) -> str:
    assert place.line is not None
    lines = re.split(r"\r\n|\n|\r", text)
    if place.line > len(lines):
        return "the file has no such line"
    line = lines[place.line - 1]
    if place.file.endswith(".py"):
        return "" if _is_literal(text, place.line, place.column or 0, shown) else f"no such literal: {line!r}"
    if ".log.json" in place.file and " of the config in it" in place.part:
        return _in_packed_config(text, line, place, shown)
    if '"op_code"' in line:
        return _in_operation(json.loads(line), name, shown)
    if place.column is not None:
        return _in_json(text, line, place, name, shown)
    if place.part.startswith("column "):
        return _in_table(text, place, shown)
    if "/params/" in place.file and isinstance(shown, Param):
        return "" if text.strip("\n") == shown.text.strip("\n") else "the file holds something else"
    if "/metrics/" in place.file and isinstance(shown, Point):
        words = line.split()
        return "" if same(shown, words[1]) and int(words[2]) == shown.step else f"another point: {line!r}"
    if isinstance(shown, Param) and not place.file.endswith((".txt", ".log", "messages.json", ".ini", ".toml", ".cfg")):
        return _in_yaml(text, place, shown)
    held = shown.text if isinstance(shown, Param) else ""
    words = re.findall(r"[^\s,;=:|\[\]{}()'\"]+", line)
    if held in line or any(same(shown, word) for word in words) or json.dumps(held)[1:-1] in line:
        return "" if name.split("/")[-1].split(".")[-1] in line else f"the line does not name it: {line!r}"
    return f"not in the line: {line!r}"


def _in_json(text: str, line: str, place: Place, name: str, shown: Shown) -> str:
    assert place.column is not None
    start = sum(len(n) for n in text.splitlines(keepends=True)[: (place.line or 1) - 1]) if "\r" in text else None
    if start is None:
        start = len("\n".join(text.split("\n")[: (place.line or 1) - 1])) + (1 if (place.line or 1) > 1 else 0)
    at = start + place.column - 1
    if re.match(r"-?(?:NaN|Infinity)", text[at:]):
        found: Any = float(re.match(r"-?(?:NaN|Infinity)", text[at:])[0].replace("Infinity", "inf"))  # type: ignore[index]
    else:
        found, _ = json.JSONDecoder().raw_decode(text, at)
    if isinstance(found, str) and found.startswith("{") and place.file.endswith("model.json"):
        found = json.loads(found)[name]  # options that CatBoost keeps as a text
    if not same(shown, found):
        if not isinstance(shown, Param) or not isinstance(shown.value, list | dict | str):
            return f"another value: {found!r}"
        # The first item stands for a list, and a text for what is made of several entries.
        before = text[:at].rstrip()
        items = shown.value if isinstance(shown.value, list) else []
        if (
            not (items and str(found).split(":")[0] in str(items[0]) and before[-1:] in ("[", ":"))
            and str(found) not in shown.text
        ):
            return f"no beginning of it: {found!r}"
    if isinstance(shown, Point) and shown.step is not None and line.startswith("{") and line.rstrip().endswith("}"):
        return _step_fault(json.loads(line), shown)
    return ""


def _step_fault(row: Any, point: Point) -> str:
    """Of a row that says its step under one of the usual names: whether that is the point's."""
    flat = row.get("payload", {}).get("metric", row) if isinstance(row, dict) else {}
    for key in ("step", "_step", "index", "training_iteration", "global_step"):
        if isinstance(flat, dict) and isinstance(flat.get(key), int | float):
            return "" if flat[key] == point.step else f"a row of step {flat[key]}"
    return ""


def _in_table(text: str, place: Place, shown: Shown) -> str:
    column = place.part.removeprefix("column ")
    lines = re.split(r"\r\n|\n|\r", text)
    for delimiter in (",", "\t", ";", "|", " "):
        header = next(n for n, line in enumerate(lines) if line.strip() and not line.startswith("#"))
        names = [name.strip() for name in next(csv.reader([lines[header]], delimiter=delimiter))]
        if column in names:
            cells = next(csv.reader([lines[(place.line or 1) - 1]], delimiter=delimiter))
            cell = cells[names.index(column)].strip() if names.index(column) < len(cells) else ""
            cell = {"True": "1", "False": "0"}.get(cell, cell)
            if same(shown, cell) or same(shown, cell.replace(",", ".")):
                return ""
            return f"another cell: {cell!r}"
    return "no such column"


def _in_yaml(text: str, place: Place, shown: Param) -> str:
    found: list[str] = []
    for node_path, line, value in _yaml_values(text):
        if line != place.line or node_path[-1] not in (shown.path[-1], "value"):
            continue
        if value is None or same(shown, value) or same(shown, yaml.safe_load(value) if value else value):
            return ""
        try:
            if isinstance(shown.value, float) and float(value) == shown.value:
                return ""
        except ValueError:
            pass
        found.append(value)
    return f"no key of it in the line, or other values: {found}"


@lru_cache(maxsize=64)
def _yaml_values(text: str) -> list[tuple[tuple[str, ...], int, str | None]]:
    made: list[tuple[tuple[str, ...], int, str | None]] = []

    def walk(node: yaml.Node, path: tuple[str, ...], key: yaml.Node | None) -> None:
        if isinstance(node, yaml.MappingNode) and node.value:
            for name, value in node.value:
                walk(value, (*path, str(name.value)), name)
        elif isinstance(node, yaml.ScalarNode):
            made.append((path, node.start_mark.line + 1, node.value))
        elif key is not None:
            made.append((path, key.start_mark.line + 1, None))

    for document in yaml.compose_all(text):
        walk(document, (), None)
    return [m for m in made if m[0]]


# --- Python ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _is_literal(text: str, line: int, column: int, shown: Shown) -> bool:
    for node in ast.walk(_parsed(text)):
        if not isinstance(node, ast.expr) or node.lineno != line:
            continue
        before = text.splitlines()[line - 1].encode()[: node.col_offset].decode()
        if len(before) + 1 == column and same(shown, _literal(node)):
            return True
    return False


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return {k.arg: _literal(k.value) for k in node.keywords}
    if isinstance(node, ast.Dict):
        return {_literal(k): _literal(v) for k, v in zip(node.keys, node.values, strict=True) if k is not None}
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return [_literal(item) for item in node.elts]
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def _in_packed_config(text: str, line: str, place: Place, shown: Shown) -> str:
    """The raw JSON up to the place spells the beginning of the source, whose next literal has to be the value."""
    assert place.column is not None
    start = re.search(r'"config"\s*:\s*"', line)
    if start is None:
        return "no config in the line"
    before = json.loads(f'"{line[start.end() : place.column - 1]}"')
    source = json.loads(line)["config"]
    if not source.startswith(before):
        return "not in the config"
    row = before.count("\n") + 1
    told = re.search(r"line ([\d,]+) of the config", place.part)
    if told is None or int(told[1].replace(",", "")) != row:
        return "another line of the config"
    return "" if _is_literal(source, row, len(before.split("\n")[-1]) + 1, shown) else "no such literal in the config"


# --- stores ----------------------------------------------------------------------------------------------------------


def _in_operation(operation: dict[str, Any], name: str, shown: Shown) -> str:
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


def _in_database(path: Path, place: Place, shown: Shown) -> str:
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
    for key, value in tree.items() if isinstance(tree, dict) else ():
        if key == name:
            yield value
        elif name.startswith(f"{key}."):
            yield from _named(value, name[len(key) + 1 :])


def _in_writes(path: Path, place: Place, shown: Shown) -> str:
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
    data = path.read_bytes()
    pieces = [*_blocks(data)] if path.suffix == ".sst" else [data]
    last = place.part.rpartition("/")[2]
    key = int(last).to_bytes(8, "big") if isinstance(shown, Point) else last.encode()
    end = key[-3:] if len(key) > 3 else key[-1:]  # what it shares with the key before it is not written again
    if any(end in piece and s in piece for piece in pieces for s in spelled):
        return ""
    return f"no {spelled} beside {key!r} in it"


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


def _in_pickle(path: Path, place: Place, shown: Shown) -> str:
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


def _in_parquet(path: Path, place: Place, name: str, shown: Shown) -> str:
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


def _in_events(path: Path, place: Place, name: str, shown: Shown) -> str:
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


def _in_log(path: Path, place: Place, name: str, shown: Shown) -> str:
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
