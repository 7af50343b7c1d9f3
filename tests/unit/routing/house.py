"""Endpoints, prices and a router to try things on: made of the real parts, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from nemoserve.config.routing import RoutingSettings
from nemoserve.routing.candidate import LocalState
from nemoserve.routing.health import Health, Outcome
from nemoserve.routing.order import Router
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.price import Price
from nemoserve.types.route import Considered, Preferences, Route, Wish

NANO = "nvidia/nemotron-nano-9b-v2"
SUPER = "nvidia/nemotron-super-49b-v1.5"
MICRO = 10**6
"""A dollar per million tokens, in pico-dollars per token."""


def endpoint(provider: str, model: str = NANO, **fields: Any) -> Endpoint:
    return Endpoint(**{"model": model, "provider": provider, "context_length": 8192, **fields})


class House:
    """A router over some endpoints; prices are dollars per million tokens, by provider, 1 where nothing is said."""

    def __init__(
        self, *endpoints: Endpoint, prices: Mapping[str, float] | None = None, seed: int = 1, **settings: Any
    ) -> None:
        self.now = 1000.0
        self.rng = Random(seed)
        self.prices = dict(prices or {})
        self.local: dict[str, LocalState] = {}
        self.settings = RoutingSettings(**settings)
        self.health = Health(self.settings)
        self.router = Router(
            endpoints,
            self._price,
            self.health,
            self.settings,
            local=lambda one: self.local.get(one.provider, LocalState()),
            aliases={"nano": NANO},
        )

    def _price(self, one: Endpoint) -> Price:
        pico = round(self.prices.get(one.provider, 0 if one.local or one.variant else 1) * MICRO)
        return Price(prompt=pico, completion=pico)

    def route(self, *models: str, preferences: dict[str, Any] | None = None, **wish: Any) -> Route:
        wanted = Preferences(**(preferences or {}))
        return self.router.route(Wish(models=models or (NANO,), preferences=wanted, **wish), self.now, self.rng)

    def order(self, *models: str, preferences: dict[str, Any] | None = None, **wish: Any) -> list[str]:
        return [one.provider for one in self.route(*models, preferences=preferences, **wish).endpoints]

    def verdict(
        self, provider: str, *models: str, preferences: dict[str, Any] | None = None, **wish: Any
    ) -> Considered:
        route = self.route(*models, preferences=preferences, **wish)
        return next(one for one in route.considered if one.endpoint.provider == provider)

    def attempt(
        self,
        provider: str,
        outcome: Outcome = "ok",
        *,
        times: int = 1,
        model: str = NANO,
        first_s: float = 0.0,
        lasts_s: float = 0.0,
        **end: Any,
    ) -> None:
        """Attempts at an endpoint, one after the other; the clock stands still unless they last."""
        one = next(one for one in self.router.endpoints if (one.provider, one.model) == (provider, model))
        for _ in range(times):
            watch = self.health.begin(one, self.now)
            assert watch is not None, f"{provider} may not be tried now"
            if first_s:
                watch.first_token(self.now + first_s)
            self.now += lasts_s
            watch.ended(outcome, self.now, **end)
