"""One choice's tool calls as events: ids, positions, which are passed on, what is wrong with them. Knows no markup, no wire."""

from __future__ import annotations

from nemoserve.parsing.calls import CallArguments, CallEnd, CallPart, CallStart
from nemoserve.parsing.tool_schemas import ToolSchemas, check_arguments, malformed
from nemoserve.types.chat import Notice, ToolCall
from nemoserve.types.events import ToolCallDelta, ToolCallStart


class CallEvents:
    """Takes the parts of calls in order. `several` is False where only the first call is wanted."""

    def __init__(self, index: int, id_prefix: str, schemas: ToolSchemas, *, several: bool) -> None:
        self._index = index
        self._id_prefix = id_prefix
        self._schemas = schemas
        self._several = several
        self._current: ToolCallStart | None = None
        self._arguments: list[str] = []
        self._dropped = 0
        self._notices: list[Notice] = []
        self.begun = 0
        """Calls passed on."""

    def read(self, part: CallPart) -> list[ToolCallStart | ToolCallDelta]:
        """The events that a part makes."""
        match part:
            case CallStart():
                if self.begun and not self._several:
                    self._dropped += 1
                    return []
                call_id = f"{self._id_prefix}{self._index}_{self.begun}"
                self._current = ToolCallStart(self._index, self.begun, call_id, part.name)
                self._arguments = []
                self.begun += 1
                return [self._current]
            case CallArguments():
                if self._current is None or not part.text:
                    return []
                self._arguments.append(part.text)
                return [ToolCallDelta(self._index, self._current.position, part.text)]
            case CallEnd():
                if self._current is not None:
                    self._check(self._current, whole=part.whole)
                self._current = None
                return []

    def notices(self) -> tuple[Notice, ...]:
        """What was wrong with the calls so far."""
        if not self._dropped:
            return tuple(self._notices)
        text = f"parallel_tool_calls is false: {self._dropped} of the model's calls after the first were left out."
        return (*self._notices, Notice("dropped_tool_calls", text, "parallel_tool_calls"))

    def _check(self, start: ToolCallStart, *, whole: bool) -> None:
        call = ToolCall(start.id, start.name, "".join(self._arguments))
        notice = check_arguments(self._schemas, call) if whole else malformed(call.name)
        if notice is not None:
            self._notices.append(notice)
