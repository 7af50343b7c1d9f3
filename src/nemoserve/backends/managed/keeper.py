"""Runs a program and ends it, with all that it started, when whoever started this ends. Knows processes and nothing else.

A script of its own, for the standard library alone: `python -I keeper.py GRACE_S PROGRAM ARGUMENT…`. Its standard input is a
pipe whose other end the starter holds; when that closes, also because the starter was killed, the program is asked to end, and
killed after the grace. What the program leaves behind, in whatever process group, is killed too. It ends as the program ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_POLL_S = 0.1


class _ToldToEnd(Exception):
    """SIGTERM or SIGINT."""


def _prctl(option: int, value: int) -> None:
    """Linux's process control; elsewhere nothing, and then what is left behind is found by its process group alone."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _die_with_keeper() -> None:
    """In the child before it runs: should this process be killed, the kernel kills the child."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    raise _ToldToEnd


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Until the program has ended, the starter has gone, or a signal has come."""
    watched: list[int] = [0]
    pidfd = -1
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            pidfd = os.pidfd_open(process.pid)
            watched.append(pidfd)
    try:
        while process.poll() is None:
            readable, _, _ = select.select(watched, [], [], None if pidfd >= 0 else _POLL_S)
            if 0 in readable and not os.read(0, 1024):
                return
    finally:
        if pidfd >= 0:
            os.close(pidfd)


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _descendants() -> list[int]:
    """All processes below this one: those that lost their parent have been given to it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            after_name = entry.read_text().rpartition(")")[2].split()
            children.setdefault(int(after_name[1]), []).append(int(entry.parent.name))
    found: list[int] = []
    todo = [os.getpid()]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _end_all(process: subprocess.Popen[bytes], grace_s: float) -> None:
    """Asks the program's group to end, then kills it and everything else below this process."""
    _signal_group(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_s)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + grace_s
    while (left := _descendants()) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def _end_like(code: int) -> int:
    """The exit status; after a signal this process ends by the same one, so that its parent sees it."""
    if code >= 0:
        return code
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
    return 128 - code


def main(arguments: list[str]) -> int:
    """Runs the program of these arguments; its exit status."""
    grace_s, command = float(arguments[0]), arguments[1:]
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    before: Callable[[], None] | None = _die_with_keeper if sys.platform == "linux" else None
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _on_signal)
    try:
        # One thread, so that what runs between fork and exec is safe.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=before)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201 - goes to the program's own log
        return 127
    try:
        with contextlib.suppress(_ToldToEnd):
            _wait(process)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _end_all(process, grace_s)
    return _end_like(process.returncode)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
