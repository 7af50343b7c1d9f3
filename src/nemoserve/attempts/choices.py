"""One choice of a provider's reply: stop strings that the provider passed over, steps of the thinking, sizes. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from nemoserve.attempts.counting import size_of, tokens_in
from nemoserve.parsing.steps import StepMeter
from nemoserve.parsing.stops import StopMatcher
from nemoserve.types.events import (
    ChoiceFinished,
    Event,
    ReasoningDelta,
    Step,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)

Said = TextDelta | ReasoningDelta | ToolCallStart | ToolCallDelta | ChoiceFinished


class ChoiceReader:
    """Takes a choice's events and gives those that are for the client.

    `clock` tells seconds from anywhere; only the steps need it, whose tokens are counted by their text.
    """

    def __init__(
        self, index: int, stops: Sequence[str] = (), *, steps: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._index, self._clock = index, clock
        self._stops = StopMatcher(stops) if stops else None
        self._meter = StepMeter() if steps else None
        self._reasoned = 0
        self.begun = False
        self.text_size = 0
        """Bytes of the answer and its calls."""
        self.reasoning_size = 0
        self.held_size = 0
        """Bytes that have come, of which the backend does not know yet what they are."""
        self.stopped = False
        """A stop string has come; the rest of the choice is not wanted."""
        self.goes_on = False
        """The provider does not know that."""

    def read(self, event: Said) -> Sequence[Event]:
        """The events for the client that one of the provider's makes."""
        self.begun = True
        if self.stopped:
            self.goes_on = self.goes_on or not isinstance(event, ChoiceFinished)
            return ()
        match event:
            case TextDelta():
                self.held_size = event.held
                if event.held:
                    return ()
                self.text_size += 0 if event.repeats else size_of(event.text)
                if self._stops is not None and not event.refusal:
                    return self._matched(event, self._stops)
            case ReasoningDelta():
                self.reasoning_size += size_of(event.text)
                if self._meter is not None:
                    return (self._measured(event, self._meter),)
                return (event,)
            case ToolCallStart():
                self.text_size += size_of(event.name)
            case ToolCallDelta():
                self.text_size += size_of(event.arguments)
            case ChoiceFinished():
                self.held_size = 0
                return (*self._last_steps(), *self._held_back(), event)
        return (*self._last_steps(), event) if self._meter is not None else (event,)

    def _matched(self, event: TextDelta, stops: StopMatcher) -> Sequence[Event]:
        text = stops.push(event.text)
        events: list[Event] = [*self._last_steps()]
        if text or event.logprobs:
            events.append(TextDelta(self._index, text, event.logprobs))
        if stops.hit is not None:
            self.stopped = True
            events.append(ChoiceFinished(self._index, "stop", "stop"))
        return events

    def _held_back(self) -> Sequence[Event]:
        """What might have been the beginning of a stop string."""
        rest = "" if self._stops is None else self._stops.finish()
        return (TextDelta(self._index, rest),) if rest else ()

    def _measured(self, event: ReasoningDelta, meter: StepMeter) -> ReasoningDelta:
        now, count = self._clock(), tokens_in(size_of(event.text))
        for token in range(count):
            meter.token(self._reasoned + token * len(event.text) // count, now)
        self._reasoned += len(event.text)
        steps = tuple(meter.push(event.text, opened_at=0, origin=0))
        return ReasoningDelta(event.index, event.text, event.logprobs, steps)

    def _last_steps(self) -> Sequence[ReasoningDelta]:
        if self._meter is None or not self._reasoned:
            return ()
        steps: list[Step] = self._meter.finish(origin=0, closed=False)
        return (ReasoningDelta(self._index, "", (), tuple(steps)),) if steps else ()
