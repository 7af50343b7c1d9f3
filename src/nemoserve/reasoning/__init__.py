"""Thinking: every spelling of the wish for it becomes one intent, and that the model family's own switch. No I/O."""
