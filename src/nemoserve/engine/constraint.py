"""What one sequence's next token must be or may be: thinking limits and grammar together. Knows logits; draws nothing.

A forced token comes before all else, then the grammar, then the rest of the logits. The grammar holds once the thinking is
over. As long as it is not known whether a reply thinks, it may begin as the grammar says or with the opening marker.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from nemoserve.engine.grammar import Grammars, GrammarState, allow
from nemoserve.engine.protocol import Sampling, Thinking
from nemoserve.engine.thinking import Phase, ThinkingState
from nemoserve.engine.token_bytes import TokenBytes, read_token_bytes
from nemoserve.engine.typed import from_array

_SPARE_NEWLINES = 2
"""Newline tokens that may stand between the thinking and what the grammar describes."""


class Constraint:
    """One sequence's thinking and grammar; either may be missing."""

    def __init__(
        self,
        thinking: ThinkingState | None,
        grammar: GrammarState | None,
        grammars: Grammars | None,
        spelling: TokenBytes,
        stop_tokens: Sequence[int],
    ) -> None:
        self.thinking = thinking
        self.grammar = grammar
        self.grammars = grammars
        self._spelling = spelling
        self._stop_tokens = stop_tokens

    @property
    def done(self) -> bool:
        """There is nothing left to watch."""
        return self.grammar is None and self._thought and not (self.thinking is not None and self.thinking.shut)

    @property
    def cut(self) -> bool:
        """The thinking was ended at its budget."""
        return self.thinking is not None and self.thinking.cut

    @property
    def finished(self) -> bool:
        """The reply is complete although no stop token says so."""
        return self.grammar is not None and self._thought and self.grammar.finished

    @property
    def forced(self) -> int | None:
        return None if self.thinking is None else self.thinking.forced

    @property
    def masking(self) -> GrammarState | None:
        """The grammar, if it has a say in the next token."""
        settled = self.thinking is None or self.thinking.phase in (Phase.BEFORE, Phase.AFTER)
        return self.grammar if settled else None

    @property
    def _thought(self) -> bool:
        return self.thinking is None or self.thinking.phase is Phase.AFTER

    def banned(self) -> list[int]:
        """Tokens that must not be sampled inside the thinking, or after one that was cut."""
        thinking = self.thinking
        if thinking is not None and thinking.shut:
            return [token for token, _ in thinking.closing()]
        if thinking is None or thinking.phase is not Phase.INSIDE:
            return []
        if thinking.early:
            return [*self._stop_tokens, *(token for token, _ in thinking.closing())]
        if self.grammar is not None:
            # An answer has to come. The grammar sees whole tokens: none may begin in the thinking and end in the reply.
            return [*self._stop_tokens, *(token for token, rest in thinking.closing() if rest.strip(b"\n"))]
        return []

    def beginnings(self) -> list[int]:
        """Tokens with which a reply that does not think yet may come to think."""
        if self.thinking is None or self.thinking.phase is not Phase.BEFORE:
            return []
        return self._spelling.opening(self.thinking.missing_opener)

    def end_thinking(self) -> None:
        """The thinking is to end at the next newline. Ignored when there is none."""
        if self.thinking is not None:
            self.thinking.end_now()

    def observe(self, token: int) -> None:
        """`token` has been added to the reply."""
        thinking, grammar = self.thinking, self.grammar
        phase = Phase.AFTER if thinking is None else thinking.phase
        if thinking is not None:
            thinking.observe(token)
        if grammar is None:
            return
        if phase is Phase.AFTER:
            grammar.observe(token)
        elif phase is Phase.BEFORE and thinking is not None:
            if thinking.opened:
                grammar.restart()
            else:
                grammar.offer(token)


