"""The tables. Times are integers: milliseconds since the epoch, UTC. Money is nano-dollars. JSON is text, written by msgspec.

Migrations make these tables; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),  # the API's `hash`
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),  # the newest secret with its middle left out
    Column("role", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("tags", Text, nullable=False),  # JSON object
    Column("limits", Text, nullable=False),  # JSON of types.caller.KeyLimits
    Column("store_content", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("expires_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),  # a deleted key's rows stay in the ledger, so it keeps its name
)

key_secrets = Table(
    "key_secrets",
    metadata,
    Column("public", Text, primary_key=True),  # the part of the key by which it is looked up
    Column("key_id", Text, ForeignKey("keys.id"), nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False),  # HMAC-SHA-256 of the whole key under the server's pepper
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),  # set when a newer secret has taken over
)

revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True),  # one row, 1
    Column("value", BigInteger, nullable=False),  # grows with every change to keys: what was read before is out of date
)

balances = Table(
    "balances",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("spent", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),  # by all replicas; with SQLite the one server keeps this in memory
    Column("carried", BigInteger, nullable=False, server_default="0"),  # spent in this window, counted in another
)

holds = Table(
    "holds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("instance", Text, nullable=False, index=True),  # whose death releases it
    Column("key_id", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
)
"""What `balances.reserved` is the sum of. Empty with SQLite."""

open_attempts = Table(
    "open_attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("instance", Text, nullable=False, index=True),
    Column("entry", Text, nullable=False),  # JSON of types.entry.Entry with the last counts known
)

instances = Table(
    "instances",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("generation_id", Text, nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("instance", Text, nullable=False),
    Column("key_id", Text),
    Column("owner", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("app_url", Text, nullable=False),
    Column("app_title", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("session_id", Text),
    Column("api", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("images", BigInteger, nullable=False),
    Column("image_tokens", BigInteger, nullable=False, server_default="0"),
    Column("tokens_estimated", Boolean, nullable=False),
    Column("price", Text, nullable=False),  # JSON of types.price.Price
    Column("cost", BigInteger, nullable=False),
    Column("hosted_cost", BigInteger),
    Column("first_token_ms", BigInteger),
    Column("total_ms", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("finish_reason", Text),
    Column("native_finish_reason", Text),
    Column("error_type", Text),
    Column("streamed", Boolean, nullable=False),
    Column("max_tokens", BigInteger, nullable=False),
    Column("choices", BigInteger, nullable=False),
    Column("thinking", Boolean, nullable=False),
    Column("effort", Text),
    Column("reasoning_budget", BigInteger),
    Column("thinking_cut", Boolean, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("window", Text, nullable=False),
    Index("ix_attempts_key_id_created_at", "key_id", "created_at"),
)
"""The ledger: rows are only ever added."""

contents = Table(
    "contents",
    metadata,
    Column("generation_id", Text, primary_key=True),
    Column("key_id", Text, index=True),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("body", Text, nullable=False),  # JSON: what went in, what came out, the error if there was one
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # from 1, without gaps
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Column("previous", Text, nullable=False),  # hash of the row before
    Column("hash", Text, nullable=False),
)
