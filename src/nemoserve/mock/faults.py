"""The faults by name, what each does, and when one strikes. Knows no bytes; `spoil` and `timeline` carry them out."""

from __future__ import annotations

import random
from typing import Literal, get_args

import msgspec

Quirk = Literal["raw-tags", "orphan-tag", "answer-as-reasoning", "call-in-think"]
"""Ways in which real providers put the text in the wrong place."""

QUIRKS = frozenset(get_args(Quirk))

FAULTS: dict[str, str] = {
    # Before an answer.
    "slow-first-byte": "no byte for 3 s (:SECONDS), then the answer",
    "slow-first-token": "the head and keep-alive comments for 3 s (:SECONDS), then the answer",
    "silent": "the request is taken and never answered",
    "hang-up": "the connection is closed without a byte",
    "reset": "the connection is reset (RST) without a byte",
    # Refusals: any status works, such as 418; `:SECONDS` adds a Retry-After.
    "400": "refused, as are 401, 402, 403, 404, 408, 500, 502, 503 … with the provider's own error body",
    "429": "too many requests, Retry-After 1 (:SECONDS)",
    "429-bare": "too many requests without Retry-After",
    "429-date": "too many requests, Retry-After as an HTTP date in 2 s (:SECONDS)",
    "context-length": "400: the prompt is too long, in the provider's words",
    "error-200": "status 200 with the error body of a 500",
    # In the middle.
    "stall": "half of the answer, then silence on an open connection (:SECONDS, then the rest)",
    "cut": "half of the answer, then the connection is closed (FIN)",
    "cut-clean": "half of the answer, then a proper end of the HTTP body: no finish, no [DONE]",
    "reset-midway": "half of the answer, then the connection is reset (RST)",
    "error-finish": "half of the stream, then a chunk with `error` and finish_reason error; the end",
    "error-usage": "half of the stream, then a chunk with `error`, usage and no finish_reason; [DONE]",
    "error-empty": "half of the stream, then a chunk with `error` and no choices; the end",
    "error-only": "half of the stream, then an event that is only an `error` object; [DONE]",
    "error-event": "half of the stream, then `event: error` with its data; the end",
    "malformed-json": "one event, or the body, is not JSON",
    "wrong-content-type": "the right answer, labelled text/html",
    "html": "status 200 with a web page, as from a proxy in between",
    "duplicate-finish": "the chunk with the finish_reason comes twice, [DONE] too",
    "no-finish": "no finish_reason anywhere",
    "no-done": "the stream ends properly but without [DONE]",
    "no-usage": "no usage, even where it was asked for",
    "no-content": "no token at all, and finish_reason stop",
    "comments-only": "a stream of 5 comments (:COUNT) that ends",
    "comments-forever": "a comment every 0.2 s (:SECONDS) and nothing else",
    "empty-body": "status 200 and no body",
    "huge-line": "one event of 2 MiB (:BYTES)",
    "bad-utf8": "bytes that are not UTF-8 within the text",
    "nagle": "every event in two halves, 40 ms apart, as without TCP_NODELAY",
    "fragments": "the body in pieces of 7 bytes (:BYTES), cut anywhere",
    "crlf": "events with CRLF line ends",
    "glued": "events without the empty line between them",
    "length": "cut short: finish_reason length after half of the tokens",
    "content-filter": "finish_reason content_filter after half of the tokens",
    "abort": "finish_reason abort after half of the tokens",
    # Text in the wrong place.
    "raw-tags": "thinking in the content, between <think> and </think>",
    "orphan-tag": "thinking in the content with only the closing tag",
    "answer-as-reasoning": "the answer in the reasoning field, the content empty",
    "call-in-think": "a tool call as text within thinking that never ends",
    "zero-reasoning-tokens": "usage says 0 reasoning tokens",
}
"""Every fault, and what it does. In brackets: the argument that it takes after a colon."""


class UnknownFault(ValueError):
    """No fault has this name; the message says which ones there are."""


class Fault(msgspec.Struct, frozen=True):
    """A fault with its argument."""

    name: str
    argument: float | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status of a refusal."""
        head = self.name.partition("-")[0]
        return int(head) if head.isdigit() else None


def parse_fault(text: str) -> Fault:
    """A fault as it is typed: `name` or `name:argument`. Raises UnknownFault."""
    name, _, argument = text.strip().partition(":")
    known = name in FAULTS or (name.isdigit() and 400 <= int(name) <= 599)
    if not known:
        raise UnknownFault(f"There is no fault {name!r}. There are: {', '.join(FAULTS)}.")
    try:
        return Fault(name, float(argument) if argument else None)
    except ValueError:
        raise UnknownFault(f"{text!r}: what follows the colon must be a number.") from None


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a fault strikes; what is not given holds for all requests."""

    fault: str
    share: float = 1.0
    """Of the requests that match, by chance."""
    times: int | None = None
    """It strikes so often, then no more."""
    model: str | None = None
    key: str | None = None
    """The bearer token of the request."""
    stream: bool | None = None


class Weather:
    """Which fault, if any, a request meets: the first of the rules that strikes."""

    def __init__(self, rules: list[Rule], seed: int) -> None:
        self._random = random.Random(seed)
        self.replace(rules)

    def replace(self, rules: list[Rule]) -> None:
        """From now on, these. Raises UnknownFault and changes nothing."""
        self._faults = [parse_fault(rule.fault) for rule in rules]
        self._left = [rule.times for rule in rules]
        self.rules = rules

    def strike(self, *, model: str, key: str, stream: bool) -> Fault | None:
        """The fault of one request."""
        for at, rule in enumerate(self.rules):
            if (
                (rule.model is not None and rule.model != model)
                or (rule.key is not None and rule.key != key)
                or (rule.stream is not None and rule.stream != stream)
                or self._left[at] == 0
                or (rule.share < 1 and self._random.random() >= rule.share)
            ):
                continue
            left = self._left[at]
            if left is not None:
                self._left[at] = left - 1
            return self._faults[at]
        return None


def mixed(faults: list[str], share: float) -> list[Rule]:
    """Rules by which `share` of all requests meet one of `faults`, each as likely as the others."""
    rules: list[Rule] = []
    spared = 1.0
    for fault in faults:
        # The rules are tried in turn, so that each must take its part of what the ones before it have left.
        part = share / len(faults) / spared
        rules.append(Rule(fault=fault, share=min(1.0, part)))
        spared -= share / len(faults)
    return rules
