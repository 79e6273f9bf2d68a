"""Settings out of Python source that is parsed and never run: assignments of literals and of `dict(...)` calls."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence

from runfolio.model.params import Json

_DEEPEST = 60
_LARGEST = 500_000
"""Literals of a source, counted wherever a name repeats them: ten lines can name each other to make 10^10 of them."""

_BREAKS = re.compile(r"\r\n|[\r\n]")  # where a line of Python ends; a form feed is a blank
_CHARACTERS = 64  # of a text count as one literal more
_MOST_MISTAKES = 8
_HARMLESS = (ast.Import, ast.ImportFrom, ast.Pass, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def literals_of(text: str) -> tuple[dict[str, Json], int]:
    """What names stand for at the end of a source, as far as it can be told, and how many settings cannot.

    An entry of a mapping that is no literal is left out and counted; one in a list costs the list. Tuples and sets
    are lists. A name whose value is changed by what only running would tell is left out.
    Raises SyntaxError, ValueError, RecursionError or MemoryError for what is no Python, as `ast.parse` does.
    """
    reading = _read(text)
    return reading.found, reading.left


def literals_before_mistake(text: str) -> tuple[dict[str, Json], int, SyntaxError | None]:
    """The same of what stands before the statement that is no Python, as in a file that was cut off; and what is wrong.

    Raises as `literals_of` where nothing stands before it.
    """
    mistake: SyntaxError | None = None
    for _ in range(_MOST_MISTAKES):
        try:
            return *literals_of(text), mistake
        except SyntaxError as error:
            mistake = mistake or error
            line = error.lineno or 0
            if line < 2:
                raise mistake from None
            text = "\n".join(_BREAKS.split(text)[: line - 1])
    return *literals_of(text), mistake


def place_of_literal(text: str, path: Sequence[str]) -> tuple[Json, int, int] | None:
    """What stands for a key path of `literals_of` and where it is written: value, 1-based line, 1-based character.

    A value that is given by a name is told where the name got it; of a key that is given twice the last one counts.
    None when there is no such key. Raises as `literals_of`.
    """
    reading = _read(text)
    if not path or path[0] not in reading.nodes or path[0] not in reading.found:
        return None
    node: ast.expr | None = reading.nodes[path[0]]
    value: Json = reading.found[path[0]]
    for key in path[1:]:
        if not isinstance(value, dict) or key not in value or node is None:
            return None
        node, value = reading.entry(node, key), value[key]
    node = None if node is None else reading.meant_by(node)
    if node is None:
        return None
    # Python counts bytes within a line.
    line = _BREAKS.split(text)[node.lineno - 1].encode()
    return value, node.lineno, len(line[: node.col_offset].decode()) + 1


def _read(text: str) -> _Reading:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd escape in somebody's config is no concern of the user
        tree = ast.parse(text)
    reading = _Reading()
    for statement in tree.body:
        reading.run_past(statement)
    return reading


class _NotLiteral(ValueError):
    pass


class _Reading:
    """nodes: the expression that gave each name its value; meant: the same for each use of a name."""

    def __init__(self) -> None:
        self.found: dict[str, Json] = {}
        self.nodes: dict[str, ast.expr] = {}
        self.meant: dict[ast.Name, ast.expr] = {}
        self._given: dict[ast.expr, dict[str, ast.expr]] = {}
        self.left = 0
        self._sizes: dict[str, int] = {}
        self._count = 0

    def run_past(self, statement: ast.stmt) -> None:
        """Take up an assignment of literals; forget names that any other statement may change."""
        targets = _targets(statement)
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        if value is None or len(names) < len(targets):
            if not isinstance(statement, _HARMLESS) and not _is_text(statement):
                self.left += not (isinstance(statement, ast.AnnAssign) and statement.value is None)
                # What is only mentioned in a call is changed by it where it can be.
                called = isinstance(statement, ast.Expr)
                names = [n for n in _names_in(statement) if not called or isinstance(self.found.get(n), dict | list)]
                self._forget(names)
            return
        before = self._count
        try:
            made = self._value(value, 0)
        except _NotLiteral:
            self.left += 1
            self._forget(names)
            return
        for name in names:
            self.found[name], self._sizes[name] = made, self._count - before
            self.nodes[name] = value

    def meant_by(self, node: ast.expr) -> ast.expr:
        """The expression that a name stood for where it was used; any other expression itself."""
        while isinstance(node, ast.Name) and node in self.meant:
            node = self.meant[node]
        return node

    def entry(self, node: ast.expr, key: str) -> ast.expr | None:
        """The expression that gave a mapping the value of a key, the last one that did; None when it is no mapping."""
        return self._given.get(self.meant_by(node), {}).get(key)

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self.found.pop(name, None)

    def _counted(self, size: int) -> None:
        if self._count + size > _LARGEST:
            raise _NotLiteral("too large")
        self._count += size

    def _value(self, node: ast.expr, depth: int) -> Json:
        if depth > _DEEPEST:
            raise _NotLiteral("too deep")
        self._counted(1)
        if isinstance(node, ast.Constant):
            return self._constant(node.value)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return [self._value(item, depth + 1) for item in node.elts]
        if isinstance(node, ast.Dict):
            keys = (None if key is None else str(self._value(key, depth + 1)) for key in node.keys)
            return self._mapping(node, zip(keys, node.values, strict=True), depth)
        if isinstance(node, ast.Name) and node.id in self.found:
            self._counted(self._sizes[node.id])
            self.meant.setdefault(node, self.nodes[node.id])
            return self.found[node.id]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "dict" and not node.args:
                return self._mapping(node, ((k.arg, k.value) for k in node.keywords), depth)
            if node.func.id == "float" and len(node.args) == 1 and not node.keywords:
                return self._float(node.args[0], depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            number = self._value(node.operand, depth + 1)
            if isinstance(number, int | float) and not isinstance(number, bool):
                return -number if isinstance(node.op, ast.USub) else number
        raise _NotLiteral("not a literal")

    def _constant(self, value: object) -> Json:
        if value is None or isinstance(value, bool | int | float):
            return value
        text = value if isinstance(value, str) else repr(value)
        self._counted(len(text) // _CHARACTERS)
        return text

    def _mapping(self, node: ast.expr, entries: Iterable[tuple[str | None, ast.expr]], depth: int) -> Json:
        made: dict[str, Json] = {}
        given = self._given[node] = {}
        lost = 0
        for key, item in entries:
            try:
                if key is None:
                    spread = self._value(item, depth + 1)
                    made |= spread if isinstance(spread, dict) else {}
                    given |= self._given.get(self.meant_by(item), {})
                else:
                    made[key], given[key] = self._value(item, depth + 1), item
            except _NotLiteral:
                lost += 1
        if lost and not made:
            raise _NotLiteral("nothing of it is")
        self.left += lost
        return made

    def _float(self, node: ast.expr, depth: int) -> float:
        """`float("inf")`, which is how a number that has no literal is written."""
        text = self._value(node, depth + 1)
        if not isinstance(text, str | int | float):
            raise _NotLiteral("no number")
        try:
            return float(text)
        except (ValueError, OverflowError) as failure:
            raise _NotLiteral(str(failure)) from failure


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _names_in(statement: ast.stmt) -> Iterator[str]:
    """Every name in a statement: any of them may stand for something else afterwards."""
    yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
