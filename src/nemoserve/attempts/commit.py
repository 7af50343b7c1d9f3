"""The commit rule: until a reply has begun, a failure moves on to the next endpoint in silence; from then on it ends the reply.

It stands here and nowhere else. A reply has begun with its first event for the client; one that is not streamed, as nothing of
it is sent before it is whole, with its last.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from nemoserve.attempts.asked import Asked
from nemoserve.attempts.attempt import Attempt
from nemoserve.attempts.services import Services
from nemoserve.routing.health import Watch
from nemoserve.routing.retries import Tries
from nemoserve.types.chat import ChatRequest, CompletionRequest, Notice, Sampling
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError, ErrorType, shutting_down
from nemoserve.types.events import Event
from nemoserve.types.route import Route

_REQUESTS_FAULT: frozenset[ErrorType] = frozenset({
    "invalid_request", "invalid_prompt", "payload_too_large", "precondition_failed", "method_not_allowed",
})  # fmt: skip
"""What a client can mend: where no endpoint takes the request, it hears of this before anything else."""
_REFUSED_BEFORE: frozenset[ErrorType] = frozenset({
    "context_length_exceeded", "payment_required", "not_found", "provider_unavailable",
})  # fmt: skip
"""What keeps a request from an endpoint before anything is sent, though another one may take it: a longer context, a lower price."""

Prepare = Callable[[Endpoint, Watch, bool], Coroutine[Any, Any, Attempt]]
"""Makes the attempt at an endpoint: holds its money, runs nothing yet. The flag: others are left to go to. Raises ApiError."""


class Tried(msgspec.Struct, frozen=True):
    """An endpoint that has failed the request, and how."""

    endpoint: Endpoint
    error: ApiError


class Reply:
    """A reply under way: an iterator over its events, to be read once and closed in any case. Made by `open`.

    What it says of itself changes until it has begun, and not any more then.
    """

    def __init__(
        self, house: Services, asked: Asked[ChatRequest] | Asked[CompletionRequest], route: Route, prepare: Prepare
    ) -> None:
        self.id, self.created, self.route = asked.id, int(time.time()), route
        self._house, self._asked, self._prepare = house, asked, prepare
        self._streamed = asked.request.stream
        self._left = deque(route.endpoints)
        self._tries = Tries(house.settings.routing, house.retries, asked.arrived)
        self.failed: list[Tried] = []
        self._ready: deque[Event] = deque()
        self.begun = False
        self._attempt: Attempt

    @classmethod
    async def open(
        cls, house: Services, asked: Asked[ChatRequest] | Asked[CompletionRequest], route: Route, prepare: Prepare
    ) -> Reply:
        """The reply, with its first attempt prepared. Raises ApiError when no endpoint can take the request."""
        reply = cls(house, asked, route, prepare)
        try:
            attempt = await reply._next()
            if attempt is None:
                raise reply._refusal()
        except BaseException:
            asked.visit.over()
            raise
        reply._attempt = attempt
        return reply

    @property
    def endpoint(self) -> Endpoint:
        """Who answers."""
        return self._attempt.plan.endpoint

    @property
    def model(self) -> str:
        return self.endpoint.model

    @property
    def provider(self) -> str:
        return self.endpoint.provider

    @property
    def sampling(self) -> Sampling:
        """As applied."""
        return self._attempt.plan.sampling

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self._attempt.plan.notices

    @property
    def held(self) -> int:
        """Nano-dollars: the most that it may cost, where the key has a limit."""
        return self._attempt.plan.admission.hold.amount

    def attempts(self) -> list[tuple[Endpoint, int]]:
        """The endpoints that were tried, each with the HTTP status that it gave."""
        tried = [(failed.endpoint, failed.error.status) for failed in self.failed]
        return [*tried, (self.endpoint, 200)] if self.begun else tried

    def __aiter__(self) -> Reply:
        return self

    async def __anext__(self) -> Event:
        if not self.begun:
            self._ready.extend(await self._begin())
            self.begun = True
            self._house.router.served(self._asked.session, self.endpoint, time.monotonic())
        if self._ready:
            return self._ready.popleft()
        try:
            return await self._attempt.__anext__()
        except ApiError:
            self._end()
            await self.settled()  # so that it tells what the ledger does
            raise

    async def aclose(self) -> None:
        """Stops what still runs."""
        await self._attempt.aclose()
        self._end()

    async def settled(self) -> None:
        """Returns when the last attempt has given back what was held for it, or soon."""
        await self._attempt.settled()

    async def broken_off(self) -> ApiError:
        """What is told of a reply that the server's end broke off. Comes after `aclose`."""
        await self.settled()
        return self._attempt.error or shutting_down()

    def _end(self, told: ApiError | None = None) -> None:
        self._attempt.store(told)
        self._asked.visit.over()

    async def _begin(self) -> Sequence[Event]:
        """The first events, from whichever endpoint gives some. Raises ApiError when none does."""
        while True:
            try:
                return await self._hedged()
            except ApiError as error:
                self._note(self._attempt, error)
                following = await self._next()
                if following is None:
                    refusal = self._refusal()
                    self._end(refusal)
                    raise refusal from error
                self._attempt = following

    async def _first(self, attempt: Attempt) -> Sequence[Event]:
        """The events with which an attempt begins: one, or all of a reply that is not streamed."""
        if not self._streamed:
            return [event async for event in attempt]
        try:
            return [await attempt.__anext__()]
        except StopAsyncIteration:
            raise ApiError("provider_unavailable", "The reply ended before it was complete.") from None

    async def _hedged(self) -> Sequence[Event]:
        """As `_first`; where the server hedges, with a second endpoint beside the first when that takes too long.

        Whoever begins first answers, the other one is stopped. Raises the error of the last one left.
        """
        after = self._house.settings.routing.hedge_after
        if after is None or not self._left:
            return await self._first(self._attempt)
        why: tuple[object, ...] = ()
        racing = {asyncio.create_task(self._first(self._attempt)): self._attempt}
        try:
            done, _ = await asyncio.wait(racing, timeout=after)
            if not done and (second := await self._beside()) is not None:
                racing[asyncio.create_task(self._first(second))] = second
            while True:
                done, _ = await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    attempt = racing.pop(task)
                    error = task.exception()
                    if error is None:
                        self._attempt = attempt
                        return task.result()
                    if not racing or not isinstance(error, ApiError):
                        self._attempt = attempt
                        raise error
                    self._note(attempt, error)
        except asyncio.CancelledError as cancelled:
            why = cancelled.args
            raise
        finally:
            await _stopped(racing, *why)

    async def _next(self) -> Attempt | None:
        """The attempt at the next endpoint that can take the request, prepared; None: there is none, or no more may be tried."""
        house = self._house
        while self._left:
            now = time.monotonic()
            if not self._tries.next(now):
                return None
            endpoint = self._left.popleft()
            watch = house.health.begin(endpoint, now)
            if watch is None:  # its breaker has opened since it was chosen
                self._tries.unsent()
                continue
            try:
                return await self._prepare(endpoint, watch, bool(self._left))
            except BaseException as error:
                watch.ended("cancelled", now)
                if not isinstance(error, ApiError):
                    raise
                self.failed.append(Tried(endpoint, error))
                if error.error_type not in _REFUSED_BEFORE:
                    raise
                self._tries.unsent()
        return None

    async def _beside(self) -> Attempt | None:
        """As `_next`, while an attempt runs: it must not end because another one cannot begin."""
        try:
            return await self._next()
        except ApiError:
            return None

    def _note(self, attempt: Attempt, error: ApiError) -> None:
        self.failed.append(Tried(attempt.plan.endpoint, error))

    def _refusal(self) -> ApiError:
        """What the client is told: what it can mend, or else the last failure; with the others. Of limits the least that is needed."""
        if not self.failed:
            return ApiError("provider_overloaded", "No endpoint can be asked at the moment.", retry_after_s=1.0)
        told = next((tried for tried in self.failed if tried.error.error_type in _REQUESTS_FAULT), self.failed[-1])
        if told.error.error_type == "payment_required" and "needed" in told.error.metadata:
            told = min(self.failed, key=_needed)
        if told.error.status in (429, 503) and told.error.retry_after_s is None:
            resting = self._house.health.unavailable(told.endpoint, time.monotonic())
            told.error.retry_after_s = 1.0 if resting is None else resting.wait_s
        others = [tried for tried in self.failed if tried is not told]
        if others:
            told.error.metadata["previous_errors"] = [
                {"provider": tried.endpoint.provider, "code": tried.error.status, "status": tried.error.status}
                for tried in others
            ]
        return told.error


def _needed(tried: Tried) -> float:
    """The least that the key's limit would have to leave for that endpoint, in dollars."""
    needed = tried.error.metadata.get("needed")
    return needed if isinstance(needed, float) else math.inf


async def _stopped(racing: dict[asyncio.Task[Sequence[Event]], Attempt], why: object = None) -> None:
    """Ends attempts that are not wanted any more. `why`: said to them, where the server's end breaks them off."""
    for task in racing:
        task.cancel(why)
    await asyncio.gather(*racing, return_exceptions=True)
    for attempt in racing.values():
        await attempt.aclose()
