"""What a request looks like, as named numbers. Knows its text and what else it asks for; nothing of weights or models.

Only the beginning and the end of a long text are looked at, so that the time for a request is bounded whatever its length.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from nemoserve.reasoning.complexity_words import GROUP_OF
from nemoserve.types.chat import ChatRequest

_MOST = 600
"""Characters that are looked at, at either end."""
_MOST_WORDS = 200
_WORD = re.compile(r"[^\W\d_]+(?:['’+\-][^\W\d_]+)*\+*|[\u3400-\u9fff\u3040-\u30ff]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_OPERATOR = re.compile(r"(?<=[\w)\]])\s*[+*/×÷^=−<>]\s*(?=[\w(\[\-])|(?<=\d)\s*-\s*(?=\d)")
_QUOTED = re.compile(r"[\"'“‘«`]([^\"'”’»`\n]{1,40})[\"'”’»`]")
_CODE = re.compile(
    r"```|[;{}]\s*\n|\b(?:def|return|import|const|class|func|public|SELECT|FROM)\b.*[(:{;,*]|=>|->|\w\(\w*\)|::"
)
_MATHS = re.compile(r"[∫∑√≤≥≠∞∀∃∈π°]|\\[a-z]+\{|\b[a-z]\s?\^\s?\{?\w|\b[a-z]\([a-z0-9]\)|[a-z]''?")
_LIST_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")


def features(request: ChatRequest) -> dict[str, float]:
    """The request's features by their names; what is absent is 0. A word's own feature is its text in quotes."""
    messages = request.messages
    last = messages[-1]
    asked = next((m.text for m in reversed(messages) if m.role == "user"), last.text)
    text = asked if len(asked) <= 2 * _MOST else f"{asked[:_MOST]}\n{asked[-_MOST:]}"
    words = [word.lower() for _, word in zip(range(_MOST_WORDS), _words(text), strict=False)]
    found: dict[str, float] = {
        "length": math.log2(1 + len(asked)) / 4,
        "words": math.log2(1 + len(words)) / 4,
        "history": math.log2(1 + sum(m.role in ("user", "assistant") for m in messages[:-1])),
        "length of the history": math.log2(1 + sum(len(m.text) for m in messages[:-1])) / 8,
    }
    _numbers(text, found)
    _shape(text, found)
    _surroundings(request, found)
    before = "^"
    for at, word in enumerate(words):
        for group in GROUP_OF.get(word, ()):
            found[group] = found.get(group, 0) + 1
        found[f"“{word}”"] = 1.0
        found[f"“{before} {word}”"] = 1.0
        if at < 3:
            found["question words first"] = max(found.get("question words first", 0.0), float(word in _ASKING))
        before = word
    for name in _GROUPS & found.keys():
        found[name] = math.log2(1 + found[name])
    return found


_GROUPS = frozenset(group for groups in GROUP_OF.values() for group in groups)
_ASKING = frozenset({
    "what", "who", "when", "where", "which", "how", "why", "is", "are", "does", "do", "can", "wie", "was", "wer", "wo", "wann",
    "warum", "quel", "quelle", "que", "qué", "quién",
})  # fmt: skip


def _words(text: str) -> Iterator[str]:
    return (match.group() for match in _WORD.finditer(text))


def _numbers(text: str, found: dict[str, float]) -> None:
    numbers = [match.group() for match in _NUMBER.finditer(text)]
    if not numbers:
        return
    digits = [sum(character.isdigit() for character in number) for number in numbers]
    found["numbers"] = math.log2(1 + len(numbers))
    found["digits of the largest number"] = float(min(12, max(digits)))
    found["digits of the second number"] = float(min(12, sorted(digits)[-2])) if len(digits) > 1 else 0.0
    found["digits"] = math.log2(1 + sum(digits))
    found["only small numbers"] = float(max(digits) == 1)
    found["decimals"] = float(any("." in n or "," in n for n in numbers))
    found["share of digits"] = min(1.0, 4 * sum(digits) / (1 + len(text)))


def _shape(text: str, found: dict[str, float]) -> None:
    found["lines"] = math.log2(1 + text.count("\n"))
    found["sentences"] = math.log2(1 + sum(text.count(mark) for mark in (". ", "? ", "! ", ".\n", "。", "？")))
    found["questions"] = math.log2(1 + text.count("?") + text.count("？"))
    found["commas"] = math.log2(1 + text.count(",") + text.count("，") + text.count(";"))
    found["operators"] = math.log2(1 + len(_OPERATOR.findall(text)))
    found["brackets"] = math.log2(1 + text.count("(") + text.count("["))
    found["colons"] = math.log2(1 + text.count(":"))
    found["code"] = math.log2(1 + len(_CODE.findall(text)))
    found["formulas"] = math.log2(1 + len(_MATHS.findall(text)))
    found["listed items"] = math.log2(1 + len(_LIST_ITEM.findall(text)))
    found["table"] = math.log2(1 + text.count("|"))
    found["names in capitals"] = math.log2(1 + len(_CAPITALS.findall(text)))
    quoted = [match.group(1) for match in _QUOTED.finditer(text)]
    if quoted:
        found["quotations"] = math.log2(1 + len(quoted))
        found["length of the longest quotation"] = math.log2(1 + max(map(len, quoted)))
    long = max((len(word) for word in text.split()), default=0)
    found["longest word"] = min(long, 24) / 8


def _surroundings(request: ChatRequest, found: dict[str, float]) -> None:
    """What the request has besides the text that is asked."""
    messages = request.messages
    found["tools"] = math.log2(1 + len(request.tools))
    found["after a tool's result"] = float(messages[-1].role == "tool")
    found["rounds of tools"] = math.log2(1 + sum(bool(m.tool_calls) for m in messages))
    found["instructions"] = math.log2(1 + sum(len(m.text) for m in messages if m.role == "system")) / 8
    found["an output format"] = float(request.output is not None)
