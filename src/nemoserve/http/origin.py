"""Where a request comes from, by its headers. Knows OpenRouter's names of them; what is made of it is the ledger's."""

from __future__ import annotations

from starlette.requests import Request

from nemoserve.access.keytext import redacted
from nemoserve.http.headers import headers_of, text_of
from nemoserve.types.caller import Origin

_LONGEST = 500
"""Characters of each that are kept: they are the client's own words about itself."""


def origin_of(request: Request, user: str | None) -> Origin:
    """The app and its user, without keys, which pages have in their addresses; `X-OpenRouter-Title` goes before `X-Title`."""
    headers = headers_of(request.scope)
    return Origin(
        request_id=str(request.scope.get("nemoserve.request_id", "")),
        app_url=_kept(text_of(headers.get("http-referer", headers.get("referer", "")))),
        app_title=_kept(text_of(headers.get("x-openrouter-title") or headers.get("x-title", ""))),
        user_agent=_kept(text_of(headers.get("user-agent", ""))),
        user=_kept(user or ""),
    )


def _kept(text: str) -> str:
    return redacted(text)[:_LONGEST] if text else ""
