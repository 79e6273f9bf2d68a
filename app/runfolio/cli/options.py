"""Options that commands share, and what their values have to be."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeAlias

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def positive(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it has to be 1 or more")
    return number


def seconds(text: str) -> float:
    """A duration."""
    number = float(text)
    if not 0 <= number < 1e9:
        raise argparse.ArgumentTypeError("it has to be a number of seconds")
    return number


def folder(text: str) -> str:
    """A path that says something; whether it is there is for the command to say."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def common(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """The options that all commands on an index have. `again`: a command above has them too, and keeps its values."""
    before = len(parser._actions)
    parser.add_argument("--index", type=Path, metavar="FILE", help="another index than the user's own")
    parser.add_argument("--ledger", type=Path, metavar="FOLDER", help="another ledger than the user's own")
    parser.add_argument("--wait", type=seconds, default=0.0, metavar="SECONDS", help="for a locked index")
    if "--json" not in {o for a in parser._actions for o in a.option_strings}:
        parser.add_argument("--json", action="store_true", help="machine-readable")
    for action in parser._actions[before:] if again else ():
        action.default = argparse.SUPPRESS
