"""Pure functions over what the index answers: differences, drift, gates, and the arithmetic of charts."""
