"""The functions of numbers that a filter or a derived column may use."""

from __future__ import annotations

FUNCTIONS = {
    "abs": (1, 1),
    "sqrt": (1, 1),
    "exp": (1, 1),
    "log": (1, 1),
    "log2": (1, 1),
    "log10": (1, 1),
    "round": (1, 1),
    "floor": (1, 1),
    "ceil": (1, 1),
    "least": (2, 8),
    "greatest": (2, 8),
}
"""Fewest and most arguments of each. `log` is the natural logarithm; `round` takes halves away from zero."""

OPERATORS = ("+", "-", "*", "/", "^")
RELATIONS = ("=", "!=", "<", "<=", ">", ">=")
"""How two numbers are compared."""
