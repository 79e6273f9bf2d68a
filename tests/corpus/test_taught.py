"""Folders of taught layouts: read as their own scripts meant them, in workers too, and never left."""

from __future__ import annotations

import configparser
import csv
import json
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from runfolio.index.inspect import inspect
from runfolio.model.layout import Layout
from runfolio.model.problem import Severity
from runfolio.model.run import Recording
from runfolio.readers.layout_bench import LayoutBench
from runfolio.readers.layout_files import parse_layout, remove_layout, save_layout
from runfolio.readers.layout_guess import guess_path
from runfolio.readers.pool import Limits
from runfolio.readers.scanner import Unit, scan
from support.inspected import claims_on, inspected_runs, recordings_of
from support.lab import LAYOUT, STARTED, write_lab

LAB = parse_layout(LAYOUT.encode(), "lab.toml")
ANY = replace(LAB, path="", columns=None)


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return write_lab(tmp_path / "lab")


def taught(root: Path) -> dict[str, Recording]:
    return recordings_of(root, "taught")[0]


def codes(recording: Recording) -> list[str]:
    return [problem.code for problem in recording.problems]


def values(recording: Recording) -> dict[str, list[float]]:
    return {m.name: m.value.tolist() for m in recording.metrics}


def readers_of(root: Path) -> dict[str, str]:
    return {claim.path: claim.reader for claim in claims_on(root)}


# --- read as meant ---------------------------------------------------------------------------------------------------


def test_a_run_is_what_its_files_and_its_path_say(lab: Path) -> None:
    save_layout(LAB)
    found = taught(lab)
    assert sorted(found) == ["depth/plain_seed1", "depth/plain_seed2", "width/wide_net_seed1"]
    run = found["depth/plain_seed2"]
    assert (run.name, run.experiment) == ("plain", "depth")
    ini = configparser.ConfigParser()
    ini.read(lab / "depth/plain_seed2/run.ini")
    wanted: dict[tuple[str, ...], str] = {
        (section, key): value for section in ini.sections() for key, value in ini.items(section)
    }
    wanted["seed",] = "2"
    assert {p.path: p.text for p in run.params} == wanted
    assert {p.key: p.value for p in run.params}["optim.lr"] == 0.01
    with (lab / "depth/plain_seed2/log.tsv").open() as file:
        rows = [*csv.DictReader(file, delimiter="\t")]
    assert sorted(m.name for m in run.metrics) == ["acc_top1", "loss"], "gpu_mem is none of the columns"
    loss = next(m for m in run.metrics if m.name == "loss")
    assert loss.step.tolist() == [int(row["it"]) for row in rows] == [0, 10, 20]
    assert loss.value.tolist()[0::2] == [0.8, 0.5]
    assert math.isnan(loss.value[1])
    assert loss.wall_time_us.tolist() == [int(row["when"]) * 1_000_000 for row in rows]
    assert run.started_us == STARTED * 1_000_000
    assert [a.path for a in run.artifacts] == ["log.tsv", "model.pt", "run.ini"]
    assert run.extra == {"layout": "lab", "metrics_file": "log.tsv", "step_column": "it"}
    assert run.problems == ()


def test_a_run_is_recognised_whichever_folder_above_it_was_opened(lab: Path) -> None:
    save_layout(LAB)
    above = taught(lab.parent)["lab/depth/plain_seed1"]
    for root, path in ((lab, "depth/plain_seed1"), (lab / "depth", "plain_seed1"), (lab / "depth/plain_seed1", "")):
        run = taught(root)[path]
        assert (run.name, run.experiment, run.params) == (above.name, above.experiment, above.params)


def test_workers_read_the_same_without_looking_at_the_users_folder(lab: Path) -> None:
    save_layout(LAB)
    here = taught(lab)
    runs = inspected_runs(lab)
    assert {path: (r["name"], r["experiment"]) for path, r in runs.items()} == {
        path: (r.name, r.experiment) for path, r in here.items()
    }
    # The claim carries the layout: what is changed after the walk changes nothing for it.
    claims = claims_on(lab)
    remove_layout("lab")
    assert all("run.ini" in claim.recipe for claim in claims)
    assert [r["name"] for r in inspect([lab / "depth"], limits=Limits(workers=1))["runs"]] != ["plain", "plain"]  # type: ignore[index, union-attr, call-overload]


