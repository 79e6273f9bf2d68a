"""A value of a YAML document with the text it was written in, and lists of names for problems."""

from __future__ import annotations

import json
from dataclasses import dataclass

from runfolio.model.params import Json


@dataclass(slots=True)
class Node:
    """A value with the text it was written in.

    text       of a scalar without its quotes; of a one-line list as it stands there; else "".
    fields     of a mapping, `items` of a list.
    weight     nodes and characters that it would have, were its aliases written out.
    height     levels of lists and mappings in it, 0 for a scalar.
    """

    value: Json
    text: str
    quoted: bool = False
    fields: dict[str, Node] | None = None
    items: list[Node] | None = None
    weight: int = 1
    height: int = 0

    def inline(self) -> str:
        """The text as it would stand in a one-line list: quoted where it was, lists and mappings in brackets."""
        if self.fields is not None:
            return "{" + ", ".join(f"{k}: {n.inline()}" for k, n in self.fields.items()) + "}"
        if self.items is not None and not self.text:
            return "[" + ", ".join(n.inline() for n in self.items) + "]"
        return json.dumps(self.text, ensure_ascii=False) if self.quoted else self.text


def some(names: list[str]) -> str:
    """At most five different names for a message, the rest as a count."""
    unique = list(dict.fromkeys(names))
    shown = ", ".join(name[:80] for name in unique[:5])
    return f"{shown} and {len(unique) - 5} more" if len(unique) > 5 else shown
