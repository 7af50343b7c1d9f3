"""What a request asks for, whichever endpoint answers. Knows the request's meaning; no endpoint's spelling of it."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from nemoserve.admission import Visit
from nemoserve.types.caller import Caller
from nemoserve.types.chat import ChatRequest, CompletionRequest, Notice
from nemoserve.types.reasoning import ReasoningIntent

TEXT_MAX_TOKENS = 16
"""Of a text completion that asks for no number, as at OpenAI's."""
R = TypeVar("R", ChatRequest, CompletionRequest)


class Asked(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """One request, with all that is decided of it before an endpoint is."""

    id: str
    """The generation's."""
    request: R
    """With its past thinking given back."""
    visit: Visit
    arrived: float
    """When it came, on the monotonic clock, as the next one."""
    deadline: float
    """When it is over, whatever has come of it."""
    session: str | None = None
    """Whose requests go where their prompt is cached."""
    opening: str | None = None
    """What tells a conversation that names no session: it goes where a reply of it has said that its prompt was cached."""
    intent: ReasoningIntent = ReasoningIntent()
    """Within what the key allows."""
    notices: tuple[Notice, ...] = ()
    content: dict[str, object] | None = None
    """What went in, where the key has its requests' content stored."""

    @property
    def caller(self) -> Caller:
        return self.visit.caller


def keeper_of(caller: Caller) -> str:
    """Under whose name past thinking is kept."""
    return caller.key_id or caller.owner
