"""`runfolio align`: metric names shown as one; listed, suggested, decided, ended."""

from __future__ import annotations

import argparse
import shlex

from runfolio.api import Workspace
from runfolio.cli.commands import show_entry, workspace
from runfolio.cli.options import Verbs, common
from runfolio.cli.output import say, write, write_json
from runfolio.cli.tables import Colour, table
from runfolio.errors import NotFound, UsageError
from runfolio.model.alignment import AlignedName, AlignmentFacts, NameFacts, Strength, Suggestion
from runfolio.model.display import count, number, plain
from runfolio.model.query import FieldKind

_COLOURS = {Strength.SURE: Colour.GOOD, Strength.LIKELY: Colour.NONE, Strength.POSSIBLE: Colour.DIM}


def list_alignments(args: argparse.Namespace) -> int:
    """`runfolio align list`."""
    with workspace(args) as ws:
        found = ws.alignments()
    if args.json:
        write_json([_alignment_json(a) for a in found])
        return 0
    if not found:
        say("No names are aligned. `runfolio align suggest` says which might be.")
        return 0
    rows: list[list[str]] = []
    for facts in found:
        rows.append([facts.alignment.target, "itself", _runs(facts.own), _range(facts.own), count(facts.runs)])
        rows += [
            ["", part.name.words, _runs(part.facts), _range(part.facts), count(part.shown)] for part in facts.parts
        ]
    write(table(["shown as", "from", "runs", "values", "runs that show it"], rows, right=frozenset({2, 4})))
    return 0


def suggest_alignments(args: argparse.Namespace) -> int:
    """`runfolio align suggest`: nothing is decided by it."""
    with workspace(args) as ws:
        found = ws.suggest_alignments()
    if args.json:
        write_json([_suggestion_json(s) for s in found])
        return 0
    if not found:
        say("No two names look like one metric.")
        return 0
    for suggestion in found:
        head = [suggestion.target, "", _runs(suggestion.own), _range(suggestion.own)]
        rows = [[n.name, n.strength.value, _runs(n.facts), _range(n.facts)] for n in suggestion.names]
        colours = [Colour.BOLD, *(_COLOURS[n.strength] for n in suggestion.names)]
        lines = table(["name", "", "runs", "values"], [head, *rows], right=frozenset({2}), colours=colours).split("\n")
        # Reasons are longer than the cells of a table may be.
        whys = ["", "", *(plain(n.reason, 300) for n in suggestion.names)]
        write("\n".join(f"{line}   {why}".rstrip() for line, why in zip(lines, whys, strict=True)))
        write(f"  runfolio align set {_arguments(suggestion)}\n")
    say("Nothing was decided. Run a line as it stands, or change it first; `runfolio undo` takes it back.")
    return 0


def set_alignment(args: argparse.Namespace) -> int:
    """`runfolio align set`."""
    with workspace(args) as ws:
        known = {info.field.name for info in ws.fields() if info.field.kind is FieldKind.METRIC}
        names = [parse_name(text, known) for text in args.names]
        if unknown := [n.name for n in names if n.name not in known]:
            raise NotFound(
                f"No run has a metric {unknown[0]!r}", hint="`runfolio diff RUN --all` lists what a run has."
            )
        if args.add:
            names = [*_standing(ws, args.target), *names]
        return show_entry(ws.align(args.target, names, instead_of=args.instead_of, reason=args.reason), args)


def remove_alignment(args: argparse.Namespace) -> int:
    """`runfolio align remove`."""
    with workspace(args) as ws:
        return show_entry(ws.unalign(args.target, reason=args.reason), args)


def keep_apart(args: argparse.Namespace) -> int:
    """`runfolio align dismiss`."""
    with workspace(args) as ws:
        return show_entry(ws.keep_apart(args.names, reason=args.reason), args)


