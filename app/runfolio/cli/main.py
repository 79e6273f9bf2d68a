"""Parses the command line, runs one command, and turns its outcome into an exit code.

Exit codes: 0 done; 1 not as wished (a gate not met, a difference found with --exit-code, no run selected where one
is needed); 2 usage or unreadable input; 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from runfolio import __version__
from runfolio.cli.output import complain, say
from runfolio.cli.verbs import VERBS
from runfolio.errors import Cancelled, FilterSyntax, GateNotMet, RunfolioError
from runfolio.model.display import storable


def main(argv: Sequence[str]) -> int:
    """Run `runfolio <command> ...`; the exit code."""
    if sys.stdout is None or sys.stderr is None:
        # Closed by whoever started us (`>&-`), or a program without a console.
        with (
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            redirect_stdout(sys.stdout or nowhere),
            redirect_stderr(sys.stderr or nowhere),
        ):
            return _run(argv)
    return _run(argv)


def _run(argv: Sequence[str]) -> int:
    parser = build_parser(argv[0] if argv else "")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal of another encoding gets what it can show, and the rest spelled out.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        args = _sound(parser.parse_args(_joined(argv)))
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        return int(args.call(args))
    except FilterSyntax as failure:
        complain(failure)
        if text := getattr(args, "where", None):
            say(f"  {text}\n  {' ' * failure.position}{'^' * failure.length}")
        return 2
    except GateNotMet as failure:
        complain(failure)
        return 1
    except Cancelled:
        say("Interrupted.")
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more while closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except RunfolioError as failure:
        complain(failure)
        return 2
    except OSError as failure:
        if failure.errno not in (errno.ENOSPC, errno.EIO):
            raise
        say(f"runfolio: The output cannot be written: {failure.strerror}")
        return 2


def _sound(args: argparse.Namespace) -> argparse.Namespace:
    """Texts as valid UTF-8, with bytes that are not spelled out as everywhere; paths stay as they lie on the disk."""
    for name, value in vars(args).items():
        if name == "paths":
            continue
        if isinstance(value, str):
            setattr(args, name, storable(value))
        elif isinstance(value, list):
            setattr(args, name, [storable(v) if isinstance(v, str) else v for v in value])
    return args


def _joined(argv: Sequence[str]) -> list[str]:
    """`--sort -val/acc` as `--sort=-val/acc`: argparse would take a value that starts with a minus for an option."""
    found: list[str] = []
    for argument in argv:
        if found and found[-1] == "--sort":
            found[-1] = f"--sort={argument}"
        else:
            found.append(argument)
    return found


def build_parser(verb: str = "") -> argparse.ArgumentParser:
    """The parser of one command; of all when there is no such command."""
    parser = argparse.ArgumentParser(
        prog="runfolio",
        description="Open, compare and promote ML runs of any tracker, offline. Without a command: the window.",
        epilog="runfolio [PATH...] opens the window on those folders.",
    )
    parser.add_argument("--version", action="version", version=f"runfolio {__version__}")
    verbs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    if verb in VERBS:
        VERBS[verb](verbs)
    elif verb != "--version":
        for add in dict.fromkeys(VERBS.values()):
            add(verbs)
    return parser
