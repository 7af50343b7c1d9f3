"""A chat reply on the wire: one body, or the chunks of a stream. One shape that OpenRouter's and OpenAI's clients both take."""

from __future__ import annotations

from collections.abc import Iterable

from nemoserve.http.errors import error_object
from nemoserve.http.wire_reply import PROVIDER, Body, chat_logprobs, notice_bodies, usage_body
from nemoserve.parsing.fold import Folded, FoldedChoice
from nemoserve.pipeline import Reply
from nemoserve.types.chat import Notice, ToolCall
from nemoserve.types.errors import ApiError
from nemoserve.types.events import (
    ChoiceFinished,
    Completed,
    Event,
    ReasoningDelta,
    TextDelta,
    TokenLogprob,
    ToolCallEvent,
)
from nemoserve.types.usage import Usage


def chat_body(reply: Reply, folded: Folded, *, logprobs: bool) -> Body:
    """The non-streaming answer."""
    notices = (*reply.notices, *folded.warnings)
    body: Body = {
        "id": reply.id,
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model,
        "provider": PROVIDER,
        "system_fingerprint": None,
        "choices": [_choice(choice, logprobs=logprobs) for choice in folded.choices],
        "usage": usage_body(folded.usage),
    }
    if notices:
        body["warnings"] = notice_bodies(notices)
    return body


def _choice(choice: FoldedChoice, *, logprobs: bool) -> Body:
    message: Body = {
        "role": "assistant",
        "content": choice.text,
        "refusal": None,
        "reasoning": choice.reasoning or None,
    }
    if choice.reasoning:
        message["reasoning_details"] = [_detail(choice.reasoning)]
    if choice.tool_calls:
        message["tool_calls"] = [_call(at, call) for at, call in enumerate(choice.tool_calls)]
    return {
        "index": choice.index,
        "logprobs": chat_logprobs(choice.logprobs) if logprobs else None,
        "finish_reason": choice.finish_reason,
        "native_finish_reason": choice.native_reason,
        "message": message,
    }


def _detail(text: str) -> Body:
    # The format is named because some clients drop details without one.
    return {"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}


def _call(position: int, call: ToolCall) -> Body:
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": position, "id": call.id, "type": "function", "function": function}


class ChatChunks:
    """Events to the chunks of one stream. Every chunk has a choice, so that readers of `choices[0]` live."""

    def __init__(self, reply: Reply, *, logprobs: bool) -> None:
        self._head: Body = {
            "id": reply.id,
            "object": "chat.completion.chunk",
            "created": reply.created,
            "model": reply.model,
            "provider": PROVIDER,
            "system_fingerprint": None,
        }
        self._logprobs = logprobs
        self._notices: list[Notice] = list(reply.notices)
        self._finish: Body | None = None

    def chunks(self, event: Event) -> list[Body]:
        """The chunks that an event makes."""
        match event:
            case TextDelta():
                return [self._delta(event.index, {"content": event.text}, event.logprobs)]
            case ReasoningDelta():
                details = [_detail(event.text)] if event.text else []
                delta: Body = {"content": "", "reasoning": event.text, "reasoning_details": details}
                return [self._delta(event.index, delta, event.logprobs)]
            case ToolCallEvent():
                delta = {"content": "", "tool_calls": [_call(event.position, event.call)]}
                return [self._delta(event.index, delta, ())]
            case ChoiceFinished():
                self._notices.extend(event.warnings)
                finish = self._choice(event.index, {"content": ""}, event.reason, event.native_reason)
                if self._finish is None or event.index == 0:
                    self._finish = finish
                return [{**self._head, "choices": [finish]}]
            case Completed():
                # As OpenRouter since mid-2026: the finish chunk again, with the usage.
                finish = self._finish or self._choice(0, {"content": ""}, None, None)
                last: Body = {**self._head, "choices": [finish], "usage": usage_body(event.usage)}
                if self._notices:
                    last["warnings"] = notice_bodies(self._notices)
                return [last]

    def failure(self, error: ApiError) -> Body:
        """The last chunk of a stream that failed after it had begun."""
        finish = self._choice(0, {"content": ""}, "error", "error")
        return {
            **self._head,
            "error": error_object(error),
            "choices": [finish],
            "usage": usage_body(error.usage or Usage()),
        }

    def _delta(self, index: int, delta: Body, logprobs: Iterable[TokenLogprob]) -> Body:
        choice = self._choice(index, delta, None, None)
        if self._logprobs:
            choice["logprobs"] = chat_logprobs(logprobs)
        return {**self._head, "choices": [choice]}

    def _choice(self, index: int, delta: Body, finish: str | None, native: str | None) -> Body:
        return {
            "index": index,
            "delta": {"role": "assistant", **delta},
            "finish_reason": finish,
            "native_finish_reason": native,
            "logprobs": None,
        }
