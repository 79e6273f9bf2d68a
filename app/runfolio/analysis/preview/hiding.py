"""Secrets in what is shown of a file: a mask stands in their place, as it does in params, tags and reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runfolio.model.previews import Content, Node, Sheet, TablePage, TextPage, TreePage
from runfolio.model.secrets import MASK, mask_text, mask_value, names_secret
from runfolio.model.text_search import Matches

_KEY_BEGINS, _KEY_ENDS = "PRIVATE KEY-----", "-----END "


def hide(content: Content) -> tuple[Content, tuple[str, ...]]:
    """The content without secrets, and a note that tells of them; itself when there are none."""
    count = 0

    def note(before: str, after: str) -> str:
        nonlocal count
        count += before is not after and before != after
        return after

    if isinstance(content, TextPage):
        content = replace(content, text=hide_lines(content.text, note))
    elif isinstance(content, TreePage):
        content = replace(content, nodes=tuple(_node(node, content.inside, note) for node in content.nodes))
    elif isinstance(content, TablePage):
        content = replace(content, rows=_cells(content, note))
    elif isinstance(content, Sheet):
        facts = tuple((name, note(text, mask_value(name, text))) for name, text in content.facts)
        rows = tuple(tuple(note(cell, mask_text(cell)) for cell in row) for row in content.rows)
        content = replace(content, facts=facts, rows=rows)
    if not count:
        return content, ()
    if count == 1:
        return content, ("A value looks like a secret and is masked; the file still holds it",)
    return content, (f"{count:,} values look like secrets and are masked; the file still holds them",)


def hide_lines(text: str, note: Callable[[str, str], str] = lambda _, after: after) -> str:
    """A text of the same lines without secrets; all lines of a private key are masked."""
    lines = text.split("\n")
    inside = False
    for place, line in enumerate(lines):
        if inside or (_KEY_BEGINS in line and "-----BEGIN " in line):
            ended = _KEY_ENDS in line
            # Told once, where it begins.
            lines[place] = MASK if inside else note(line, MASK)
            inside = not ended
            continue
        lines[place] = note(line, mask_text(line))
    return "\n".join(lines)


def hide_matches(found: Matches) -> Matches:
    """The same for the lines in which something was found."""
    return replace(found, found=tuple(replace(match, text=mask_text(match.text)) for match in found.found))


def _node(node: Node, inside: tuple[str | int, ...], note: Callable[[str, str], str]) -> Node:
    names = [key for key in (*inside, node.key) if isinstance(key, str)]
    text = note(node.text, mask_value(names[-1] if names else "", node.text))
    return node if text is node.text else replace(node, text=text)


def _cells(page: TablePage, note: Callable[[str, str], str]) -> tuple[tuple[str | None, ...], ...]:
    secret = [names_secret(name) for name in page.columns]
    return tuple(
        tuple(
            cell if cell is None else note(cell, mask_value(name, cell) if is_secret else mask_text(cell))
            for name, is_secret, cell in zip(page.columns, secret, row, strict=True)
        )
        for row in page.rows
    )
