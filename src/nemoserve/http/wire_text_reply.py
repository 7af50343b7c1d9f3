"""A text completion's reply on the wire: one body, or the chunks of a stream. OpenAI's legacy shape with OpenRouter's extras."""

from __future__ import annotations

from nemoserve.http.errors import error_object
from nemoserve.http.wire_reply import PROVIDER, Body, notice_bodies, text_logprobs, usage_body
from nemoserve.parsing.fold import Folded
from nemoserve.pipeline import Reply
from nemoserve.types.chat import Notice
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished, Completed, Event, TextDelta
from nemoserve.types.usage import Usage


def _head(reply: Reply) -> Body:
    return {
        "id": reply.id,
        "object": "text_completion",
        "created": reply.created,
        "model": reply.model,
        "provider": PROVIDER,
        "system_fingerprint": None,
    }


def text_body(reply: Reply, folded: Folded, *, logprobs: bool) -> Body:
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
        "usage": usage_body(folded.usage, folded.cost),
    }
    if notices:
        body["warnings"] = notice_bodies(notices)
    return body


class TextChunks:
    """Events to the chunks of one stream."""

    def __init__(self, reply: Reply, *, logprobs: bool) -> None:
        self._head = _head(reply)
        self._logprobs = logprobs
        self._notices: list[Notice] = list(reply.notices)
        self._finish: Body | None = None

    def chunks(self, event: Event) -> list[Body]:
        """The chunks that an event makes."""
        match event:
            case TextDelta():
                choice = self._choice(event.index, event.text, None, None)
                if self._logprobs:
                    choice["logprobs"] = text_logprobs(event.logprobs)
                return [{**self._head, "choices": [choice]}]
            case ChoiceFinished():
                self._notices.extend(event.warnings)
                finish = self._choice(event.index, "", event.reason, event.native_reason)
                if self._finish is None or event.index == 0:
                    self._finish = finish
                return [{**self._head, "choices": [finish]}]
            case Completed():
                finish = self._finish or self._choice(0, "", None, None)
                last: Body = {**self._head, "choices": [finish], "usage": usage_body(event.usage, event.cost)}
                if self._notices:
                    last["warnings"] = notice_bodies(self._notices)
                return [last]
            case _:
                return []

    def failure(self, error: ApiError) -> Body:
        """The last chunk of a stream that failed after it had begun."""
        finish = self._choice(0, "", "error", "error")
        return {
            **self._head,
            "error": error_object(error),
            "choices": [finish],
            "usage": usage_body(error.usage or Usage()),
        }

    def _choice(self, index: int, text: str, finish: str | None, native: str | None) -> Body:
        return {
            "index": index,
            "text": text,
            "logprobs": None,
            "finish_reason": finish,
            "native_finish_reason": native,
        }
