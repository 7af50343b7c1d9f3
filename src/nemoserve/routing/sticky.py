"""Where each session's prompt is cached. Knows sessions' names and endpoints' keys; forgets the oldest beyond a bound."""

from __future__ import annotations

from collections import OrderedDict

Key = tuple[str, str, str]
_MOST_SESSIONS = 20_000


class Sticky:
    """The endpoint that last served each session. Times are seconds on a clock that does not go back."""

    def __init__(self, lasts_s: float) -> None:
        """A session is forgotten `lasts_s` after its last request; 0 remembers none."""
        self._lasts_s = lasts_s
        self._sessions: OrderedDict[str, tuple[Key, float]] = OrderedDict()

    def served(self, session: str, key: Key, now: float) -> None:
        """The endpoint has answered a request of the session."""
        if not self._lasts_s:
            return
        self._sessions[session] = key, now
        self._sessions.move_to_end(session)
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)

    def find(self, session: str | None, now: float) -> Key | None:
        """Where the session's last request went, if that is not too long ago."""
        if session is None:
            return None
        key, at = self._sessions.get(session, (None, 0.0))
        return key if key is not None and now - at <= self._lasts_s else None
