"""One timer for many waits: it must end the wait that is too long, and no other one."""

from __future__ import annotations

import asyncio

import pytest

from nemoserve.alarm import Alarm, Bell


async def test_only_the_wait_that_is_too_long_ends() -> None:
    alarm = Alarm()
    for _ in range(4):  # each shorter than the first one's timer, all together longer
        with alarm.within(0.5):
            await asyncio.sleep(0.15)
    with pytest.raises(TimeoutError), alarm.within(0.02):
        await asyncio.sleep(5)
    with alarm.within(0.05):
        await asyncio.sleep(0.01)
    alarm.close()


async def test_a_later_wait_with_an_earlier_deadline_ends_in_time() -> None:
    alarm, loop = Alarm(), asyncio.get_running_loop()
    with alarm.within(60):
        await asyncio.sleep(0)
    began = loop.time()
    with pytest.raises(TimeoutError), alarm.within(0.02):
        await asyncio.sleep(5)
    assert loop.time() - began < 1
    alarm.close()


async def test_a_cancellation_from_elsewhere_is_no_timeout() -> None:
    alarm = Alarm()

    async def waiting() -> None:
        with alarm.within(60):
            await asyncio.sleep(60)

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    alarm.close()


async def test_an_alarm_between_two_waits_ends_neither() -> None:
    alarm = Alarm()
    with alarm.within(0.01):
        await asyncio.sleep(0)
    await asyncio.sleep(0.03)
    with alarm.within(1):
        await asyncio.sleep(0.01)
    alarm.close()


async def test_a_bell_wakes_and_a_silent_one_times_out() -> None:
    bell, loop = Bell(), asyncio.get_running_loop()
    loop.call_later(0.01, bell.ring)
    await bell.wait(loop.time() + 5)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await bell.wait(loop.time() + 0.02)
    loop.call_later(0.01, bell.ring)
    await bell.wait(None)
    bell.close()
