"""The pieces that a filter's text is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runfolio.errors import FilterSyntax

KEYWORDS = frozenset({"and", "or", "not", "in", "is", "null", "between", "true", "false"})
MAX_LENGTH = 10_000

_SAME = {"==": "=", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!=", "&&": "and", "||": "or"}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<operator><=|>=|==|!=|<>|!~|[=<>~≤≥≠])
      | (?P<mark>[(),])
      | (?P<quoted>"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`)
      | (?P<joint>&&|\|\|)
      | (?P<word>[^\s()=<>~≤≥≠!,"'`]+)
      | (?P<bad>.)""",
    re.VERBOSE | re.DOTALL,
)
PLAIN_NAME = re.compile(r"[^\s()=<>~≤≥≠!,\"'`]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: kind is operator, mark, quoted, word or end; `text` is unquoted for quoted ones."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def keyword(self) -> str:
        """The keyword it is, in lower case, or ""."""
        word = self.text.lower()
        return word if self.kind == "word" and word in KEYWORDS else ""


def tokens(text: str) -> list[Token]:
    """The pieces of a filter, ending with one of kind "end". Raises FilterSyntax."""
    if len(text) > MAX_LENGTH:
        raise FilterSyntax(f"A filter has at most {MAX_LENGTH:,} characters", position=MAX_LENGTH)
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "bad"
        piece = match.group()
        start, end = match.span()
        if kind == "bad":
            if piece in "\"'`":
                raise FilterSyntax(
                    f"The quote {piece} is never closed",
                    position=start,
                    length=len(text) - start,
                    hint=f"Put {piece} at the end; a {piece} inside the text is written twice.",
                )
            raise FilterSyntax(f"{piece!r} means nothing here", position=start, hint="Use != for “not equal”, or not.")
        if kind == "quoted":
            found.append(Token(kind, piece[1:-1].replace(piece[0] * 2, piece[0]), start, end))
        elif kind != "space":
            found.append(Token("word" if kind == "joint" else kind, _SAME.get(piece, piece), start, end))
    found.append(Token("end", "", len(text), len(text)))
    return found
