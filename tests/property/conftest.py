"""Property tests draw floats of all sizes, which needs the processor to keep the smallest ones."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True, scope="session")
def _subnormals() -> None:
    """A model that was loaded in this process before has switched them off."""
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_flush_denormal(False)
