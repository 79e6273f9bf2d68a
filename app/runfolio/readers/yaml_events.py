"""Builds values from YAML parser events, so that a document can neither run code nor exhaust the machine.

PyYAML's loaders build objects recursively: 200,000 open brackets end the process and a few aliases fill the
memory. Its parser below them only reports events, one at a time and without recursion; everything that can grow
is counted here, and what was built before a limit or a mistake is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from runfolio.model.display import storable
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, info, warning
from runfolio.readers.yaml_nodes import Node, some
from runfolio.readers.yaml_scalars import (
    MAX_DIGITS,
    is_call,
    is_known,
    is_long_integer,
    plain_value,
    short_tag,
    tagged_value,
)

_ALIAS_WEIGHT = 100_000
"""Nodes and characters that aliases may add to what is written; real files add some dozens."""

_MERGE = "<<"
_ORDERED = "!!python/object/apply:collections.OrderedDict"
"""How Python's YAML writes an ordered mapping: as the call that would make it, of a list of pairs."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no YAML may hold."""

# The C parser is a hundred times faster; both report the same events.
LOADER: type[yaml.CSafeLoader] | type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Frame:
    """A list or mapping whose end has not come yet."""

    tag: str | None
    anchor: str | None
    is_map: bool
    start: int
    flow: bool
    items: list[Node] = field(default_factory=list)
    fields: dict[str, Node] = field(default_factory=dict)
    merged: list[Node] = field(default_factory=list)
    key: str | None = None
    key_is_merge: bool = False
    has_alias: bool = False


class _Stop(Exception):
    """A limit was passed; what was built so far stands."""


