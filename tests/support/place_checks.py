"""Looks at a told place with nothing of the product: the standard library, PyYAML, DuckDB and plain bytes."""

from __future__ import annotations

import ast
import csv
import json
import re
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from runfolio.model.origin import Place, Point
from runfolio.model.params import Param
from support.place_checks_binary import in_database, in_events, in_log, in_operation, in_parquet, in_pickle, in_writes
from support.place_values import Shown, same


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
        return in_database(path, place, shown)
    if place.inside == "the database's writes":
        return in_writes(path, place, shown)
    if place.inside:
        return in_pickle(path, place, shown)
    if place.file.endswith(".parquet"):
        return in_parquet(path, place, name, shown)
    if place.file.endswith((".wandb", ".swanlab")):
        return in_log(path, place, name, shown)
    if place.offset is not None:
        return in_events(path, place, name, shown)
    if place.line is None:
        return "no place in the file"
    return _in_text(_text(path, inner), place, name, shown)


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
        return in_operation(json.loads(line), name, shown)
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
