"""Places that are told hold what is shown: each is looked up again by a parser that is not ours."""

from __future__ import annotations

import csv
import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import yaml

from runfolio.model.layout import Layout
from runfolio.model.metrics import MetricSeries
from runfolio.model.origin import Place, Point, Wanted
from runfolio.model.params import Param
from runfolio.model.run import Recording
from runfolio.readers.layout_files import save_layout
from runfolio.readers.places import find_place
from support.inspected import CORPUS, recordings_of


def points(metric: MetricSeries) -> Iterator[Point]:
    seen: list[tuple[int, str]] = []
    for n, (step, value) in enumerate(zip(metric.step.tolist(), metric.value.tolist(), strict=True)):
        same = seen.count((step, repr(value)))
        seen.append((step, repr(value)))
        yield Point(step if metric.has_step else None, value, None, n, same, n)


def place_of(root: Path, recording: Recording, metric: MetricSeries, point: Point, unit: str = "") -> Place:
    place = find_place(root, unit, recording.format, metric.source, Wanted(metric.name, point=point), 20.0)
    assert place is not None, (metric.source, metric.name, point)
    return place


def equal(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


# --- points ----------------------------------------------------------------------------------------------------------


def test_points_of_json_lines_are_found_by_what_names_them_beside_the_value() -> None:
    checked = 0
    root = CORPUS / "comet" / "runs"
    for recording in recordings_of(root, "comet")[0].values():
        messages = [m for m in recording.metrics if m.source.endswith("messages.json")]
        for metric in messages:
            lines = zipfile.ZipFile(root / recording.path).read("messages.json").decode().split("\n")
            for point in points(metric):
                line = place_of(root, recording, metric, point).line
                said = json.loads(lines[(line or 0) - 1])["payload"]
                context = said.get("context")
                name = said["metric"]["metricName"]
                assert metric.name in (name, f"{context}_{name}")
                assert said["metric"]["step"] == point.step
                assert equal(float(said["metric"]["metricValue"]), point.value)
                checked += 1
    assert checked > 20


def test_rows_of_mmcv_are_found_by_mode_though_they_count_within_an_epoch() -> None:
    checked = 0
    root = CORPUS / "mmcv" / "runs"
    for recording in recordings_of(root, "mmcv")[0].values():
        lines = (root / recording.path).read_text().split("\n")
        rows = [json.loads(line) if line.endswith("}") else {} for line in lines]
        for metric in recording.metrics:
            mode, _, key = metric.name.partition("/")
            held = [n for n, row in enumerate(rows) if row.get("mode") == mode and key in row]
            for point in points(metric):
                place = place_of(root, recording, metric, point)
                assert place.line == held[point.index] + 1, (metric.name, point)
                checked += 1
    assert checked > 100


def test_an_episode_is_found_by_the_steps_up_to_it() -> None:
    checked = 0
    root = CORPUS / "sb3" / "runs"
    for recording in recordings_of(root, "sb3")[0].values():
        for metric in recording.metrics:
            if not metric.source.endswith("monitor.csv"):
                continue
            with (root / metric.source).open() as file:
                rows = [*csv.DictReader(line for line in file if not line.startswith("#"))]
            for point in points(metric):
                line = place_of(root, recording, metric, point).line
                row = rows[(line or 0) - 3]
                assert equal(float(row[metric.name.removeprefix("monitor/")]), point.value)
                assert sum(int(r["l"]) for r in rows[: (line or 0) - 2]) == point.step
                checked += 1
    assert checked > 50


def test_a_cell_is_found_in_its_own_line_where_other_cells_hold_line_breaks(tmp_path: Path) -> None:
    text = 'note,step,loss,"what\nelse"\n"two\nlines",0,0.5,\n,1,0.5,"three\nmore\nlines"\n\n"a\nb\nc",2,0.25,\n'
    (tmp_path / "metrics.csv").write_bytes(text.replace("\n", "\r\n").encode())
    lines = text.split("\n")
    for index, (step, value, line) in enumerate([(0, 0.5, 4), (1, 0.5, 5), (2, 0.25, 11)]):
        wanted = Wanted("loss", point=Point(step, value, None, index, 0, index))
        place = find_place(tmp_path, "", "generic", "metrics.csv", wanted, 10.0)
        assert place is not None
        assert (place.line, place.part, place.excerpt) == (line, "column loss", lines[line - 1].strip("\r"))
        assert f",{step},{value}" in place.excerpt


def test_a_value_that_is_also_a_step_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "m" / "metrics").mkdir(parents=True)
    (tmp_path / "m" / "metrics" / "acc").write_text("9 1.0 0\n9 1.0 1\n9 0 1\n9 1.0 2\n9 1 0\n")
    (tmp_path / "log.txt").write_text("acc 1.0 at 0\nacc 1.0 at 1\nacc 1.0 at 2\n")
    for step in (0, 1, 2):
        wanted = Wanted("acc", point=Point(step, 1.0, None, step, 0, step))
        kept = find_place(tmp_path, "m", "mlflow_file", "m/metrics/acc", wanted, 10.0)
        logged = find_place(tmp_path, "", "generic", "log.txt", wanted, 10.0)
        assert kept is not None
        assert kept.line == (1, 2, 4)[step]
        assert logged is not None
        assert logged.line == step + 1
    again = Wanted("acc", point=Point(0, 1.0, None, 4, 1, 4))
    place = find_place(tmp_path, "m", "mlflow_file", "m/metrics/acc", again, 10.0)
    assert place is not None
    assert place.line == 5
    # No line says the step: nothing is told.
    assert find_place(tmp_path, "", "generic", "log.txt", Wanted("acc", point=Point(7, 1.0, None, 0)), 10.0) is None


