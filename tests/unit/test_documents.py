"""YAML, JSON and TOML documents: values as the trackers' readers give them, text as written, nothing run."""

from __future__ import annotations

import json
import math

import pytest

from runfolio.model.params import Json
from runfolio.model.problem import Severity
from runfolio.readers.contract import Budget
from runfolio.readers.documents import Document, params_of, parse_json, parse_toml, parse_yaml


def from_yaml(text: str | bytes) -> Document:
    return parse_yaml(text if isinstance(text, bytes) else text.encode(), "hparams.yaml", Budget())


def from_json(text: str | bytes) -> Document:
    return parse_json(text if isinstance(text, bytes) else text.encode(), "params.json", Budget())


def from_toml(text: str) -> Document:
    return parse_toml(text.encode(), "params.toml", Budget())


def codes(document: Document) -> list[str]:
    return [problem.code for problem in document.problems]


def texts(document: Document) -> dict[str, str]:
    return {param.key: param.text for param in params_of(document)}


# --- YAML scalars ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        # What PyYAML 6.0 and OmegaConf 2.3 agree on.
        ("0.1", 0.1),
        ("1.5e+3", 1500.0),
        ("12", 12),
        ("-7", -7),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0b101", 5),
        ("012", 10),
        ("0o17", "0o17"),
        ("089", "089"),
        ("1:30", 90),
        ("12:30:45", 45045),
        ("yes", True),
        ("on", True),
        ("Off", False),
        ("no", False),
        ("y", "y"),
        ("true", True),
        ("~", None),
        ("null", None),
        ("", None),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("'1e-3'", "1e-3"),
        ('"no"', "no"),
        ("!!str 5", "5"),
        ("!!float 5", 5),
        # What OmegaConf and YAML 1.2 read as numbers and PyYAML as text.
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        ("+2E5", 200000.0),
        (".5e-3", 0.0005),
        # Dates are text, as in OmegaConf.
        ("2024-01-31", "2024-01-31"),
        ("2023-13-45", "2023-13-45"),
        ("1.2.3", "1.2.3"),
        ("-", [None]),
        ("1e", "1e"),
        ("0x", "0x"),
    ],
)
def test_a_yaml_scalar_has_the_value_that_trackers_give_it(written: str, value: Json) -> None:
    document = from_yaml(f"key:\n  {written}\n")
    got = document.mapping["key"]
    assert got == value
    assert type(got) is type(value)
    assert document.problems == ()


def test_yaml_nan_is_a_number() -> None:
    assert math.isnan(float(str(from_yaml("a: .nan").mapping["a"])))


def test_the_text_of_params_is_what_was_written() -> None:
    written = {"lr": "1e-3", "mode": "012", "amp": "on", "time": "1:30", "sub.eps": "1.0E-08", "nothing": "~"}
    document = from_yaml("lr: 1e-3\nmode: 012\namp: on\ntime: 1:30\nsub:\n  eps: 1.0E-08\nnothing: ~\nname: 'x y'\n")
    assert texts(document) == written | {"name": "x y"}
    assert document.text("sub", "eps") == "1.0E-08"
    assert document.text("nothing") is None
    assert document.text("sub", "nowhere") is None


def test_a_list_is_one_leaf_written_on_one_line() -> None:
    document = from_yaml("flow: [64,  1e-3]\nblock:\n- 1e-3\n- 'a, b'\n- x: 012\n  y: [1, 2]\nempty: []\nmap: {}\n")
    assert texts(document) == {
        "flow": "[64,  1e-3]",
        "block": '[1e-3, "a, b", {x: 012, y: [1, 2]}]',
        "empty": "[]",
        "map": "{}",
    }
    assert document.mapping["block"] == [0.001, "a, b", {"x": 10, "y": [1, 2]}]


def test_keys_are_the_text_they_are_written_in() -> None:
    assert from_yaml("1: a\ntrue: b\n1.0: c\n? [x, y]\n: d\n'': e\n").mapping == {
        "1": "a",
        "true": "b",
        "1.0": "c",
        "[x, y]": "d",
        "": "e",
    }