def write_json_lines(folder: Path) -> None:
    folder.mkdir()
    (folder / "hp.conf").write_text('{"lr": 1e-3, "net": {"depth": 2}}')
    rows = [{"n": 1, "val": {"f1": 0.5}}, {"n": 2, "val": {"f1": 0.75}, "t": "2026-01-01T00:00:00Z"}]
    (folder / "events.ndjson").write_text("".join(json.dumps(r) + "\n" for r in rows))


def write_parquet(folder: Path) -> None:
    folder.mkdir()
    (folder / "hp.conf").write_text("lr: 1e-3\nnet:\n  depth: 2\n")
    pl.DataFrame({"n": [1, 2], "val.f1": [0.5, 0.75]}).write_parquet(folder / "events.pq")


def write_csv(folder: Path) -> None:
    (folder / "logs").mkdir(parents=True)
    (folder / "hp.conf").write_text("lr = 1e-3\n[net]\ndepth = 2\n")
    (folder / "logs" / "events.csv").write_text("n;val.f1;note\n1;0,5;a\n2;0,75;b\n")


@pytest.mark.parametrize(
    ("write", "file"),
    [(write_json_lines, "events.ndjson"), (write_parquet, "events.pq"), (write_csv, "logs/*.csv")],
)
def test_params_and_metrics_may_have_any_form(write: Callable[[Path], None], file: str, tmp_path: Path) -> None:
    write(tmp_path / "run")
    save_layout(Layout("x", params=("hp.conf",), metrics=(file,), step="n"))
    (run,) = taught(tmp_path).values()
    assert {p.key: (p.value, p.text) for p in run.params} == {"lr": (0.001, "1e-3"), "net.depth": (2, "2")}
    assert values(run) == {"val.f1": [0.5, 0.75]}
    assert run.metrics[0].step.tolist() == [1, 2]


def test_step_time_and_metrics_can_be_said_to_be_none_or_left_to_the_rules(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "log.csv").write_text("epoch,time,loss\n5,1767225600,1.0\n7,1767225660,0.5\n")
    layout = Layout("x", metrics=("log.csv",))
    save_layout(layout)
    by_rule = taught(tmp_path)["run"]
    assert (by_rule.metrics[0].step.tolist(), values(by_rule)) == ([5, 7], {"loss": [1.0, 0.5]})
    assert by_rule.started_us == STARTED * 1_000_000
    save_layout(replace(layout, step="", time=""))
    by_row = taught(tmp_path)["run"]
    assert by_row.metrics[0].step.tolist() == [0, 1]
    assert sorted(values(by_row)) == ["epoch", "loss", "time"]
    assert by_row.started_us is None


def test_several_files_may_give_their_names_to_their_metrics(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "logs").mkdir(parents=True)
    (run / "logs" / "train.csv").write_text("step,loss\n0,1.0\n1,0.5\n")
    (run / "logs" / "val.csv").write_text("step,loss\n1,0.7\n")
    layout = Layout("x", metrics=("logs/*.csv",), file_prefix=True)
    save_layout(layout)
    assert values(taught(tmp_path)["run"]) == {"logs/train/loss": [1.0, 0.5], "logs/val/loss": [0.7]}
    save_layout(replace(layout, file_prefix=False))
    assert values(taught(tmp_path)["run"]) == {"loss": [1.0, 0.5], "logs/val.csv/loss": [0.7]}


