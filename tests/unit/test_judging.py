"""Which tables of predictions are offered of the folders of runs, and which is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfolio.api import Workspace
from runfolio.model.kinds import JudgedTables

RIGHT = {"a": {60: 1, 61: 3}, "b": {60: 2, 61: 0}, "c": {7: 4}}
"""By run and number of its table, how many of the four rows are right."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("folds")
    for run, tables in RIGHT.items():
        folder = root / run
        folder.mkdir()
        (folder / "config.json").write_text(f'{{"name": "{run}"}}')
        (folder / "metrics.csv").write_text("step,loss\n0,1.0\n")
        (folder / "steps.csv").write_text("id,value\n1,2\n")
        for number, right in tables.items():
            rows = "".join(f"cat,{'cat' if row < right else 'dog'}\n" for row in range(4))
            (folder / f"k{number}_pred.csv").write_text("label,prediction\n" + rows)
    return root


def test_the_last_of_several_is_judged_unless_one_is_chosen(root: Path, tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        workspace.index([root])
        keys = workspace.run_keys()

        def right(found: JudgedTables) -> dict[str, int]:
            labels = [one.found.labels.index("cat") for one in found.tables]
            return {one.name: int(one.found.confusion[at, at]) for one, at in zip(found.tables, labels, strict=True)}

        found = workspace.judged_tables(keys)
        assert found.table == "k#_pred.csv"
        assert right(found) == {"a": 3, "b": 0, "c": 4}
        # The only table of `c` is told from none by its number.
        predictions = [one for one in found.offered if "pred" in one[0]]
        assert predictions == [("k#_pred.csv", 3), ("k60_pred.csv", 2), ("k61_pred.csv", 2)]
        first = workspace.judged_tables(keys, "k60_pred.csv")
        assert right(first) == {"a": 1, "b": 2}
        assert not workspace.judged_tables(keys, "k62_pred.csv").tables
