"""Keys and values of the attention layers in pages of one pool. Knows slots, lengths and whose a page is; no weights.

A page holds PAGE tokens of one sequence: the key heads of all layers side by side, so that layers may have different numbers of them. A
sequence takes pages as it grows, and nothing is moved afterwards. What was read before is kept by holding on to its pages: a sequence that
goes on from there shares the full ones and copies the last, for its own tokens go into it. A page is free when neither a sequence nor a
snapshot holds it; when none is free, snapshots are given up until one is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

from nemoserve.native.library import PAGE


class KVStore:
    """`lengths[slot]` is how many tokens a slot's sequence holds; `heads` are the key heads of all layers.

    `keys` and `values` [pages, heads, PAGE, head_dim]; `table` int32 [slots, most pages]: each sequence's pages, in order.
    """

    def __init__(
        self,
        slots: int,
        tokens: int,
        context: int,
        kept_bytes: int,
        *,
        heads: int,
        head_dim: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        """Room for `tokens` tokens of all sequences together, none of which is longer than `context`, and beside them for a part of
        `kept_bytes`, which snapshots may hold. On a CPU it takes memory only where it is written."""
        self.page_bytes = 2 * heads * PAGE * head_dim * dtype.itemsize
        """Of a page's keys and values."""
        count = pages_for(tokens) + slots  # a sequence's last page may be nearly empty
        count += set_aside(kept_bytes) // self.page_bytes if self.page_bytes else 0
        shape = (count, heads, PAGE, head_dim)
        self.keys = torch.empty(shape, dtype=dtype, device=device)
        self.values = torch.empty(shape, dtype=dtype, device=device)
        self.table = torch.zeros((slots, pages_for(min(tokens, context))), dtype=torch.int32, device=device)
        self.lengths = [0] * slots
        self.give_up: Callable[[], bool] = lambda: False
        """Gives up a snapshot, so that its pages may become free; False when there is none."""
        self.kept = 0
        """Pages that snapshots hold."""
        self._own: list[list[int]] = [[] for _ in range(slots)]
        self._held = [0] * count
        """How many sequences and snapshots hold each page."""
        self._snapshots = [0] * count
        """How many of them are snapshots."""
        self._free = list(range(count - 1, -1, -1))

    def make_room(self, slot: int, tokens: int) -> None:
        """Pages for `tokens` tokens of the slot's sequence. Raises RuntimeError when there are none left."""
        own = self._own[slot]
        begin, end = len(own), pages_for(tokens)
        if end <= begin or not self.page_bytes:  # without attention there is nothing to put there
            return
        while len(own) < end:
            page = self._take()
            self._held[page] = 1
            own.append(page)
        self._write(slot, begin)

    def clear(self, slot: int) -> None:
        """The slot's sequence has ended."""
        self._drop(self._own[slot])
        self._own[slot] = []
        self.lengths[slot] = 0

    def keep(self, slot: int) -> tuple[int, ...]:
        """The pages of what the slot's sequence holds now, which stay until they are given to `forget`."""
        pages = tuple(self._own[slot][: pages_for(self.lengths[slot])])
        for page in pages:
            self._held[page] += 1
            self._snapshots[page] += 1
            self.kept += self._snapshots[page] == 1
        return pages

    def forget(self, pages: Iterable[int]) -> None:
        """Pages that `keep` gave are no longer wanted."""
        found = list(pages)
        for page in found:
            self._snapshots[page] -= 1
            self.kept -= self._snapshots[page] == 0
        self._drop(found)

    def share(self, slot: int, pages: tuple[int, ...], tokens: int) -> None:
        """The slot's sequence, which holds nothing, begins with `tokens` tokens that are kept in these pages."""
        full, own = tokens // PAGE, self._own[slot]
        for page in pages:  # the last one, too, so that giving up its snapshot does not free it before it was copied
            self._held[page] += 1
        own += pages[:full]
        if full < len(pages):
            try:
                own.append(self._take())
                self._held[own[-1]] = 1
                for pool in (self.keys, self.values):
                    pool[own[-1]] = pool[pages[full]]
            finally:
                self._drop(pages[full:])
        self.lengths[slot] = tokens
        self._write(slot, 0)

    def idle_faults(self) -> list[str]:
        """What is left over when no sequence is there."""
        found: list[str] = []
        if any(self.lengths) or any(self._own):
            found.append(f"slots hold {sum(self.lengths)} tokens in {sum(map(len, self._own))} pages")
        kept = sum(count > 0 for count in self._snapshots)
        if self._held != self._snapshots or kept != self.kept or len(self._free) + kept != len(self._held):
            found.append(
                f"of {len(self._held)} pages {len(self._free)} are free and {kept} kept, counted as {self.kept}"
            )
        return found

    def _take(self) -> int:
        while not self._free:
            if not self.give_up():
                raise RuntimeError(f"all {len(self._held)} pages of the KV cache are taken")
        return self._free.pop()

    def _drop(self, pages: Iterable[int]) -> None:
        for page in pages:
            self._held[page] -= 1
            if not self._held[page]:
                self._free.append(page)

    def _write(self, slot: int, begin: int) -> None:
        """The table's row of a slot, from its page `begin` on."""
        pages = self._own[slot][begin:]
        row = torch.tensor(pages, dtype=torch.int32)
        self.table[slot, begin : begin + len(pages)] = row.to(self.table.device)


def set_aside(kept_bytes: int) -> int:
    """Of pages for snapshots that may hold so much, beside the pages of running sequences. All that they hold may be states, so these bytes
    come on top."""
    return kept_bytes // 2


def pages_for(tokens: int) -> int:
    """How many pages so many tokens of a sequence fill."""
    return -(-tokens // PAGE)
