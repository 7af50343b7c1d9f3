"""Lets a request in: what its key may use, how often, and what it may still spend. Knows no wire format and runs nothing."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

import msgspec

from nemoserve.access.quota import Hold
from nemoserve.access.rates import Rates, Ticket
from nemoserve.ledger.books import Books
from nemoserve.types.caller import Caller, Origin
from nemoserve.types.chat import Notice, Sampling
from nemoserve.types.entry import Entry
from nemoserve.types.errors import ApiError
from nemoserve.types.model import ModelCard
from nemoserve.types.prompt import Prompt
from nemoserve.types.reasoning import ReasoningIntent


class Asked(msgspec.Struct, frozen=True):
    """What a request wants, as far as its admission depends on it."""

    caller: Caller
    origin: Origin
    reply_id: str
    card: ModelCard
    prompts: tuple[Prompt, ...]
    max_tokens: int
    """Per choice."""
    choices: int
    named: bool
    """The request itself says how many tokens it wants, rather than the server."""


class Admission(msgspec.Struct, frozen=True):
    """What one admitted request holds; whoever has it must see to `Books.settle` and `Ticket.leave`."""

    caller: Caller
    hold: Hold
    ticket: Ticket
    entry: Entry
    """The ledger's line as far as it is known before anything has run."""
    max_tokens: int
    """Per choice: as wanted, or as many as the key's money surely pays for."""
    notices: tuple[Notice, ...] = ()


def permit(caller: Caller, card: ModelCard) -> None:
    """Raises ApiError (403) when the key must not use this model or its provider."""
    limits = caller.limits
    if limits.models is not None and not {card.id.lower(), *map(str.lower, card.aliases)} & set(
        map(str.lower, limits.models)
    ):
        raise ApiError(
            "permission_denied",
            f"model: this key must not use {card.id}; it may use: {', '.join(limits.models) or 'none'}",
            metadata={"parameter": "model"},
        )
    if limits.providers is not None and card.provider not in limits.providers:
        raise ApiError("permission_denied", f"This key must not use the provider {card.provider}.")


def require_all(required: bool, notices: tuple[Notice, ...]) -> None:
    """OpenRouter's rule: what cannot be honoured is dropped and reported, unless everything is required."""
    missing = [notice.parameter for notice in notices if notice.code == "dropped_parameter" and notice.parameter]
    if required and missing:
        raise ApiError(
            "not_found",
            f"provider.require_parameters: no model here supports {', '.join(missing)}",
            metadata={"unsupported_parameters": missing},
        )


def capped(intent: ReasoningIntent, caller: Caller, choices: int) -> ReasoningIntent:
    """The intent within what the key allows: at most so much thinking, so much kept for the answer unless it says itself.

    The cap is the request's, so its choices share it.
    """
    cap = caller.limits.reasoning_tokens
    most = None if cap is None else cap // choices
    reserve = caller.limits.answer_reserve if intent.answer_reserve is None else intent.answer_reserve
    return msgspec.structs.replace(intent, most_tokens=most, answer_reserve=reserve)


def room(card: ModelCard, prompts: list[Prompt], sampling: Sampling, default: int) -> tuple[int, tuple[Notice, ...]]:
    """How many tokens the reply may have: what was asked for, cut to what the context leaves, which is then reported."""
    left = card.context_length - max(len(prompt.tokens) for prompt in prompts)
    if sampling.max_tokens is None:
        return max(1, min(default, left)), ()
    if sampling.max_tokens <= left or left <= 0:
        return sampling.max_tokens, ()
    text = f"max_tokens was cut from {sampling.max_tokens} to {left}, which is what the context leaves."
    return left, (Notice("adjusted_parameter", text, "max_tokens"),)


@contextmanager
def given_back(books: Books, admission: Admission) -> Generator[None]:
    """Gives back what was held if the block, which makes the attempt, fails."""
    try:
        yield
    except BaseException:
        books.release(admission.hold)
        admission.ticket.leave(0, monotonic_ms())
        raise


def monotonic_ms() -> int:
    """The clock of the rates, which no change of the wall clock moves."""
    return time.monotonic_ns() // 1_000_000


async def admit(books: Books, rates: Rates, asked: Asked) -> Admission:
    """Takes the key's place in its rates and holds the most that the request may cost.

    Raises ApiError: 429 when the key is too fast, 402 when its money is used up, 503 when the ledger is too far behind.
    """
    now = int(time.time() * 1000)
    caller, card, max_tokens = asked.caller, asked.card, asked.max_tokens
    prompt_tokens = sum(len(prompt.tokens) for prompt in asked.prompts)
    price = books.prices.price(card.id, card.provider, now)
    ticket = rates.enter(caller, prompt_tokens, monotonic_ms())
    try:
        hold = await books.hold(
            caller,
            price,
            prompt_tokens=prompt_tokens,
            completion_tokens=max_tokens * asked.choices,
            choices=asked.choices,
            now_ms=now,
        )
    except BaseException:
        ticket.leave(0, monotonic_ms())
        raise
    notices: tuple[Notice, ...] = ()
    affordable = price.affordable(hold.amount, prompt_tokens) if caller.limits.limit is not None else None
    if affordable is not None and affordable // asked.choices < max_tokens:
        left = max(1, affordable // asked.choices)
        text = f"max_tokens was cut from {max_tokens} to {left}, which is what the key's limit leaves."
        notices = (Notice("adjusted_parameter", text, "max_tokens"),) if asked.named else ()
        max_tokens = left
    entry = Entry(
        id=f"{asked.reply_id}-1",
        generation_id=asked.reply_id,
        created_at=now,
        key_id=caller.key_id,
        owner=caller.owner,
        tags=caller.tags,
        app_url=asked.origin.app_url,
        app_title=asked.origin.app_title,
        user_agent=asked.origin.user_agent,
        user=asked.origin.user,
        request_id=asked.origin.request_id,
        model=card.id,
        provider=card.provider,
        price=price,
        max_tokens=max_tokens,
        choices=asked.choices,
    )
    return Admission(caller, hold, ticket, entry, max_tokens, notices)
