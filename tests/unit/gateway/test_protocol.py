"""Fears about answers that leave in fewer pieces: bytes lost, doubled, late, out of order, or sent after the end."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from nemoserve.http.protocol import Gathering


class Recorder:
    """A transport that notes what it is told."""

    def __init__(self) -> None:
        self.done: list[bytes | str] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.closing = True
        self.done.append("closed")

    def is_closing(self) -> bool:
        return self.closing

    def get_extra_info(self, name: str) -> str:
        return f"extra {name}"


def gathering() -> tuple[Gathering, Recorder]:
    recorder = Recorder()
    return Gathering(cast("asyncio.Transport", recorder)), recorder


async def test_pieces_of_one_turn_leave_one_by_one_or_in_another_order() -> None:
    transport, recorder = gathering()
    for piece in (b"head", b"", b" body"):
        transport.write(piece)
    assert recorder.done == []
    await asyncio.sleep(0)
    assert recorder.done == [b"head body"]
    transport.write(b"next")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert recorder.done == [b"head body", b"next"]


async def test_what_was_written_last_is_lost_when_the_connection_is_closed() -> None:
    transport, recorder = gathering()
    transport.write(b"goodbye")
    transport.close()
    await asyncio.sleep(0)
    assert recorder.done == [b"goodbye", "closed"]


async def test_a_connection_that_has_gone_is_written_to() -> None:
    transport, recorder = gathering()
    transport.write(b"too late")
    recorder.closing = True
    await asyncio.sleep(0)
    assert recorder.done == []


async def test_the_rest_of_the_transport_is_out_of_reach() -> None:
    assert cast("Any", gathering()[0]).get_extra_info("peername") == "extra peername"
