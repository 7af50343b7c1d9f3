"""Grammars, which say what tokens a reply may go on with. Knows tokens and bit masks; no logits, no thinking.

llguidance does the work: its matchers follow a grammar token by token and tell which tokens can come next. It never raises for
a bad grammar or token, but goes into a state of error and stays there; such a state ends the one sequence it belongs to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
from llguidance import LLExecutor, LLMatcher, LLParserLimits, LLTokenizer
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask_par

_COMPILED = 32
"""Grammars kept compiled: a program asks for the same few forms again and again."""


class GrammarState:
    """Where one reply is in its grammar. Fed with the reply's tokens, those of its thinking left out."""

    def __init__(self, matcher: LLMatcher, stop_tokens: Sequence[int], newlines: Collection[int], spare: int) -> None:
        """The reply may begin with `spare` tokens out of `newlines` even where the grammar does not say so.

        `stop_tokens` end the reply, where the grammar lets it end.
        """
        self.matcher = matcher
        self.error = ""
        """Why no token can be allowed any more."""
        self._stop_tokens = stop_tokens
        self._newlines = newlines
        self._spares = self._spare = spare
        self._lost = False

    @property
    def finished(self) -> bool:
        """The grammar is complete, and no stop token is there to say so."""
        return not (self._stop_tokens or self.error) and self.matcher.is_stopped() and not self.matcher.is_error()

    @property
    def lost(self) -> bool:
        """What has been offered is no beginning of the grammar."""
        return self._lost

    def observe(self, token: int) -> None:
        """`token` has been added to the reply; it was allowed."""
        if self._is_spare(token):
            self._spare -= 1
            return
        self._spare = 0
        if not self.matcher.consume_token(token):
            self.error = _first_line(self.matcher.get_error())

    def offer(self, token: int) -> None:
        """`token` has been added to a text that may turn out to be no part of the reply."""
        if self._lost:
            return
        if self._is_spare(token) or self.matcher.validate_tokens([token]):
            self.observe(token)
        else:
            self._lost = True

    def restart(self) -> None:
        """What has been offered was no part of the reply."""
        self.matcher.reset()
        self._spare, self._lost = self._spares, False

    def permit(self, bits: npt.NDArray[np.uint8], eos_tokens: Sequence[int]) -> None:
        """Complete the grammar's own mask, in place: a stop token is allowed where the reply may end, and nowhere else."""
        if self.matcher.is_error():
            self.error = _first_line(self.matcher.get_error())
            return
        for token in (*eos_tokens, *self._stop_tokens):
            bits[token >> 3] &= ~np.uint8(1 << (token & 7))
        if self._lost:
            return
        if self.matcher.is_accepting():
            allow(bits, self._stop_tokens)
        if self._spare:
            allow(bits, self._newlines)

    def _is_spare(self, token: int) -> bool:
        return self._spare > 0 and token in self._newlines and not self.matcher.validate_tokens([token])


class Grammars:
    """A vocabulary made ready for grammars."""

    def __init__(self, tokenizer_json: str, vocab_size: int) -> None:
        """Takes about a second for 131,072 tokens. Raises ValueError when the tokenizer is of no kind that is known."""
        self._tokenizer = LLTokenizer(tokenizer_json, n_vocab=vocab_size)
        self._eos_tokens = list(self._tokenizer.eos_tokens)
        self._limits = LLParserLimits(verbose_errors=False)
        self._executor = LLExecutor()
        self._compiled: dict[str, LLMatcher] = {}

    def matcher(self, grammar: str) -> LLMatcher:
        """Raises ValueError with what is wrong with the grammar. Takes milliseconds as a rule, much longer for huge ones."""
        compiled = self._compiled.pop(grammar, None)
        if compiled is None:
            # Warnings would go to stderr, with pieces of the reply in them.
            compiled = LLMatcher(self._tokenizer, grammar, log_level=0, limits=self._limits)
            if compiled.is_error():
                raise ValueError(f"the grammar cannot be used: {_first_line(compiled.get_error())}")
            if len(self._compiled) >= _COMPILED:
                del self._compiled[next(iter(self._compiled))]
        self._compiled[grammar] = compiled
        return compiled.deep_copy()

    def allowed(self, states: Sequence[GrammarState]) -> npt.NDArray[np.uint8]:
        """A row per state with a bit per token, lowest first: 1 where the reply may go on with it. Computed in parallel."""
        bits = allocate_token_bitmask(len(states), self._tokenizer.vocab_size)
        bits.fill(0)
        live = [(state.matcher, i) for i, state in enumerate(states) if not state.lost]
        if live:
            fill_next_token_bitmask_par(self._executor, live, bits)
        rows = bits.view(np.uint8)
        for row, state in zip(rows, states, strict=True):
            state.permit(row, self._eos_tokens)
        return rows


def allow(bits: npt.NDArray[np.uint8], tokens: Collection[int]) -> None:
    """Set the bits of `tokens`."""
    for token in tokens:
        bits[token >> 3] |= np.uint8(1 << (token & 7))


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["the grammar failed"])[0][:300]
