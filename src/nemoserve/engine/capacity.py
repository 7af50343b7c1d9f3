"""How many sequences and tokens of cache fit into a machine's memory. Knows byte counts; no model, no requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from nemoserve.engine.kv import PAGE, set_aside

_SHARE = 0.6
"""Of the free memory, for the cache; the rest is for activations, logits and buffers that are growing."""

_STATE_SHARE = 1 / 3
"""Of the cache, for states, when the number of sequences is not given."""

_PREFIX_SHARE = 1 / 6
"""Of the cache, for beginnings of prompts, when their memory is not given. With the pages set aside for them it is a quarter."""


@dataclass(frozen=True, slots=True)
class Costs:
    state_bytes_per_sequence: int
    kv_bytes_per_token: int


@dataclass(frozen=True, slots=True)
class Capacity:
    max_sequences: int
    kv_tokens: int
    prefix_bytes: int
    """For snapshots of prompts that were read before."""


class TooLittleMemory(Exception):
    """Not even one sequence fits, or what was asked for does not; the message is one sentence."""


def fit(
    available: int,
    costs: Costs,
    context_length: int,
    *,
    max_sequences: int | None,
    kv_tokens: int | None,
    prefix_bytes: int | None,
    most_sequences: int,
) -> Capacity:
    """Choose what is None so that the cache takes its share of `available` bytes; what is given is taken as it is.

    At most `most_sequences` sequences, and no more tokens than these can use. Raises `TooLittleMemory`, also where what is given
    takes more than there is.
    """
    options = {"--max-sequences": max_sequences, "--kv-tokens": kv_tokens, "--prefix-cache-mib": prefix_bytes}
    given = [name for name, value in options.items() if value]
    budget = int(available * _SHARE)
    if prefix_bytes is None:
        prefix_bytes = int(budget * _PREFIX_SHARE)
    prefixes = prefix_bytes + set_aside(prefix_bytes)
    budget = max(0, budget - prefixes)
    per_sequence = costs.state_bytes_per_sequence + PAGE * costs.kv_bytes_per_token  # its last page may be nearly empty
    if max_sequences is None:
        room = int(budget * _STATE_SHARE) // max(1, per_sequence)
        max_sequences = max(1, min(most_sequences, room))
    sequences = max_sequences * per_sequence
    chosen = kv_tokens
    if chosen is None:
        left = budget - sequences
        useful = max_sequences * context_length
        chosen = min(useful, left // costs.kv_bytes_per_token) if costs.kv_bytes_per_token else useful
        fits = left >= 0 and chosen >= 1
        chosen = max(1, chosen)
    else:
        fits = sequences + chosen * costs.kv_bytes_per_token + prefixes <= available
    if not fits:
        mend = f"; give less by {' or '.join(given)}" if given else ""
        raise TooLittleMemory(
            f"{available >> 20} MiB of free memory are too little for a cache whose sequences ({max_sequences}) take "
            f"{sequences >> 20} MiB, tokens of context ({chosen}) {chosen * costs.kv_bytes_per_token >> 20} MiB "
            f"and prompts read before {prefixes >> 20} MiB{mend}"
        )
    return Capacity(max_sequences, chosen, prefix_bytes)


def available_bytes(device: torch.device) -> int:
    """Free memory of the device; on a CPU without the mapped weights, which the system counts as free but are in use."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    available = _kilobytes(Path("/proc/meminfo"), "MemAvailable")
    if available is None:
        return 4 << 30  # no Linux: a cautious guess
    mapped = _kilobytes(Path("/proc/self/status"), "RssFile") or 0
    free = available - mapped
    limit = _number(Path("/sys/fs/cgroup/memory.max"))
    used = _number(Path("/sys/fs/cgroup/memory.current"))
    if limit is not None and used is not None:
        free = min(free, limit - used)
    return max(0, free)


def _kilobytes(table: Path, key: str) -> int | None:
    """The bytes that a line `key: N kB` of a table in /proc tells; None without the table or the line."""
    try:
        lines = table.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(f"{key}:")), None)


def _number(file: Path) -> int | None:
    """None without the file, or when it says "max"."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
