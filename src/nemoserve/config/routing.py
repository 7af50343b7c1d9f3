"""How requests find an endpoint, as the operator decides it. Knows defaults and limits only."""

from __future__ import annotations

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(gt=0)]


class RoutingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[routing]` table. Times are in seconds."""

    first_byte_timeout: Seconds = 30.0
    """A provider that has said nothing by then is given up, and the request goes elsewhere."""
