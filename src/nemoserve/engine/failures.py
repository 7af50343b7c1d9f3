"""What an exception in the engine means: memory exhausted or something unforeseen, in one sentence. Knows no requests."""

from __future__ import annotations

import logging

import torch

logger = logging.getLogger(__name__)


def out_of_memory(error: Exception) -> bool:
    """Whether an exception says that memory, of the host or of a device, is exhausted."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("allocate memory" in text or "out of memory" in text)


def explain(error: Exception) -> str:
    """One sentence for the request's owner; what is unexpected also goes to the log with its traceback."""
    if out_of_memory(error):
        logger.error("out of memory: %s", first_line(error))
        return "the engine ran out of memory; use a shorter prompt or fewer requests at once"
    logger.error("a step failed", exc_info=error)
    return f"the engine failed while computing this request: {type(error).__name__}: {first_line(error)}"


def first_line(error: BaseException) -> str:
    """The start of an exception's text, at most 300 characters; its type's name when it has none."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
