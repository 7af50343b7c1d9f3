"""Several choices from a provider that makes one at a time: as many streams, read together. Knows indices and seeds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from nemoserve.backends.base import HostedBackend, HostedEvent, HostedJob, Told
from nemoserve.types.usage import Usage


async def fanned(backend: HostedBackend, job: HostedJob) -> AsyncGenerator[HostedEvent]:
    """The events of `n` streams of one choice each, as they come, and one Told with what all have used.

    Raises ApiError as soon as one of them does; the others are closed then.
    """
    events: asyncio.Queue[HostedEvent | Exception | None] = asyncio.Queue(maxsize=64)
    told: list[Told | None] = [None] * job.request.sampling.n

    async def run(index: int) -> None:
        try:
            async with aclosing(backend.stream(_single(job, index))) as stream:
                async for event in stream:
                    if isinstance(event, Told):
                        told[index] = event
                    else:
                        await events.put(msgspec.structs.replace(event, index=index))
            await events.put(None)
        except Exception as error:
            await events.put(error)

    tasks = [asyncio.create_task(run(index)) for index in range(len(told))]
    try:
        left = len(tasks)
        while left:
            event = await events.get()
            if isinstance(event, Exception):
                raise event
            if event is None:
                left -= 1
            else:
                yield event
        yield _together(told)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _single(job: HostedJob, index: int) -> HostedJob:
    """The job for one choice: with a seed of its own, as the same one would make the same text."""
    sampling = job.request.sampling
    seed = None if sampling.seed is None else sampling.seed + index
    request = msgspec.structs.replace(job.request, sampling=msgspec.structs.replace(sampling, n=1, seed=seed))
    return msgspec.structs.replace(job, id=f"{job.id}/{index}", request=request)


def _together(told: list[Told | None]) -> Told:
    """The sum, where every stream told what it used: each has read the prompt, and each is asked money for that."""
    usages = [one.usage for one in told if one is not None and one.usage is not None]
    calls = sum(1 if one is None else one.calls for one in told)
    if len(usages) < len(told):
        return Told(calls=calls)
    total = Usage(*(sum(getattr(usage, name) for usage in usages) for name in Usage.__struct_fields__))
    return Told(usage=total, reasoning_told=all(one is not None and one.reasoning_told for one in told), calls=calls)
