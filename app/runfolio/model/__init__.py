"""Plain values that flow between the layers: frozen dataclasses and arrays, no input or output."""
