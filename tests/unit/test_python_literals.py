"""Settings out of Python that is parsed and never run."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from runfolio.readers import python_literals
from runfolio.readers.python_literals import literals_before_mistake, literals_of

CONFIGS = sorted((Path(__file__).parent.parent / "corpus" / "mmengine" / "runs").rglob("config.py"))


def as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.parent.parent.name)
def test_a_real_config_is_what_python_itself_makes_of_it(config: Path) -> None:
    # These are files of ours, so here they may run: the independent answer.
    names: dict[str, Any] = {}
    exec(compile(config.read_text("utf-8"), "config.py", "exec"), {}, names)
    assert literals_of(config.read_text("utf-8")) == (as_json(names), 0)


@pytest.mark.parametrize(
    ("source", "found", "left"),
    [
        ("lr = 1e-3\nb = (0.9, -1, +2)\nn = None", {"lr": 1e-3, "b": [0.9, -1, 2], "n": None}, 0),
        ("a = b = {'x': 1}\nc: int = 3\nd: int", {"a": {"x": 1}, "b": {"x": 1}, "c": 3}, 0),
        ("'doc'\nimport os\nlr = 1\nclass C: pass\ndef f(): lr = 2", {"lr": 1}, 0),
        ("b = dict(k=1)\no = dict(**b, lr=b)", {"b": {"k": 1}, "o": {"k": 1, "lr": {"k": 1}}}, 0),
        ("m = dict(act=nn.ReLU, k=3)", {"m": {"k": 3}}, 1),
        ("m = dict(act=nn.ReLU)\nx = [f(), 1]\ny = 1 + 2\nz = f'{y}'", {}, 4),
        ("clip = float('inf')\nbad = float('x')\nworse = float([1])", {"clip": float("inf")}, 2),
        ("lr = 1\nlr *= 2", {}, 1),
        ("lr = 1\nif lr:\n    lr = 2", {}, 1),
        ("lr = 1\nlr = f()", {}, 1),
        ("lr = 1\nm = dict(k=1)\nm.update(k=2)\nprint(lr)", {"lr": 1}, 2),
        ("m = dict(k=1)\nm['k'] = 2", {}, 1),
        ("m = dict(k=1)\ndel m", {}, 1),
        ("a, b = 1, 2", {}, 1),
        ("a = dict([('k', 1)])\nb = eval('1')\nc = __import__('os').getcwd()", {}, 3),
    ],
)  # fmt: skip
def test_what_can_be_told_is_found_and_the_rest_counted(source: str, found: dict[str, Any], left: int) -> None:
    assert literals_of(source) == (found, left)


@pytest.mark.parametrize("seed", ["'x'", "['x' , 'y']", "'" + "x" * 100_000 + "'"])
@pytest.mark.parametrize("shape", ["[{}]", "dict({})"])
def test_names_that_name_each_other_cannot_make_endless_values(seed: str, shape: str) -> None:
    lines = [f"n0 = {seed}"]
    for level in range(1, 40):
        parts = (f"k{part}=n{level - 1}" if "dict" in shape else f"n{level - 1}" for part in range(10))
        lines.append(f"n{level} = {shape.format(', '.join(parts))}")
    found, left = literals_of("\n".join(lines))
    assert found["n0"] == ast.literal_eval(seed)
    assert (len(found) < 12, left > 28) == (True, True)


@pytest.mark.parametrize(
    "source", ["a = [", "a = " + "(" * 300, "\0", "a = " + "1" * 5000, "a = " + "-" * 100_000 + "1"]
)
def test_what_is_no_python_raises_as_the_parser_does(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError, RecursionError, MemoryError)):
        literals_of(source)


def test_an_odd_escape_in_somebodys_config_warns_nobody() -> None:
    assert literals_of(r"pattern = '\d+'")[0] == {"pattern": "\\d+"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lr = 0.1\nmodel = dict(\n    type='A',\n    depth=", {"lr": 0.1}),
        ("lr = 0.1\nx = 'never closed\nepochs = 3\n", {"lr": 0.1}),
        ("lr = 0.1\ndepth = " + "(" * 300 + "1" + ")" * 300 + "\n", {"lr": 0.1}),
        ("lr = 0.1\n  epochs = 3\n", {"lr": 0.1}),
    ],
)
def test_what_stands_before_a_mistake_is_kept(text: str, found: dict[str, object]) -> None:
    kept, left, mistake = literals_before_mistake(text)
    assert (kept, left) == (found, 0)
    assert mistake is not None
    with pytest.raises(SyntaxError):
        literals_before_mistake(text.partition("\n")[2])
    assert literals_before_mistake("lr = 0.1\n") == ({"lr": 0.1}, 0, None)


def test_a_source_that_is_wrong_in_every_line_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SyntaxError):
        literals_before_mistake("a = )\n" * 50)
    monkeypatch.setattr(python_literals, "_MOST_MISTAKES", 2)
    with pytest.raises(SyntaxError):
        literals_before_mistake("a = 1\n" + "b = [\n" * 50)
