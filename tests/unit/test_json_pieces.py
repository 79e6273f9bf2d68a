"""Large JSON files are read in pieces, and hold what the standard library finds in them."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest

from runfolio.model.params import Json
from runfolio.readers import json_pieces
from runfolio.readers.contract import Budget
from runfolio.readers.documents import Document
from runfolio.readers.folder import Folder
from runfolio.readers.json_pieces import read_large_json
from support.inspected import inspected_runs

NAMES = ("step", "loss", "a],b", 'quo"te', "},{", "größe 猫 😀", "")


def read(folder: Path, data: bytes) -> Document:
    (folder / "a.json").write_bytes(data)
    return read_large_json(Folder(folder), "a.json", Budget())


def made(rng: random.Random, depth: int = 0) -> Json:
    kind = rng.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return rng.choice([True, False, None, math.inf])
    if kind == 1:
        return rng.choice(NAMES)
    if kind < 4:
        return rng.randrange(-(10**9), 10**9)
    if kind < 6:
        return rng.uniform(-1, 1) * 10.0 ** rng.randrange(-30, 30)
    if kind == 6:
        return {rng.choice(NAMES): made(rng, depth + 1) for _ in range(rng.randrange(4))}
    if kind == 7:
        return [rng.uniform(-1, 1) for _ in range(rng.randrange(40))]
    return [made(rng, depth + 1) for _ in range(rng.randrange(12))]


@pytest.mark.parametrize("piece", [1, 7, 64, 1 << 20])
def test_the_same_as_the_standard_library_whatever_the_size_of_pieces(
    tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_pieces, "_PIECE", piece)
    rng = random.Random(piece)
    for number in range(150):
        value = {f"{name}{i}": made(rng) for i, name in enumerate(NAMES)}
        indent = rng.choice([None, 2])
        text = json.dumps(value, indent=indent, ensure_ascii=rng.choice([True, False]))
        document = read(tmp_path, text.encode())
        assert (document.value, document.problems) == (json.loads(text), ()), number


@pytest.mark.parametrize("piece", [5, 1 << 20])
def test_what_stands_before_a_cut_is_kept(tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_pieces, "_PIECE", piece)
    rows: list[Json] = [{"step": n, "loss": 1 / (n + 1)} for n in range(30)]
    text = json.dumps({"epoch": 3.0, "log_history": rows, "max_steps": 30})
    for end in range(len(text) - 1, 30, -7):
        document = read(tmp_path, text[:end].encode())
        assert len(document.problems) == 1
        assert document.problems[0].code in ("json-cut", "json-syntax")
        kept = document.mapping["log_history"]
        assert isinstance(kept, list)
        assert kept == rows[: len(kept)]
        assert len(kept) == text[:end].count("}")


@pytest.mark.parametrize(
    "text", ["", "[1, 2]", '{"a": 1 "b": 2}', '{"a" 1}', "{1: 2}", '{"a": [1 2]}', '{"a": [1, nope]}']
)
def test_what_is_no_json_ends_in_a_problem(tmp_path: Path, text: str) -> None:
    document = read(tmp_path, text.encode())
    assert [p.path for p in document.problems] == ["a.json"]


def test_depth_and_size_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ('{"a": ' + "[" * 200 + "]" * 200 + "}", '{"a": [' + "[" * 100_000 + "]" * 100_000 + "]}"):
        assert len(read(tmp_path, text.encode()).problems) == 1
    monkeypatch.setattr(json_pieces, "LARGEST", 5)
    (problem,) = read(tmp_path, b'{"a": 1}').problems
    assert problem.code == "too-large"


def test_a_trainer_state_and_its_checkpoint_of_many_rows(tmp_path: Path) -> None:
    rows: list[Json] = [
        {"epoch": n / 1000, "grad_norm": 1.5 + n % 7, "learning_rate": 1e-05, "loss": 2.0 / (n + 1), "step": n + 1}
        for n in range(120_000)
    ]
    for place, count in (("checkpoint-100000", 100_000), ("", 120_000)):
        state: Json = {"best_metric": None, "global_step": count, "log_history": rows[:count], "max_steps": 120_000}
        (tmp_path / place).mkdir(exist_ok=True)
        (tmp_path / place / "trainer_state.json").write_text(json.dumps(state, indent=2, sort_keys=True) + "\n")
    assert (tmp_path / "checkpoint-100000" / "trainer_state.json").stat().st_size > Budget().text_bytes * 0.8
    assert (tmp_path / "trainer_state.json").stat().st_size > Budget().text_bytes
    (run,) = inspected_runs(tmp_path).values()
    assert run["extra"]["global_step"] == 120_000
    loss = run["metrics"]["loss"]
    assert (loss["count"], loss["last"]) == (120_000, [120_000, 2.0 / 120_000])


def test_figures_in_a_large_info_of_sacred(tmp_path: Path) -> None:
    folder = tmp_path / "1"
    folder.mkdir()
    (folder / "run.json").write_text('{"experiment": {"name": "x"}, "heartbeat": null, "status": "COMPLETED"}')
    (folder / "config.json").write_text('{"lr": 0.1}')
    steps = [*range(0, 9_000_000, 10)]
    info = {"return_mean": [s / 7 for s in steps], "return_mean_T": steps, "note": "kept"}
    (folder / "info.json").write_text(json.dumps(info, indent=1))
    assert (folder / "info.json").stat().st_size > Budget().text_bytes
    (run,) = inspected_runs(tmp_path).values()
    metric = run["metrics"]["return_mean"]
    assert (metric["count"], metric["last"]) == (900_000, [steps[-1], steps[-1] / 7])
    assert run["extra"]["info"] == {"note": "kept"}
