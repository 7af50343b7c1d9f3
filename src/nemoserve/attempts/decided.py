"""A request for one endpoint, with what "auto" and the key's cap come to there. Knows its meaning; no endpoint's spelling of it."""

from __future__ import annotations

import msgspec

from nemoserve.attempts.asked import Asked
from nemoserve.reasoning.auto import decide_thinking
from nemoserve.reasoning.budget import too_little
from nemoserve.reasoning.families import said_in_text
from nemoserve.types.chat import ChatRequest, Notice
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
        intent=msgspec.structs.replace(
            asked.intent, enabled=intent.enabled, effort=intent.effort, effort_shares=intent.effort_shares
        ),
        notices=(*asked.notices, *notices),
    )


def within_cap(asked: Asked[ChatRequest], end_tokens: int) -> Asked[ChatRequest]:
    """The same request without thinking where its key allows less of it than what ends it takes, `end_tokens`."""
    if asked.request.reasoning.enabled is False or not too_little(asked.intent, end_tokens):
        return asked
    text = f"Thinking was switched off: this key may have {asked.intent.most_tokens} tokens of it for a reply, too few to end it."
    off = msgspec.structs.replace(asked.request.reasoning, enabled=False)
    return msgspec.structs.replace(
        asked,
        request=msgspec.structs.replace(asked.request, reasoning=off),
        intent=msgspec.structs.replace(asked.intent, enabled=False),
        notices=(*asked.notices, Notice("reasoning_cap", text, "reasoning.enabled")),
    )
