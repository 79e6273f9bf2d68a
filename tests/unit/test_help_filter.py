"""Every example of the help page on filters is run, and selects or fails as the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio import locate
from runfolio.errors import FilterSyntax
from runfolio.index.fields import BUILTINS
from runfolio.model.arithmetic import FUNCTIONS
from runfolio.model.datasets import DatasetRef
from runfolio.model.filter_print import to_text
from runfolio.model.filter_terms import AGGREGATES, KINDS
from runfolio.model.filter_text import OPERATORS, parse
from runfolio.model.filter_tokens import KEYWORDS, MAX_LENGTH
from runfolio.model.promotion import ModelVersion
from runfolio.model.run import Recording, RunKey, RunStatus
from runfolio.model.stage import Stage
from runfolio.model.times import from_iso
from support.indexing import NOON, Shelf, metric, params

PAGE = (locate.resources() / "help" / "filter.md").read_text("utf-8")


def examples(language: str) -> list[str]:
    """Lines of the page's code blocks of a kind."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """`yes` is meant by nearly every example on the page, `no` by those that ask for what is missing."""
    made = Shelf(Path(tmp_path_factory.mktemp("index")))
    started = from_iso("2026-01-31 14:00:30")
    assert started is not None
    made.put(
        Recording(
            "mlflow_file",
            "yes",
            "yes",
            name="amber-heron resnet",
            status=RunStatus.FINISHED,
            started_us=started,
            ended_us=started + 10**6 * 3600 * 3,
            params=params(
                {
                    "lr": "1e-3",
                    "optim": {"lr": 1e-3},
                    "optimizer": "adam",
                    "mixed_precision": True,
                    "learning rate": 0.01,
                    "weight_decay": None,
                    "epochs": 10,
                    "warmup": 5,
                    "patience": 20,
                    "seed": 3,
                    "split_seed": 3.0,
                }
            ),
            tags={"mlflow.user": "mira"},
            facts={"git.commit": "4f2a90"},
            metrics=(
                metric("val/acc", 0.8, 0.95, 0.92),
                metric("val/loss", *[0.5] * 100, float("nan")),
                metric("my metric", 4.0),
                metric("epochs", 3.0),
                metric("train/loss", 0.8),
            ),
            datasets=(DatasetRef("beans", "00123456"),),
        ),
        Recording(
            "generic", "no", "no", name="failed vit", status=RunStatus.FAILED, started_us=NOON, params=params({"lr": 2})
        ),
    )
    made.mark(
        {"yes": ["candidate", "second look"]},
        {"yes": "good"},
        [ModelVersion("beans", 1, RunKey("yes"), "amber-heron", Stage.STAGING, (), NOON, "mira")],
    )
    yield made
    made.close()


EXPECTED = {
    "failed": ["no"],
    '"failed"': ["no"],
    "resnet failed": [],
    "lr = '1e-3'": ["yes"],
    "weight_decay is null": ["yes", "no"],
    "val/loss = nan or val/loss is null": ["yes", "no"],
    "lr != 1 and lr is not null": ["yes", "no"],
    "tag != candidate": ["no"],
    "problems > 0": [],
    "reach_time(val/acc, 0.9) is null": ["yes", "no"],
}
"""What examples select where it is not the run `yes` alone."""


@pytest.mark.parametrize("example", examples("filter"))
def test_an_example_selects_what_the_page_says(shelf: Shelf, example: str) -> None:
    assert shelf.keys(example) == EXPECTED.get(example, ["yes"])
    expression = parse(example)
    assert expression is not None
    assert shelf.keys(to_text(expression)) == shelf.keys(example)


@pytest.mark.parametrize("example", examples("wrong"))
def test_an_example_of_a_mistake_is_refused_with_its_place(shelf: Shelf, example: str) -> None:
    with pytest.raises(FilterSyntax) as caught:
        shelf.queries.check_filter(example)
    assert caught.value.position + caught.value.length <= len(example) + 1


def test_the_page_names_every_field_figure_kind_operator_keyword_and_status() -> None:
    for word in (
        *(b.name for b in BUILTINS),
        *AGGREGATES,
        *KINDS,
        *OPERATORS,
        *FUNCTIONS,
        *KEYWORDS,
        *(s.value for s in RunStatus),
        f"{MAX_LENGTH:,}",
    ):
        assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", PAGE), word


def test_filters_within_the_text_parse_too() -> None:
    found = re.findall(r"`((?:not \()?[\w./]+ (?:=|>|<|!=) [^`\n]+)`", PAGE)
    assert len(found) == 12
    assert [text for text in found if parse(text) is None] == []