class Constraints:
    """Makes constraints for the sequences of one checkpoint. Reads the checkpoint's tokenizer when it is first needed."""

    def __init__(self, folder: Path, vocab_size: int) -> None:
        self._file = folder / "tokenizer.json"
        self._vocab_size = vocab_size
        self._spelling: TokenBytes | None = None
        self._grammars: Grammars | None = None
        self._no_grammars = ""
        """Why there are none, once that is known: finding it out takes as long as making them."""

    def prepare(self) -> None:
        """Read the tokenizer now, so that no request has to wait for it. Raises ValueError if it cannot be used."""
        self._grammars_ready()

    def constrain(self, sampling: Sampling, prompt: Sequence[int]) -> Constraint | None:
        """None for a sequence that needs none. Raises ValueError with what is wrong with the settings."""
        thinking, grammar = sampling.thinking, sampling.grammar
        if thinking is not None and not (thinking.end or thinking.minimum or thinking.budget is not None or grammar):
            thinking = None
        if thinking is None and grammar is None:
            return None
        spelling = self._spelling_ready()
        stop_tokens = () if sampling.ignore_eos else [t for t in sampling.stop_token_ids if 0 <= t < self._vocab_size]
        state = None
        if thinking is not None:
            self._check(thinking, spelling, final=grammar is None)
            state = ThinkingState(thinking, spelling, new_line=spelling[prompt[-1]].endswith(b"\n"))
        if grammar is None:
            return Constraint(state, None, None, spelling, stop_tokens)
        grammars = self._grammars_ready()
        spare = 0 if state is None else _SPARE_NEWLINES
        place = GrammarState(grammars.matcher(grammar), stop_tokens, spelling.newlines, spare)
        return Constraint(state, place, grammars, spelling, stop_tokens)

    def _check(self, thinking: Thinking, spelling: TokenBytes, *, final: bool) -> None:
        """`final`: no grammar describes what follows the thinking."""
        if not thinking.closer or not (thinking.opener or thinking.opened):
            raise ValueError("thinking has an empty marker")
        strange = next((token for token in thinking.end if not 0 <= token < self._vocab_size), None)
        if strange is not None:
            raise ValueError(f"thinking.end has the token id {strange}; the vocabulary has {self._vocab_size} tokens")
        _, closed, rest = spelling.join(thinking.end).partition(thinking.closer)
        if not closed and (thinking.end or thinking.budget is not None):
            raise ValueError("thinking.end does not contain the closing marker")
        if not final and rest.strip(b"\n"):
            raise ValueError("thinking.end goes on after the closing marker, where the grammar begins")

    def _spelling_ready(self) -> TokenBytes:
        if self._spelling is None:
            self._spelling = read_token_bytes(self._file, self._vocab_size)
        return self._spelling

    def _grammars_ready(self) -> Grammars:
        if self._no_grammars:
            raise ValueError(self._no_grammars)
        if self._grammars is None:
            size = len(self._spelling_ready())
            try:
                self._grammars = Grammars(self._file.read_text(encoding="utf-8"), size)
            except ValueError as error:
                self._no_grammars = f"this checkpoint's tokenizer cannot follow a grammar: {error}"
                raise ValueError(self._no_grammars) from error
        return self._grammars


def restrict(logits: torch.Tensor, constraints: Sequence[tuple[int, Constraint]]) -> None:
    """Set to minus infinity, in place, what must not come next. `logits`: float32 [rows, vocabulary]; rows come by index.

    A row whose next token is forced is left alone. A grammar that fails says so in its `error`; its row is left alone too.
    """
    width = logits.shape[1]
    banned: list[int] = []
    masked: list[tuple[int, Constraint, GrammarState]] = []
    for row, constraint in constraints:
        if constraint.forced is not None:
            continue
        grammar = constraint.masking
        if grammar is not None:
            masked.append((row, constraint, grammar))
        else:
            banned += [row * width + token for token in constraint.banned() if token < width]
    if banned:
        logits.view(-1)[torch.tensor(banned, device=logits.device)] = -torch.inf
    if masked:
        _mask(logits, masked)


def _mask(logits: torch.Tensor, masked: Sequence[tuple[int, Constraint, GrammarState]]) -> None:
    grammars = masked[0][1].grammars
    assert grammars is not None
    bits = grammars.allowed([grammar for _, _, grammar in masked])
    for row, (_, constraint, grammar) in zip(bits, masked, strict=True):
        allow(row, constraint.beginnings())
        if not grammar.error and not row.any():
            grammar.error = "the grammar allows no further token"
    rows = [row for row, _, grammar in masked if not grammar.error]
    if not rows:
        return
    usable = bits[[not grammar.error for _, _, grammar in masked]]
    allowed = from_array(np.unpackbits(usable, axis=-1, count=logits.shape[1], bitorder="little")).to(logits.device)
    logits[rows] = logits[rows].masked_fill_(allowed == 0, -torch.inf)
