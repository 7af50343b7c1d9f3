"""A request for one endpoint, with what "auto" comes to there. Knows the request's meaning; no endpoint's spelling of it."""

from __future__ import annotations

import msgspec

from nemoserve.attempts.asked import Asked
from nemoserve.reasoning.auto import decide_thinking
from nemoserve.reasoning.families import said_in_text
from nemoserve.types.chat import ChatRequest
from nemoserve.types.model import Family


def decided(asked: Asked[ChatRequest], model: str, family: Family) -> Asked[ChatRequest]:
    """The same request, switched and limited as it was decided for this model; untouched where that is not wanted."""
    if not asked.request.reasoning.auto:
        return asked
    request, notices = decide_thinking(asked.request, model, said_in_text(asked.request.messages, family))
    if not notices:
        return asked
    intent = request.reasoning
    return msgspec.structs.replace(
        asked,
        request=request,
        intent=msgspec.structs.replace(asked.intent, enabled=intent.enabled, effort=intent.effort),
        notices=(*asked.notices, *notices),
    )
