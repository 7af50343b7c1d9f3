"""The thinking of past turns: given back where a client dropped it, and checked where it is signed. Knows no templates."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nemoserve.reasoning.keep import ReasoningKeep
from nemoserve.reasoning.signature import verify
from nemoserve.types.chat import ChatRequest, Notice


def past_thinking(
    request: ChatRequest, keep: ReasoningKeep, secret: bytes, models: Sequence[str], owner: str
) -> tuple[ChatRequest, tuple[Notice, ...]]:
    """The request with the thinking of its past turns, and a notice if signed thinking is not what a model here thought.

    It is used as it was sent all the same: whose conversation it is may edit it. `models` are the ids that may have thought.
    """
    notices = tuple(
        Notice(
            "modified_reasoning",
            f"messages[{message.at}]: its reasoning is not what was signed here; it is used as it was sent.",
            f"messages[{message.at}].reasoning_details",
        )
        for message in request.messages
        if message.reasoning_signature
        and not any(verify(secret, model, message.reasoning, message.reasoning_signature) for model in models)
    )
    restored = keep.restore(owner, request.session_id, request.messages)
    return msgspec.structs.replace(request, messages=restored), notices
