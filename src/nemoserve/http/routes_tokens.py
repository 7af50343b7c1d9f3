"""The routes that count tokens: vLLM's /tokenize and /detokenize."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nemoserve.backends.base import Backend
from nemoserve.http.body import decode, read_body
from nemoserve.http.wire_chat import ChatBody, read_chat
from nemoserve.pipeline import Services
from nemoserve.reasoning.families import switch_thinking
from nemoserve.types.errors import invalid
from nemoserve.types.prompt import Prompt


class TokenizeBody(ChatBody, kw_only=True):
    """A text, or a conversation with all that changes its rendering."""

    add_special_tokens: bool | None = None
    add_generation_prompt: bool | None = None
    return_token_strs: bool | None = None


class DetokenizeBody(msgspec.Struct):
    """Token ids."""

    tokens: list[int]
    model: str | None = None


_TOKENIZE = msgspec.json.Decoder(TokenizeBody)
_DETOKENIZE = msgspec.json.Decoder(DetokenizeBody)


async def tokenize(request: Request) -> Response:
    """POST /tokenize"""
    house: Services = request.app.state.services
    body = decode(await read_body(request, house.settings.max_body_bytes), _TOKENIZE)
    backend = house.catalogue.find([body.model] if body.model else [])
    prompt = await _prompt(house, backend, body)
    strings = backend.token_texts(prompt.tokens) if body.return_token_strs else None
    answer = {
        "count": len(prompt.tokens),
        "max_model_len": backend.card.context_length,
        "tokens": prompt.tokens,
        "token_strs": strings,
    }
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _prompt(house: Services, backend: Backend, body: TokenizeBody) -> Prompt:
    text = body.prompt
    if (text is None) == (body.messages is None):
        raise invalid("prompt and messages", "give one of them")
    if text is not None:
        if not isinstance(text, str):
            raise invalid("prompt", "expected string")
        return await backend.encode(text, add_special_tokens=body.add_special_tokens is not False)
    wanted = read_chat(body, most_choices=house.settings.max_choices)
    turn = switch_thinking(wanted, backend.card.family).turn
    if body.add_generation_prompt is False:
        turn = msgspec.structs.replace(turn, add_generation_prompt=False)
    return await backend.render(turn)


async def detokenize(request: Request) -> Response:
    """POST /detokenize"""
    house: Services = request.app.state.services
    body = decode(await read_body(request, house.settings.max_body_bytes), _DETOKENIZE)
    backend = house.catalogue.find([body.model] if body.model else [])
    return Response(msgspec.json.encode({"prompt": backend.decode(body.tokens)}), media_type="application/json")
