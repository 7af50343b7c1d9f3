"""The life of a request, from a typed request to events. Reads like the architecture page; no wire format, no sockets.

1. `http` has parsed the bytes. 2. (Who is calling comes here.) 3. `reasoning` gives back past thinking, sets the family's
switch and works out the budget; `structured` makes the grammar. 4. The catalogue names the backend. 5. and 6. `attempt` runs
it and parses. 7. `http` writes the events. 8. (Settling comes into the attempt's end.)
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator

import msgspec

from nemoserve.attempt import Attempt, Plan, Services
from nemoserve.backends.base import Backend
from nemoserve.parsing.choice import Rules
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.reasoning.budget import Allowance, end_text, limits
from nemoserve.reasoning.families import switch_thinking
from nemoserve.reasoning.past import past_thinking
from nemoserve.reasoning.sampling import with_recommended
from nemoserve.structured.calls import MARKERS
from nemoserve.structured.enforce import enforced_grammar
from nemoserve.types.chat import ChatRequest, CompletionRequest, Notice, Sampling
from nemoserve.types.errors import ApiError
from nemoserve.types.events import Event
from nemoserve.types.prompt import Job, Prompt

__all__ = ["Reply", "Services", "chat", "complete", "new_id"]

_TEXT_MAX_TOKENS = 16
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_OWNER = "local"
"""Whose the requests are, as long as there are no keys."""


class Reply(msgspec.Struct, frozen=True):
    """A reply under way. `events` may be read once; closing it stops the generation."""

    id: str
    model: str
    created: int
    sampling: Sampling
    """As applied."""
    notices: tuple[Notice, ...]
    events: AsyncIterator[Event]


def new_id() -> str:
    """A generation's id, in OpenRouter's form."""
    return f"gen-{int(time.time())}-{''.join(secrets.choice(_LETTERS) for _ in range(20))}"


async def chat(house: Services, request: ChatRequest, reply_id: str) -> Reply:
    """Starts the reply to a conversation. Raises ApiError if it cannot begin."""
    arrived = time.monotonic()
    backend = house.catalogue.find(request.models)
    card = backend.card
    request, changed = past_thinking(request, house.keep, house.secret, house.catalogue.ids, _OWNER)
    switched = switch_thinking(request, card.family)
    dropped = (*request.warnings, *changed, *switched.notices)
    if request.tools and not card.calls_tools:
        dropped += (Notice("dropped_parameter", "tools was dropped: this model has no place for them.", "tools"),)
    _require(request.require_parameters, dropped)
    tool_format = card.family.tool_format if request.tools and request.tool_choice.mode != "none" else "none"
    grammar = await enforced_grammar(
        house.compilers[card.id], request, card.family.tool_format, backend.tokens_named(MARKERS)
    )
    prompt = await backend.render(switched.turn)
    max_tokens, notices = _room(backend, [prompt], request.sampling, house.settings.default_max_tokens)
    allowance = await _allowance(backend, request, thinking=switched.thinking, max_tokens=max_tokens)
    sampling = with_recommended(request.sampling, card, switched.thinking)
    plan = Plan(
        Job(
            reply_id,
            (prompt,),
            sampling,
            max_tokens,
            thinking=switched.thinking,
            limits=allowance.limits,
            grammar=grammar,
        ),
        Rules(
            start=prompt.start,
            opener=card.family.opener,
            closer=card.family.closer,
            thinking=switched.thinking,
            steps=request.reasoning.steps and not request.reasoning.exclude,
            tool_format=tool_format,
            tools=ToolSchemas(request.tools),
            parallel_tool_calls=request.parallel_tool_calls,
            stops=request.sampling.stop,
            call_id_prefix=f"call_{reply_id[-20:]}_",
        ),
        arrived,
        exclude_thinking=request.reasoning.exclude,
        output=request.output,
        if_cut=allowance.if_cut,
        owner=_OWNER,
        session_id=request.session_id,
    )
    return _reply(house, backend, plan, (*dropped, *notices, *allowance.notices))


async def complete(house: Services, request: CompletionRequest, reply_id: str) -> Reply:
    """Starts the continuation of plain texts. Raises ApiError if it cannot begin."""
    arrived = time.monotonic()
    backend = house.catalogue.find(request.models)
    _require(request.require_parameters, request.warnings)
    prompts = [
        await backend.encode(prompt, add_special_tokens=request.add_special_tokens)
        if isinstance(prompt, str)
        else Prompt(list(prompt))
        for prompt in request.prompts
    ]
    max_tokens, notices = _room(backend, prompts, request.sampling, _TEXT_MAX_TOKENS)
    job = Job(reply_id, tuple(prompts), request.sampling, max_tokens, chat=False, echo=request.echo)
    plan = Plan(job, Rules(chat=False, stops=request.sampling.stop), arrived)
    return _reply(house, backend, plan, (*request.warnings, *notices))


def _reply(house: Services, backend: Backend, plan: Plan, notices: tuple[Notice, ...]) -> Reply:
    events = Attempt(house, backend, plan).events()
    return Reply(plan.job.id, backend.card.id, int(time.time()), plan.job.sampling, notices, events)


async def _allowance(backend: Backend, request: ChatRequest, *, thinking: bool, max_tokens: int) -> Allowance:
    """How long the reply may think, with the tokens that end its thinking."""
    intent = request.reasoning
    end = await backend.encode(end_text(backend.card.family, intent.transition), add_special_tokens=False)
    given = request.sampling.max_tokens is not None
    allowance = limits(
        intent, thinking=thinking, max_tokens=max_tokens, max_tokens_given=given, end_tokens=len(end.tokens)
    )
    ending = msgspec.structs.replace(allowance.limits, end=tuple(end.tokens))
    return msgspec.structs.replace(allowance, limits=ending)


def _require(required: bool, notices: tuple[Notice, ...]) -> None:
    """OpenRouter's rule: what cannot be honoured is dropped and reported, unless everything is required."""
    missing = [notice.parameter for notice in notices if notice.code == "dropped_parameter" and notice.parameter]
    if required and missing:
        raise ApiError(
            "not_found",
            f"provider.require_parameters: no model here supports {', '.join(missing)}",
            metadata={"unsupported_parameters": missing},
        )


def _room(backend: Backend, prompts: list[Prompt], sampling: Sampling, default: int) -> tuple[int, tuple[Notice, ...]]:
    """How many tokens the reply may have: what was asked for, cut to what the context leaves, which is then reported."""
    left = backend.card.context_length - max(len(prompt.tokens) for prompt in prompts)
    if sampling.max_tokens is None:
        return max(1, min(default, left)), ()
    if sampling.max_tokens <= left or left <= 0:
        return sampling.max_tokens, ()
    text = f"max_tokens was cut from {sampling.max_tokens} to {left}, which is what the context leaves."
    return left, (Notice("adjusted_parameter", text, "max_tokens"),)