def test_an_integer_of_five_thousand_digits_stays_text() -> None:
    for document in (from_yaml(f"n: {'9' * 5000}"), from_json(f'{{"n": {"9" * 5000}}}')):
        assert document.mapping["n"] == "9" * 5000
        assert codes(document) == ["number-too-long"]


# --- YAML structure --------------------------------------------------------------------------------------------------


def test_aliases_and_merge_keys_mean_what_they_say() -> None:
    document = from_yaml(
        "base: &b {x: 1e-5, y: 2}\none: {<<: *b, y: 3}\ntwo:\n  <<: [*b, {x: 9, z: 4}]\nlist: [*b, 1]\n"
    )
    assert document.mapping["one"] == {"x": 1e-5, "y": 3}
    assert document.mapping["two"] == {"x": 1e-5, "y": 2, "z": 4}
    assert texts(document)["one.x"] == "1e-5"
    assert texts(document)["list"] == "[{x: 1e-5, y: 2}, 1]"
    assert document.problems == ()


def test_an_alias_bomb_is_cut_short() -> None:
    levels = "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    document = from_yaml(f"lr: 0.1\na0: &a0 [{','.join('x' * 9)}]\n{levels}")
    assert document.mapping["lr"] == 0.1
    assert codes(document) == ["yaml-alias"]
    assert sum(len(text) for text in texts(document).values()) < 5_000_000


def test_a_merge_key_bomb_is_cut_short() -> None:
    wide = ", ".join(f"k{i}: v" for i in range(1000))
    document = from_yaml(
        f"a: &a {{{wide}}}\n" + "".join(f"b{i}: {{<<: [{', '.join(['*a'] * 100)}]}}\n" for i in range(50))
    )
    assert codes(document) == ["yaml-alias"]


def test_a_list_that_holds_itself_names_itself() -> None:
    document = from_yaml("lr: 0.1\nme: &m [1, *m]\n")
    assert document.mapping == {"lr": 0.1, "me": [1, "*m"]}
    assert codes(document) == ["yaml-alias"]


def test_a_chain_of_aliases_does_not_nest_deeper_than_the_limit() -> None:
    chain = "".join(f"b{i}: &b{i} [*b{i - 1}]\n" for i in range(1, 200))
    document = from_yaml(f"b0: &b0 [1]\n{chain}")
    assert codes(document) == ["yaml-alias"]
    json.dumps(document.value)  # would need as many frames as there are levels


@pytest.mark.parametrize("bracket", ["[", "{", "- ", "? ", "a: [{"])
def test_two_hundred_thousand_open_brackets_end_at_the_depth_limit(bracket: str) -> None:
    document = from_yaml("lr: 0.1\nx:\n  " + bracket * 200_000)
    assert document.mapping["lr"] == 0.1
    assert "too-deep" in codes(document) or "yaml-syntax" in codes(document)


def test_more_values_than_the_budget_allows_are_not_read() -> None:
    document = parse_yaml(b"a: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n", "f.yaml", Budget(nodes=6))
    assert document.mapping == {"a": [1, 2, 3]}
    assert codes(document) == ["too-large"]


def test_a_key_given_twice_is_told() -> None:
    for document in (from_yaml("lr: 0.1\nlr: 0.9\n"), from_json('{"lr": 0.1, "lr": 0.9}')):
        assert document.mapping == {"lr": 0.9}
        assert codes(document) == ["duplicate-key"]


def test_only_the_first_of_several_documents_is_shown() -> None:
    document = from_yaml("a: 1\n---\nb: 2\n")
    assert document.mapping == {"a": 1}
    assert codes(document) == ["yaml-documents"]
    assert from_yaml("---\na: 1\n---\n").problems == ()


# --- YAML tags -------------------------------------------------------------------------------------------------------


def test_python_types_are_plain_data() -> None:
    document = from_yaml("dims: !!python/tuple [1, 2]\nname: !!python/unicode 'x'\nseen: !!set {a, b}\n")
    assert document.mapping == {"dims": [1, 2], "name": "x", "seen": {"a": None, "b": None}}
    assert document.problems == ()


