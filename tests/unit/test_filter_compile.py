"""What a filter selects and in which order, on runs small enough to check by eye."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.errors import FilterSyntax
from runfolio.index.known import Known
from runfolio.index.run_ids import MANY
from runfolio.model.datasets import DatasetRef
from runfolio.model.expression import Name, Span
from runfolio.model.promotion import ModelVersion
from runfolio.model.query import Aggregate, FieldKind, FieldRef, SortKey
from runfolio.model.run import Recording, RunKey, RunStatus
from runfolio.model.stage import Stage
from support.indexing import NOON, SECOND, Shelf, metric, params

NAN, INF = math.nan, math.inf
NASTY = "x'; drop table runs; --"


def recorded() -> list[Recording]:
    """Four runs; `a` is the newest and `d` says least."""
    return [
        Recording(
            "mlflow_file",
            "a",
            "id-a",
            name="amber-heron",
            status=RunStatus.FINISHED,
            started_us=NOON + 3 * SECOND,
            ended_us=NOON + 93 * SECOND,
            experiment="beans",
            params=params(
                {"lr": 1e-3, "optim": {"name": "adam"}, "seed": 2**53 + 1, "amp": True, "decay": None, "rows": 10**20}
            ),
            tags={"mlflow.user": "mira", "version": "1.10"},
            facts={"git.commit": "00123456789abcdef"},
            metrics=(metric("val/acc", 0.5, 0.9, 0.8), metric("val/loss", 2.0, 0.5, NAN), metric("my metric", 7.0)),
            datasets=(DatasetRef("beans-v1", "00123456"), DatasetRef("beans-test", "1e5")),
        ),
        Recording(
            "lightning",
            "b",
            "id-b",
            name="brisk-otter",
            status=RunStatus.FAILED,
            started_us=NOON + 2 * SECOND,
            ended_us=NOON + 7202 * SECOND,
            experiment="beans",
            params=params(
                {"lr": "0.010", "optim": {"name": "Adam"}, "seed": 2**53, "note": "see amber", "rows": "1e20"}
            ),
            metrics=(metric("val/acc", 0.7), metric("val/loss", INF), metric("empty")),
            facts={"git.commit": "ffff"},
        ),
        Recording(
            "generic",
            "c",
            "id-c",
            name=NASTY,
            status=RunStatus.RUNNING,
            started_us=NOON + 24 * 3600 * SECOND,
            experiment="%",
            params=params({"lr": "fast", NASTY: NASTY, "amp": "false"}),
            metrics=(metric("val/acc", NAN), metric("val/loss", -1.5), metric("val/acc.max", 3.0), metric(NASTY, 1.0)),
        ),
        Recording("generic", "d", "id-d", params=params({"lr": NAN}), metrics=(metric("status", 1.0),)),
    ]


@pytest.fixture(scope="module", params=[MANY, 1], ids=["by SQL", "over columns"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(Path(tmp_path_factory.mktemp("index")), many=request.param)
    made.put(*recorded())
    made.mark(
        {"a": ["candidate", "second look"], "b": ["baseline"]},
        {"b": "Diverged after the merge"},
        [
            ModelVersion("beans", 1, RunKey("a"), "amber-heron", Stage.STAGING, (), NOON, "mira"),
            ModelVersion("peas", 1, RunKey("a"), "amber-heron", Stage.CANDIDATE, (), NOON, "mira"),
            ModelVersion("beans", 2, RunKey("b"), "brisk-otter", Stage.NONE, (), NOON, "mira"),
        ],
    )
    yield made
    made.close()


def sort(kind: FieldKind, name: str, aggregate: Aggregate = Aggregate.LAST, *, down: bool = False) -> SortKey:
    return SortKey(FieldRef(kind, name, aggregate), down)


@pytest.mark.parametrize(
    ("where", "selected"),
    [
        # Metrics: the last value unless another figure is asked for.
        ("val/acc > 0.75", "a"),
        ("val/acc >= 0.7", "ab"),
        ("val/loss.min = 0.5", "a"),
        ("val/acc.max > 0.85", "c"),  # a metric of c is really called that
        ("max(val/acc) > 0.85", "a"),
        ("metric(val/acc).max > 0.85", "a"),
        ("best(val/acc) = 0.9", "a"),  # higher is better
        ("best(val/loss) = 0.5", "a"),  # lower is better; the infinity of b is never best
        ("first(val/acc) < 0.6", "a"),
        ("count(val/acc) = 3", "a"),
        ("min(val/acc) between 0.4 and 0.6", "a"),
        ('"my metric" = 7', "a"),
        ("val/loss = inf", "b"),
        ("val/loss < 0", "c"),
        # NaN is neither above nor below anything, and missing values satisfy no comparison.
        ("val/acc > -1", "ab"),
        ("val/acc < 2", "ab"),
        ("val/acc = nan", "c"),
        ("not (val/acc > 0.75)", "cbd"),
        ("val/acc != 0.8", "cbd"),
        ("val/acc <= 0.75", "b"),
        ("val/acc is null", "d"),
        ("val/acc is not null", "cab"),
        ("empty is null", "cabd"),
        # Params: numbers by value when the right side is a number, texts as written otherwise.
        ("lr = 0.001", "a"),
        ("lr = 1e-3", "a"),
        ("lr = 0.01", "b"),
        ("lr = '0.01'", ""),
        ("lr = '0.010'", "b"),
        ("lr > 0", "ab"),
        ("lr = nan", "d"),
        ("lr = fast", "c"),
        ("lr in (0.001, fast)", "ca"),
        ("lr not in (0.001, fast)", "bd"),
        ("lr ~ FAS", "c"),
        ("lr !~ fas", "abd"),
        ("seed = 9007199254740993", "a"),
        ("seed = 9007199254740992", "b"),
        # Whole numbers past 2^53 are told apart as written, and are equal to the same number written otherwise.
        ("rows = 1e20", "ab"),
        ("rows = 100000000000000000000", "ab"),
        ("rows = 100000000000000000001", "b"),
        ("seed > 9007199254740992", "a"),
        ("seed >= 9007199254740993", "a"),
        ("seed < 9007199254740993", "b"),
        ("seed <= +9007199254740992", "b"),
        ("seed between 9007199254740993 and 9007199254740999", "a"),
        ("not seed > 9007199254740992", "cbd"),
        ("rows > 99999999999999999999", "ab"),
        ("rows > 100000000000000000000", ""),
        ("rows < 100000000000000000001", "ab"),
        ("rows < 1" + "0" * 45, "ab"),
        ("lr=1e-3&&amp=true||amp=false", "ca"),
        ("optim.name = adam", "a"),
        ("optim.name ~ adam", "ab"),
        ("optim.name = ada*", "a"),
        ("optim.name >= B", "a"),
        ("param.optim.name = Adam", "b"),
        ("amp = true", "a"),
        ("amp = false", "c"),
        ("amp = 1", ""),
        ("decay is null", "cabd"),
        ("decay is not null", ""),
        ("seed is null", "cd"),
        # Tags of the tracker, code and environment.
        ("tag.mlflow.user = mira", "a"),
        ("version = 1.10", "a"),
        ("version = 1.1", ""),
        ("tag(version) is null", "cbd"),
        ("git.commit = 0012…", "a"),
        ("fact.git.commit = 0012*", "a"),
        ("git.commit ~ 789A", "a"),
        # What every run has by itself.
        ("name = amber-heron", "a"),
        ("Name ~ AMBER", "a"),
        ("status = failed", "b"),
        ("status in (failed, running)", "cb"),
        ("experiment = beans", "ab"),
        ("experiment is null", "d"),
        ("format = lightning", "b"),
        ("tracker != generic", "ab"),
        ("path = c", "c"),
        ("source = runs", "cabd"),
        ("run = a", "a"),
        ("metrics = 4", "c"),
        ("points >= 6", "a"),
        ("problems = 0", "cabd"),
        ("status is null", ""),
        ("metric.status = 1", "d"),
        # Times: a date is the whole day, a minute the whole minute.
        ("started = 2026-01-01", "ab"),
        ("started > 2026-01-01", "c"),
        ("started >= 2026-01-01", "cab"),
        ("started <= 2026-01-01", "ab"),
        ("started < 2026-01-01", ""),
        ("started != 2026-01-01", "cd"),
        ("started = '2026-01-01 12:00'", "ab"),
        ("started = '2026-01-01 12:00:03'", "a"),
        ("started = '2026-01-01 12:00:03.5'", ""),
        ("started = '2026-01-01T13:00:03+01:00'", "a"),
        ("ended is null", "cd"),
        ("duration = 90", "a"),
        ("duration > 1.5h", "b"),
        ("duration <= 90s", "a"),
        ("duration between 1min and 2m", "a"),
        # Data sets, tags and models may be several: one that fits is enough, and != means none.
        ("dataset = beans-test", "a"),
        ("dataset != beans-test", "cbd"),
        ("digest = 00123456", "a"),
        ("digest = 123456", ""),
        ("dataset.digest = 1e5", "a"),
        ("dataset.digest = 0012…", "a"),
        ("dataset is null", "cbd"),
        ("tag = candidate", "a"),
        ("tag in (baseline, 'second look')", "ab"),
        ("tag is not null", "ab"),
        ("note ~ merge", "b"),
        ("note is null", "cad"),
        ("model = beans", "ab"),
        ("stage = staging", "a"),
        ("stage = none", "b"),
        # Words.
        ("failed", "b"),
        ("not failed", "cad"),
        ('"failed"', ""),
        ("amber", "ab"),  # the name of a, a param of b
        ("BEANS", "ab"),
        ("baseline", "b"),
        ("diverged", "b"),
        ("mira", "a"),
        ("adam", "ab"),
        ("%", "c"),
        # Together.
        ("val/acc > 0.6 and optim.name = 'adam' and not failed", "a"),
        ("failed or running", "cb"),
        ("failed or val/acc > 0.6 experiment = beans", "ab"),
        ("not (failed or running)", "ad"),
        ("lr = 1e-3 or lr is null", "a"),
    ],
)  # fmt: skip
def test_a_filter_selects(shelf: Shelf, where: str, selected: str) -> None:
    assert "".join(shelf.keys(where)) == selected


@pytest.mark.parametrize(
    ("key", "order"),
    [
        (sort(FieldKind.BUILTIN, "started", down=True), "cabd"),
        (sort(FieldKind.BUILTIN, "started"), "bacd"),
        (sort(FieldKind.BUILTIN, "name"), "abdc"),
        (sort(FieldKind.BUILTIN, "duration"), "abcd"),
        (sort(FieldKind.BUILTIN, "duration", down=True), "bacd"),
        (sort(FieldKind.BUILTIN, "tag"), "bacd"),
        (sort(FieldKind.METRIC, "val/acc"), "bacd"),
        (sort(FieldKind.METRIC, "val/acc", down=True), "abcd"),
        (sort(FieldKind.METRIC, "val/loss"), "cbad"),
        (sort(FieldKind.METRIC, "val/loss", down=True), "bcad"),
        (sort(FieldKind.METRIC, "val/loss", Aggregate.BEST), "cabd"),
        (sort(FieldKind.PARAM, "lr"), "abcd"),
        (sort(FieldKind.PARAM, "lr", down=True), "bacd"),
        (sort(FieldKind.TAG, "mlflow.user"), "acbd"),
        (sort(FieldKind.FACT, "git.commit", down=True), "bacd"),
        (sort(FieldKind.METRIC, "of no run at all"), "cabd"),
    ],
)
def test_runs_without_a_value_and_nan_come_last_in_either_direction(shelf: Shelf, key: SortKey, order: str) -> None:
    assert "".join(shelf.keys("", key)) == order


def test_several_sort_keys_and_the_newest_first_among_equals(shelf: Shelf) -> None:
    assert "".join(shelf.keys()) == "cabd"
    experiment, acc = sort(FieldKind.BUILTIN, "experiment"), sort(FieldKind.METRIC, "val/acc")
    assert "".join(shelf.keys("", experiment)) == "cabd"
    assert "".join(shelf.keys("", experiment, acc)) == "cbad"
    assert "".join(shelf.keys("", sort(FieldKind.BUILTIN, "format"), acc)) == "cdba"


@pytest.mark.parametrize("many", [MANY, 1], ids=["by SQL", "over columns"])
def test_params_that_are_null_come_last_like_those_that_are_not_there(tmp_path: Path, many: int) -> None:
    shelf = Shelf(tmp_path, many=many)
    for path, note in (("w", ""), ("x", None), ("y", "zeal"), ("z", 3)):
        shelf.put(Recording("generic", path, path, params=params({"note": note})))
    shelf.put(Recording("generic", "v", "v"))
    assert "".join(shelf.keys("", sort(FieldKind.PARAM, "note")))[:3] == "zwy"
    assert "".join(shelf.keys("", sort(FieldKind.PARAM, "note", down=True)))[:3] == "zyw"
    shelf.close()


def test_numbers_that_are_written_differently_tie(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for path, lr, acc in (("x", "1e-3", 0.1), ("y", "0.001", 0.3), ("z", "0.0010", 0.2)):
        shelf.put(Recording("generic", path, path, params=params({"lr": lr}), metrics=(metric("acc", acc),)))
    assert shelf.keys("", sort(FieldKind.PARAM, "lr"), sort(FieldKind.METRIC, "acc", down=True)) == ["y", "z", "x"]
    shelf.close()


@pytest.mark.parametrize(
    ("where", "position", "says", "hint"),
    [
        ("val/ac > 3", 0, "No run has a field 'val/ac'", "val/acc"),
        ("amber and LR > 3", 10, "No run has a field 'LR'", "Did you mean lr"),
        ("best(lr) > 3", 0, "best(…) is for metrics, and 'lr' is a param", ""),
        ("max(duration) > 3", 0, "max(…) is for metrics, and 'duration' is none", ""),
        ("metric(lr) > 3", 0, "No run has a metric 'lr'", ""),
        ("zzzzzz is null", 0, "No run has a field 'zzzzzz'", "No known name"),
        ("val/acc > high", 0, "'val/acc' is a number, and is compared with one", "0.9"),
        ("val/acc = '0.9'", 0, "'val/acc' is a number, and is compared with one", "without quotes"),
        ("val/acc = true", 0, "'val/acc' is a number, and is compared with one", ""),
        ("val/acc ~ 0.9", 0, "'val/acc' is a number, and is compared with one", ""),
        ("val/acc > nan", 0, "NaN is neither greater nor less than anything", "= nan"),
        ("lr = null", 0, "Nothing equals null", "is null"),
        ("lr in (1, null)", 0, "Nothing equals null", "is null"),
        ("started > soon", 0, "'started' is compared with a date", "2026-01-31"),
        ("started = 2026", 0, "'started' is compared with a date", ""),
        ("status = done", 0, "There is no status 'done'", "finished"),
        ("not status in (failed, crashed)", 4, "There is no status 'crashed'", "killed"),
        ("duration > long", 0, "'duration' is a length of time, and is compared with one", "5min"),
    ],
)
def test_a_filter_that_makes_no_sense_is_explained(
    shelf: Shelf, where: str, position: int, says: str, hint: str
) -> None:
    with pytest.raises(FilterSyntax) as caught:
        shelf.queries.check_filter(where)
    assert caught.value.message == says
    assert caught.value.position == position
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("where", "hints"),
    [
        # Of the four runs lr is a number in three, NaN included, and a text in one.
        ("lr = slow", ["No run has lr = 'slow': lr is a number in 3 runs."]),
        ("lr in (slow, 0.001) and seed ~ abc", [
            "No run has lr = 'slow': lr is a number in 3 runs.", "No run has seed ~ 'abc': seed is a number in 2 runs.",
        ]),
        ("(val/acc > 2 or amp = maybe) and param.optim.name = Adan", [
            "No run has amp = 'maybe'. There are: false, true.",
            "No run has param.optim.name = 'Adan'. There are: Adam, adam.",
        ]),
        # amp is a truth value and a text, optim.name two texts; a number beside them is compared with numbers.
        ("amp = 1 or param.optim.name > 2 or param.note in (3, 4)", [
            "No run has amp = 1: amp is a number in no run.",
            "No run has param.optim.name > 2: param.optim.name is a number in no run.",
            "No run has param.note = 3: param.note is a number in no run.",
        ]),
        ("lr ~ 7 and lr > 100 and seed = 5", ["No run has lr ~ '7': lr is a number in 3 runs."]),
        # Texts of other fields: all where they are few, the nearest first.
        ("format = mlflow and val/acc > 0", [
            "No run has format = 'mlflow'. There are: mlflow_file, generic, lightning.",
        ]),
        ("name = brisk-oter", [f"No run has name = 'brisk-oter'. There are: brisk-otter, amber-heron, d, {NASTY}."]),
        ("tag.version = 1.1", ["No run has tag.version = '1.1'."]),
        ("dataset = beans-v2", ["No run has dataset = 'beans-v2'. There are: beans-v1, beans-test."]),
        ("model ~ cabbage", ["No run has model ~ 'cabbage'. There are: beans, peas."]),
        ("fact.git.commit = 0012…", []),
        ("experiment in (beans, peas) and status = killed", [
            "No run has experiment = 'peas'. There are: beans, %.",
            "No run has status = 'killed'. There are: failed, finished, running, unknown.",
        ]),
        # What some run has, what is a number, what is negated, and what is no param are no reason.
        ("lr = fast and lr > 5 and lr = nan", []),
        ("lr != slow and not lr = slow and lr not in (slow)", []),
        ("lr < seed", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_field_beside_what_no_run_has_is_hinted_at(shelf: Shelf, where: str, hints: list[str]) -> None:
    assert [*shelf.queries.filter_hints(where)] == hints


def test_of_many_texts_only_those_near_are_named(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(*(Recording("generic", f"p{n}", f"id-{n}", name=f"sweep-{n}") for n in range(30)))
    try:
        assert shelf.queries.filter_hints("name = sweeep-17")[0].startswith(
            "No run has name = 'sweeep-17'. Near it: sweep-17,"
        )
        assert shelf.queries.filter_hints("name = zebra") == ("No run has name = 'zebra'.",)
    finally:
        shelf.close()


def test_names_and_values_that_look_like_sql_are_names_and_values(shelf: Shelf) -> None:
    quoted = '"' + NASTY + '"'
    value = "'" + NASTY.replace("'", "''") + "'"
    assert shelf.keys(f"name = {value}") == ["c"]
    assert shelf.keys(f"param.{quoted} = {value}") == ["c"]
    assert shelf.keys(f"max(metric({quoted})) = 1") == ["c"]
    assert shelf.keys(f"lr = {value} or tag = {value} or started is null") == ["d"]
    assert shelf.keys(value) == ["c"]
    assert shelf.keys("", sort(FieldKind.PARAM, NASTY), sort(FieldKind.TAG, NASTY)) == ["c", "a", "b", "d"]
    assert shelf.keys("name = '%' or name ~ '_'") == []


def test_text_that_is_no_valid_unicode_is_taken_as_the_index_spells_it(shelf: Shelf) -> None:
    assert shelf.keys("name = 'x\udc80' or y\udc80") == []
    with pytest.raises(FilterSyntax, match="No run has a field"):
        shelf.keys("y\udc80 = 3")
    assert shelf.keys("name = 'a\x00b'") == []


def test_a_filter_as_long_as_may_be_still_runs(shelf: Shelf) -> None:
    assert shelf.keys(" or ".join(["lr = 1e-3"] * 700)) == ["a"]
    assert shelf.keys(f"lr in ({', '.join(['1e-3'] * 1500)})") == ["a"]
    assert shelf.keys("not " * 98 + "failed") == ["b"]
    assert shelf.keys("(" * 98 + "failed" + ")" * 98) == ["b"]


@pytest.mark.parametrize("word", ["1e-3", "0.01", "0", "nan", "NA", "e-", "9007199254740993", "rue", "fa", "a"])
def test_a_word_finds_the_texts_of_numbers_as_well(shelf: Shelf, word: str) -> None:
    expected = {str(run.path) for run in recorded() if any(word.lower() in (p.text or "").lower() for p in run.params)}
    assert expected <= set(shelf.keys(word))


def test_a_wrong_name_among_ten_thousand_is_explained_at_once() -> None:
    names = frozenset(f"group{n // 100}.param{n}" for n in range(10_000)) | {"val/accuracy"}
    known = Known({FieldKind.PARAM: names})
    started = time.process_time()
    with pytest.raises(FilterSyntax) as caught:
        known.resolve(Name("val/acuracy", False, Span(0, 0)))
    assert time.process_time() - started < 0.1
    assert caught.value.hint == "Did you mean val/accuracy?"


def test_signs_of_arithmetic_in_a_name_are_told(shelf: Shelf) -> None:
    for where, hint in (
        ("val/acc*2 > 1", "Signs of arithmetic have spaces around them: val/acc * 2"),
        ("val/acc > 0 -lr > 1", "Signs of arithmetic have spaces around them: - lr"),
    ):
        with pytest.raises(FilterSyntax) as caught:
            shelf.queries.check_filter(where)
        assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("where", "selected"),
    [
        ("val/acc < first(val/acc)", ""),
        ("val/acc > first(val/acc)", "a"),
        ("val/loss < val/acc", ""),
        ("val/loss = max(val/loss)", "c"),
        ("lr < seed", "ab"),
        ("lr > name", "d"),
        ("lr = (lr)", "ab"),
        ("best(val/acc) - val/acc > 0.05", "a"),
        ("abs(val/loss) = inf", "b"),
        ("1 / 0 > val/acc", "ab"),
        ("log(0 - lr) = lr", ""),
        ("(log(0 - lr) + val/acc) is null", "cd"),
        ("ended - started = 90", "a"),
        ("ended - started = duration", "ab"),
        ("val/acc in 0.7..0.8", "ab"),
        ("started in 2026-01-01..2026-01-01", "ab"),
        ("name like amber%", "a"),
        ("name like AMBER%", ""),
        ("name ilike AMBER%", "a"),
        ("name not like '%-%'", "d"),
        ("name matches '^[ab].*-'", "ab"),
        ("dataset like %-v_", "a"),
        ("dataset not matches v1", "cbd"),
        ("tag =~ '^second'", "a"),
        ("mean(val/acc) > 0.72", "a"),
        ("slope(val/acc) is not null", "a"),
        ("at(val/acc, step=1) = 0.9", "a"),
        ("reach(val/acc, 0.85) = 1", "a"),
    ],
)
def test_what_is_worked_out_selects(shelf: Shelf, where: str, selected: str) -> None:
    assert "".join(shelf.keys(where)) == selected


def test_a_bad_regular_expression_is_pointed_at(shelf: Shelf) -> None:
    with pytest.raises(FilterSyntax) as caught:
        shelf.queries.check_filter("amber and name matches '(x'")
    assert caught.value.message == "The regular expression is not understood: missing ): (x"
    assert (caught.value.position, caught.value.length) == (10, 17)
