"""The life of a request, from a typed request to a reply. Reads like the architecture page; no wire format, no sockets.

1. `http` has parsed the bytes, 2. and knows who is calling; `admission` gives the request its stay. 3. `reasoning` gives back past
thinking and keeps to what the key allows. 4. `routing` lists and orders the endpoints. 5. and 6. `attempts` prepares each in its
own terms (the family's switch, the budget, the money that it may cost), runs it and reads what comes, until one has begun.
7. `http` writes the events. 8. Each attempt's end settles with `ledger`.
"""

from __future__ import annotations

import time
from functools import partial

import msgspec

from nemoserve.admission import Visit, capped, require_all
from nemoserve.attempts.asked import TEXT_MAX_TOKENS, Asked, keeper_of
from nemoserve.attempts.attempt import Attempt
from nemoserve.attempts.commit import Reply
from nemoserve.attempts.counting import prompt_size, tokens_in
from nemoserve.attempts.hosted import attempt_hosted, attempt_hosted_text
from nemoserve.attempts.local import attempt_chat, attempt_text
from nemoserve.attempts.parameters import given
from nemoserve.attempts.services import Services
from nemoserve.ledger.content import given_messages
from nemoserve.reasoning.auto import choose_model, wants_auto
from nemoserve.reasoning.past import past_thinking
from nemoserve.routing.health import Watch
from nemoserve.routing.refusal import told_of
from nemoserve.types.caller import Caller, KeyLimits, Origin
from nemoserve.types.chat import ChatRequest, CompletionRequest, Notice
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.route import Route, Wish

__all__ = ["Reply", "Services", "chat", "complete", "wish_of"]

_MOST_SLIPS = 8


async def chat(house: Services, request: ChatRequest, reply_id: str, caller: Caller, origin: Origin) -> Reply:
    """Starts the reply to a conversation. Raises ApiError if it cannot begin."""
    arrived = time.monotonic()
    content = given_messages(request.messages) if caller.store_content else None
    keeper = keeper_of(caller)
    chosen: tuple[Notice, ...] = ()
    if wants_auto(request):
        usable = partial(house.router.may_use, caller.limits.models, images=bool(request.images))
        request, chosen = choose_model(request, usable)
    request, changed = past_thinking(request, house.keep, house.secret, house.catalogue.ids, keeper)
    require_all(request.preferences.require_parameters, request.warnings)
    asked = Asked(
        id=reply_id,
        request=request,
        visit=Visit(house.books, house.rates, caller, origin, reply_id),
        arrived=arrived,
        deadline=arrived + house.settings.routing.deadline,
        session=_session(request, caller),
        opening=_opening(request, keeper) if request.session_id is None else None,
        intent=capped(request.reasoning, caller, request.sampling.n),
        notices=(*request.warnings, *chosen, *changed),
        content=content,
    )

    async def prepare(endpoint: Endpoint, watch: Watch, others: bool) -> Attempt:
        if endpoint.provider in house.catalogue.hosted:
            return await attempt_hosted(house, asked, endpoint, watch)
        return await attempt_chat(house, asked, endpoint, watch, others)

    route = _route(house, asked)
    if route.unknown or route.unapplied:
        asked = msgspec.structs.replace(asked, notices=(*asked.notices, *_slips(route)))
    return await Reply.open(house, asked, route, prepare)


async def complete(house: Services, request: CompletionRequest, reply_id: str, caller: Caller, origin: Origin) -> Reply:
    """Starts the continuation of plain texts. Raises ApiError if it cannot begin."""
    arrived = time.monotonic()
    require_all(request.preferences.require_parameters, request.warnings)
    asked = Asked(
        id=reply_id,
        request=request,
        visit=Visit(house.books, house.rates, caller, origin, reply_id),
        arrived=arrived,
        deadline=arrived + house.settings.routing.deadline,
        notices=request.warnings,
        session=_session(request, caller),
        content={"prompt": list(request.prompts)} if caller.store_content else None,
    )

    async def prepare(endpoint: Endpoint, watch: Watch, others: bool) -> Attempt:
        if endpoint.provider in house.catalogue.hosted:
            return await attempt_hosted_text(house, asked, endpoint, watch)
        return await attempt_text(house, asked, endpoint, watch, others)

    route = _route(house, asked)
    asked = msgspec.structs.replace(asked, notices=(*asked.notices, *_slips(route)))
    return await Reply.open(house, asked, route, prepare)


def _session(request: ChatRequest | CompletionRequest, caller: Caller) -> str | None:
    """Sessions of one name are several callers' own."""
    return None if request.session_id is None else f"{keeper_of(caller)}/{request.session_id}"


def _opening(request: ChatRequest, keeper: str) -> str:
    """What stays of a conversation from turn to turn: its first system message and the first other one."""
    system = next((message.text for message in request.messages if message.role == "system"), "")
    first = next((message.text for message in request.messages if message.role != "system"), "")
    return f"{keeper}#{hash((system, first)):x}"


def _slips(route: Route) -> list[Notice]:
    """Notices for the names and variants that were passed over."""
    return [
        *(Notice("unknown_name", f"{one.field}: {told_of(one)}.", one.field) for one in route.unknown[:_MOST_SLIPS]),
        *(
            Notice("not_applied", f"model: the variant :{variant} was not applied; it changes nothing here.", "model")
            for variant in route.unapplied
        ),
    ]


def _route(house: Services, asked: Asked[ChatRequest] | Asked[CompletionRequest]) -> Route:
    """The endpoints that may answer, in the order in which they are tried. Raises ApiError where there is none."""
    wish = wish_of(asked.request, asked.caller.limits, asked.session or asked.opening)
    return house.router.route(wish, asked.arrived, house.rng)


def wish_of(request: ChatRequest | CompletionRequest, limits: KeyLimits, session: str | None) -> Wish:
    """A request, as far as routing depends on it; `session` is the caller's name and its session's."""
    images = request.images if isinstance(request, ChatRequest) else ()
    max_tokens = request.sampling.max_tokens
    if max_tokens is None and isinstance(request, CompletionRequest):
        max_tokens = TEXT_MAX_TOKENS
    return Wish(
        models=request.models,
        preferences=request.preferences,
        fallback_to_family=request.fallback_to_family,
        parameters=given(request),
        prompt_tokens=tokens_in(prompt_size(request)),
        images=len(images),
        text=isinstance(request, CompletionRequest),
        image_addresses=not all(image.inline for image in images),
        compression=request.compression if isinstance(request, ChatRequest) else False,
        max_tokens=max_tokens,
        session=session,
        allowed_models=limits.models,
        allowed_providers=limits.providers,
    )