def test_an_object_shows_its_fields() -> None:
    document = from_yaml("args: !!python/object:argparse.Namespace\n  lr: 0.1\n  dims: !!python/tuple [1, 2]\n")
    assert document.mapping == {"args": {"lr": 0.1, "dims": [1, 2]}}
    assert [(p.severity, p.code) for p in document.problems] == [(Severity.INFO, "yaml-tag")]


def test_an_ordered_mapping_of_python_is_a_mapping() -> None:
    call = "!!python/object/apply:collections.OrderedDict"
    document = from_yaml(f"net: {call}\n- - [lr, 1e-3]\n  - [inner, {call} [[[a, 1]]]]\nnone: {call} [[]]\n")
    assert document.value == {"net": {"lr": 1e-3, "inner": {"a": 1}}, "none": {}}
    assert document.problems == ()
    odd = from_yaml(f"net: {call} [[[lr, 1, 2]]]\n")
    assert odd.value == {"net": f"{call} [[[lr, 1, 2]]]"}
    assert [p.code for p in odd.problems] == ["yaml-tag"]


def test_a_call_is_kept_as_text_and_never_made(tmp_path: object) -> None:
    document = from_yaml(f"lr: 0.1\nevil: !!python/object/apply:builtins.open ['{tmp_path}/made', w]\nepochs: 3\n")
    assert document.mapping == {
        "lr": 0.1,
        "evil": f'!!python/object/apply:builtins.open ["{tmp_path}/made", w]',
        "epochs": 3,
    }
    assert [(p.severity, p.code) for p in document.problems] == [(Severity.WARNING, "yaml-tag")]


def test_tags_of_other_programs_stay_in_front_of_the_text() -> None:
    document = from_yaml("act: !!python/name:torch.nn.ReLU ''\nref: !Ref <lr>\nlist: !x [1]\n")
    assert document.mapping == {"act": "!!python/name:torch.nn.ReLU", "ref": "!Ref <lr>", "list": [1]}
    (problem,) = document.problems
    assert problem.message.startswith("3 values have tags that only a program could load")


# --- damage ----------------------------------------------------------------------------------------------------------


def test_what_stands_before_a_mistake_in_yaml_is_kept() -> None:
    document = from_yaml("größe: 1\nb: [1,\n 2]\nc: {d: 3\n")
    assert document.mapping == {"größe": 1, "b": [1, 2], "c": {"d": 3}}
    (problem,) = document.problems
    assert (problem.code, problem.path) == ("yaml-syntax", "hparams.yaml")
    assert problem.message.startswith("Line 5, column 1")
    assert problem.offset == len("größe: 1\nb: [1,\n 2]\nc: {d: 3\n".encode())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("lr: 0.1\n\tepochs: 3\n", {"lr": 0.1}),
        ('lr: 0.1\nname: "never closed\nepochs: 3\n', {"lr": 0.1}),
        ("lr: 0.1\nname: @x\nepochs: 3\n", {"lr": 0.1}),
        ("a: 1\nb: {c: 1, d: [1, 2\ne: 3\n", {"a": 1, "b": {"c": 1, "d": [1, 2]}}),
        ("a: {x: 1, y: 2, z: [", {"a": {"x": 1, "y": 2, "z": []}}),
        ("lr: 0.1\nname: a\0b\x07\nepochs: 3\n", {"lr": 0.1, "name": "a\ufffdb\ufffd", "epochs": 3}),
    ],
)
def test_a_mistake_costs_what_it_stands_in_and_no_value_before_it(text: str, value: Json) -> None:
    document = from_yaml(text)
    assert document.value == value
    assert codes(document) == ["yaml-syntax"]


