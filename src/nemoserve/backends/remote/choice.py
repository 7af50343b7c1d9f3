"""One choice of a provider's reply to events: thinking, answer and calls put where they belong. Pure; knows no fields of the wire.

Providers put thinking into a field, into tags in the answer, or all of the answer into the field of the thinking. The rules:
a field for thinking is believed, unless thinking was switched off and nothing else came; tags in the answer are split off,
whether or not the prompt opened them; a call's markup in thinking that never ended is a call; thinking that the model ended its
turn in, without a word of answer, is the answer: alone if nothing of it was sent yet, else it is repeated.

Where the client gets the reply in one piece, the content waits for its end, as only a later marker may say that it was thinking.
In a stream of a provider of which that is not known yet, `DOUBT` characters of it wait at most.
"""

from __future__ import annotations

from typing import Final

import msgspec

from nemoserve.backends.remote.native_calls import NativeCalls
from nemoserve.backends.remote.prefill import Unrepeated
from nemoserve.backends.remote.wire import Call
from nemoserve.parsing.call_events import CallEvents
from nemoserve.parsing.calls import CallPart
from nemoserve.parsing.markers import partial_suffix
from nemoserve.parsing.thinking import DOUBT, ThinkingSplitter
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.parsing.toolcalls import ToolCallSplitter, call_format
from nemoserve.types.chat import Notice
from nemoserve.types.events import (
    ChoiceFinished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    TokenLogprob,
    ToolCallDelta,
    ToolCallStart,
)
from nemoserve.types.model import PLAIN, Family
from nemoserve.types.prompt import ReplyStart

ChoiceEvent = TextDelta | ReasoningDelta | ToolCallStart | ToolCallDelta | ChoiceFinished

FINISH: Final[dict[str, FinishReason]] = {
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_length"), "length"),
    **dict.fromkeys(("tool_calls", "tool_call", "function_call", "tool_use"), "tool_calls"),
    **dict.fromkeys(("content_filter", "safety", "refusal"), "content_filter"),
    **dict.fromkeys(("error", "abort", "aborted", "cancelled"), "error"),
}
"""Reasons in small letters; all others (`stop`, `eos`, `end_turn`, `completed`, …) are a stop."""
NO_REASON: Final = frozenset({"null", "none"})
"""Words that some write where there is no reason yet."""


_NO_TOOLS = ToolSchemas()


class Reading(msgspec.Struct, frozen=True):
    """How a choice is to be read."""

    family: Family = PLAIN
    thinking: bool | None = None
    """False: it was switched off."""
    start: ReplyStart = "undecided"
    """Where the content begins: in thinking, if the provider splits nothing and the prompt opened it."""
    tools: ToolSchemas | None = None
    """None: no calls are expected."""
    several_calls: bool = True
    whole: bool = False
    """Nothing is sent to the client before the reply's end."""
    unsure: bool = False
    """It may think, and no reply has shown yet whether its content begins inside the thinking."""
    call_id_prefix: str = "call_"
    choices: int | None = None
    """So many were asked for; what a provider makes beyond them is passed over. None: not known."""
    alternatives: int | None = None
    """So many are wanted of each token; what a provider tells beyond them is passed over. None: not known."""
    repeats: str = ""
    """The content may begin with this, which the client has."""


