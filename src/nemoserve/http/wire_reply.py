"""What every reply's body has in common: notices, usage, log probabilities. Knows OpenRouter's names and shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from nemoserve.access.keytext import redacted
from nemoserve.types.chat import Notice
from nemoserve.types.events import TokenAlternative, TokenLogprob, UpstreamCost
from nemoserve.types.money import dollars
from nemoserve.types.usage import Timing, Usage

OWNER = "nemoserve"
"""Who serves the models of the list."""

Body = dict[str, object]
Metadata = Callable[[], Body]
"""How the request was routed."""


class Answering(Protocol):
    """What a body says of a reply beside its events; asked for once the reply has begun."""

    @property
    def id(self) -> str: ...

    @property
    def created(self) -> int:
        """Unix seconds."""
        ...

    @property
    def model(self) -> str: ...

    @property
    def provider(self) -> str: ...

    @property
    def notices(self) -> Sequence[Notice]: ...


_NO_PROBABILITY = -9999.0
"""What a body says instead of minus infinity, which JSON cannot hold (OpenAI's own substitute)."""


def finite(logprob: float) -> float:
    """A log probability as JSON can hold it."""
    return logprob if logprob > _NO_PROBABILITY else _NO_PROBABILITY


def usage_body(usage: Usage, cost: int = 0, upstream: UpstreamCost | None = None, estimated: bool = False) -> Body:
    """All counts as numbers, never null: some clients check. `cost` is in nano-dollars. `estimated` is said where it is true."""
    prompt, completion = (0, 0) if upstream is None else (upstream.prompt, upstream.completion)
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "cost": dollars(cost),
        "is_byok": False,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": 0,
            "audio_tokens": 0,
            "video_tokens": 0,
            **({"image_tokens": usage.image_tokens} if usage.image_tokens else {}),
        },
        "cost_details": {
            "upstream_inference_cost": dollars(prompt + completion),
            "upstream_inference_prompt_cost": dollars(prompt),
            "upstream_inference_completions_cost": dollars(completion),
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "image_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        **({"estimated": True} if estimated else {}),
    }


def notice_bodies(notices: Iterable[Notice]) -> list[Body]:
    """What was not applied as asked. Keys that were sent as a field's value or name are not said again."""
    bodies: list[Body] = []
    for notice in notices:
        body: Body = {"code": notice.code, "message": redacted(notice.message)}
        if notice.parameter is not None:
            body["parameter"] = redacted(notice.parameter)
        bodies.append(body)
    return bodies


def chat_logprobs(entries: Iterable[TokenLogprob]) -> Body:
    """OpenAI's chat shape: the exact bytes beside the text, as a token may be part of a character."""
    return {
        "content": [
            {**_alternative(entry.chosen), "top_logprobs": [_alternative(other) for other in entry.top]}
            for entry in entries
        ],
        "refusal": None,
    }


def _alternative(token: TokenAlternative) -> Body:
    return {
        "token": token.text,
        "logprob": finite(token.logprob if token.logprob is not None else 0.0),
        "bytes": list(token.data),
    }


def text_logprobs(entries: Iterable[TokenLogprob]) -> Body:
    """OpenAI's legacy shape. Offsets count characters from the beginning of the choice's text."""
    tokens: list[str] = []
    logprobs: list[float | None] = []
    tops: list[dict[str, float] | None] = []
    offsets: list[int] = []
    for entry in entries:
        tokens.append(entry.chosen.text)
        logprobs.append(None if entry.chosen.logprob is None else finite(entry.chosen.logprob))
        # Two tokens may have the same text; the likelier one, which comes first, keeps the name.
        top: dict[str, float] = {}
        for other in entry.top:
            top.setdefault(other.text, finite(other.logprob if other.logprob is not None else 0.0))
        tops.append(top if entry.chosen.logprob is not None else None)
        offsets.append(entry.offset)
    return {"tokens": tokens, "token_logprobs": logprobs, "top_logprobs": tops, "text_offset": offsets}


def timing_metrics(timing: Timing) -> dict[str, float]:
    """Milliseconds by name, for the Server-Timing header."""
    return {"queue": timing.queue_s * 1e3, "prefill": timing.prefill_s * 1e3, "decode": timing.decode_s * 1e3}
