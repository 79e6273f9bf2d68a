"""Places in Python sources, pickles, monitor files and databases: each is looked at with the standard library."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import sqlite3
import zipfile
from pathlib import Path

import pytest

from runfolio.model.origin import Place, Point, Wanted
from runfolio.readers.contract import Budget
from runfolio.readers.pickle_data import read_with_places
from runfolio.readers.place_python import find_packed_python, find_python
from runfolio.readers.places import find_place

SOURCE = """\
base = dict(lr=0.1, ünï=dict(a=1), b=2); wd = -0.5
other = 'é', 3
opt = dict(**base, lr=0.2, name='sgd', wd=wd)
model = {'first': base, "twice": 1, "twice": 2,
\x0c  'deep': {'x': [1,
     2], 'y': float('inf')}, **{'z': None}}
base = 7
"""


@pytest.mark.parametrize(
    ("path", "text", "beginning"),
    [
        ("base", "7", "7"),
        ("wd", "-0.5", "-0.5"),
        ("other", '["é", 3]', "'é', 3"),
        ("opt.lr", "0.2", "0.2, name"),
        ("opt.ünï.a", "1", "1), b=2"),
        ("opt.wd", "-0.5", "-0.5"),
        ("model.first.b", "2", "2); wd"),
        ("model.twice", "2", "2,"),
        ("model.deep.x", "[1, 2]", "[1,"),
        ("model.deep.y", "inf", "float('inf')"),
        ("model.z", "null", "None}}"),
    ],
)
def test_a_value_of_a_python_config_is_told_where_it_is_written(path: str, text: str, beginning: str) -> None:
    wanted = Wanted(path, tuple(path.split(".")), text)
    found = find_python(SOURCE, wanted)
    assert found is not None
    assert found.column is not None
    assert SOURCE.split("\n")[found.line - 1][found.column - 1 :].startswith(beginning)
    # The same source as a text in JSON, as MMCV keeps it: the place is that in the raw line.
    for ascii_only in (True, False):
        document = json.dumps({"seed": 1, "config": SOURCE}, ensure_ascii=ascii_only)
        packed = find_packed_python(document, "config", wanted, Budget())
        assert packed is not None
        assert document[packed[0] :].startswith(json.dumps(beginning, ensure_ascii=ascii_only)[1:-1])


def test_a_python_value_is_not_told_where_it_is_another() -> None:
    assert find_python(SOURCE, Wanted("lr", ("opt", "lr"), "0.1")) is None
    assert find_python(SOURCE, Wanted("no", ("opt", "no"), "0.1")) is None
    assert find_python("base = (", Wanted("base", ("base",), "1")) is None
    secret = find_python("key = 'hunter2'", Wanted("key", ("key",), "[masked]"))
    assert secret is not None
    assert secret.column == 7


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_byte_of_a_pickle_is_that_of_the_opcode_that_makes_the_value(protocol: int) -> None:
    shared = "steps"
    value = {"a": shared, "b": [1.5, shared, (2, None)], "c": {"d": True, "e": shared}, "n": 2**40}
    data = pickle.dumps(value, protocol)
    read, places = read_with_places(data)
    assert read == value
    assert isinstance(read, dict)
    made = {at: argument for _, argument, at in pickletools.genops(data)}
    names = {at: opcode.name for opcode, _, at in pickletools.genops(data)}
    for holder, key in ((read, "a"), (read, "n"), (read["b"], 0), (read["b"], 1), (read["c"], "e"), (read["b"][2], 0)):
        at = places.of(holder, key)
        assert at is not None
        assert made[at] == holder[key]
    at = places.of(read["c"], "d")
    assert at is not None
    assert names[at] == "NEWTRUE" or made[at] is True
    assert places.of(read, "none") is None


def test_arguments_in_a_zip_of_torch_are_told_with_the_member_and_no_secret(tmp_path: Path) -> None:
    state = {"learning_rate": 5e-5, "api_key": "hunter2hunter2"}
    with zipfile.ZipFile(tmp_path / "training_args.bin", "w") as archive:
        archive.writestr("training_args/data.pkl", pickle.dumps(state))
    rate = Wanted("learning_rate", ("learning_rate",), "5e-05")
    place = find_place(tmp_path, "", "hf_trainer", "training_args.bin", rate, 10.0)
    assert place is not None
    assert place.inside == "training_args/data.pkl"
    assert f"byte {place.offset} of training_args/data.pkl" in place.words
    operations = {at: argument for _, argument, at in pickletools.genops(io.BytesIO(pickle.dumps(state)))}
    assert operations[place.offset] == 5e-5
    secret = find_place(
        tmp_path, "", "hf_trainer", "training_args.bin", Wanted("api_key", ("api_key",), "[masked]"), 10.0
    )
    assert secret is not None
    assert operations[secret.offset] == "hunter2hunter2"
    assert "hunter2" not in f"{secret}{secret.words}"
    other = Wanted("learning_rate", ("learning_rate",), "0.1")
    assert find_place(tmp_path, "", "hf_trainer", "training_args.bin", other, 10.0) is None


def test_episodes_of_several_monitors_are_told_by_file_and_row(tmp_path: Path) -> None:
    ends = {"0": [(0.5, 10, 1.0), (0.5, 10, 4.0)], "1": [(0.5, 7, 2.0), (1.5, 7, 3.0)]}
    for name, rows in ends.items():
        lines = "".join(f"{r},{n},{t}\n" for r, n, t in rows)
        (tmp_path / f"{name}.monitor.csv").write_text('#{"t_start": 1700000000.0}\nr,l,t\n' + lines)
    # In the order of their ends: 0 (10 steps), 1 (17), 1 (24), 0 (34).
    told = []
    for ordinal, (step, reward) in enumerate([(10, 0.5), (17, 0.5), (24, 1.5), (34, 0.5)]):
        wanted = Wanted("monitor/r", point=Point(step, reward, None, ordinal, 0, ordinal))
        place = find_place(tmp_path, "", "sb3", "0.monitor.csv", wanted, 10.0)
        assert place is not None
        told.append((place.file, place.line))
    assert told == [("0.monitor.csv", 3), ("1.monitor.csv", 3), ("1.monitor.csv", 4), ("0.monitor.csv", 4)]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "m.db") as base:
        base.execute("create table metrics (run_uuid, key, value, timestamp, step, is_nan)")
        base.execute("create table params (run_uuid text, key text, value, primary key (run_uuid, key)) without rowid")
        for run in ("a", "b"):
            rows = [(run, "loss", 0.5, 0, step, 0) for step in (0, 0, 1)]
            base.executemany("insert into metrics values (?, ?, ?, ?, ?, ?)", rows)
            base.execute("insert into params values (?, 'lr', '0.1')", [run])
    return tmp_path


def _in(root: Path, wanted: Wanted) -> Place | None:
    return find_place(root, "", "mlflow_sqlite", "m.db", wanted, 10.0)


def test_a_row_of_a_database_of_many_runs_is_told_by_the_run(store: Path) -> None:
    told = []
    for run in ("a", "b"):
        for ordinal, (step, repeat) in enumerate([(0, 0), (0, 1), (1, 0)]):
            place = _in(store, Wanted("loss", point=Point(step, 0.5, None, ordinal, repeat, ordinal), run=run))
            assert place is not None
            assert place.words == f"record {place.record} of table metrics, column value, key loss"
            told.append(place.record)
    assert told == [1, 2, 3, 4, 5, 6]
    # Nobody says whose it is, or the value is another.
    assert _in(store, Wanted("loss", point=Point(0, 0.5, None, 0, 0, 0))) is None
    assert _in(store, Wanted("loss", point=Point(0, 0.6, None, 0, 0, 0), run="a")) is None


def test_a_table_without_row_ids_is_told_by_its_key(store: Path) -> None:
    place = _in(store, Wanted("lr", ("lr",), "0.1", run="b"))
    assert place is not None
    assert (place.record, place.words) == (None, "table params, column value, key lr")