def test_equal_values_are_told_apart_by_their_rows(tmp_path: Path) -> None:
    rows = [{"loss": 0.5, "n": n} if n != 2 else {"n": n} for n in range(5)]
    (tmp_path / "a.jsonl").write_text('{"torn": \n'.join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "a.json").write_text(json.dumps({"step": [3, 1, 4, 1, 5], "loss": [r.get("loss") for r in rows]}))
    pl.DataFrame(rows, schema={"loss": pl.Float64, "n": pl.Int64}).write_parquet(tmp_path / "a.parquet")
    steps = {"a.jsonl": (0, 1, 3, 4), "a.json": (3, 1, 1, 5), "a.parquet": (0, 1, 3, 4)}
    for index, row in enumerate((0, 1, 3, 4)):
        for file, counted in steps.items():
            repeat = counted[:index].count(counted[index])
            wanted = Wanted("loss", point=Point(counted[index], 0.5, None, index, repeat, index))
            place = find_place(tmp_path, "", "generic", file, wanted, 10.0)
            assert place is not None, (file, index)
            told = {"a.jsonl": place.line, "a.json": place.part, "a.parquet": place.record}[file]
            assert told == {"a.jsonl": 2 * row + 1, "a.json": f"loss.{row}", "a.parquet": row + 1}[file]


def test_odd_json_lines_are_searched_as_well(tmp_path: Path) -> None:
    deep = '{"a": ' * 900 + "1" + "}" * 900
    long = '{"loss": 0.25, "step": 2, "n": [0.5, {"loss": 0.5}], "loss": 0.5}'
    (tmp_path / "a.jsonl").write_text('{"step": 0, "loss": 0.25}\n' + f"{deep}\n \t{long}\n" + '{"step": 2, "loss"')
    wanted = Wanted("loss", point=Point(2, 0.5, None, 1, 0, 1))
    place = find_place(tmp_path, "", "generic", "a.jsonl", wanted, 10.0)
    assert place is not None
    assert (place.line, place.part) == (3, "loss")
    assert place.excerpt.endswith('"loss": 0.5}')


def test_the_step_column_of_a_layout_says_which_row_is_meant(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "log.tsv").write_text("it\tepoch\tloss\n1\t0\t0.5\n5\t1\t0.5\n")
    (run / "log.jsonl").write_text('{"it": 1, "epoch": 0, "f1": 0.5}\n{"it": 5, "epoch": 1, "f1": 0.5}\n')
    save_layout(Layout("x", metrics=("log.tsv", "log.jsonl"), step="it"))
    recording = recordings_of(tmp_path, "taught")[0]["run"]
    for metric in recording.metrics:
        if metric.name == "epoch":
            continue
        lines = [place_of(tmp_path, recording, metric, p, "run").line for p in points(metric)]
        assert lines == ([2, 3] if metric.name == "loss" else [1, 2])


# --- params ----------------------------------------------------------------------------------------------------------


def find_param(root: Path, file: str, param: Param, reader: str = "generic") -> Place:
    place = find_place(root, "", reader, file, Wanted(param.path[-1], param.path, param.text), 10.0)
    assert place is not None, param
    return place


