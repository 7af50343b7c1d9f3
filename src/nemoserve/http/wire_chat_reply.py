"""A chat reply on the wire: one body, or the chunks of a stream. One shape that OpenRouter's and OpenAI's clients both take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import msgspec

from nemoserve.http.errors import error_object
from nemoserve.http.wire_reply import Answering, Body, Metadata, chat_logprobs, notice_bodies, usage_body
from nemoserve.parsing.fold import Folded, FoldedChoice
from nemoserve.types.chat import Notice, ToolCall
from nemoserve.types.errors import ApiError
from nemoserve.types.events import (
    ChoiceFinished,
    Completed,
    Event,
    ReasoningDelta,
    Step,
    TextDelta,
    TokenLogprob,
    ToolCallDelta,
    ToolCallStart,
)
from nemoserve.types.usage import Usage

Sign = Callable[[str, str], str]
"""The signature of a model's (its id, first) whole reasoning text."""

_encode = msgspec.json.Encoder().encode
_CLOSING = b'},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]}\n\n'


def chat_body(
    reply: Answering,
    folded: Folded,
    *,
    logprobs: bool,
    sign: Sign | None = None,
    metadata: Metadata | None = None,
) -> Body:
    """The non-streaming answer. Without `sign` the reasoning goes unsigned."""
    notices = (*reply.notices, *folded.warnings)
    body: Body = {
        "id": reply.id,
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model,
        "provider": reply.provider,
        "system_fingerprint": None,
        "choices": [_choice(reply, choice, logprobs=logprobs, sign=sign) for choice in folded.choices],
        "usage": usage_body(folded.usage, folded.cost, folded.upstream, folded.estimated),
    }
    if notices:
        body["warnings"] = notice_bodies(notices)
    if metadata is not None:
        body["openrouter_metadata"] = metadata()
    return body


def _choice(reply: Answering, choice: FoldedChoice, *, logprobs: bool, sign: Sign | None) -> Body:
    message: Body = {
        "role": "assistant",
        "content": choice.text,
        "refusal": choice.refusal or None,
        "reasoning": choice.reasoning or None,
    }
    if choice.reasoning:
        signature = sign(reply.model, choice.reasoning) if sign is not None else None
        detail = _detail(_detail_id(reply, choice.index), choice.reasoning, signature, choice.steps)
        message["reasoning_details"] = [detail]
    if choice.tool_calls:
        message["tool_calls"] = [_call(at, call) for at, call in enumerate(choice.tool_calls)]
    return {
        "index": choice.index,
        "logprobs": chat_logprobs(choice.logprobs) if logprobs else None,
        "finish_reason": choice.finish_reason,
        "native_finish_reason": choice.native_reason,
        "message": message,
    }


def _detail_id(reply: Answering, index: int) -> str:
    return f"rs-{reply.id[-20:]}-{index}"


def _detail(detail_id: str, text: str, signature: str | None = None, steps: Sequence[Step] = ()) -> Body:
    # The format is named because some clients drop details without one.
    detail: Body = {"type": "reasoning.text", "text": text, "format": "unknown", "index": 0, "id": detail_id}
    if signature is not None:
        detail["signature"] = signature
    if steps:
        detail["steps"] = [_step(step) for step in steps]
    return detail


def _step(step: Step) -> Body:
    return {
        "index": step.index,
        "text_start": step.text_start,
        "text_end": step.text_end,
        "tokens": step.tokens,
        "duration_ms": round(step.duration_ms, 3),
    }


def _call(position: int, call: ToolCall) -> Body:
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": position, "id": call.id, "type": "function", "function": function}