class Builder:
    """Feeds on the events of one document.

    text      the document; `where` its path for problems.
    repairs   how often a text with a mistake may be read once more, without it.
    """

    def __init__(self, text: str, where: str, budget: Budget, repairs: int = 2) -> None:
        self.text = text
        self.where = where
        self.budget = budget
        self.repairs = repairs
        self.problems: list[Problem] = []
        self._root: Node | None = None
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Node] = {}
        self._open_anchors: set[str] = set()
        self._nodes = 0
        self._alias_weight = 0
        self._tags: dict[str, int] = {}
        self._repeated: list[str] = []
        self._lost_aliases: list[str] = []
        self._long_integers = 0

    def build(self) -> Node | None:
        """The first document's root, or as much of it as could be read; None for an empty document."""
        repaired: Builder | None = None
        try:
            for event in yaml.parse(self.text, Loader=LOADER):
                if isinstance(event, yaml.DocumentEndEvent):
                    self._look_for_more(_index(event.end_mark))
                    break
                self._take(event)
        except _Stop:
            pass
        except yaml.YAMLError as error:
            self._syntax(error)
            repaired = self._without(error)
        except (ValueError, OverflowError) as error:  # escapes past the last Unicode character, in the Python scanner
            self._say("yaml-syntax", f"The YAML cannot be read on: {error}")
        if repaired is not None:
            # The mistake itself has been told.
            self.problems += repaired.problems
            return repaired._root
        while self._stack:
            self._close(len(self.text), complete=False)
        self._tell()
        return self._root

    def _without(self, error: yaml.YAMLError) -> Builder | None:
        """The text read once more without what is wrong with it; None where that gives less than what was read before.

        A value is known only once the parser has seen what follows it, so the last one before a mistake is lost; a
        character that YAML does not allow is met before anything is read.
        """
        text = self._repaired_text(error)
        if not text or not self.repairs:
            return None
        again = Builder(text, self.where, self.budget, self.repairs - 1)
        # What stood in the way is gone from the text: what is wrong besides would be told a second time.
        again.build()
        again.problems = [p for p in again.problems if p.code != "yaml-syntax"]
        # A key without its value has been counted here.
        return again if again._nodes >= self._nodes - 1 and again._root is not None else None

    def _repaired_text(self, error: yaml.YAMLError) -> str:
        if isinstance(error, yaml.reader.ReaderError):
            return _FORBIDDEN.sub("\ufffd", self.text)
        if not isinstance(error, yaml.MarkedYAMLError):
            return ""
        for mark in (error.problem_mark, error.context_mark):
            at = 0 if mark is None else self.text.rfind("\n", 0, min(_index(mark), len(self.text))) + 1
            if self.text[at:].strip():
                return self.text[:at]
        return ""

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            if self._stack:
                self._stack[-1].has_alias = True
            self._add(self._alias(str(event.anchor)), None)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._open(event)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self._close(_index(event.end_mark), complete=True)

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes % 4096 == 0:
            self.budget.check(self.where)
        if self._nodes > self.budget.nodes:
            self._say("too-large", f"More than {self.budget.nodes:,} values: the rest of the file was not read")
            raise _Stop

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        self._count()
        text = storable(event.value)
        weight = 1 + len(text)
        if event.tag is not None:
            tag = self._noted(event.tag)
            value = tagged_value(tag, text)
            return Node(value, text if is_known(tag) else str(value), weight=weight)
        if not event.implicit[0]:
            return Node(text, text, quoted=True, weight=weight)
        if len(text) > MAX_DIGITS and is_long_integer(text):
            self._long_integers += 1
        return Node(plain_value(text), text, weight=weight)

    def _alias(self, anchor: str) -> Node:
        self._count()
        node = self._anchors.get(anchor)
        if node is not None and anchor not in self._open_anchors:
            self._alias_weight += node.weight
            if self._alias_weight <= _ALIAS_WEIGHT and len(self._stack) + node.height <= self.budget.depth:
                return node
        self._lost_aliases.append(anchor)
        return Node(f"*{anchor}", f"*{anchor}", weight=1 + len(anchor))

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        self._count()
        if len(self._stack) >= self.budget.depth:
            self._say("too-deep", f"Nested deeper than {self.budget.depth} levels: the rest of the file was not read")
            raise _Stop
        tag = None if event.tag is None else storable(short_tag(event.tag))
        if tag is not None and tag != _ORDERED:
            self._note(tag)
        is_map = isinstance(event, yaml.MappingStartEvent)
        if event.anchor is not None:
            self._open_anchors.add(event.anchor)
        self._stack.append(_Frame(tag, event.anchor, is_map, _index(event.start_mark), bool(event.flow_style)))

    def _close(self, end: int, *, complete: bool) -> None:
        frame = self._stack.pop()
        if frame.has_alias and self._stack:
            self._stack[-1].has_alias = True
        if frame.is_map:
            if frame.key is not None and not complete:
                frame.fields.setdefault(frame.key, Node(None, ""))
            node = self._mapping(frame)
        else:
            node = self._sequence(frame, end=end if complete else None)
        ordered = _ordered(node) if frame.tag == _ORDERED else None
        if ordered is not None:
            node = ordered
        elif frame.tag is not None and is_call(frame.tag) and not frame.is_map:
            if frame.tag == _ORDERED:
                self._note(frame.tag)
            # What would be called, and with what, is told as text: there is no value until somebody runs it.
            call = f"{frame.tag} {node.inline()}"
            node = Node(call, call, weight=node.weight)
        if frame.anchor is not None:
            self._open_anchors.discard(frame.anchor)
        self._add(node, frame.anchor)

    def _sequence(self, frame: _Frame, *, end: int | None) -> Node:
        text = ""
        if frame.flow and frame.tag is None and end is not None and not frame.has_alias:
            written = self.text[self.text.find("[", frame.start) : end]
            text = "" if "\n" in written else storable(written)
        return Node(
            [n.value for n in frame.items],
            text,
            items=frame.items,
            weight=1 + sum(n.weight for n in frame.items),
            height=1 + max((n.height for n in frame.items), default=0),
        )

    def _mapping(self, frame: _Frame) -> Node:
        fields: dict[str, Node] = {}
        # Of several merged mappings the first wins, and what the mapping itself says wins over all (YAML 1.1 merge).
        for source in reversed(frame.merged):
            fields.update(source.fields or {})
        fields.update(frame.fields)
        return Node(
            {k: n.value for k, n in fields.items()},
            "",
            fields=fields,
            weight=1 + sum(len(k) + n.weight for k, n in fields.items()),
            height=1 + max((n.height for n in fields.values()), default=0),
        )

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._stack:
            self._root = node
            return
        frame = self._stack[-1]
        if not frame.is_map:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = node.inline() if node.height else node.text
            frame.key_is_merge = frame.key == _MERGE and not node.quoted
        else:
            self._set(frame, frame.key, node)
            frame.key = None

    def _set(self, frame: _Frame, key: str, node: Node) -> None:
        sources = [node] if node.items is None else node.items
        if frame.key_is_merge and sources and all(n.fields is not None for n in sources):
            frame.merged.extend(sources)
            return
        if key in frame.fields:
            self._repeated.append(key)
        frame.fields[key] = node

    def _noted(self, tag: str) -> str:
        short = storable(short_tag(tag))
        self._note(short)
        return short

    def _note(self, short: str) -> None:
        if not is_known(short):
            self._tags[short] = self._tags.get(short, 0) + 1

    def _look_for_more(self, end: int) -> None:
        rest = self.text[end:].lstrip()
        if rest.startswith("---") and rest.strip("-. \n\r\t"):
            self._say("yaml-documents", "The file holds several YAML documents: only the first is shown")

    def _syntax(self, error: yaml.YAMLError) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not valid YAML"
        if mark is None:
            position = getattr(error, "position", None)
            index = position if isinstance(position, int) else None
        else:
            index = mark.index
        place = "" if mark is None else f"Line {mark.line + 1}, column {mark.column + 1}: "
        offset = None if index is None else len(self.text[:index].encode("utf-8", "surrogatepass"))
        shown = (
            "they are shown as \ufffd" if isinstance(error, yaml.reader.ReaderError) else "what comes before is shown"
        )
        message = storable(f"{place}{what}; {shown}")
        self.problems.append(
            warning("yaml-syntax", self.where, message, "Check whether the file was copied completely.", offset)
        )

    def _say(self, code: str, message: str) -> None:
        self.problems.append(warning(code, self.where, message))

    def _tell(self) -> None:
        """One problem for each kind of oddity, however often it occurs."""
        if self._tags:
            total = sum(self._tags.values())
            names = some(list(self._tags))
            say = warning if any(is_call(t) for t in self._tags) else info
            values = "A value has a tag" if total == 1 else f"{total} values have tags"
            message = f"{values} that only a program could load ({names}): shown as data, nothing was run"
            self.problems.append(say("yaml-tag", self.where, message))
        if self._repeated:
            self._say("duplicate-key", f"Given more than once, the last one is shown: {some(self._repeated)}")
        if self._lost_aliases:
            self._say(
                "yaml-alias",
                f"{len(self._lost_aliases)} references were not followed, because they lead to themselves, to "
                f"nothing, or to too much: {some(self._lost_aliases)}",
            )
        if self._long_integers:
            self._say("number-too-long", f"Integers of more than {MAX_DIGITS:,} digits are shown as text")


def _ordered(call: Node) -> Node | None:
    """The mapping that a call with one list of pairs stands for; None for any other call."""
    if call.items is None or len(call.items) != 1 or call.items[0].items is None:
        return None
    fields: dict[str, Node] = {}
    for pair in call.items[0].items:
        if pair.items is None or len(pair.items) != 2 or pair.items[0].height:
            return None
        fields[pair.items[0].text] = pair.items[1]
    return Node(
        {k: n.value for k, n in fields.items()},
        "",
        fields=fields,
        weight=call.weight,
        height=1 + max((n.height for n in fields.values()), default=0),
    )


def _index(mark: object) -> int:
    # The C parser and the Python one have mark types of their own; both count characters in `index`.
    return int(getattr(mark, "index", 0))
