"""Request bodies: bytes to a typed struct, once. Knows limits and JSON; the structs' meaning is elsewhere."""

from __future__ import annotations

import re
from typing import Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from starlette.requests import Request

from nemoserve.http.headers import headers_of
from nemoserve.types.errors import ApiError

T = TypeVar("T")

_HALF = re.compile(rb"(?<!\\)\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
_AT = re.compile(r"(?P<what>.*) - at `(?P<where>key in )?\$\.?(?P<path>.*)`", re.DOTALL)


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises ApiError (413) as soon as it is known to exceed `limit` bytes, without reading the rest, and (400) for
    one that is compressed."""
    headers = headers_of(request.scope)
    if (coding := headers.get("content-encoding", "identity")) != "identity":
        raise ApiError("invalid_request", f"The request body is compressed ({coding[:40]}); send it as it is.")
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ApiError("invalid_request", "The connection was closed before the whole body had come.")
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> ApiError:
    return ApiError("payload_too_large", f"The request body is larger than {limit} bytes, the most that is taken.")


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The body as a struct. Raises ApiError (400) with a message that names the field."""
    if not body.strip():
        raise ApiError("invalid_request", "The request body is empty; send a JSON object.")
    try:
        # The decoder checks only the strings that it keeps.
        body.decode("utf-8")
        return decoder.decode(body)
    except UnicodeDecodeError as error:
        message = f"The request body is not valid UTF-8: byte {error.start} is {body[error.start]:#04x}."
        raise ApiError("invalid_request", message) from error
    except msgspec.ValidationError as error:
        raise _wrong_type(str(error), decoder.type) from error
    except msgspec.DecodeError as error:
        # Of half a pair near the end msgspec says that the input ends there.
        half = _HALF.search(body)
        what = str(error) if half is None else f"the character at byte {half.start()} is half of a surrogate pair"
        raise ApiError("invalid_request", f"The request body is not valid JSON: {what}.") from error
    except RecursionError as error:
        raise ApiError("invalid_request", "The request body is nested too deeply.") from error


def _wrong_type(text: str, kind: object) -> ApiError:
    """msgspec's sentence, turned round so that the field comes first."""
    match = _AT.fullmatch(text)
    if match is None or not match["path"]:
        what = text if match is None else match["what"]
        missing = re.fullmatch(r"Object missing required field `(.*)`", what)
        if missing:
            return ApiError("invalid_request", f"{missing[1]}: required", metadata={"parameter": missing[1]})
        return ApiError("invalid_request", f"The request body must be a JSON object: {_plain(what)}")
    path = match["path"]
    missing = re.fullmatch(r"Object missing required field `(.*)`", match["what"])
    if missing:
        return ApiError(
            "invalid_request", f"{path}.{missing[1]}: required", metadata={"parameter": f"{path}.{missing[1]}"}
        )
    what = _plain(match["what"])
    if what.startswith("invalid enum value") and (choices := _choices(get_type_hints(kind).get(path))):
        what += f"; expected {', '.join(choices)}"
    return ApiError("invalid_request", f"{path}: {what}", metadata={"parameter": path})


def _choices(hint: object) -> list[str]:
    """The values of a field that takes only some; none of a field within another."""
    if get_origin(hint) is Literal:
        return [str(value) for value in get_args(hint)]
    return [choice for part in get_args(hint) for choice in _choices(part)]


def _plain(what: str) -> str:
    """`Expected `int | null`, got `str`` in words that do not speak of types as a programmer's tool does."""
    what = what.replace("`", "").replace(" | null", "").replace(" | ", " or ")
    for ours, theirs in (("bool", "true or false"), ("str", "string"), ("int", "integer"), ("float", "number")):
        what = re.sub(rf"\b{ours}\b", theirs, what)
    return what[:1].lower() + what[1:]
