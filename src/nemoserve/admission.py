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
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.entry import Entry
from nemoserve.types.errors import ApiError
from nemoserve.types.price import Price
from nemoserve.types.reasoning import ReasoningIntent

_FREE = Price()


class Admission(msgspec.Struct, frozen=True):
    """What one attempt holds; whoever has it must see to `Books.settle` or `Books.release`."""

    hold: Hold
    entry: Entry
    """The ledger's line as far as it is known before anything has run."""
    max_tokens: int
    """Per choice: as wanted, or as many as the key's money surely pays for."""
    notices: tuple[Notice, ...] = ()


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


def room(left: int, sampling: Sampling, default: int) -> tuple[int, tuple[Notice, ...]]:
    """How many tokens the reply may have: what was asked for, cut to what is `left` of the context, which is then reported."""
    if sampling.max_tokens is None:
        return max(1, min(default, left)), ()
    if sampling.max_tokens <= left or left <= 0:
        return sampling.max_tokens, ()
    text = f"max_tokens was cut from {sampling.max_tokens} to {left}, which is what the context leaves."
    return left, (Notice("adjusted_parameter", text, "max_tokens"),)


class Visit:
    """One request's stay: its place in its key's rates, taken once, and the money of its attempts, held one by one.

    The place is given back when the request and all of its attempts are over, with the tokens of all of them.
    """

    def __init__(self, books: Books, rates: Rates, caller: Caller, origin: Origin, reply_id: str) -> None:
        self._books, self._rates, self._origin, self._reply_id = books, rates, origin, reply_id
        self.caller = caller
        self._ticket: Ticket | None = None
        self._attempts = 0
        self._under_way = 1  # the request itself
        self._tokens = 0
        self._over = False

    async def admit(
        self,
        endpoint: Endpoint,
        *,
        prompt_tokens: int,
        max_tokens: int,
        choices: int,
        named: bool,
        images: int = 0,
        paid_prompt_tokens: int | None = None,
        requests: int = 1,
    ) -> Admission:
        """Takes the key's place in its rates, if it has none yet, and holds the most that an attempt there may cost.

        `max_tokens` is per choice, `images` is how many are going to be read, all calls together; `named`: the request itself says
        how many it wants, rather than the server; `paid_prompt_tokens`: surely no fewer are paid, where more may be than the prompt has
        once; `requests`: the provider may be asked so often. Raises ApiError: 429 when the key is too fast, 402 when its money is used up, 503
        when the ledger is too far behind.
        """
        now = time.time_ns() // 1_000_000
        caller, books = self.caller, self._books
        price = price_of(books, endpoint, now)
        dearest = price.asked(requests)
        if self._ticket is None:
            self._ticket = self._rates.enter(caller, prompt_tokens, monotonic_ms())
        paid = prompt_tokens if paid_prompt_tokens is None else paid_prompt_tokens
        hold = await books.hold(
            caller,
            dearest,
            prompt_tokens=paid,
            completion_tokens=max_tokens * choices,
            choices=choices,
            images=images,
            now_ms=now,
        )
        notices: tuple[Notice, ...] = ()
        affordable = dearest.affordable(hold.amount, paid, images) if caller.limits.limit is not None else None
        if affordable is not None and affordable // choices < max_tokens:
            left = max(1, affordable // choices)
            whose = "" if named else " (the server's own, as the request named none)"
            text = f"max_tokens was cut from {max_tokens}{whose} to {left}, which is what the key's limit leaves."
            notices = (Notice("adjusted_parameter", text, "max_tokens"),)
            max_tokens = left
        self._attempts += 1
        origin = self._origin
        entry = Entry(
            id=f"{self._reply_id}-{self._attempts}",
            generation_id=self._reply_id,
            created_at=now,
            key_id=caller.key_id,
            owner=caller.owner,
            tags=caller.tags,
            app_url=origin.app_url,
            app_title=origin.app_title,
            user_agent=origin.user_agent,
            user=origin.user,
            request_id=origin.request_id,
            model=endpoint.model,
            provider=endpoint.provider,
            price=price,
            max_tokens=max_tokens,
            choices=choices,
        )
        return Admission(hold, entry, max_tokens, notices)

    @contextmanager
    def given_back(self, admission: Admission) -> Generator[None]:
        """Gives back what was held if the block, which opens the attempt, fails. Nothing may be awaited before it."""
        try:
            yield
        except BaseException:
            self._books.release(admission.hold)
            raise

    def opened(self) -> None:
        """An attempt begins; it has to be told by `settled` how it ended."""
        self._under_way += 1

    def settled(self, tokens: int) -> None:
        """An attempt is over, and has used so many tokens."""
        self._tokens += tokens
        self._left()

    def over(self) -> None:
        """No more attempts are going to be made. A second call does nothing."""
        if not self._over:
            self._over = True
            self._left()

    def _left(self) -> None:
        self._under_way -= 1
        if not self._under_way and self._ticket is not None:
            self._ticket.leave(self._tokens, monotonic_ms())


def price_of(books: Books, endpoint: Endpoint, now_ms: int) -> Price:
    """What tokens cost there at that time; nothing where the variant is the free one."""
    return _FREE if endpoint.variant == "free" else books.prices.price(endpoint.model, endpoint.provider, now_ms)


def monotonic_ms() -> int:
    """The clock of the rates, which no change of the wall clock moves."""
    return time.monotonic_ns() // 1_000_000
