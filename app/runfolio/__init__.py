"""Runfolio: open, compare and promote the ML runs you already have on disk."""

__version__ = "0.1.0"
