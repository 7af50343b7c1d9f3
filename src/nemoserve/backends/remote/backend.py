"""A provider: asked with the next of its keys, read as it answers. Knows the order of an attempt; not who else could answer.

Before its first event an attempt tries each key once, and once more without fields that the provider says it does not know.
Everything else that goes wrong is the caller's to deal with.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import msgspec

from nemoserve.backends.base import HostedEvent, HostedJob
from nemoserve.backends.remote.choice import Reading
from nemoserve.backends.remote.connections import Connections, Reply
from nemoserve.backends.remote.dialect import DIALECTS, limits_thinking
from nemoserve.backends.remote.endpoints import endpoint_of, family_of
from nemoserve.backends.remote.keys import Rests
from nemoserve.backends.remote.pace import Pace
from nemoserve.backends.remote.rate import Rates
from nemoserve.backends.remote.reader import ReplyReader
from nemoserve.backends.remote.refusals import of_a_value, refusal, scrubbed, unwelcome
from nemoserve.backends.remote.request import Asked, Asking, to_request
from nemoserve.backends.remote.steering import tells
from nemoserve.backends.remote.two_calls import two_calls
from nemoserve.config.credentials import Secret, find_secret
from nemoserve.config.providers import ProviderSettings
from nemoserve.config.routing import RoutingSettings
from nemoserve.parsing.sse import EventTooLong, SseParser
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.types.chat import ChatRequest, Notice
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished
from nemoserve.types.prompt import ReplyStart

PATH = "/chat/completions"
_TEXT_PATH = "/completions"
_NEEDED = frozenset({"model", "messages", "prompt", "stream", "max_tokens", "tools"})
"""Without these it would be another request."""
_AFTER_FINISH_S = 5.0
"""Counts come within this after the last choice's end, or not at all."""
_LIKE_A_KEY = 16
"""A word of a header so long may be one."""
_KEY_STATUSES = (401, 402, 429)
_REPLIES = (200, 201)
"""Some say that they have created a reply."""


