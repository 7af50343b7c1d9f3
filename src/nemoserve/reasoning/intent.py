"""One intent from every spelling of think, don't, this much. Knows the request's fields; no templates, no text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar, cast, get_args

import msgspec

from nemoserve.reasoning.spellings import SPELLINGS, Spelling
from nemoserve.types.chat import Notice
from nemoserve.types.errors import ApiError, invalid
from nemoserve.types.families import FAMILIES
from nemoserve.types.reasoning import Effort, ReasoningIntent

T = TypeVar("T")

LONGEST_TRANSITION = 200
AUTO = "auto"
_MOST_TOKENS = 1 << 31
_EFFORTS = get_args(Effort)
# Objects of which every key is for thinking, or is not honoured at all.
_OWN_OBJECTS = ("reasoning", "thinking", "nvext", "custom_params")
_MOST_NAMED = 8


class _Said(msgspec.Struct):
    """What the fields say, each thing with the name of the field that says it."""

    switches: list[tuple[str, bool]] = []
    efforts: list[tuple[str, Effort]] = []
    hints: list[tuple[str, Effort]] = []
    budgets: list[tuple[str, int | None]] = []
    """Numbers that ask for thinking."""
    caps: list[tuple[str, int | None]] = []
    """Numbers that limit thinking if there is any; None is an explicit "no limit"."""
    least: list[tuple[str, int]] = []
    hidden: list[tuple[str, bool]] = []
    reserve: int | None = None
    transition: str | None = None
    auto: bool = False
    steps: bool = False
    notices: list[Notice] = []


def read_intent(
    fields: Mapping[str, object], *, elsewhere: tuple[str, ...] = ()
) -> tuple[ReasoningIntent, list[Notice]]:
    """The intent, and what of it is not honoured or means something else than it seems to.

    `fields` maps the body's fields that `spellings.FIELDS` names to their JSON values; absent ones may be None.
    `elsewhere` are beginnings of paths that another reader honours, such as `nvext.guided_`. Raises ApiError (400)
    naming the field whose value makes no sense, or both fields where two contradict each other.
    """
    said = _Said()
    for spelling in SPELLINGS:
        value = _value(fields, spelling.path)
        if value is not None:
            _read(spelling, value, said)
    effort, budget, least = _agreed(said)
    intent = ReasoningIntent(
        enabled=said.switches[0][1] if said.switches else None,
        exclude=said.hidden[0][1] if said.hidden else False,
        effort=effort,
        max_tokens=budget,
        min_tokens=least,
        answer_reserve=said.reserve,
        transition=said.transition,
        auto=said.auto,
        steps=said.steps,
    )
    return intent, [*said.notices, *_unknown(fields, elsewhere)]


def _value(fields: Mapping[str, object], path: str) -> object:
    name, _, key = path.partition(".")
    value = fields.get(name)
    if not key:
        # An object is read key by key.
        return None if name in _OWN_OBJECTS and isinstance(value, Mapping) else cast("object", value)
    if value is None or (name == "reasoning" and value == AUTO):
        return None
    if not isinstance(value, Mapping):
        raise _expected(name, "an object", value)
    return cast("Mapping[str, object]", value).get(key)


def _read(spelling: Spelling, value: object, said: _Said) -> None:
    name = spelling.path
    if spelling.auto and value == AUTO:
        said.auto = True
        return
    match spelling.kind:
        case "auto":
            if value != AUTO:
                raise _expected(name, f'an object or "{AUTO}"', value)
            said.auto = True
        case "switch":
            said.switches.append((name, _boolean(name, value)))
        case "type":
            said.switches.append((name, _word(name, value, ("enabled", "disabled", "adaptive")) != "disabled"))
        case "effort":
            word = _word(name, value, ("none", *_EFFORTS))
            said.switches.append((name, word != "none"))
            if word != "none":
                said.efforts.append((name, cast("Effort", word)))
        case "hint":
            if _boolean(name, value):
                said.hints.append((name, spelling.stands_for))
        case "budget":
            said.budgets.append((name, _budget(spelling, value, said)))
            said.switches.append((name, True))
        case "cap":
            said.caps.append((name, _budget(spelling, value, said)))
        case "least":
            said.least.append((name, _tokens(name, value, 0)))
        case "hide" | "show":
            said.hidden.append((name, _boolean(name, value) is (spelling.kind == "hide")))
        case "display":
            said.hidden.append((name, _word(name, value, ("summarized", "omitted")) == "omitted"))
        case "reserve":
            said.reserve = _tokens(name, value, 0)
        case "transition":
            said.transition = _transition(name, value)
        case "steps":
            said.steps = _boolean(name, value)


def _budget(spelling: Spelling, value: object, said: _Said) -> int | None:
    """A number of tokens, or None where the value sets no limit or only switches off."""
    name = spelling.path
    refused = spelling.zero == "refused"
    if spelling.minus_one and value == -1 and not isinstance(value, bool):
        return None
    if refused and value == 0 and not isinstance(value, bool):
        raise invalid(name, "expected at least 1, got 0; to switch thinking off use reasoning.enabled: false")
    tokens = _tokens(name, value, 1 if refused else 0, minus_one=spelling.minus_one)
    if tokens or spelling.zero == "at_once":
        return tokens
    if spelling.zero == "off":
        said.switches.append((name, False))
    else:
        text = f"{name}: 0 sets no limit, as NVIDIA reads it; to switch thinking off use reasoning.enabled: false."
        said.notices.append(Notice("adjusted_parameter", text, name))
    return None


def _agreed(said: _Said) -> tuple[Effort | None, int | None, int]:
    """Effort, budget and least number of tokens, once nothing contradicts anything."""
    on = [*said.switches, *((name, True) for name, tokens in (*said.caps, *said.least) if tokens)]
    for name, value in on[1:]:
        first, wanted = on[0]
        if value != wanted:
            yes, no = (first, name) if wanted else (name, first)
            raise invalid(f"{first} and {name}", f"they contradict each other: {yes} wants thinking, {no} does not")
    _same(said.hidden, "returned", "hidden")
    effort = _same(said.efforts) or _same(said.hints)
    numbers = [*said.budgets, *said.caps]
    budget = _same(numbers)
    if said.efforts and said.budgets:
        raise invalid(f"{said.efforts[0][0]} and {said.budgets[0][0]}", "give a level or a number of tokens, not both")
    least = _same(said.least) or 0
    if budget is not None and least > budget:
        raise invalid(
            f"{said.least[0][0]} and {numbers[0][0]}",
            f"they contradict each other: at least {least} and at most {budget} tokens of thinking",
        )
    return effort, budget, least


def _same(given: Sequence[tuple[str, T]], no: str = "", yes: str = "") -> T | None:
    """The one value that all fields give. Raises ApiError (400) naming two that differ."""
    for name, value in given[1:]:
        first, wanted = given[0]
        if value != wanted:
            words = {False: no, True: yes} if no else {}
            pair = " and ".join(
                words.get(cast("bool", v), "no limit" if v is None else str(v)) for v in (wanted, value)
            )
            raise invalid(f"{first} and {name}", f"they contradict each other: {pair}")
    return given[0][1] if given else None


def _boolean(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _expected(name, "true or false", value)
    return value


def _word(name: str, value: object, words: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in words:
        raise _expected(name, f"{', '.join(words[:-1])} or {words[-1]}", value)
    return value


def _tokens(name: str, value: object, least: int, *, minus_one: bool = False) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST_TOKENS:
        also = ", or -1 for no limit" if minus_one else ""
        raise _expected(name, f"a whole number of tokens, at least {least} and at most {_MOST_TOKENS}{also}", value)
    return value


def _transition(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TRANSITION:
        raise _expected(name, f"a string of at most {LONGEST_TRANSITION} characters", value)
    for closer in {family.closer for family in FAMILIES}:
        if closer in value:
            raise invalid(name, f"it may not contain {closer}, which is put after it")
    return value


def _expected(name: str, what: str, value: object) -> ApiError:
    if isinstance(value, (Mapping, list)):
        got = "an object" if isinstance(value, Mapping) else "an array"
    else:
        got = str(value).lower() if isinstance(value, bool) else f"{value!r:.40}"
    return invalid(name, f"expected {what}, got {got}")


def _unknown(fields: Mapping[str, object], elsewhere: tuple[str, ...]) -> list[Notice]:
    """A notice for each object with keys that are not honoured, naming them."""
    known = {spelling.path for spelling in SPELLINGS}
    notices: list[Notice] = []
    for name in _OWN_OBJECTS:
        if not isinstance(fields.get(name), Mapping):
            continue
        entries = cast("Mapping[str, object]", fields[name])
        keys = [f"{name}.{key[:60]}" for key, value in entries.items() if value is not None]
        dropped = [key for key in keys if key not in known and not key.startswith(elsewhere)][:_MOST_NAMED]
        if dropped:
            names = ", ".join(dropped)
            verb = "was dropped: it is" if len(dropped) == 1 else "were dropped: they are"
            notices.append(Notice("dropped_parameter", f"{names} {verb} not supported here.", names))
    return notices
