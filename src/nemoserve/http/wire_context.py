"""`transforms` and `plugins` on the wire. Knows OpenRouter's names; what is left out of a conversation is not its business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from nemoserve.types.chat import Notice
from nemoserve.types.errors import invalid

COMPRESSION = "context-compression"
MIDDLE_OUT = "middle-out"
_MOST = 64
"""Transforms or plugins: what is not known among them is told one by one."""


def read_context(transforms: object, plugins: object) -> tuple[bool | None, list[Notice]]:
    """Whether a conversation that is too long is made to fit (None: nothing was said), and what of the two is dropped.

    Raises ApiError (400) naming the field that makes no sense, or both where they contradict each other.
    """
    notices: list[Notice] = []
    old, new = _transforms(transforms, notices), _plugins(plugins, notices)
    if old is not None and new is not None and old != new:
        raise invalid(f"transforms and plugins ({COMPRESSION})", "they contradict each other: one is on and one off")
    return (old if new is None else new), notices


def _transforms(value: object, notices: list[Notice]) -> bool | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise invalid("transforms", f'expected a list such as ["{MIDDLE_OUT}"], or [] for none, got {value!r:.40}')
    names = _few("transforms", cast("list[object]", value))
    for at, name in enumerate(names):
        if not isinstance(name, str):
            raise invalid(f"transforms[{at}]", f"expected a string, got {name!r:.40}")
        if name != MIDDLE_OUT:
            notices.append(_dropped(f"transforms[{at}]", name, MIDDLE_OUT))
    # An empty list is how OpenRouter's clients switch it off.
    return MIDDLE_OUT in names if MIDDLE_OUT in names or not names else None


def _plugins(value: object, notices: list[Notice]) -> bool | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise invalid("plugins", f'expected a list such as [{{"id": "{COMPRESSION}"}}], got {value!r:.40}')
    wanted: bool | None = None
    for at, item in enumerate(_few("plugins", cast("list[object]", value))):
        where = f"plugins[{at}]"
        if not isinstance(item, Mapping):
            raise invalid(where, f"expected an object with an id, got {item!r:.40}")
        plugin = cast("Mapping[str, object]", item)
        name, enabled = plugin.get("id"), plugin.get("enabled")
        if not isinstance(name, str):
            raise invalid(f"{where}.id", f"expected a string, got {name!r:.40}")
        if enabled is not None and not isinstance(enabled, bool):
            raise invalid(f"{where}.enabled", f"expected true or false, got {enabled!r:.40}")
        if name != COMPRESSION:
            if enabled is not False:
                notices.append(_dropped(where, name, COMPRESSION))
            continue
        engine = plugin.get("engine")
        if engine not in (None, MIDDLE_OUT):
            raise invalid(f"{where}.engine", f"expected {MIDDLE_OUT!r}, got {engine!r:.40}")
        if wanted is not None:
            raise invalid(where, f"{COMPRESSION} is there twice")
        wanted = enabled is not False
    return wanted


def _few(field: str, items: list[object]) -> list[object]:
    if len(items) > _MOST:
        raise invalid(field, f"expected at most {_MOST}, got {len(items)}")
    return items


def _dropped(where: str, name: str, known: str) -> Notice:
    return Notice("dropped_parameter", f"{where} ({name[:40]}) was dropped: {known} is the one known here.", where)
