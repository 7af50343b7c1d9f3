"""The text completion's body. Knows OpenAI's legacy fields and vLLM's additions to them."""

from __future__ import annotations

from typing import cast

import msgspec

from nemoserve.http.wire_output import OutputFields, read_output
from nemoserve.http.wire_routing import model_names, provider_notices, read_preferences, wants_family
from nemoserve.http.wire_sampling import MOST_TOP_LOGPROBS, read_sampling
from nemoserve.http.wire_session import session_of
from nemoserve.types.chat import CompletionRequest, Notice
from nemoserve.types.errors import invalid


class TextBody(OutputFields, kw_only=True):
    """A text completion's body. Unknown fields are let through; `unknown_fields` tells of them."""

    prompt: str | list[str | int | list[int]] | None = None
    echo: bool | None = None
    logprobs: int | None = None
    add_special_tokens: bool | None = None
    suffix: str | None = None
    best_of: int | None = None
    min_tokens: int | None = None


TEXT_DECODER = msgspec.json.Decoder(TextBody)


def read_text(body: TextBody, *, most_choices: int, session_id: str | None = None) -> CompletionRequest:
    """The typed request; `session_id` is the header's. Raises ApiError (400) naming the field that makes no sense."""
    prompts = _prompts(body.prompt)
    echo = body.echo is True
    if body.logprobs is not None and not 0 <= body.logprobs <= MOST_TOP_LOGPROBS:
        raise invalid("logprobs", f"expected at least 0 and at most {MOST_TOP_LOGPROBS}, got {body.logprobs}")
    # With echo the prompt's own log probabilities may be all that is wanted.
    sampling = read_sampling(
        body,
        max_tokens=body.max_tokens,
        logprobs=body.logprobs,
        most_choices=most_choices,
        least_tokens=0 if echo else 1,
    )
    if len(prompts) * sampling.n > most_choices:
        raise invalid("prompt", f"prompts times n must be at most {most_choices}, got {len(prompts) * sampling.n}")
    output, output_notices = read_output(body)
    return CompletionRequest(
        models=model_names(body),
        prompts=prompts,
        sampling=sampling,
        echo=echo,
        output=output,
        add_special_tokens=body.add_special_tokens is not False,
        session_id=session_of(body, session_id),
        stream=body.stream is True,
        preferences=read_preferences(body),
        fallback_to_family=wants_family(body),
        warnings=(*output_notices, *_dropped(body, sampling.n), *provider_notices(body)),
    )


def _prompts(given: str | list[str | int | list[int]] | None) -> tuple[str | tuple[int, ...], ...]:
    if given is None:
        raise invalid("prompt", "required")
    if isinstance(given, str):
        return (given,)
    if not given:
        raise invalid("prompt", "expected text or token ids, got an empty list")
    kinds = {type(item) for item in given}
    if len(kinds) > 1:
        raise invalid("prompt", "expected texts, token ids or lists of token ids, got a mixture")
    if kinds == {int}:
        return (tuple(cast("list[int]", given)),)
    return tuple(item if isinstance(item, str) else tuple(cast("list[int]", item)) for item in given)


def _dropped(body: TextBody, n: int) -> list[Notice]:
    names = [name for name in ("suffix", "min_tokens") if getattr(body, name)]
    if body.best_of is not None and body.best_of != n:
        names.append("best_of")
    return [Notice("dropped_parameter", f"{name} was dropped: it is not supported here.", name) for name in names]
