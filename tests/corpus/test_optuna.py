"""Optuna's storages: each trial a run, params decoded, states and odd values told, damage and all."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runfolio.index.inspect import inspect
from runfolio.model.run import Recording, RunStatus
from runfolio.readers.contract import Budget
from runfolio.readers.parse import parse
from runfolio.readers.pool import Limits
from support.expected import differences
from support.inspected import CORPUS, claims_on

RUNS = CORPUS / "optuna" / "runs"
CHOICES = json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": [None, "a", True, 4]}})


def read(root: Path) -> tuple[dict[str, Recording], list[str]]:
    found: dict[str, Recording] = {}
    codes: list[str] = []
    for claim in claims_on(root):
        if claim.reader == "optuna":
            parsed = parse(root, claim, Budget())
            found |= {r.id: r for r in parsed.recordings}
            codes += [p.code for p in parsed.problems]
    return found, codes


def line(code: int, **fields: Any) -> str:
    return json.dumps({"op_code": code, "worker_id": "w", **fields}) + "\n"


START = line(0, study_name="s", directions=[2]) + line(4, study_id=0, datetime_start="2026-01-01T00:00:00+00:00")


def test_trials_of_one_file_are_runs_of_their_own() -> None:
    found, codes = read(RUNS)
    assert len(found) == 22
    assert codes == []
    assert {r.experiment for r in found.values()} >= {"bc-softmax", "journal-study", "multi objective/ü"}


def test_trials_with_the_same_params_and_value_stay_apart(tmp_path: Path) -> None:
    params = "".join(line(5, trial_id=t, param_name="n", param_value_internal=0, distribution=CHOICES) for t in (0, 1))
    ends = "".join(line(6, trial_id=t, state=1, values=[0.5]) for t in (0, 1))
    again = line(4, study_id=0, datetime_start="2026-01-01T00:00:01+00:00")
    # The third and fourth wait to be tried and know no start.
    waiting = 2 * line(4, study_id=0, state=4)
    for place in ("a", "copy"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "j.log").write_text(START + again + waiting + params + ends)
    document: dict[str, Any] = inspect([tmp_path], limits=Limits(workers=1))
    runs = document["runs"]
    assert sorted((r["id"], len(r["recordings"])) for r in runs) == [(f"s/{n}", 2) for n in range(4)]


def test_a_param_is_what_its_distribution_says(tmp_path: Path) -> None:
    ops = "".join(
        line(5, trial_id=0, param_name=f"c{i}", param_value_internal=i, distribution=CHOICES) for i in range(5)
    )
    whole = json.dumps({"name": "IntDistribution", "attributes": {}})
    ops += line(5, trial_id=0, param_name="n", param_value_internal=32.0, distribution=whole)
    (tmp_path / "j.log").write_text(START + ops)
    (run,) = read(tmp_path)[0].values()
    assert {p.key: p.value for p in run.params} == {"c0": None, "c1": "a", "c2": True, "c3": 4, "c4": 4.0, "n": 32}


def test_a_cut_journal_gives_everything_before_the_cut(tmp_path: Path) -> None:
    text = START + "".join(line(7, trial_id=0, step=s, intermediate_value=float(s)) for s in (0, 10, 10, 5))
    (tmp_path / "j.log").write_text(text + line(6, trial_id=0, state=1, values=[1.5])[:-9])
    found, codes = read(tmp_path)
    run = found["s/0"]
    assert run.metrics[0].step.tolist() == [0, 10, 5]
    assert (run.status, codes) == (RunStatus.RUNNING, ["cut-journal"])


def test_lines_that_are_no_operations_are_counted_and_passed_over(tmp_path: Path) -> None:
    bad = "not json\n" + line(6, trial_id=99, state=1) + line(6, trial_id=-1, state=1) + "[]\n" + line(5, trial_id=0)
    (tmp_path / "j.log").write_text(START + bad + line(6, trial_id=0, state=3, values=None))
    found, codes = read(tmp_path)
    assert (found["s/0"].status, codes) == (RunStatus.FAILED, ["odd-journal"])


JOURNALS = CORPUS / "optuna_journal"
REPLAYED = {run["id"]: run for run in json.loads((JOURNALS / "expected.json").read_text("utf-8"))["runs"]}


def test_a_journal_says_what_optuna_makes_of_it_when_workers_race_and_studies_go() -> None:
    found, codes = read(JOURNALS / "runs")
    assert found.keys() == REPLAYED.keys()
    # A tag that is no text is kept as JSON.
    wrong = {key: differences(run, found[key], ignore=["tags"]) for key, run in REPLAYED.items()}
    assert {key: said for key, said in wrong.items() if said} == {}
    assert codes == ["deleted-study"]


def test_of_two_reports_at_one_step_the_last_written_stands_in_its_first_place(tmp_path: Path) -> None:
    # Trial.report() itself writes none that repeats a step; a storage that is used directly writes what it is given.
    ops = "".join(line(7, trial_id=0, step=s, intermediate_value=v) for s, v in ((0, 1.0), (1, 2.0), (0, 3.0)))
    (tmp_path / "j.log").write_text(START + ops)
    (metric,) = read(tmp_path)[0]["s/0"].metrics
    assert (metric.step.tolist(), metric.value.tolist()) == ([0, 1], [3.0, 2.0])


def test_intermediate_values_of_a_database_come_by_step_as_optuna_gives_them(tmp_path: Path) -> None:
    # Optuna 2.10, 3.0, 3.6, 4.4 and 5.0 gave 0, 1, 2, 3 for a trial that reported 3, 2, 1, 0.
    shutil.copy(RUNS / "study.db", tmp_path)
    with closing(sqlite3.connect(tmp_path / "study.db", isolation_level=None)) as store:
        columns = "trial_id, step, intermediate_value, intermediate_value_type"
        store.execute(f"create table kept as select {columns} from trial_intermediate_values order by step desc")
        store.execute("delete from trial_intermediate_values")
        store.execute(f"insert into trial_intermediate_values ({columns}) select {columns} from kept")
    before, after = read(RUNS)[0], read(tmp_path)[0]
    reported = 0
    for run_id, recording in after.items():
        for now, then in zip(recording.metrics, before[run_id].metrics, strict=True):
            reported += now.name == "intermediate_value"
            assert now.step.tolist() == then.step.tolist()
            assert now.value.tolist() == pytest.approx(then.value.tolist(), nan_ok=True)
    assert reported == 10


def test_a_cut_store_tells_so(tmp_path: Path) -> None:
    data = (RUNS / "study.db").read_bytes()
    (tmp_path / "study.db").write_bytes(data[: len(data) * 3 // 4])
    _, codes = read(tmp_path)
    assert "cut-database" in codes


def test_other_logs_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text('{"level": "info", "op": 0}\n')
    assert claims_on(tmp_path) == []
