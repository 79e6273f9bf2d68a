"""What was looked at beside the files of a claim counts in a second look, and nothing that was not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from runfolio.readers import looks
from runfolio.readers.contract import Claim, Strength
from runfolio.readers.folder import Folder
from runfolio.readers.sights import Beside, Besides, beside
from runfolio.readers.trace import Trace
from support.inspected import CORPUS
from support.second_look import Place, ReadOnce


@pytest.fixture(autouse=True)
def all_is_kept() -> Iterator[None]:
    """Also what was written moments ago."""
    with patch.object(looks, "_TICK_NS", -(10**18)):
        yield


def only(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def gone(files: Iterable[Path]) -> None:
    for file in [*files]:
        file.unlink()


def replaced(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def after(root: Path, change: Callable[[Path], object]) -> tuple[ReadOnce, set[Place]]:
    """What a second look reads after a change, which is what gives something else than before."""
    read = ReadOnce(root)
    assert read.found_changed() == set()
    change(root)
    changed = read.found_changed()
    other = {place for place in read.last if read.read_again(place) != read.told[place]}
    assert other <= changed
    return read, changed


CASES: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    # Name: folder of the corpus that is the root, the format to be read again, the change.
    "stage of a version": (
        "mlflow_registry/runs/v3_17_files",
        "mlflow_file",
        lambda r: replaced(r / "mlruns/models/Reg Model/version-1/meta.yaml", "current_stage: ", "current_stage: X"),
    ),
    "description of a version": (
        "mlflow_registry/runs/v3_17_files",
        "mlflow_file",
        lambda r: replaced(r / "mlruns/models/Reg Model/version-2/meta.yaml", "description: ", "description: X"),
    ),
    "alias of a version": (
        "mlflow_registry/runs/v3_17_files",
        "mlflow_file",
        lambda r: put(r / "mlruns/models/Reg Model/aliases/late", "1"),
    ),
    "alias that moved": (
        "mlflow_registry/runs/v3_17_files",
        "mlflow_file",
        lambda r: put(r / "mlruns/models/Reg Model/aliases/champion", "1"),
    ),
    "tag of a version": (
        "mlflow_registry/runs/v3_17_files",
        "mlflow_file",
        lambda r: put(r / "mlruns/models/Reg Model/version-1/tags/late", "yes"),
    ),
    "version that came": (
        "mlflow_registry/runs/v3_17_files",
        "mlflow_file",
        lambda r: shutil.copytree(r / "mlruns/models/Reg Model/version-2", r / "mlruns/models/Reg Model/version-7"),
    ),
    "tag of an experiment": (
        "mlflow_file/runs/v3_17",
        "mlflow_file",
        lambda r: put(only(r, "mlruns/9*/tags/team"), "others"),
    ),
    "new tag of an experiment": (
        "mlflow_file/runs/v2_22",
        "mlflow_file",
        lambda r: put(only(r, "mlruns/[1-9]*") / "tags/late", "yes"),
    ),
    "data set of MLflow": (
        "mlflow_file/runs/v3_17",
        "mlflow_file",
        lambda r: replaced(only(r, "mlruns/9*/datasets/da23*/meta.yaml"), "digest: ", "digest: a"),
    ),
    "data set of MLflow that went": (
        "mlflow_file/runs/v2_22",
        "mlflow_file",
        lambda r: gone(r.glob("mlruns/*/datasets/f451*/meta.yaml")),
    ),
    "artifact of a database": (
        "mlflow_sqlite/runs/v2_22",
        "mlflow_sqlite",
        lambda r: put(only(r, "mlartifacts/263*/artifacts") / "late.txt", "x"),
    ),
    "dvc.lock above DVCLive": (
        "dvclive/runs",
        "dvclive",
        lambda r: replaced(r / "dvcrepo/dvc.lock", "md5: ", "md5: 0"),
    ),
    "content of Metaflow": (
        "metaflow/runs",
        "metaflow",
        lambda r: gone(r.glob(".metaflow/*/data/1*/*")),
    ),
    "artifact of a plain folder": (
        "generic/runs/r01_params_csv",
        "generic",
        lambda r: put(r / "plots" / "loss.txt", "x"),
    ),
    "model of SB3": (
        "sb3/runs",
        "sb3",
        lambda r: put(r / "ppo_cartpole_1/best/later.zip", "x"),
    ),
    "log of the HF Trainer": (
        "hf_trainer/runs/out/tb",
        "hf_trainer",
        lambda r: put(only(r, "runs/*") / "notes.txt", "x"),
    ),
    "log of Keras": (
        "keras/runs",
        "keras",
        lambda r: put(r / "logs/lr 0.1/tb/train/late.txt", "x"),
    ),
    "model of MMEngine": (
        "mmengine/runs",
        "mmengine",
        lambda r: put(r / "work_dirs/iris_a/epoch_3.pth", "x"),
    ),
    "link in a folder of files": (
        "sb3/runs",
        "sb3",
        lambda r: (r / "ppo_cartpole_1/best/link").symlink_to("nowhere"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_result_hangs_on_is_seen_to_change(tmp_path: Path, case: str) -> None:
    folder, reader, change = CASES[case]
    shutil.copytree(CORPUS / folder, tmp_path / "tree", symlinks=True)
    read, changed = after(tmp_path / "tree", change)
    other = {place for place in changed if read.read_again(place) != read.told[place]}
    assert reader in {name for _, name in other}


def test_params_of_a_kedro_project_count(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    version = root / "data/09_tracking/metrics.json/2026-01-01T05.15.12.464Z/metrics.json"
    put(version, '{"loss": 0.5}')
    put(root / "conf/base/parameters.yml", "lr: 0.1\n")
    _, changed = after(root, lambda r: put(r / "conf/base/parameters.yml", "lr: 0.01\n"))
    assert ("data", "kedro") in changed


def test_what_comes_into_the_cache_of_dvc_is_seen(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    shutil.copytree(CORPUS / "dvc" / "runs", root)
    digest = "0" * 32
    lock = root / "pipeline" / "dvc.lock"
    assert "outs:" in lock.read_text()
    _, changed = after(root, lambda r: put(r / "pipeline/.dvc/cache/files/md5" / digest[:2] / digest[2:], "x"))
    assert ("pipeline", "dvc") in changed


def test_a_run_beside_others_is_no_reason_to_read_them(tmp_path: Path) -> None:
    """A store has thousands; each that comes changes the folder that all of them lie in."""
    root = tmp_path / "tree"
    for name in ("mlflow_file/runs/v3_17", "metaflow/runs", "swanlab/runs", "ray_tune/runs", "wandb_offline/runs"):
        shutil.copytree(CORPUS / name, root / name.partition("/")[0], symlinks=True)
    read = ReadOnce(root)
    above = {Path(path).parent for path, _ in read.last}
    for folder in sorted(above):
        (root / folder / "another").mkdir()
    assert read.found_changed() == set()


# --- what is noted -------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("run/a.txt", "run/sub/b.txt", "beside/c.txt", "run/big/d.txt"):
        put(tmp_path / name, name)
    return tmp_path


CLAIM = Claim("mine", "run", Strength.LAYOUT, "", frozenset({"a.txt"}))


def noted(tree: Path, look: Callable[[Folder], object], claim: Claim = CLAIM) -> Beside:
    trace = Trace()
    look(Folder(tree, claim.path, trace=trace))
    found = beside(trace, claim)
    assert Besides(tree).is_same(claim.path, found)
    return found


def test_the_files_of_a_claim_are_left_to_its_fingerprint(tree: Path) -> None:
    assert noted(tree, lambda f: f.read("a.txt", 100)) == Beside()
    deep = Claim("mine", "run", Strength.LAYOUT, "", frozenset({"a.txt"}), frozenset({"sub"}), deep=True)
    assert noted(tree, lambda f: [*f.sub("sub").files.values()], deep) == Beside()
    whole = Claim("mine", "run", Strength.LAYOUT, "", frozenset(), None, deep=True)
    assert noted(tree, lambda f: [*f.files, *f.sub("big").files], whole) == Beside()


LOOKS: dict[str, Callable[[Folder], object]] = {
    "read": lambda f: f.at("beside").read("c.txt", 100),
    "head": lambda f: f.at("beside").head("c.txt"),
    "read_many": lambda f: [*f.at("beside").read_many(["c.txt"], 100)],
    "entry": lambda f: f.at("beside").entry("c.txt"),
    "size": lambda f: f.at("beside").files["c.txt"].size,
    "sizes": lambda f: [*f.at("beside").files.values()],
    "above": lambda f: (f.parent() or f).sub("beside").read("c.txt", 100),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("change", ["longer", "gone", "link"])
def test_a_file_that_was_looked_at_counts(tree: Path, look: str, change: str) -> None:
    found = noted(tree, LOOKS[look])
    file = tree / "beside/c.txt"
    (tree / "beside" / "more.txt").touch()
    assert Besides(tree).is_same("run", found) == (look != "sizes")
    (tree / "beside" / "more.txt").unlink()
    if change == "longer":
        file.write_text("other content")
    else:
        file.rename(tree / "elsewhere")
        if change == "link":
            file.symlink_to(tree / "elsewhere")
    assert not Besides(tree).is_same("run", found)
    assert not Besides(tree).is_same("run", found, elsewhere=True)


def missing(folder: Folder, name: str) -> None:
    with pytest.raises(Exception, match="Cannot be opened"):
        folder.read(name, 100)


@pytest.mark.parametrize(
    ("look", "comes"),
    [
        (lambda f: missing(f.at("beside"), "late.txt"), "beside/late.txt"),
        (lambda f: missing(f.at("nowhere"), "late.txt"), "nowhere/late.txt"),
        (lambda f: f.at("beside").entry("late.txt"), "beside/late.txt"),
        (lambda f: "late.txt" in f.at("beside").files, "beside/late.txt"),
        (lambda f: "late" in f.at("beside").folders, "beside/late/x"),
        (lambda f: [*f.at("beside").folders], "beside/late/x"),
        (lambda f: [*f.at("beside").files], "beside/late.txt"),
        (lambda f: f.at("beside").holding("x"), "beside/late/x"),
        (lambda f: f.at("beside/late").is_there, "beside/late/x"),
        (lambda f: [*f.sub("big").files], "run/big/late.txt"),
        (lambda f: [*f.files], "run/late.txt"),
    ],
)
def test_what_was_not_there_counts_too(tree: Path, look: Callable[[Folder], object], comes: str) -> None:
    found = noted(tree, look)
    assert Besides(tree).is_same("run", found)
    put(tree / comes, "x")
    assert not Besides(tree).is_same("run", found)


def test_a_file_that_changes_while_it_is_read_is_read_again(tree: Path) -> None:
    def look(folder: Folder) -> None:
        with folder.at("beside").open("c.txt"):
            put(tree / "beside/c.txt", "something else")

    trace = Trace()
    look(Folder(tree, "run", trace=trace))
    assert not Besides(tree).is_same("run", beside(trace, CLAIM))


def test_times_of_access_and_of_folders_do_not_count(tree: Path) -> None:
    found = noted(tree, lambda f: [*f.at("beside").files.values(), *f.at("beside").folders])
    before = (tree / "beside/c.txt").stat()
    os.utime(tree / "beside/c.txt", ns=(1, before.st_mtime_ns))
    os.utime(tree / "beside", (1, 1))
    assert Besides(tree).is_same("run", found)
