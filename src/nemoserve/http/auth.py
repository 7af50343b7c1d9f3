"""Who is calling, by a request's headers, and whether they may. Knows headers and messages; keys and policy are `access`'s."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from nemoserve.access.doorkeeper import refused
from nemoserve.access.keyring import Keyring
from nemoserve.access.keytext import PREFIX
from nemoserve.access.policy import Action, allowed
from nemoserve.http.headers import headers_of
from nemoserve.http.pages import from_elsewhere
from nemoserve.types.caller import ANONYMOUS, LOCAL, Caller
from nemoserve.types.errors import ApiError

_WORDS: Final[dict[Action, str]] = {
    "generate": "generate",
    "control": "steer replies",
    "list_models": "list models",
    "tokenize": "tokenize",
    "health": "ask for the server's health",
    "metrics": "read metrics",
    "read_own_key": "read about itself",
    "manage_keys": "manage keys",
    "read_usage_all": "read what all keys have used",
    "read_generation": "read generations",
    "read_content": "read kept content",
    "delete_content": "delete kept content",
    "read_openapi": "read the API's description",
}
_HOW = "send it as `Authorization: Bearer sk-nemo-…` or as `x-api-key`"


async def caller_of(request: Request, keyring: Keyring, *, required: bool) -> Caller:
    """Whoever sent the request. Raises ApiError: 401 for a key that is not valid and for strangers' pages, 400 for two different keys.

    Where keys are not `required`, a request without one comes from the owner, and so does one with something that is not a
    key of ours: clients that insist on a key are given any word. But a key of ours is checked, and counts, everywhere.
    """
    text = _key_text(request)
    if text is None or not (required or text.startswith(PREFIX)):
        if required:
            return ANONYMOUS
        if from_elsewhere(headers_of(request.scope)):
            raise refused(
                f"This is of a web page, or under a name, that is not this machine's own, and needs a key: {_HOW}."
            )
        return LOCAL
    key = await keyring.authenticate_in_time(text) if keyring.remote else keyring.authenticate(text)
    return key.caller()


def require(caller: Caller, action: Action) -> None:
    """Raises ApiError if the caller may not do this: 401 if a key would help, else 403."""
    if allowed(caller, action):
        return
    if caller.role == "anonymous":
        raise refused(f"This needs a key: {_HOW}.")
    other = "an inference key" if caller.role == "management" else "a management key"
    raise ApiError(
        "permission_denied",
        f"This key's role, {caller.role}, may not {_WORDS[action]}; use {other}.",
        metadata={"action": action},
    )


def _key_text(request: Request) -> str | None:
    """What is shown as a key, if anything is."""
    found: list[str] = []
    for name, data in request.scope["headers"]:
        if name == b"authorization":
            scheme, _, token = data.decode("latin-1").strip().partition(" ")
            if scheme.lower() == "bearer" and token.strip():
                found.append(token.strip())
        elif name == b"x-api-key" and (token := data.decode("latin-1").strip()):
            found.append(token)
    if len(set(found)) > 1:
        raise ApiError("invalid_request", f"The request shows two different keys; {_HOW}, not both.")
    return found[0] if found else None