@pytest.mark.parametrize("flow", [False, None])
def test_params_in_yaml_are_found_where_the_parser_finds_them(flow: bool | None, tmp_path: Path) -> None:
    tree = {
        "value": {"lr": 0.1, "name": "a: b"},
        "lr": 0.1,
        "opt": {"value": {"lr": 0.1}, "lr": 0.1, "layers": [1, {"lr": 0.1}], "none": None, "empty": {}},
        "layers": [],
        "text": "two\nlines\n",
    }
    text = yaml.safe_dump(tree, default_flow_style=flow, sort_keys=False, width=60)
    (tmp_path / "config.yaml").write_text(text)
    marks: dict[tuple[str, ...], int] = {}

    def walk(node: yaml.MappingNode, path: tuple[str, ...]) -> None:
        for key, value in node.value:
            below = (*path, str(key.value))
            if isinstance(value, yaml.MappingNode) and value.value:
                walk(value, below)
            else:
                told = value if isinstance(value, yaml.ScalarNode) else key
                marks[below] = told.start_mark.line + 1

    root = yaml.compose(text)
    assert isinstance(root, yaml.MappingNode)
    walk(root, ())
    for path, line in marks.items():
        at = tree
        for part in path:
            at = at[part]  # type: ignore[assignment]
        shown = "null" if at is None else str(at)
        assert find_param(tmp_path, "config.yaml", Param(path, shown, None)).line == line, path


def test_values_below_a_key_value_are_found_there_for_trackers_that_write_so(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("lr:\n  desc: ''\n  value: 0.1\nopt:\n  value:\n    name: sgd\n")
    lr = find_param(tmp_path, "config.yaml", Param(("lr",), "0.1", 0.1), "swanlab")
    name = find_param(tmp_path, "config.yaml", Param(("opt", "name"), "sgd", "sgd"), "swanlab")
    assert (lr.line, lr.part, name.line) == (3, "lr.value", 6)


def test_params_in_toml_and_ini_are_found_by_their_whole_path(tmp_path: Path) -> None:
    toml = "lr = 0.1\nopt.lr = 0.1\n[a]\nlr = 0.1\n[a.b]\nlr = 0.1\ninner = {x = 1, lr = 0.1}\n[[rows]]\nlr = 0.1\n"
    (tmp_path / "p.toml").write_text(toml)
    (tmp_path / "p.ini").write_text("lr = 0.1\n[b]\nlr = 0.1\n[a.b]\nlr = 0.1\n")
    paths = {
        ("lr",): 1,
        ("opt", "lr"): 2,
        ("a", "lr"): 4,
        ("a", "b", "lr"): 6,
        ("a", "b", "inner", "lr"): 7,
        ("rows",): 8,
    }
    for path, line in paths.items():
        text = '[{"lr": 0.1}]' if path == ("rows",) else "0.1"
        assert find_param(tmp_path, "p.toml", Param(path, text, None)).line == line, path
    for path, line in {("lr",): 1, ("b", "lr"): 3, ("a.b", "lr"): 5}.items():
        assert find_param(tmp_path, "p.ini", Param(path, "0.1", None)).line == line, path
    wanted = Wanted("lr", ("other", "lr"), "0.1")
    assert find_place(tmp_path, "", "generic", "p.toml", wanted, 10.0) is None


def test_empty_lists_in_json_are_found(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"a": {\n"lr": [] },\n"lr": [],\n"b": {},\n"c": [{}, []]\n}')
    lines = [
        find_param(tmp_path, "p.json", Param((name,), text, None)).line for name, text in (("lr", "[]"), ("b", "{}"))
    ]
    assert lines == [3, 4]


def test_no_secret_is_told_with_a_place(tmp_path: Path) -> None:
    long = json.dumps({"lr": 0.1, "db_password": "hunter2hunter2", "x": "https://me:hunter2@host/r"})
    (tmp_path / "p.json").write_text(long)
    (tmp_path / "config.yaml").write_text("lr: 0.1  # token=hunter2\npassword: hunter2\n")
    for file in ("p.json", "config.yaml"):
        place = find_param(tmp_path, file, Param(("lr",), "0.1", 0.1))
        assert "0.1" in place.excerpt
        assert "hunter2" not in place.excerpt
    secret = find_param(tmp_path, "config.yaml", Param(("password",), "[masked]", "[masked]"))
    assert (secret.line, secret.excerpt) == (2, "")