class _Known:
    """What is known of one endpoint, and what it has taught."""

    def __init__(self, settings: ProviderSettings, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.family = family_of(settings, endpoint)
        self.refuses: frozenset[str] = frozenset()
        self.pace = Pace()
        self.splits = DIALECTS[settings.type].splits
        """Thinking is told apart there; learnt from replies. None: no reply has shown it yet."""
        self._never = self.splits is False

    def learn(self, reader: ReplyReader) -> None:
        """From a reply that is over."""
        if reader.orphaned:
            self.splits = False
        elif reader.apart or (self.splits is None and reader.shown):
            self.splits = True
        elif reader.unclosed and not self._never:
            self.splits = None


class RemoteBackend:
    """One provider of the configuration; a HostedBackend. Made by `open`."""

    def __init__(
        self,
        settings: ProviderSettings,
        secrets: tuple[Secret, ...],
        first_byte_s: float,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._settings = settings
        self._dialect = DIALECTS[settings.type]
        self._secrets = secrets
        self._first_byte_s = settings.first_byte_timeout or first_byte_s
        self._clock = clock or _monotonic
        self._rests = Rests(max(1, len(secrets)), self._clock)
        learns = self._dialect.hidden_limits if settings.adaptive_rate is None else settings.adaptive_rate
        self._rates = Rates(self._clock, settings.requests_per_minute, learns=learns)
        self._known = {
            endpoint.key: _Known(settings, endpoint)
            for endpoint in (endpoint_of(settings, model) for model in settings.models)
        }
        self._connections = Connections(settings)
        self._headers = {**settings.headers, "Content-Type": "application/json"}

    @classmethod
    def open(cls, settings: ProviderSettings, routing: RoutingSettings) -> RemoteBackend:
        """With its keys looked up. Raises CredentialError, which names the provider and the place."""
        owner = f"provider {settings.name}"
        secrets = tuple(find_secret(reference, owner) for reference in settings.references)
        return cls(settings, secrets, routing.first_byte_timeout)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(known.endpoint for known in self._known.values())

    @property
    def waiting(self) -> int:
        """Requests that are to be sent once others have ended."""
        return self._connections.waiting

    def stream(self, job: HostedJob) -> AsyncGenerator[Sequence[HostedEvent]]:
        """As `HostedBackend.stream` says."""
        known = self._known[job.endpoint.key]
        notices: tuple[Notice, ...] = ()
        if job.budget is not None and job.thinking is not False and not limits_thinking(self._dialect, known.family):
            if self._dialect.continuing != "no" and job.request.sampling.n == 1:
                return two_calls(job, job.budget, known.family, self._continued)
            level = job.request.reasoning.effort if job.by_level else None
            if level is None or not tells(level, self._dialect, known.family):
                what, field = ("thinking budget", "max_tokens") if level is None else ("effort", "effort")
                text = f"The {what} was dropped: {self.name} cannot limit the thinking of this request."
                notices = (Notice("dropped_parameter", text, f"reasoning.{field}"),)
        return self._attempt(known, job, None, notices)

    async def close(self) -> None:
        """Hangs up on everything."""
        await self._connections.close()

    def _continued(self, job: HostedJob, resumed: ReplyStart | None) -> AsyncGenerator[Sequence[HostedEvent]]:
        return self._attempt(self._known[job.endpoint.key], job, resumed, ())

    async def _attempt(
        self, known: _Known, job: HostedJob, resumed: ReplyStart | None, notices: tuple[Notice, ...]
    ) -> AsyncGenerator[Sequence[HostedEvent]]:
        """One request, or part of one. `resumed`: it continues a reply that has come so far."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        deadline = began + self._first_byte_s
        whole = not job.request.stream and known.pace.fits(_most_tokens(job), self._first_byte_s)
        try:
            reply, asked = await self._asked(known, job, deadline, stream=not whole)
        except ApiError as error:
            if whole and error.error_type == "timeout":
                known.pace.overdue()
            raise
        reader = ReplyReader(self.name, self._reading(known, job, resumed), self._scrub)
        notices += asked.notices
        try:
            match reply.media_type:
                case "text/event-stream":
                    async with aclosing(self._streamed(known, reply, reader, began)) as batches:
                        async for batch in batches:
                            yield _noted(batch, notices)
                case "application/json":
                    events = reader.whole(await reply.whole())
                    known.pace.whole(_tokens(reader), loop.time() - began)
                    yield _noted(events, notices)
                case other:
                    raise ApiError(
                        "provider_unavailable",
                        f"{self.name} sent {other[:80]!r} instead of a reply.",
                        metadata={"provider_name": self.name},
                    )
            known.learn(reader)
        except ApiError as error:
            error.usage = error.usage or reader.usage
            raise
        finally:
            reply.close()

    async def _streamed(
        self, known: _Known, reply: Reply, reader: ReplyReader, began: float
    ) -> AsyncGenerator[list[HostedEvent]]:
        """The events of a stream, as many at a time as came at once."""
        loop, parser = asyncio.get_running_loop(), SseParser()
        deadline, first = began + self._first_byte_s, 0.0
        while not reader.done:
            try:
                data = await reply.read(deadline)
            except ApiError as error:
                if reader.finished:
                    break
                if not reader.begun and error.error_type == "timeout":
                    error.message = f"{self.name} began no reply in {self._first_byte_s:g} s."
                raise
            batch: list[HostedEvent] = []
            failure: ApiError | None = None
            seen = reader.begun
            found: list[tuple[bytes, bytes]] = []
            try:
                found = parser.push(data) if data else parser.finish()
                for name, value in found:
                    batch += reader.event(name, value)
            except EventTooLong as error:
                failure = ApiError(
                    "provider_unavailable", f"{self.name} sent {error}.", metadata={"provider_name": self.name}
                )
            except ApiError as error:
                failure = error
            if batch:
                yield batch
            if failure is not None:
                raise failure
            if not data:
                break
            now = loop.time()
            if reader.begun and not seen:
                first = now - began
            if reader.finished:
                deadline = now + _AFTER_FINISH_S
            elif found:
                deadline = now + self._settings.stall_timeout
        yield reader.end()
        known.pace.streamed(_tokens(reader), first, loop.time() - began)

    async def _asked(self, known: _Known, job: HostedJob, deadline: float, *, stream: bool) -> tuple[Reply, Asked]:
        """A reply with a status of success. Raises ApiError when no key gets one."""
        asked = self._asked_for(job, Asking(self._dialect, known.family, stream, known.refuses))
        body, mended = msgspec.json.encode(asked.body), False
        tried: frozenset[int] = frozenset()
        error: ApiError | None = None
        model = str(asked.body["model"])
        path = PATH if job.texts is None else _TEXT_PATH
        while (key := self._rests.take(tried)) is not None:
            rate = self._rates.of(key, model)
            if rate is not None and (wait_s := rate.ask()) > 0:
                tried |= {key}
                error = error or self._limited(wait_s)
                continue
            sent = self._clock()
            reply = await self._connections.post(path, body, self._header(key), deadline)
            if reply.status in _REPLIES:
                self._rests.worked(key)
                if rate is not None:
                    rate.worked()
                return reply, asked
            try:
                said = await reply.refusal()
            finally:
                reply.close()
            status = 402 if reply.status in self._dialect.broke else reply.status
            error = refusal(self.name, reply.status, reply.headers, said, self._scrub)
            if error.error_type == "context_length_exceeded":
                error.metadata["parameter"] = "messages" if job.texts is None else "prompt"
            fields = unwelcome(error, asked.body.keys() - _NEEDED)
            if fields and not mended:
                if "logprobs" in fields:
                    fields |= {"top_logprobs"}
                mended, without = True, known.refuses | fields
                # What is refused beside others, as in "not supported with tools + stream", may be taken without them.
                if not unwelcome(error, asked.body.keys() & {"tools", "stream"}):
                    known.refuses |= {field for field in fields if not of_a_value(error, asked.body.get(field))}
                asked = self._asked_for(job, Asking(self._dialect, known.family, stream, without))
                body = msgspec.json.encode(asked.body)
                continue
            if status == 429 and rate is not None:
                rate.refused(sent)
            # Without keys there is none to rest: the endpoint itself does.
            if status not in _KEY_STATUSES or not self._secrets:
                raise error
            rests_s = self._rests.refused(key, status, error.retry_after_s, sent)
            if error.retry_after_s is None:
                error.retry_after_s = rests_s
            tried |= {key}
        raise error or self._limited(self._rests.wait_s())

    def _asked_for(self, job: HostedJob, asking: Asking) -> Asked:
        """The request. Raises ApiError where all of it is to be honoured, and some of it would be left out."""
        asked = to_request(job, asking)
        missing = [notice.parameter for notice in asked.notices if notice.code == "dropped_parameter"]
        if job.request.preferences.require_parameters and missing:
            error = ApiError(
                "not_found",
                f"provider.require_parameters: {self.name} does not take {', '.join(map(str, missing))}",
                metadata={"provider_name": self.name, "unsupported_parameters": missing},
            )
            error.blameless = True
            raise error
        return asked

    def _limited(self, wait_s: float) -> ApiError:
        limited = self._rests.limited
        why = "" if limited else ": it has refused them, or they are out of money"
        return ApiError(
            "rate_limit_exceeded" if limited else "provider_overloaded",
            f"{self.name} has no key that may be used within the next {wait_s:.3g} s{why}.",
            metadata={"provider_name": self.name},
            retry_after_s=wait_s,
        )

    def _reading(self, known: _Known, job: HostedJob, resumed: ReplyStart | None) -> Reading:
        request, family = job.request, known.family
        if job.texts is not None:
            return Reading(start="answer", choices=job.choices, alternatives=request.sampling.logprobs)
        thinking = family.thinks if job.thinking is None else job.thinking
        honoured = job.endpoint.parameters
        cut_here = bool(request.sampling.stop) and honoured is not None and "stop" not in honoured
        opened = thinking and family.thinking_prefix != ""
        return Reading(
            family=family,
            # What continues a reply has no thinking of its own; what is called so is the answer, if nothing else comes.
            thinking=job.thinking if resumed is None else False,
            start=resumed or ("thinking" if opened and known.splits is False else "undecided"),
            # Where a stop string is looked for here, the text is wanted as it comes: the provider is to stop then.
            whole=not request.stream and not cut_here,
            unsure=opened and known.splits is None,
            tools=ToolSchemas(request.tools) if request.tools and request.tool_choice.mode != "none" else None,
            several_calls=request.parallel_tool_calls,
            call_id_prefix=f"call_{job.id}_",
            choices=job.choices,
            alternatives=request.sampling.logprobs,
            repeats=_prefill(request) if self._dialect.repeats_prefill else "",
        )

    def _scrub(self, body: bytes) -> str:
        """What the provider said, fit to be repeated: also what headers of the configuration say may be a key."""
        words = (
            word for value in self._settings.headers.values() for word in value.split() if len(word) >= _LIKE_A_KEY
        )
        return scrubbed(body, [*(secret.reveal() for secret in self._secrets), *words])

    def _header(self, key: int) -> dict[str, str]:
        """What is sent with a request. The key is put together here alone, so that nothing that lives longer shows it."""
        if not self._secrets:
            return self._headers
        return {**self._headers, "Authorization": f"Bearer {self._secrets[key].reveal()}"}


def _noted(events: list[HostedEvent], notices: tuple[Notice, ...]) -> list[HostedEvent]:
    """What was not honoured is said at the end of the first choice."""
    for place, event in enumerate(events if notices else ()):
        if isinstance(event, ChoiceFinished) and not event.index:
            events[place] = msgspec.structs.replace(event, warnings=(*notices, *event.warnings))
    return events


def _prefill(request: ChatRequest) -> str:
    """What the reply goes on with."""
    return request.messages[-1].text if request.messages[-1].role == "assistant" else ""


def _most_tokens(job: HostedJob) -> int:
    most = job.max_tokens or job.endpoint.max_completion_tokens or job.endpoint.context_length
    return most * job.choices


def _tokens(reader: ReplyReader) -> int:
    return reader.usage.completion_tokens if reader.usage is not None else 1


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
