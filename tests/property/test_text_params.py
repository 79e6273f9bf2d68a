"""Params held as columns are to everybody what the same params one by one are."""

from __future__ import annotations

import pickle
from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfolio.index.param_rows import param_rows
from runfolio.model.params import Param
from runfolio.model.run import Recording, params_digest
from runfolio.model.text_params import TextParams
from runfolio.readers.masking import masked

NAMES = st.text(st.sampled_from('abz._/"\\é\udcff'), min_size=1, max_size=4) | st.sampled_from(
    ["lr", "db_password", "max_tokens", "optim.lr"]
)
ODD_TEXTS = """
 12 |+7|1_000|nan|-inf|True|None|null|1e-3|0.10|٣|--api-key abcdefgh1234|https://me:secret99@host/x
Bearer abcdefghijklmnop|lr=0.1,token=abcdefgh|path: /data|AKIAABCDEFGHIJKLMNOP|xox|hf_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
""".replace("\n", "|").split("|")
TEXTS = (
    st.text("0123456789.eE+-_ \tnaif", max_size=12)
    | st.floats().map(repr)
    | st.integers().map(str)
    | st.sampled_from([*ODD_TEXTS, "9" * 65, "\ud83d", "x\udcff"])
)
MAPPINGS = st.lists(st.dictionaries(NAMES, TEXTS, max_size=5), min_size=1, max_size=4)

repeatable = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


def both(texts: Mapping[str, str]) -> tuple[Recording, Recording]:
    """A recording with the params as columns and one with them one by one."""
    one_by_one = tuple(Param((name,), text, text) for name, text in texts.items())
    columns = TextParams.of(texts)
    return Recording("mlflow_file", "a", "a", params=columns), Recording("mlflow_file", "a", "a", params=one_by_one)


@repeatable
@given(MAPPINGS)
def test_rows_digests_and_masks_are_those_of_the_params_one_by_one(mappings: list[dict[str, str]]) -> None:
    # The same names several times over, as the runs of an experiment have them.
    pairs = [both(texts) for texts in (*mappings, *mappings[:1])]
    for columns, objects in pairs:
        assert columns.params == objects.params
        assert [*columns.params] == [*objects.params]
        assert columns.params[:2] == objects.params[:2]
        assert pickle.loads(pickle.dumps(columns.params)) == objects.params  # noqa: S301 - our own
        assert params_digest(columns.params) == params_digest(objects.params)
        assert masked(columns) == masked(objects)
    found, expected = (param_rows([pair[which] for pair in pairs]) for which in (0, 1))
    assert found.schema == expected.schema
    assert found["key"].is_sorted()
    order = ["key", "recording", "ordinal"]
    assert found.sort(order).equals(expected.sort(order), null_equal=True)


@repeatable
@given(st.dictionaries(NAMES, TEXTS, min_size=1, max_size=8))
def test_tags_that_are_looked_over_together_are_masked_as_each_by_itself(tags: dict[str, str]) -> None:
    alone = {key: masked(Recording("x", "a", "a", tags={key: text})).tags[key] for key, text in tags.items()}
    assert masked(Recording("x", "a", "a", tags=tags)).tags == alone
