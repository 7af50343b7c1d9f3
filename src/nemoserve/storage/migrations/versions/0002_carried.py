"""What a key has spent in a window before that window was its own, since its limit was reset at another pace then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("balances", sa.Column("carried", sa.BigInteger(), nullable=False, server_default="0"))
