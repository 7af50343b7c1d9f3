"""An endpoint with all that its place in the order depends on. Knows one request, one moment; compares nothing."""

from __future__ import annotations

import msgspec

from nemoserve.config.routing import RoutingSettings
from nemoserve.routing.filters import makes_too_few, overflows
from nemoserve.routing.health import PREFERENCE_SPAN, Health, Rank
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.price import Price
from nemoserve.types.route import Considered, ExcludedBy, Percentiles, Wish
from nemoserve.types.usage import Usage

ASSUMED_TOKENS = 500
"""How long a reply is taken to be where the request does not say."""
_POINTS = ("p50", "p75", "p90", "p99")


class LocalState(msgspec.Struct, frozen=True):
    """How an endpoint on this machine is."""

    ready: bool = True
    waiting: int = 0
    """Requests in its queue."""
    message: str = ""
    """Why it is not ready."""


class Weighing(msgspec.Struct, frozen=True):
    """What all candidates of a request are weighed with."""

    wish: Wish
    health: Health
    settings: RoutingSettings
    now: float
    sticky: frozenset[tuple[str, str, str]]
    """The endpoints that have the session's prompt cached."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint, weighed."""

    endpoint: Endpoint
    price: Price
    pico: int
    """What the request is expected to cost, in pico-dollars: what the draw goes by."""
    cost: int
    """The same in nano-dollars, as shown."""
    rank: Rank
    turn: int
    """0: a local endpoint with room; 1: a hosted one; 2: a local one that is saturated or not ready."""
    late: str = ""
    """What the endpoint misses of the request's wishes: it is tried last."""
    local: LocalState | None = None

    @classmethod
    def of(cls, endpoint: Endpoint, price: Price, weighing: Weighing, local: LocalState | None) -> Candidate:
        wish = weighing.wish
        # One token of each at least: prices have to tell even where nothing is known of the request.
        prompt, completion = max(1, wish.prompt_tokens), wish.max_tokens or ASSUMED_TOKENS
        return cls(
            endpoint=endpoint,
            price=price,
            pico=prompt * price.prompt + completion * price.completion + wish.images * price.image + price.request,
            cost=price.cost(Usage(wish.prompt_tokens, completion), wish.images),
            rank=weighing.health.rank(endpoint, weighing.now),
            turn=_turn(local, weighing.settings),
            late=makes_too_few(endpoint, wish) or _cut(endpoint, wish) or _missed(endpoint, weighing) or "",
            local=local,
        )

    def considered(self, excluded_by: ExcludedBy | None, reason: str) -> Considered:
        return Considered(endpoint=self.endpoint, excluded_by=excluded_by, reason=reason, expected_cost=self.cost)


def _turn(local: LocalState | None, settings: RoutingSettings) -> int:
    if local is None:
        return 1
    if not local.ready or local.waiting >= max(1, settings.spill_queue):
        return 2
    return 0 if settings.prefer_local else 1


def _cut(endpoint: Endpoint, wish: Wish) -> str | None:
    """That a part of the conversation would have to be left out."""
    return (
        f"its context of {endpoint.context_length} does not hold the whole prompt"
        if overflows(endpoint, wish)
        else None
    )


def _missed(endpoint: Endpoint, weighing: Weighing) -> str | None:
    """The wish about speed that the endpoint's measurements miss. What was not measured is not held against it."""
    wanted = weighing.wish.preferences
    if wanted.min_throughput == wanted.max_latency == Percentiles():
        return None
    latency, throughput = weighing.health.percentiles(endpoint, PREFERENCE_SPAN, weighing.now)
    for point in _POINTS:
        most, seconds = getattr(wanted.max_latency, point), getattr(latency, point)
        if most is not None and seconds is not None and seconds > most:
            return f"its {point} to the first token is {seconds:.2f} s, above provider.preferred_max_latency"
        least, speed = getattr(wanted.min_throughput, point), getattr(throughput, point)
        if least is not None and speed is not None and speed < least:
            return f"its {point} is {speed:.0f} tokens/s, below provider.preferred_min_throughput"
    return None
