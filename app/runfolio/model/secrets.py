"""Finds passwords, keys and tokens in what a run recorded, and puts a mask in their place.

They travel in params, tags, command lines and addresses of repositories; once indexed they would turn up in tables,
charts, reports and logs. So they are masked before anything is kept. Digests, commits, run ids and words such as
`tokenizer` or `max_tokens` are no secrets: a key has to name one, or a value to have the shape of a known kind.

Shapes are those that their issuers document (GitHub, GitLab, AWS, Google, Slack, Hugging Face, OpenAI, Anthropic,
JSON web tokens, PEM private keys, passwords in URLs).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from runfolio.model.params import Json

MASK = "[masked]"

_SHAPES = re.compile(
    r"""
      \b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b
    | \bgh[pousr]_[A-Za-z0-9]{30,255}
    | \bgithub_pat_[A-Za-z0-9_]{22,255}
    | \bglpat-[A-Za-z0-9_-]{20,64}
    | \bhf_[A-Za-z0-9]{30,64}\b
    | \bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,256}
    | \bAIza[A-Za-z0-9_-]{35}
    | \bya29\.[A-Za-z0-9_-]{20,512}
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,256}
    | \bpypi-[A-Za-z0-9_-]{50,512}
    | \beyJ[A-Za-z0-9_-]{10,4096}\.eyJ[A-Za-z0-9_-]{10,8192}\.[A-Za-z0-9_-]{10,4096}
    | -----BEGIN\ [A-Z ]{0,40}PRIVATE\ KEY-----(?:[^-]{0,65536}-----END\ [A-Z ]{0,40}PRIVATE\ KEY-----)?
    """,
    re.VERBOSE,
)
_MARKS = re.compile(r"AKIA|ASIA|ABIA|ACCA|gh[pousri]|glpat-|hf_|sk-|AIza|ya29\.|xox|pypi-|eyJ|-----B")
"""Beginnings of the shapes: few texts have one, and looking for them is cheaper than the pattern."""

_LEAST_SHAPE = 14

_SHORTEST = 8
"""No name of a secret fits with its value into less."""

_URL = re.compile(r"(?P<before>[a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^\s:/@]{0,256}):(?P<secret>[^\s/@]{1,512})@")
_TOKEN_URL = re.compile(r"(?P<before>https?://)(?P<secret>[A-Za-z0-9_-]{20,512})@")

_NOUN = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|secret[_-]?key|"
    r"private[_-]?key|auth[_-]?key|account[_-]?key|credentials?|connection[_-]?string"
)
_OPTION = re.compile(
    rf"(?P<before>(?:^|[\s\"'\[,;&?+]|--?)(?:[A-Za-z0-9]{{1,40}}[_.-]){{0,6}}(?:{_NOUN})[\"']?\s?[=:]\s?[\"']?)"
    r"(?P<secret>[^\s\"',;&]{4,512})",
    re.IGNORECASE,
)
_SPACED = re.compile(
    rf"(?P<before>(?:^|\s)--(?:[A-Za-z0-9]{{1,40}}[_.-]){{0,6}}(?:{_NOUN})\s{{1,4}})"
    r"(?P<secret>[^\s\"',;&-][^\s\"',;&]{3,511})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?P<before>\b(?:Bearer|Basic)\s)(?P<secret>[A-Za-z0-9._~+/=-]{16,4096})")

_KEY = re.compile(rf"(?:^|.*[_.\-/ ])(?:{_NOUN})s?(?:[_-]?\d{{1,2}})?", re.IGNORECASE | re.DOTALL)
_JOINED_KEY = re.compile(
    r".*(?:[a-z0-9])(?:Password|Secret|ApiKey|AccessKey|SecretKey|PrivateKey|AuthToken|AccessToken|ApiToken)"
)
_TOKEN_KEY = re.compile(r"(?:^|.*[_.\-/ ])tokens?(?:[_-]?\d{1,2})?", re.IGNORECASE | re.DOTALL)
_LANGUAGE = re.compile(
    r"(?:^|.*[_.\-/ ])(?:cls|pad|eos|bos|unk|mask|sep|image|img|video|audio|stop|start|end|special|memory|mem|patch|"
    r"register|reg|class|prompt|new|max|min|num|n|first|last|next|prefix|suffix|per|think|dist|distill|boi|eoi|"
    r"placeholder|query|additional_special|word|sub|char|text)[_-]tokens?",
    re.IGNORECASE | re.DOTALL,
)
_PLACEHOLDERS = re.compile(
    r"|none|null|true|false|nan|\*+|x{3,}|\.{3}|\[.{0,40}\]|<.{0,40}>|\$\{?[^}]{0,200}\}?|%\(.{0,80}\)s|\?{3}|changeme|"
    r"[+-]?[0-9.]{1,12}(?:e[+-]?\d{1,3})?",
    re.IGNORECASE,
)


def mask_text(text: str) -> str:
    """The text with everything that has the shape of a secret masked; the same object when there is none."""
    if len(text) < _SHORTEST:
        return text
    found = text
    if len(text) >= _LEAST_SHAPE and _MARKS.search(text):
        found = _SHAPES.sub(MASK, found)
    if "@" in found and "://" in found:
        found = _URL.sub(_keep_before_at, found)
        found = _TOKEN_URL.sub(_keep_before_at, found)
    if "=" in found or ":" in found:
        found = _OPTION.sub(_keep_before, found)
    if "--" in found:
        found = _SPACED.sub(_keep_before, found)
    if "earer " in found or "asic " in found:
        found = _BEARER.sub(_keep_before, found)
    return text if found == text else found


def is_free_of_secrets(keys: tuple[str, ...], texts: Collection[str]) -> bool:
    """Whether `mask_value` surely leaves each text under its key as it is; False says that it has to be asked.

    The texts are looked over together: most have nothing in them that any shape of a secret needs.
    """
    if names_secrets(keys):
        return False
    joined = "\n".join(texts)
    if "=" in joined or ":" in joined or "--" in joined or "earer " in joined or "asic " in joined:
        return False
    return max(map(len, texts), default=0) < _LEAST_SHAPE or _MARKS.search(joined) is None


def _keep_before_at(match: re.Match[str]) -> str:
    return f"{match['before']}{':' if match.re is _URL else ''}{MASK}@"


def _keep_before(match: re.Match[str]) -> str:
    secret = match["secret"]
    if _PLACEHOLDERS.fullmatch(secret) or secret.startswith(MASK) or not names_secret(_last_word(match["before"])):
        return match[0]
    return f"{match['before']}{MASK}"


def _last_word(before: str) -> str:
    word = re.split(r"[\s\"'\[,;&?+]", before.strip(" =:\"'"))[-1].strip("-=: \"'")
    return word if word not in ("Bearer", "Basic") else "token"


@lru_cache(maxsize=65_536)
def names_secret(key: str) -> bool:
    """Whether a key by its name holds a password, a key or a token: `db_password`, `wandb_api_key`, `HF_TOKEN`.

    The tokens of language models (`pad_token`, `max_tokens`) are none.
    """
    if not (_KEY.fullmatch(key) or _JOINED_KEY.fullmatch(key)):
        return False
    if _TOKEN_KEY.fullmatch(key):
        return not _LANGUAGE.fullmatch(key) and not key.lower().endswith("tokens")
    return True


@lru_cache(maxsize=32)
def names_secrets(keys: tuple[str, ...]) -> bool:
    """Whether any of the keys is such a one. Cached because the runs of an experiment have the same keys."""
    return any(map(names_secret, keys))


def mask_value(key: str, text: str) -> str:
    """The text of a value under a key, masked whole when the key names a secret and the value is one."""
    if names_secret(key) and len(text) >= 4 and not _PLACEHOLDERS.fullmatch(text):
        return MASK
    return mask_text(text)


_PLAIN = frozenset({int, float, bool, type(None)})


def mask_json(key: str, value: Json) -> Json:
    """The same for a value of JSON, its mappings and lists; the same object when there is no secret in it."""
    if isinstance(value, str):
        return mask_value(key, value)
    if isinstance(value, list):
        if _PLAIN.issuperset(map(type, value)):
            return value  # a list of numbers, of which some files hold millions
        items: list[Json] = []
        before = ""
        for item in value:
            # A command line as a list: the value of `--token` is the next item.
            option = before if before.startswith("-") and "=" not in before else ""
            items.append(mask_json(option.lstrip("-") or key, item))
            before = item if isinstance(item, str) else ""
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if isinstance(value, dict):
        mapping = {k: mask_json(k, v) for k, v in value.items()}
        return value if all(mapping[k] is v for k, v in value.items()) else mapping
    return value