def test_a_step_that_one_file_has_need_not_be_in_the_others(lab: Path) -> None:
    run = lab / "depth/plain_seed1"
    (run / "val.csv").write_text("global_step,f1\n3,0.5\n4,0.75\n")
    with LayoutBench() as bench:
        guessed = bench.suggest(run).layout
    assert (guessed.step, guessed.time) == ("it", "when")
    save_layout(replace(LAB, metrics=("log.tsv", "val.csv"), columns=None))
    found = taught(lab)["depth/plain_seed1"]
    steps = {m.name: m.step.tolist() for m in found.metrics}
    assert (steps["loss"], steps["f1"]) == ([0, 10, 20], [3, 4])
    assert found.problems == ()


def test_what_the_layout_names_and_the_files_do_not_have_is_told(lab: Path) -> None:
    save_layout(replace(LAB, step="iteration", time="acc_top1", columns=("loss", "f1")))
    run = taught(lab)["width/wide_net_seed1"]
    assert codes(run) == ["odd-step-column", "odd-time-column", "layout-column-missing"]
    assert run.metrics[0].step.tolist() == [0, 1], "no column has a usual name, so rows are counted"
    (lab / "width/wide_net_seed1/log.tsv").unlink()
    assert "width/wide_net_seed1" not in taught(lab)
    save_layout(replace(LAB, incomplete=True))
    run = taught(lab)["width/wide_net_seed1"]
    assert (codes(run), len(run.params), run.metrics) == (["layout-file-missing"], 4, ())


def test_a_param_of_the_path_that_a_file_says_otherwise_is_told_beside_it(lab: Path) -> None:
    with (lab / "width/wide_net_seed1/run.ini").open("a") as file:
        file.write("[DEFAULT]\n")
    (lab / "width/wide_net_seed1/run.ini").write_text("seed = 7\n")
    save_layout(LAB)
    run = taught(lab)["width/wide_net_seed1"]
    assert {p.key: p.value for p in run.params} == {"seed": 7, "folder.seed": 1}


def test_secrets_in_taught_files_are_masked(lab: Path) -> None:
    (lab / "width/wide_net_seed1/run.ini").write_text("[db]\npassword = hunter2\n")
    save_layout(LAB)
    (run,) = [r for r in taught(lab).values() if r.experiment == "width"]
    assert "hunter2" not in repr(run.params)
    assert "secret-masked" in codes(run)


# --- beside other readers --------------------------------------------------------------------------------------------


