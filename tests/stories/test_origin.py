"""Every figure leads to its file and the place in it, and what stands there is the figure."""

from __future__ import annotations

import csv
import json
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.api import Workspace
from runfolio.errors import NotFound
from runfolio.model.origin import Point, Wanted
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.readers.places import find_place
from support.command import answer, call, call_apart
from support.inspected import CORPUS


def metric(name: str, aggregate: Aggregate = Aggregate.LAST) -> FieldRef:
    return FieldRef(FieldKind.METRIC, name, aggregate)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    home = tmp_path_factory.mktemp("origins")
    formats = ("mlflow_file", "lightning", "tensorboard", "dvclive", "ultralytics", "sacred", "comet")
    with Workspace.open(home / "index.duckdb", home / "ledger") as workspace:
        workspace.index([CORPUS / name / "runs" for name in formats])
        yield workspace


def test_a_cell_of_a_csv_is_found_by_line_and_column(corpus: Workspace) -> None:
    found = 0
    for run in corpus.find_runs('format = "lightning"'):
        for facts in run.metrics[:4]:
            origin = corpus.origin(run.key, metric(facts.name, Aggregate.FIRST))
            assert origin.place is not None, (run.path, facts.name)
            assert origin.place.words
            if not origin.file.endswith("metrics.csv"):
                continue
            assert origin.place.line is not None
            with Path(origin.file).open(newline="") as file:
                rows = [*csv.reader(file)]
            cell = rows[origin.place.line - 1][rows[0].index(facts.name)]
            assert repr(float(cell)) == origin.shown
            found += 1
    assert found > 8


def test_a_metric_of_mlflow_is_found_in_the_line_that_its_rule_chose(corpus: Workspace) -> None:
    checked: Counter[str] = Counter()
    for run in corpus.find_runs('format = "mlflow_file"'):
        for facts in run.metrics:
            origin = corpus.origin(run.key, metric(facts.name))
            assert origin.place is not None
            assert origin.point is not None
            line = Path(origin.file).read_text().splitlines()[(origin.place.line or 0) - 1].split()
            assert origin.rule == facts.shown_rule
            assert (repr(float(line[1])), int(line[2])) == (origin.shown, origin.point.step)
            checked[run.format] += 1
    assert checked.total() > 20


def test_a_point_of_an_event_file_is_found_by_record_and_byte(corpus: Workspace) -> None:
    found = 0
    for run in corpus.find_runs('format = "tensorboard"'):
        for facts in run.metrics[:3]:
            origin = corpus.origin(run.key, metric(facts.name))
            assert origin.place is not None, (run.path, facts.name)
            assert origin.place.offset is not None
            data = Path(origin.file).read_bytes()
            (length,) = struct.unpack_from("<Q", data, origin.place.offset)
            record = data[origin.place.offset + 12 :][:length]
            tag = facts.name.split("/")[-1].encode()
            assert tag in record
            value = float(origin.shown)
            assert struct.pack("<f", value) in record or struct.pack("<d", value) in record
            found += 1
    assert found > 10


@pytest.mark.parametrize("format", ["mlflow_file", "lightning", "dvclive", "ultralytics", "sacred", "comet"])
def test_a_param_leads_to_the_line_that_states_it(corpus: Workspace, format: str) -> None:
    found = 0
    for run in corpus.find_runs(f'format = "{format}"'):
        for param in run.params[:6]:
            origin = corpus.origin(run.key, FieldRef(FieldKind.PARAM, param.key))
            assert origin.place is not None, (run.path, param.key)
            assert origin.shown == param.text
            if origin.place.line is not None and ".zip" not in origin.file and not isinstance(param.value, list | dict):
                line = Path(origin.file).read_text().splitlines()[origin.place.line - 1 :][:1]
                stated = line[0] if line else ""
                assert json.dumps(param.text)[1:-1].strip() in stated or param.text in stated, (param, line)
            found += 1
    assert found


