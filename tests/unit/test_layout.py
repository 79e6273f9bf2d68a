"""Layout files: what they say comes back, and what they may not say is refused by file, key and what is allowed."""

from __future__ import annotations

import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from runfolio.errors import FolderUnreadable, NotFound, RunfolioError, UsageError
from runfolio.model.layout import (
    Layout,
    Role,
    check_layout,
    is_layout_name,
    layout_from,
    layout_of,
    recipe_of,
    tree_of,
)
from runfolio.readers.layout_files import (
    MOST_LAYOUTS,
    layout_text,
    parse_layout,
    read_layout,
    remove_layout,
    save_layout,
    saved_layout,
    saved_layouts,
)
from support.lab import LAYOUT

EVERYTHING = Layout(
    name="our trainer",
    about='Says "so" – for all',
    path="{experiment}/lr={lr:number}/{name}-*",
    params=("run.ini", "conf/*.yaml"),
    metrics=("log.tsv", "logs/*.jsonl"),
    artifacts=("**/*.pt",),
    ignore=("*.tmp", "cache/**"),
    step="it",
    time="",
    columns=("loss", "val/*"),
    file_prefix=True,
    incomplete=True,
    beside_trackers=True,
)
SIMPLE = Layout("simple", metrics=("log.csv",))


# --- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [EVERYTHING, SIMPLE, replace(SIMPLE, artifacts=(), step="")])
def test_a_layout_comes_back_from_its_file_and_from_its_recipe(layout: Layout) -> None:
    assert parse_layout(layout_text(layout).encode(), "x.toml") == layout
    assert layout_from(recipe_of(layout)) == replace(layout, about="")


def test_a_file_written_by_hand_says_what_it_says() -> None:
    layout = parse_layout(LAYOUT.encode(), "lab.toml")
    assert layout == Layout(
        "lab",
        "Runs of our own script",
        "{experiment}/{name}_seed{seed:int}",
        ("run.ini",),
        ("log.tsv",),
        ignore=("*.tmp",),
        step="it",
        time="when",
        columns=("loss", "acc*"),
    )
    assert tree_of(layout) == tomllib.loads(LAYOUT)


def test_comments_and_order_of_a_file_stay_when_it_is_saved_again(tmp_path: Path) -> None:
    tmp_path.joinpath("mine.toml").write_text("# for Jo\n" + LAYOUT.replace('step = "it"', 'step = "it" # not epoch'))
    layout = parse_layout(LAYOUT.encode(), "")
    path = save_layout(replace(layout, step="epoch", columns=None, path=""), tmp_path)
    assert path == tmp_path / "mine.toml"
    text = path.read_text()
    assert text.startswith("# for Jo\n")
    assert 'step = "epoch" # not epoch' in text
    assert read_layout(path) == replace(layout, step="epoch", columns=None, path="")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]


def test_what_only_people_read_is_no_part_of_the_recipe() -> None:
    assert recipe_of(SIMPLE) == recipe_of(replace(SIMPLE, about="another"))
    for change in ({"step": "it"}, {"columns": ("a",)}, {"path": "{name}"}, {"incomplete": True}, {"artifacts": ()}):
        assert recipe_of(replace(SIMPLE, **change)) != recipe_of(SIMPLE)


def test_the_role_of_a_file_is_by_the_first_pattern_that_fits() -> None:
    layout = replace(SIMPLE, params=("*.json",), ignore=("a*.json", "cache/**"), artifacts=("*.pt", "**/*.png"))
    roles = {
        name: layout.role_of(name)
        for name in ("b.json", "a.json", "log.csv", "m.pt", "x/y/z.png", "x.bin", "cache/a/log.csv")
    }
    assert roles == {
        "b.json": Role.PARAMS,
        "a.json": Role.IGNORED,
        "log.csv": Role.METRICS,
        "m.pt": Role.ARTIFACT,
        "x/y/z.png": Role.ARTIFACT,
        "x.bin": Role.IGNORED,
        "cache/a/log.csv": Role.IGNORED,
    }


# --- what is refused -------------------------------------------------------------------------------------------------

