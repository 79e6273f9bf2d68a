"""`runfolio export table`: runs as CSV, Parquet or an Excel workbook."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.cli.cells import title
from runfolio.cli.commands import workspace
from runfolio.cli.output import say, write, write_json
from runfolio.errors import UsageError
from runfolio.export.sheet import SheetColumn
from runfolio.model.display import counted
from runfolio.model.filter_terms import split_names
from runfolio.model.grouping import GroupBy
from runfolio.model.query import RunQuery

if TYPE_CHECKING:
    Kinds = argparse._SubParsersAction[argparse.ArgumentParser]


def export_table(args: argparse.Namespace) -> int:
    """Write the runs that a filter selects."""
    with workspace(args) as ws:
        sort = ws.sort_keys(args.sort)
        keys = ws.run_keys(RunQuery(args.where, sort, with_hidden=args.with_hidden))[: args.limit]
        if args.everything:
            fields = ws.all_columns()
        elif args.columns:
            fields = tuple(ws.field_named(name) for name in split_names(args.columns))
        else:
            fields = ws.default_columns()
        group = GroupBy(tuple(ws.field_named(name) for name in split_names(args.group)), replicates=args.replicates)
        columns = [SheetColumn(field, title(field)) for field in fields]
        if args.figures:
            if not group.active:
                raise UsageError("--figures is for groups", hint="Say by which fields: --group optimizer,lr.")
            report = ws.export_groups(keys, group, columns, args.out, sort)
        else:
            report = ws.export_table(keys, columns, args.out, group=group, sort=sort)
    if args.json:
        write_json({"path": str(report.path), "runs": report.runs, "columns": report.columns})
    else:
        write(str(report.path))
        say(f"{counted(report.runs, 'group' if args.figures else 'run')}, {counted(report.columns, 'column')}")
    return 0


def add_parser(kinds: Kinds, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """Make `export table` known; `common` adds the options that all commands on an index have."""
    table = kinds.add_parser("table", help="runs as a table, in the format of OUT's suffix: CSV, Parquet, XLSX")
    table.add_argument("out", type=Path, metavar="OUT")
    table.add_argument("--where", default="", metavar="EXPR", help="runs by a filter")
    table.add_argument("--sort", default="", metavar="NAMES", help="fields with commas between; -name goes down")
    table.add_argument("--limit", type=int, metavar="N")
    chosen = table.add_mutually_exclusive_group()
    chosen.add_argument("--columns", default="", metavar="NAMES", help="fields with commas between: name,best(val/acc)")
    chosen.add_argument("--everything", action="store_true", help="all params, tags and facts, metrics' last and best")
    table.add_argument("--group", default="", metavar="NAMES", help="put runs into groups by these fields")
    table.add_argument("--replicates", action="store_true", help="put runs that differ in their seed together")
    table.add_argument("--figures", action="store_true", help="a row for each group: mean, std, interval, best, worst")
    table.add_argument("--with-hidden", action="store_true", help="hidden and archived runs too")
    common(table)
    table.set_defaults(call=export_table)
