"""The window: one client of `runfolio.api`, and the only package that knows Qt."""

import builtins

import PySide6.QtCore  # noqa: F401 - what is undone here, it does


def _import_plainly() -> None:
    # Qt for Python puts itself before `import` and reads the source of every module that is imported from then on, to
    # see whether it may use names in snake case, which nothing here does. That took a tenth of what our modules take,
    # and crashed when two threads imported at once. What was there before it is kept under this name.
    plain = getattr(builtins, "__orig_import__", None)
    if plain is not None:
        builtins.__import__ = plain


_import_plainly()
