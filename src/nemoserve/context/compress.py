"""A conversation made to fit: as little left out as will do. Knows messages and a way to count them; no models, no requests.

Counting is what costs (a template rendered, a text tokenised), so it is done seldom: how much has to go is guessed by the length in
characters, and then corrected by what was counted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Awaitable, Callable
from itertools import accumulate

import msgspec

from nemoserve.context.cuts import Cut, Messages, apply, characters, cuts, shorten

Count = Callable[[Messages], Awaitable[int]]
"""How many tokens the prompt of these messages has. A lower bound will do where it is more than there is room for."""

LEAST_TEXT = 200
"""Characters: no text is shortened to less."""
_CLOSE = 0.95
"""A text shortened so that this much of the room is used is not tried any longer."""


class Compressed(msgspec.Struct, frozen=True):
    """What became of a conversation."""

    messages: Messages
    tokens: int
    """Of the prompt as it is now."""
    before: int
    """Of the prompt as it was; a lower bound where the counter gave one."""
    fits: bool
    """False: this is the least that it can be made, and still too much."""
    cuts: tuple[Cut, ...] = ()
    """What was left out; indices are those of the conversation as it was given."""
    shortened: int = 0
    """Texts of which only the beginning and the end are left."""


async def compress(messages: Messages, room: int, count: Count, *, cut_question: bool = False) -> Compressed:
    """The conversation in at most `room` tokens.

    What goes first is said in `cuts.py`. Where that is not enough, the newest results of tools are shortened in their middle; so is
    the last user message, if `cut_question` allows it. Order, roles, and the pairs of calls and results stay.
    """
    before = await count(messages)
    if before <= room:
        return Compressed(messages, before, before, fits=True)
    possible = cuts(messages)
    by_character = before / max(1, sum(map(characters, messages)))
    saved = list(accumulate((cut.characters * by_character for cut in possible), initial=0.0))

    async def after(number: int) -> int:
        return await count(apply(messages, possible[:number]))

    number, tokens = await _fewest(saved, before, room, after)
    made = tuple(possible[:number])
    left = Compressed(apply(messages, made), tokens, before, tokens <= room, made)
    return left if left.fits else await _shorten(left, room, count, cut_question=cut_question)


async def _fewest(
    saved: list[float], tokens: int, room: int, after: Callable[[int], Awaitable[int]]
) -> tuple[int, int]:
    """The fewest first cuts after which it fits, else all of them; and the tokens that are left then.

    `saved[k]` says about how many tokens the first k cuts save, `after(k)` how many are really left.
    """
    low, high, step = 0, len(saved), 1
    left = {0: tokens}
    guess = bisect_left(saved, tokens - room)
    while high - low > 1:
        guess = min(max(guess, low + 1), high - 1)
        left[guess] = await after(guess)
        if left[guess] <= room:
            high = guess
            guess = high - step
        else:
            low = guess
            guess = max(bisect_left(saved, saved[low] + left[low] - room), low + step)
        step *= 2
    best = high if high in left else low
    return best, left[best]


async def _shorten(given: Compressed, room: int, count: Count, *, cut_question: bool) -> Compressed:
    """The longest texts that are left cut to one length: about the greatest that fits."""
    messages = given.messages
    asked = max((at for at, message in enumerate(messages) if message.role == "user"), default=-1)
    texts = {
        at: message.text
        for at, message in enumerate(messages)
        if len(message.text) > LEAST_TEXT and (message.role == "tool" or (cut_question and at == asked))
    }
    if not texts:
        return given

    async def at_most(length: int) -> Compressed:
        left = tuple(
            message.retold(lambda text: shorten(text, length)) if at in texts else message
            for at, message in enumerate(messages)
        )
        tokens = await count(left)
        changed = sum(left[at].text != text for at, text in texts.items())
        return Compressed(left, tokens, given.before, tokens <= room, given.cuts, changed)

    low, high, over = LEAST_TEXT, max(map(len, texts.values())), given.tokens
    best = await at_most(low)
    while best.fits and best.tokens < _CLOSE * room and high - low > LEAST_TEXT:
        # Where the room would end if every character were worth the same; never quite at either end.
        share = (room - best.tokens) / max(1, over - best.tokens)
        length = low + round((high - low) * min(max(share, 0.1), 0.9))
        tried = await at_most(length)
        if tried.fits:
            low, best = length, tried
        else:
            high, over = length, tried.tokens
    return best
