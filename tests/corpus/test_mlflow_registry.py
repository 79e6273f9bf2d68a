"""MLflow's model registry, in databases and in file stores: which versions were made of a run, and where they show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runfolio.api import Workspace
from runfolio.index.inspect import inspect
from runfolio.model.registered import RegisteredVersion, registered_in
from runfolio.model.run import RunKey
from runfolio.readers.pool import Limits
from support.inspected import CORPUS

FOLDER = CORPUS / "mlflow_registry"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text("utf-8"))
STORES = sorted({model["store"] for model in EXPECTED["extra"]["registered_models"]})


def facts(run: str, model: str, v: Mapping[str, Any]) -> tuple[Any, ...]:
    words = (v["stage"], v["status"], v["description"] or None)
    return (run, model, v["version"], *words, sorted(v["aliases"]), v["tags"])


def expected_versions(store: str) -> list[tuple[Any, ...]]:
    """As MLflow's client gives them; only those with a run, since the others belong to none."""
    return sorted(
        facts(v["run_id"], model["name"], v)
        for model in EXPECTED["extra"]["registered_models"]
        if model["store"] == store
        for v in model["versions"]
        if v["run_id"]
    )


@pytest.mark.parametrize("store", STORES)
def test_the_versions_of_each_run_are_those_that_mlflow_gives(store: str) -> None:
    document: dict[str, Any] = inspect([FOLDER / "runs" / store.partition("/")[0]], limits=Limits(workers=1))
    found = sorted(
        facts(r["id"], v["name"], v) for r in document["recordings"] for v in r["extra"].get("registered_versions", ())
    )
    assert found == expected_versions(store)
    assert len(found) == 2


def test_versions_of_no_run_are_told() -> None:
    document: dict[str, Any] = inspect([FOLDER / "runs" / "v3_17"], limits=Limits(workers=1))
    told = [p["message"] for p in document["problems"] if p["code"] == "version-without-run"]
    assert len(told) == 1
    assert "Reg Model 3" in told[0]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    home: Path = tmp_path_factory.mktemp("registry")
    with Workspace.open(home / "index.duckdb", home / "ledger") as opened:
        opened.index([FOLDER / "runs"])
        yield opened


def test_the_library_lists_them_by_model_with_stage_and_aliases(workspace: Workspace) -> None:
    found = workspace.registered()
    assert [(v.model, v.version) for v in found] == [("Reg Model", "2")] * 3 + [("Reg Model", "1")] * 3
    # MLflow 1 has stages and no aliases.
    standings = ["", "@champion", "@champion", "Production", "Production, @challenger", "Production, @challenger"]
    assert sorted(v.standing for v in found) == standings
    assert workspace.models() == (), "what a tracker registered is not what the user registered"


def test_a_run_tells_which_versions_were_made_of_it(workspace: Workspace) -> None:
    (newest, *_) = workspace.registered()
    run = workspace.run(newest.run)
    assert [(v.model, v.version) for v in run.registered] == [("Reg Model", "2"), ("Reg Model", "1")]
    others = [r for r in workspace.find_runs() if r.name != "model run"]
    assert others
    assert all(r.registered == () for r in others)


def test_entries_that_are_no_versions_are_left_out() -> None:
    odd = {"name": "m", "version": 3, "aliases": "x", "tags": [], "stage": "None"}
    listed: list[Any] = [7, {}, {"name": None}, odd]
    found = [*registered_in({"registered_versions": listed}, RunKey("k"), "run", "mlflow_file")]
    assert found == [RegisteredVersion("m", "3", RunKey("k"), "run", "mlflow_file")]
    assert [*registered_in({"registered_versions": "many"}, RunKey("k"), "run", "mlflow_file")] == []