class ChatChunks:
    """Events to the chunks of one stream. Every chunk has a choice, so that readers of `choices[0]` live.

    With `sign`, a choice's reasoning is signed when it has ended: before anything else of the choice, as some clients
    read no reasoning once the answer has begun. `metadata` is asked for with the last chunk.
    """

    def __init__(
        self, reply: Answering, *, logprobs: bool, sign: Sign | None = None, metadata: Metadata | None = None
    ) -> None:
        self._reply = reply
        self._sign = sign
        self._metadata = metadata
        self._unsigned: dict[int, list[str]] = {}
        self._logprobs = logprobs
        self._finished: list[Notice] = []
        self._finish: Body | None = None
        self._begun: set[int] = set()

    @cached_property
    def _head(self) -> Body:
        """What all chunks begin with: who answers is known once there is a first event."""
        # No system_fingerprint: in a chunk, unlike in a body, OpenRouter's own SDK takes a string or nothing.
        return {
            "id": self._reply.id,
            "object": "chat.completion.chunk",
            "created": self._reply.created,
            "model": self._reply.model,
            "provider": self._reply.provider,
        }

    @cached_property
    def _opening(self) -> bytes:
        return b"data: " + _encode(self._head)[:-1] + b',"choices":[{"index":'

    def write(self, event: Event) -> bytes:
        """The chunks that an event makes, as they are sent. Most are a piece of text in the middle of one that is the same."""
        if not self._logprobs and isinstance(event, TextDelta | ReasoningDelta) and event.index in self._begun:
            if isinstance(event, TextDelta):
                if event.index not in self._unsigned and not event.refusal:
                    delta = b',"delta":{"content":' + _encode(event.text)
                    return self._opening + str(event.index).encode() + delta + _CLOSING
            elif event.text and not event.steps:
                if self._sign is not None:
                    self._unsigned.setdefault(event.index, []).append(event.text)
                text, id = _encode(event.text), _detail_id(self._reply, event.index)
                delta = b',"delta":{"content":"","reasoning":' + text
                delta += b',"reasoning_details":[{"type":"reasoning.text","text":' + text
                delta += b',"format":"unknown","index":0,"id":"' + id.encode() + b'"}]'
                return self._opening + str(event.index).encode() + delta + _CLOSING
        return b"".join(b"data: " + _encode(body) + b"\n\n" for body in self.chunks(event))

    def chunks(self, event: Event) -> list[Body]:
        """The chunks that an event makes."""
        match event:
            case ReasoningDelta():
                return [self._reasoning(event)]
            case Completed():
                return self._chunks(event)
            case _:
                return [*self._signature(event.index), *self._chunks(event)]

    def _chunks(self, event: TextDelta | ToolCallStart | ToolCallDelta | ChoiceFinished | Completed) -> list[Body]:
        match event:
            case TextDelta():
                said: Body = {"content": "", "refusal": event.text} if event.refusal else {"content": event.text}
                return [self._delta(event.index, said, event.logprobs)]
            case ToolCallStart():
                return [self._call_delta(event.index, _call(event.position, ToolCall(event.id, event.name, "")))]
            case ToolCallDelta():
                more: Body = {"index": event.position, "function": {"arguments": event.arguments}}
                return [self._call_delta(event.index, more)]
            case ChoiceFinished():
                self._finished.extend(event.warnings)
                finish = self._choice(event.index, {"content": ""}, event.reason, event.native_reason)
                if self._finish is None or event.index == 0:
                    self._finish = finish
                return [{**self._head, "choices": [finish]}]
            case Completed():
                # As OpenRouter since mid-2026: the finish chunk again, with the usage.
                finish = self._finish or self._choice(0, {"content": ""}, None, None)
                finish = {**finish, "delta": {"content": ""}}
                usage = usage_body(event.usage, event.cost, event.upstream, event.estimated)
                last: Body = {**self._head, "choices": [finish], "usage": usage}
                if notices := (*self._reply.notices, *self._finished, *event.warnings):
                    last["warnings"] = notice_bodies(notices)
                return [last | self._routed()]

    def _reasoning(self, event: ReasoningDelta) -> Body:
        detail_id = _detail_id(self._reply, event.index)
        details = [_detail(detail_id, event.text)] if event.text else []
        if event.steps:
            details.append(_detail(detail_id, "", None, event.steps))
        if self._sign is not None and event.text:
            self._unsigned.setdefault(event.index, []).append(event.text)
        delta: Body = {"content": "", "reasoning": event.text, "reasoning_details": details}
        return self._delta(event.index, delta, event.logprobs)

    def _signature(self, index: int) -> list[Body]:
        """The chunk that signs a choice's reasoning, if there is any that is not signed yet."""
        texts = self._unsigned.pop(index, None)
        if self._sign is None or texts is None:
            return []
        signature = self._sign(self._reply.model, "".join(texts))
        detail = _detail(_detail_id(self._reply, index), "", signature)
        return [self._delta(index, {"content": "", "reasoning": "", "reasoning_details": [detail]}, ())]

    def _call_delta(self, index: int, call: Body) -> Body:
        return self._delta(index, {"content": "", "tool_calls": [call]}, ())

    def failure(self, error: ApiError) -> Body:
        """The last chunk of a stream that failed after it had begun."""
        finish = self._choice(0, {"content": ""}, "error", "error")
        return {
            **self._head,
            "error": error_object(error),
            "choices": [finish],
            "usage": usage_body(error.usage or Usage(), estimated=error.estimated),
            **self._routed(),
        }

    def refusal(self) -> Body:
        """What stands beside the error where no stream has begun."""
        return self._routed()

    def _routed(self) -> Body:
        return {} if self._metadata is None else {"openrouter_metadata": self._metadata()}

    def _delta(self, index: int, delta: Body, logprobs: Iterable[TokenLogprob]) -> Body:
        choice = self._choice(index, delta, None, None)
        if self._logprobs:
            choice["logprobs"] = chat_logprobs(logprobs)
        return {**self._head, "choices": [choice]}

    def _choice(self, index: int, delta: Body, finish: str | None, native: str | None) -> Body:
        # The role comes once, as from OpenAI: clients that join the strings of deltas would join roles too.
        first = index not in self._begun
        self._begun.add(index)
        return {
            "index": index,
            "delta": {"role": "assistant", **delta} if first else delta,
            "finish_reason": finish,
            "native_finish_reason": native,
            "logprobs": None,
        }
