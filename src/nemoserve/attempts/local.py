"""An attempt on this machine: the request in a checkpoint's own terms, and the engine's output as events. Knows no wire format."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import msgspec

from nemoserve.admission import require_all, room
from nemoserve.attempts.asked import TEXT_MAX_TOKENS, Asked
from nemoserve.attempts.attempt import Attempt, Counted, Plan, chat_entry, text_entry
from nemoserve.attempts.decided import decided, within_cap
from nemoserve.attempts.fitting import fitted
from nemoserve.attempts.services import Services
from nemoserve.backends.base import Backend, Generation
from nemoserve.parsing.choice import ChoiceParser, Rules
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.reasoning.budget import Allowance, end_text, limits
from nemoserve.reasoning.sampling import with_recommended
from nemoserve.routing.health import Watch
from nemoserve.structured.calls import MARKERS
from nemoserve.structured.enforce import enforced_grammar
from nemoserve.types.chat import ChatRequest, CompletionRequest, Notice, Sampling
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.events import ChoiceFinished, Event
from nemoserve.types.prompt import Ended, Job, Pieces, Prompt, PromptPieces, RawOutput, Wanted
from nemoserve.types.reasoning import ReasoningIntent
from nemoserve.types.usage import Timing, Usage

_COUNTING_S = 10.0
"""An engine that does not say how many tokens it made within this time is taken at its word so far."""


async def attempt_chat(
    house: Services, asked: Asked[ChatRequest], endpoint: Endpoint, watch: Watch, others: bool
) -> Attempt:
    """The attempt at continuing a conversation. Raises ApiError if the model cannot take it."""
    backend = _backend(house, endpoint)
    card = backend.card
    end = await backend.encode(end_text(card.family, asked.intent.transition), add_special_tokens=False)
    if card.family.switch != "none":
        asked = within_cap(decided(asked, card.id, card.family), len(end.tokens))
    request = asked.request
    fitting = await fitted(request, backend, house.settings.default_max_tokens)
    request, switched, prompt = fitting.request, fitting.switched, fitting.prompt
    dropped = switched.notices
    if request.tools and not card.calls_tools:
        dropped += (Notice("dropped_parameter", "tools was dropped: this model has no place for them.", "tools"),)
    require_all(request.preferences.require_parameters, dropped)
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
    max_tokens, notices = room(
        card.context_length - len(prompt.tokens), request.sampling, house.settings.default_max_tokens
    )
    admission = await asked.visit.admit(
        endpoint,
        prompt_tokens=len(prompt.tokens),
        max_tokens=max_tokens,
        choices=request.sampling.n,
        named=request.sampling.max_tokens is not None,
    )
    # Nothing is awaited from here to the attempt, whose end settles what was held.
    with asked.visit.given_back(admission):
        allowance = _allowance(asked.intent, request.sampling, switched.thinking, admission.max_tokens, end)
        sampling = with_recommended(request.sampling, card, switched.thinking)
        job = Job(
            asked.id,
            (prompt,),
            sampling,
            admission.max_tokens,
            thinking=switched.thinking,
            limits=allowance.limits,
            grammar=grammar,
            wanted=_wanted(request),
        )
        rules = Rules(
            start=prompt.start,
            opener=card.family.opener,
            closer=card.family.closer,
            thinking=switched.thinking,
            steps=request.reasoning.steps and not request.reasoning.exclude,
            tool_format=tool_format,
            tools=ToolSchemas(request.tools),
            parallel_tool_calls=request.parallel_tool_calls,
            stops=request.sampling.stop,
            call_id_prefix=f"call_{asked.id[-20:]}_",
        )
        plan = Plan(
            asked=asked,
            endpoint=endpoint,
            admission=admission,
            entry=chat_entry(asked, admission, thinking=switched.thinking, budget=allowance.limits.budget),
            sampling=sampling,
            notices=(*asked.notices, *dropped, *fitting.notices, *notices, *admission.notices, *allowance.notices),
            output=request.output,
            exclude_thinking=request.reasoning.exclude,
            patience_s=_patience(house, others),
        )
        return Attempt(house, plan, LocalSource(backend, job, rules, allowance.if_cut), watch)


async def attempt_text(
    house: Services, asked: Asked[CompletionRequest], endpoint: Endpoint, watch: Watch, others: bool
) -> Attempt:
    """The attempt at continuing plain texts. Raises ApiError if the model cannot take them."""
    backend, request = _backend(house, endpoint), asked.request
    prompts = tuple(
        [
            await backend.encode(prompt, add_special_tokens=request.add_special_tokens)
            if isinstance(prompt, str)
            else Prompt(list(prompt))
            for prompt in request.prompts
        ]
    )
    grammar = await enforced_grammar(house.compilers[endpoint.model], request.output, {})
    left = backend.card.context_length - max(len(prompt.tokens) for prompt in prompts)
    max_tokens, notices = room(left, request.sampling, TEXT_MAX_TOKENS)
    admission = await asked.visit.admit(
        endpoint,
        prompt_tokens=sum(len(prompt.tokens) for prompt in prompts),
        max_tokens=max_tokens,
        choices=len(prompts) * request.sampling.n,
        named=request.sampling.max_tokens is not None,
    )
    with asked.visit.given_back(admission):
        job = Job(
            asked.id,
            prompts,
            request.sampling,
            admission.max_tokens,
            chat=False,
            thinking=False,
            echo=request.echo,
            grammar=grammar,
            wanted=_wanted(request),
        )
        plan = Plan(
            asked=asked,
            endpoint=endpoint,
            admission=admission,
            entry=text_entry(asked, admission),
            sampling=request.sampling,
            notices=(*asked.notices, *notices, *admission.notices),
            output=request.output,
            patience_s=_patience(house, others),
        )
        rules = Rules(chat=False, stops=request.sampling.stop)
        return Attempt(house, plan, LocalSource(backend, job, rules, None), watch)


class LocalSource:
    """An engine's generation. Counts what the engine says, exactly; reads it as `rules` say.

    `if_cut` is reported for a choice whose thinking was ended at its budget.
    """

    def __init__(self, backend: Backend, job: Job, rules: Rules, if_cut: Notice | None) -> None:
        self._backend, self._job, self._if_cut = backend, job, if_cut
        count = len(job.prompts) * job.sampling.n
        self._parsers = [ChoiceParser(index, rules) for index in range(count)]
        self._sampled: list[int | None] = [None] * count
        self._cached = [0] * len(job.prompts)
        self._timings: list[Timing] = []
        self._generation: Generation | None = None
        self.thinking_cut = False

    async def events(self) -> AsyncGenerator[Sequence[Event]]:
        """The reply as the engine makes it; one lot for each of its outputs."""
        self._generation = await self._backend.generate(self._job)
        async for output in self._generation:
            yield self._read(output)

    def _read(self, output: RawOutput) -> Sequence[Event]:
        parser = self._parsers[output.index]
        match output:
            case PromptPieces():
                return parser.echo(output.pieces)
            case Pieces():
                prompt, choice = divmod(output.index, self._job.sampling.n)
                if choice == 0:  # a prompt counts once, however many choices it has
                    self._cached[prompt] += output.cached_tokens
                events = parser.push(output.pieces)
                if parser.stopped and self._generation is not None:
                    self._generation.stop(output.index)
                    self._sampled[output.index] = parser.tokens
                    events += parser.finish("stop", ended_turn=False)
                return events
            case Ended():
                self._sampled[output.index] = output.completion_tokens
                self._timings.append(output.timing)
                events = parser.finish(output.reason, ended_turn=output.ended_turn)
                self.thinking_cut |= output.thinking_cut
                if output.thinking_cut and self._if_cut is not None:
                    *events, end = events
                    assert isinstance(end, ChoiceFinished)
                    events.append(msgspec.structs.replace(end, warnings=(self._if_cut, *end.warnings)))
                return events

    def used(self) -> Counted:
        """What the engine has told of; the prompt counts once the engine has it."""
        began = self._generation is not None
        prompt_tokens = sum(len(prompt.tokens) for prompt in self._job.prompts) if began else 0
        counts = (
            parser.tokens if count is None else count
            for count, parser in zip(self._sampled, self._parsers, strict=True)
        )
        thinking = sum(parser.reasoning_tokens for parser in self._parsers)
        return Counted(Usage(prompt_tokens, sum(counts), thinking, sum(self._cached)))

    def close(self) -> bool:
        if self._generation is not None:
            for output in self._generation.left():
                self._read(output)
            self._generation.close()
        return self._generation is not None

    async def counted(self) -> Counted:
        """As the engine has it in the end; what is known so far, if the engine does not say it in time."""
        if self._generation is None:
            return self.used()
        try:
            async with asyncio.timeout(_COUNTING_S):
                counts, estimated = await self._generation.counted(), False
        except TimeoutError:
            counts, estimated = [parser.tokens for parser in self._parsers], True
        thinking = 0
        for index, (parser, count) in enumerate(zip(self._parsers, counts, strict=True)):
            thinking += parser.reasoning_tokens
            if self._sampled[index] is None:
                self._sampled[index] = count
                # What nobody has read any more was thinking if the last that was read was.
                thinking += max(0, count - parser.tokens) if parser.thinks else 0
        return Counted(msgspec.structs.replace(self.used().usage, reasoning_tokens=thinking), estimated)

    def end_thinking(self) -> None:
        if self._generation is not None:
            self._generation.end_thinking()

    @property
    def timing(self) -> Timing | None:
        """The slowest choice's times; None where the engine told none, because a stop string ended it."""
        if not self._timings:
            return None
        return Timing(
            max(timing.queue_s for timing in self._timings),
            max(timing.prefill_s for timing in self._timings),
            max(timing.decode_s for timing in self._timings),
        )


def _backend(house: Services, endpoint: Endpoint) -> Backend:
    backend = house.catalogue.local(endpoint)
    assert backend is not None, "only endpoints on this machine are attempted here"
    return backend


def _wanted(request: ChatRequest | CompletionRequest) -> Wanted:
    """What a reply says may end it, if there are stop strings."""
    if request.sampling.stop:
        return "each token"
    return "a stream" if request.stream else "the whole"


def _patience(house: Services, others: bool) -> float | None:
    """An engine says itself when it fails; only where another endpoint could answer, it has to be quick."""
    return house.settings.routing.first_byte_timeout if others else None


def _allowance(intent: ReasoningIntent, sampling: Sampling, thinking: bool, max_tokens: int, end: Prompt) -> Allowance:
    """How long the reply may think, with the tokens that end its thinking."""
    given = sampling.max_tokens is not None
    allowance = limits(
        intent, thinking=thinking, max_tokens=max_tokens, max_tokens_given=given, end_tokens=len(end.tokens)
    )
    ending = msgspec.structs.replace(allowance.limits, end=tuple(end.tokens))
    return msgspec.structs.replace(allowance, limits=ending)
