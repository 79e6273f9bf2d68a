"""`runfolio compare`: groups of runs against a baseline, with what is sure and what is not."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from runfolio.analysis import grouprender
from runfolio.api import Workspace
from runfolio.cli.commands import workspace
from runfolio.cli.output import say, write, write_json
from runfolio.cli.tables import Colour, table
from runfolio.errors import NotFound, UsageError
from runfolio.model import display
from runfolio.model.filter_terms import split_names
from runfolio.model.groups import Grouping, GroupTable, RunGroup
from runfolio.model.query import RunQuery
from runfolio.model.run import RunKey
from runfolio.model.statistics import LEVEL, Method, Standing

REPLICATE = "replicate"
_PAIRING = {"auto": None, "yes": True, "no": False}
_COLOURS = {Standing.BETTER: Colour.GOOD, Standing.WORSE: Colour.BAD, Standing.UNTOLD: Colour.DIM}


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """`compare` without the options that all commands have."""
    parser = verbs.add_parser("compare", help="groups of runs against a baseline: intervals, tests, plain words")
    parser.add_argument("runs", nargs="*", metavar="RUN", help="each stands for its repetitions; none: all runs")
    parser.add_argument("--metric", action="append", required=True, metavar="NAME", help="may be given several times")
    parser.add_argument("--against", metavar="BASELINE", help="a run or a group's name; the first group when not given")
    parser.add_argument(
        "--by",
        default=REPLICATE,
        metavar="FIELD",
        help="fields with commas between; replicate (the default): runs that differ in the seed alone",
    )
    parser.add_argument("--where", default="", metavar="EXPR", help="only runs by a filter")
    parser.add_argument("--ignore", action="append", default=[], metavar="PARAM", help="may differ between repetitions")
    parser.add_argument("--count", action="append", default=[], metavar="PARAM", help="may not, although it is a seed")
    parser.add_argument("--single", action="store_true", help="also groups of one run, where no run is named")
    parser.add_argument("--method", choices=[m.value for m in Method], default=Method.T.value, help="t when not given")
    parser.add_argument("--level", type=float, default=LEVEL, metavar="0..1", help=f"of the intervals ({LEVEL})")
    parser.add_argument("--paired", choices=[*_PAIRING], default="auto", help="auto: where runs have partners")
    parser.add_argument("--exit-code", action="store_true", help="exit 1 when a group is worse than the baseline")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--latex", action="store_true")
    parser.add_argument("--tsv", action="store_true", help="everything at full precision")
    parser.set_defaults(call=compare_groups)
    return parser


def compare_groups(args: argparse.Namespace) -> int:
    """`runfolio compare`."""
    with workspace(args) as ws:
        named = [ws.resolve_run(text) for text in args.runs]
        metrics = [ws.figure_of(name) for name in args.metric]
        found = _grouping(ws, args, named)
        groups = _wanted(found, named, single=args.single)
        against = args.against or (named[0] if named else groups[0].name)
        groups, baseline = _with_baseline(ws, found, groups, against)
        if len(groups) < 2:
            raise UsageError("There is nothing to compare with the baseline", hint="Name more runs, or another --by.")
        tables = ws.compare_groups(
            groups, metrics, baseline, method=Method(args.method), level=args.level, pairing=_PAIRING[args.paired]
        )
    if args.json:
        document = grouprender.as_json(tables, [group.runs for group in groups])
        write_json(document | {"by": args.by, "rule": found.rule, "ignored": [*found.ignored]})
    elif args.markdown:
        write(grouprender.as_markdown(tables))
    elif args.latex:
        write(grouprender.as_latex(tables))
    elif args.tsv:
        write(grouprender.as_tsv(tables).rstrip("\n"))
    else:
        write("\n\n".join(map(_text, tables)))
        say(f"Groups: {found.rule}.{_left_out(found, groups)}")
    worse = any(r.comparison and r.comparison.standing is Standing.WORSE for t in tables for r in t.rows)
    return 1 if args.exit_code and worse else 0


def _grouping(ws: Workspace, args: argparse.Namespace, named: Sequence[RunKey]) -> Grouping:
    query: RunQuery | Sequence[RunKey] = RunQuery(args.where)
    if args.by != REPLICATE:
        if args.ignore or args.count:
            raise UsageError("--ignore and --count are for groups of repetitions", hint="Leave --by FIELD out.")
        fields = [ws.field_named(name) for name in split_names(args.by)]
        return ws.field_groups(fields, named or query)
    ignored = None
    if args.ignore or args.count:
        known = {*ws.replicate_groups().ignored, *(ws.field_named(f"param.{name}").name for name in args.ignore)}
        ignored = known - {ws.field_named(f"param.{name}").name for name in args.count}
    if named and not args.against and not args.where:
        query = ws.replicates_of(named, ignored)
    return ws.replicate_groups(query, ignored)


def _wanted(found: Grouping, named: Sequence[RunKey], *, single: bool) -> list[RunGroup]:
    if named:
        chosen = {key: group for group in found.groups for key in group.runs if key in {*named}}
        # In the order in which the runs were named, each group once.
        return [*{id(chosen[k]): chosen[k] for k in named if k in chosen}.values()]
    groups = [group for group in found.groups if single or len(group.runs) > 1]
    if not groups:
        raise UsageError(
            "No runs belong together" if not found.groups else "No configuration was run more than once",
            hint="Group by a field with --by, see groups of one with --single, or change the rule with --ignore.",
        )
    return groups


def _with_baseline(ws: Workspace, found: Grouping, groups: list[RunGroup], wanted: str) -> tuple[list[RunGroup], int]:
    """The groups with the baseline among them, and its place. Raises NotFound."""
    base = next((g for g in found.groups if g.name == wanted), None)
    if base is None:
        try:
            run = ws.resolve_run(wanted)
        except NotFound as failure:
            names = ", ".join(display.plain(g.name, 60) for g in found.groups[:4])
            raise NotFound(f"No group and no run is called {wanted!r}", hint=f"Groups are {names}…") from failure
        base = next((g for g in found.groups if run in g.runs), None)
        if base is None:
            raise NotFound(f"{wanted!r} is in no group", hint="It has none of the fields, or --where leaves it out.")
    if base not in groups:
        groups = [base, *groups]
    return groups, groups.index(base)


def _text(shown: GroupTable) -> str:
    rows = [grouprender.cells(row) for row in shown.rows]
    colours = [
        Colour.NONE if row.comparison is None else _COLOURS.get(row.comparison.standing, Colour.NONE)
        for row in shown.rows
    ]
    tests = sorted({r.comparison.test for r in shown.rows if r.comparison and r.comparison.p is not None})
    test = f" by {' and '.join(tests)} test" if tests else ""
    head = f"{grouprender.metric_title(shown)}, against {shown.rows[shown.baseline].name}{test}"
    drawn = table(grouprender.header(shown), rows, right=frozenset(range(1, 9)), colours=colours)
    notes = [f"  {display.plain(note, 200)}" for note in grouprender.all_notes(shown)]
    return "\n".join([display.plain(head, 200), drawn, *notes])


def _left_out(found: Grouping, groups: Sequence[RunGroup]) -> str:
    alone = sum(len(g.runs) == 1 for g in found.groups if g not in groups)
    parts = (
        [f" {'1 run is' if alone == 1 else f'{display.count(alone)} runs are'} alone and left out."] if alone else []
    )
    if found.unknown:
        runs = "1 run has" if found.unknown == 1 else f"{display.count(found.unknown)} runs have"
        parts.append(f" {runs} nothing recorded to group by.")
    return "".join(parts)
