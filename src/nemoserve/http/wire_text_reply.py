"""A text completion's reply on the wire: one body, or the chunks of a stream. OpenAI's legacy shape with OpenRouter's extras."""

from __future__ import annotations

from functools import cached_property

import msgspec

from nemoserve.http.errors import error_object
from nemoserve.http.wire_reply import Answering, Body, Metadata, notice_bodies, text_logprobs, usage_body
from nemoserve.parsing.fold import Folded
from nemoserve.types.chat import Notice
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished, Completed, Event, TextDelta
from nemoserve.types.usage import Usage


def _head(reply: Answering) -> Body:
    return {
        "id": reply.id,
        "object": "text_completion",
        "created": reply.created,
        "model": reply.model,
        "provider": reply.provider,
        "system_fingerprint": None,
    }


def text_body(reply: Answering, folded: Folded, *, logprobs: bool, metadata: Metadata | None = None) -> Body:
    """The non-streaming answer."""
    notices = (*reply.notices, *folded.warnings)
    body: Body = {
        **_head(reply),
        "choices": [
            {
                "index": choice.index,
                "text": choice.text,
                "logprobs": text_logprobs(choice.logprobs) if logprobs else None,
                "finish_reason": choice.finish_reason,
                "native_finish_reason": choice.native_reason,
            }
            for choice in folded.choices
        ],
        "usage": usage_body(folded.usage, folded.cost, folded.upstream, folded.estimated),
    }
    if notices:
        body["warnings"] = notice_bodies(notices)
    if metadata is not None:
        body["openrouter_metadata"] = metadata()
    return body


class TextChunks:
    """Events to the chunks of one stream. `metadata` is asked for with the last one."""

    def __init__(self, reply: Answering, *, logprobs: bool, metadata: Metadata | None = None) -> None:
        self._reply = reply
        self._metadata = metadata
        self._logprobs = logprobs
        self._finished: list[Notice] = []
        self._finish: Body | None = None

    @cached_property
    def _head(self) -> Body:
        """Who answers is known once there is a first event."""
        return _head(self._reply)

    def write(self, event: Event) -> bytes:
        """The chunks that an event makes, as they are sent."""
        return b"".join(b"data: " + msgspec.json.encode(body) + b"\n\n" for body in self.chunks(event))

    def chunks(self, event: Event) -> list[Body]:
        """The chunks that an event makes."""
        match event:
            case TextDelta():
                choice = self._choice(event.index, event.text, None, None)
                if self._logprobs:
                    choice["logprobs"] = text_logprobs(event.logprobs)
                return [{**self._head, "choices": [choice]}]
            case ChoiceFinished():
                self._finished.extend(event.warnings)
                finish = self._choice(event.index, "", event.reason, event.native_reason)
                if self._finish is None or event.index == 0:
                    self._finish = finish
                return [{**self._head, "choices": [finish]}]
            case Completed():
                finish = self._finish or self._choice(0, "", None, None)
                usage = usage_body(event.usage, event.cost, event.upstream, event.estimated)
                last: Body = {**self._head, "choices": [finish], "usage": usage}
                if notices := (*self._reply.notices, *self._finished, *event.warnings):
                    last["warnings"] = notice_bodies(notices)
                return [last | self._routed()]
            case _:
                return []

    def failure(self, error: ApiError) -> Body:
        """The last chunk of a stream that failed after it had begun."""
        finish = self._choice(0, "", "error", "error")
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

    def _choice(self, index: int, text: str, finish: str | None, native: str | None) -> Body:
        return {
            "index": index,
            "text": text,
            "logprobs": None,
            "finish_reason": finish,
            "native_finish_reason": native,
        }
