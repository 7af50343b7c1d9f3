"""A conversation as a prompt that fits its model: the family's switch set, the template rendered, what is too much left out.

Knows that counting is rendering, and does not render the same messages twice; no wire format, no keys.
"""

from __future__ import annotations

import msgspec

from nemoserve.backends.base import Backend
from nemoserve.context.cuts import Messages
from nemoserve.context.fit import fit
from nemoserve.reasoning.families import Switched, switch_thinking
from nemoserve.types.chat import ChatRequest, Notice
from nemoserve.types.errors import ApiError
from nemoserve.types.prompt import Prompt


class Fitted(msgspec.Struct, frozen=True):
    """The request as it goes to the model, and its prompt."""

    request: ChatRequest
    switched: Switched
    prompt: Prompt
    notices: tuple[Notice, ...] = ()
    """What was left out."""


async def fitted(request: ChatRequest, backend: Backend, default_max_tokens: int) -> Fitted:
    """Renders the conversation. Raises ApiError (400) where it cannot be rendered, or is too long and cannot be made to fit."""
    card = backend.card
    rendered: dict[Messages, tuple[Switched, Prompt]] = {}

    async def count(messages: Messages) -> int:
        switched = switch_thinking(msgspec.structs.replace(request, messages=messages), card.family)
        try:
            prompt = await backend.render(switched.turn)
        except ApiError as error:
            least = error.metadata.get("prompt_tokens")
            if error.error_type == "context_length_exceeded" and isinstance(least, int):
                return least
            raise
        rendered[messages] = switched, prompt
        return len(prompt.tokens)

    reply_tokens = request.sampling.max_tokens or default_max_tokens
    fitting, notices = await fit(request, card.context_length, reply_tokens, count)
    if fitting.messages not in rendered:
        switched = switch_thinking(fitting, card.family)
        return Fitted(fitting, switched, await backend.render(switched.turn), notices)
    switched, prompt = rendered[fitting.messages]
    return Fitted(fitting, switched, prompt, notices)
