"""The pieces that a filter's text is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from runfolio.errors import FilterSyntax

KEYWORDS = frozenset({"and", "or", "not", "in", "is", "null", "between", "true", "false"})
MAX_LENGTH = 10_000

SIGNS = {"+": "+", "-": "-", "*": "*", "/": "/", "^": "^", "**": "^"}
"""Signs of arithmetic. They may be part of a name, and so are signs only by themselves or beside a quote or bracket."""

_SAME = {"=~": "matches", "==": "=", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!=", "&&": "and", "||": "or"}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<operator>=~|<=|>=|==|!=|<>|!~|[=<>~≤≥≠])
      | (?P<mark>[(),])
      | (?P<quoted>"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`)
      | (?P<joint>&&|\|\|)
      | (?P<word>(?:(?!&&|\|\|)[^\s()=<>~≤≥≠!,"'`])+)
      | (?P<bad>.)""",
    re.VERBOSE | re.DOTALL,
)
_NEGATIVE_CALL = re.compile(r"[+-][A-Za-z][A-Za-z0-9_]*")
PLAIN_NAME = re.compile(r"(?:(?!&&|\|\|)[^\s()=<>~≤≥≠!,\"'`])+")


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

    @property
    def sign(self) -> str:
        """The sign of arithmetic that it is, or ""."""
        return SIGNS.get(self.text, "") if self.kind == "word" else ""


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
        elif kind == "word":
            found += _split(piece, start, text[end : end + 1], found[-1] if found else None)
        elif kind != "space":
            found.append(Token("word" if kind == "joint" else kind, _SAME.get(piece, piece), start, end))
    found.append(Token("end", "", len(text), len(text)))
    return found


def _split(word: str, start: int, behind: str, before: Token | None) -> list[Token]:
    """A word without the signs that touch a quote or a bracket: `"a b"*2`, `2*(x)`, `-best(x)`."""
    after_closing = before is not None and before.end == start and (before.kind == "quoted" or before.text == ")")
    before_opening = behind != "" and behind in "(\"'`"
    cuts = {0, len(word)}
    if after_closing and word[0] in SIGNS:
        cuts.add(2 if word.startswith("**") else 1)
    if before_opening and word[-1] in SIGNS:
        cuts.add(len(word) - (2 if word.endswith("**") else 1))
    if behind == "(" and _NEGATIVE_CALL.fullmatch(word):
        cuts.add(1)
    places = sorted(cuts)
    return [Token("word", word[a:b], start + a, start + b) for a, b in pairwise(places)]
