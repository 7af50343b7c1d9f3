"""The life of a request, from a typed request to events. Reads like the architecture page; no wire format, no sockets.

1. `http` has parsed the bytes, 2. and knows who is calling. 3. `reasoning` gives back past thinking, sets the family's switch and
works out the budget; `structured` makes the grammar. 4. The catalogue names the backend; `admission` holds the most that the
request may cost. 5. and 6. `attempt` runs it and parses. 7. `http` writes the events. 8. The attempt's end settles with `ledger`.
"""

from __future__ import annotations

import secrets
import time

import msgspec

from nemoserve.admission import Asked, admit, capped, given_back, permit, require_all, room
from nemoserve.attempt import Attempt, Plan, Services, keeper_of
from nemoserve.backends.base import Backend
from nemoserve.ledger.content import given_messages
from nemoserve.parsing.choice import Rules
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.reasoning.budget import Allowance, end_text, limits
from nemoserve.reasoning.families import switch_thinking
from nemoserve.reasoning.past import past_thinking
from nemoserve.reasoning.sampling import with_recommended
from nemoserve.structured.calls import MARKERS
from nemoserve.structured.enforce import enforced_grammar
from nemoserve.types.caller import Caller, Origin
from nemoserve.types.chat import ChatRequest, CompletionRequest, Notice, Sampling
from nemoserve.types.prompt import Job, Prompt
from nemoserve.types.reasoning import ReasoningIntent

__all__ = ["Reply", "Services", "chat", "complete", "new_id"]

_TEXT_MAX_TOKENS = 16
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Reply(msgspec.Struct, frozen=True):
    """A reply under way. `events` may be read once, and have to be closed in any case."""

    id: str
    model: str
    created: int
    sampling: Sampling
    """As applied."""
    notices: tuple[Notice, ...]
    events: Attempt
    held: int = 0
    """Nano-dollars: the most that it may cost, where the key has a limit."""


def new_id() -> str:
    """A generation's id, in OpenRouter's form."""
    letters = (_LETTERS[number % len(_LETTERS)] for number in secrets.token_bytes(20))
    return f"gen-{int(time.time())}-{''.join(letters)}"


async def chat(house: Services, request: ChatRequest, reply_id: str, caller: Caller, origin: Origin) -> Reply:
    """Starts the reply to a conversation. Raises ApiError if it cannot begin."""
    arrived = time.monotonic()
    backend = house.catalogue.find(request.models)
    card = backend.card
    permit(caller, card)
    stored = given_messages(request.messages) if caller.store_content else None
    request, changed = past_thinking(request, house.keep, house.secret, house.catalogue.ids, keeper_of(caller))
    switched = switch_thinking(request, card.family)
    dropped = (*request.warnings, *changed, *switched.notices)
    if request.tools and not card.calls_tools:
        dropped += (Notice("dropped_parameter", "tools was dropped: this model has no place for them.", "tools"),)
    require_all(request.require_parameters, dropped)
    tool_format = card.family.tool_format if request.tools and request.tool_choice.mode != "none" else "none"
    grammar = await enforced_grammar(
        house.compilers[card.id],
        request.output,
        backend.tokens_named(MARKERS),
        tools=request.tools,
        choice=request.tool_choice,
        parallel=request.parallel_tool_calls,
        tool_format=card.family.tool_format,
    )
    prompt = await backend.render(switched.turn)
    intent = capped(request.reasoning, caller, request.sampling.n)
    end = await backend.encode(end_text(card.family, intent.transition), add_special_tokens=False)
    max_tokens, notices = room(card, [prompt], request.sampling, house.settings.default_max_tokens)
    named = request.sampling.max_tokens is not None
    admission = await admit(
        house.books,
        house.rates,
        Asked(caller, origin, reply_id, card, (prompt,), max_tokens, request.sampling.n, named),
    )
    # Nothing is awaited from here to the attempt, whose end settles what was held.
    with given_back(house.books, admission):
        allowance = _allowance(intent, request.sampling, switched.thinking, admission.max_tokens, end)
        sampling = with_recommended(request.sampling, card, switched.thinking)
        plan = Plan(
            Job(
                reply_id,
                (prompt,),
                sampling,
                admission.max_tokens,
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
            admission,
            msgspec.structs.replace(
                admission.entry,
                session_id=request.session_id,
                streamed=request.stream,
                thinking=switched.thinking,
                effort=intent.effort,
                reasoning_budget=allowance.limits.budget,
            ),
            stored,
            exclude_thinking=request.reasoning.exclude,
            output=request.output,
            if_cut=allowance.if_cut,
        )
        return _reply(house, backend, plan, (*dropped, *notices, *admission.notices, *allowance.notices))


async def complete(house: Services, request: CompletionRequest, reply_id: str, caller: Caller, origin: Origin) -> Reply:
    """Starts the continuation of plain texts. Raises ApiError if it cannot begin."""
    arrived = time.monotonic()
    backend = house.catalogue.find(request.models)
    permit(caller, backend.card)
    require_all(request.require_parameters, request.warnings)
    prompts = [
        await backend.encode(prompt, add_special_tokens=request.add_special_tokens)
        if isinstance(prompt, str)
        else Prompt(list(prompt))
        for prompt in request.prompts
    ]
    grammar = await enforced_grammar(house.compilers[backend.card.id], request.output, {})
    max_tokens, notices = room(backend.card, prompts, request.sampling, _TEXT_MAX_TOKENS)
    choices = len(prompts) * request.sampling.n
    asked = Asked(
        caller,
        origin,
        reply_id,
        backend.card,
        tuple(prompts),
        max_tokens,
        choices,
        request.sampling.max_tokens is not None,
    )
    admission = await admit(house.books, house.rates, asked)
    with given_back(house.books, admission):
        job = Job(
            reply_id,
            tuple(prompts),
            request.sampling,
            admission.max_tokens,
            chat=False,
            thinking=False,
            echo=request.echo,
            grammar=grammar,
        )
        entry = msgspec.structs.replace(admission.entry, api="text", streamed=request.stream)
        stored: dict[str, object] | None = {"prompt": list(request.prompts)} if caller.store_content else None
        rules = Rules(chat=False, stops=request.sampling.stop)
        plan = Plan(job, rules, arrived, admission, entry, stored, output=request.output)
        return _reply(house, backend, plan, (*request.warnings, *notices, *admission.notices))


def _reply(house: Services, backend: Backend, plan: Plan, notices: tuple[Notice, ...]) -> Reply:
    attempt = Attempt(house, backend, plan)
    return Reply(
        plan.job.id, backend.card.id, int(time.time()), plan.job.sampling, notices, attempt, plan.admission.hold.amount
    )


def _allowance(intent: ReasoningIntent, sampling: Sampling, thinking: bool, max_tokens: int, end: Prompt) -> Allowance:
    """How long the reply may think, with the tokens that end its thinking."""
    given = sampling.max_tokens is not None
    allowance = limits(
        intent, thinking=thinking, max_tokens=max_tokens, max_tokens_given=given, end_tokens=len(end.tokens)
    )
    ending = msgspec.structs.replace(allowance.limits, end=tuple(end.tokens))
    return msgspec.structs.replace(allowance, limits=ending)