def parse_name(text: str, known: set[str]) -> AlignedName:
    """`NAME` or `NAME*SCALE`; the whole text where a metric is really called that. Raises UsageError."""
    name, star, scale = text.rpartition("*")
    if text in known or not star:
        return AlignedName(text)
    try:
        return AlignedName(name, float(scale))
    except ValueError as error:
        raise UsageError(f"{scale!r} is no number to multiply {name!r} with", hint="For example top1*0.01.") from error


def _standing(ws: Workspace, target: str) -> list[AlignedName]:
    return [part.name for facts in ws.alignments() if facts.alignment.target == target for part in facts.parts]


def _arguments(suggestion: Suggestion) -> str:
    names = [n.name if n.scale == 1.0 else f"{n.name}*{n.scale:g}" for n in suggestion.parts]
    added = ["--add"] if suggestion.extends else []
    # A name that begins with a minus would be taken for an option.
    return shlex.join([*added, "--", suggestion.target, *names])


def _runs(facts: NameFacts | None) -> str:
    return count(0 if facts is None else facts.runs)


def _range(facts: NameFacts | None) -> str:
    return "" if facts is None or facts.low is None else f"{number(facts.low, 3)} … {number(facts.high, 3)}"


def _facts_json(facts: NameFacts | None) -> dict[str, object]:
    if facts is None:
        return {"runs": 0, "low": None, "high": None}
    return {"runs": facts.runs, "low": facts.low, "high": facts.high}


def _alignment_json(facts: AlignmentFacts) -> dict[str, object]:
    return {
        "target": facts.alignment.target,
        "runs": facts.runs,
        "own": _facts_json(facts.own),
        "names": [
            {"name": p.name.name, "scale": p.name.scale, "shown": p.shown, **_facts_json(p.facts)} for p in facts.parts
        ],
        "actor": facts.alignment.actor,
        "entry": facts.alignment.entry,
    }


def _suggestion_json(suggestion: Suggestion) -> dict[str, object]:
    return {
        "target": suggestion.target,
        "strength": suggestion.strength.value,
        "extends": suggestion.extends,
        "own": _facts_json(suggestion.own),
        "names": [
            {
                "name": n.name,
                "scale": n.scale,
                "strength": n.strength.value,
                "reason": n.reason,
                **_facts_json(n.facts),
            }
            for n in suggestion.names
        ],
    }


def add_parser(verbs: Verbs) -> None:
    """Make `align` and what it can do known."""
    names = verbs.add_parser("align", help="metric names shown as one: list, suggest, set, remove")
    steps = names.add_subparsers(dest="step", metavar="WHAT")
    common(names)
    names.set_defaults(call=list_alignments)
    every = steps.add_parser("list", help="what is shown as one, and for how many runs")
    common(every, again=True)
    every.set_defaults(call=list_alignments)
    ideas = steps.add_parser("suggest", help="names that are probably one metric, with reasons; decides nothing")
    common(ideas, again=True)
    ideas.set_defaults(call=suggest_alignments)
    put = steps.add_parser("set", help="show metrics under one name; undo takes it back")
    put.add_argument("target", metavar="TARGET", help="the name; runs that have a metric of it keep theirs")
    put.add_argument("names", nargs="+", metavar="NAME[*SCALE]", help="e.g. val_acc top1*0.01; the first a run has")
    put.add_argument("--add", action="store_true", help="beside those that are shown as TARGET already")
    put.add_argument("--instead-of", default="", metavar="TARGET", help="rename: what was shown as that name")
    put.add_argument("--reason", default="")
    common(put, again=True)
    put.set_defaults(call=set_alignment)
    end = steps.add_parser("remove", help="show only its own metric under a name again")
    end.add_argument("target", metavar="TARGET")
    end.add_argument("--reason", default="")
    common(end, again=True)
    end.set_defaults(call=remove_alignment)
    apart = steps.add_parser("dismiss", help="say that names are not one metric: no longer suggested together")
    apart.add_argument("names", nargs="+", metavar="NAME")
    apart.add_argument("--reason", default="")
    common(apart, again=True)
    apart.set_defaults(call=keep_apart)
