"""A provider's refusals as our own errors. Knows statuses and the shapes in which providers complain; no sockets.

The provider's own words are kept, short and without keys, in the metadata: `provider_name`, `provider_code` and `raw`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, cast

import msgspec

from nemoserve.backends.remote.wire import UNREADABLE
from nemoserve.types.errors import ApiError, ErrorType

MOST_RETRY_S = 3600.0
_MOST_READ, _MOST_RAW = 16 << 10, 500
_TYPES: Final[dict[int, ErrorType]] = {
    400: "invalid_request",
    # The operator's affairs with a provider, not the caller's with us: another provider may do.
    401: "provider_unavailable",
    402: "provider_unavailable",
    403: "provider_unavailable",
    404: "provider_unavailable",
    410: "provider_unavailable",
    408: "timeout",
    413: "payload_too_large",
    422: "invalid_request",
    429: "rate_limit_exceeded",
    503: "provider_overloaded",
    504: "timeout",
    524: "timeout",
    529: "provider_overloaded",
}
_TOO_LONG = re.compile(
    r"context[ _]length|maximum context|context window|context size|too many (?:input )?tokens|prompt is too long|max_model_len",
    re.IGNORECASE,
)
_OVERLOADED = re.compile(
    r"ResourceExhausted|request limit reached|overloaded|capacity|context size has been exceeded", re.IGNORECASE
)
"""The last one is llama-server's, whose requests share one context."""
_UNKNOWN_FIELD = re.compile(
    r"unsupported|not supported|unexpected|unknown|unrecognized|extra_forbidden|not permitted|additional propert|not allowed",
    re.IGNORECASE,
)
_KEY = re.compile(r"\b(?:sk|nvapi|gsk|key|tgp|hf)[-_][A-Za-z0-9_\-*.]{6,}|Bearer\s+\S+", re.IGNORECASE)
_LEAST_SECRET = 6
"""A shorter key is a word of a server that asks for none in earnest, which may be in any sentence."""

Scrub = Callable[[bytes], str]
"""The beginning of what came, as text without the provider's keys."""


def refusal(provider: str, status: int, headers: Mapping[str, str], body: bytes, scrub: Scrub) -> ApiError:
    """The error that an HTTP status other than success stands for."""
    error = _error(provider, status, scrub(body), scrub)
    error.retry_after_s = retry_after(headers)
    return error


def failure_in_reply(provider: str, body: bytes, scrub: Scrub) -> ApiError:
    """The error in a reply that had begun, or that came with status 200."""
    text = scrub(body)
    status = _code(text)
    return _error(provider, 502 if status is None or status < 400 else status, text, scrub)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait, of `retry-after-ms` or `Retry-After` in seconds or as a date; None without one that makes sense."""
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * scale
        except ValueError:
            seconds = _until(value, now)
        if seconds is not None and seconds == seconds:
            return min(max(seconds, 0.0), MOST_RETRY_S)
    return None


def unwelcome(error: ApiError, fields: Collection[str]) -> frozenset[str]:
    """Those of a request's fields that a refusal says it does not know; none if it complains of something else."""
    raw = error.metadata.get("raw")
    if (
        error.metadata.get("provider_code") not in (400, 422)
        or not isinstance(raw, str)
        or not _UNKNOWN_FIELD.search(raw)
    ):
        return frozenset()
    return frozenset(
        field for field in fields if re.search(rf"(?<![\w.])(?:body\.)?{re.escape(field)}(?!\w|\.\w|\[)", raw)
    )


def of_a_value(error: ApiError, value: object) -> bool:
    """Whether a refusal that names a field repeats its value: another value may do, then."""
    raw = str(error.metadata.get("raw"))
    return any(word and re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", raw) for word in _words(value))


def scrubbed(body: bytes, secrets: Collection[str] = ()) -> str:
    """The beginning of a body as text, without anything that is or looks like a key."""
    text = body[:_MOST_READ].decode(errors="replace")
    for secret in secrets:
        if len(secret) >= _LEAST_SECRET:
            # Some write a slash in JSON with a backslash before it.
            text = text.replace(secret, "…").replace(secret.replace("/", "\\/"), "…")
    return _KEY.sub("…", text).strip()


def _error(provider: str, status: int, text: str, scrub: Scrub) -> ApiError:
    # Once more, as what JSON had spelled in its own way may be a key only now.
    said = scrub(_message(text).encode(errors="replace")) or text
    kind = _TYPES.get(status, "provider_unavailable")
    if status in (400, 413, 422) and _TOO_LONG.search(said):
        kind = "context_length_exceeded"
    elif status >= 500 and _OVERLOADED.search(said):
        kind = "provider_overloaded"
    metadata: dict[str, object] = {"provider_name": provider, "provider_code": status, "raw": text[:_MOST_RAW]}
    return ApiError(
        kind,
        f"{provider} answered {status}: {said[:300]}" if said else f"{provider} answered {status}.",
        metadata=metadata,
    )


def _message(raw: str) -> str:
    """What a JSON complaint says in words; empty if it is none, or was cut short."""
    try:
        body = msgspec.json.decode(raw)
    except UNREADABLE:
        return ""
    return next((text for text in _messages(body, 0) if text.strip()), "")


def _words(value: object) -> Iterator[str]:
    """All that a value says, but for names and switches."""
    if isinstance(value, dict):
        value = list(cast("dict[str, object]", value).values())
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _words(item)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def _messages(body: object, depth: int) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, list) and depth < 4:
        for item in cast("list[object]", body):
            yield from _messages(item, depth + 1)
    elif isinstance(body, dict) and depth < 4:
        fields = cast("dict[str, object]", body)
        for name in ("error", "message", "msg", "detail", "title", "choices"):
            yield from _messages(fields.get(name), depth + 1)


def _code(raw: str) -> int | None:
    """The status that a complaint names itself."""
    try:
        body = msgspec.json.decode(raw)
    except UNREADABLE:
        return None
    fields = _fields(body)
    choices = fields.get("choices")
    inner = (
        [_fields(choice).get("error") for choice in cast("list[object]", choices)] if isinstance(choices, list) else []
    )
    for place in (_fields(fields.get("error")), *map(_fields, inner), fields):
        for name in ("code", "status", "statusCode"):
            value = place.get(name)
            if isinstance(value, str) and len(value) == 3 and value.isdecimal():
                return int(value)
            if isinstance(value, int):
                return value
    return None


def _fields(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _until(value: str, now: datetime | None) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, OverflowError):
        return None