class ChoiceReader:
    """Takes one choice's pieces in order, gives its events."""

    def __init__(self, index: int, reading: Reading) -> None:
        self._index = index
        self._reading = reading
        family, tools = reading.family, reading.tools
        form = call_format(family.tool_format, tools) if tools is not None else None
        self._markers = form.openers if form is not None else ()
        self._splitter = self._split(reading.start)
        self._beginning: str | None = "" if reading.start == "thinking" else None
        self._markup = ToolCallSplitter(form) if form is not None else None
        self._marked = CallEvents(index, reading.call_id_prefix, tools or _NO_TOOLS, several=reading.several_calls)
        self._native = NativeCalls(index, reading.call_id_prefix, several=reading.several_calls)
        self._doubted = reading.thinking is False
        self._held = ""
        self._thought: list[str] = []
        self._waiting: list[tuple[str, tuple[TokenLogprob, ...]]] | None = None
        if (reading.whole or reading.unsure) and reading.start != "answer":
            self._waiting = []
        self._waited = 0
        self._opened_before = False
        self._unrepeated = Unrepeated(reading.repeats) if reading.repeats else None
        self.mistaken = False
        """The answer had been put into a thought; it was taken out in time."""
        self.apart = False
        """The provider told thinking apart itself."""
        self.unclosed = False
        """The turn ended inside the thinking in which the reply was taken to begin."""
        self._answered = False
        self._ended_turn = False
        self.finished = False

    @property
    def thought(self) -> bool:
        """Some thinking has come."""
        return bool(self._thought)

    @property
    def orphaned(self) -> bool:
        """The content closed a thought that it never opened."""
        return self._opened_before or self._splitter.orphan

    @property
    def shown(self) -> bool:
        """It was unsure where the content begins, and has been seen."""
        return self._reading.unsure and (self.apart or self._ended_turn)

    def think(self, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> list[ChoiceEvent]:
        """Text that the provider says is thinking."""
        if self._waiting:
            return [*self._release(), *self.think(text, logprobs)]
        self.apart = True
        if self._doubted:
            self._held += text
            if len(self._held) <= DOUBT:
                return []
            # Nobody thinks that long who was told not to: it is the answer, from here on as it comes.
            text, self._held = self._held, ""
            return self._answer(text)
        if self._answered and self._reading.thinking is False:
            return self._answer(text)
        text, self._held = self._held + text, ""
        cut = self._call_in(text)
        text, self._held = text[:cut], text[cut:]
        return self._reason(text, logprobs)

    def say(self, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> list[ChoiceEvent]:
        """Text that the provider says is the answer."""
        if self._waiting is not None and not self.apart:
            self._waiting.append((text, logprobs))
            self._waited += len(text.encode(errors="surrogatepass"))
            if self._reading.whole or not self._told(self._waiting):
                return [TextDelta(self._index, "", held=self._waited)]
            return self._release()
        events = self._believe()
        if self.apart:
            # The provider told thinking apart itself; what it calls the answer is left as it is.
            return events + self._mark_up(text, logprobs)
        text = self._begun(text)
        for segment in self._splitter.push(text):
            if segment.thinking:
                events += self._reason(segment.text, logprobs)
            elif segment.literal:
                events += self._answer(segment.text, logprobs)
            else:
                events += self._mark_up(segment.text, logprobs)
            logprobs = ()
        if logprobs:
            events.append(TextDelta(self._index, "", logprobs))
        return events

    def refuse(self, text: str) -> list[ChoiceEvent]:
        """Text that the provider says stands in place of an answer."""
        events = [*self._release(), *self._believe()]
        self._answered = True
        return [*events, TextDelta(self._index, text, refusal=True)]

    def call(self, call: Call, place: int) -> list[ChoiceEvent]:
        """A call, or a piece of one; `place` counts those of this chunk, for providers that number none."""
        return [*self._release(), *self._believe(), *self._native.read(call, place, self._marked.begun)]

    def finish(self, reason: str, native: str) -> list[ChoiceEvent]:
        """The provider says that the choice is over."""
        mapped = FINISH.get(reason.lower(), "stop")
        cut = mapped not in ("stop", "tool_calls")
        events: list[ChoiceEvent] = self._release()
        within = self._reading.start == self._splitter.state == "thinking" and not self.apart
        events += [*self._last(), *self._native.finish(cut=cut)]
        notices: list[Notice] = []
        if mapped == "stop":
            meant = self._unclosed()
            if meant and self._mistaken():
                self.mistaken = True
                self._thought.clear()
                events = [TextDelta(self._index, "", kept) for event in events if (kept := _logprobs(event))]
                meant = [TextDelta(self._index, event.text) for event in meant]
            elif meant:
                text = "The model ended its turn without closing its thinking, so that is given as the answer too."
                notices.append(Notice("unclosed_thinking", text))
            events += meant
            if self._calls:
                mapped = "tool_calls"
        elif mapped == "tool_calls" and not self._calls:
            mapped = "stop"
        elif mapped == "length" and self.thought and not self._answered and not self._calls:
            notices.append(Notice("empty_answer", "max_tokens was used up by the thinking; there is no answer."))
        self.finished, self._ended_turn = True, mapped in ("stop", "tool_calls")
        self.unclosed = within and self._ended_turn
        warnings = (*notices, *self._marked.notices(), *self._native.notices(self._reading.tools or _NO_TOOLS))
        events.append(ChoiceFinished(self._index, mapped, native or reason, warnings))
        return events

    def cut(self) -> list[ChoiceEvent] | None:
        """The stream is over without a word of this choice: its end if all it called for is complete, None if it is lost."""
        return self.finish("tool_calls", "") if self._native.complete else None

    @property
    def _calls(self) -> int:
        return self._marked.begun + self._native.begun

    def _split(self, start: ReplyStart) -> ThinkingSplitter:
        family, wanted = self._reading.family, self._reading.thinking is not False
        return ThinkingSplitter(start, self._markers, opener=family.opener, closer=family.closer, wanted=wanted)

    def _told(self, waiting: list[tuple[str, tuple[TokenLogprob, ...]]]) -> bool:
        """Whether what has waited says on which side of the thinking's end it began, or is too much for thinking."""
        text, family = "".join(text for text, _ in waiting), self._reading.family
        marked = any(mark in text for mark in (family.closer, *self._markers))
        return marked or text.lstrip().startswith(family.opener) or len(text) > DOUBT

    def _release(self) -> list[ChoiceEvent]:
        """What has waited: all of the content, of which a marker may say that it began inside its thinking."""
        waiting, self._waiting = self._waiting, None
        before, closer, _ = "".join(text for text, _ in waiting or ()).partition(self._reading.family.closer)
        opened = before.lstrip().startswith(self._reading.family.opener) or any(
            mark in before for mark in self._markers
        )
        if closer and not opened and self._reading.start == "undecided":
            self._splitter, self._opened_before = self._split("thinking"), True
        events: list[ChoiceEvent] = []
        for text, logprobs in waiting or ():
            events += self.say(text, logprobs)
        return events

    def _mistaken(self) -> bool:
        """The thought that the model ended its turn in is none, and nothing of it was sent yet."""
        if not self._reading.whole or self.apart:
            return False
        return self._splitter.state == "thinking" or self._reading.thinking is False

    def _begun(self, text: str) -> str:
        """The text, once it is known whether a reply that ought to begin inside its thinking opens it all the same."""
        if self._beginning is None:
            return text
        text, opener = self._beginning + text, self._reading.family.opener
        word = text.lstrip()
        if word.startswith(opener):
            self._splitter = self._split("undecided")
        elif opener.startswith(word):
            self._beginning = text
            return ""
        self._beginning = None
        return text

    def _believe(self) -> list[ChoiceEvent]:
        """An answer or a call comes: what was held back of the thinking was thinking."""
        self._doubted = False
        text, self._held = self._held, ""
        return self._reason(text)

    def _call_in(self, text: str) -> int:
        """Where a call's markup may begin in thinking that is under way; else the text's end."""
        cut = len(text)
        line_start = not self._thought or self._thought[-1].endswith("\n")
        for marker in self._markers:
            at = text.find(marker)
            while at >= 0 and not (text[at - 1] == "\n" if at else line_start):
                at = text.find(marker, at + 1)
            if at < 0:
                tail = len(text) - partial_suffix(text, marker)
                at = tail if (text[tail - 1 : tail] == "\n" if tail else line_start) else len(text)
            cut = min(cut, at)
        return cut

    def _reason(self, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> list[ChoiceEvent]:
        if not text and not logprobs:
            return []
        if text:
            self._thought.append(text)
        return [ReasoningDelta(self._index, text, logprobs)]

    def _mark_up(self, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> list[ChoiceEvent]:
        """Answer in which calls may be written."""
        if self._markup is None or self._native.begun:
            return self._answer(text, logprobs)
        return self._pieces(self._markup.push(text), logprobs)

    def _pieces(self, pieces: list[str | CallPart], logprobs: tuple[TokenLogprob, ...] = ()) -> list[ChoiceEvent]:
        events: list[ChoiceEvent] = []
        for piece in pieces:
            events += self._answer(piece) if isinstance(piece, str) else self._marked.read(piece)
        if logprobs:
            events.append(TextDelta(self._index, "", logprobs))
        return events

    def _answer(self, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> list[ChoiceEvent]:
        if self._unrepeated is not None:
            text = self._unrepeated.push(text)
        if not text and not logprobs:
            return []
        self._doubted = False
        self._answered = self._answered or bool(text.strip())
        return [TextDelta(self._index, text, logprobs)]

    def _last(self) -> list[ChoiceEvent]:
        """What was held back."""
        events: list[ChoiceEvent] = []
        held, self._held = self._held, ""
        if held and self._doubted:
            events += self._answer(held)
        elif held and self._markup is not None:
            events += self._pieces(self._markup.push(held))
        segments = self._splitter.push(self._beginning) if self._beginning else []
        for segment in (*segments, *self._splitter.finish()):
            if segment.thinking:
                events += self._reason(segment.text)
            else:
                events += self._mark_up(segment.text)
        if self._markup is not None:
            events += self._pieces(self._markup.finish())
        if self._unrepeated is not None and (held := self._unrepeated.finish()):
            events += self._answer(held)
        return events

    def _unclosed(self) -> list[TextDelta]:
        """Thinking in which the model ended its turn, as the answer: it meant to have said something."""
        text = "".join(self._thought).strip()
        if not text or self._answered or self._calls:
            return []
        self._answered = True
        return [TextDelta(self._index, text, repeats=True)]


def _logprobs(event: ChoiceEvent) -> tuple[TokenLogprob, ...]:
    return event.logprobs if isinstance(event, TextDelta | ReasoningDelta) else ()
