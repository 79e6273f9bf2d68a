"""The ledger: what only the user knows, as an append-only chain of events that is never rebuilt or rewritten."""
