"""Error bodies as each provider writes them. Knows shapes and usual words; decides no refusals."""

from __future__ import annotations

import time

import msgspec

from nemoserve.mock.reply import MARK, Reply
from nemoserve.mock.styles import Body, Style

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    410: "Gone",
    413: "Payload Too Large",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    529: "Site is overloaded",
}
_WORDS = {
    401: "Incorrect API key provided.",
    402: "Insufficient credits.",
    404: "The model does not exist.",
    429: "Rate limit reached.",
    500: "The server had an error while processing your request.",
    503: "The engine is currently overloaded, please try again later.",
}
_OPENAI_KINDS = {
    401: ("invalid_request_error", "invalid_api_key"),
    402: ("insufficient_quota", "insufficient_quota"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}
_OPENROUTER_KINDS = {
    400: "invalid_request",
    401: "authentication",
    402: "payment_required",
    403: "permission_denied",
    404: "not_found",
    408: "timeout",
    413: "payload_too_large",
    422: "unprocessable",
    429: "rate_limit_exceeded",
    500: "server",
    502: "provider_unavailable",
    503: "provider_overloaded",
    504: "timeout",
    529: "provider_overloaded",
}
_VLLM_KINDS = {400: "BadRequestError", 401: "Unauthorized", 404: "NotFoundError", 429: "RateLimitError"}
_LLAMA_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    501: "not_supported_error",
    503: "unavailable_error",
}


def title(status: int) -> str:
    """The reason phrase of a status."""
    return _TITLES.get(status, "Error")


def refusal(
    style: Style,
    status: int,
    message: str = "",
    *,
    fields: tuple[str, ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
    code: str | None = None,
) -> Reply:
    """A refusal; `fields` are those that a closed schema does not know, `code` is OpenAI's."""
    if fields:
        status, body = _unknown_fields(style, message, fields)
    else:
        body = error_body(style, status, message, code)
    return Reply(status=status, headers=headers, body=body)


def context_length(style: Style) -> Reply:
    """The prompt is longer than the model's context."""
    message = (
        "This model's maximum context length is 131072 tokens. However, your messages resulted in 140000 tokens. "
        "Please reduce the length of the messages."
    )
    if style.errors == "openrouter":
        body = error_body(style, 400, message)
        error = msgspec.convert(body["error"], dict[str, object])
        return Reply(status=400, body={"error": {**error, "metadata": {"error_type": "context_length_exceeded"}}})
    if style.errors == "llama":
        error: Body = {
            "code": 400,
            "message": "request (140000 tokens) exceeds the available context size (131072 tokens), try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 140000,
            "n_ctx": 131072,
        }
        return Reply(status=400, body={"error": error})
    return Reply(status=400, body=error_body(style, 400, message, "context_length_exceeded"))


def problem(status: int, message: str, fields: tuple[str, ...]) -> Reply:
    """NVIDIA's older form, problem details; `fields` are those that a closed schema does not know."""
    details = [f"body.{name}: extra_forbidden, Extra inputs are not permitted" for name in fields]
    body: Body = {
        "type": "urn:inference-service:problem-details:unprocessable-entity",
        "title": title(status),
        "status": status,
        "detail": "; ".join(details) or message,
        "instance": "/v1/chat/completions",
        "requestId": MARK,
    }
    return Reply(status=status, media="application/problem+json", body=body)


def error_body(style: Style, status: int, message: str = "", code: str | None = None) -> Body:
    """The body of a refusal."""
    message = message or _WORDS.get(status, title(status))
    match style.errors:
        case "openai":
            kind, usual = _OPENAI_KINDS.get(status, ("invalid_request_error" if status < 500 else "server_error", None))
            return {"error": {"message": message, "type": kind, "param": None, "code": code or usual}}
        case "openrouter":
            return {"error": stream_error(style, status, message), "user_id": "user_mock"}
        case "nvidia":
            return _nvidia(status, message)
        case "aiml":
            now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
            # Out of credits is a 403 there.
            return {"message": message, "path": "/v1/chat/completions", "requestId": MARK, "statusCode": status, "timestamp": now}  # fmt: skip
        case "deepinfra":
            return {"detail": {"error": message}} if status in (401, 403, 404) else {"error": {"message": message}}
        case "together":
            kind = "invalid_request_error" if status < 500 else "server_error"
            return {"id": f"o{MARK}", "error": {"message": message, "type": kind, "param": None, "code": code}}
        case "vllm":
            if status == 401:
                return {"error": "Unauthorized"}
            kind = _VLLM_KINDS.get(status, "InternalServerError" if status >= 500 else "BadRequestError")
            return {"error": {"message": message, "type": kind, "param": None, "code": status}}
        case "sglang":
            kind = _VLLM_KINDS.get(status, "InternalServerError" if status >= 500 else "BadRequestError")
            return {"object": "error", "message": message, "type": kind, "param": None, "code": status}
        case "llama":
            kind = _LLAMA_KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
            return {"error": {"code": status, "message": message, "type": kind}}
        case "detail":
            return {"detail": message}


def stream_error(style: Style, status: int, message: str) -> Body:
    """The `error` object of a failure, as it also stands in streams."""
    if style.errors == "openrouter":
        kind = _OPENROUTER_KINDS.get(status, "unmapped")
        metadata: Body = {"error_type": kind, "provider_name": style.provider, "raw": message}
        said = "Provider returned error" if status >= 429 else message
        return {"code": status, "message": said, "metadata": metadata}
    return {"message": message, "type": "server_error", "param": None, "code": status}


def _nvidia(status: int, message: str) -> Body:
    if status == 429:
        return {"status": 429, "title": "Too Many Requests"}
    if status == 400:
        return {"error": f"Validation: {message}", "type": "Bad Request", "code": 400}
    if status >= 500:
        return {"message": message, "type": "internal_server_error", "code": status}
    return {"status": status, "title": title(status), "detail": message}


def _unknown_fields(style: Style, message: str, fields: tuple[str, ...]) -> tuple[int, Body]:
    match style.closed:
        case "nim":
            details = [f"{{'type': 'extra_forbidden', 'loc': ('body', '{name}'), 'msg': 'Extra inputs are not permitted'}}" for name in fields]  # fmt: skip
            return 400, error_body(style, 400, f"[{', '.join(details)}]")
        case "transformers":
            return 422, {"detail": f"Unexpected fields in the request: {set(fields)}"}
        case _:
            return 400, error_body(style, 400, message)
