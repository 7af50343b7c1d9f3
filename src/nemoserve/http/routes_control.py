"""The route that steers a reply under way. Knows the action's name; what it does is the backend's."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nemoserve.access.policy import may_see
from nemoserve.http.body import decode, read_body
from nemoserve.pipeline import Services
from nemoserve.types.errors import ApiError, invalid

_ACTIONS = ("end_reasoning",)


class ControlBody(msgspec.Struct):
    action: str


_DECODER = msgspec.json.Decoder(ControlBody)


async def control(request: Request) -> Response:
    """POST /v1/chat/completions/{id}/control

    `{"action": "end_reasoning"}` has the reply of that id stop thinking at the next newline and answer. A reply that
    does not think any more is left alone; a provider's cannot be steered (400). The id is in the first chunk, and in the
    header X-Generation-Id.
    """
    house: Services = request.app.state.services
    body = decode(await read_body(request, house.settings.max_body_bytes), _DECODER)
    if body.action not in _ACTIONS:
        raise invalid("action", f"expected {' or '.join(_ACTIONS)}, got {body.action[:40]!r}")
    reply_id: str = request.path_params["id"]
    running = house.running.get(reply_id)
    # A reply that is another's is as good as none: who may not steer it need not learn that it is there.
    if running is None or not may_see(request.state.caller, running.caller.key_id):
        raise ApiError(
            "not_found", f"id: no reply called {reply_id[:80]!r} is under way here", metadata={"parameter": "id"}
        )
    running.source.end_thinking()
    accepted = {"id": reply_id, "object": "chat.completion.control", "action": body.action, "accepted": True}
    return Response(msgspec.json.encode(accepted), 200, media_type="application/json")
