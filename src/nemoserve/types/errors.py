"""The one error that crosses the gateway. Knows statuses and OpenRouter's error types; not how a body is written."""

from __future__ import annotations

from typing import Final, Literal

from nemoserve.types.route import Route
from nemoserve.types.usage import Usage

ErrorType = Literal[
    "invalid_request",
    "invalid_prompt",
    "context_length_exceeded",
    "authentication",
    "payment_required",
    "permission_denied",
    "not_found",
    "method_not_allowed",
    "precondition_failed",
    "payload_too_large",
    "rate_limit_exceeded",
    "server",
    "provider_unavailable",
    "provider_overloaded",
    "timeout",
]

_STATUS: Final[dict[ErrorType, int]] = {
    "invalid_request": 400,
    "invalid_prompt": 400,
    "context_length_exceeded": 400,
    "authentication": 401,
    "payment_required": 402,
    "permission_denied": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "precondition_failed": 412,
    "payload_too_large": 413,
    "rate_limit_exceeded": 429,
    "server": 500,
    "provider_unavailable": 502,
    "provider_overloaded": 503,
    "timeout": 504,
}


class ApiError(Exception):
    """A failure that a client is told about.

    `message` names the field or the thing at fault; `status` follows from `error_type`. `metadata` is added to the
    body's metadata beside `error_type`; `retry_after_s` becomes a Retry-After header; `headers` are sent as they are.
    """

    def __init__(
        self,
        error_type: ErrorType,
        message: str,
        *,
        metadata: dict[str, object] | None = None,
        retry_after_s: float | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.error_type: ErrorType = error_type
        self.message = message
        self.metadata: dict[str, object] = metadata or {}
        self.retry_after_s = retry_after_s
        self.headers: dict[str, str] = headers or {}
        self.availability: dict[str, object] | None = None
        """Which endpoints there were and why none could serve the request, in OpenRouter's form: the body's `availability`."""
        self.route: Route | None = None
        """Where routing left nothing: all that was considered."""
        self.usage: Usage | None = None
        """What had been consumed when the failure came, if that is known."""
        self.blameless = False
        """It says nothing new of who was asked: known not to be there for now, or stopped from here in the middle of its answer."""
        self.estimated = False
        """Some of that was not told by the provider."""

    @property
    def status(self) -> int:
        """The HTTP status of the failure, as long as none has been sent yet."""
        return _STATUS[self.error_type]


def shutting_down() -> ApiError:
    """For requests that the server's end breaks off."""
    return ApiError("provider_overloaded", "The server is shutting down.", retry_after_s=1.0)


def invalid(field: str, problem: str) -> ApiError:
    """A 400 for a field whose value makes no sense; the message is `<field>: <problem>`."""
    return ApiError("invalid_request", f"{field}: {problem}", metadata={"parameter": field})
