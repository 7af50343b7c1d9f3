"""The messages between the gateway and an engine process. Knows token ids and counts; no text, no tensors, no torch.

Both ends speak length-prefixed MessagePack over a local socket: four bytes (big endian) of length, then one message.
The gateway sends `ToEngine`, the engine sends `FromEngine`; every message is a tagged struct, so one decoder reads each direction.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec

MAX_FRAME_BYTES = 64 << 20
_LENGTH = struct.Struct(">I")


class Thinking(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a sequence's thinking ends, and when it is made to end. Counts are of the reply's tokens inside the thinking."""

    opened: bool = True
    """The prompt has opened the think block; False: it begins if the reply opens it."""
    opener: bytes = b"<think>"
    closer: bytes = b"</think>"
    budget: int | None = None
    """After so many tokens of thinking the end is due: at the next newline, or when `grace` more have come. 0: at once."""
    grace: int = 0
    minimum: int = 0
    """Neither the closing marker nor a stop token can be sampled before so many tokens, unless the end is due."""
    end: tuple[int, ...] = ()
    """The tokens that are then put in place of sampled ones; they contain the closing marker.

    Needed with a budget, and for `EndThinking` to have an effect.
    """


class Sampling(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one sequence is sampled. Ranges are validated at the edge; the engine trusts them."""

    max_tokens: int
    temperature: float = 1.0
    """0 is greedy."""
    top_p: float = 1.0
    top_k: int = 0
    """0 is off."""
    min_p: float = 0.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    logit_bias: dict[int, float] = {}
    seed: int | None = None
    """With a seed the tokens depend on the request alone, never on what else is in the batch."""
    logprobs: int | None = None
    """None: none wanted; k: the chosen token's log probability and those of the k most likely ones."""
    prompt_logprobs: int | None = None
    """The same for the prompt's tokens (the first has none)."""
    stop_token_ids: tuple[int, ...] = ()
    """Generation ends after one of these; the stop token is counted but not part of the text."""
    ignore_eos: bool = False
    """True: stop_token_ids are ignored and cannot end the generation."""
    thinking: Thinking | None = None
    """None: the reply does not think, or nobody limits it and there is no grammar that would have to wait for its end."""
    grammar: str | None = None
    """What the reply must look like once its thinking has ended, in llguidance's own JSON form."""


class TokenLogprob(msgspec.Struct, frozen=True, array_like=True):
    token: int
    logprob: float
    """Natural log of the model's probability after penalties and bias; temperature, truncation, grammars have no part in it."""
    top: list[tuple[int, float]]
    """The most likely tokens with their log probabilities, best first."""


Wanted = Literal["each token", "a stream", "the whole"]
"""What is read of a reply: each token as soon as it is there, as it may end the reply; what a reader sees growing; or its end alone."""


class Submit(msgspec.Struct, frozen=True, tag="submit"):
    id: str
    prompt: list[int]
    sampling: Sampling
    stem: int = 0
    """So many tokens the prompt of the next turn is likely to begin with as well; 0: nothing is known of that."""
    keep_reply: bool = False
    """The prompt of the next turn is likely to have this reply in it, token by token."""
    wanted: Wanted = "each token"


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Unknown or finished ids are ignored. A cancelled sequence is answered by `Finished(reason="cancelled")`."""

    id: str


class EndThinking(msgspec.Struct, frozen=True, tag="end_thinking"):
    """The sequence's thinking is to end at the next newline, as if its budget were used up. Else ignored."""

    id: str


class Shutdown(msgspec.Struct, frozen=True, tag="shutdown"):
    pass


ToEngine = Submit | Cancel | EndThinking | Shutdown


class Loading(msgspec.Struct, frozen=True, tag="loading"):
    """Progress while weights are read."""

    done_bytes: int
    total_bytes: int


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The model is loaded and requests are served."""

    context_length: int
    vocab_size: int
    parameters: int
    dtype: str
    device: str
    max_sequences: int
    kv_tokens: int
    """Tokens of prompt and reply that fit into the KV cache, over all sequences."""
    prefix_bytes: int = 0
    """For prompts that were read before."""
    max_waiting: int = 0
    """Sequences that may wait for others to end."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The engine cannot start; one clear sentence that names the file or tensor at fault. The process ends after it."""

    message: str


class Tokens(msgspec.Struct, frozen=True, tag="tokens"):
    """New tokens of a sequence, in order. The first message says how much of the prompt was known from an earlier request, and may
    carry the prompt's log probabilities."""

    id: str
    tokens: list[int]
    logprobs: list[TokenLogprob] | None = None
    prompt_logprobs: list[TokenLogprob | None] | None = None
    cached_tokens: int = 0


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """The last message of every submitted id that was not rejected."""

    id: str
    reason: Literal["stop", "length", "cancelled", "error"]
    prompt_tokens: int
    completion_tokens: int
    """Tokens sampled, the stop token included."""
    stop_token: int | None = None
    message: str = ""
    """What went wrong, for reason "error"."""
    queue_s: float = 0.0
    prefill_s: float = 0.0
    decode_s: float = 0.0
    thinking_cut: bool = False
    """The thinking was ended at its budget."""


class Rejected(msgspec.Struct, frozen=True, tag="rejected"):
    """The request was not taken. `overloaded`: the waiting queue is full, try again; `too_long`: it can never fit."""

    id: str
    code: Literal["overloaded", "too_long", "invalid"]
    message: str
    retry_after_s: float | None = None


class Status(msgspec.Struct, frozen=True, tag="status"):
    """Sent about once a second while there is work, for metrics and Retry-After."""

    running: int
    waiting: int
    kv_tokens_reserved: int
    decode_tokens_per_s: float


FromEngine = Loading | Ready | Failed | Tokens | Finished | Rejected | Status

_encoder = msgspec.msgpack.Encoder()
_to_engine = msgspec.msgpack.Decoder(ToEngine)
_from_engine = msgspec.msgpack.Decoder(FromEngine)


def frame(message: ToEngine | FromEngine) -> bytes:
    """One message as it goes over the socket."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts a byte stream into message bodies, fed in pieces of any size."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies completed by `data`. Raises ValueError on a frame longer than `MAX_FRAME_BYTES`."""
        buffer = self._buffer
        buffer += data
        bodies: list[bytes] = []
        while len(buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer)
            if length > MAX_FRAME_BYTES:
                raise ValueError(f"engine frame of {length} bytes exceeds {MAX_FRAME_BYTES}")
            end = _LENGTH.size + length
            if len(buffer) < end:
                break
            bodies.append(bytes(buffer[_LENGTH.size : end]))
            del buffer[:end]
        return bodies


def decode_to_engine(body: bytes) -> ToEngine:
    """Raises msgspec.DecodeError on a malformed body."""
    return _to_engine.decode(body)


def decode_from_engine(body: bytes) -> FromEngine:
    """Raises msgspec.DecodeError on a malformed body."""
    return _from_engine.decode(body)
