"""What is the user's is left alone, what was decided is not lost, and what was altered shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from runfolio.api import Workspace
from runfolio.errors import FilterSyntax, UsageError
from runfolio.locate import default_index, resources
from runfolio.model.stage import Stage
from runfolio.readers.pool import Limits

SAMPLES = resources() / "samples" / "runs"
ONE = Limits(workers=1)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "cluster" / "sweep"
    shutil.copytree(SAMPLES / "scripts", folder / "scripts")
    return folder


def test_an_index_replaces_no_file_that_is_none(tmp_path: Path) -> None:
    text, database = tmp_path / "thesis.txt", tmp_path / "mine.duckdb"
    text.write_text("years of work")
    with duckdb.connect(str(database)) as mine:
        mine.execute("create table meta(a int)")
        mine.execute("insert into meta values (7)")
    before = database.read_bytes()
    for file in (text, database):
        with pytest.raises(UsageError, match="left alone"):
            Workspace.open(file, tmp_path / "ledger")
    assert text.read_text() == "years of work"
    assert database.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["mine.duckdb", "thesis.txt"]


def test_nothing_is_written_into_a_folder_of_runs(runs: Path, tmp_path: Path) -> None:
    params = runs / "scripts" / "try-wide" / "params.json"
    before = params.read_bytes()
    (tmp_path / "link").symlink_to(runs)
    with Workspace.open(limits=ONE) as ws:
        ws.index([runs])
        keys = ws.run_keys()
        for target in (params, runs / "new.html", tmp_path / "link" / "new.html"):
            with pytest.raises(UsageError, match="inside a folder of runs"):
                ws.export_report(keys, target)
        with pytest.raises(UsageError, match="HTML"):
            ws.export_report(keys, tmp_path / "report.json")
        assert ws.export_report(keys, tmp_path / "report.html").is_file()
    assert params.read_bytes() == before


def test_a_deleted_index_is_rebuilt_from_the_same_folders(runs: Path) -> None:
    with Workspace.open(limits=ONE) as ws:
        ws.index([runs])
        before = {r.key: r.name for r in ws.runs(ws.run_keys())}
    default_index().unlink()
    with Workspace.open(limits=ONE) as ws:
        assert [Path(s.path) for s in ws.sources()] == [runs]
        ws.index()
        assert {r.key: r.name for r in ws.runs(ws.run_keys())} == before


def test_a_run_without_an_id_keeps_its_tags_when_its_folder_is_renamed_or_seen_from_above(runs: Path) -> None:
    with Workspace.open(limits=ONE) as ws:
        ws.index([runs])
        key = ws.resolve_run("try-wide")
        ws.tag([key], add=["keep"])
        ws.promote(key, Stage.STAGING, reason="good", model="m")
        (runs / "scripts" / "try-wide").rename(runs / "scripts" / "renamed")
        ws.index()
        assert [r.path for r in ws.find_runs("tag = keep and stage = staging")] == ["scripts/renamed"]
    default_index().unlink()
    shutil.rmtree(default_index().parent.parent / "data" / "library.json", ignore_errors=True)
    (default_index().parent.parent / "data" / "library.json").unlink(missing_ok=True)
    with Workspace.open(limits=ONE) as ws:
        ws.index([runs / "scripts"])
        assert [r.path for r in ws.find_runs("tag = keep")] == ["renamed"]


def test_a_folder_inside_one_of_the_library_is_not_listed_twice(runs: Path) -> None:
    with Workspace.open(limits=ONE) as ws:
        ws.index([runs / "scripts"])
        ws.index([runs])
        assert [Path(s.path) for s in ws.sources()] == [runs]
        assert len(ws.run_keys()) == 2
        with pytest.raises(UsageError, match="in the library already"):
            ws.index([runs / "scripts"])


def test_a_folder_of_the_library_under_another_name_is_that_folder(runs: Path) -> None:
    link = runs.with_name("link")
    link.symlink_to(runs)
    with Workspace.open(limits=ONE) as ws:
        source = ws.add_source(runs / "scripts" / ".." / ".." / runs.name)
        assert source.path == str(runs)
        for name in (runs, link, runs / ".." / runs.name):
            assert ws.add_source(name).id == source.id
        ws.index([link])
        assert [s.path for s in ws.sources()] == [str(runs)]
        assert len(ws.run_keys()) == 2
        with pytest.raises(UsageError, match="in the library already"):
            ws.index([link / "scripts"])


def test_hundreds_of_alternatives_are_a_filter(runs: Path) -> None:
    with Workspace.open(limits=ONE) as ws:
        ws.index([runs])
        assert len(ws.find_runs(" or ".join(["seed=3"] * 900))) == 2
        with pytest.raises(FilterSyntax, match="at most 64 free words"):
            ws.find_runs(" or ".join(["try"] * 1000))
