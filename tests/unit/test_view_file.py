"""A saved view as a file: it comes back whole, and a file that is none is refused plainly."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from runfolio.desktop import session
from runfolio.desktop.saved_views import SavedView
from runfolio.desktop.session import Session
from runfolio.desktop.view_file import MOST_BYTES, SUFFIX, read_view, write_view
from runfolio.errors import UsageError
from runfolio.model.params import Json
from runfolio.model.query import Aggregate, FieldKind, FieldRef, SortKey

VIEW = SavedView(
    "Best of the sweep",
    "star",
    "val/acc > 0.5 and not failed",
    (SortKey(FieldRef(FieldKind.METRIC, "val/acc", Aggregate.BEST), True),),
    own=True,
    look={"columns": ["builtin:name", "param:lr"], "group": {"fields": ["param:optimizer"]}},
    window={"experiment": "beans", "with_hidden": True, "views": {"charts": {"smoothing": 0.6}}},
)


def test_a_view_comes_back_whole(tmp_path: Path) -> None:
    assert read_view(write_view(VIEW, tmp_path / f"best{SUFFIX}")[0]) == VIEW


def test_a_file_tells_nothing_of_the_disk_it_was_made_on_and_says_what_it_lacks(tmp_path: Path) -> None:
    here = "/home/ada/secret-project/runs"
    table: Json = {"chart": {"path": f"{here}/p.csv", "look": "roc"}, "kind": "classifier"}
    views: dict[str, Json] = {
        "charts": {"smoothing": 0.6, "panels": {"1": table, "2": {"chart": {"x": "param:lr"}}, "3": {"chart": None}}},
        "explore": {"kind": "classifier", "kinds": {"classifier": {"path": f"{here}/p.csv", "truth": "y"}}},
        "data": {"tab": 1, "files": [f"{here}/a.csv", f"{here}/b.csv"]},
        "files": {"tab": 0, "file": "model.pkl", "search": "", "widths": [1, 2]},
    }
    made = dataclasses.replace(VIEW, window={**VIEW.window, "source": here, "views": views})
    path, left_out = write_view(made, tmp_path / f"best{SUFFIX}")
    text = path.read_text(encoding="utf-8")
    assert "ada" not in text
    assert left_out == (
        "the folder of the library", "the files that were looked at", "the table of a classifier",
    )  # fmt: skip
    assert json.loads(text)["left_out"] == [*left_out]
    assert made.window["source"] == here, "the view here has all of it"
    read = read_view(path)
    assert (read.extra, read.window["experiment"]) == ({}, "beans")
    assert read.window["views"] == {
        "charts": {
            "smoothing": 0.6,
            "panels": {
                "1": {"chart": {"path": "", "look": "roc"}, "kind": "classifier"},
                "2": {"chart": {"x": "param:lr"}}, "3": {"chart": None},
            },
        },
        "explore": {"kind": "classifier", "kinds": {"classifier": {"path": "", "truth": "y"}}},
        "data": {"tab": 1},
        "files": {"tab": 0, "widths": [1, 2]},
    }  # fmt: skip
    # A file of before holds the folder: it still opens, with all that it says but tables that would be opened at once.
    old = tmp_path / f"old{SUFFIX}"
    old.write_text(json.dumps({"runfolio_view": 1, **session.view_to_json(made)}), encoding="utf-8")
    expected: dict[str, Json] = {**views, "charts": read.window["views"]["charts"]}
    expected["explore"] = read.window["views"]["explore"]
    assert read_view(old) == dataclasses.replace(made, window={**made.window, "views": expected})


def test_what_a_later_version_wrote_is_kept_and_written_again(tmp_path: Path) -> None:
    path, _ = write_view(VIEW, tmp_path / f"best{SUFFIX}")
    tree = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**tree, "runfolio_view": 2, "heat": {"by": "lr"}}), encoding="utf-8")
    view = read_view(path)
    assert view.extra == {"heat": {"by": "lr"}}
    kept = session.from_json(session.to_json(Session(saved=(view,)))).saved
    assert kept == (view,)
    again = json.loads(write_view(kept[0], tmp_path / f"again{SUFFIX}")[0].read_text(encoding="utf-8"))
    assert again["heat"] == {"by": "lr"}


def written(**parts: Json) -> str:
    return json.dumps({"runfolio_view": 1, "title": "x", **parts})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"a": 1}', "some other file"),
        ("[1]", "some other file"),
        (written(title=""), "title"),
        (written(title="x" * 201), "title"),
        (written(title=7), "title"),
        (written(where=["x"]), "where"),
        (written(look=[1]), "look"),
        (written(window="x"), "window"),
        (written(sort={"a": 1}), "sort"),
        (json.dumps({"runfolio_view": True, "title": "x"}), "runfolio_view"),
        ('{"runfolio_view": 1, "title": "x", "look": {"a": NaN}}', "NaN"),
        (written(look={"a": [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}), "nested too deep"),
        (written(columns=[0] * 60_000), "too many parts"),
        (written(where="x" * MOST_BYTES), "larger than 1000 kB"),
    ],
)
def test_a_file_that_is_no_view_is_refused_with_the_reason(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / f"bad{SUFFIX}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=why) as refused:
        read_view(path)
    assert refused.value.where == str(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_view(tmp_path / f"gone{SUFFIX}")
