"""One choice's raw pieces to events: thinking, answer, calls, stop strings, log probabilities. Pure; no wire, no engine.

The stages, in order: thinking splitter, stop strings (in the answer alone: a stop string inside the thinking would end the
reply before it has begun), tool calls, trailing newlines. Each may hold back a suffix of the text; what is held back
altogether is a suffix of the raw text, so a token's log probability is due when its first character is.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, cast

import msgspec

from nemoserve.parsing.call_events import CallEvents
from nemoserve.parsing.calls import CallArguments, CallPart, CallStart
from nemoserve.parsing.newlines import TrailingNewlines
from nemoserve.parsing.steps import StepMeter
from nemoserve.parsing.stops import StopMatcher
from nemoserve.parsing.thinking import CLOSER, OPENER, Segment, ThinkingSplitter
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.parsing.toolcalls import ToolCallSplitter, call_format
from nemoserve.types.chat import Notice
from nemoserve.types.events import (
    ChoiceFinished,
    Event,
    FinishReason,
    ReasoningDelta,
    Step,
    TextDelta,
    TokenLogprob,
)
from nemoserve.types.model import ToolFormat
from nemoserve.types.prompt import Piece, ReplyStart

_NO_TOOLS = ToolSchemas()


class Rules(msgspec.Struct, frozen=True):
    """How a choice is to be read."""

    start: ReplyStart = "answer"
    chat: bool = True
    """False: raw text; no newlines are dropped."""
    opener: str = OPENER
    closer: str = CLOSER
    thinking: bool = True
    """False: thinking was switched off, and a think block that comes all the same is doubted."""
    steps: bool = False
    """Report the steps of the thinking."""
    tool_format: ToolFormat = "none"
    """How calls are written; none: they are not looked for."""
    tools: ToolSchemas = _NO_TOOLS
    """What calls are checked against."""
    parallel_tool_calls: bool = True
    stops: tuple[str, ...] = ()
    call_id_prefix: str = "call_"


class ChoiceParser:
    """Turns one choice's tokens into events. Counts tokens and thinking tokens exactly, by token.

    `clock` tells when tokens arrive, in seconds from anywhere; only the steps of the thinking need it.
    """

    def __init__(self, index: int, rules: Rules, clock: Callable[[], float] = time.monotonic) -> None:
        self._index = index
        self._echoed = 0
        self._rules = rules
        form = call_format(rules.tool_format, rules.tools)
        self._thinking = ThinkingSplitter(
            rules.start,
            form.openers if form is not None else (),
            opener=rules.opener,
            closer=rules.closer,
            wanted=rules.thinking,
        )
        self._stops = StopMatcher(rules.stops)
        self._tools = ToolCallSplitter(form) if form is not None else None
        self._calls = CallEvents(index, rules.call_id_prefix, rules.tools, several=rules.parallel_tool_calls)
        self._newlines = TrailingNewlines() if rules.chat else None
        self._clock = clock
        self._meter = StepMeter() if rules.steps else None
        self._raw = 0
        self._due: deque[tuple[int, TokenLogprob]] = deque()
        self._starts: list[int] = []
        self._reasoning_tokens = 0
        self._answered = False
        self._thought: list[str] = []
        self._repeated = False
        self.tokens = 0
        """Tokens read, up to the one that completed a stop string."""

    @property
    def stopped(self) -> bool:
        """A stop string was found; what else the model says does not matter."""
        return self._stops.hit is not None

    @property
    def thinks(self) -> bool:
        """What has come so far ends inside the thinking."""
        return self._thinking.state == "thinking"

    @property
    def reasoning_tokens(self) -> int:
        """Tokens read that belong to the thinking, its markers included."""
        return self._reasoning_tokens + (len(self._starts) if self.thinks else 0)

    def push(self, pieces: Iterable[Piece]) -> list[Event]:
        """The events that are certain now: thinking first, then answer and calls as they come."""
        thought: list[str] = []
        said: list[str | CallPart] = []
        now = self._clock() if self._meter is not None else 0.0
        for piece in pieces:
            if self.stopped:
                break
            self._read(piece, now, thought, said)
        return self._events(thought, said, final=False)

    def echo(self, pieces: Sequence[Piece]) -> list[Event]:
        """The prompt's own text, which no rule applies to; before all else."""
        text = "".join(piece.text for piece in pieces)
        self._echoed = len(text)
        return [TextDelta(self._index, text, tuple(piece.logprob for piece in pieces if piece.logprob is not None))]

    def finish(self, native: Literal["stop", "length"], *, ended_turn: bool) -> list[Event]:
        """The last events. `ended_turn`: the model's end-of-turn token came, rather than a limit or a stop string."""
        thought: list[str] = []
        said: list[str | CallPart] = []
        for segment in self._thinking.finish():
            self._take(segment, thought, said)
        self._take_answer(self._stops.finish(), said)
        if self._tools is not None:
            self._take_pieces(self._tools.finish(), said)
        if self._newlines is not None:
            said.append(self._newlines.finish(ended_turn=ended_turn))
        events = self._events(thought, said, final=True)
        if self.stopped:
            native = "stop"
        elif native == "stop" and ended_turn:
            events += self._unclosed()
        reason: FinishReason = "tool_calls" if native == "stop" and self._calls.begun else native
        warnings = (*self._warnings(native), *self._calls.notices())
        events.append(ChoiceFinished(self._index, reason, native, warnings))
        return events

    def _unclosed(self) -> list[Event]:
        """Thinking that the model ended with its turn, without closing it, as the answer: it meant to have said something."""
        text = "".join(self._thought).strip()
        if not (self._rules.chat and self.thinks and text) or self._answered or self._calls.begun:
            return []
        self._repeated = True
        return [TextDelta(self._index, text)]

    def _read(self, piece: Piece, now: float, thought: list[str], said: list[str | CallPart]) -> None:
        start, self._raw = self._raw, self._raw + len(piece.text)
        self.tokens += 1
        if piece.logprob is not None:
            self._due.append((start, msgspec.structs.replace(piece.logprob, offset=self._echoed + start)))
        if self._thinking.answering:
            if piece.text:
                for segment in self._thinking.push(piece.text):
                    self._take(segment, thought, said)
            return
        self._starts.append(start)
        if self._meter is not None:
            self._meter.token(start, now)
        for segment in self._thinking.push(piece.text):
            self._take(segment, thought, said)
        if self._thinking.answering:
            end = self._thinking.thinking_end or 0
            self._reasoning_tokens = sum(1 for position in self._starts if position < end)
            self._starts = []

    def _take(self, segment: Segment, thought: list[str], said: list[str | CallPart]) -> None:
        if segment.thinking:
            thought.append(segment.text)
        elif segment.literal:
            self._take_pieces([self._stops.push(segment.text)], said)
        else:
            self._take_answer(self._stops.push(segment.text), said)

    def _take_answer(self, text: str, said: list[str | CallPart]) -> None:
        if text:
            self._take_pieces([text] if self._tools is None else self._tools.push(text), said)

    def _take_pieces(self, pieces: Sequence[str | CallPart], said: list[str | CallPart]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                said.append(piece if self._newlines is None else self._newlines.push(piece))
                continue
            if isinstance(piece, CallStart) and self._newlines is not None:
                self._newlines.finish(ended_turn=True)
            said.append(piece)

    def _events(self, thought: list[str], said: list[str | CallPart], *, final: bool) -> list[Event]:
        thinking_logprobs, answer_logprobs = self._due_logprobs(final=final)
        events: list[Event] = []
        thinking = "".join(thought)
        if thinking:
            self._thought.append(thinking)
        steps = self._steps(thinking, final=final)
        if thinking or thinking_logprobs or steps:
            events.append(ReasoningDelta(self._index, thinking, thinking_logprobs, steps))
        # One piece, as a rule, which needs no grouping.
        alone = len(said) == 1
        for kind, group in ((type(said[0]), iter(said)),) if alone else itertools.groupby(said, key=type):
            if kind is str:
                text = "".join(cast("Iterator[str]", group))
                if text:
                    events.append(TextDelta(self._index, text, answer_logprobs))
                    answer_logprobs = ()
                    self._answered = True
            elif kind is CallArguments:
                text = "".join(part.text for part in cast("Iterator[CallArguments]", group))
                events.extend(self._calls.read(CallArguments(text)))
            else:
                for part in cast("Iterator[CallPart]", group):
                    events.extend(self._calls.read(part))
        if answer_logprobs:
            events.append(TextDelta(self._index, "", answer_logprobs))
        return events

    def _steps(self, thinking: str, *, final: bool) -> tuple[Step, ...]:
        """The steps that have ended with this text."""
        if self._meter is None:
            return ()
        origin = self._thinking.thinking_start
        steps = self._meter.push(thinking, opened_at=self._thinking.opened_at, origin=origin)
        if self._thinking.answering or final:
            steps += self._meter.finish(origin=origin, closed=self._thinking.thinking_end is not None)
        return tuple(steps)

    def _due_logprobs(self, *, final: bool) -> tuple[tuple[TokenLogprob, ...], tuple[TokenLogprob, ...]]:
        """Log probabilities of the tokens whose text is out: of the thinking, of the answer."""
        if not self._due:
            return (), ()
        certain = self._raw - self._thinking.held - self._stops.held
        if not final:
            certain -= self._tools.held if self._tools is not None else 0
            certain -= self._newlines.held if self._newlines is not None else 0
        elif not self.stopped:
            certain = self._raw + 1
        thinking: list[TokenLogprob] = []
        answer: list[TokenLogprob] = []
        end = self._thinking.thinking_end
        while self._due and self._due[0][0] < certain:
            start, entry = self._due.popleft()
            inside = self._thinking.state == "thinking" if end is None else start < end
            (thinking if inside else answer).append(entry)
        return tuple(thinking), tuple(answer)

    def _warnings(self, native: str) -> tuple[Notice, ...]:
        if self._repeated:
            text = "The model ended its turn without closing its thinking, so that is given as the answer too."
            return (Notice("unclosed_thinking", text),)
        if not self._rules.chat or self._answered or self._calls.begun:
            return ()
        if not self.thinks and not (native == "length" and self.reasoning_tokens):
            return ()
        how = "max_tokens was used up by" if native == "length" else "the model ended its turn within"
        return (Notice("empty_answer", f"{how} the thinking ({self.reasoning_tokens} tokens); there is no answer."),)
