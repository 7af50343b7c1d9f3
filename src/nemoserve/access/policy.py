"""Who may do what: one table of roles and actions, one rule of whose things one may see. What is not said here is denied."""

from __future__ import annotations

from typing import Final, Literal, get_args

from nemoserve.types.caller import Caller, Role

Action = Literal[
    "generate",
    "control",
    "list_models",
    "tokenize",
    "health",
    "metrics",
    "read_own_key",
    "manage_keys",
    "read_usage_all",
    "read_generation",
    "read_content",
    "delete_content",
    "read_openapi",
]
"""`control` steers a running reply. `control`, `read_generation`, `read_content` and `delete_content` are of one reply, so
`may_see` has to hold for it too."""

_MAY: Final[dict[Role, frozenset[Action]]] = {
    "anonymous": frozenset({"health", "read_openapi"}),
    "inference": frozenset(
        {
            "health",
            "read_openapi",
            "list_models",
            "tokenize",
            "generate",
            "control",
            "read_own_key",
            "read_generation",
            "read_content",
            "delete_content",
        }
    ),
    # As OpenRouter's: such a key manages the others and reads every bill, and cannot run one up.
    "management": frozenset(
        {
            "health",
            "read_openapi",
            "list_models",
            "metrics",
            "read_own_key",
            "manage_keys",
            "read_usage_all",
            "read_generation",
            "read_content",
            "delete_content",
        }
    ),
    "owner": frozenset(get_args(Action)),
}

_SEES_ALL: Final[frozenset[Role]] = frozenset({"management", "owner"})


def allowed(caller: Caller, action: Action) -> bool:
    """Whether the caller's role may do this at all."""
    return action in _MAY.get(caller.role, frozenset())


def may_see(caller: Caller, key_id: str | None) -> bool:
    """Whether what was done under `key_id` (None: without a key) is the caller's business."""
    return caller.role in _SEES_ALL or (caller.key_id is not None and caller.key_id == key_id)
