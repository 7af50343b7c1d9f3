"""How requests find their endpoint: the `[routing]` table of the configuration file. Knows defaults and limits; routes nothing."""

from __future__ import annotations

import msgspec

from nemoserve.types.money import pico_per_token


class PriceCap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The most that may be paid, in USD per million tokens, as text so that it stays exact. None is no limit."""

    prompt: str | None = None
    completion: str | None = None

    def __post_init__(self) -> None:
        for name in ("prompt", "completion"):
            value = getattr(self, name)
            try:
                if value is not None:
                    pico_per_token(value)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None

    @property
    def pico_prompt(self) -> int | None:
        """Pico-dollars per token."""
        return None if self.prompt is None else pico_per_token(self.prompt)

    @property
    def pico_completion(self) -> int | None:
        """Pico-dollars per token."""
        return None if self.completion is None else pico_per_token(self.completion)


class RoutingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server decides about routing, for all requests. Times are in seconds.

    Raises ValueError naming the setting whose value makes no sense.
    """

    first_byte_timeout: float = 120.0
    """An endpoint that has sent nothing of the reply by then is left for the next one. Comments do not count."""
    deadline: float = 1800.0
    """A request is over after so long, whatever has been tried and however much of the reply has come."""
    most_attempts: int = 8
    """Endpoints that one request may try."""
    retry_budget: float = 0.2
    """Retries per request, over all requests: at 0.2, every fifth may try a second endpoint once `retry_burst` is used up."""
    retry_burst: int = 20
    """Retries that are free when few or none were needed before."""

    prefer_local: bool = True
    """Endpoints on this machine go first while they are ready and not saturated."""
    spill_queue: int = 4
    """With so many requests waiting at a local endpoint it is saturated: hosted ones go first."""
    spill_max_price: PriceCap = PriceCap()
    """A hosted endpoint that costs more does not take over from a local one of the same model unless it is asked for by
    `provider.order` or `provider.only`."""
    fallback_to_family: bool = False
    """Another model of the family answers when none of a request's models can. A request asks for it by `route: "fallback"`."""
    families: tuple[tuple[str, ...], ...] = ()
    """Models that may stand in for each other, those to be tried first in front. A Nemotron that is in none has all others as
    its family, the nearest in size first."""

    outage_window: float = 30.0
    """An endpoint of which a fifth or more of the attempts failed within this time is tried after those without."""
    breaker_failures: int = 5
    """So many failures in a row open an endpoint's breaker: nothing is sent there any more."""
    breaker_rest: float = 10.0
    """How long a breaker stays open before a probe is let through; doubled by each probe that fails, up to the next."""
    breaker_longest_rest: float = 300.0
    breaker_probes: int = 1
    """Requests let through at the same time while it is not known whether the endpoint works again."""
    rate_limit_rest: float = 2.0
    """An endpoint that said 429 without saying for how long rests so long; doubled each time, up to `breaker_longest_rest`."""

    sticky: float = 600.0
    """Requests of one conversation go to the same endpoint, where their prompt is cached, until so long after the last; 0 is never."""
    hedge_after: float | None = None
    """A second endpoint is asked too when the first has sent nothing for so long, and the faster one answers. None: never."""

    def __post_init__(self) -> None:
        for name in (
            "first_byte_timeout",
            "deadline",
            "outage_window",
            "breaker_rest",
            "rate_limit_rest",
        ):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is a number of seconds above 0")
        for name in ("most_attempts", "breaker_failures", "breaker_probes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1")
        for name in ("retry_burst", "spill_queue", "sticky"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is at least 0")
        if not 0 <= self.retry_budget <= 1:
            raise ValueError("retry_budget is a share of the requests, from 0 to 1")
        if not self.breaker_rest <= self.breaker_longest_rest < float("inf"):
            raise ValueError("breaker_longest_rest is at least breaker_rest")
        if self.hedge_after is not None and not 0 < self.hedge_after < float("inf"):
            raise ValueError("hedge_after is a number of seconds above 0; leave it out to have no hedging")
