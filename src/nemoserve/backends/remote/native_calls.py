"""Tool calls that a provider tells apart itself, whole or in pieces, numbered or not. Pure; knows no markup."""

from __future__ import annotations

import msgspec

from nemoserve.backends.remote.wire import Call
from nemoserve.parsing.tool_schemas import ToolSchemas, check_arguments
from nemoserve.types.chat import Notice, ToolCall
from nemoserve.types.events import ToolCallDelta, ToolCallStart


class _Known:
    """A call that has begun."""

    def __init__(self, position: int, call_id: str, name: str, *, passed: bool) -> None:
        self.position, self.id, self.name, self.passed = position, call_id, name, passed
        self.arguments: list[str] = []
        self.started = False
        """The client knows of it."""

    def start(self, index: int) -> list[ToolCallStart | ToolCallDelta]:
        """The call's beginning and what of it had to wait for its name."""
        self.started = True
        events: list[ToolCallStart | ToolCallDelta] = [ToolCallStart(index, self.position, self.id, self.name)]
        if self.arguments:
            events.append(ToolCallDelta(index, self.position, "".join(self.arguments)))
        return events

    @property
    def complete(self) -> bool:
        """It has a name, and arguments that are JSON."""
        try:
            msgspec.json.decode("".join(self.arguments) or "{}")
        except (msgspec.MsgspecError, RecursionError):
            return False
        return bool(self.name)


class NativeCalls:
    """The calls of one choice. `several` is False where only the first one is wanted."""

    def __init__(self, index: int, id_prefix: str, *, several: bool) -> None:
        self._index = index
        self._id_prefix = id_prefix
        self._several = several
        self._known: dict[int, _Known] = {}
        self._newest: dict[int, int] = {}
        """The last call of each number that several had."""

    @property
    def begun(self) -> int:
        return len(self._known)

    @property
    def complete(self) -> bool:
        """There are some, and none of them broke off."""
        return bool(self._known) and all(call.complete for call in self._known.values())

    def read(self, call: Call, place: int, before: int) -> list[ToolCallStart | ToolCallDelta]:
        """The events of a call, or of a piece of one; `place` counts those of this chunk, `before` calls found elsewhere."""
        function = call.function
        name = (function.name if function is not None else None) or ""
        label, number = call.label, call.number
        at = self._place(label, name, place) if number is None else self._numbered(number, label, name)
        known = self._known.get(at)
        if known is None:
            position = before + len(self._known)
            call_id = label or f"{self._id_prefix}{self._index}_{position}"
            known = self._known[at] = _Known(position, call_id, name, passed=not position or self._several)
        if not known.started and name:
            known.name = name
            if label:
                known.id = label
        arguments = _text(function.arguments) if function is not None else ""
        if arguments:
            known.arguments.append(arguments)
        if not known.passed:
            return []
        if not known.started:
            # Some send the id first, and the name in a later piece.
            return known.start(self._index) if known.name else []
        return [ToolCallDelta(self._index, known.position, arguments)] if arguments else []

    def finish(self, *, cut: bool) -> list[ToolCallStart | ToolCallDelta]:
        """The calls whose names never came, and empty objects for those that have no arguments. `cut`: some might have come yet."""
        events: list[ToolCallStart | ToolCallDelta] = []
        for call in self._known.values():
            if call.passed and not call.started:
                events += call.start(self._index)
            if call.passed and not call.arguments and not cut:
                call.arguments.append("{}")
                events.append(ToolCallDelta(self._index, call.position, "{}"))
        return events

    def notices(self, tools: ToolSchemas) -> list[Notice]:
        """What is wrong with the calls."""
        passed = [call for call in self._known.values() if call.passed]
        checked = (check_arguments(tools, ToolCall(call.id, call.name, "".join(call.arguments))) for call in passed)
        notices = [notice for notice in checked if notice is not None]
        if dropped := len(self._known) - len(passed):
            text = f"parallel_tool_calls is false: {dropped} of the model's calls after the first were left out."
            notices.append(Notice("dropped_tool_calls", text, "parallel_tool_calls"))
        return notices

    def _numbered(self, number: int, label: str, name: str) -> int:
        """Which call a piece with a number belongs to: some number all calls 0, each whole and with an id of its own."""
        at = self._newest.get(number, number)
        known = self._known.get(at)
        if known is not None and name and label and label != known.id and known.arguments and known.complete:
            self._newest[number] = at = -1 - len(self._known)
        return at

    def _place(self, label: str, name: str, place: int) -> int:
        """Which call a piece without a number belongs to: a new id or name begins one."""
        if label:
            same = (at for at, known in self._known.items() if known.id == label)
            return next(same, len(self._known))
        if name or not self._known:
            return len(self._known)
        return place if place in self._known else max(self._known)


def _text(arguments: object) -> str:
    """A call's arguments as the text that they ought to be."""
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()
