"""In which order the endpoints of a request are tried. Knows prices, health and wishes; tries nothing.

The rules, in their order: hard filters; what the health forbids; then, per model in the request's order, the names of
`provider.order`, or a sort, or a draw by price among the best that are healthy, with the others behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

import msgspec

from nemoserve.config.routing import RoutingSettings
from nemoserve.routing.candidate import Candidate, LocalState, Weighing
from nemoserve.routing.filters import by_key, excluded, matches, named_in, over
from nemoserve.routing.health import Health
from nemoserve.routing.names import UNAPPLIED, VARIANT_SORTS, Asked, Names
from nemoserve.routing.ranking import by_price_and_health, by_sort, in_given_order
from nemoserve.routing.refusal import refusal
from nemoserve.routing.sticky import Key, Sticky
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError
from nemoserve.types.price import Price
from nemoserve.types.route import Considered, ExcludedBy, Route, Unknown, Wish

_WHY: dict[str, str] = {
    "breaker": "it failed too often in a row; it is tried again in {:.0f} s",
    "rate_limited": "it said that requests come too fast; it rests {:.0f} s more",
    "outage": "its keys were refused or it asked to be left alone; it rests {:.0f} s more",
}


def always_ready(_endpoint: Endpoint) -> LocalState:
    """The state of local endpoints where nobody knows any."""
    return LocalState()


class Router:
    """Orders endpoints for requests. All calls belong on one thread; times are seconds on a clock that does not go back."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        price: Callable[[Endpoint], Price],
        health: Health,
        settings: RoutingSettings,
        *,
        local: Callable[[Endpoint], LocalState] = always_ready,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        """`price` tells what an endpoint costs now, `local` how one on this machine is; the first endpoint's model is the
        default. `aliases` are other names of models, each with its model."""
        self.endpoints = tuple(endpoints)
        self.health = health
        self.settings = settings
        self._price, self._local = price, local
        self._sticky = Sticky(settings.sticky)
        self._by_model: dict[str, list[Endpoint]] = {}
        for endpoint in endpoints:
            self._by_model.setdefault(endpoint.model.lower(), []).append(endpoint)
        self._providers = dict.fromkeys(endpoint.provider for endpoint in endpoints)
        models = list(dict.fromkeys(endpoint.model for endpoint in endpoints))
        self.names = Names(models, aliases or {}, settings.families)

    def route(self, wish: Wish, now: float, rng: Random) -> Route:
        """The endpoints to try, best first, and what became of every endpoint of the models that were asked for.

        Raises ApiError where there is none: 404 for no such model and no fitting endpoint, 403 for what the key forbids, 400 for
        a prompt that is too long, 429 and 503 with `retry_after_s` where all that fit rest.
        """
        route, error = self.explain(wish, now, rng)
        if error is not None:
            error.route = route
            raise error
        return route

    def may_use(self, allowed: Sequence[str] | None, variant: str = "", *, images: bool = False) -> tuple[str, ...]:
        """The served models of which a key may use `allowed`, ids or other names; None: all. Those that are served as `:free` alone
        are left out unless that is the `variant` that is asked for. `images`: only models that read these."""
        models = self._meant(allowed)
        return tuple(
            model
            for model in self.names.served
            if (models is None or model.lower() in models)
            and any(
                (endpoint.variant != "free" or variant == "free") and (endpoint.images or not images)
                for endpoint in self._by_model[model.lower()]
            )
        )

    def permitted(self, endpoint: Endpoint, models: Sequence[str] | None, providers: Sequence[str] | None) -> bool:
        """Whether a key may use the endpoint that may use these, under any of their names; None: all."""
        return by_key(endpoint, self._meant(models), providers) is None

    def _meant(self, names: Sequence[str] | None) -> frozenset[str] | None:
        """The served models of these names, in small letters; None: all."""
        return None if names is None else frozenset(self.names.find(one).model or "" for one in names)

    def _seeing(self) -> tuple[str, ...]:
        """The served models that read images."""
        return tuple(dict.fromkeys(endpoint.slug for endpoint in self.endpoints if endpoint.images))

    def explain(self, wish: Wish, now: float, rng: Random) -> tuple[Route, ApiError | None]:
        """As `route`, but where there is no endpoint the route is empty and the error is beside it."""
        asked = self._asked(wish)
        models = self._meant(wish.allowed_models)
        weighing = Weighing(wish, self.health, self.settings, now, self._cached(wish.session, asked, now))
        groups: list[tuple[Asked, list[Candidate]]] = []
        verdicts: dict[tuple[str, str, str], Considered] = {}
        for name in asked:
            group: list[Candidate] = []
            for candidate in self._candidates(name, wish, weighing):
                key = candidate.endpoint.key
                if key in verdicts and verdicts[key].excluded_by is None:
                    continue
                verdict = self._verdict(candidate, name, wish, models, now)
                verdicts[key] = verdict
                if verdict.excluded_by is None:
                    group.append(candidate)
            groups.append((name, group))
        chosen = self._ordered(groups, wish, weighing, rng)
        endpoints = tuple(candidate.endpoint for candidate, _ in chosen)
        for candidate, why in chosen:
            verdicts[candidate.endpoint.key] = candidate.considered(None, why)
        if not wish.preferences.allow_fallbacks and not wish.preferences.order:
            endpoints = self._first_choices(groups, endpoints, wish, verdicts)
        considered = _tried_first(endpoints, verdicts)
        unknown = tuple(self._unknown(wish, asked))
        error = None if endpoints else refusal(wish, asked, considered, unknown, self.names, self._seeing())
        unapplied = dict.fromkeys(
            name.variant for name in asked if name.model is not None and name.variant in UNAPPLIED
        )
        route = Route(
            endpoints=endpoints,
            considered=considered,
            unknown=unknown,
            unapplied=tuple(unapplied),
            strategy=_strategy(asked, endpoints),
        )
        return route, error

    def _unknown(self, wish: Wish, asked: Sequence[Asked]) -> Iterator[Unknown]:
        """The models and providers that are named and not here: slips, as a rule."""
        for name in asked:
            if name.model is None:
                field = "model" if name.name == wish.models[0] else "models"
                yield Unknown(field, name.name, self.names.served)
        wanted = wish.preferences
        for field, slugs in (("order", wanted.order), ("only", wanted.only), ("ignore", wanted.ignore)):
            for slug in slugs:
                if not any(matches(slug, endpoint) for endpoint in self.endpoints):
                    yield Unknown(f"provider.{field}", slug, tuple(self._providers))

    def served(self, session: str | None, endpoint: Endpoint, now: float) -> None:
        """An endpoint has answered a request of this session, and has its prompt cached."""
        if session is not None:
            self._sticky.served(session, endpoint.key, now)

    def _cached(self, session: str | None, asked: Sequence[Asked], now: float) -> frozenset[Key]:
        """The endpoints, one of a model at most, that have the session's prompt cached."""
        if session is None:
            return frozenset()
        found = (self._sticky.find(session, name.model, now) for name in asked if name.model is not None)
        return frozenset(key for key in found if key is not None)

    def _asked(self, wish: Wish) -> list[Asked]:
        """The models to be tried in turn."""
        given = wish.models or self.names.served[:1]
        asked = [self.names.find(name) for name in given]
        if not (wish.fallback_to_family or self.settings.fallback_to_family):
            return asked
        models = dict.fromkeys(name.model for name in asked if name.model)
        relatives = dict.fromkeys(other for model in models for other in self.names.relatives(model))
        variant = asked[0].variant
        return [*asked, *(Asked(other, other, variant) for other in relatives if other not in models)]

    def _candidates(self, name: Asked, wish: Wish, weighing: Weighing) -> list[Candidate]:
        found = self._by_model.get(name.model or "", [])
        return [
            Candidate.of(endpoint, self._price(endpoint), weighing, self._local(endpoint) if endpoint.local else None)
            for endpoint in found
        ]

    def _verdict(
        self, candidate: Candidate, name: Asked, wish: Wish, models: frozenset[str] | None, now: float
    ) -> Considered:
        """Whether a candidate may be tried; `models` are those that the key may use."""
        endpoint = candidate.endpoint
        verdict = excluded(endpoint, candidate.price, wish, name.variant, models) or self._too_dear(candidate, wish)
        if verdict is not None:
            return candidate.considered(*verdict)
        resting = self.health.unavailable(endpoint, now)
        if resting is not None:
            why: ExcludedBy = resting.why
            considered = candidate.considered(why, _WHY[why].format(resting.wait_s))
            return msgspec.structs.replace(considered, retry_after_s=resting.wait_s)
        return candidate.considered(None, "")

    def _too_dear(self, candidate: Candidate, wish: Wish) -> tuple[ExcludedBy, str] | None:
        """Whether a hosted endpoint costs more than may be paid for what a local one should do."""
        endpoint, cap = candidate.endpoint, self.settings.spill_max_price
        if endpoint.local or not any(other.local for other in self._by_model[endpoint.model.lower()]):
            return None
        if named_in((*wish.preferences.order, *wish.preferences.only), endpoint) is not None:
            return None
        above = over(candidate.price, cap.pico_prompt, cap.pico_completion)
        return None if above is None else ("max_price", f"{above}, the server's spill_max_price")

    def _ordered(
        self, groups: list[tuple[Asked, list[Candidate]]], wish: Wish, weighing: Weighing, rng: Random
    ) -> list[tuple[Candidate, str]]:
        """All that may be tried, in order, each with the reason for its place."""
        wanted = wish.preferences
        if wanted.sort_across_models:
            return by_sort([one for _, group in groups for one in group], wanted.sort or "price", weighing)
        chosen: list[tuple[Candidate, str]] = []
        for name, group in groups:
            sort = VARIANT_SORTS.get(name.variant) or wanted.sort
            if wanted.order:
                chosen += in_given_order(group, wanted.order)
            elif sort is not None:
                chosen += by_sort(group, sort, weighing)
            else:
                chosen += by_price_and_health(group, weighing, rng)
        if wanted.order:
            return chosen
        # A fallback model that meets the wishes goes before the first one where that misses them.
        return sorted(chosen, key=lambda placed: bool(placed[0].late))

    def _first_choices(
        self,
        groups: list[tuple[Asked, list[Candidate]]],
        endpoints: tuple[Endpoint, ...],
        wish: Wish,
        verdicts: dict[tuple[str, str, str], Considered],
    ) -> tuple[Endpoint, ...]:
        """The first endpoint of each model, or of all where models compete; the others are left out."""
        kept: dict[str, Endpoint] = {}
        for endpoint in endpoints:
            group = "" if wish.preferences.sort_across_models else endpoint.model
            if group in kept:
                verdicts[endpoint.key] = msgspec.structs.replace(
                    verdicts[endpoint.key],
                    excluded_by="allow_fallbacks",
                    reason="provider.allow_fallbacks is false, and another endpoint goes before it",
                )
            else:
                kept[group] = endpoint
        return tuple(kept.values())


def _tried_first(
    endpoints: tuple[Endpoint, ...], verdicts: dict[tuple[str, str, str], Considered]
) -> tuple[Considered, ...]:
    """What is tried, in its order, before what is not."""
    tried = [verdicts[endpoint.key] for endpoint in endpoints]
    return (*tried, *(verdict for verdict in verdicts.values() if verdict.excluded_by is not None))


def _strategy(asked: list[Asked], endpoints: tuple[Endpoint, ...]) -> str:
    """OpenRouter's word for how the model was found."""
    if asked[0].variant == "free":
        return "free"
    if len({endpoint.model for endpoint in endpoints}) > 1 or len(asked) > 1:
        return "fallback"
    return "alias" if asked[0].alias else "direct"
