"""An attempt at a provider: the request in what its endpoint honours, the provider's events counted. Knows no provider's wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from nemoserve.admission import require_all, room
from nemoserve.attempts.asked import TEXT_MAX_TOKENS, Asked
from nemoserve.attempts.attempt import Attempt, Counted, Plan, chat_entry, text_entry
from nemoserve.attempts.choices import ChoiceReader
from nemoserve.attempts.counting import most_prompt_tokens, prompt_size, tokens_in
from nemoserve.attempts.decided import decided, within_cap
from nemoserve.attempts.fan import calls_of, fanned, one_by_one
from nemoserve.attempts.parameters import given, without
from nemoserve.attempts.services import Services
from nemoserve.backends.base import HostedBackend, HostedEvent, HostedJob, Texts, Told
from nemoserve.context.cuts import Messages
from nemoserve.context.fit import fit
from nemoserve.reasoning.budget import Allowance, limits
from nemoserve.reasoning.families import ANY_SWITCH, switch_in_text
from nemoserve.routing.health import Watch
from nemoserve.types.chat import IMAGE_TOKENS, ChatRequest, CompletionRequest, Notice
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError, invalid
from nemoserve.types.events import Event
from nemoserve.types.reasoning import ReasoningIntent, ThinkingLimits
from nemoserve.types.usage import Timing, Usage

_END_TOKENS = 8
"""What ends a thinking that is cut, in tokens: a few in every family."""
_OVER = 64
"""Tokens of a choice beyond its limit that a provider may have counted for its own markers; more than that is no count."""

_CONTEXTS = 4
"""A prompt that is counted at more than so many times the context, for each choice of each call, is no count either."""


async def attempt_hosted(house: Services, asked: Asked[ChatRequest], endpoint: Endpoint, watch: Watch) -> Attempt:
    """The attempt at having a provider continue a conversation. Raises ApiError if it must not be asked."""
    asked = within_cap(decided(asked, endpoint.model, ANY_SWITCH), _END_TOKENS)
    request, dropped = without(asked.request, _unsupported(asked.request, endpoint))
    require_all(asked.request.preferences.require_parameters, dropped)
    request, cut = await _fitted(house, _as_sent(request, endpoint), endpoint)
    request, thinking = switch_in_text(request)
    size = prompt_size(request)
    max_tokens, notices = _room(house, request, endpoint, tokens_in(size))
    # More tokens never mean less thinking: what the key's money leaves of them does not raise this.
    thought = _allowance(asked.intent, request, thinking, max_tokens).limits.budget
    twice = thought is not None and endpoint.two_calls
    readings = _readings(request, endpoint, limited=thought is not None) * (2 if twice else 1)
    paid = most_prompt_tokens(request, size) * readings
    admission = await asked.visit.admit(
        endpoint,
        prompt_tokens=tokens_in(size),
        # The second of two calls reads what the first has thought, too.
        paid_prompt_tokens=paid + ((thought or 0) * request.sampling.n if twice else 0),
        max_tokens=max_tokens,
        choices=request.sampling.n,
        named=request.sampling.max_tokens is not None,
        images=len(request.images) * readings,
        requests=readings,
    )
    # Nothing is awaited from here to the attempt, whose end settles what was held.
    with asked.visit.given_back(admission):
        allowance = _allowance(asked.intent, request, thinking, admission.max_tokens)
        budget = allowance.limits.budget
        job = HostedJob(
            id=admission.entry.id,
            endpoint=endpoint,
            request=request,
            thinking=thinking,
            budget=budget,
            by_level=allowance.by_level,
            max_tokens=admission.max_tokens,
        )
        plan = Plan(
            asked=asked,
            endpoint=endpoint,
            admission=admission,
            entry=chat_entry(asked, admission, thinking=thinking is not False, budget=budget),
            sampling=request.sampling,
            notices=(*asked.notices, *dropped, *cut, *notices, *admission.notices, *allowance.notices),
            output=asked.request.output,
            exclude_thinking=request.reasoning.exclude,
            hosted=True,
            patience_s=None,  # how soon it has to begin is the provider's own setting
        )
        backend = house.catalogue.hosted[endpoint.provider]
        return Attempt(house, plan, HostedSource(backend, job, tokens_in(size), if_cut=allowance.if_cut), watch)


async def attempt_hosted_text(
    house: Services, asked: Asked[CompletionRequest], endpoint: Endpoint, watch: Watch
) -> Attempt:
    """The attempt at having a provider continue plain texts. Raises ApiError if it must not be asked."""
    wanted = asked.request
    texts = Texts(prompts=wanted.prompts, echo=wanted.echo, add_special_tokens=wanted.add_special_tokens)
    request = ChatRequest(
        models=wanted.models,
        messages=(),
        sampling=wanted.sampling,
        reasoning=ReasoningIntent(),
        output=wanted.output,
        stream=wanted.stream,
        preferences=wanted.preferences,
    )
    request, dropped = without(request, _unsupported(wanted, endpoint))
    require_all(wanted.preferences.require_parameters, dropped)
    size = prompt_size(wanted)
    most = endpoint.max_completion_tokens or endpoint.context_length
    max_tokens, notices = room(most, request.sampling, TEXT_MAX_TOKENS)
    readings = _readings(request, endpoint)
    admission = await asked.visit.admit(
        endpoint,
        prompt_tokens=tokens_in(size),
        paid_prompt_tokens=most_prompt_tokens(wanted, size) * readings,
        max_tokens=max_tokens,
        choices=len(texts.prompts) * request.sampling.n,
        named=request.sampling.max_tokens is not None,
        requests=len(texts.prompts) * readings,
    )
    with asked.visit.given_back(admission):
        job = HostedJob(
            id=admission.entry.id, endpoint=endpoint, request=request, texts=texts, max_tokens=admission.max_tokens
        )
        plan = Plan(
            asked=asked,
            endpoint=endpoint,
            admission=admission,
            entry=text_entry(asked, admission),
            sampling=request.sampling,
            notices=(*asked.notices, *dropped, *notices, *admission.notices),
            output=wanted.output,
            hosted=True,
            patience_s=None,
        )
        backend = house.catalogue.hosted[endpoint.provider]
        return Attempt(
            house, plan, HostedSource(backend, job, tokens_in(size), echoed=size if texts.echo else 0), watch
        )


class HostedSource:
    """A provider's stream. Counts what the provider tells; what it does not tell is counted by the text."""

    def __init__(
        self,
        backend: HostedBackend,
        job: HostedJob,
        prompt_tokens: int,
        echoed: int = 0,
        if_cut: Notice | None = None,
    ) -> None:
        """`prompt_tokens`: about so many. `echoed`: bytes of the prompts that come back with the replies.

        `if_cut` is reported where thinking was ended at its budget.
        """
        self._backend, self._job, self._prompt_tokens, self._echoed = backend, job, prompt_tokens, echoed
        self._if_cut = if_cut
        # Also where the provider is asked to stop: some do not, and some give the stop string too. What it repeats may have one.
        stops = () if job.texts is not None and job.texts.echo else job.request.sampling.stop
        steps = job.request.reasoning.steps and not job.request.reasoning.exclude
        self._choices = [ChoiceReader(index, stops, steps=steps) for index in range(job.choices)]
        self._calls = calls_of(job)
        self._images = len(job.request.images)
        self._told: Told | None = None
        self._began = False

    async def events(self) -> AsyncGenerator[Sequence[Event]]:
        """The reply as the provider sends it; no lot before its first word."""
        choices = self._choices
        try:
            async with aclosing(self._stream()) as stream:
                async for received in stream:
                    lot: list[Event] = []
                    for event in received:
                        if isinstance(event, Told):
                            self._told = event
                        else:
                            self._began = True
                            lot += choices[event.index].read(event)
                    if self._began:
                        yield lot
                    if self._told is None and self._goes_on():
                        return  # the rest is not wanted
        except ApiError as error:
            # Of several calls only the one that failed has said what it used.
            if self._began and self._told is None and error.usage is not None and len(self._calls) == 1:
                self._told = Told(usage=error.usage, reasoning_told=error.usage.reasoning_tokens > 0)
            raise

    def _goes_on(self) -> bool:
        """Whether the provider goes on behind stop strings alone; one that has stopped is about to tell its counts."""
        return any(choice.goes_on for choice in self._choices) and all(choice.stopped for choice in self._choices)

    def _stream(self) -> AsyncGenerator[Sequence[HostedEvent]]:
        if len(self._calls) > 1:
            return fanned(self._backend, self._calls)
        return self._backend.stream(self._job)

    def used(self) -> Counted:
        """What the provider told; before that, and where it told no count or none that can be, what its text comes to."""
        told = Told() if self._told is None else self._told
        usage = told.usage or Usage()
        if told.usage is None and not self._began:
            return Counted(usage)
        prompt, completion, reasoning = usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens
        if prompt > told.calls * self._job.choices * _CONTEXTS * self._job.endpoint.context_length:
            prompt = 0
        if self._job.max_tokens is not None and completion > self._job.choices * (self._job.max_tokens + _OVER):
            completion = reasoning = 0
        thought = sum(tokens_in(choice.reasoning_size) for choice in self._choices)
        guessed = told.estimated or not usage.completion_tokens
        if not completion:
            echoed = self._echoed * self._job.request.sampling.n
            reasoning = reasoning or thought
            completion = (
                tokens_in(max(0, sum(choice.text_size + choice.held_size for choice in self._choices) - echoed))
                + reasoning
            )
        elif not told.reasoning_told and thought:
            said = tokens_in(sum(choice.text_size for choice in self._choices))
            reasoning = max(1, completion * thought // (thought + said))
        most = completion if self._job.max_tokens is None else self._job.choices * self._job.max_tokens
        if guessed and completion > most:  # the provider was allowed no more, and money is held for no more
            completion, reasoning = most, reasoning * most // completion
        prompt = prompt or self._prompt_tokens * self._readings()
        counted = Usage(
            prompt, completion, reasoning, min(usage.cached_tokens, prompt), min(usage.image_tokens, prompt)
        )
        estimated = told.estimated or told.usage is None or counted != usage
        if self._images and not counted.image_tokens:
            counted = msgspec.structs.replace(counted, image_tokens=self._image_tokens(prompt))
        return Counted(
            counted,
            estimated=estimated,
            images=self._images_read(),
            requests=self._requests(),
            notices=self._missing() + self._shortened(reasoning),
        )

    def _shortened(self, reasoning: int) -> tuple[Notice, ...]:
        return () if self._if_cut is None or not self._cut(reasoning) else (self._if_cut,)

    def _missing(self) -> tuple[Notice, ...]:
        """Some providers take `n` and make one choice all the same."""
        came = sum(choice.begun for choice in self._choices)
        if came == len(self._choices):
            return ()
        text = f"n was not applied: {self._job.endpoint.provider} made {came} of {len(self._choices)} choices."
        return (Notice("not_applied", text, "n"),)

    def _images_read(self) -> int:
        """Each call has read all of them, and is asked money for that."""
        return self._images * self._readings()

    def _image_tokens(self, prompt_tokens: int) -> int:
        """What is left of a prompt beside its text. Most providers count them together, and only the sum is money."""
        text = self._prompt_tokens - self._images * IMAGE_TOKENS
        return max(0, prompt_tokens - text * self._readings())

    def _readings(self) -> int:
        """How often each prompt was read."""
        texts = self._job.texts
        return self._requests() if texts is None else max(1, self._requests() // len(texts.prompts))

    def _requests(self) -> int:
        """How often the provider was asked."""
        return len(self._calls) if self._told is None else self._told.calls

    def close(self) -> bool:
        """The stream has ended with `events`; nobody can say more than was said by then."""
        return False

    async def counted(self) -> Counted:
        return self.used()

    def end_thinking(self) -> None:
        raise invalid(
            "id", f"this reply comes from {self._job.endpoint.provider}, which cannot be told to stop thinking any more"
        )

    @property
    def timing(self) -> Timing | None:
        return None

    @property
    def thinking_cut(self) -> bool:
        return self._cut(self.used().usage.reasoning_tokens)

    def _cut(self, reasoning: int) -> bool:
        """Whether the longest thinking, by its share of all text of thinking, has used up its budget, and is taken for cut."""
        budget, sizes = self._job.budget, [choice.reasoning_size for choice in self._choices]
        if budget is None or not self._job.endpoint.reasoning_budget:
            return False
        longest, whole = (max(sizes), sum(sizes)) if any(sizes) else (1, len(sizes))
        return reasoning * longest >= max(1, budget) * whole


def _readings(request: ChatRequest, endpoint: Endpoint, *, limited: bool = False) -> int:
    """How many requests read a prompt: one, or one for each choice; `limited` as for `one_by_one`."""
    return request.sampling.n if one_by_one(endpoint, limited=limited) else 1


def _unsupported(request: ChatRequest | CompletionRequest, endpoint: Endpoint) -> frozenset[str]:
    """The fields that the endpoint would not honour. A budget is not among them: it is helped with by two calls."""
    if endpoint.parameters is None:
        return frozenset()
    return given(request) - endpoint.parameters - {"reasoning_budget"}


def _room(house: Services, request: ChatRequest, endpoint: Endpoint, prompt: int) -> tuple[int, tuple[Notice, ...]]:
    """How many tokens the reply may have. What was asked for is cut only where it can never be: the prompt's length is a guess."""
    most, asked = endpoint.max_completion_tokens or endpoint.context_length, request.sampling.max_tokens
    never = asked is None or asked >= endpoint.context_length
    left = min(most, endpoint.context_length - prompt) if never else most
    return room(left, request.sampling, house.settings.default_max_tokens)


def _as_sent(request: ChatRequest, endpoint: Endpoint) -> ChatRequest:
    """The request without past thinking where the endpoint is not sent any: it takes no room there, and costs nothing."""
    if endpoint.past_thinking or not any(message.reasoning for message in request.messages):
        return request
    replace = msgspec.structs.replace
    messages = tuple(replace(message, reasoning="", reasoning_signature="") for message in request.messages)
    return replace(request, messages=messages)


async def _fitted(house: Services, request: ChatRequest, endpoint: Endpoint) -> tuple[ChatRequest, tuple[Notice, ...]]:
    """The conversation as it fits the endpoint's context, by the estimate and an eighth more, as that may be too low."""

    async def count(messages: Messages) -> int:
        size = prompt_size(msgspec.structs.replace(request, messages=messages))
        return tokens_in(size + size // 8)

    reply_tokens = request.sampling.max_tokens or house.settings.default_max_tokens
    try:
        return await fit(request, endpoint.context_length, reply_tokens, count)
    except ApiError:
        if tokens_in(prompt_size(request)) >= endpoint.context_length:
            raise
        return request, ()  # Nothing more may be left out, and it may well fit: the provider counts.


def _allowance(intent: ReasoningIntent, request: ChatRequest, thinking: bool | None, max_tokens: int) -> Allowance:
    """How long the reply may think: limited only where the request or its key asks for that, as not every provider can."""
    if thinking is False or intent.max_tokens is intent.effort is intent.most_tokens is None:
        return Allowance(ThinkingLimits())
    given_max = request.sampling.max_tokens is not None
    return limits(intent, thinking=True, max_tokens=max_tokens, max_tokens_given=given_max, end_tokens=_END_TOKENS)