def test_a_layout_goes_before_plain_folders_and_after_trackers(tmp_path: Path) -> None:
    for name in ("plain", "tracked"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text("lr: 0.1\n")
        (tmp_path / name / "results.csv").write_text("step,loss\n0,1.0\n")
        (tmp_path / name / "own.json").write_text('{"depth": 3}')
    (tmp_path / "tracked" / "params.yaml").write_text("lr: 0.1\n")
    (tmp_path / "tracked" / "dvclive").mkdir()
    run_dir = tmp_path / "tracked"
    # Spinning Up: a config and a progress file of its own making.
    (run_dir / "progress.txt").write_text("Epoch\tAverageEpRet\tStdEpRet\tTotalEnvInteracts\n0\t1.0\t0.1\t100\n")
    assert readers_of(tmp_path)["plain"] == "generic"
    layout = Layout("own", params=("own.json",), metrics=("results.csv",))
    save_layout(layout)
    found = [(c.path, c.reader) for c in claims_on(tmp_path)]
    assert ("plain", "taught") in found
    assert ("plain", "generic") not in found, "the whole folder is the layout's"
    assert ("tracked", "spinning_up") in found
    assert ("tracked", "taught") not in found
    save_layout(replace(layout, beside_trackers=True))
    found = [(c.path, c.reader) for c in claims_on(tmp_path)]
    assert {("tracked", "spinning_up"), ("tracked", "taught")} <= {*found}
    assert ("tracked", "generic") not in found


def test_sub_folders_with_files_of_the_layout_are_its_own_and_others_are_searched(tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_csv(run)
    (run / "logs" / "metrics.csv").write_text("step,loss\n0,1.0\n")
    (run / "inner").mkdir()
    (run / "inner" / "metrics.csv").write_text("step,loss\n0,1.0\n")
    save_layout(Layout("x", params=("hp.conf",), metrics=("logs/events.csv",)))
    assert readers_of(tmp_path) == {"run": "taught", "run/inner": "generic"}
    listed = [a.path for a in taught(tmp_path)["run"].artifacts]
    assert listed == ["hp.conf", "logs/events.csv", "logs/metrics.csv"], "what lies in another run is not this one's"


# --- read again when the layout or the files change ------------------------------------------------------------------


def fingerprints(root: Path) -> dict[tuple[str, str], str]:
    return {(u.claim.path, u.claim.reader): u.fingerprint for u in scan(root) if isinstance(u, Unit)}


def test_adding_changing_and_removing_a_layout_makes_its_folders_count_as_changed(lab: Path) -> None:
    other = lab / "depth" / "no pattern"
    other.mkdir()
    (other / "metrics.csv").write_text("step,loss\n0,1.0\n")
    before = fingerprints(lab)
    assert [*before] == [("depth/no pattern", "generic")]
    save_layout(LAB)
    added = fingerprints(lab)
    assert [reader for _, reader in added] == ["generic", "taught", "taught", "taught"]
    save_layout(replace(LAB, about="only for people"))
    assert fingerprints(lab) == added
    save_layout(replace(LAB, columns=None))
    changed = fingerprints(lab)
    assert changed.keys() == added.keys()
    assert [place for place in added if added[place] == changed[place]] == [*before]
    remove_layout("lab")
    assert fingerprints(lab) == before


def test_a_change_in_a_sub_folder_of_the_layout_counts(tmp_path: Path) -> None:
    write_csv(tmp_path / "run")
    save_layout(Layout("x", metrics=("logs/*.csv",)))
    before = fingerprints(tmp_path)
    with (tmp_path / "run/logs/events.csv").open("a") as file:
        file.write("3;1,0;c\n")
    assert fingerprints(tmp_path) != before


def test_a_run_keeps_its_identity_when_its_layout_is_changed_and_when_it_grows_or_moves(lab: Path) -> None:
    save_layout(LAB)
    before = {path: r.identity for path, r in taught(lab).items()}
    assert len({*before.values()}) == 3
    assert not any(r.has_id for r in taught(lab).values())
    save_layout(replace(LAB, columns=None, step="", time="", about="x", artifacts=(), ignore=()))
    with (lab / "depth/plain_seed1/log.tsv").open("a") as file:
        file.write("30\t1767225800\t0.2\t0.8\t512\n")
    assert {path: r.identity for path, r in taught(lab).items()} == before
    lab.rename(lab.with_name("renamed"))
    assert {path: r.identity for path, r in taught(lab.with_name("renamed")).items()} == before
    save_layout(replace(LAB, path="{experiment}/{name}_seed{number:int}"))
    assert not {*before.values()} & {r.identity for r in taught(lab.with_name("renamed")).values()}


def test_a_run_of_one_row_keeps_its_identity_when_the_next_comes(tmp_path: Path) -> None:
    rows = {"log.jsonl": '{"step": 0, "loss": 1.0}\n', "log.tsv": "# lab 7\n# v2\nstep\tloss\n0\t1.0\n"}
    for n, name in enumerate(rows):
        (tmp_path / name[4:]).mkdir()
        (tmp_path / name[4:] / name).write_text(rows[name])
        (tmp_path / name[4:] / "hp.conf").write_text(f"n = {n}\n")
    save_layout(Layout("x", params=("hp.conf",), metrics=("log.*",)))
    before = {path: r.identity for path, r in taught(tmp_path).items()}
    assert all(before.values())
    for name, more in (("log.jsonl", '{"step": 1, "loss": 0.5}\n'), ("log.tsv", "1\t0.5\n")):
        with (tmp_path / name[4:] / name).open("a") as file:
            file.write(more)
    assert {path: r.identity for path, r in taught(tmp_path).items()} == before
    (tmp_path / "tsv" / "log.tsv").write_text("# lab 7\n# v2\nstep\tloss\n0\t2.0\n")
    assert taught(tmp_path)["tsv"].identity != before["tsv"]


# --- hostile ---------------------------------------------------------------------------------------------------------


def test_links_are_not_followed_and_pipes_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_text("step,canary\n0,1.0\n")
    (tmp_path / "outside" / "hp.conf").write_text("canary = 1\n")
    run = tmp_path / "root" / "run"
    run.mkdir(parents=True)
    (run / "hp.conf").symlink_to(tmp_path / "outside" / "hp.conf")
    (run / "logs").symlink_to(tmp_path / "outside")
    os.mkfifo(run / "pipe.csv")
    (run / "real.csv").write_text("step,loss\n0,1.0\n")
    save_layout(Layout("x", params=("hp.conf",), metrics=("logs/*.csv", "*.csv"), incomplete=True))
    (recording,) = taught(tmp_path / "root").values()
    assert values(recording) == {"loss": [1.0]}
    assert "canary" not in repr(recording)
    assert {"link-not-followed", "not-a-file"} <= {*codes(recording)}


def test_what_is_no_text_is_not_read_as_a_table(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "model.pt").write_bytes(bytes(range(256)) * 64)
    (run / "log.dat").write_text("step,loss\n0,1.0\n", "utf-16")
    (run / "log.pq").write_bytes(b"")
    pl.DataFrame({"step": [0], "f1": [0.5]}).write_parquet(run / "log.pq")
    save_layout(Layout("x", metrics=("*",)))
    (recording,) = taught(tmp_path).values()
    assert values(recording) == {"loss": [1.0], "f1": [0.5]}
    assert codes(recording) == ["not-a-table"]


def test_a_file_that_cannot_be_used_is_told_and_the_others_work(lab: Path, user_folders_of_its_own: Path) -> None:
    save_layout(LAB)
    folder = user_folders_of_its_own / "config" / "layouts"
    (folder / "escape.toml").write_text(LAYOUT.replace('"lab"', '"x"').replace('"run.ini"', '"../run.ini"'))
    document = inspect([lab], limits=Limits(workers=1))
    problems = document["problems"]
    assert isinstance(problems, list)
    (told,) = [p for p in problems if isinstance(p, dict) and p["code"] == "layout-unusable"]
    assert "escape.toml" in str(told["message"])
    assert "'../run.ini' is no file in a run's folder" in str(told["message"])
    assert len(taught(lab)) == 3


def test_damaged_files_of_a_run_cost_themselves_only(lab: Path) -> None:
    run = lab / "depth/plain_seed1"
    (run / "run.ini").write_bytes(b"\x00\xff\xfe" * 100)
    whole = (run / "log.tsv").read_bytes()
    (run / "log.tsv").write_bytes(whole[:-15])
    save_layout(LAB)
    recording = taught(lab)["depth/plain_seed1"]
    assert values(recording)["loss"][:2] == [0.9, 0.5]
    assert recording.problems
    (run / "log.tsv").write_bytes(b"")
    (run / "run.ini").write_bytes(b"")
    assert taught(lab)["depth/plain_seed1"].metrics == ()


# --- suggestions and previews ----------------------------------------------------------------------------------------


def test_the_suggestion_for_a_sample_reads_its_neighbours(lab: Path) -> None:
    with LayoutBench() as bench:
        found = bench.suggest(lab / "depth/plain_seed1")
        assert found.found
        layout = found.layout
        assert (layout.path, layout.params, layout.metrics) == ("{name}_seed{seed:int}", ("run.ini",), ("log.tsv",))
        assert (layout.step, layout.time, layout.columns) == ("it", "when", None)
        assert found.columns == ("it", "when", "loss", "acc_top1", "gpu_mem")
        preview = bench.preview(layout, lab / "width/wide_net_seed1")
    assert (preview.fits, preview.name, preview.experiment) == (True, "wide_net", None)
    assert [(m.name, m.points, m.first_step, m.last_step, m.last) for m in preview.metrics] == [
        ("loss", 2, 0, 10, 0.3),
        ("acc_top1", 2, 0, 10, 0.7),
        ("gpu_mem", 2, 0, 10, 512.0),
    ]
    assert {p.key for p in preview.params} == {"model.name", "optim.lr", "optim.nesterov", "seed"}
    assert {f.path: f.role for f in preview.files}["model.pt"] == "artifact"


def test_a_preview_says_why_a_folder_does_not_fit_and_what_it_would_give(lab: Path) -> None:
    run = lab / "depth/plain_seed1"
    with LayoutBench() as bench:
        wrong_path = bench.preview(replace(LAB, path="{name}-{seed}"), run)
        assert not wrong_path.fits
        assert wrong_path.why_not == "The path plain_seed1 does not fit {name}-{seed}"
        assert [m.name for m in wrong_path.metrics] == ["loss", "acc_top1"]
        lacking = bench.preview(replace(LAB, params=("config.yaml",)), run)
        assert lacking.why_not == "There is no file of params (config.yaml)"
        assert [m.points for m in lacking.metrics] == [3, 3]
        nothing = bench.preview(Layout("x", params=("a.json",), metrics=("b.csv",)), run)
        assert nothing.why_not == "There is no file of params (a.json) and none of metrics (b.csv)"
        (run / "progress.txt").write_text("Epoch\tAverageEpRet\tStdEpRet\tTotalEnvInteracts\n0\t1.0\t0.1\t100\n")
        tracked = bench.preview(LAB, run)
        assert tracked.why_not.startswith("Spinning Up reads files of this folder (")
        assert bench.preview(replace(LAB, beside_trackers=True), run).fits


def test_files_are_known_by_content(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "eval").mkdir(parents=True)
    (run / "a.yaml").write_text("lr: 0.1\n")
    (run / "b.json").write_text('{"loss": [1.0, 0.5]}')
    (run / "c.json").write_text('{"depth": 2, "act": "relu"}')
    (run / "metrics.json").write_text('{"f1": 0.5, "acc": 0.75}')
    (run / "people.csv").write_text("name,city,age\nmira,rome,30\n")
    (run / "train.csv").write_text("x,y\n0.5,1\n0.25,0\n")
    (run / "out.txt").write_text("update\tloss\n10\t1.0\n20\t0.5\n")
    (run / "notes.txt").write_text("worked well\n")
    (run / "eval" / "scores.jsonl").write_text('{"update": 10, "f1": 0.5}\n{"update": 20, "f1": 0.75}\n')
    with LayoutBench() as bench:
        found = bench.suggest(run)
    assert {f.path: f.role.value for f in found.files} == {
        "a.yaml": "params",
        "b.json": "metrics",
        "c.json": "params",
        "metrics.json": "metrics",
        "people.csv": "artifact",
        "train.csv": "artifact",
        "out.txt": "metrics",
        "notes.txt": "artifact",
        "eval/scores.jsonl": "metrics",
    }
    assert found.layout.step == "update", "in b.json, which has none, the rows are counted"


def test_a_folder_of_several_runs_is_no_sample(lab: Path) -> None:
    with LayoutBench() as bench:
        found = bench.suggest(lab / "depth")
    assert (found.found, [p.code for p in found.problems]) == (False, ["several-runs"])


def test_a_folder_of_nothing_gives_an_empty_suggestion(tmp_path: Path) -> None:
    (tmp_path / "readme.md").write_text("hello")
    with LayoutBench() as bench:
        found = bench.suggest(tmp_path)
    assert (found.found, found.layout.params, found.layout.metrics) == (False, (), ())
    assert [p for p in found.problems if p.severity is not Severity.INFO] == []


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("plain_seed1", "{name}_seed{seed:int}"),
        ("lr=0.1,bs=32", "lr={lr:number},bs={bs:int}"),
        ("net-big_opt=adam_lr=1e-3", "{name}_opt={opt}_lr={lr:number}"),
        ("seed3_resnet", "seed{seed:int}_{name}"),
        ("just a name", ""),
        ("run{x}_seed1", ""),
        ("2026-01-01_12-00", ""),
    ],
)
def test_the_name_of_the_sample_suggests_a_pattern(name: str, pattern: str) -> None:
    assert guess_path(name) == pattern
