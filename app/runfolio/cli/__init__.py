"""The command line: the same verbs as the window, for terminals, scripts and CI."""

from runfolio.cli.main import COMMANDS, main

__all__ = ["COMMANDS", "main"]
