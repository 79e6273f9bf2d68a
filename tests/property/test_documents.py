"""Whatever the bytes: document and MLflow readers raise nothing, and sound documents come back as they went in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget
from runfolio.readers.documents import Document, _any_yaml, _flat_yaml, params_of, parse_json, parse_toml, parse_yaml
from runfolio.readers.parse import parse
from runfolio.readers.scanner import scan

FIXED = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PARSERS = [parse_yaml, parse_json, parse_toml]
RUN_ID = "0123456789abcdef0123456789abcdef"

# PyYAML writes the text "1e5" without quotes, since it does not read it as a number; OmegaConf and YAML 1.2 do.
scientific = re.compile(r"[-+]?[0-9_.]*[eE][-+]?[0-9]+")
texts = st.text(st.characters(codec="utf-8"), max_size=12).filter(lambda text: not scientific.fullmatch(text))
scalars: st.SearchStrategy[Json] = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
trees: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(texts, below, max_size=4),
    max_leaves=20,
)
marks = st.sampled_from(list(" -?&*:,[]{}'\"\\\n\t#|>!%@`ab10.e=\u2028\ufeff\x00\x85é"))
words = st.sampled_from(["!!python/object/apply:os.system ", "!!int ", "&a ", "*a ", "<<: ", "\n--- ", "null", "1:2"])
fragments = marks | words
scraps = st.lists(fragments, max_size=40).map("".join).map(str.encode) | st.binary(max_size=200)


@pytest.mark.parametrize("parser", PARSERS)
@FIXED
@given(data=scraps)
@example(data=b'"\\UFFFFFFFF"')
@example(data=b"a: !!int\n")
@example(data=b"!<tag:yaml.org,2002:float> 1:2:.5")
def test_no_bytes_make_a_parser_raise(parser: Callable[[bytes, str, Budget], Document], data: bytes) -> None:
    document = parser(data, "file", Budget())
    for param in params_of(document):
        param.text.encode("utf-8")
    json.dumps(document.value)


@FIXED
@given(trees)
def test_json_comes_back_as_it_went_in(tree: Json) -> None:
    document = parse_json(json.dumps(tree).encode(), "file", Budget())
    assert document.value == tree
    assert document.problems == ()


@FIXED
@given(trees)
def test_cut_json_gives_a_value_and_says_so(tree: Json) -> None:
    whole = json.dumps({"a": tree}).encode()
    for end in range(1, len(whole)):
        document = parse_json(whole[:end], "file", Budget())
        assert document.value is None or document.mapping.keys() <= {"a"}
        assert len(document.problems) > 0


@FIXED
@given(st.dictionaries(texts, trees, max_size=4))
def test_yaml_comes_back_as_it_went_in(tree: dict[str, Json]) -> None:
    document = parse_yaml(yaml.safe_dump(tree).encode(), "file", Budget())
    assert document.value == tree
    assert document.problems == ()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "0" / RUN_ID
    for name in ("params", "metrics"):
        (folder / name).mkdir(parents=True)
    (folder / "params" / "lr").write_text("0.1")
    return folder


@FIXED
@given(meta=scraps.map(lambda s: b"run_id: x\n" + s) | scraps, metric=scraps)
def test_no_bytes_in_its_files_keep_a_run_from_being_shown(run: Path, meta: bytes, metric: bytes) -> None:
    (run / "meta.yaml").write_bytes(meta)
    (run / "metrics" / "loss").write_bytes(metric)
    (run / "params" / "lr").write_bytes(metric)
    units = [unit for unit in scan(run.parent) if not isinstance(unit, Problem)]
    parsed = [parse(run.parent, unit.claim, Budget()) for unit in units if unit.claim.reader == "mlflow_file"]
    assert [recording.id for p in parsed for recording in p.recordings] == [RUN_ID]
    assert not any(problem.code == "reader-failed" for p in parsed for problem in p.problems)


@FIXED
@given(
    points=st.lists(
        st.tuples(st.integers(0, 2**50), st.floats(), st.integers(-(2**63), 2**63 - 1)),
        min_size=1,
        max_size=30,
    )
)
@example(points=[(0, 0.0, 0), (253_402_300_800_000, 1.0, 0)])  # the second is in the year 10,000
def test_points_come_back_as_mlflow_writes_them(run: Path, points: list[tuple[int, float, int]]) -> None:
    (run / "meta.yaml").write_text(f"run_id: {RUN_ID}\n")
    (run / "metrics" / "loss").write_text("".join(f"{t} {v} {s}\n" for t, v, s in points))
    (unit,) = (u for u in scan(run.parent) if not isinstance(u, Problem))
    (recording,) = parse(run.parent, unit.claim, Budget()).recordings
    (loss,) = recording.metrics
    assert [v.hex() for v in loss.value.tolist()] == [float(v).hex() for _, v, _ in points]
    assert loss.step.tolist() == [s for _, _, s in points]
    # MLflow's own rule: FileStore takes the maximum by (step, timestamp, value).
    latest = max(points, key=lambda p: (p[2], p[0], p[1]))
    assert float(loss.final if loss.final is not None else 0).hex() == float(latest[1]).hex()


flat_lines = st.builds(
    "{}:{}{}".format,
    st.text("abkeyYN_.-0159<", min_size=1, max_size=6),
    st.sampled_from([" ", "  ", "", "\t"]),
    st.one_of(
        st.text("ab019.:/_+-eE@=~ xoON#'\"[]{},&*!|>%`?", max_size=12),
        st.sampled_from(
            [
                "1e-3",
                "012",
                "on",
                "1:30",
                "2024-01-31",
                "0x1F",
                ".nan",
                "-.inf",
                "null",
                "~",
                "[]",
                "{}",
                "''",
                "'4'",
                "'a b'",
                "file:///lab/mlruns/1",
                "'it''s'",
                "1_000",
                "a: b",
                "a #b",
                "---",
                "...",
                "=",
                "yes",
                "1788336000000",
            ]
        ),
    ),
)


@FIXED
@given(st.lists(flat_lines, max_size=6).map("\n".join), st.sampled_from(["", "\n"]))
def test_the_short_way_for_plain_lines_says_what_the_long_way_does(text: str, end: str) -> None:
    short = _flat_yaml(text + end, Budget())
    if short is not None:
        long = _any_yaml(text + end, "file", Budget())
        assert (repr(short.value), short.texts, long.problems) == (repr(long.value), long.texts, ())


def test_the_meta_files_of_mlflow_take_the_short_way() -> None:
    stores = Path(__file__).parents[1] / "corpus" / "mlflow_file" / "runs" / "v1_30" / "mlruns"
    metas = [*stores.glob("*/meta.yaml"), *stores.glob("*/*/meta.yaml")]
    long = [m for m in metas if _flat_yaml(m.read_text("utf-8"), Budget()) is None]
    assert len(long) < len(metas) / 4, "but for odd names"
