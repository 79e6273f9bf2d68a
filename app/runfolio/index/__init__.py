"""The index: what was read from the folders, in DuckDB, rebuilt whenever that is simpler than repairing it."""