def test_best_and_each_point_can_be_asked_for(corpus: Workspace) -> None:
    run = next(r for r in corpus.find_runs('format = "ultralytics"') if any(m.count > 2 for m in r.metrics))
    name = next(m.name for m in run.metrics if m.count > 2 and "loss" in m.name)
    points = corpus.series(run.key, name)
    lowest = corpus.origin(run.key, metric(name, Aggregate.MIN))
    assert lowest.point is not None
    assert lowest.point.index == int(points.value.argmin())
    third = corpus.origin(run.key, metric(name), 2)
    assert third.shown == repr(float(points.value[2]))
    assert third.place is not None
    assert third.place.line == 4
    count = corpus.origin(run.key, metric(name, Aggregate.COUNT))
    assert (count.point, count.shown) == (None, str(len(points)))
    at = corpus.origin(run.key, FieldRef(FieldKind.METRIC, name, Aggregate.AT, float(points.step[1])))
    assert at.point is not None
    assert (at.point.index, at.shown) == (1, repr(float(points.value[1])))
    reached = corpus.origin(run.key, FieldRef(FieldKind.METRIC, name, Aggregate.REACH, float(points.value[0])))
    assert reached.point is not None
    assert reached.point.index == 0
    mean = corpus.origin(run.key, metric(name, Aggregate.MEAN))
    assert mean.point is None
    assert float(mean.shown) == pytest.approx(points.value.mean())
    with pytest.raises(NotFound, match="worked out of other fields"):
        corpus.origin(run.key, FieldRef(FieldKind.DERIVED, f'2 * "{name}"'))
    with pytest.raises(NotFound):
        corpus.origin(run.key, metric(name), len(points))
    with pytest.raises(NotFound):
        corpus.origin(run.key, metric("no such metric"))


def test_a_file_that_has_changed_since_is_not_claimed_to_hold_the_value(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "a"
    folder.mkdir(parents=True)
    (folder / "params.json").write_text('{"lr": 0.1, "model": {"depth": 18}}')
    (folder / "metrics.csv").write_text("step,loss\n0,0.9\n1,0.8\n2,0.8\n")
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        workspace.index([tmp_path / "runs"])
        (run,) = workspace.find_runs()
        last = workspace.origin(run.key, metric("loss"))
        assert last.place is not None
        assert (last.place.line, last.place.excerpt) == (4, "2,0.8")
        depth = workspace.origin(run.key, FieldRef(FieldKind.PARAM, "model.depth"))
        assert depth.place is not None
        assert depth.place.file == "a/params.json"
        (folder / "metrics.csv").write_text("step,loss\n0,0.9\n1,0.7\n2,0.6\n")
        changed = workspace.origin(run.key, metric("loss"))
        assert changed.place is None or changed.place.line is None
        assert "changed" in changed.note
        name = workspace.origin(run.key, FieldRef(FieldKind.BUILTIN, "name"))
        assert name.shown == "a"
        # The file and the key are told all the same, and why no more is.
        (folder / "params.json").write_text('{"lr": 0.1, "model": {"depth": 50}}')
        deeper = workspace.origin(run.key, FieldRef(FieldKind.PARAM, "model.depth"))
        assert deeper.place is not None
        assert (deeper.place.file, deeper.place.line, deeper.place.words) == ("a/params.json", None, "key model.depth")
        assert "changed" in deeper.note


def test_nothing_is_read_through_a_link_that_took_the_file_s_place(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "a"
    folder.mkdir(parents=True)
    (folder / "params.json").write_text('{"lr": 0.1}')
    (folder / "metrics.csv").write_text("step,loss\n0,0.9\n")
    (tmp_path / "elsewhere.csv").write_text("step,loss\n0,0.9\n")
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        workspace.index([tmp_path / "runs"])
        (run,) = workspace.find_runs()
        (folder / "metrics.csv").unlink()
        (folder / "metrics.csv").symlink_to(tmp_path / "elsewhere.csv")
        origin = workspace.origin(run.key, metric("loss"))
        assert origin.place is None or origin.place.line is None


def test_the_command_says_where(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "a"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("optim:\n  lr: 1e-3\n")
    (folder / "metrics.csv").write_text("step,loss\n0,0.9\n1,0.5\n")
    call("index", tmp_path / "runs")
    told = call_apart("where", "a", "loss.min").stdout
    assert "metrics.csv" in told
    assert "line 3, column loss" in told
    assert "lowest finite value" in told
    said = answer("where", "a", "param.optim.lr")
    assert (said["place"]["line"], said["place"]["excerpt"], said["shown"]) == (2, "  lr: 1e-3", "1e-3")
    call("where", "a", "loss", "--point", "9", code=2)


def test_a_place_is_told_only_where_the_value_and_its_step_stand(tmp_path: Path) -> None:
    texts = {
        "params.yaml": "b:\n  lr: 0.15\nlr: 0.5\n---\nlr: 0.1\n",
        "metrics.jsonl": '{"step": 0, "loss": 1}\n{"step": 1, "loss": 1}\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    lr = find_place(tmp_path, "", "generic", "params.yaml", Wanted("lr", ("lr",), "0.1"), 10)
    loss = find_place(tmp_path, "", "generic", "metrics.jsonl", Wanted("loss", point=Point(1, 1.0, None, 1, 0)), 10)
    assert (lr and lr.line, loss and loss.line) == (5, 2)
    assert find_place(tmp_path, "", "generic", "params.yaml", Wanted("lr", ("lr",), "0.7"), 10) is None
