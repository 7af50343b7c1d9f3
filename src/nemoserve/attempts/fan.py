"""A reply that takes several requests to a provider: as many streams, read together. Knows indices and seeds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import accumulate

import msgspec

from nemoserve.backends.base import HostedBackend, HostedEvent, HostedJob, Texts, Told
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.usage import Usage


def one_by_one(endpoint: Endpoint, *, limited: bool) -> bool:
    """Whether each choice is a request of its own there; `limited`: its thinking has a budget."""
    honoured = endpoint.parameters
    return (limited and endpoint.two_calls) or (honoured is not None and "n" not in honoured)


def calls_of(job: HostedJob) -> list[HostedJob]:
    """The requests that a job takes: one for each prompt, and for each choice where the endpoint makes one at a time."""
    prompts = [job] if job.texts is None else [_of_prompt(job, job.texts, prompt) for prompt in job.texts.prompts]
    limited = job.budget is not None and job.thinking is not False
    if job.request.sampling.n == 1 or not one_by_one(job.endpoint, limited=limited):
        return prompts
    return [_single(each, index) for each in prompts for index in range(job.request.sampling.n)]


async def fanned(backend: HostedBackend, jobs: Sequence[HostedJob]) -> AsyncGenerator[Sequence[HostedEvent]]:
    """The events of the jobs' streams, as they come, choices numbered through, and one Told with what all have used.

    Raises ApiError as soon as one of them does; the others are closed then.
    """
    lots: asyncio.Queue[list[HostedEvent] | Exception | None] = asyncio.Queue(maxsize=64)
    told: list[Told | None] = [None] * len(jobs)

    async def run(number: int, first: int) -> None:
        try:
            async with aclosing(backend.stream(jobs[number])) as stream:
                async for lot in stream:
                    numbered: list[HostedEvent] = []
                    for event in lot:
                        if isinstance(event, Told):
                            told[number] = event
                        else:
                            numbered.append(msgspec.structs.replace(event, index=first + event.index))
                    await lots.put(numbered)
            await lots.put(None)
        except Exception as error:
            await lots.put(error)

    firsts = accumulate((job.choices for job in jobs), initial=0)
    tasks = [asyncio.create_task(run(number, first)) for number, first in zip(range(len(jobs)), firsts, strict=False)]
    try:
        left = len(tasks)
        while left:
            lot = await lots.get()
            if isinstance(lot, Exception):
                raise lot
            if lot is None:
                left -= 1
            else:
                yield lot
        yield [_together(told)]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _of_prompt(job: HostedJob, texts: Texts, prompt: str | tuple[int, ...]) -> HostedJob:
    return msgspec.structs.replace(job, texts=msgspec.structs.replace(texts, prompts=(prompt,)))


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
