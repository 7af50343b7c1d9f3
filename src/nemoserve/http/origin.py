"""Where a request comes from, by its headers. Knows OpenRouter's names of them; what is made of it is the ledger's."""

from __future__ import annotations

from starlette.requests import Request

from nemoserve.types.caller import Origin

_LONGEST = 500
"""Characters of each that are kept: they are the client's own words about itself."""


def origin_of(request: Request, user: str | None) -> Origin:
    """The app and its user; `X-OpenRouter-Title` goes before the older `X-Title`."""
    headers = request.headers
    return Origin(
        request_id=str(request.scope.get("nemoserve.request_id", "")),
        app_url=headers.get("http-referer", headers.get("referer", ""))[:_LONGEST],
        app_title=(headers.get("x-openrouter-title") or headers.get("x-title", ""))[:_LONGEST],
        user_agent=headers.get("user-agent", "")[:_LONGEST],
        user=(user or "")[:_LONGEST],
    )
