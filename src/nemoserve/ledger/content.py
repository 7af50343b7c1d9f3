"""Prompts and replies that a key asked to keep: their form, reading, and deletion that leaves no bytes. Knows no prices.

SQLite overwrites what is deleted, but where it has moved rows from page to page, stale copies stay in the unused part of
pages. So what is left is written anew after a deletion: every page that held content is freed, and freed pages are zeroed.
This takes as long as reading and writing all content that stays. PostgreSQL gives the room free; its own logs and backups
are for whoever runs it to clear.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, select, text

from nemoserve.access.keytext import redacted
from nemoserve.storage.database import Database
from nemoserve.storage.tables import contents
from nemoserve.types.chat import Image, Message, ToolCall


class Kept(msgspec.Struct, frozen=True):
    """The content of a generation. `body` is JSON, in OpenRouter's form."""

    key_id: str | None
    body: str


class ContentError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a generation failed; OpenRouter's fields."""

    message: str | None
    status: int | None = None
    provider_name: str | None = None
    raw: str | None = None
    previous_errors: Sequence[dict[str, object]] = ()


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One choice of a reply."""

    completion: str | None
    reasoning: str | None = None
    tool_calls: Sequence[ToolCall] = ()


def given_messages(messages: Sequence[Message]) -> dict[str, object]:
    """A conversation as it is kept: in the form in which clients send it."""
    return {"messages": [_as_sent(message) for message in messages]}


def content_body(given: dict[str, object], said: Sequence[Said], error: ContentError | None = None) -> str:
    """What is kept of one generation. `given` has `messages` or `prompt`; of several choices the first is OpenRouter's.

    Keys of this server's kind that somebody has written there are shortened, as everywhere.
    """
    first, others = (said[0], said[1:]) if said else (Said(completion=None), ())
    output = {**_as_told(first), "other_choices": [_as_told(other) for other in others]}
    return redacted(msgspec.json.encode({"input": given, "output": output, "error": error}).decode())


def read(connection: Connection, generation_id: str) -> Kept | None:
    """The content of a generation; None if none is kept."""
    wanted = select(contents.c.key_id, contents.c.body).where(contents.c.generation_id == generation_id)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else Kept(row.key_id, row.body)


def delete_one(database: Database, generation_id: str) -> bool:
    """Whether there was any content. Raises StorageError, as all that deletes here: see `Database.scrub`."""
    return _delete(database, contents.c.generation_id == generation_id) > 0


def delete_of(database: Database, *, keys: Sequence[str] | None = None, before: int | None = None) -> int:
    """Deletes the content of these keys, by id, from before that instant in milliseconds; returns how many generations.

    Either may be left out; not both.
    """
    conditions: list[ColumnElement[bool]] = []
    if keys is not None:
        conditions.append(contents.c.key_id.in_(keys))
    if before is not None:
        conditions.append(contents.c.created_at < before)
    if not conditions:
        raise ValueError("say which content is to be deleted")
    return _delete(database, *conditions)


def expire(database: Database, before: int) -> int:
    """Deletes content that is older than that instant, in milliseconds. Lines of the ledger stay for ever."""
    return delete_of(database, before=before)


def delete_all(database: Database) -> int:
    """Deletes all content and makes the file smaller, which takes room for a copy of the rest."""
    with database.begin() as connection:
        gone = connection.execute(delete(contents)).rowcount
    database.scrub(contents, rebuild=True)
    return gone


def _delete(database: Database, *conditions: ColumnElement[bool]) -> int:
    with database.begin() as connection:
        gone = connection.execute(delete(contents).where(*conditions)).rowcount
        if gone and database.dialect == "sqlite":
            for statement in (
                "CREATE TEMP TABLE kept AS SELECT * FROM contents",
                "DELETE FROM contents",  # without a condition: the pages are freed, nothing is moved
                "INSERT INTO contents SELECT * FROM temp.kept",
                "DROP TABLE temp.kept",
            ):
                connection.execute(text(statement))
    # Also when nothing was found: an earlier deletion may have found the log in use.
    database.scrub(contents)
    return gone


def _as_sent(message: Message) -> dict[str, object]:
    content = [*map(_part_as_sent, message.parts)] if message.parts else message.text
    sent: dict[str, object] = {"role": message.role, "content": content}
    if message.reasoning:
        sent["reasoning"] = message.reasoning
    if message.tool_calls:
        sent["tool_calls"] = _calls(message.tool_calls)
    if message.tool_call_id is not None:
        sent["tool_call_id"] = message.tool_call_id
    return sent


def _part_as_sent(part: str | Image) -> dict[str, object]:
    """Bytes that came along are not kept, but what tells them from others: pictures would soon be most of the database."""
    if isinstance(part, str):
        return {"type": "text", "text": part}
    detail = {"detail": part.detail} if part.detail else {}
    if not part.inline:
        return {"type": "image_url", "image_url": {"url": part.url, **detail}}
    head, _, data = part.url.partition(",")
    digest = hashlib.sha256(data.encode(errors="surrogatepass")).hexdigest()
    return {"type": "image_url", "image_url": {"url": f"{head},", **detail}, "sha256": digest, "characters": len(data)}


def _as_told(said: Said) -> dict[str, object]:
    return {"completion": said.completion, "reasoning": said.reasoning, "tool_calls": _calls(said.tool_calls)}


def _calls(calls: Sequence[ToolCall]) -> list[dict[str, object]]:
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]
