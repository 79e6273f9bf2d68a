"""The ledger: what was decided survives, can be taken back, and cannot be altered unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from runfolio.errors import LedgerDamaged, NotFound, UsageError
from runfolio.ledger import actions, align_actions
from runfolio.ledger.events import GENESIS, Entry, Event, Witness, decode
from runfolio.ledger.names import NewName, known_as
from runfolio.ledger.state import LedgerState, fold
from runfolio.ledger.store import Ledger
from runfolio.model.alignment import AlignedName
from runfolio.model.links import LinkKind, RecordingName
from runfolio.model.promotion import GateResult, Outcome
from runfolio.model.run import RunKey
from runfolio.model.stage import Stage

A = Witness(RunKey("mlflow:a"), "amber-heron")
B = Witness(RunKey("mlflow:b"), "brisk-otter")
NOON = 1_767_268_800_000_000  # 2026-01-01 12:00 UTC


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "data", tmp_path / "mirror")


def state_of(ledger: Ledger) -> LedgerState:
    return fold(ledger.entries)


def do(ledger: Ledger, make: Callable[[LedgerState], Event]) -> Entry:
    return ledger.append(lambda entries: make(fold(entries)))


def tag(ledger: Ledger, *runs: Witness, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> Entry:
    return do(ledger, lambda s: actions.tag(s, runs, add, remove, time_us=NOON, actor="mira", reason=""))


def promote(ledger: Ledger, run: Witness, stage: Stage, gates: tuple[GateResult, ...] = ()) -> Entry:
    return do(
        ledger,
        lambda s: actions.promote(
            s, run, "beans", stage, gates, forced=False, time_us=NOON, actor="mira", reason="better on 5 seeds"
        ),
    )


def undo(ledger: Ledger, number: int | None = None, reason: str = "a mistake") -> Entry:
    return ledger.append(
        lambda entries: actions.inverse(entries, fold(entries), number, time_us=NOON, actor="jo", reason=reason)
    )


def test_tags_are_there_after_opening_again(ledger: Ledger, tmp_path: Path) -> None:
    tag(ledger, A, B, add=("candidate", "seed sweep"))
    tag(ledger, B, remove=("candidate",))
    again = Ledger(tmp_path / "data", tmp_path / "mirror")
    assert state_of(again).tags == {A.key: ["candidate", "seed sweep"], B.key: ["seed sweep"]}
    assert again.verify() == 2


def test_each_line_names_the_one_before_it_and_the_mirror_is_the_same(ledger: Ledger, tmp_path: Path) -> None:
    first = tag(ledger, A, add=("x",))
    second = tag(ledger, A, add=("y",))
    lines = ledger.path.read_bytes().splitlines()
    assert json.loads(lines[0])["prev"] == "0" * 64
    assert json.loads(lines[1])["prev"] == first.digest
    assert second.number == 2
    assert ledger.mirror_path.read_bytes() == ledger.path.read_bytes()


def test_undo_of_a_tag_takes_it_only_from_runs_that_got_it(ledger: Ledger) -> None:
    tag(ledger, A, add=("x",))
    entry = tag(ledger, A, B, add=("x", "y"))
    undo(ledger, entry.number)
    assert state_of(ledger).tags == {A.key: ["x"]}
    assert state_of(ledger).undone == {2: 3}
    with pytest.raises(UsageError, match="taken back by entry 3"):
        undo(ledger, entry.number)


def test_undo_without_a_number_walks_back_through_what_still_stands(ledger: Ledger) -> None:
    tag(ledger, A, add=("x",))
    do(ledger, lambda s: actions.note(s, A, "relabelled images", time_us=NOON, actor="mira"))
    undo(ledger)
    undo(ledger)
    assert state_of(ledger).tags == {}
    assert state_of(ledger).notes == {}
    with pytest.raises(NotFound):
        undo(ledger)


def test_a_promotion_registers_a_version_and_archives_what_was_in_production(ledger: Ledger) -> None:
    promote(ledger, A, Stage.PRODUCTION)
    promote(ledger, B, Stage.PRODUCTION)
    state = state_of(ledger)
    assert [(v.version, v.run_name, v.stage) for v in state.versions.values()] == [
        (1, "amber-heron", Stage.ARCHIVED),
        (2, "brisk-otter", Stage.PRODUCTION),
    ]
    assert state.marks(B.key).stage is Stage.PRODUCTION
    assert state.marks(A.key).stage is Stage.ARCHIVED


def test_taking_back_a_promotion_puts_the_former_champion_back_and_needs_a_reason(ledger: Ledger) -> None:
    promote(ledger, A, Stage.PRODUCTION)
    promote(ledger, B, Stage.PRODUCTION)
    with pytest.raises(UsageError, match="needs a reason"):
        undo(ledger, reason=" ")
    undo(ledger, reason="latency doubled")
    state = state_of(ledger)
    assert state.versions["beans", 1].stage is Stage.PRODUCTION
    assert ("beans", 2) not in state.versions
    # A number that was given out once is never used for something else.
    promote(ledger, B, Stage.STAGING)
    assert ("beans", 3) in state_of(ledger).versions


def test_a_decision_that_later_ones_stand_on_cannot_be_taken_back_alone(ledger: Ledger) -> None:
    first = promote(ledger, A, Stage.STAGING)
    promote(ledger, A, Stage.PRODUCTION)
    with pytest.raises(UsageError, match="has moved on"):
        undo(ledger, first.number)


def sign_off(ledger: Ledger, run: Witness, actor: str) -> Entry:
    return do(
        ledger,
        lambda s: actions.sign_off(s, run, "beans", Stage.STAGING, time_us=NOON, actor=actor, reason="looked at it"),
    )


def test_a_sign_off_is_of_one_person_for_one_run_model_and_stage_and_can_be_taken_back(ledger: Ledger) -> None:
    sign_off(ledger, A, "jo")
    sign_off(ledger, A, "mira")
    sign_off(ledger, B, "jo")
    with pytest.raises(UsageError, match="jo has signed that off already"):
        sign_off(ledger, A, "jo")
    assert state_of(ledger).approvals == {
        (A.key, "beans", Stage.STAGING): {"jo", "mira"},
        (B.key, "beans", Stage.STAGING): {"jo"},
    }
    told = actions.describe(undo(ledger, 1), None)
    assert told.summary == "took back entry 1: run amber-heron: beans → staging no longer approved by jo"
    assert state_of(ledger).approvals[A.key, "beans", Stage.STAGING] == {"mira"}
    sign_off(ledger, A, "jo")
    assert state_of(ledger).approvals[A.key, "beans", Stage.STAGING] == {"jo", "mira"}


def test_the_gates_are_kept_as_they_were(ledger: Ledger) -> None:
    gate = GateResult("val/acc at least 0.9", Outcome.PASS, "0.9467", ">= 0.9", "step 400 of metrics/val/acc")
    entry = promote(ledger, A, Stage.STAGING, (gate,))
    told = actions.describe(entry, None)
    assert told.summary == "run amber-heron: registered beans version 1; beans version 1: none → staging; gates 1/1"
    assert json.loads(ledger.path.read_bytes())["payload"]["gates"][0]["observed"] == "0.9467"


def test_a_torn_last_line_is_set_aside_and_everything_before_it_counts(ledger: Ledger, tmp_path: Path) -> None:
    tag(ledger, A, add=("x",))
    whole = ledger.path.read_bytes()
    tag(ledger, A, add=("y",))
    torn = ledger.path.read_bytes()[:-7]
    ledger.path.write_bytes(torn)
    ledger.mirror_path.write_bytes(torn)
    again = Ledger(tmp_path / "data", tmp_path / "mirror")
    assert state_of(again).tags == {A.key: ["x"]}
    assert again.path.read_bytes() == whole
    assert (tmp_path / "data" / "ledger.jsonl.damaged-1").read_bytes() == torn[len(whole) :]
    tag(again, A, add=("z",))
    assert again.verify() == 2


def test_a_lost_or_cut_copy_is_made_again_from_the_other(ledger: Ledger, tmp_path: Path) -> None:
    tag(ledger, A, add=("x",))
    tag(ledger, A, add=("y",))
    whole = ledger.path.read_bytes()
    ledger.path.unlink()
    assert len(Ledger(tmp_path / "data", tmp_path / "mirror").entries) == 2
    assert ledger.path.read_bytes() == whole
    ledger.mirror_path.write_bytes(whole[:20])
    Ledger(tmp_path / "data", tmp_path / "mirror")
    assert ledger.mirror_path.read_bytes() == whole


def test_an_altered_line_in_one_copy_is_healed_by_the_other(ledger: Ledger, tmp_path: Path) -> None:
    tag(ledger, A, add=("x",))
    tag(ledger, A, add=("y",))
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(whole.replace(b'"x"', b'"q"'))
    again = Ledger(tmp_path / "data", tmp_path / "mirror")
    assert again.path.read_bytes() == whole
    assert again.damage is None


def test_a_chain_altered_in_both_copies_opens_read_only_and_stays_untouched(ledger: Ledger, tmp_path: Path) -> None:
    tag(ledger, A, add=("x",))
    tag(ledger, A, add=("y",))
    altered = ledger.path.read_bytes().replace(b'"x"', b'"q"')
    ledger.path.write_bytes(altered)
    ledger.mirror_path.write_bytes(altered)
    again = Ledger(tmp_path / "data", tmp_path / "mirror")
    with pytest.raises(LedgerDamaged, match="line 2 does not follow") as caught:
        tag(again, B, add=("z",))
    assert caught.value.good_events == 1
    assert again.path.read_bytes() == altered
    with pytest.raises(LedgerDamaged):
        again.verify()


def test_two_writers_take_turns_and_see_each_other(ledger: Ledger, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "data", tmp_path / "mirror")
    promote(ledger, A, Stage.STAGING)
    promote(other, B, Stage.STAGING)
    assert ledger.refresh()
    assert sorted(state_of(ledger).versions) == [("beans", 1), ("beans", 2)]
    assert ledger.verify() == 2


def test_an_altered_last_line_shows_by_the_other_copy(ledger: Ledger, tmp_path: Path) -> None:
    tag(ledger, A, add=("x",))
    tag(ledger, A, add=("y",))
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b'"y"', b'"q"'))
    with pytest.raises(LedgerDamaged, match="differ from entry 2"):
        ledger.verify()
    again = Ledger(tmp_path / "data", tmp_path / "mirror")
    assert again.damage is not None
    with pytest.raises(LedgerDamaged, match="differ from entry 2"):
        tag(again, A, add=("z",))


def test_a_copy_that_was_altered_and_healed_is_told_of(ledger: Ledger, tmp_path: Path) -> None:
    tag(ledger, A, add=("x",))
    tag(ledger, A, add=("y",))
    assert ledger.replaced == ()
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b'"x"', b'"q"'))
    again = Ledger(tmp_path / "data", tmp_path / "mirror")
    assert [p.name for p in again.replaced] == ["ledger.jsonl.damaged-1"]


def test_something_else_in_the_place_of_the_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / "data" / "ledger.jsonl").mkdir(parents=True)
    with pytest.raises(LedgerDamaged, match="cannot be read"):
        Ledger(tmp_path / "data", tmp_path / "mirror")


def align(ledger: Ledger, **changes: tuple[AlignedName, ...]) -> Entry:
    return do(ledger, lambda s: align_actions.align(s, changes, time_us=NOON, actor="mira", reason="one metric"))


def aligned(ledger: Ledger) -> dict[str, tuple[AlignedName, ...]]:
    return {target: a.names for target, a in state_of(ledger).alignments.items()}


def test_aligned_names_are_there_after_opening_again_and_go_with_undo(ledger: Ledger, tmp_path: Path) -> None:
    entry = align(ledger, acc=(AlignedName("acc"), AlignedName("val_acc"), AlignedName("top1", 0.01)))
    again = Ledger(tmp_path / "data", tmp_path / "mirror")
    assert aligned(again) == {"acc": (AlignedName("val_acc"), AlignedName("top1", 0.01))}
    assert state_of(again).alignments["acc"].entry == entry.number
    told = actions.describe(entry, None)
    assert (told.subject, told.summary) == ("metric acc", "val_acc, top1 × 0.01 shown as acc")
    back = undo(ledger)
    assert aligned(ledger) == {}
    assert actions.describe(back, None).summary == "took back entry 1: nothing else is shown as acc"


def test_a_rename_is_one_decision(ledger: Ledger) -> None:
    align(ledger, acc=(AlignedName("val_acc"),))
    align(ledger, acc=(), accuracy=(AlignedName("acc"), AlignedName("val_acc")))
    assert aligned(ledger) == {"accuracy": (AlignedName("acc"), AlignedName("val_acc"))}
    undo(ledger)
    assert aligned(ledger) == {"acc": (AlignedName("val_acc"),)}


@pytest.mark.parametrize(
    "changes",
    [
        {"acc": (AlignedName("val_acc"),)},  # as it is
        {"other": ()},  # nothing there
        {"other": (AlignedName("val_acc"),)},  # shown as acc already
        {"val_acc": (AlignedName("x"),)},  # itself shown as acc
        {"other": (AlignedName("acc"),)},  # a target under another
        {" ": (AlignedName("x"),)},
        {"y": (AlignedName("x", 0.0),)},
        {"y": (AlignedName("x", float("nan")),)},
        {"y": (AlignedName("x"), AlignedName("x", 2.0))},
        {"y": (AlignedName("y"),)},
        {"y": (AlignedName("y", 2.0), AlignedName("x"))},
    ],
)
def test_alignments_that_make_no_sense_are_refused(ledger: Ledger, changes: dict[str, tuple[AlignedName, ...]]) -> None:
    align(ledger, acc=(AlignedName("val_acc"),))
    with pytest.raises(UsageError):
        align(ledger, **changes)
    assert len(ledger.entries) == 1


def test_an_alignment_that_others_stand_on_is_not_taken_back(ledger: Ledger) -> None:
    first = align(ledger, acc=(AlignedName("val_acc"),))
    removed = align(ledger, acc=())
    align(ledger, other=(AlignedName("val_acc"),))
    for entry in (first, removed):
        with pytest.raises(UsageError):
            undo(ledger, entry.number)
    undo(ledger)
    undo(ledger, removed.number)
    assert aligned(ledger) == {"acc": (AlignedName("val_acc"),)}


def test_names_kept_apart(ledger: Ledger) -> None:
    def keep_apart(*names: str) -> Entry:
        return do(ledger, lambda s: align_actions.keep_apart(s, names, time_us=NOON, actor="mira", reason=""))

    entry = keep_apart("val_acc", "eval_acc")
    assert actions.describe(entry, None).summary == "eval_acc, val_acc are not one metric"
    assert [d.names for d in state_of(ledger).dismissals.values()] == [("eval_acc", "val_acc")]
    for names in (("val_acc", "eval_acc"), ("val_acc", "val_acc")):
        with pytest.raises(UsageError):
            keep_apart(*names)
    undo(ledger)
    assert not state_of(ledger).dismissals


def renamed(ledger: Ledger, *pairs: tuple[str, str]) -> Entry:
    names = [NewName(old, new, "its first points have come", Witness(RunKey(new), "amber-heron")) for old, new in pairs]
    return do(ledger, lambda _: known_as(names, time_us=NOON))


OLD, NEW, NEWER = (Witness(RunKey(f"content:{n}"), "amber-heron") for n in ("old", "new", "newer"))


def test_what_was_said_of_a_run_is_said_of_it_under_its_new_key(ledger: Ledger) -> None:
    tag(ledger, OLD, add=("x", "y"))
    do(ledger, lambda s: actions.note(s, OLD, "good", time_us=NOON, actor="mira"))
    promote(ledger, OLD, Stage.STAGING)
    sign_off(ledger, OLD, "jo")
    names = [RecordingName(OLD.key, "a"), RecordingName(B.key, "b")]
    do(ledger, lambda _: actions.link([OLD, B], LinkKind.JOIN, names, time_us=NOON, actor="mira", reason=""))
    assert state_of(ledger).spoken_of() == {OLD.key, B.key}
    entry = renamed(ledger, (OLD.key, NEW.key))
    assert entry.event.payload["each"] == [{"from": OLD.key, "to": NEW.key, "why": "its first points have come"}]
    state = state_of(ledger)
    marks = state.marks(NEW.key)
    assert (marks.tags, marks.note, marks.stage) == (("x", "y"), "good", Stage.STAGING)
    assert state.approvals == {(NEW.key, "beans", Stage.STAGING): {"jo"}}
    assert [d.recordings for d in state.links.values()] == [(RecordingName(NEW.key, "a"), RecordingName(B.key, "b"))]
    assert state.spoken_of() == {NEW.key, B.key}
    # What takes an entry of that time back means the run, not the key of that time.
    for number in (1, 2, 3, 4, 5):
        undo(ledger, number)
    state = state_of(ledger)
    assert state.marks(NEW.key).stage is Stage.NONE
    assert not any((state.tags, state.notes, state.links, state.spoken_of()))


def test_of_an_old_key_is_said_later_what_is_meant_of_whoever_has_it(ledger: Ledger) -> None:
    tag(ledger, OLD, add=("x",))
    renamed(ledger, (OLD.key, NEW.key))
    tag(ledger, OLD, add=("another run",))
    renamed(ledger, (NEW.key, NEWER.key))
    assert state_of(ledger).tags == {NEWER.key: ["x"], OLD.key: ["another run"]}
    renamed(ledger, (NEWER.key, NEW.key))
    assert state_of(ledger).tags == {NEW.key: ["x"], OLD.key: ["another run"]}


def test_two_keys_that_change_places_in_one_entry(ledger: Ledger) -> None:
    tag(ledger, OLD, add=("x",))
    tag(ledger, NEW, add=("y",))
    entry = renamed(ledger, (OLD.key, NEW.key), (NEW.key, OLD.key))
    assert state_of(ledger).tags == {NEW.key: ["x"], OLD.key: ["y"]}
    assert actions.describe(entry, None).summary == "2 runs: go on under new keys, with all that was said of them"


def test_that_a_run_has_another_key_is_taken_back_by_its_number_only(ledger: Ledger) -> None:
    tag(ledger, OLD, add=("x",))
    entry = renamed(ledger, (OLD.key, NEW.key))
    told = actions.describe(entry, None)
    assert (told.action, told.actor, told.subject) == ("known-as", "runfolio", "run amber-heron")
    assert told.summary == (
        "run amber-heron: goes on under a new key, with all that was said of it (content:old → content:new)"
    )
    undo(ledger)
    assert state_of(ledger).undone == {1: 3}
    back = undo(ledger, 3)
    assert state_of(ledger).tags == {NEW.key: ["x"]}, "what takes back what took back"
    taken = undo(ledger, entry.number)
    assert state_of(ledger).tags == {OLD.key: ["x"]}
    undo(ledger, taken.number)
    assert state_of(ledger).tags == {NEW.key: ["x"]}
    undo(ledger, back.number)
    assert state_of(ledger).tags == {}


def test_a_ledger_of_an_earlier_version_means_what_it_meant(tmp_path: Path) -> None:
    """As version 0.1 wrote it: a tag, a note, and the tag taken back."""
    run = '"runs":[{"format":"","key":"mlflow:a","name":"amber","params_digest":"","started_us":null,"tracker_id":""}]'
    time = '"time":"2026-01-01T12:00:00.000Z","time_us":1767268800000000'
    told = (
        ("tag", '{"each":{"mlflow:a":{"add":["x"],"remove":[]}}}', GENESIS, "", "null"),
        ("note", '{"before":"","text":"good"}', "2fb2f9726aba81f1ff188323c14493a96e6ba7d191970a58e86ce6b934da659d", "",
         "null"),
        ("tag", '{"each":{"mlflow:a":{"add":[],"remove":["x"]}}}',
         "e7700c621b16adff7c8743db49529b58ae7f8bda0354aabd74a344812c53bad5", "no", "1"),
    )  # fmt: skip
    lines = [
        f'{{"action":"{action}","actor":"mira","format":1,"number":{number},"payload":{payload},"prev":"{previous}",'
        f'"reason":"{reason}",{run},{time},"undoes":{undoes}}}'
        for number, (action, payload, previous, reason, undoes) in enumerate(told, 1)
    ]
    text = "".join(f"{line}\n" for line in lines).encode()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.jsonl").write_bytes(text)
    ledger = Ledger(tmp_path / "data", tmp_path / "mirror")
    assert (ledger.damage, ledger.verify()) == (None, 3)
    assert ledger.path.read_bytes() == text
    state = state_of(ledger)
    assert (state.tags, state.notes, state.undone) == ({}, {A.key: "good"}, {1: 3})
    assert decode(lines[0].encode(), 1, GENESIS).event.runs[0].name == "amber"
