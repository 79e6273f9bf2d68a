"""DVC repositories: states in Git's history and in the folder as DVC itself tells of them, and damage."""

from __future__ import annotations

import json
import math
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runfolio.errors import LimitReached
from runfolio.model.origin import Point, Wanted
from runfolio.model.params import nest
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers import dvc_states, git_history
from runfolio.readers.contract import Budget
from runfolio.readers.parse import parse
from runfolio.readers.places import find_place
from runfolio.readers.scanner import scan
from support.git_files import put_commit, put_ref
from support.inspected import CORPUS, claims_on, inspected_runs, recordings_of

HERE = CORPUS / "dvc"
HISTORY = json.loads((HERE / "history.json").read_text("utf-8"))
LOCK = b"""schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps:
    - {path: data.csv, md5: 21d441a28bce4417276097df955afc50, size: 2}
    params:
      params.yaml: {lr: %s}
"""
STAGES = b"stages:\n  train:\n    cmd: python train.py\n    params: [lr]\n    metrics: [m.json: {cache: false}]\n"


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repositories")
    with tarfile.open(HERE / "repositories.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def found(root: Path) -> tuple[list[Recording], list[Problem]]:
    """All recordings, several at one place among them, in their order."""
    recordings: list[Recording] = []
    problems: list[Problem] = []
    for claim in claims_on(root):
        if claim.reader == "dvc":
            parsed = parse(root, claim, Budget())
            recordings += parsed.recordings
            problems += parsed.problems
    return recordings, problems


def codes(problems: list[Problem]) -> list[str]:
    return sorted({p.code for p in problems})


def by_commit(root: Path) -> dict[str, Recording]:
    return {r.id: r for r in found(root)[0]}


def lasts(run: Recording) -> dict[str, float]:
    return {m.name: float(m.value[-1]) for m in run.metrics if not m.has_step}


def as_dvc_names(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The numbers in what DVC says of each file, names that several files have with the file before them."""
    flat: list[tuple[str, str, float]] = []
    for file, tree in metrics.items():
        stack = [("", tree)]
        while stack:
            prefix, below = stack.pop()
            for key, value in below.items():
                if isinstance(value, dict):
                    stack.append((f"{prefix}{key}.", value))
                else:
                    flat.append((file, prefix + key, math.nan if value == "NaN" else float(value)))
    names = [name for _, name, _ in flat]
    return {(name if names.count(name) == 1 else f"{file}:{name}"): value for file, name, value in flat}


def same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return one.keys() == other.keys() and all(
        one[k] == other[k] or (math.isnan(one[k]) and math.isnan(other[k])) for k in one
    )


def make(root: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with these files; returns where its history goes."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    (root / ".dvc").mkdir(exist_ok=True)
    return root / ".git"


def state(lr: str, acc: str, *, ran: str | None = None) -> dict[str, bytes]:
    return {
        "dvc.yaml": STAGES,
        "dvc.lock": LOCK % (ran or lr).encode(),
        "params.yaml": f"lr: {lr}\n".encode(),
        "m.json": f'{{"acc": {acc}}}'.encode(),
    }


# --- what DVC says ------------------------------------------------------------------------------------------------


def test_every_commit_with_results_of_its_own_is_a_run_with_the_figures_that_dvc_shows(repositories: Path) -> None:
    runs = by_commit(repositories / "pipeline")
    told = HISTORY["pipeline"]["all_commits"]
    rows = {row["rev"]: row for row in HISTORY["pipeline"]["exp_show"]}
    distinct: list[tuple[Any, Any]] = []
    for rev, row in rows.items():
        if (row["params"], row["metrics"]) not in distinct:
            distinct.append((row["params"], row["metrics"]))
        if rev in runs:
            assert same(lasts(runs[rev]), as_dvc_names(row["metrics"]))
            assert nest(runs[rev].params) == row["params"]["params.yaml"]
    assert len(runs) == len(distinct) == 8
    for rev, metrics in told.items():
        if rev in runs:
            assert same(lasts(runs[rev]), as_dvc_names(metrics))


def test_the_history_of_a_table_is_a_series_of_that_commit(repositories: Path) -> None:
    runs = by_commit(repositories / "pipeline")
    long = next(r for r in runs.values() if r.name == "b811f04 Learn slower, for longer")
    (loss,) = (m for m in long.metrics if m.name == "train_loss")
    assert loss.step.tolist() == list(range(8))
    # The last row of the table is what the metrics file says, written by the same script.
    told = HISTORY["pipeline"]["all_commits"][long.id]["metrics.json"]["train"]["loss"]
    assert loss.value[-1] == told
    assert loss.source == "history.csv in commit b811f04fc1a7"


def test_names_of_branches_tags_and_experiments_are_kept(repositories: Path) -> None:
    runs = by_commit(repositories / "pipeline")
    names = {r.name: dict(r.tags) for r in runs.values()}
    assert names == {
        "744ffda Fit a line": {"tag": "v1"},
        "ece4c48 Learn faster": {},
        "b811f04 Learn slower, for longer": {"branch": "slow"},
        "f9ea0e9 Plan another rate": {"branch": "main"},
        "f7936f6 After packing": {"branch": "late"},
        "fast": {"experiment": "fast"},
        "many": {"experiment": "many"},
        "workspace": {},
    }
    fast = next(r for r in runs.values() if r.name == "fast")
    baseline = next(r for r in runs.values() if r.name == "f9ea0e9 Plan another rate")
    assert fast.parent_id == baseline.id
    assert (fast.facts["user"], fast.identity) == ("Ada Example", f"dvc:{fast.id}")


def test_times_are_those_of_the_author_in_utc(repositories: Path) -> None:
    first = next(r for r in found(repositories / "pipeline")[0] if r.name == "744ffda Fit a line")
    assert first.extra["authored_at"] == "2026-03-01T09:00:00.000Z"  # written at 10:00 +0100
    assert (first.ended_us, first.extra["commits_with_it"]) == (None, 2)


def test_params_that_were_changed_after_the_run_are_told(repositories: Path) -> None:
    (problem,) = (p for r in found(repositories / "pipeline")[0] for p in r.problems)
    assert problem.code == "stale-results"
    assert "train.lr is 0.7, the stage ran with 0.5" in problem.message


def test_what_is_not_committed_is_a_run_of_its_own(repositories: Path) -> None:
    (here,) = (r for r in found(repositories / "pipeline")[0] if not r.identity)
    row = next(r for r in HISTORY["pipeline"]["exp_show"] if r["rev"] == "workspace")
    assert same(lasts(here), as_dvc_names(row["metrics"]))
    assert (here.facts["git.dirty"], here.facts["git.branch"]) == ("true", "late")
    assert {d.name: d.digest for d in here.datasets} == {
        name: f"md5:{row['deps'][name]}" for name in ("data/raw.csv", "data/prepared.csv")
    }


def test_pipelines_of_one_repository_have_runs_of_their_own(repositories: Path) -> None:
    runs = found(repositories / "mono")[0]
    told = HISTORY["mono"]["all_commits"]
    got = {(r.id.partition(":")[0], r.extra["pipeline"]): lasts(r)["score"] for r in runs}
    first, second = sorted(set(told) - {"workspace"}, key=lambda rev: told[rev]["a/out/scores.json"]["score"])
    assert got == {
        (first, "a"): told[first]["a/out/scores.json"]["score"],
        (first, "b"): told[first]["b/out/scores.json"]["score"],
        (second, "a"): told[second]["a/out/scores.json"]["score"],
    }


def test_a_run_of_dvclive_and_its_commit_are_one_run(repositories: Path) -> None:
    runs = inspected_runs(repositories / "live")
    rows = json.loads((CORPUS / "dvclive" / "expected.json").read_text("utf-8"))["extra"]["dvc_exp_show"]
    told = {row["Experiment"]: (row["train.lr"], row["train.acc"]) for row in rows if row["Experiment"]}
    recordings, _ = found(repositories / "live")
    got = {r.name: (values(r)["train.lr"], lasts_of_series(r)["train/acc"]) for r in recordings}
    assert {name: got[name] for name in told} == told
    assert runs["dvclive"]["name"] == "warm-cow"  # what the folder holds is that experiment, applied
    assert len(recordings) == 3


def values(run: Recording) -> dict[str, Any]:
    return {p.key: p.value for p in run.params}


def lasts_of_series(run: Recording) -> dict[str, float]:
    return {m.name: float(m.value[-1]) for m in run.metrics}


# --- what is claimed -------------------------------------------------------------------------------------------------


def test_an_ordinary_repository_is_not_looked_into(tmp_path: Path) -> None:
    put_commit(tmp_path / ".git", {"dvc.yaml": STAGES})
    (tmp_path / "main.py").write_text("print()")
    assert claims_on(tmp_path) == []


def test_only_the_repository_claims_what_is_in_it(tmp_path: Path) -> None:
    make(tmp_path, {"sub/dvc.yaml": STAGES, "sub/dvc.lock": LOCK % b"1", "sub/m.json": b'{"acc": 1}'})
    assert [(c.reader, c.path) for c in claims_on(tmp_path) if c.reader == "dvc"] == [("dvc", "")]


def test_new_commits_and_changed_metrics_change_the_fingerprint(tmp_path: Path) -> None:
    files = {**state("1", "0.5"), "dvc.yaml": STAGES.replace(b"m.json", b"out/m.json"), "out/m.json": b'{"acc": 1}'}
    git = make(tmp_path, files)
    first = put_commit(git, files)

    def mark() -> str:
        (unit,) = (u for u in scan(tmp_path) if not isinstance(u, Problem) and u.claim.reader == "dvc")
        return unit.fingerprint

    before = mark()
    assert mark() == before
    (tmp_path / "out" / "m.json").write_bytes(b'{"acc": 0.25}')
    changed = mark()
    assert changed != before
    put_commit(git, state("2", "0.75"), [first])
    assert mark() != changed


# --- without a tidy history ------------------------------------------------------------------------------------------


def test_commits_that_change_neither_params_nor_metrics_are_no_runs(tmp_path: Path) -> None:
    git = make(tmp_path, {})
    first = put_commit(git, state("0.1", "0.5"), at=1_000_000_000, subject="first")
    # A comment, another spelling of spaces, and a file that is none of DVC's.
    spelled = {**state("0.1", "0.5"), "params.yaml": b"# why\nlr:   0.1\n", "README.md": b"hello"}
    second = put_commit(git, spelled, [first], at=1_000_000_100, subject="second")
    put_commit(git, state("0.2", "0.6"), [second], at=1_000_000_200, subject="third")
    runs, _ = found(tmp_path)
    assert [(r.extra["message"], r.extra["commits_with_it"]) for r in runs] == [("first", 2), ("third", 1)]


def test_the_walk_is_bounded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = make(tmp_path, {})
    parent: list[str] = []
    for n in range(5):
        parent = [put_commit(git, state(f"0.{n + 1}", "0.5"), parent, at=1_000_000_000 + n)]
    monkeypatch.setattr(dvc_states, "MOST_STATES", 3)
    runs, problems = found(tmp_path)
    assert [values(r)["lr"] for r in runs] == [0.3, 0.4, 0.5]
    assert codes(problems) == ["history-bounded"]
    monkeypatch.undo()
    assert len(found(tmp_path)[0]) == 5
    assert git_history.MOST_COMMITS == 20_000


def test_when_the_time_is_over_what_was_found_is_shown(tmp_path: Path) -> None:
    class Short(Budget):
        left = 8

        def check(self, where: str = "") -> None:
            Short.left -= 1
            if Short.left < 0:
                raise LimitReached("The time is over", where=where)

    git = make(tmp_path, state("0.9", "0.9"))
    parent: list[str] = []
    for n in range(5):
        parent = [put_commit(git, state(f"0.{n + 1}", "0.5"), parent, at=1_000_000_000 + n)]
    (claim,) = claims_on(tmp_path)
    parsed = parse(tmp_path, claim, Short())
    assert [values(r)["lr"] for r in parsed.recordings] == [0.4, 0.5]
    assert (parsed.failed, codes([*parsed.problems])) == (False, ["history-bounded"])


def test_experiments_hang_below_their_baseline(tmp_path: Path) -> None:
    git = make(tmp_path, {})
    base = put_commit(git, state("0.1", "0.5"), at=1_000_000_000)
    tried = put_commit(git, state("0.2", "0.6"), [base], at=1_000_000_100, branch=None)
    put_ref(git, f"refs/exps/{base[:2]}/{base[2:]}/red-fox", tried)
    half = put_commit(git, state("0.3", "0.1"), [base], at=1_000_000_200, branch=None)
    put_ref(git, "refs/exps/stash", half)  # what DVC keeps for itself is no experiment
    runs = {r.id: r for r in found(tmp_path)[0]}
    assert {*runs} == {base, tried}
    assert (runs[tried].name, runs[tried].parent_id) == ("red-fox", base)


def test_a_lost_object_costs_its_commit_and_is_told(tmp_path: Path) -> None:
    git = make(tmp_path, {})
    first = put_commit(git, state("0.1", "0.5"), at=1_000_000_000)
    second = put_commit(git, state("0.2", "0.6"), [first], at=1_000_000_100)
    third = put_commit(git, state("0.3", "0.7"), [second], at=1_000_000_200)
    (git / "objects" / second[:2] / second[2:]).write_bytes(b"\x78\x9cjunk")
    runs, problems = found(tmp_path)
    # What comes before the damaged commit is not reached.
    assert [r.id for r in runs] == [third]
    assert codes(problems) == ["git-object-damaged"]


@pytest.mark.parametrize("name", ["params.yaml", "m.json", "dvc.lock", "dvc.yaml"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00broken", b'{"acc": 0.', b"[" * 500, b"- 1\n- 2\n", b"lr: &a [*a]\n", b"\0" * 100]
)
def test_damaged_files_in_a_commit_cost_themselves(tmp_path: Path, name: str, content: bytes) -> None:
    git = make(tmp_path, {})
    first = put_commit(git, state("0.1", "0.5"), at=1_000_000_000)
    put_commit(git, {**state("0.2", "0.6"), name: content}, [first], at=1_000_000_100)
    runs, _ = found(tmp_path)
    assert runs[0].id == first
    assert lasts(runs[0]) == {"acc": 0.5}


def test_a_file_past_the_limit_is_not_read(tmp_path: Path) -> None:
    git = make(tmp_path, {})
    put_commit(git, {**state("0.1", "0.5"), "params.yaml": b"lr: 0.1\n" + b"#" * (17 << 20)})
    (run,), _ = found(tmp_path)
    assert lasts(run) == {"acc": 0.5}
    assert "unreadable-file" in [p.code for p in run.problems]


@pytest.mark.parametrize("link", ["objects", "refs", ".git"])
def test_nothing_outside_is_read_through_a_link(tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    git = make(tmp_path / "inside", state("0.5", "0.5"))
    put_commit(git, state("0.1", "0.9"))
    target = git if link == ".git" else git / link
    shutil.move(target, outside)
    target.symlink_to(outside)
    assert all(r.id == "" or r.path == "" for r in found(tmp_path / "inside")[0])
    assert [lasts(r)["acc"] for r in found(tmp_path / "inside")[0]] == [0.5]


def test_alternates_and_work_trees_elsewhere_are_told_and_not_followed(tmp_path: Path) -> None:
    git = make(tmp_path / "one", state("0.5", "0.5"))
    put_commit(git, state("0.1", "0.9"))
    make(tmp_path / "two", state("0.5", "0.5"))
    (tmp_path / "two" / ".git").write_text(f"gitdir: {git}\n")
    make(tmp_path / "three", state("0.5", "0.5"))
    shutil.copytree(git / "refs", tmp_path / "three" / ".git" / "refs")
    (tmp_path / "three" / ".git" / "objects" / "info").mkdir(parents=True)
    (tmp_path / "three" / ".git" / "objects" / "info" / "alternates").write_text(f"{git}/objects\n")
    for name, code in (("two", "git-elsewhere"), ("three", "git-alternates")):
        runs, problems = found(tmp_path / name)
        assert [lasts(r)["acc"] for r in runs] == [0.5]
        assert code in codes(problems)


def test_settings_and_hooks_of_a_repository_are_not_run(tmp_path: Path) -> None:
    git = make(tmp_path, {})
    put_commit(git, state("0.1", "0.5"))
    trap = tmp_path / "sprung"
    (git / "config").write_text(
        f"[core]\n\tfsmonitor = touch {trap}\n\tsshCommand = touch {trap}\n[include]\n\tpath=/x\n"
    )
    (git / "hooks").mkdir()
    (git / "hooks" / "post-checkout").write_text(f"#!/bin/sh\ntouch {trap}\n")
    (git / "hooks" / "post-checkout").chmod(0o755)
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    assert len(found(tmp_path)[0]) == 1
    assert sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*")) == before
    assert not trap.exists()


# --- DVC's own files -------------------------------------------------------------------------------------------------


def test_paths_that_climb_out_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"acc": 1}')
    yaml = b"stages:\n  t:\n    wdir: ../..\n    metrics: [../secret.json, /etc/passwd, 'C:\\x.json', m.json]\n"
    make(tmp_path / "in", {**state("1", "0.5"), "dvc.yaml": yaml})
    (run,), _ = found(tmp_path / "in")
    assert lasts(run) == {"acc": 0.5}


def test_metrics_in_the_cache_are_read_and_checked(repositories: Path, tmp_path: Path) -> None:
    shutil.copytree(repositories / "pipeline", tmp_path / "p")
    told = HISTORY["pipeline"]["all_commits"]["ece4c481850334b2dd2cd0ebd74b90f4c6355758"]
    for file in (tmp_path / "p" / ".dvc" / "cache").rglob("*"):
        if file.is_file() and str(told["reports/evaluation.json"]["mae"]) in file.read_text():
            file.chmod(0o644)
            file.write_text('{"mae": 0.0, "rows": 20}')
            break
    run = by_commit(tmp_path / "p")["ece4c481850334b2dd2cd0ebd74b90f4c6355758"]
    assert "mae" not in lasts(run)
    assert [p.code for p in run.problems] == ["unreadable-file"]
    shutil.rmtree(tmp_path / "p" / ".dvc" / "cache")
    run = by_commit(tmp_path / "p")["ece4c481850334b2dd2cd0ebd74b90f4c6355758"]
    assert [p.code for p in run.problems] == ["not-in-cache"]


def test_the_format_before_1_0_is_read(tmp_path: Path) -> None:
    single = b"""cmd: python train.py
deps:
- {md5: 21d441a28bce4417276097df955afc50, path: data.csv}
outs:
- {md5: 55504df73644fec8f462901f0c14038e, path: m.json, metric: true, cache: false}
"""
    make(tmp_path, {"train.dvc": single, "m.json": b'{"acc": 0.5}'})
    (run,), _ = found(tmp_path)
    assert lasts(run) == {"acc": 0.5}
    assert [(d.name, d.digest) for d in run.datasets] == [("data.csv", "md5:21d441a28bce4417276097df955afc50")]


def test_data_alone_is_no_run(tmp_path: Path) -> None:
    make(tmp_path, {"data.csv.dvc": b"outs:\n- {md5: 21d441a28bce4417276097df955afc50, path: data.csv}\n"})
    runs, problems = found(tmp_path)
    assert (runs, codes(problems)) == ([], ["no-dvc-results"])


def test_a_pipeline_without_git_is_what_lies_in_the_folder(tmp_path: Path) -> None:
    make(tmp_path / "a", state("0.1", "0.5"))
    (tmp_path / "a" / ".dvc").rmdir()
    recordings, _ = recordings_of(tmp_path, "dvc")
    assert lasts(recordings["a"]) == {"acc": 0.5}
    assert [c.reader for c in claims_on(tmp_path)] == ["dvc"]


def test_a_figure_of_a_commit_is_not_looked_for_in_the_file_of_today(repositories: Path) -> None:
    run = next(r for r in found(repositories / "pipeline")[0] if r.name == "744ffda Fit a line")
    (loss,) = (m for m in run.metrics if m.name == "train.loss")
    wanted = Wanted("train.loss", point=Point(None, float(loss.value[0]), None, 0))
    place = find_place(repositories / "pipeline", "", "dvc", loss.source, wanted, 10.0)
    assert place is not None
    assert (place.file, place.words) == ("metrics.json", "as it is in commit 744ffdafacd5, read from Git's history")
    for param in run.params:
        # Another commit, or the folder, may give the same name another value.
        there = find_place(repositories / "pipeline", "", "dvc", param.source, Wanted(param.path[-1], param.path), 10.0)
        assert there is not None
        assert (there.file, there.line) == ("params.yaml", None)
        assert "744ffdafacd5" in there.part
