"""Takes secrets out of what a reader found, before it is indexed, shown, exported or logged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runfolio.model.display import plain
from runfolio.model.params import Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.model.secrets import is_free_of_secrets, mask_json, mask_text, mask_value, names_secret
from runfolio.model.text_params import TextParams
from runfolio.readers.contract import info

_NAMED = 5
"""Places named in the problem; the rest is counted."""
_NUMBERS, _LONGEST_NUMBER = frozenset({int, float, bool}), 32


def masked(recording: Recording) -> Recording:
    """The recording without secrets and with a problem that says where they were; itself when there are none."""
    places: list[str] = []
    params = _params(recording.params, places)
    tags = _texts(recording.tags, "tag", places)
    facts = _texts(recording.facts, "", places)
    extra = {key: mask_json(key, value) for key, value in recording.extra.items()}
    places += [key for key, value in recording.extra.items() if extra[key] is not value]
    datasets = tuple(replace(d, source=mask_text(d.source)) for d in recording.datasets)
    problems = tuple(mask_problem(p) for p in recording.problems)
    name = None if recording.name is None else mask_text(recording.name)
    if not places and datasets == recording.datasets and problems == recording.problems and name == recording.name:
        return recording
    if places:
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        said = f"{len(places)} values look like secrets and are masked: {', '.join(places[:_NAMED])}{more}"
        if len(places) == 1:
            said = f"A value looks like a secret and is masked: {places[0]}"
        hint = "The folder still holds it. Think of that before you pass the folder on."
        problems = (*problems, info("secret-masked", recording.path, said, hint))
    return replace(
        recording,
        name=name,
        params=params,
        tags=tags,
        facts=facts,
        extra=extra,
        datasets=datasets,
        problems=problems,
    )


def mask_problem(problem: Problem) -> Problem:
    """The problem without secrets in what it quotes; itself when there are none."""
    message = mask_text(problem.message)
    return problem if message is problem.message else replace(problem, message=message)


def _params(params: Sequence[Param], places: list[str]) -> Sequence[Param]:
    if isinstance(params, TextParams) and is_free_of_secrets(params.names, params.texts):
        return params
    return tuple(_param(p, places) for p in params)


def _param(param: Param, places: list[str]) -> Param:
    key = param.path[-1] if param.path else ""
    if type(param.value) in _NUMBERS and len(param.text) <= _LONGEST_NUMBER and not names_secret(key):
        return param  # most params are: nothing that spells a number has the shape of a secret
    text = mask_value(key, param.text)
    value = text if param.value == param.text else mask_json(key, param.value)
    if text is param.text and (value is param.value or value is text):
        return param
    places.append(plain(param.key, 60))
    # What the text shows must not be more than what the value does, nor the other way round.
    if isinstance(value, str):
        return replace(param, text=value, value=value)
    return replace(param, text=text if text != param.text else str(value), value=value)


def _texts(texts: Mapping[str, str], kind: str, places: list[str]) -> Mapping[str, str]:
    if is_free_of_secrets(tuple(texts), texts.values()):
        return texts
    found = {key: mask_value(key, text) for key, text in texts.items()}
    changed = [key for key, text in texts.items() if found[key] is not text]
    places += [plain(f"{kind} {key}".strip(), 60) for key in changed]
    return found if changed else texts
