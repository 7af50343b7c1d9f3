"""The routes that generate: chat and text completions."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nemoserve import pipeline
from nemoserve.http.body import decode, read_body
from nemoserve.http.errors import error_response
from nemoserve.http.headers import headers_of, text_of
from nemoserve.http.ids import generation_id
from nemoserve.http.middleware import add_account, add_timing
from nemoserve.http.origin import origin_of
from nemoserve.http.streams import Chunks, StreamingReply, unless_gone
from nemoserve.http.unknown_fields import unknown_fields
from nemoserve.http.wire_chat import CHAT_DECODER, ChatBody, read_chat
from nemoserve.http.wire_chat_reply import ChatChunks, chat_body
from nemoserve.http.wire_reply import Body, timing_metrics
from nemoserve.http.wire_routing import metadata_body, wants_metadata
from nemoserve.http.wire_text import TEXT_DECODER, TextBody, read_text
from nemoserve.http.wire_text_reply import TextChunks, text_body
from nemoserve.parsing.fold import Folded, fold_stream
from nemoserve.pipeline import Reply, Services
from nemoserve.reasoning.signature import sign
from nemoserve.types.errors import ApiError
from nemoserve.types.money import decimal


async def chat_completions(request: Request) -> Response | ASGIApp:
    """POST /v1/chat/completions"""
    house: Services = request.app.state.services
    reply_id = _new_id(request)
    raw = await read_body(request, house.settings.max_body_bytes)
    body = decode(raw, CHAT_DECODER)
    if body.messages is None and body.prompt is not None:
        return await _complete(request, house, raw, reply_id)
    wanted = read_chat(body, most_choices=house.settings.max_choices, session_id=_session(request))
    if unknown := unknown_fields(raw, ChatBody):
        wanted = msgspec.structs.replace(wanted, warnings=(*wanted.warnings, *unknown))
    reply = await pipeline.chat(house, wanted, reply_id, request.state.caller, origin_of(request, body.user))
    logprobs = wanted.sampling.logprobs is not None
    signed = functools.partial(sign, house.secret)
    routed = _routed(request, reply, body.model)
    if wanted.stream:
        return _stream(house, reply, ChatChunks(reply, logprobs=logprobs, sign=signed, metadata=routed))
    try:
        folded = await _folded(request, reply)
    except ApiError as error:
        return error_response(error, None if routed is None else {"openrouter_metadata": routed()})
    return _whole(reply, folded, chat_body(reply, folded, logprobs=logprobs, sign=signed, metadata=routed))


async def completions(request: Request) -> Response | ASGIApp:
    """POST /v1/completions"""
    house: Services = request.app.state.services
    reply_id = _new_id(request)
    return await _complete(request, house, await read_body(request, house.settings.max_body_bytes), reply_id)


def _session(request: Request) -> str | None:
    name = headers_of(request.scope).get("x-session-id")
    return None if name is None else text_of(name)


def _routed(request: Request, reply: Reply, requested: str | None) -> Callable[[], Body] | None:
    """What says how the reply was routed, where that is asked for."""
    if not wants_metadata(headers_of(request.scope)):
        return None
    return lambda: metadata_body(reply.route, reply.attempts(), requested=requested or "")


def _new_id(request: Request) -> str:
    """The id of the reply under way; the answer has it in any case, also when the reply cannot begin or fails."""
    reply_id = generation_id()
    add_account(request.scope, {"x-generation-id": reply_id})
    return reply_id


async def _complete(request: Request, house: Services, raw: bytes, reply_id: str) -> Response | ASGIApp:
    body = decode(raw, TEXT_DECODER)
    wanted = read_text(body, most_choices=house.settings.max_choices, session_id=_session(request))
    if unknown := unknown_fields(raw, TextBody):
        wanted = msgspec.structs.replace(wanted, warnings=(*wanted.warnings, *unknown))
    caller, origin = request.state.caller, origin_of(request, body.user)
    reply = await pipeline.complete(house, wanted, reply_id, caller, origin)
    logprobs = wanted.sampling.logprobs is not None
    routed = _routed(request, reply, body.model)
    if wanted.stream:
        return _stream(house, reply, TextChunks(reply, logprobs=logprobs, metadata=routed))
    try:
        folded = await _folded(request, reply)
    except ApiError as error:
        return error_response(error, None if routed is None else {"openrouter_metadata": routed()})
    return _whole(reply, folded, text_body(reply, folded, logprobs=logprobs, metadata=routed))


async def _folded(request: Request, reply: Reply) -> Folded:
    """The whole reply. Raises ClientGone when there is nobody to have it any more."""
    try:
        folded = await unless_gone(request.receive, fold_stream(reply))
    except (ApiError, asyncio.CancelledError):
        await reply.aclose()
        await reply.settled()  # so that what is told to be left is
        add_account(request.scope, {"x-cost": "0", "x-cost-reserved": decimal(reply.held)})  # a failure is not billed
        raise
    finally:
        await reply.aclose()
    add_timing(request.scope, timing_metrics(folded.timing))
    return folded


def _stream(house: Services, reply: Reply, chunks: Chunks) -> ASGIApp:
    return StreamingReply(reply, chunks, functools.partial(_headers, reply), house.settings, house.log)


def _whole(reply: Reply, folded: Folded, body: Body) -> ASGIApp:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in _headers(reply).items()]
    headers += ((b"x-cost", decimal(folded.cost).encode()), (b"content-type", b"application/json"))
    data = msgspec.json.encode(body)
    headers.append((b"content-length", str(len(data)).encode()))

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": data})

    return answer


def _headers(reply: Reply) -> dict[str, str]:
    """The reply's id, what was held for it, and the sampling that was applied where the request left it open."""
    sampling = reply.sampling
    named = (("temperature", sampling.temperature), ("top_p", sampling.top_p), ("top_k", sampling.top_k))
    applied = ", ".join(f"{name}={value:g}" for name, value in named if value is not None)
    headers = {"x-generation-id": reply.id, "x-cost-reserved": decimal(reply.held)}
    return headers | ({"x-sampling": applied} if applied else {})