def test_text_in_utf_32_is_read() -> None:
    document = parse_yaml("lr: 0.1\n".encode("utf-32"), "hparams.yaml", Budget())
    assert (document.value, document.problems) == ({"lr": 0.1}, ())


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ('{"loss": 0.2', {}, "json-cut"),
        ('{"a": 1, "loss": 0.2', {"a": 1}, "json-cut"),
        ('{"a": {"b": [1, 2, {"c": "x', {"a": {"b": [1, 2, {}]}}, "json-cut"),
        ('{"a": 1, "b": tru', {"a": 1}, "json-cut"),
        ('{"a": 1,}', {"a": 1}, "json-syntax"),
        ('{"a": 1} {"b": 2}', {"a": 1}, "json-documents"),
        ('{"a" 1}', {}, "json-syntax"),
        ("[1 2]", [1], "json-syntax"),
        ("[1}", [1], "json-syntax"),
        ("{'a': 1, 'b': 22222222222222222222222222222222}", {}, "json-syntax"),
        ("", None, "json-cut"),
    ],
)
def test_what_stands_before_a_mistake_in_json_is_kept(text: str, value: Json, code: str) -> None:
    document = from_json(text)
    assert document.value == value
    assert codes(document) == [code]


def test_what_stands_before_a_mistake_in_toml_is_kept() -> None:
    document = from_toml("lr = 1e-3\nopt = 'sgd'\nepochs = =\n")
    assert document.mapping == {"lr": 0.001, "opt": "sgd"}
    assert codes(document) == ["toml-syntax"]


def test_json_nested_too_deep_is_read_down_to_the_limit() -> None:
    document = from_json('{"lr": 0.1, "x": ' + "[" * 200_000)
    assert document.mapping["lr"] == 0.1
    assert codes(document) == ["too-deep"]
    sound = '{"lr": 0.1, "x": ' + "[" * 60 + "]" * 60 + "}"
    assert from_json(sound).problems == ()


def test_other_encodings_are_understood_and_told_when_they_are_a_guess() -> None:
    assert from_json(b"\xef\xbb\xbf" + b'{"lr": 0.1}').value == {"lr": 0.1}
    assert from_json('{"lr": 0.1}'.encode("utf-16")).problems == ()
    guessed = from_yaml(b"lr: 0.1\ncity: K\xf6ln\n")
    assert guessed.mapping == {"lr": 0.1, "city": "Köln"}
    assert [(p.code, p.offset) for p in guessed.problems] == [("not-utf8", 15)]


def test_a_file_past_the_limit_is_not_parsed() -> None:
    document = parse_json(b'{"a": 1}', "f.json", Budget(text_bytes=4))
    assert document.value is None
    assert codes(document) == ["too-large"]


# --- JSON and TOML ---------------------------------------------------------------------------------------------------


def test_json_numbers_keep_the_text_they_were_written_in() -> None:
    document = from_json('{"lr": 1e-3, "b": [0.90, {"x": 1E2}], "n": NaN, "big": 1e400, "id": 18446744073709551616}')
    assert texts(document) == {
        "lr": "1e-3",
        "b": '[0.90, {"x": 1E2}]',
        "n": "NaN",
        "big": "1e400",
        "id": "18446744073709551616",
    }
    assert document.mapping["big"] == math.inf
    assert document.mapping["b"] == [0.9, {"x": 100.0}]
    assert type(document.mapping["lr"]) is float


def test_half_a_character_is_made_storable() -> None:
    assert from_json('{"note": "a\\ud800b", "ok": "\\ud83d\\ude00"}').mapping == {"note": "a\\ud800b", "ok": "😀"}


def test_a_document_that_is_no_mapping_has_no_params() -> None:
    assert from_json("42").value == 42
    assert params_of(from_json("42")) == ()
    assert params_of(from_yaml("")) == ()


def test_toml_dates_are_text_and_numbers_keep_theirs() -> None:
    document = from_toml('lr = 1e-3\nday = 2024-01-31\n[model]\n"a.b" = [1, 2.50]\n')
    assert document.mapping == {"lr": 0.001, "day": "2024-01-31", "model": {"a.b": [1, 2.5]}}
    assert [(p.path, p.text) for p in params_of(document)] == [
        (("lr",), "1e-3"),
        (("day",), "2024-01-31"),
        (("model", "a.b"), "[1, 2.50]"),
    ]


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "[" + "a." * 300 + "a]\nx = 1\n"])
def test_toml_nested_too_deep_is_refused(text: str) -> None:
    assert codes(from_toml(text)) == ["too-deep"]
