"""What names a conversation: fields of the body, or a header. Knows these; not what is kept together by the name."""

from __future__ import annotations

from nemoserve.access.keytext import redacted
from nemoserve.http.wire_sampling import SamplingFields
from nemoserve.types.errors import invalid

_LONGEST = 256
"""As OpenRouter has it."""


def session_of(body: SamplingFields, header: str | None) -> str | None:
    """The body's name goes before the header's. It is written down, so it is short, and a key must not be in it.

    Raises ApiError (400) for a longer one.
    """
    given = {"session_id": body.session_id, "X-Session-Id": header, "prompt_cache_key": body.prompt_cache_key}
    for field, name in given.items():
        if name and len(name) > _LONGEST:
            raise invalid(field, f"expected at most {_LONGEST} characters, got {len(name)}")
    name = next(filter(None, given.values()), None)
    return None if name is None else redacted(name)