HEAD = 'runfolio_layout = 1\nname = "a"\n'
FILES = '[files]\nmetrics = ["log.csv"]\n'


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("", "runfolio_layout", "first line"),
        ("runfolio_layout = true\n", "runfolio_layout", "first line"),
        (f'runfolio_layout = 9\nname = "a"\n{FILES}', "runfolio_layout is 9", "version 1"),
        (f"runfolio_layout = 1\n{FILES}", "name: it is missing", "a to z"),
        (f'runfolio_layout = 1\nname = "../a"\n{FILES}', "name:", "a to z"),
        (f'runfolio_layout = 1\nname = "a."\n{FILES}', "name:", "a to z"),
        (f"runfolio_layout = 1\nname = 3\n{FILES}", "name:", "text of one line"),
        (HEAD, "neither params nor metrics", "params = "),
        (f"{HEAD}files = 3\n", "files: it has to be a table", "[files]"),
        (f'{HEAD}[files]\nmetrics = "log.csv"\n', "files.metrics", "list of texts"),
        (f"{HEAD}[files]\nmetrics = [3]\n", "files.metrics", "list of texts"),
        (f'{HEAD}[files]\nmetric = ["log.csv"]\n', "files.metric is no key", "params, metrics, artifacts, ignore"),
        (f"{HEAD}{FILES}[run]\n", "run is no key", "runs, files, metrics"),
        (f'{HEAD}{FILES}[metrics]\nstep = "a"\ntime = "a"\n', "metrics.time", "the step already"),
        (f"{HEAD}{FILES}[metrics]\nstep = 3\n", "metrics.step", "text of one line"),
        (f"{HEAD}{FILES}[metrics]\ncolumns = []\n", "metrics.columns", "leave it out"),
        (f"{HEAD}{FILES}[metrics]\nfile_prefix = 1\n", "metrics.file_prefix", "true or false"),
        (f'{HEAD}{FILES}[runs]\npath = "{{name"\n', "runs.path: A { is never closed", "{{"),
        (f'{HEAD}{FILES}[runs]\npath = "{{a}}{{b}}"\n', "runs.path", "text between them"),
        (f'{HEAD}{FILES}[runs]\npath = "{{a:date}}"\n', "'date' is not a kind", "int, number, word"),
        (f'{HEAD}{FILES}[runs]\npath = "{{a}}_{{a}}"\n', "twice", "another name"),
        (f'{HEAD}{FILES}[runs]\npath = "../{{name}}"\n', "runs.path", "names of folders"),
        (f'{HEAD}{FILES}[runs]\npath = "/{{name}}"\n', "runs.path", "names of folders"),
        (f'{HEAD}[files]\nmetrics = ["../log.csv"]\n', "'../log.csv' is no file", "in the run's folder"),
        (f'{HEAD}[files]\nmetrics = ["/etc/passwd"]\n', "'/etc/passwd' is no file", "in the run's folder"),
        (f'{HEAD}[files]\nmetrics = ["C:/log.csv"]\n', "'C:/log.csv' is no file", "in the run's folder"),
        (f"{HEAD}[files]\nmetrics = ['a\\..\\b']\n", "is no file", "in the run's folder"),
        (f'{HEAD}[files]\nmetrics = ["**/log.csv"]\n', "any depth", "logs/*.csv"),
        (f'{HEAD}[files]\nmetrics = ["a**.csv"]\n', "stars", "one *"),
        (f'{HEAD}[files]\nmetrics = ["{"a/" * 9}b"]\n', "10 parts", "at most 8"),
        (f'{HEAD}[files]\nmetrics = ["{"a" * 300}"]\n', "300 characters", "at most 200"),
        (f"{HEAD}[files]\nmetrics = {['a'] * 40}\n", "files.metrics", "more than 32"),
        (f'{HEAD}{FILES}[metrics]\nstep = "{"a" * 300}"\n', "metrics.step", "at most 200"),
        (f"{HEAD}name = 'twice'\n", "This is not TOML", "line 3"),
        ("[" * 1_500, "not TOML", ""),
        ("[" * 50_000, "more than any layout needs", ""),
        ("a." * 20_000 + "b = 1\n", "more than any layout needs", ""),
        ("# x\n" * 40_000, "at most 65,536", ""),
        ("\xff", "Not UTF-8 at byte 0", "Save it as UTF-8"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_place_key_and_what_is_allowed(
    text: str, key: str, allowed: str
) -> None:
    started = time.process_time()
    with pytest.raises(UsageError) as caught:
        parse_layout(text.encode("latin-1"), "shared/lab.toml")
    assert caught.value.where == "shared/lab.toml"
    assert key in caught.value.message
    assert allowed in str(caught.value)
    assert time.process_time() - started < 2.0


def test_a_layout_made_in_a_dialog_is_checked_as_strictly() -> None:
    with pytest.raises(UsageError, match="neither"):
        check_layout(Layout("a"))
    with pytest.raises(UsageError, match="files: "):
        check_layout(replace(SIMPLE, params=("../x",)))
    with pytest.raises(UsageError, match="is no key"):
        layout_of({"runfolio_layout": 1, "name": "a", "run": {}})


# --- the user's folder -----------------------------------------------------------------------------------------------


def usable(folder: Path) -> list[str]:
    return [s.layout.name for s in saved_layouts(folder) if s.layout is not None]


def troubles(folder: Path) -> list[RunfolioError]:
    return [s.trouble for s in saved_layouts(folder) if s.trouble is not None]


def test_layouts_are_kept_found_by_name_and_taken_away(tmp_path: Path, user_folders_of_its_own: Path) -> None:
    assert saved_layouts() == ()
    path = save_layout(SIMPLE)
    assert path == user_folders_of_its_own / "config" / "layouts" / "simple.toml"
    save_layout(EVERYTHING)
    assert [s.layout for s in saved_layouts()] == [EVERYTHING, SIMPLE]
    assert saved_layout("Our Trainer")[1] == EVERYTHING
    save_layout(replace(SIMPLE, step="it"))
    assert saved_layout("simple") == (path, replace(SIMPLE, step="it"))
    assert remove_layout("simple") == path
    assert [s.layout for s in saved_layouts()] == [EVERYTHING]
    with pytest.raises(NotFound, match="There is no layout 'simple'") as caught:
        remove_layout("simple")
    assert caught.value.hint == "There are: our trainer."


def test_a_file_that_cannot_be_used_costs_itself_only(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(LAYOUT)
    (tmp_path / "b.toml").write_text(LAYOUT.replace('name = "lab"', 'name = "LAB"'))
    (tmp_path / "c.toml").write_text("nonsense")
    (tmp_path / "d.toml").mkdir()
    (tmp_path / "e.txt").write_text("no layout")
    assert usable(tmp_path) == ["lab"]
    assert [(t.message.partition(":")[0].split(" (")[0], Path(t.where).name) for t in troubles(tmp_path)] == [
        (f"The layout 'LAB' is in {tmp_path / 'a.toml'} already", "b.toml"),
        ("This is not TOML", "c.toml"),
        ("This is a folder, not a file", "d.toml"),
    ]


def test_saving_never_writes_over_a_file_that_could_not_be_used(tmp_path: Path) -> None:
    (tmp_path / "simple.toml").write_text("half done")
    assert save_layout(SIMPLE, tmp_path) == tmp_path / "simple 2.toml"
    assert (tmp_path / "simple.toml").read_text() == "half done"


def test_more_layouts_than_anybody_has_are_cut_off_with_a_word(tmp_path: Path) -> None:
    for number in range(MOST_LAYOUTS + 2):
        (tmp_path / f"{number:04}.toml").write_text(layout_text(replace(SIMPLE, name=f"n{number}")))
    assert len(usable(tmp_path)) == MOST_LAYOUTS
    assert "More than 200" in troubles(tmp_path)[0].message


def test_a_layout_that_makes_no_sense_is_not_saved_and_a_full_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        save_layout(replace(SIMPLE, name="../../escape"), tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderUnreadable, match="could not be saved"):
        save_layout(SIMPLE, tmp_path / "file" / "layouts")


def test_numbers_without_end_cost_their_file_only(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(f"runfolio_layout = {'1' * 5_000}\n")
    (tmp_path / "b.toml").write_text(f"runfolio_layout = 0x{'f' * 5_000}\n")
    save_layout(Layout("c", params=("a.ini",)), tmp_path)
    found = saved_layouts(tmp_path)
    assert [s.layout is None for s in found] == [True, True, False]
    assert "5000 digits" in str(found[0].trouble)
    assert "no number of a version" in str(found[1].trouble)


def test_a_file_of_dotted_keys_can_be_changed(tmp_path: Path) -> None:
    said = 'runs.path = "{a}"\nfiles.metrics = ["a.csv"]\nruns.incomplete = true\nmetrics.step = "s"\n'
    (tmp_path / "x.toml").write_text(f'runfolio_layout = 1\nname = "x"\n{said}')
    layout = replace(read_layout(tmp_path / "x.toml"), about="changed", step=None)
    assert save_layout(layout, tmp_path) == tmp_path / "x.toml"
    assert read_layout(tmp_path / "x.toml") == layout


def test_names_that_are_devices_on_windows_are_refused() -> None:
    assert not any(map(is_layout_name, ("con", "NUL", "Com1", "aux.lab")))
    assert all(map(is_layout_name, ("conv", "aux lab", "com10", "lab.con")))
