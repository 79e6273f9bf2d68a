"""What the events add up to today: tags, notes, model versions, stages, aliases, links and aligned metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from runfolio.ledger.events import Action, Entry
from runfolio.ledger.mark_fold import MarkState
from runfolio.ledger.names import Names, known_names
from runfolio.model.marks import FLAGS
from runfolio.model.params import Json
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.model.alignment import AlignedName, Alignment, Dismissal
    from runfolio.model.links import LinkDecision
    from runfolio.model.promotion import ModelVersion, RunMarks
    from runfolio.model.stage import Stage


@dataclass(slots=True)
class LedgerState(MarkState):
    """The fold over the events so far.

    versions   by (model, version).
    highest    highest version number that a model ever gave out; numbers are never used twice.
    approvals  who signed off that a run may go to a stage as a version of a model, by (run, model, stage).
    undone     entries that were taken back, with the number of the entry that did so.
    links      what was decided about the recordings of runs and still stands, by number of the entry.
    alignments   metric names shown as one, by the name they are shown under.
    dismissals   names that are not one metric, by number of the entry.
    stands_for   keys of runs that have become part of another run, with that run's key: what was said of a part is
               said of the whole, and is the part's again when it is split off.
    names      by which keys runs go today that had others when something was said of them.
    made       for each entry the number of the one that named its runs: its own, or that of what it takes back.
    """

    versions: dict[tuple[str, int], ModelVersion] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)
    approvals: dict[tuple[RunKey, str, Stage], set[str]] = field(default_factory=dict)
    undone: dict[int, int] = field(default_factory=dict)
    links: dict[int, LinkDecision] = field(default_factory=dict)
    alignments: dict[str, Alignment] = field(default_factory=dict)
    dismissals: dict[int, Dismissal] = field(default_factory=dict)
    stands_for: Mapping[str, RunKey] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    made: dict[int, int] = field(default_factory=dict)

    def now(self, key: str, number: int) -> RunKey:
        """The key of the run that a run is today which entry `number` called `key`."""
        name = self.names.today(key, self.made.get(number, number))
        return self.stands_for.get(name, RunKey(name))

    def spoken_of(self) -> frozenset[str]:
        """Keys of the runs, and identities of the recordings, of which something is said that still stands."""
        approved = {run for (run, _, _), people in self.approvals.items() if people}
        linked = {name.identity for decision in self.links.values() for name in decision.recordings}
        return frozenset({*self.marked(), *(v.run for v in self.versions.values()), *approved, *linked})

    def marks(self, key: RunKey) -> RunMarks:
        """What the user has put on one run."""
        from runfolio.model.promotion import RunMarks

        versions = tuple(v for v in self.versions.values() if v.run == key)
        starred, hidden, archived = (key in self.flags[name] for name in FLAGS)
        tags, note, color = tuple(self.tags.get(key, ())), self.notes.get(key, ""), self.colors.get(key, 0)
        return RunMarks(tags, note, versions, starred, color, hidden, archived)

    def in_stage(self, model: str, stage: Stage) -> tuple[ModelVersion, ...]:
        """Versions of a model that stand at a stage, newest first."""
        found = [v for v in self.versions.values() if v.model == model and v.stage is stage]
        return tuple(sorted(found, key=lambda v: -v.version))

    def apply(self, entry: Entry) -> None:
        """Take one more entry in. One of KNOWN_AS changes what is said before it: that takes another `fold`."""
        event = entry.event
        self.made[entry.number] = entry.number
        if event.undoes is not None:
            self.undone[event.undoes] = entry.number
            self.made[entry.number] = self.made.get(event.undoes, event.undoes)
        if event.action is Action.TAG:
            self._tag(entry)
        elif event.action is Action.MARK:
            self.apply_marks(event, lambda key: self.now(key, entry.number))
        elif event.action is Action.NOTE:
            for witness in event.runs:
                run = self.now(witness.key, entry.number)
                self.notes[run] = str(event.payload["text"])
                if not self.notes[run]:
                    del self.notes[run]
        elif event.action is Action.PROMOTE:
            self._promote(entry)
        elif event.action is Action.SIGN_OFF:
            self._sign_off(entry)
        elif event.action is Action.LINK:
            self._link(entry)
        elif event.action is Action.ALIGN:
            self._align(entry)
        elif event.action is Action.APART:
            self._apart(entry)
        elif event.action is Action.ALIAS:
            self._alias(event.payload)

    def _tag(self, entry: Entry) -> None:
        each = cast("dict[str, dict[str, list[str]]]", entry.event.payload["each"])
        for key, change in each.items():
            self.put_tags(self.now(key, entry.number), change["add"], change["remove"])

    def _promote(self, entry: Entry) -> None:
        # Here and below: a start with a ledger that says nothing of them does not need their classes.
        from runfolio.model.promotion import ModelVersion
        from runfolio.model.stage import Stage

        event = entry.event
        for item in _items(event.payload, "unregisters"):
            self.versions.pop((str(item["model"]), cast(int, item["version"])), None)
        for item in _items(event.payload, "registers"):
            model, version = str(item["model"]), cast(int, item["version"])
            witness = next((w for w in event.runs if w.key == item["run"]), event.runs[0])
            self.highest[model] = max(self.highest.get(model, 0), version)
            self.versions[model, version] = ModelVersion(
                model,
                version,
                self.now(witness.key, entry.number),
                witness.name,
                Stage.NONE,
                (),
                event.time_us,
                event.actor,
            )
        for item in _items(event.payload, "moves"):
            place = (str(item["model"]), cast(int, item["version"]))
            if place in self.versions:
                self.versions[place] = replace(self.versions[place], stage=Stage(str(item["to"])))

    def _sign_off(self, entry: Entry) -> None:
        from runfolio.model.stage import Stage

        payload = entry.event.payload
        for witness in entry.event.runs:
            place = (self.now(witness.key, entry.number), str(payload["model"]), Stage(str(payload["stage"])))
            people = self.approvals.setdefault(place, set())
            if payload["approved"]:
                people.add(str(payload["who"]))
            else:
                people.discard(str(payload["who"]))

    def _link(self, entry: Entry) -> None:
        from runfolio.model.links import LinkDecision, LinkKind, RecordingName

        event = entry.event
        if event.undoes is not None:
            self.links.pop(event.undoes, None)
        if event.payload["stands"]:
            made = self.made[entry.number]
            names = tuple(
                RecordingName(
                    self.names.today(str(item["identity"]), made), str(item["path"]), _others(item.get("others"))
                )
                for item in _items(event.payload, "recordings")
            )
            kind = LinkKind(str(event.payload["kind"]))
            self.links[entry.number] = LinkDecision(kind, names, event.actor, entry.number)

    def _align(self, entry: Entry) -> None:
        from runfolio.model.alignment import Alignment

        event = entry.event
        for change in _items(event.payload, "changes"):
            target = str(change["target"])
            self.alignments.pop(target, None)
            if names := aligned_names(change["after"]):
                self.alignments[target] = Alignment(target, names, event.actor, entry.number)

    def _apart(self, entry: Entry) -> None:
        from runfolio.model.alignment import Dismissal

        event = entry.event
        if event.undoes is not None:
            self.dismissals.pop(event.undoes, None)
        if event.payload["stands"]:
            names = tuple(str(name) for name in cast("list[str]", event.payload["names"]))
            self.dismissals[entry.number] = Dismissal(names, event.actor, entry.number)

    def _alias(self, payload: Mapping[str, Json]) -> None:
        model, alias = str(payload["model"]), str(payload["alias"])
        for place, version in self.versions.items():
            if version.model == model and alias in version.aliases:
                rest = tuple(a for a in version.aliases if a != alias)
                self.versions[place] = replace(version, aliases=rest)
        number = payload["version"]
        if isinstance(number, int) and (model, number) in self.versions:
            version = self.versions[model, number]
            self.versions[model, number] = replace(version, aliases=(*version.aliases, alias))


def aligned_names(written: Json) -> tuple[AlignedName, ...]:
    """The names of an alignment as an event keeps them."""
    from runfolio.model.alignment import AlignedName

    items = cast("list[dict[str, Json]]", written or [])
    return tuple(AlignedName(str(item["name"]), float(cast(float, item["scale"]))) for item in items)


def fold(entries: Iterable[Entry], stands_for: Mapping[str, RunKey] | None = None) -> LedgerState:
    """The state after all entries, with what was said of runs that are part of others today."""
    kept = [*entries]
    state = LedgerState(stands_for=stands_for or {}, names=known_names(kept))
    for entry in kept:
        state.apply(entry)
    return state


def _others(noted: Json) -> tuple[str, ...] | None:
    return tuple(map(str, noted)) if isinstance(noted, list) else None


def _items(payload: Mapping[str, Json], name: str) -> list[dict[str, Json]]:
    return cast("list[dict[str, Json]]", payload.get(name) or [])
