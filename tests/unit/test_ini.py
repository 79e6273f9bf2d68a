"""INI files of params: what `configparser` reads, with types, and nothing that raises or hangs."""

from __future__ import annotations

import configparser
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.readers.contract import Budget
from runfolio.readers.documents import Document, params_of
from runfolio.readers.ini import parse_ini

SAMPLE = """\
# of the trainer
[model]
name = resnet18
Layers: 18
[optim]
lr=1e-3
betas = 0.9, 0.999
schedule = warmup
    then cosine

    then constant
; a comment in between
nesterov = yes
path = /data/a:b=c
empty =
"""


def read(text: str) -> Document:
    return parse_ini(text.encode(), "run.ini", Budget())


def by_configparser(text: str) -> dict[tuple[str, str], str]:
    parser = configparser.ConfigParser(interpolation=None, default_section="\0none", strict=False)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read_string(text)
    return {(section, key): value for section in parser.sections() for key, value in parser.items(section)}


def texts(document: Document) -> dict[tuple[str, ...], str]:
    return {param.path: param.text for param in params_of(document)}


def codes(document: Document) -> list[str]:
    return [problem.code for problem in document.problems]


def test_sections_and_keys_are_those_of_configparser() -> None:
    document = read(SAMPLE)
    assert texts(document) == by_configparser(SAMPLE)
    assert document.problems == ()
    assert document.text("optim", "schedule") == "warmup\nthen cosine\n\nthen constant"


lines = st.lists(
    st.sampled_from(
        ["[a]", "[b c]", "k = 1", "k: x=y", "  more", "\tmore", "", " ", "# no", "; no", "K=", "x y = 1:2"]
    ),
    max_size=14,
)


@settings(derandomize=True, deadline=None)
@given(lines)
def test_any_mix_of_lines_reads_as_configparser_reads_it(mixed: list[str]) -> None:
    text = "\n".join(["[first]", *mixed])
    try:
        theirs = by_configparser(text)
    except configparser.Error:
        return  # it refuses the whole file where we leave out a line
    assert texts(read(text)) == theirs


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    for param in params_of(parse_ini(data, "run.ini", Budget())):
        param.text.encode("utf-8")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-3", 0.001),
        ("12", 12),
        ("true", True),
        ("off", False),
        ("1:30", "1:30"),
        ("012", "012"),
        ("", ""),
        ("~", "~"),
        ('"adam"', '"adam"'),
        ("%(home)s", "%(home)s"),
    ],
)
def test_values_are_typed_and_keep_their_text(written: str, value: object) -> None:
    (param,) = params_of(read(f"[a]\nk = {written}\n"))
    assert (param.value, param.text) == (value, written)


def test_lines_before_the_first_section_are_params_without_one() -> None:
    document = read("lr = 0.1\nmodel = x\n[model]\nlr = 0.2\n[DEFAULT]\nlr = 0.3\n")
    assert texts(document) == {
        ("lr",): "0.1",
        ("model",): "x",
        ("[model]", "lr"): "0.2",
        ("DEFAULT", "lr"): "0.3",
    }


def test_what_is_odd_is_told_and_the_rest_is_kept() -> None:
    document = read("[a]\nlr = 0.1\nlr = 0.2\nnonsense\n= 3\n")
    assert texts(document) == {("a", "lr"): "0.2"}
    assert codes(document) == ["duplicate-key", "ini-syntax"]
    assert "4, 5" in document.problems[1].message
    assert read("").value is None


def test_limits_hold_and_long_blanks_take_no_time() -> None:
    assert codes(parse_ini(b"[a]\n" * 9, "run.ini", Budget(nodes=5))) == ["too-large"]
    assert codes(parse_ini(b"[a]\n" * 9, "run.ini", Budget(text_bytes=8))) == ["too-large"]
    started = time.process_time()
    document = read("[a]\nkey" + " " * 2_000_000 + "x\n")
    assert codes(document) == ["ini-syntax"]
    assert time.process_time() - started < 2.0, "configparser's own pattern takes quadratic time for this"
