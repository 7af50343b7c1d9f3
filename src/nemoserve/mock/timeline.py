"""A reply as bytes in time: HTTP heads, chunked events, pace, and the faults of bytes and time. Knows no sockets."""

from __future__ import annotations

from typing import Literal

import msgspec

from nemoserve.mock.faults import Fault
from nemoserve.mock.refusals import title
from nemoserve.mock.reply import MARK, SSE, Reply
from nemoserve.mock.spoil import half
from nemoserve.mock.styles import Style

Ending = Literal["keep", "close", "reset", "hold"]
"""What becomes of the connection; `hold` leaves it open and silent."""

_SLOW_S = 3.0
_NAGLE_S = 0.04
_HUGE = 2 << 20
_FRAGMENT = 7
_COMMENT = b": keep-alive\n\n"
_COMMENT_S = 0.2
_FOREVER_S = 3600.0
_LINGER_S = 0.02
"""Between the last byte and a reset, so that what was sent arrives."""
_encode = msgspec.json.Encoder().encode
_MARK = MARK.encode()


class Beat(msgspec.Struct, frozen=True):
    """Bytes and when they go out, in seconds from the request; `tokens` have been sent with them, in all."""

    at: float
    data: bytes
    tokens: int = 0


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """All that a connection does for one request."""

    beats: tuple[Beat, ...]
    ending: Ending = "keep"
    end_at: float = 0.0
    status: int = 200
    tokens: int = 0
    prompt_tokens: int = 0


class Pace(msgspec.Struct, frozen=True):
    """How fast tokens come, in seconds."""

    first_byte: float = 0.0
    token: float = 0.0


def script(style: Style, reply: Reply, pace: Pace, fault: Fault | None, number: bytes = _MARK) -> Script:
    """The reply in time, with `number` as its own; without it the script can be `numbered` for many requests."""
    name = fault.name if fault else ""
    argument = fault.argument if fault else None
    match name:
        case "silent":
            return Script(beats=(), ending="hold", status=0)
        case "hang-up":
            return Script(beats=(), ending="close", status=0)
        case "reset":
            return Script(beats=(), ending="reset", status=0)
        case "slow-first-byte" | "slow-first-token":
            pace = Pace(argument if argument is not None else _SLOW_S, pace.token)
        case _:
            pass
    if reply.chunks is None:
        beats = _whole(reply, pace, name, number)
        total = beats[-1].at
    else:
        beats, total = _stream(style, reply, pace, fault, number)
    ending: Ending = "keep"
    if name in ("cut", "reset-midway"):
        ending = "close" if name == "cut" else "reset"
    elif name == "stall":
        beats, ending = _stalled(beats, argument)
    elif name == "nagle":
        beats = _halved(beats)
    elif name == "fragments":
        beats = _fragments(beats, int(argument or _FRAGMENT))
    last = max(total, beats[-1].at if beats else 0.0)
    return Script(
        beats=tuple(beats),
        ending=ending,
        end_at=last + (_LINGER_S if ending != "keep" else 0.0),
        status=reply.status,
        tokens=beats[-1].tokens if beats and reply.chunks is not None else reply.tokens,
        prompt_tokens=reply.prompt_tokens,
    )


# Whole bodies.


