"""The sampling fields that chat and text completions share: their names, ranges and defaults on the wire."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nemoserve.types.chat import Sampling
from nemoserve.types.errors import invalid

MOST_STOPS = 4
LONGEST_STOP = 1000
MOST_TOP_LOGPROBS = 20
_SEED_BITS = 63


class SamplingFields(msgspec.Struct, kw_only=True):
    """Fields of both bodies. None is the same as absent."""

    model: str | None = None
    models: list[str] | None = None
    user: str | None = None
    session_id: str | None = None
    prompt_cache_key: str | None = None
    """What names the conversation where there is no session_id."""
    provider: dict[str, object] | None = None
    route: object = None
    """OpenRouter's older word for how `models` are tried; never an error."""
    stream: bool | None = None
    stream_options: dict[str, object] | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    stop_token_ids: list[int] | None = None
    ignore_eos: bool | None = None
    n: int | None = None


def read_sampling(
    body: SamplingFields, *, max_tokens: int | None, logprobs: int | None, most_choices: int, least_tokens: int = 1
) -> Sampling:
    """The sampling of a request. Raises ApiError (400) naming the field whose value makes no sense."""
    _within("temperature", body.temperature, 0, 2)
    _within("top_p", body.top_p, 0, 1, open_below=True)
    _within("min_p", body.min_p, 0, 1)
    _within("frequency_penalty", body.frequency_penalty, -2, 2)
    _within("presence_penalty", body.presence_penalty, -2, 2)
    _within("repetition_penalty", body.repetition_penalty, 0, 2, open_below=True)
    # -1 is what vLLM's clients send for "off".
    _within("top_k", body.top_k, -1, 1 << 31)
    _within("n", body.n, 1, most_choices)
    _within("max_tokens", max_tokens, least_tokens, 1 << 31)
    if body.seed is not None and not -(1 << _SEED_BITS) <= body.seed < 1 << _SEED_BITS:
        raise invalid("seed", "expected an integer of 64 bits")
    return Sampling(
        max_tokens=max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=None if body.top_k is None else max(0, body.top_k),
        min_p=body.min_p,
        frequency_penalty=body.frequency_penalty,
        presence_penalty=body.presence_penalty,
        repetition_penalty=body.repetition_penalty,
        logit_bias=_logit_bias(body.logit_bias or {}),
        seed=body.seed,
        stop=_stops(body.stop),
        stop_token_ids=_token_ids("stop_token_ids", body.stop_token_ids or ()),
        ignore_eos=bool(body.ignore_eos),
        logprobs=logprobs,
        n=body.n if body.n is not None else 1,
    )


def _within(name: str, value: float | None, low: float, high: float, *, open_below: bool = False) -> None:
    if value is None:
        return
    if not low <= value <= high or (open_below and value == low):
        above = "above" if open_below else "at least"
        raise invalid(name, f"expected {above} {low} and at most {high}, got {value}")


def _logit_bias(given: dict[str, float]) -> dict[int, float]:
    bias: dict[int, float] = {}
    for key, value in given.items():
        # `isdecimal` alone accepts digits of other scripts, as `int` does.
        if not (key.isascii() and key.isdecimal()) or len(key) > 9:
            raise invalid("logit_bias", f"expected token ids as keys, got {key[:40]!r}")
        _within(f"logit_bias.{key}", value, -100, 100)
        bias[int(key)] = value
    return bias


def _stops(given: str | list[str] | None) -> tuple[str, ...]:
    stops = (given,) if isinstance(given, str) else tuple(given or ())
    if len(stops) > MOST_STOPS:
        raise invalid("stop", f"expected at most {MOST_STOPS} strings, got {len(stops)}")
    for at, stop in enumerate(stops):
        name = "stop" if isinstance(given, str) else f"stop[{at}]"
        if not stop:
            raise invalid(name, "an empty string would stop everything")
        if len(stop) > LONGEST_STOP:
            raise invalid(name, f"expected at most {LONGEST_STOP} characters, got {len(stop)}")
    return stops


def _token_ids(name: str, given: Sequence[int]) -> tuple[int, ...]:
    for at, token in enumerate(given):
        _within(f"{name}[{at}]", token, 0, 1 << 31)
    return tuple(given)
