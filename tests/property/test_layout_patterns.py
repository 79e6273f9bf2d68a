"""Patterns of layouts match what regular expressions and fnmatch would, raise nothing else, and never take long."""

from __future__ import annotations

import fnmatch
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.errors import UsageError
from runfolio.model.file_pattern import fits, parse_file_pattern, part_fits
from runfolio.model.path_pattern import Place, parse_pattern

FIXED = settings(derandomize=True, deadline=None)
KINDS = {
    "": ".+",
    ":int": "[+-]?[0-9]+",
    ":number": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?",
    ":word": "[^\\W_]+",
}
names = st.text("ab1-_.", max_size=10)
literals = st.text("ab1-_.", min_size=1, max_size=3)


@st.composite
def pattern_and_regex(draw: st.DrawFn) -> tuple[str, str]:
    """A pattern for one part and the regular expression that says the same."""
    pattern = regex = ""
    for number in range(draw(st.integers(1, 4))):
        literal = draw(literals if number else st.just("") | literals)
        kind = draw(st.sampled_from([*KINDS, "*"]))
        pattern += literal + ("*" if kind == "*" else f"{{f{number}{kind}}}")
        regex += re.escape(literal) + (".*" if kind == "*" else f"(?P<f{number}>{KINDS[kind]})")
    end = draw(st.just("") | literals)
    return pattern + end, regex + re.escape(end)


@settings(FIXED, max_examples=500)
@given(pattern_and_regex(), names)
def test_a_part_matches_what_the_same_regular_expression_matches(both: tuple[str, str], name: str) -> None:
    text, regex = both
    if text in (".", ".."):
        return
    expected = re.fullmatch(regex, name, re.ASCII)
    found = parse_pattern(text).match([name])
    assert found == (None if expected is None else expected.groupdict())


@FIXED
@given(st.lists(names, max_size=6), st.sampled_from(["{a}", "{a}/{b}", "{a}_{b:int}", "*/{a:word}-*"]))
def test_only_the_last_names_of_a_path_count(path: list[str], text: str) -> None:
    pattern = parse_pattern(text)
    assert pattern.match(["above", "it", *path]) == pattern.match(["above", "it", *path][-len(pattern.parts) :])


@settings(FIXED, max_examples=300)
@given(st.text("ab{}:*/._-int\\\n", max_size=30), st.lists(st.text(max_size=12), max_size=4))
def test_any_text_is_a_pattern_or_is_refused(text: str, path: list[str]) -> None:
    try:
        pattern = parse_pattern(text)
    except UsageError:
        return
    found = pattern.match(path)
    assert found is None or [*found] == [*pattern.fields]


@settings(FIXED, max_examples=300)
@given(st.text("ab*/.\\:", max_size=20), st.lists(st.text("ab.", min_size=1, max_size=6), min_size=1, max_size=4))
def test_any_text_is_a_file_pattern_or_is_refused(text: str, path: list[str]) -> None:
    for any_depth in (True, False):
        try:
            parts = parse_file_pattern(text, any_depth=any_depth)
        except UsageError:
            continue
        assert ".." not in parts
        assert isinstance(fits(parts, path), bool)


@settings(FIXED, max_examples=500)
@given(st.text("ab*", min_size=1, max_size=8), st.text("ab", max_size=8))
def test_stars_match_as_in_fnmatch(pattern: str, name: str) -> None:
    assert part_fits(pattern, name) == fnmatch.fnmatchcase(name, pattern)


@settings(FIXED, max_examples=300)
@given(
    st.lists(st.sampled_from(["a", "b*", "**"]), min_size=1, max_size=5),
    st.lists(st.sampled_from(["a", "b", "bc"]), max_size=6),
)
def test_two_stars_stand_for_any_number_of_folders(parts: list[str], path: list[str]) -> None:
    def slowly(parts: list[str], path: list[str]) -> bool:
        if not parts:
            return not path
        if parts[0] == "**":
            return any(slowly(parts[1:], path[n:]) for n in range(len(path) + 1))
        return bool(path) and fnmatch.fnmatchcase(path[0], parts[0]) and slowly(parts[1:], path[1:])

    assert fits(parts, path) == slowly(parts, path)


@pytest.mark.parametrize(
    "text",
    [
        "a".join(f"{{f{n}}}" for n in range(12)) + "b",
        "a".join(f"{{f{n}:word}}" for n in range(12)) + "b",
        "1".join(f"{{f{n}:int}}" for n in range(12)) + "b",
        "1".join(f"{{f{n}:number}}" for n in range(12)) + "b",
        "a".join(["*"] * 12) + "b",
    ],
)
def test_the_worst_pattern_ends_at_once(text: str) -> None:
    pattern = parse_pattern(text)
    assert any(isinstance(token, Place) for token in pattern.parts[0])
    started = time.process_time()
    for name in ("a" * 255, "1" * 255, "a1" * 120, "a" * 1_000, "a" * 5_000):
        assert pattern.match([name]) is None
    assert time.process_time() - started < 3.0


def test_more_places_than_that_are_refused() -> None:
    with pytest.raises(UsageError, match="13 places; at most 12"):
        parse_pattern("a".join(["*"] * 13))


def test_the_worst_file_pattern_ends_at_once() -> None:
    started = time.process_time()
    for _ in range(1_000):
        assert not part_fits("*a*a*a*a*a*a*a*ab", "a" * 255)
    assert not fits(["**", "a*a*a*a*b"] * 4, ["a" * 200] * 400)
    assert time.process_time() - started < 5.0
