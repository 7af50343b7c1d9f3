"""What a provider says that a reply consumed, and the log probabilities it gives. Knows where providers put them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from nemoserve.types.events import TokenAlternative, TokenLogprob
from nemoserve.types.usage import Usage

NO_ID = -1
"""The id of a token of which only the text is known."""


def read_usage(usage: object, timings: object = None) -> Usage | None:
    """The counts of an OpenAI-like `usage`, else of llama-server's `timings`; None where neither counts anything.

    What is no count is 0, which whoever has the text then sets right. Contradictory numbers are set right here: thinking that
    was not counted as completion is added to it, and no more of the prompt can have been cached than there was.
    """
    if isinstance(usage, dict) and usage:
        fields = cast("dict[str, object]", usage)
        prompt, completion = _count(fields, "prompt_tokens"), _count(fields, "completion_tokens")
        told = _count(_object(fields, "completion_tokens_details"), "reasoning_tokens")
        reasoning = told or _count(fields, "reasoning_tokens")
        read = _object(fields, "prompt_tokens_details")
        cached = _count(read, "cached_tokens") or _count(fields, "cached_tokens")
        if prompt or completion:
            total = completion + reasoning if 0 < completion < reasoning else completion
            return Usage(prompt, total, reasoning, min(cached, prompt), min(_count(read, "image_tokens"), prompt))
    if isinstance(timings, dict):
        fields = cast("dict[str, object]", timings)
        cached = _count(fields, "cache_n")
        prompt, completion = _count(fields, "prompt_n") + cached, _count(fields, "predicted_n")
        if prompt or completion:
            return Usage(prompt, completion, 0, cached)
    return None


class _Alternative(msgspec.Struct):
    token: str
    logprob: float | None = None
    bytes: list[int] | None = None

    def known(self) -> TokenAlternative:
        data = bytes(number & 0xFF for number in self.bytes) if self.bytes is not None else self.token.encode()
        return TokenAlternative(NO_ID, self.token, data, self.logprob)


class _Token(_Alternative):
    top_logprobs: list[_Alternative] | None = None


class _Logprobs(msgspec.Struct):
    content: list[_Token] | None = None


def read_logprobs(logprobs: object, most: int | None = None) -> tuple[TokenLogprob, ...]:
    """OpenAI's log probabilities, with `most` alternatives at most; none where they are absent or of another form."""
    if not logprobs:
        return ()
    try:
        known = msgspec.convert(logprobs, _Logprobs)
    except msgspec.ValidationError:
        return ()
    return tuple(
        TokenLogprob(token.known(), tuple(other.known() for other in (token.top_logprobs or ())[:most]))
        for token in known.content or ()
    )


class _TextLogprobs(msgspec.Struct):
    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None] | None = None
    text_offset: list[int] | None = None


def read_text_logprobs(
    logprobs: object, text: str, *, stopped: bool, begin: int = 0, most: int | None = None
) -> tuple[TokenLogprob, ...]:
    """The same of the tokens in `text`, a text completion, in OpenAI's legacy form, from llama-server in that of chats.

    `stopped`: it ended by itself. Servers may count the token that ended it (vLLM, in a whole reply) or those of a stop
    string, which are no part of the text: their offsets lie at or behind its end.
    """
    if not logprobs:
        return ()
    try:
        known = msgspec.convert(logprobs, _TextLogprobs)
    except msgspec.ValidationError:
        return _placed(read_logprobs(logprobs, most), begin, begin + len(text) if stopped else None)
    count = len(known.tokens)
    tops, offsets = known.top_logprobs or [None] * count, known.text_offset or [0] * count
    told = bool(known.text_offset) and offsets[0] >= 0  # SGLang says -1
    if stopped and told:
        # Some count characters from the prompt's start, others from the completion's.
        end = offsets[0] + len(text)
        while offsets and offsets[-1] >= end:
            offsets.pop()
    found = tuple(
        TokenLogprob(
            _alternative(token, logprob), tuple(_alternative(*other) for other in (top or {}).items()), offset=offset
        )
        for token, logprob, top, offset in zip(known.tokens, known.token_logprobs, tops, offsets, strict=False)
    )
    return found if told else _placed(found, begin, begin + len(text) if stopped else None)


def _placed(tokens: tuple[TokenLogprob, ...], begin: int, end: int | None) -> tuple[TokenLogprob, ...]:
    """The tokens of a text from `begin` on, each with its place in it; without those behind its end."""
    placed: list[TokenLogprob] = []
    for token in tokens:
        if end is not None and begin >= end:
            break
        placed.append(msgspec.structs.replace(token, offset=begin))
        begin += len(token.chosen.text)
    return tuple(placed)


def _alternative(token: str, logprob: float | None) -> TokenAlternative:
    return TokenAlternative(NO_ID, token, token.encode(), logprob)


def _object(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = fields.get(name)
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _count(fields: Mapping[str, object], name: str) -> int:
    """A number, which some send as a string of digits; 0 where there is none that could be a count."""
    value = fields.get(name)
    if isinstance(value, str):
        return int(value) if len(value) < 16 and value.isdecimal() else 0
    return int(value) if isinstance(value, int | float) and 0 <= value < 1 << 53 else 0
