"""Tables that leave the application: they parse back, and nothing in them acts on what reads them."""

from __future__ import annotations

import csv
import io

import pytest

from runfolio.analysis.cells import markdown, spreadsheet, tsv
from runfolio.export.table import as_csv, as_markdown, as_tsv

HEADER = ["name", "lr", "note"]
ROWS = [
    ["amber-heron", "1e-3", "two\nlines, and a comma"],
    ["a|b\tc", "-0.5", 'says "hi"'],
    ["=SUM(A1)", "", "\u202egpj.exe"],
]


def test_csv_parses_back_to_the_same_cells_but_for_formulas_and_marks() -> None:
    found = [*csv.reader(io.StringIO(as_csv(HEADER, ROWS)))]
    assert found[:3] == [HEADER, ROWS[0], ROWS[1]]
    assert found[3] == ["'=SUM(A1)", "", "\\u202egpj.exe"]


def test_tsv_has_one_line_a_row_and_one_tab_between_cells() -> None:
    lines = as_tsv(HEADER, ROWS).split("\n")
    assert [line.split("\t") for line in lines] == [
        HEADER,
        ["amber-heron", "1e-3", "two⏎lines, and a comma"],
        ["a|b c", "-0.5", 'says "hi"'],
        ["'=SUM(A1)", "", "\\u202egpj.exe"],
    ]


def test_markdown_is_a_pipe_table() -> None:
    assert as_markdown(["a|b", "c"], [["<b>", "*x*"]]) == "| a\\|b | c |\n| --- | --- |\n| \\<b\\> | \\*x\\* |"


@pytest.mark.parametrize("text", ["=1", "+1+1", "-2+3", "@x", "\tx", "-", "=", "＝1", "--1", "\n=1"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert spreadsheet(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["-1", "+2.5", "-.5", "1e-3", "-1E+30", "nan", "-inf", "-Infinity", "lr", "1=1", "", " =1"]
)
def test_numbers_and_plain_words_stay_as_they_are(text: str) -> None:
    assert spreadsheet(text) == tsv(text) == text


def test_control_characters_are_made_visible() -> None:
    assert spreadsheet("\x1b[31m\r") == tsv("\x1b[31m\r") == "\\x1b[31m\\x0d"
    assert markdown("\x1b[31m") == "\\\\x1b\\[31m"


def test_long_texts_leave_whole_in_tables_for_machines() -> None:
    assert len(spreadsheet("x" * 5000)) == len(tsv("x" * 5000)) == 5000
