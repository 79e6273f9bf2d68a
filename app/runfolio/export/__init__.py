"""Figures, tables and reports as files: what leaves the application."""
