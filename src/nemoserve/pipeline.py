"""The life of a request, from a typed request to events. Reads like the architecture page; no wire format, no sockets.

1. `http` has parsed the bytes. 2. (Who is calling comes here.) 3. `reasoning` sets the family's switch. 4. The catalogue
names the backend. 5. The backend runs. 6. `parsing` turns its output into events. 7. `http` writes them. 8. (Settling comes
into the `finally` here.)
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator

import msgspec

from nemoserve.backends.base import Backend, Generation
from nemoserve.backends.catalogue import Catalogue
from nemoserve.config.settings import Settings
from nemoserve.observe.logs import Log
from nemoserve.observe.metrics import Metrics
from nemoserve.parsing.choice import ChoiceParser, Rules
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.reasoning.families import switch_thinking
from nemoserve.reasoning.sampling import with_recommended
from nemoserve.types.chat import ChatRequest, CompletionRequest, Notice, Sampling
from nemoserve.types.errors import ApiError
from nemoserve.types.events import Completed, Event
from nemoserve.types.prompt import Ended, Job, Pieces, Prompt, PromptPieces
from nemoserve.types.usage import Timing, Usage

_TEXT_MAX_TOKENS = 16
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Services(msgspec.Struct, frozen=True):
    """What the server holds between requests."""

    settings: Settings
    catalogue: Catalogue
    metrics: Metrics
    log: Log
    running: dict[str, Generation] = {}
    """Replies under way, by their id."""


class Reply(msgspec.Struct, frozen=True):
    """A reply under way. `events` may be read once; closing it stops the generation."""

    id: str
    model: str
    created: int
    notices: tuple[Notice, ...]
    events: AsyncIterator[Event]


def new_id() -> str:
    """A generation's id, in OpenRouter's form."""
    return f"gen-{int(time.time())}-{''.join(secrets.choice(_LETTERS) for _ in range(20))}"


async def chat(house: Services, request: ChatRequest, reply_id: str) -> Reply:
    """Starts the reply to a conversation. Raises ApiError if it cannot begin."""
    arrived = time.monotonic()
    backend = house.catalogue.find(request.models)
    switched = switch_thinking(request, backend.card.family)
    dropped = (*_not_enforced(request), *request.warnings, *switched.notices)
    if request.tools and not backend.card.calls_tools:
        dropped += (Notice("dropped_parameter", "tools was dropped: this model has no place for them.", "tools"),)
    _require(request.require_parameters, dropped)
    prompt = await backend.render(switched.turn)
    max_tokens, notices = _room(backend, [prompt], request.sampling, house.settings.default_max_tokens)
    sampling = with_recommended(request.sampling, backend.card, switched.thinking)
    job = Job(reply_id, (prompt,), sampling, max_tokens, thinking=switched.thinking)
    rules = Rules(
        start=prompt.start,
        exclude_thinking=request.reasoning.exclude,
        thinking=switched.thinking,
        steps=request.reasoning.steps,
        tool_format="json" if request.tools else "none",
        tools=ToolSchemas(request.tools),
        parallel_tool_calls=request.parallel_tool_calls,
        stops=request.sampling.stop,
        call_id_prefix=f"call_{reply_id[-20:]}_",
    )
    events = _run(house, backend, job, rules, arrived)
    return _reply(backend, reply_id, (*dropped, *notices), events)


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
    rules = Rules(chat=False, stops=request.sampling.stop)
    events = _run(house, backend, job, rules, arrived)
    return _reply(backend, reply_id, (*request.warnings, *notices), events)


async def _run(house: Services, backend: Backend, job: Job, rules: Rules, arrived: float) -> AsyncIterator[Event]:
    """Runs the job and turns its output into events; whatever ends the iteration ends the generation."""
    parsers = [ChoiceParser(index, rules) for index in range(len(job.prompts) * job.sampling.n)]
    sampled = [0] * len(parsers)
    timings: list[Timing] = []
    started, outcome, first = time.monotonic(), "cancelled", True
    generation: Generation | None = None
    usage: Usage | None = None

    def spent() -> Usage:
        prompt_tokens = sum(len(prompt.tokens) for prompt in job.prompts) if generation is not None else 0
        counts = (count or parser.tokens for count, parser in zip(sampled, parsers, strict=True))
        return Usage(prompt_tokens, sum(counts), sum(parser.reasoning_tokens for parser in parsers))

    try:
        generation = house.running[job.id] = await backend.generate(job)
        async for output in generation:
            if first:
                house.metrics.first_token(backend.card.id, time.monotonic() - arrived)
                first = False
            parser = parsers[output.index]
            match output:
                case PromptPieces():
                    for event in parser.echo(output.pieces):
                        yield event
                case Pieces():
                    for event in parser.push(output.pieces):
                        yield event
                    if parser.stopped:
                        generation.stop(output.index)
                        sampled[output.index] = parser.tokens
                        for event in parser.finish("stop", ended_turn=False):
                            yield event
                case Ended():
                    sampled[output.index] = output.completion_tokens
                    timings.append(output.timing)
                    for event in parser.finish(output.reason, ended_turn=output.ended_turn):
                        yield event
        usage = spent()
        outcome = "finished"
        yield Completed(usage, _slowest(timings, time.monotonic() - started))
    except ApiError as error:
        outcome = "failed"
        usage = error.usage = spent()
        raise
    finally:
        house.running.pop(job.id, None)
        if generation is not None:
            generation.close()
        usage = usage or spent()
        house.metrics.generation(backend.card.id, outcome)
        house.metrics.usage(backend.card.id, usage, _slowest(timings, 0.0))
        house.log.info(
            "generation",
            id=job.id,
            model=backend.card.id,
            outcome=outcome,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            seconds=round(time.monotonic() - arrived, 4),
        )


def _reply(backend: Backend, reply_id: str, notices: tuple[Notice, ...], events: AsyncIterator[Event]) -> Reply:
    return Reply(reply_id, backend.card.id, int(time.time()), notices, events)


def _not_enforced(request: ChatRequest) -> tuple[Notice, ...]:
    intent = request.reasoning
    if intent.effort is None and intent.max_tokens is None and not intent.min_tokens:
        return ()
    field = "reasoning.effort" if intent.max_tokens is None else "reasoning.max_tokens"
    return (Notice("not_enforced", "How long the model thinks is not limited yet.", field),)


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


def _slowest(timings: list[Timing], elapsed: float) -> Timing:
    """The slowest choice's times; where the engine told none (a stop string ended it), all the time counts as decoding."""
    if not timings:
        return Timing(decode_s=elapsed)
    return Timing(
        max(timing.queue_s for timing in timings),
        max(timing.prefill_s for timing in timings),
        max(timing.decode_s for timing in timings),
    )