def _whole(reply: Reply, pace: Pace, name: str, number: bytes) -> list[Beat]:
    body = reply.body if isinstance(reply.body, bytes) else _encode(reply.body)
    body = body.replace(_MARK, number)
    at = pace.first_byte + pace.token * reply.tokens
    match name:
        case "malformed-json":
            body = body[: len(body) * 2 // 3]
        case "bad-utf8":
            body = _soiled(body)
        case "huge-line":
            body = body[:-1] + b',"padding":"' + b"x" * _HUGE + b'"}'
        case _:
            pass
    head = _head(reply, len(body), number)
    if name in ("cut", "reset-midway", "cut-clean"):
        kept = body[: len(body) // 2]
        # A body that ends early and properly says so in its length.
        return [Beat(at, (_head(reply, len(kept), number) if name == "cut-clean" else head) + kept)]
    if name == "stall":
        return [Beat(at, head + body[: len(body) // 2]), Beat(at, body[len(body) // 2 :], reply.tokens)]
    return [Beat(at, head + body, reply.tokens)]


# Streams.


def _stream(style: Style, reply: Reply, pace: Pace, fault: Fault | None, number: bytes) -> tuple[list[Beat], float]:
    name, argument = (fault.name, fault.argument) if fault else ("", None)
    head = _head(reply, None, number)
    if name == "comments-forever":
        every = argument or _COMMENT_S
        times = range(round(_FOREVER_S / every))
        return [Beat(0.0, head), *(Beat(at * every, _chunked(_COMMENT)) for at in times)], _FOREVER_S
    chunks = list(reply.chunks or ())
    if name in ("cut", "reset-midway", "cut-clean"):
        chunks = half(chunks)
    frames = [(_frame(chunk.body).replace(_MARK, number), chunk.tokens) for chunk in chunks]
    middle = len(half(chunks))
    match name:
        case "malformed-json" if middle < len(frames):
            data, tokens = frames[middle]
            frames[middle] = (data[: len(data) * 2 // 3] + b"\n\n", tokens)
        case "bad-utf8":
            frames = [(_soiled(data) if at == middle else data, tokens) for at, (data, tokens) in enumerate(frames)]
        case "huge-line":
            frames.insert(middle, (_huge(int(argument or _HUGE)), 0))
        case "crlf":
            frames = [(data.replace(b"\n", b"\r\n"), tokens) for data, tokens in frames]
        case "glued":
            frames = [(data.replace(b"\n\n", b"\n"), tokens) for data, tokens in frames]
        case _:
            pass
    beats: list[Beat] = []
    start = pace.first_byte
    if name != "slow-first-byte" and (style.comment or name == "slow-first-token"):
        beats += _waiting(style, start, always=name == "slow-first-token")
    said = 0
    at = start
    for data, tokens in frames:
        if tokens and said:
            at = start + pace.token * said
        said += tokens
        if data:
            beats.append(Beat(at, _chunked(data), said))
    if name not in ("cut", "reset-midway"):
        beats.append(Beat(at, b"0\r\n\r\n", said))
    first = beats[0] if beats else Beat(start, b"")
    beats[:1] = [Beat(first.at, head + first.data, first.tokens)]
    return (beats if name in ("nagle", "fragments", "stall") else _merged(beats)), at


def _waiting(style: Style, start: float, *, always: bool) -> list[Beat]:
    """Keep-alive comments until the first token."""
    every = _COMMENT_S if always and not style.comment else style.comment_every_s
    comment = _chunked(style.comment or _COMMENT)
    first = 0.0 if always else every
    count = int((start - first) / every) + 1 if start > first else 0
    return [Beat(first + at * every, comment) for at in range(count)]


def _merged(beats: list[Beat]) -> list[Beat]:
    """Bytes of one moment in one piece, as a fast server's socket would have them."""
    out: list[Beat] = []
    run: list[bytes] = []
    for at, beat in enumerate(beats):
        run.append(beat.data)
        if at + 1 == len(beats) or beats[at + 1].at != beat.at:
            out.append(Beat(beat.at, b"".join(run), beat.tokens))
            run = []
    return out


def _stalled(beats: list[Beat], pause: float | None) -> tuple[list[Beat], Ending]:
    middle = max(1, len(beats) // 2)
    if pause is None:
        return beats[:middle], "hold"
    return [*beats[:middle], *(Beat(beat.at + pause, beat.data, beat.tokens) for beat in beats[middle:])], "keep"


def _halved(beats: list[Beat]) -> list[Beat]:
    out: list[Beat] = []
    late = 0.0
    for beat in beats:
        middle = max(1, len(beat.data) // 2)
        out.append(Beat(beat.at + late, beat.data[:middle], out[-1].tokens if out else 0))
        late += _NAGLE_S
        out.append(Beat(beat.at + late, beat.data[middle:], beat.tokens))
    return out


def _fragments(beats: list[Beat], size: int) -> list[Beat]:
    out: list[Beat] = []
    for beat in beats:
        cuts = range(0, len(beat.data), size)
        # A millisecond apart, so that they do not meet again in the socket.
        start = max(beat.at, out[-1].at + 0.001 if out else 0.0)
        out += [Beat(start + 0.001 * at, beat.data[cut : cut + size], beat.tokens) for at, cut in enumerate(cuts)]
    return out


# Bytes.


def _frame(body: object) -> bytes:
    return body if isinstance(body, bytes) else b"data: " + _encode(body) + b"\n\n"


def _chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _soiled(data: bytes) -> bytes:
    for field in (b'"content":"', b'"reasoning_content":"', b'"reasoning":"', b'"text":"', b'"arguments":"'):
        if (at := data.find(field)) >= 0 and data[at + len(field) : at + len(field) + 1] != b'"':
            place = at + len(field)
            return data[:place] + b"\xc3\x28\xff" + data[place:]
    return data.replace(b'"model":"', b'"model":"\xff', 1)


def _huge(size: int) -> bytes:
    return b'data: {"choices":[],"padding":"' + b"x" * size + b'"}\n\n'


def _head(reply: Reply, length: int | None, number: bytes) -> bytes:
    media = "text/event-stream; charset=utf-8" if reply.media == SSE else reply.media
    lines = [
        f"HTTP/1.1 {reply.status} {title(reply.status) if reply.status != 200 else 'OK'}",
        f"Content-Type: {media}",
    ]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1").replace(_MARK, number)


def numbered(script: Script, number: bytes) -> Script:
    """The script with a reply's own number in it. Costs no more than the bytes."""
    beats = tuple(Beat(beat.at, beat.data.replace(_MARK, number), beat.tokens) for beat in script.beats)
    return msgspec.structs.replace(script, beats=beats)
