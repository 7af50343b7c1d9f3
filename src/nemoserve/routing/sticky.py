"""Where each session's prompt is cached, for each of its models. Knows sessions' names and endpoints' keys; forgets the oldest beyond a bound."""

from __future__ import annotations

from collections import OrderedDict

Key = tuple[str, str, str]
_MOST_SESSIONS = 20_000


class Sticky:
    """The endpoint that last served each session. Times are seconds on a clock that does not go back."""

    def __init__(self, lasts_s: float) -> None:
        """A session is forgotten `lasts_s` after its last request; 0 remembers none."""
        self._lasts_s = lasts_s
        self._sessions: OrderedDict[tuple[str, str], tuple[Key, float]] = OrderedDict()

    def served(self, session: str, key: Key, now: float) -> None:
        """The endpoint has answered a request of the session."""
        if not self._lasts_s:
            return
        place = session, key[0].lower()
        self._sessions[place] = key, now
        self._sessions.move_to_end(place)
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)

    def find(self, session: str, model: str, now: float) -> Key | None:
        """Where the session's last request to this model went, if that is not too long ago; `model` is in small letters."""
        key, at = self._sessions.get((session, model), (None, 0.0))
        return key if key is not None and now - at <= self._lasts_s else None
